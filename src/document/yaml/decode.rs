//! A first document decoded into a given shape, as yaml.v3 decodes one into Go's types.
//!
//! sops reads `.sops.yaml` that way, and what yaml.v3 takes for what decides whether sops takes the
//! file at all: a number becomes text where text is asked for, text never a number; `null` leaves a
//! field as it was and drops out of a list; keys are case-sensitive, unknown ones are passed over
//! unread, and a key that stands twice is refused where its mapping is read. Merge keys fill in what
//! the mapping does not say itself. Every value keeps the place where it stands.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::compose;
use super::node::{Content as NodeContent, Id, Stream};
use super::precheck::{AliasBudget, is_merge};
use super::resolve::resolve;
use super::{chars, syntax};
use crate::document::{Scalar, bounds};
use crate::source::Span;

/// What a value is decoded into.
pub(crate) enum Shape {
    Text,
    Int,
    Bool,
    /// Whatever stands there.
    Any,
    /// A map of texts, of which each can be null.
    Texts,
    List(&'static Self),
    Record(&'static [Field]),
}

/// A member of a record.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
}

/// A decoded document.
pub(crate) struct Decoded<'s> {
    /// `None` where the document is empty or null.
    pub(crate) value: Option<Value>,
    /// The keys that no record knows, each once, in the order of the text.
    pub(crate) unknown: Vec<UnknownKey>,
    /// The scalars that have an anchor, in the order of the text.
    pub(crate) anchored: Vec<Anchored<'s>>,
}

/// A decoded value.
pub(crate) struct Value {
    pub(crate) content: Content,
    /// Where its text stands.
    pub(crate) span: Span,
    /// Where it is used: at an alias, or where its text stands.
    pub(crate) at: Span,
}

pub(crate) enum Content {
    Text(String),
    Int(i64),
    Bool(bool),
    List(Vec<Value>),
    Texts(Vec<(String, Option<String>)>),
    Record(Vec<(Member, Value)>),
    /// What is neither a text nor a list, where anything may stand: what it is.
    Other(&'static str),
}

/// A key of a record that was set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) span: Span,
}

/// A key that its record does not know.
pub(crate) struct UnknownKey {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// The value's place.
    pub(crate) value: Span,
    /// What the record knows.
    pub(crate) known: &'static [Field],
    /// The field that holds the record; empty at the top level.
    pub(crate) within: &'static str,
}

/// A scalar with an anchor.
pub(crate) struct Anchored<'s> {
    pub(crate) name: &'s str,
    pub(crate) text: Cow<'s, str>,
    pub(crate) span: Span,
}

/// Why yaml.v3 would not decode the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) fault: Fault,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Syntax(syntax::Error),
    #[error("{} has to be {expected}, not {found}", place(.field))]
    WrongType {
        field: &'static str,
        expected: &'static str,
        found: &'static str,
    },
    #[error("the key is already defined in this mapping")]
    RepeatedKey { first: Span },
    #[error("the value does not fit its tag")]
    Tag,
    #[error("a key is a collection")]
    CollectionAsKey,
    #[error("a merge needs a map or a sequence of maps")]
    Merge,
    #[error("the document contains excessive aliasing")]
    Aliasing,
    /// It may be that sops takes it.
    #[error("{0} is not read here")]
    Undecidable(&'static str),
}

fn place(field: &str) -> String {
    match field {
        "" => "the file".to_owned(),
        field => format!("`{field}`"),
    }
}

