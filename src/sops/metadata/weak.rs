//! Reading a mapping into typed fields as Go's mapstructure does when told to be weak about types.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::super::go;
use super::super::problem::{MAX_PROBLEMS, MalformedMetadata, Problem};
use super::super::walk::METADATA_KEY;
use super::Field;
use crate::document::{Entry, Item, KeyPath, NodeId, Pair, Scalar, Tree, Value};
use crate::source::Span;

/// Reads typed fields out of a tree and gathers what does not fit.
pub(super) struct Reader<'d> {
    tree: &'d Tree<'d>,
    /// At most 1,000.
    pub(super) problems: Vec<Problem>,
}

/// A mapping whose fields are wanted, and the keys that lead to it below `sops`.
pub(super) struct Fields<'d> {
    pairs: Vec<&'d Pair<'d>>,
    path: Vec<&'static str>,
}

/// A field that does not fit; the problem is in the reader already.
pub(super) struct Unfit;

/// What is read of a list's item that is to be a mapping.
pub(super) struct Member<'d> {
    pub(super) fields: Fields<'d>,
    pub(super) node: NodeId,
    pub(super) span: Span,
}

impl<'d> Reader<'d> {
    pub(super) fn new(tree: &'d Tree<'d>) -> Self {
        Self {
            tree,
            problems: Vec::new(),
        }
    }

    /// Reports every key below `node` that is no string: sops refuses those anywhere in the
    /// metadata, under names that it ignores too.
    pub(super) fn demand_string_keys(&mut self, node: NodeId) {
        let mut seen = HashSet::new();
        let mut open = vec![node];
        while let Some(id) = open.pop() {
            if self.is_full() {
                return;
            }
            if !seen.insert(id) {
                continue;
            }
            match &self.tree.node(id).value {
                Value::Scalar(_) => {}
                Value::Alias(target) => open.push(*target),
                Value::List(items) => open.extend(items.iter().filter_map(|item| match item {
                    Item::Value(id) => Some(*id),
                    Item::Comment(_) => None,
                })),
                Value::Map(entries) => {
                    for entry in entries {
                        let Entry::Pair(pair) = entry else { continue };
                        open.push(pair.value);
                        if !matches!(pair.key.name, Scalar::Str(_)) {
                            let found = pair.key.name.kind();
                            let kind = MalformedMetadata::NonStringKey { found };
                            self.push(kind, pair.key.span, &[]);
                        }
                    }
                }
            }
        }
    }

