//! Edits of a `.sopsguard.toml`: a recipient more, one less, or the day of a proof.
//!
//! The text is edited, not printed anew: what no edit names stays byte for byte, comments too. The new text is
//! read again, and counts only where it says what was asked for.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, TableLike};

use crate::config::{Policy, quoted};
use crate::sops::KeyName;
use crate::source::{EditError, Edits, Span};

/// A recipient that is to be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing<'l> {
    pub(crate) key: &'l str,
    pub(crate) name: &'l str,
    /// One of the words for roles; none for a maintainer, which it is where nothing is said.
    pub(crate) role: Option<&'l str>,
    pub(crate) paths: &'l [String],
    pub(crate) held_by: &'l [String],
}

/// Why a policy is not edited. It is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is no policy: `sopsguard audit` says what is wrong with it")]
    Unreadable,
    #[error("the edited policy would not say what was asked for: edit it by hand")]
    NotAsAsked,
    #[error("it lists no recipient with this key")]
    NotListed,
}

impl From<EditError> for Refusal {
    fn from(_: EditError) -> Self {
        Self::NotAsAsked
    }
}

/// The ids of the rules that a policy can name.
pub(crate) type Rules<'r> = &'r [&'static str];

/// Lists recipients, behind those that are. One whose key is listed already stays as it is.
///
/// # Errors
/// [`Refusal`] where the text is no policy, or would not be one any more.
pub(crate) fn list(
    text: &str,
    recipients: &[Listing<'_>],
    rules: Rules<'_>,
) -> Result<String, Refusal> {
    let mut text = text.to_owned();
    for recipient in recipients {
        let listed = Listed::of(&text, rules)?;
        let key = KeyName::parse(recipient.key).ok_or(Refusal::NotAsAsked)?;
        if listed.with_key(&key.canonical).is_some() {
            continue;
        }
        let new = listed.with(recipient)?;
        let expected = [&listed.keys()[..], &[key.canonical]].concat();
        text = read_again(new, &expected, rules)?;
    }
    Ok(text)
}

/// Takes the recipient with a key, by the name by which keys are compared, out of the list; with its comments.
///
/// # Errors
/// [`Refusal`] where it is not listed, or cannot be taken out alone.
pub(crate) fn strike(text: &str, canonical: &str, rules: Rules<'_>) -> Result<String, Refusal> {
    let listed = Listed::of(text, rules)?;
    let at = listed.with_key(canonical).ok_or(Refusal::NotListed)?;
    let mut expected = listed.keys();
    expected.retain(|key| key != canonical);
    read_again(listed.without(at)?, &expected, rules)
}

/// Notes the day on which the private key of a recipient was proved to be there and to open the files, as in `2026-11-22`.
///
/// # Errors
/// [`Refusal`] where it is not listed.
pub(crate) fn note_proof(
    text: &str,
    canonical: &str,
    day: &str,
    rules: Rules<'_>,
) -> Result<String, Refusal> {
    let listed = Listed::of(text, rules)?;
    let at = listed.with_key(canonical).ok_or(Refusal::NotListed)?;
    read_again(listed.proved(at, day)?, &listed.keys(), rules)
}

/// The text, where it is a policy that lists these keys in this order.
fn read_again(text: String, keys: &[String], rules: Rules<'_>) -> Result<String, Refusal> {
    match Listed::of(&text, rules) {
        Ok(listed) if listed.keys() == keys => Ok(text),
        Ok(_) | Err(_) => Err(Refusal::NotAsAsked),
    }
}

/// What a policy lists, and where.
struct Listed<'t> {
    text: &'t str,
    entries: Vec<Entry>,
    /// The place of `recipient = […]`, where the list is written so.
    inline: Option<Range<usize>>,
}

/// One recipient.
struct Entry {
    key: String,
    name: String,
    /// The places of its keys with their values, in the order of the text.
    members: Vec<Member>,
    /// The place of the table within a list.
    table: Range<usize>,
}

struct Member {
    name: String,
    value: Range<usize>,
    start: usize,
}

impl<'t> Listed<'t> {
    fn of(text: &'t str, rules: Rules<'_>) -> Result<Self, Refusal> {
        let root = Path::new("/");
        Policy::parse(text, rules, root, root).map_err(|_| Refusal::Unreadable)?;
        let document = Document::parse(text).map_err(|_| Refusal::Unreadable)?;
        let item = document.get("recipient");
        let inline = item.and_then(Item::as_array);
        let tables: Vec<&dyn TableLike> = match (item, inline) {
            (Some(Item::ArrayOfTables(tables)), _) => {
                tables.iter().map(|table| table as &dyn TableLike).collect()
            }
            (_, Some(list)) => list
                .iter()
                .filter_map(|value| Some(value.as_inline_table()? as &dyn TableLike))
                .collect(),
            (Some(_) | None, _) => Vec::new(),
        };
        let places = inline.map(|list| list.iter().filter_map(toml_edit::Value::span).collect());
        let places: Vec<Range<usize>> = places.unwrap_or_default();
        let entries = tables.into_iter().enumerate().map(|(at, table)| {
            let place = places.get(at).cloned().unwrap_or_default();
            Entry::of(table, place)
        });
        Ok(Self {
            text,
            entries: entries.collect::<Option<_>>().ok_or(Refusal::Unreadable)?,
            inline: inline.and_then(toml_edit::Array::span),
        })
    }

    fn keys(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.key.clone()).collect()
    }

    fn with_key(&self, canonical: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == canonical)
    }

    fn line_break(&self) -> &'static str {
        match self.text.contains("\r\n") {
            true => "\r\n",
            false => "\n",
        }
    }

    fn with(&self, new: &Listing<'_>) -> Result<String, Refusal> {
        let mut edits = Edits::default();
        if let Some(list) = &self.inline {
            let (at, before) = match self.entries.last() {
                Some(last) => (last.table.end, ", "),
                None => (list.start + 1, ""),
            };
            let table = format!("{before}{{ {} }}", new.members().join(", "));
            edits.replace(Span::new(at, at), table);
            return Ok(edits.apply(self.text)?);
        }
        let line_break = self.line_break();
        let members = new.members().join(line_break);
        let block = format!("[[recipient]]{line_break}{members}");
        let at = match self.entries.last() {
            Some(last) => self.end_of_line(last.end()),
            None => self.text.trim_end().len(),
        };
        let before = if at == 0 { "" } else { &line_break.repeat(2) };
        let is_open = self.entries.is_empty() && at == self.text.len();
        let after = if is_open { line_break } else { "" };
        edits.replace(Span::new(at, at), format!("{before}{block}{after}"));
        Ok(edits.apply(self.text)?)
    }

    fn without(&self, at: usize) -> Result<String, Refusal> {
        let entry = self.entries.get(at).ok_or(Refusal::NotListed)?;
        let mut edits = Edits::default();
        let (start, end) = match &self.inline {
            Some(_) => {
                let next = self.entries.get(at + 1).map(|next| next.table.start);
                let before = at.checked_sub(1).and_then(|at| self.entries.get(at));
                match (before, next) {
                    (Some(before), _) => (before.table.end, entry.table.end),
                    (None, Some(next)) => (entry.table.start, next),
                    (None, None) => (entry.table.start, entry.table.end),
                }
            }
            None => self.block(entry).ok_or(Refusal::NotAsAsked)?,
        };
        edits.replace(Span::new(start, end), "");
        Ok(edits.apply(self.text)?)
    }

    /// The lines of a recipient: from its header, with comments above that name it, to its last value, with the blank lines
    /// behind.
    fn block(&self, entry: &Entry) -> Option<(usize, usize)> {
        let first = entry.members.iter().map(|member| member.start).min()?;
        let above = self.text.get(..first)?;
        let mut start = above.rfind("[[")?;
        start = self.start_of_line(start);
        let mut comment = start;
        while let Some(line) = self.line_before(comment) {
            if !self.text.get(line..comment)?.trim_start().starts_with('#') {
                break;
            }
            comment = line;
        }
        if says(self.text.get(comment..start)?, &entry.name) {
            start = comment;
        }
        let mut end = self.next_line(self.end_of_line(entry.end()));
        let mut blank = end;
        while blank < self.text.len()
            && self
                .text
                .get(blank..self.next_line(blank))?
                .trim()
                .is_empty()
        {
            blank = self.next_line(blank);
        }
        if blank < self.text.len() {
            end = blank;
        } else {
            // Nothing follows: the blank lines before go instead.
            let kept = self.text.get(..start)?.trim_end().len();
            start = if kept == 0 { 0 } else { self.next_line(kept) };
        }
        Some((start, end))
    }

    fn proved(&self, at: usize, day: &str) -> Result<String, Refusal> {
        let entry = self.entries.get(at).ok_or(Refusal::NotListed)?;
        let mut edits = Edits::default();
        let known = entry.members.iter().find(|member| member.name == "proved");
        if let Some(known) = known {
            edits.replace(Span::new(known.value.start, known.value.end), day);
            return Ok(edits.apply(self.text)?);
        }
        let (at, new) = match &self.inline {
            Some(_) => (entry.end(), format!(", proved = {day}")),
            None => {
                let end = self.end_of_line(entry.end());
                let last = entry.members.iter().max_by_key(|member| member.start);
                let start = last.map_or(end, |last| last.start);
                let line = self.text.get(self.start_of_line(start)..start);
                let indent = line.unwrap_or_default();
                (end, format!("{}{indent}proved = {day}", self.line_break()))
            }
        };
        edits.replace(Span::new(at, at), new);
        Ok(edits.apply(self.text)?)
    }

    fn start_of_line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |end| end + 1)
    }

    fn line_before(&self, line: usize) -> Option<usize> {
        Some(self.start_of_line(line.checked_sub(1)?))
    }

    /// The end of a line, before its line break.
    fn end_of_line(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.trim_end_matches('\r').len()
    }

    fn next_line(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |end| at + end + 1)
    }
}