/// Decodes the first document of `text`; what follows it does not count.
///
/// # Errors
/// [`Error`] where yaml.v3 would refuse the text or the document.
pub(crate) fn decode<'s>(text: &'s str, shape: &'static Shape) -> Result<Decoded<'s>, Error> {
    let undecidable = |what| Error {
        fault: Fault::Undecidable(what),
        span: Span::default(),
    };
    if bounds::exceeds(text.as_bytes()) {
        return Err(undecidable(
            "a text with room for more than 4,000,000 values",
        ));
    }
    if text.starts_with("\u{feff}\u{feff}") {
        return Err(undecidable("a second byte order mark"));
    }
    let refused = |error: syntax::Error| Error {
        span: error.span(),
        fault: Fault::Syntax(error),
    };
    if let Some(at) = chars::first_forbidden(text) {
        let message = "control characters are not allowed";
        return Err(refused(syntax::Error::at(message, at)));
    }
    let composed = compose::compose(text);
    let Some(document) = composed.stream.documents.first() else {
        return match composed.error {
            Some(error) if !is_empty(&composed.stream, text) => Err(refused(error)),
            Some(_) | None => Ok(Decoded {
                value: None,
                unknown: Vec::new(),
                anchored: Vec::new(),
            }),
        };
    };
    let mut decoder = Decoder::new(&composed.stream);
    let value = decoder.value(document.root, shape, "")?;
    let mut unknown = decoder.unknown;
    unknown.sort_by_key(|key| key.span);
    unknown.dedup_by_key(|key| key.span);
    let anchored = anchored(&composed.stream, document.end);
    Ok(Decoded {
        value,
        unknown,
        anchored,
    })
}

/// Whether the reader found nothing but comments and blank lines.
fn is_empty(stream: &Stream<'_>, text: &str) -> bool {
    let is_blank = |line: &str| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line.starts_with('#')
    };
    stream.len() == 0 && text.lines().all(is_blank)
}

fn anchored<'s>(stream: &Stream<'s>, end: Id) -> Vec<Anchored<'s>> {
    let scalars = stream.anchors.iter().filter(|(id, _)| *id < end);
    scalars
        .filter_map(|&(id, name)| match &stream.node(id).content {
            NodeContent::Scalar { text, .. } => Some(Anchored {
                name,
                text: text.clone(),
                span: stream.node(id).span,
            }),
            NodeContent::Sequence(_) | NodeContent::Mapping(_) | NodeContent::Alias { .. } => None,
        })
        .collect()
}

struct Decoder<'a, 's> {
    stream: &'a Stream<'s>,
    budget: AliasBudget,
    /// How many aliases, and how many collections, lead to the present node.
    aliases: u32,
    depth: u32,
    /// The bytes of text that were taken. Aliases can repeat a long one.
    taken: usize,
    unknown: Vec<UnknownKey>,
}

/// The deepest nesting that is followed.
const MAX_DEPTH: u32 = 200;

/// The most bytes of text that are taken, and the most unknown keys, aliases counted each time.
const MAX_TAKEN: usize = 64 << 20;

/// A key as maps compare them.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Other(String),
}

/// What is to be done with a pair.
type Put<'p, 'a, 's> = dyn FnMut(&mut Decoder<'a, 's>, String, Id, Id) -> Result<(), Error> + 'p;

impl<'a, 's> Decoder<'a, 's> {
    fn new(stream: &'a Stream<'s>) -> Self {
        let mut budget = AliasBudget::default();
        // The document itself counts as one.
        budget.count(false);
        Self {
            stream,
            budget,
            aliases: 0,
            depth: 0,
            taken: 0,
            unknown: Vec::new(),
        }
    }

    /// Decodes a node; `None` where it is null, and the place for it stays as it was.
    fn value(
        &mut self,
        id: Id,
        shape: &'static Shape,
        field: &'static str,
    ) -> Result<Option<Value>, Error> {
        self.count(id)?;
        let node = self.stream.node(id);
        if let NodeContent::Alias { target, .. } = node.content {
            self.aliases += 1;
            let value = self.value(target, shape, field);
            self.aliases -= 1;
            let at = node.span;
            return Ok(value?.map(|value| Value { at, ..value }));
        }
        if self.depth >= MAX_DEPTH {
            return Err(self.fault(id, Fault::Undecidable("such deep nesting")));
        }
        self.depth += 1;
        let content = match &node.content {
            NodeContent::Scalar { .. } => self.scalar(id, shape, field),
            NodeContent::Sequence(items) => self.sequence(id, items, shape, field).map(Some),
            NodeContent::Mapping(_) => self.mapping(id, shape, field).map(Some),
            NodeContent::Alias { .. } => Ok(None),
        };
        self.depth -= 1;
        let span = node.span;
        Ok(content?.map(|content| Value {
            content,
            span,
            at: span,
        }))
    }