    /// The fields of the `sops` mapping itself.
    pub(super) fn fields_of_map(&self, node: NodeId) -> Fields<'d> {
        Fields {
            pairs: pairs(self.tree, node),
            path: Vec::new(),
        }
    }

    /// A field that is to be a string.
    pub(super) fn string(
        &mut self,
        fields: &Fields<'d>,
        name: &'static str,
    ) -> Result<Option<Field<Cow<'d, [u8]>>>, Unfit> {
        let Some(pair) = fields.find(name) else {
            return Ok(None);
        };
        let value = &self.tree.resolved(pair.value).value;
        match weak_text(value) {
            Some(text) => Ok(Some(self.field(pair, text))),
            None if matches!(value, Value::Scalar(Scalar::Null)) => Ok(None),
            None => Err(self.wrong_type(fields, pair, name, "string", kind_of(value))),
        }
    }

    /// A field that is to be an integer.
    pub(super) fn int(
        &mut self,
        fields: &Fields<'d>,
        name: &'static str,
    ) -> Result<Option<Field<i64>>, Unfit> {
        let Some(pair) = fields.find(name) else {
            return Ok(None);
        };
        let number = match &self.tree.resolved(pair.value).value {
            Value::Scalar(Scalar::Null) => return Ok(None),
            Value::Scalar(Scalar::Int(value)) => Some(*value),
            Value::Scalar(Scalar::Uint(value)) => Some(value.cast_signed()),
            Value::Scalar(Scalar::Float(value)) => Some(truncate(*value)),
            Value::Scalar(Scalar::Bool(value)) => Some(i64::from(*value)),
            Value::Scalar(Scalar::Str(text)) if text.is_empty() => Some(0),
            Value::Scalar(Scalar::Str(text)) => go::parse_int_literal(text),
            other => return Err(self.wrong_type(fields, pair, name, "number", kind_of(other))),
        };
        match number {
            Some(number) => Ok(Some(self.field(pair, number))),
            None => {
                let kind = MalformedMetadata::NotANumber { field: name };
                self.report(fields, name, kind, pair.key.span);
                Err(Unfit)
            }
        }
    }

    /// A field that is to be a boolean.
    pub(super) fn bool(
        &mut self,
        fields: &Fields<'d>,
        name: &'static str,
    ) -> Result<Option<Field<bool>>, Unfit> {
        let Some(pair) = fields.find(name) else {
            return Ok(None);
        };
        let value = match &self.tree.resolved(pair.value).value {
            Value::Scalar(Scalar::Null) => return Ok(None),
            Value::Scalar(Scalar::Bool(value)) => Some(*value),
            Value::Scalar(Scalar::Int(value)) => Some(*value != 0),
            Value::Scalar(Scalar::Uint(value)) => Some(*value != 0),
            Value::Scalar(Scalar::Float(value)) => Some(*value != 0.0),
            Value::Scalar(Scalar::Str(text)) if text.is_empty() => Some(false),
            Value::Scalar(Scalar::Str(text)) => go::parse_bool(text),
            other => return Err(self.wrong_type(fields, pair, name, "boolean", kind_of(other))),
        };
        match value {
            Some(value) => Ok(Some(self.field(pair, value))),
            None => {
                let kind = MalformedMetadata::NotABool { field: name };
                self.report(fields, name, kind, pair.key.span);
                Err(Unfit)
            }
        }
    }

    /// A field that is to be a list of mappings. A mapping alone counts as a list of one, an empty
    /// one as an empty list; a null item is a mapping without fields, and so is a time, which Go
    /// sees as a struct of which it knows nothing.
    pub(super) fn members(
        &mut self,
        fields: &Fields<'d>,
        name: &'static str,
    ) -> Result<Vec<Member<'d>>, Unfit> {
        let Some(pair) = fields.find(name) else {
            return Ok(Vec::new());
        };
        let nodes: Vec<NodeId> = match &self.tree.resolved(pair.value).value {
            Value::Scalar(Scalar::Null) => return Ok(Vec::new()),
            Value::Map(_) if pairs(self.tree, pair.value).is_empty() => return Ok(Vec::new()),
            Value::Map(_) | Value::Scalar(_) | Value::Alias(_) => vec![pair.value],
            Value::List(items) => items.iter().filter_map(Item::value).collect(),
        };
        let mut members = Vec::with_capacity(nodes.len());
        let mut unfit = false;
        for node in nodes {
            if self.is_full() {
                return Err(Unfit);
            }
            let mut path = fields.path.clone();
            path.push(name);
            let span = self.tree.node(node).span;
            let pairs = match &self.tree.resolved(node).value {
                Value::Map(_) => pairs(self.tree, node),
                Value::Scalar(Scalar::Null | Scalar::Time(_)) => Vec::new(),
                other => {
                    let found = kind_of(other);
                    let kind = MalformedMetadata::WrongType {
                        field: name,
                        expected: "mapping",
                        found,
                    };
                    self.push(kind, span, &path);
                    unfit = true;
                    continue;
                }
            };
            members.push(Member {
                fields: Fields { pairs, path },
                node,
                span,
            });
        }
        if unfit { Err(Unfit) } else { Ok(members) }
    }

    /// A field that is to be a mapping of strings, or a list of such, however nested, of which the
    /// last that has a name counts; `None` is a null.
    pub(super) fn string_map(
        &mut self,
        fields: &Fields<'d>,
        name: &'static str,
    ) -> HashMap<&'d [u8], Option<Cow<'d, [u8]>>> {
        let mut strings = HashMap::new();
        let Some(pair) = fields.find(name) else {
            return strings;
        };
        let mut seen = HashSet::new();
        let mut open = vec![pair.value];
        while let Some(node) = open.pop() {
            if self.is_full() || !seen.insert(node) {
                continue;
            }
            let found = match &self.tree.resolved(node).value {
                Value::Scalar(Scalar::Null | Scalar::Time(_)) => None,
                Value::List(items) => {
                    open.extend(items.iter().filter_map(Item::value));
                    None
                }
                Value::Map(_) => {
                    let mut found = None;
                    for pair in pairs(self.tree, node).iter().rev() {
                        let Scalar::Str(key) = &pair.key.name else {
                            continue;
                        };
                        let value = &self.tree.resolved(pair.value).value;
                        let text = weak_text(value);
                        if text.is_none() && !matches!(value, Value::Scalar(Scalar::Null)) {
                            found = Some(kind_of(value));
                        }
                        strings.entry(key.as_ref()).or_insert(text);
                    }
                    found
                }
                other => Some(kind_of(other)),
            };
            if let Some(found) = found {
                _ = self.wrong_type(fields, pair, name, "mapping of strings", found);
            }
        }
        strings
    }

    /// Notes a problem with a field.
    pub(super) fn report(
        &mut self,
        fields: &Fields<'d>,
        name: &'static str,
        kind: MalformedMetadata,
        span: Span,
    ) {
        let mut path = fields.path.clone();
        path.push(name);
        self.push(kind, span, &path);
    }

    /// Notes a problem at a path below `sops`.
    pub(super) fn push(&mut self, kind: MalformedMetadata, span: Span, path: &[&'static str]) {
        if self.is_full() {
            return;
        }
        let path = [METADATA_KEY].iter().chain(path).map(|key| key.as_bytes());
        let path = KeyPath::new(path);
        self.problems.push(Problem {
            kind: kind.into(),
            span: Some(span),
            path,
        });
    }

    /// Whether as many problems are noted as are ever told.
    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    fn wrong_type(
        &mut self,
        fields: &Fields<'d>,
        pair: &Pair<'d>,
        field: &'static str,
        expected: &'static str,
        found: &'static str,
    ) -> Unfit {
        let kind = MalformedMetadata::WrongType {
            field,
            expected,
            found,
        };
        self.report(fields, field, kind, pair.key.span);
        Unfit
    }

    fn field<T>(&self, pair: &Pair<'d>, value: T) -> Field<T> {
        let span = self.tree.node(pair.value).span;
        Field {
            value,
            node: pair.value,
            key_span: pair.key.span,
            span,
        }
    }
}