/// Whether a comment has a name in it, and not only a longer word.
fn says(comment: &str, name: &str) -> bool {
    let (comment, name) = (comment.to_lowercase(), name.to_lowercase());
    let mut found = comment.match_indices(&name);
    found.any(|(at, found)| {
        let before = comment.get(..at).and_then(|text| text.chars().next_back());
        let after = comment.get(at + found.len()..);
        let after = after.and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

impl Entry {
    fn of(table: &dyn TableLike, place: Range<usize>) -> Option<Self> {
        let text = |name: &str| table.get(name).and_then(Item::as_str);
        let members = table.iter().map(|(name, item)| {
            Some(Member {
                name: name.to_owned(),
                value: item.span()?,
                start: table.key(name)?.span()?.start,
            })
        });
        Some(Self {
            key: KeyName::parse(text("key")?)?.canonical,
            name: text("name")?.trim().to_owned(),
            members: members.collect::<Option<_>>()?,
            table: place,
        })
    }

    /// The end of its last value.
    fn end(&self) -> usize {
        let ends = self.members.iter().map(|member| member.value.end);
        ends.max().unwrap_or_default()
    }
}

impl Listing<'_> {
    /// What a policy says of it, a line each.
    fn members(&self) -> Vec<String> {
        let list = |texts: &[String]| {
            let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        };
        let mut members = vec![
            format!("key = {}", quoted(self.key)),
            format!("name = {}", quoted(self.name)),
        ];
        if let Some(role) = self.role {
            members.push(format!("role = {}", quoted(role)));
        }
        if !self.paths.is_empty() {
            members.push(format!("paths = {}", list(self.paths)));
        }
        if !self.held_by.is_empty() {
            members.push(format!("held-by = {}", list(self.held_by)));
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    const B: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";
    const NEW: &str = "age1kwazca4jmnj4xefgany0t2qrc28vkk4cpkk9x7tfl0p0am34yftq3tz3jp";

    const RULES: [&str; 2] = ["mac-mismatch", "single-recipient"];

    fn long(text: &str) -> String {
        let text = text.replace("AAA", A).replace("BBB", B);
        text.replace("NEW", NEW).replace('¶', "\n")
    }

    fn listed(text: &str) -> Result<String, Refusal> {
        let recipient = Listing {
            key: NEW,
            name: "the \"lab\" escrow",
            role: Some("escrow"),
            paths: &[],
            held_by: &["safe".to_owned(), "password manager".to_owned()],
        };
        list(text, &[recipient], &RULES)
    }

    /// The new recipient in lines, and in a list.
    const LINES: &str = "[[recipient]]¶key = \"NEW\"¶name = \"the \\\"lab\\\" escrow\"¶role = \"escrow\"¶held-by = [\"safe\", \"password manager\"]";
    const INLINE: &str = "{ key = \"NEW\", name = \"the \\\"lab\\\" escrow\", role = \"escrow\", held-by = [\"safe\", \"password manager\"] }";

    /// A policy before and after; `LINES` and `INLINE` are the new recipient.
    const CASES: &[(&str, &str)] = &[
        ("", "LINES¶"),
        ("min-recipients = 3¶", "min-recipients = 3¶¶LINES¶"),
        (
            "# ours¶[[recipient]]¶key = 'AAA' # Alice's¶name = 'Alice'¶",
            "# ours¶[[recipient]]¶key = 'AAA' # Alice's¶name = 'Alice'¶¶LINES¶",
        ),
        (
            "[[recipient]]¶  name = 'Alice'¶  key = 'AAA'¶¶# what matters¶[rules]¶mac-mismatch = 'error'¶",
            "[[recipient]]¶  name = 'Alice'¶  key = 'AAA'¶¶LINES¶¶# what matters¶[rules]¶mac-mismatch = 'error'¶",
        ),
        (
            "[[recipient]]¶key = 'AAA'¶name = 'Alice'¶held-by = [¶  'laptop', # the old one¶] # copies¶",
            "[[recipient]]¶key = 'AAA'¶name = 'Alice'¶held-by = [¶  'laptop', # the old one¶] # copies¶¶LINES¶",
        ),
        ("recipient = []¶", "recipient = [INLINE]¶"),
        (
            "recipient = [{ key = 'AAA', name = 'Alice' }] # us¶",
            "recipient = [{ key = 'AAA', name = 'Alice' }, INLINE] # us¶",
        ),
        (
            "[[recipient]]¶key = 'AAA'¶name = 'Alice'¶¶[[recipient]]¶key = 'BBB'¶name = 'Bob'",
            "[[recipient]]¶key = 'AAA'¶name = 'Alice'¶¶[[recipient]]¶key = 'BBB'¶name = 'Bob'¶¶LINES",
        ),
    ];

    #[test]
    fn a_recipient_is_listed_behind_the_others_and_struck_without_a_trace() {
        for (before, after) in CASES {
            // What holds no line has no line break to follow.
            let line_breaks = ["\n", "\r\n"].into_iter().take(1 + before.len().min(1));
            for line_break in line_breaks {
                let text = |text: &str| {
                    let text = text.replace("LINES", LINES).replace("INLINE", INLINE);
                    long(&text).replace('\n', line_break)
                };
                let (before, after) = (text(before), text(after));
                assert_eq!(listed(&before), Ok(after.clone()));
                assert_eq!(listed(&after), Ok(after.clone()));
                let back = strike(&after, &format!("age:{NEW}"), &RULES);
                let ends = |text: &str| text.trim_end_matches(['\r', '\n']).to_owned();
                assert_eq!(back.map(|text| ends(&text)), Ok(ends(&before)), "{after}");
            }
        }
    }

    #[test]
    fn a_recipient_goes_with_the_comments_that_name_it() {
        let before = long(
            "# everybody¶¶# Alice's laptop¶[[recipient]]¶# since 2024¶key = 'AAA'¶name = 'alice'¶¶\
             # specific machines¶[[recipient]]¶key = 'BBB'¶name = 'ci'¶# to be asked for¶¶[rules]¶",
        );
        let alice = strike(&before, &format!("age:{A}"), &RULES).unwrap();
        assert_eq!(
            alice,
            long(
                "# everybody¶¶# specific machines¶[[recipient]]¶key = 'BBB'¶name = 'ci'¶# to be asked for¶¶[rules]¶"
            )
        );
        let ci = strike(&alice, &format!("age:{B}"), &RULES).unwrap();
        assert_eq!(
            ci,
            "# everybody\n\n# specific machines\n# to be asked for\n\n[rules]\n"
        );
        assert_eq!(
            strike(&ci, &format!("age:{B}"), &RULES),
            Err(Refusal::NotListed)
        );
    }

    #[test]
    fn the_day_of_a_proof_is_noted_where_the_recipient_is() {
        for (before, after) in [
            (
                "[[recipient]]¶  key = 'AAA' # a¶  name = 'A' # b¶¶[rules]¶",
                "[[recipient]]¶  key = 'AAA' # a¶  name = 'A' # b¶  proved = 2026-11-22¶¶[rules]¶",
            ),
            (
                "[[recipient]]¶key = 'AAA'¶proved = 2020-01-01 # Bob¶name = 'A'¶",
                "[[recipient]]¶key = 'AAA'¶proved = 2026-11-22 # Bob¶name = 'A'¶",
            ),
            (
                "recipient = [{key = 'AAA', name = 'A'}]",
                "recipient = [{key = 'AAA', name = 'A', proved = 2026-11-22}]",
            ),
        ] {
            let noted = note_proof(&long(before), &format!("age:{A}"), "2026-11-22", &RULES);
            assert_eq!(noted, Ok(long(after)));
        }
    }

    #[test]
    fn what_is_no_policy_is_not_edited() {
        assert_eq!(listed("a ="), Err(Refusal::Unreadable));
        assert_eq!(listed("colour = 1"), Err(Refusal::Unreadable));
        assert_eq!(listed("[rules]\nx-y = 'off'"), Err(Refusal::Unreadable));
        let named = "[rules]\nsingle-recipient = 'error'\n[[ignore]]\nrule = 'mac-mismatch'\npath = 'a'\nreason = 'b'\n";
        assert!(listed(named).is_ok_and(|text| text.starts_with(named)));
    }
}
