//! The one traversal of a document: every value and comment in the order in which sops visits them.
//!
//! Aliases are expanded where they stand, as sops expands them, but lazily: a frame a level on a
//! stack of our own, so that neither depth nor expansion costs memory or can overflow anything.

use std::slice::Iter;

use super::selectors::Selectors;
use crate::document::{Comment, Entry, Item, Key, NodeId, Pair, Scalar, Tree, Value};
use crate::source::Span;

/// The deepest nesting that is followed, aliases expanded.
const MAX_DEPTH: usize = 10_000;

/// The most values, comments and collections that are visited by way of aliases. yaml.v3 refuses a
/// first document that expands to more than about 1.2 million.
const MAX_EXPANSIONS: usize = 4_000_000;

/// As many bytes of a key, a value or a comment that is visited by way of aliases count as one more of
/// them: each can be as long as the text.
const BYTES_A_VALUE: usize = 256;

/// One stop of the walk.
pub(crate) struct Visit<'w, 't> {
    /// The keys that lead here; list indexes are not part of it.
    pub(crate) path: &'w [&'t [u8]],
    /// The numbers of the pairs that these keys are of; each pair that is met has one of its own, so
    /// that places are compared without comparing keys, which can be as long as the text.
    pub(crate) pairs: &'w [usize],
    /// The path as sops authenticates it: each key and a colon, or a colon alone.
    pub(crate) aad: &'w [u8],
    /// What stands here.
    pub(crate) leaf: Leaf<'t>,
    /// Whether the selectors say that it is encrypted.
    pub(crate) selected: bool,
    /// Whether the MAC covers it. A comment is never covered as such.
    pub(crate) in_mac: bool,
    /// The number of the document in the file, from 0.
    pub(crate) branch: usize,
    /// Whether it is an item of a list, or the value of a key.
    pub(crate) in_list: bool,
    /// The aliases by way of which it is seen, the outermost first.
    pub(crate) via: &'w [NodeId],
}

/// What stands at a stop.
#[derive(Clone, Copy)]
pub(crate) enum Leaf<'t> {
    /// A value; null too, which sops passes over.
    Scalar {
        scalar: &'t Scalar<'t>,
        span: Span,
        node: NodeId,
    },
    /// A line of a comment.
    Comment(&'t Comment<'t>),
    /// A pair whose key is no string: sops stops with an error. The walk leaves its value out and
    /// goes on.
    NonStringKey(&'t Key<'t>),
}

/// Why a walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overrun {
    /// Nested more than 10,000 levels deep, aliases expanded.
    TooDeep,
    /// More than 4,000,000 stops by way of aliases.
    TooManyAliases,
}

/// Visits everything in `tree` but the metadata.
///
/// # Errors
/// [`Overrun`] where aliases make the document endless for all practical purposes.
pub(crate) fn walk<'t, V>(
    tree: &'t Tree<'t>,
    selectors: &Selectors,
    visit: V,
) -> Result<(), Overrun>
where
    V: FnMut(Visit<'_, 't>),
{
    let mut walker = Walker {
        tree,
        selectors,
        by_comments: selectors.looks_at_comments(),
        visit,
        stack: Vec::new(),
        path: Vec::new(),
        pairs: Vec::new(),
        met: 0,
        aad: Vec::new(),
        via: Vec::new(),
        branch: 0,
        expansions: 0,
    };
    for (at, branch) in tree.branches().iter().enumerate() {
        walker.branch = at;
        walker.run(*branch)?;
    }
    Ok(())
}

struct Walker<'w, 't, V> {
    tree: &'t Tree<'t>,
    selectors: &'w Selectors,
    by_comments: bool,
    visit: V,
    stack: Vec<Frame<'t>>,
    path: Vec<&'t [u8]>,
    pairs: Vec<usize>,
    /// How many pairs were met.
    met: usize,
    aad: Vec<u8>,
    via: Vec<NodeId>,
    branch: usize,
    expansions: usize,
}