impl<'d> Fields<'d> {
    /// The pair of this name: the last that is spelt so, else the first that differs in case only.
    fn find(&self, name: &str) -> Option<&'d Pair<'d>> {
        let exact = self.pairs.iter().rfind(|pair| pair.key.is(name));
        let same =
            |pair: &&&Pair<'_>| matches!(&pair.key.name, Scalar::Str(key) if equal_fold(key, name));
        exact.or_else(|| self.pairs.iter().find(same)).copied()
    }
}

/// What stands for a string: other scalars are printed, a null and a time are none.
fn weak_text<'d>(value: &'d Value<'d>) -> Option<Cow<'d, [u8]>> {
    match value {
        Value::Scalar(Scalar::Str(text)) => Some(Cow::Borrowed(text.as_ref())),
        Value::Scalar(Scalar::Bool(value)) => {
            Some(Cow::Borrowed(if *value { &b"1"[..] } else { b"0" }))
        }
        Value::Scalar(Scalar::Uint(value)) => Some(Cow::Owned(value.to_string().into_bytes())),
        Value::Scalar(scalar @ (Scalar::Int(_) | Scalar::Float(_))) => {
            Some(scalar.mac_bytes().unwrap_or_default())
        }
        Value::Scalar(Scalar::Null | Scalar::Time(_)) => None,
        Value::Map(_) | Value::List(_) | Value::Alias(_) => None,
    }
}

/// The pairs of a map node with string keys.
fn pairs<'d>(tree: &'d Tree<'d>, node: NodeId) -> Vec<&'d Pair<'d>> {
    let pair = |entry: &'d Entry<'d>| match entry {
        Entry::Pair(pair) => Some(pair),
        Entry::Comment(_) => None,
    };
    tree.entries(node).iter().filter_map(pair).collect()
}

/// Go's `strings.EqualFold` against an ASCII name: beside the case of letters it equates the long s
/// and the Kelvin sign with `s` and `k`.
fn equal_fold(key: &[u8], name: &str) -> bool {
    let Ok(key) = std::str::from_utf8(key) else {
        return false;
    };
    let fold = |character| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars())
}

/// A float as Go on 64-bit machines makes an integer of it.
fn truncate(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "in range, and truncation is meant"
    )]
    if (-LIMIT..LIMIT).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// The name of a value's type.
fn kind_of(value: &Value<'_>) -> &'static str {
    match value {
        Value::Scalar(scalar) => scalar.kind(),
        Value::Map(_) => "mapping",
        Value::List(_) => "list",
        Value::Alias(_) => "alias",
    }
}

impl Item<'_> {
    fn value(&self) -> Option<NodeId> {
        match self {
            Self::Value(node) => Some(*node),
            Self::Comment(_) => None,
        }
    }
}
