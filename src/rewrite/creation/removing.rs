//! The ways to take a recipient out of a rule.

use std::collections::{BTreeMap, BTreeSet};

use super::adding::{spans_within, written_out};
use super::lines::Lines;
use super::reading::Reading;
use super::splices::Splices;
use crate::config::creation::RuleKey;
use crate::document::yaml::outline::{Kind, Node};
use crate::source::Span;

/// One key, out of any rule of one text.
pub(super) struct Removing<'r> {
    reading: &'r Reading<'r>,
    lines: Lines<'r>,
    canonical: &'r str,
    rules: &'r [usize],
    /// The aliases and texts in which keys stand, by where they begin.
    leaves: BTreeMap<usize, Node<'r, 'r>>,
}

/// What is to go.
#[derive(Default)]
struct Gone<'r> {
    nodes: BTreeSet<Node<'r, 'r>>,
    /// Keys within a text that lists several.
    pieces: BTreeMap<Node<'r, 'r>, Vec<Span>>,
}

impl<'r> Removing<'r> {
    pub(super) fn new(reading: &'r Reading<'r>, canonical: &'r str, rules: &'r [usize]) -> Self {
        let leaves = reading
            .outline
            .nodes()
            .filter(|node| matches!(node.kind(), Kind::Alias | Kind::Scalar));
        Self {
            reading,
            lines: Lines(reading.text),
            canonical,
            rules,
            leaves: leaves.map(|node| (node.span().start(), node)).collect(),
        }
    }

    /// The way to take it out of all chosen rules; what is written once is deleted once.
    pub(super) fn of_all(&self) -> Option<Splices> {
        self.in_place(self.rules, true)
    }

    /// The ways to take it out of a rule, the best first.
    pub(super) fn ways(&self, rule: usize) -> Vec<Splices> {
        let ways = [self.in_place(&[rule], false), self.written_out(rule)];
        ways.into_iter().flatten().collect()
    }

    fn is_it(&self, key: &RuleKey) -> bool {
        key.names.canonical == self.canonical
    }

    /// Where the keys of the rules are.
    fn in_place(&self, rules: &[usize], with_entry: bool) -> Option<Splices> {
        let mut gone = Gone::default();
        for rule in rules.iter().filter_map(|rule| self.reading.rule(*rule)) {
            for key in rule.groups.iter().flatten().filter(|key| self.is_it(key)) {
                self.collect(key, &mut gone)?;
            }
        }
        if with_entry {
            self.collect_entry(&mut gone);
        }
        self.deleted(gone)
    }

    fn collect(&self, key: &RuleKey, gone: &mut Gone<'r>) -> Option<()> {
        let leaf = *self.leaf(key.span)?;
        let text = leaf.target();
        match spans_within(self.reading, text).len() {
            0 => None,
            1 => {
                gone.nodes.insert(leaf);
                Some(())
            }
            _ => {
                let pieces = gone.pieces.entry(text).or_default();
                pieces.push(key.defined);
                Some(())
            }
        }
    }

    /// The alias or text that a key stands in.
    fn leaf(&self, span: Span) -> Option<&Node<'r, 'r>> {
        let (_, leaf) = self.leaves.range(..=span.start()).next_back()?;
        (leaf.span().end() >= span.end()).then_some(leaf)
    }

    /// The key in a list outside of the rules, where nothing refers to it any more.
    fn collect_entry(&self, gone: &mut Gone<'r>) {
        let outline = &self.reading.outline;
        let aliases = || outline.nodes().filter(|node| node.kind() == Kind::Alias);
        for (node, _) in outline.anchored() {
            let is_it = node.kind() == Kind::Scalar
                && crate::sops::KeyName::parse(node.says())
                    .is_some_and(|key| key.canonical == self.canonical);
            let mut users = aliases().filter(|alias| alias.target() == node).peekable();
            let was_used = users.peek().is_some();
            let is_free = users.all(|alias| gone.nodes.contains(&alias));
            let is_listed = node.parent().is_some_and(|list| list != outline.root());
            if is_it && was_used && is_free && is_listed && !self.reading.is_in_any_rules(node) {
                gone.nodes.insert(node);
            }
        }
    }

    fn deleted(&self, mut gone: Gone<'r>) -> Option<Splices> {
        let mut splices = Splices::default();
        for (scalar, pieces) in &gone.pieces {
            let keys = spans_within(self.reading, *scalar);
            if keys.iter().all(|key| pieces.contains(key)) {
                gone.nodes.insert(*scalar);
            } else {
                splices.join(self.lines.without_pieces(&keys, pieces)?);
            }
        }
        let mut holders = BTreeMap::new();
        while let Some(node) = gone.nodes.pop_last() {
            let holder = node.parent()?;
            let members = members(holder);
            let gone_of = holders
                .entry(holder)
                .or_insert_with(|| vec![false; members.len()]);
            let at = members.iter().position(|member| *member == node)?;
            *gone_of.get_mut(at)? = true;
            // A list of which nothing stays goes with its key.
            let is_age = holder.kind() == Kind::Sequence && self.reading.is_in_any_rules(holder);
            if is_age && gone_of.iter().all(|gone| *gone) {
                holders.remove(&holder);
                gone.nodes.insert(holder);
            }
        }
        for (holder, gone) in &holders {
            splices.join(self.lines.without(*holder, &members(*holder), gone)?);
        }
        Some(splices)
    }

    /// In the rule alone, with the other keys that it has from elsewhere.
    fn written_out(&self, rule: usize) -> Option<Splices> {
        let groups = self.reading.rule(rule)?.groups.len();
        let mut splices = Splices::default();
        for group in 0..groups {
            let place = self
                .reading
                .place(rule, Some(group).filter(|_| groups > 1))?;
            if !place.keys.iter().any(|key| self.is_it(key)) {
                continue;
            }
            let value = place.value.filter(|_| place.is_own)?;
            if value.kind() != Kind::Alias {
                return None;
            }
            let kept = |key: &RuleKey| !self.is_it(key);
            let items = written_out(self.reading, value, &place.keys, &kept);
            let list = format!("[{}]", items.join(", "));
            splices.join(Splices::replace(value.span(), list));
        }
        Some(splices)
    }
}

/// The items of a list, or the values of a mapping.
fn members<'r>(holder: Node<'r, 'r>) -> Vec<Node<'r, 'r>> {
    match holder.kind() {
        Kind::Sequence => holder.items().collect(),
        Kind::Mapping => holder.pairs().map(|(_, value)| value).collect(),
        Kind::Scalar | Kind::Alias => Vec::new(),
    }
}
