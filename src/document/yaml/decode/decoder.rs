//! Each node, taken for what is asked for in its place.

use std::borrow::Cow;

use super::{Content, Error, Fault, Field, Member, Shape, UnknownKey, Value};
use crate::document::Scalar;
use crate::document::yaml::node::{Content as NodeContent, Id, Stream};
use crate::document::yaml::precheck::AliasBudget;
use crate::document::yaml::resolve::resolve;

pub(super) struct Decoder<'a, 's> {
    pub(super) stream: &'a Stream<'s>,
    budget: AliasBudget,
    /// How many aliases, and how many collections, lead to the present node.
    pub(super) aliases: u32,
    pub(super) depth: u32,
    /// The bytes of text that were taken. Aliases can repeat a long one.
    taken: usize,
    pub(super) unknown: Vec<UnknownKey>,
}

/// The deepest nesting that is followed.
pub(super) const MAX_DEPTH: u32 = 200;

/// The most bytes of text that are taken, and the most unknown keys, aliases counted each time.
const MAX_TAKEN: usize = 64 << 20;

impl<'a, 's> Decoder<'a, 's> {
    pub(super) fn new(stream: &'a Stream<'s>) -> Self {
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
    pub(super) fn value(
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

    pub(super) fn resolved(&self, id: Id) -> Result<Scalar<'a>, Error> {
        let node = self.stream.node(id);
        let NodeContent::Scalar { text, style } = &node.content else {
            return Ok(Scalar::Null);
        };
        resolve(Cow::Borrowed(text.as_ref()), *style, node.tag.as_deref())
            .map_err(|_| self.fault(id, Fault::Tag))
    }

    pub(super) fn text(&self, id: Id) -> &'a str {
        match &self.stream.node(id).content {
            NodeContent::Scalar { text, .. } => text,
            _ => "",
        }
    }

    pub(super) fn take(&mut self, id: Id, text: &[u8]) -> Result<String, Error> {
        self.taken += text.len() + 16;
        if self.taken > MAX_TAKEN {
            return Err(self.fault(id, Fault::Undecidable("so much text")));
        }
        let text = std::str::from_utf8(text).map(str::to_owned);
        text.map_err(|_| self.fault(id, Fault::Undecidable("a text that is not UTF-8")))
    }

    pub(super) fn count(&mut self, id: Id) -> Result<(), Error> {
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

    pub(super) fn fault(&self, id: Id, fault: Fault) -> Error {
        let span = self.stream.node(id).span;
        Error { fault, span }
    }
}

pub(super) fn kind(scalar: &Scalar<'_>) -> &'static str {
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