/// A collection that is being walked, with what is to be restored when it ends.
struct Frame<'t> {
    members: Members<'t>,
    path_len: usize,
    aad_len: usize,
    via_len: usize,
    /// Whether a key on the path, or a comment of an outer level, matches.
    outer: bool,
    /// Whether one of the comments that are active at this level matches.
    active: bool,
}

enum Members<'t> {
    Map(Iter<'t, Entry<'t>>),
    List(Iter<'t, Item<'t>>),
}

/// What comes next at the innermost level.
enum Step<'t> {
    Comment {
        comment: &'t Comment<'t>,
        in_list: bool,
    },
    Pair(&'t Pair<'t>),
    Item(NodeId),
    End,
}

impl<'t> Frame<'t> {
    fn next(&mut self) -> Step<'t> {
        match &mut self.members {
            Members::Map(entries) => match entries.next() {
                Some(Entry::Comment(comment)) => Step::Comment {
                    comment,
                    in_list: false,
                },
                Some(Entry::Pair(pair)) => Step::Pair(pair),
                None => Step::End,
            },
            Members::List(items) => match items.next() {
                Some(Item::Comment(comment)) => Step::Comment {
                    comment,
                    in_list: true,
                },
                Some(Item::Value(node)) => Step::Item(*node),
                None => Step::End,
            },
        }
    }
}