    fn scalar(
        &mut self,
        id: Id,
        shape: &'static Shape,
        field: &'static str,
    ) -> Result<Option<Content>, Error> {
        let scalar = self.resolved(id)?;
        let found = kind(&scalar);
        let content = match (shape, scalar) {
            (_, Scalar::Null) => return Ok(None),
            (Shape::Text | Shape::Any, Scalar::Str(text)) => Content::Text(self.take(id, &text)?),
            (Shape::Any, _) => Content::Other(found),
            (Shape::Text, _) => {
                let text = self.text(id).to_owned();
                Content::Text(self.take(id, text.as_bytes())?)
            }
            (Shape::Int, Scalar::Int(number)) => Content::Int(number),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "Go cuts off the fraction, too, and the range was compared as Go does"
            )]
            (Shape::Int, Scalar::Float(number)) if number <= i64::MAX as f64 => {
                Content::Int(number as i64)
            }
            (Shape::Bool, Scalar::Bool(value)) => Content::Bool(value),
            (Shape::Bool, Scalar::Str(text)) => match yes_or_no(&text) {
                Some(value) => Content::Bool(value),
                None => return Err(self.wrong(id, shape, field, found)),
            },
            _ => return Err(self.wrong(id, shape, field, found)),
        };
        Ok(Some(content))
    }

    fn sequence(
        &mut self,
        id: Id,
        items: &[Id],
        shape: &'static Shape,
        field: &'static str,
    ) -> Result<Content, Error> {
        let (of, is_any) = match shape {
            Shape::List(of) => (*of, false),
            Shape::Any => (shape, true),
            _ => return Err(self.wrong(id, shape, field, "a list")),
        };
        let mut list = Vec::new();
        for &item in items {
            match self.value(item, of, field)? {
                Some(value) => list.push(value),
                None if is_any => list.push(Value {
                    content: Content::Other("nothing"),
                    span: self.stream.node(item).span,
                    at: self.stream.node(item).span,
                }),
                None => {}
            }
        }
        Ok(Content::List(list))
    }

    fn mapping(
        &mut self,
        id: Id,
        shape: &'static Shape,
        field: &'static str,
    ) -> Result<Content, Error> {
        match shape {
            Shape::Record(fields) => self.record(id, fields, field).map(Content::Record),
            Shape::Texts => {
                let mut texts: Vec<(String, Option<String>)> = Vec::new();
                let mut put = |decoder: &mut Self, key: String, _: Id, value: Id| {
                    let text = match decoder.value(value, &Shape::Text, field)? {
                        Some(Value {
                            content: Content::Text(text),
                            ..
                        }) => Some(text),
                        Some(_) | None => None,
                    };
                    texts.retain(|(known, _)| *known != key);
                    texts.push((key, text));
                    Ok(())
                };
                self.members(id, true, None, &[], &mut put)?;
                Ok(Content::Texts(texts))
            }
            Shape::Any => {
                let mut put = |decoder: &mut Self, _: String, _: Id, value: Id| {
                    decoder.value(value, &Shape::Any, field).map(|_| ())
                };
                self.members(id, false, None, &[], &mut put)?;
                Ok(Content::Other("a map"))
            }
            _ => {
                self.repeated_keys(id)?;
                Err(self.wrong(id, shape, field, "a map"))
            }
        }
    }

    fn record(
        &mut self,
        id: Id,
        fields: &'static [Field],
        within: &'static str,
    ) -> Result<Vec<(Member, Value)>, Error> {
        let mut members: Vec<(Member, Value)> = Vec::new();
        let mut put = |decoder: &mut Self, name: String, key: Id, value: Id| {
            let span = decoder.stream.node(key).span;
            match fields.iter().find(|field| field.name == name) {
                Some(field) => {
                    let name = field.name;
                    if let Some(value) = decoder.value(value, field.shape, name)? {
                        members.push((Member { name, span }, value));
                    }
                }
                None => {
                    decoder.take(key, name.as_bytes())?;
                    decoder.unknown.push(UnknownKey {
                        name,
                        span,
                        value: decoder.stream.node(value).span,
                        known: fields,
                        within,
                    });
                }
            }
            Ok(())
        };
        self.members(id, true, None, fields, &mut put)?;
        Ok(members)
    }

    /// Hands each pair of a mapping to `put`, then those that it merges and does not have itself.
    ///
    /// `merged` holds the keys that are set already, where the mapping is itself merged into one.
    fn members(
        &mut self,
        id: Id,
        texts_only: bool,
        mut merged: Option<&mut HashSet<Key>>,
        fields: &'static [Field],
        put: &mut Put<'_, 'a, 's>,
    ) -> Result<(), Error> {
        self.repeated_keys(id)?;
        let mut merge = None;
        let mut done: HashMap<&'static str, Span> = HashMap::new();
        for pair in self.stream.children(id).chunks_exact(2) {
            let &[key, value] = pair else { continue };
            if is_merge(self.stream, key) {
                merge = Some(value);
                continue;
            }
            let Some(name) = self.key(key, texts_only)? else {
                continue;
            };
            let text = match &name {
                Key::Text(text) | Key::Other(text) => text.clone(),
            };
            if let Some(merged) = merged.as_deref_mut()
                && !merged.insert(name)
            {
                continue;
            }
            if let Some(field) = fields.iter().find(|field| field.name == text) {
                let span = self.stream.node(key).span;
                if let Some(first) = done.insert(field.name, span) {
                    return Err(self.fault(key, Fault::RepeatedKey { first }));
                }
            }
            put(self, text, key, value)?;
        }
        match merge {
            Some(merge) => self.merge(id, merge, texts_only, merged, fields, put),
            None => Ok(()),
        }
    }

    fn merge(
        &mut self,
        parent: Id,
        merge: Id,
        texts_only: bool,
        merged: Option<&mut HashSet<Key>>,
        fields: &'static [Field],
        put: &mut Put<'_, 'a, 's>,
    ) -> Result<(), Error> {
        let mut own = HashSet::new();
        let merged = match merged {
            Some(merged) => merged,
            None => {
                for &key in self.stream.children(parent).iter().step_by(2) {
                    own.extend(self.key(key, false)?);
                }
                &mut own
            }
        };
        let maps = match &self.stream.node(merge).content {
            NodeContent::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(&merge),
        };
        for &map in maps {
            self.count(map)?;
            let mut target = map;
            if let NodeContent::Alias { target: of, .. } = self.stream.node(map).content {
                target = of;
                self.aliases += 1;
                self.count(target)?;
            }
            if !matches!(self.stream.node(target).content, NodeContent::Mapping(_)) {
                return Err(self.fault(map, Fault::Merge));
            }
            self.depth += 1;
            if self.depth >= MAX_DEPTH {
                return Err(self.fault(map, Fault::Undecidable("such deep nesting")));
            }
            self.members(target, texts_only, Some(merged), fields, put)?;
            self.depth -= 1;
            self.aliases -= u32::from(target != map);
        }
        Ok(())
    }

    /// Decodes a key; `None` where it is null and a text is asked for.
    fn key(&mut self, id: Id, texts_only: bool) -> Result<Option<Key>, Error> {
        self.count(id)?;
        let mut target = id;
        if let NodeContent::Alias { target: of, .. } = self.stream.node(id).content {
            target = of;
            self.aliases += 1;
            let counted = self.count(target);
            self.aliases -= 1;
            counted?;
        }
        if !matches!(self.stream.node(target).content, NodeContent::Scalar { .. }) {
            return Err(self.fault(id, Fault::CollectionAsKey));
        }
        let scalar = self.resolved(target)?;
        Ok(match scalar {
            Scalar::Str(text) => Some(Key::Text(self.take(target, &text)?)),
            Scalar::Null if texts_only => None,
            _ if texts_only => Some(Key::Text(self.text(target).to_owned())),
            other => Some(Key::Other(format!(
                "{} {}",
                kind(&other),
                self.text(target)
            ))),
        })
    }

    /// Keys of one mapping must differ: two scalars in their texts, two aliases in their names.
    fn repeated_keys(&self, id: Id) -> Result<(), Error> {
        match super::repeated::first_in(self.stream, self.stream.children(id)) {
            Some((key, first)) => {
                let first = self.stream.node(first).span;
                Err(self.fault(key, Fault::RepeatedKey { first }))
            }
            None => Ok(()),
        }
    }

    fn resolved(&self, id: Id) -> Result<Scalar<'a>, Error> {
        let node = self.stream.node(id);
        let NodeContent::Scalar { text, style } = &node.content else {
            return Ok(Scalar::Null);
        };
        resolve(Cow::Borrowed(text.as_ref()), *style, node.tag.as_deref())
            .map_err(|_| self.fault(id, Fault::Tag))
    }

    fn text(&self, id: Id) -> &'a str {
        match &self.stream.node(id).content {
            NodeContent::Scalar { text, .. } => text,
            _ => "",
        }
    }

    fn take(&mut self, id: Id, text: &[u8]) -> Result<String, Error> {
        self.taken += text.len() + 16;
        if self.taken > MAX_TAKEN {
            return Err(self.fault(id, Fault::Undecidable("so much text")));
        }
        let text = std::str::from_utf8(text).map(str::to_owned);
        text.map_err(|_| self.fault(id, Fault::Undecidable("a text that is not UTF-8")))
    }

    fn count(&mut self, id: Id) -> Result<(), Error> {
        self.budget.count(self.aliases > 0);
        match self.budget.is_excessive() {
            true => Err(self.fault(id, Fault::Aliasing)),
            false => Ok(()),
        }
    }

    fn wrong(
        &self,
        id: Id,
        shape: &'static Shape,
        field: &'static str,
        found: &'static str,
    ) -> Error {
        let expected = match shape {
            Shape::Text | Shape::Any => "text",
            Shape::Int => "a whole number",
            Shape::Bool => "`true` or `false`",
            Shape::Texts | Shape::Record(_) => "a map",
            Shape::List(_) => "a list",
        };
        let fault = Fault::WrongType {
            field,
            expected,
            found,
        };
        self.fault(id, fault)
    }

    fn fault(&self, id: Id, fault: Fault) -> Error {
        let span = self.stream.node(id).span;
        Error { fault, span }
    }
}

impl Value {
    /// The text that it is, where it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of the list that it is.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a record's field, and the key that sets it.
    pub(crate) fn field(&self, name: &str) -> Option<(Member, &Self)> {
        match &self.content {
            Content::Record(members) => members
                .iter()
                .find(|(member, _)| member.name == name)
                .map(|(member, value)| (*member, value)),
            _ => None,
        }
    }
}

fn kind(scalar: &Scalar<'_>) -> &'static str {
    match scalar {
        Scalar::Null => "nothing",
        Scalar::Bool(_) => "`true` or `false`",
        Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_) => "a number",
        Scalar::Time(_) => "a date",
        Scalar::Str(_) => "text",
    }
}

/// The words of YAML 1.1, which count where a boolean is asked for.
fn yes_or_no(text: &[u8]) -> Option<bool> {
    match text {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"on" | b"On" | b"ON" => Some(true),
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"off" | b"Off" | b"OFF" => Some(false),
        _ => None,
    }
}
