//! INI files exactly as sops's ini store and the Go package `ini.v1` read them.
//!
//! The document has one pair a section, the first of which is always `DEFAULT`; sections of one name
//! stay apart, a key that is repeated within a section keeps its place and takes the last value.
//! Comments belong to the section or the key that follows them, or on whose line they stand, and come
//! first in the section and behind the key. Values may be quoted, run over several lines within
//! ``` `…` ``` and `"""…"""`, and go on behind a backslash at the end of a line. The metadata are the
//! section `sops`, flattened. The crates that read ini files read other ones, and none has spans.

mod comment;
mod line;
mod space;
mod spell;
mod value;

use std::borrow::Cow;
use std::collections::HashMap;

use super::dotenv::with_line_feeds;
use super::flat::{self, Flat};
use super::repeated::MAX_REPEATED;
use super::syntax::Error;
use super::tree::{Comment, Entry, Key, METADATA_KEY, Pair, Scalar, Tree, Value};
use super::{KeyPath, RepeatedKey};
use crate::source::Span;
use comment::Gathered;
use line::Lines;
pub(super) use spell::spell;

/// The section that is always there.
const DEFAULT: &[u8] = b"DEFAULT";

/// Reads `bytes` as sops's ini store does, and tells the keys that a section has twice: of their
/// values the tree has the last.
///
/// # Errors
/// Where sops would not load them.
pub(super) fn load(bytes: &[u8]) -> Result<(Tree<'_>, Vec<RepeatedKey>), Error> {
    let mut reader = Reader {
        lines: Lines::new(bytes),
        comment: Gathered::new(bytes),
        sections: vec![Section::new(DEFAULT, Span::default())],
        numbered: 0,
        repeated_keys: Vec::new(),
    };
    while let Some((start, line)) = reader.lines.next() {
        let (start, line) = (start + space::before(line), space::trim_start(line));
        match line.first() {
            None => {}
            Some(b'#' | b';') => reader.comment.add(start, line.len()),
            Some(b'[') => reader.section(start, line)?,
            Some(_) => reader.key(start, line)?,
        }
    }
    let repeated_keys = reader.repeated_keys;
    let mut tree = Tree::default();
    let mut entries = Vec::with_capacity(reader.sections.len());
    for section in reader.sections {
        entries.push(Entry::Pair(section.into_pair(&mut tree)?));
    }
    let root = tree.add(Span::new(0, bytes.len()), Value::Map(entries));
    tree.add_branch(root);
    tree.drop_empty_metadata();
    Ok((tree, repeated_keys))
}

struct Reader<'s> {
    lines: Lines<'s>,
    /// The comments that no section or key has taken.
    comment: Gathered<'s>,
    /// Never empty.
    sections: Vec<Section<'s>>,
    /// How many keys of the section are named `-`, which get a number for a name.
    numbered: usize,
    repeated_keys: Vec<RepeatedKey>,
}

struct Section<'s> {
    name: &'s [u8],
    span: Span,
    comment: Option<Comment<'s>>,
    keys: Vec<Line<'s>>,
    /// Where in `keys` the key of a name stands.
    by_name: HashMap<Cow<'s, [u8]>, usize>,
}

/// A key with its value and comment.
struct Line<'s> {
    name: Cow<'s, [u8]>,
    span: Span,
    value: Cow<'s, [u8]>,
    value_span: Span,
    comment: Option<Comment<'s>>,
}

impl<'s> Reader<'s> {
    /// Reads a section's header, which is `line`, at `start`.
    fn section(&mut self, start: usize, line: &'s [u8]) -> Result<(), Error> {
        let Some(end) = line.iter().rposition(|&byte| byte == b']') else {
            let span = Span::new(start, start + line.len());
            return Err(Error::on("the section's name has no `]`", span));
        };
        let span = Span::new(start + 1, start + end);
        let name = line.get(1..end).unwrap_or_default();
        if name.is_empty() {
            return Err(Error::on("the section has no name", span));
        }
        let rest = line.get(end..).unwrap_or_default();
        if let Some(at) = comment::start(rest) {
            self.comment.add(start + end + at, rest.len() - at);
        }
        let comment = self.comment.take();
        self.sections.push(Section {
            comment,
            ..Section::new(name, span)
        });
        self.numbered = 0;
        Ok(())
    }