impl<'t, V: FnMut(Visit<'_, 't>)> Walker<'_, 't, V> {
    fn run(&mut self, branch: NodeId) -> Result<(), Overrun> {
        let members = Members::Map(self.tree.entries(branch).iter());
        self.stack.push(Frame {
            members,
            path_len: 0,
            aad_len: 0,
            via_len: 0,
            outer: false,
            active: false,
        });
        while let Some(frame) = self.stack.last_mut() {
            let step = frame.next();
            if !self.via.is_empty() {
                self.expansions += 1;
            }
            if self.expansions > MAX_EXPANSIONS {
                return Err(Overrun::TooManyAliases);
            }
            match step {
                Step::Comment { comment, in_list } => self.comment(comment, in_list),
                Step::Pair(pair) => self.pair(pair)?,
                Step::Item(node) => {
                    let place = self.place();
                    self.value(node, false, true, place)?;
                }
                Step::End => self.leave(),
            }
        }
        Ok(())
    }

    /// The lengths to go back to after a member: of the path, the AAD and the aliases.
    fn place(&self) -> (usize, usize, usize) {
        (self.path.len(), self.aad.len(), self.via.len())
    }

    fn restore(&mut self, (path, aad, via): (usize, usize, usize)) {
        self.path.truncate(path);
        self.pairs.truncate(path);
        self.aad.truncate(aad);
        self.via.truncate(via);
    }

    fn leave(&mut self) {
        if let Some(frame) = self.stack.pop() {
            self.restore((frame.path_len, frame.aad_len, frame.via_len));
        }
    }

    /// Counts the bytes of what is seen by way of an alias.
    fn count(&mut self, text: &[u8]) {
        if !self.via.is_empty() {
            self.expansions += text.len() / BYTES_A_VALUE;
        }
    }

    fn comment(&mut self, comment: &'t Comment<'t>, in_list: bool) {
        self.count(&comment.text);
        let matched = self.by_comments && self.selectors.matches(&comment.text);
        let Some(frame) = self.stack.last_mut() else {
            return;
        };
        let before = frame.outer || frame.active;
        frame.active |= matched;
        let counts = before || matched && self.selectors.comment_counts_for_itself();
        let selected = self.selectors.select(counts);
        self.stop(Leaf::Comment(comment), selected, false, in_list);
    }

    fn pair(&mut self, pair: &'t Pair<'t>) -> Result<(), Overrun> {
        if self.stack.len() == 1 && self.tree.is_metadata(pair) {
            // sops takes the pair out before it walks: comments before it stay active.
            return Ok(());
        }
        let Scalar::Str(key) = &pair.key.name else {
            if let Some(frame) = self.stack.last_mut() {
                frame.active = false;
            }
            self.stop(Leaf::NonStringKey(&pair.key), false, false, false);
            return Ok(());
        };
        let place = self.place();
        self.count(key);
        self.path.push(key);
        self.met += 1;
        self.pairs.push(self.met);
        self.aad.extend_from_slice(key);
        self.aad.push(b':');
        let matched = !self.by_comments && self.selectors.matches(key);
        self.value(pair.value, matched, false, place)
    }

    /// Visits a member's value, or steps into it. `matched` is whether its key matches.
    fn value(
        &mut self,
        node: NodeId,
        matched: bool,
        in_list: bool,
        place: (usize, usize, usize),
    ) -> Result<(), Overrun> {
        let Some(frame) = self.stack.last_mut() else {
            return Ok(());
        };
        let matched = matched || frame.outer || frame.active;
        // Whatever follows at this level comes after the value, which ends the comments before it.
        frame.active = false;
        let mut id = node;
        let mut node = self.tree.node(id);
        while let Value::Alias(target) = node.value {
            self.via.push(id);
            id = target;
            node = self.tree.node(id);
        }
        let members = match &node.value {
            Value::Scalar(scalar) => {
                if let Scalar::Str(text) = scalar {
                    self.count(text);
                }
                let selected = self.selectors.select(matched);
                let in_mac = (selected || !self.selectors.mac_only_encrypted())
                    && !matches!(scalar, Scalar::Null);
                let leaf = Leaf::Scalar {
                    scalar,
                    span: node.span,
                    node: id,
                };
                self.stop(leaf, selected, in_mac, in_list);
                self.restore(place);
                return Ok(());
            }
            Value::Map(entries) => Members::Map(entries.iter()),
            Value::List(items) => Members::List(items.iter()),
            // Followed above.
            Value::Alias(_) => return Ok(()),
        };
        if self.stack.len() >= MAX_DEPTH {
            return Err(Overrun::TooDeep);
        }
        let (path_len, aad_len, via_len) = place;
        let outer = matched;
        self.stack.push(Frame {
            members,
            path_len,
            aad_len,
            via_len,
            outer,
            active: false,
        });
        Ok(())
    }

    fn stop(&mut self, leaf: Leaf<'t>, selected: bool, in_mac: bool, in_list: bool) {
        let aad = if self.path.is_empty() {
            b":"
        } else {
            self.aad.as_slice()
        };
        (self.visit)(Visit {
            path: &self.path,
            pairs: &self.pairs,
            aad,
            leaf,
            selected,
            in_mac,
            branch: self.branch,
            in_list,
            via: &self.via,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::selectors::SelectorKind;
    use super::*;
    use crate::document::yaml;

    /// The stops of a walk: the AAD, then what stands there; `+` before it where it is selected, `!`
    /// behind it where the MAC covers it.
    fn stops(text: &str, selectors: &Selectors) -> Vec<String> {
        let tree = yaml::load(text).unwrap();
        let mut stops = Vec::new();
        walk(&tree, selectors, |visit| {
            let leaf = match visit.leaf {
                Leaf::Comment(comment) => format!("#{}", String::from_utf8_lossy(&comment.text)),
                Leaf::NonStringKey(key) => format!("key {}", key.name.kind()),
                Leaf::Scalar { span, .. } => text.get(span.range()).unwrap().to_owned(),
            };
            let aad = String::from_utf8_lossy(visit.aad);
            let selected = if visit.selected { "+" } else { "" };
            let in_mac = if visit.in_mac { "!" } else { "" };
            stops.push(format!("{aad} {selected}{leaf}{in_mac}"));
        })
        .unwrap();
        stops
    }

    #[test]
    fn passes_by_the_metadata_and_nothing_else() {
        let text = "a: 1\nsops: {x: 1}\nb:\n  sops: 2\n---\nsops: 3\nc: [x, {d: null}]\n1: x\n";
        let selectors = Selectors::new(SelectorKind::EncryptedRegex, b"^b$", true);
        let expected = ["a: 1", "b:sops: +2!", "c: x", "c:d: null", ": key int"];
        assert_eq!(stops(text, &selectors), expected);
        let all = Selectors::default_with(false);
        let expected = ["a: +1!", "b:sops: +2!", "c: +x!", "c:d: +null", ": key int"];
        assert_eq!(stops(text, &all), expected);
    }

    #[test]
    fn expands_aliases_under_the_path_of_their_use() {
        let text = "a_x: &a [1, {k: 2}]\nb: *a\nc: [*a]\n";
        let selectors = Selectors::new(SelectorKind::UnencryptedSuffix, b"_x", false);
        let expected = [
            "a_x: 1!",
            "a_x:k: 2!",
            "b: +1!",
            "b:k: +2!",
            "c: +1!",
            "c:k: +2!",
        ];
        assert_eq!(stops(text, &selectors), expected);
    }

    #[test]
    fn comments_count_until_the_next_value_and_for_all_that_it_holds() {
        let text = "# mark\n# next\na: {b: 1}\nc: 2\nd:\n  # mark\n  e: 3\n  f: 4\ng: 5\n";
        let marked = Selectors::new(SelectorKind::EncryptedCommentRegex, b"mark", false);
        let expected = [
            ": # mark",
            ": +# next",
            "a:b: +1!",
            "c: 2!",
            "d: # mark",
            "d:e: +3!",
            "d:f: 4!",
            "g: 5!",
        ];
        assert_eq!(stops(text, &marked), expected);
        let unmarked = Selectors::new(SelectorKind::UnencryptedCommentRegex, b"mark", false);
        let expected = [
            ": # mark",
            ": # next",
            "a:b: 1!",
            "c: +2!",
            "d: # mark",
            "d:e: 3!",
            "d:f: +4!",
            "g: +5!",
        ];
        assert_eq!(stops(text, &unmarked), expected);
    }

    #[test]
    fn a_comment_before_the_metadata_counts_for_what_follows_it() {
        let text = "a: 1\n# mark\nsops: {}\nb: 2\nc: 3\n";
        let marked = Selectors::new(SelectorKind::EncryptedCommentRegex, b"mark", false);
        assert_eq!(
            stops(text, &marked),
            ["a: 1!", ": # mark", "b: +2!", "c: 3!"]
        );
    }

    #[test]
    fn a_pattern_that_go_refuses_matches_nothing() {
        let refused = |kind| stops("a: 1\n", &Selectors::new(kind, b"a**", false));
        assert_eq!(refused(SelectorKind::EncryptedRegex), ["a: 1!"]);
        assert_eq!(refused(SelectorKind::UnencryptedRegex), ["a: +1!"]);
    }

    #[test]
    fn gives_up_on_documents_that_aliases_blow_up() {
        let mut bomb = String::from("x: 1\n---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let used = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{used}]\n"));
        }
        let tree = yaml::load(&bomb).unwrap();
        let walked = walk(&tree, &Selectors::default_with(false), |_| {});
        assert_eq!(walked, Err(Overrun::TooManyAliases));
    }

    #[test]
    fn gives_up_on_aliases_that_repeat_long_texts() {
        let long = "x".repeat(1 << 16);
        let uses = "*a, ".repeat(20_000);
        for anchored in [
            format!("&a {long}"),
            format!("&a\n  ? {long}\n  : v"),
            format!("&a\n  # {long}\n  k: v"),
        ] {
            let text = format!("y: {anchored}\nx: [{uses}]\n");
            let tree = yaml::load(&text).unwrap();
            let mut stops = 0;
            let walked = walk(&tree, &Selectors::default_with(false), |_| stops += 1);
            assert_eq!(walked, Err(Overrun::TooManyAliases));
            assert!(stops < 40_000, "{stops}");
        }
    }
}