    /// Reads a key and its value; `line`, at `start`, is the first line of it.
    fn key(&mut self, start: usize, line: &'s [u8]) -> Result<(), Error> {
        let key = line::key(start, line)?;
        let mut name = Cow::Borrowed(key.name);
        if key.name == b"-" {
            self.numbered += 1;
            name = Cow::Owned(format!("#{}", self.numbered).into_bytes());
        }
        let behind = line.get(key.end..).unwrap_or_default();
        let (value, value_span) = self.value(start + key.end, behind)?;
        if name.is_empty() {
            return Err(Error::on("the key has no name", key.span));
        }
        let comment = self.comment.take();
        let line = Line {
            name,
            span: key.span,
            value,
            value_span,
            comment,
        };
        if let Some(section) = self.sections.last_mut() {
            let (span, path) = (line.span, KeyPath::new([section.name, &line.name]));
            if let Some(first) = section.set(line)
                && self.repeated_keys.len() < MAX_REPEATED
            {
                self.repeated_keys.push(RepeatedKey {
                    span,
                    first,
                    path,
                    in_first_document: true,
                });
            }
        }
        Ok(())
    }
}

impl<'s> Section<'s> {
    fn new(name: &'s [u8], span: Span) -> Self {
        Self {
            name,
            span,
            comment: None,
            keys: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// Adds a key, or puts it in the place of the one of its name, whose place is returned.
    fn set(&mut self, line: Line<'s>) -> Option<Span> {
        let new = self.keys.len();
        let at = *self.by_name.entry(line.name.clone()).or_insert(new);
        if let Some(old) = self.keys.get_mut(at) {
            return Some(std::mem::replace(old, line).span);
        }
        self.keys.push(line);
        None
    }

    fn into_pair(self, tree: &mut Tree<'s>) -> Result<Pair<'s>, Error> {
        let is_metadata = self.name == METADATA_KEY.as_bytes();
        let last = self.keys.last().map_or(self.span, |line| line.value_span);
        let span = Span::new(self.span.start(), last.end().max(self.span.end()));
        let mut entries: Vec<_> = self.comment.map(Entry::Comment).into_iter().collect();
        if is_metadata {
            entries.extend(metadata(tree, self.keys)?);
        } else {
            for line in self.keys {
                let value = Scalar::Str(line.value);
                let value = tree.add(line.value_span, Value::Scalar(value));
                let key = Key {
                    name: Scalar::Str(line.name),
                    span: line.span,
                };
                entries.push(Entry::Pair(Pair { key, value }));
                entries.extend(line.comment.map(Entry::Comment));
            }
        }
        let value = tree.add(span, Value::Map(entries));
        let name = Scalar::Str(Cow::Borrowed(self.name));
        let key = Key {
            name,
            span: self.span,
        };
        Ok(Pair { key, value })
    }
}

/// The members of the metadata: unflattened, `\n` being a line feed, with comments kept for what they
/// hide.
fn metadata<'s>(tree: &mut Tree<'s>, keys: Vec<Line<'s>>) -> Result<Vec<Entry<'s>>, Error> {
    let mut flat = Vec::with_capacity(keys.len());
    let mut comments = Vec::new();
    for line in keys {
        let value = match line.value {
            Cow::Borrowed(value) => with_line_feeds(value),
            Cow::Owned(value) => Cow::Owned(with_line_feeds(&value).into_owned()),
        };
        let value = tree.add(line.value_span, Value::Scalar(Scalar::Str(value)));
        flat.push(Flat {
            name: line.name,
            span: line.span,
            value,
        });
        comments.extend(line.comment.map(Entry::Comment));
    }
    let mut entries = flat::unflatten(tree, flat)?;
    entries.extend(comments);
    Ok(entries)
}
