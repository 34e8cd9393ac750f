//! sops's view of a document, whatever its format: ordered pairs, items and comments.
//!
//! A tree is an arena: nodes refer to each other by [`NodeId`], so that depth costs no stack and an
//! alias costs no copy. It borrows from the text where a scalar stands there verbatim. sops expands
//! an alias at every use; here it stays one node with one span, and the walk expands it.

use std::borrow::Cow;

use crate::source::Span;

/// The top level key under which sops keeps its metadata.
pub(crate) const METADATA_KEY: &str = "sops";

/// The name of a node in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(super) u32);

/// All documents of one file.
///
/// There is no `Debug` on purpose, here and below: a tree can hold plaintext.
#[derive(Default)]
pub(crate) struct Tree<'s> {
    nodes: Vec<Node<'s>>,
    branches: Vec<NodeId>,
    metadata: MetadataPlace<'s>,
}

/// Where sops finds its metadata in a tree.
#[derive(Default)]
enum MetadataPlace<'s> {
    /// Under the top level key `sops`.
    #[default]
    Key,
    /// The reader took it out, because the format holds it flat; a key `sops` is one like any other.
    Apart(Option<Pair<'s>>),
}

/// One value and where it stands. A collection's span covers it whole; a block scalar's begins at
/// its header. An empty value (`key:`) has an empty span.
pub(crate) struct Node<'s> {
    pub(crate) span: Span,
    pub(crate) value: Value<'s>,
}

/// What a node holds.
pub(crate) enum Value<'s> {
    Scalar(Scalar<'s>),
    Map(Vec<Entry<'s>>),
    List(Vec<Item<'s>>),
    /// Another node of the same tree, seen again here. Never leads back to itself.
    Alias(NodeId),
}

/// A member of a map, in the order of the text.
pub(crate) enum Entry<'s> {
    Comment(Comment<'s>),
    Pair(Pair<'s>),
}

/// A key and its value.
pub(crate) struct Pair<'s> {
    pub(crate) key: Key<'s>,
    pub(crate) value: NodeId,
}

/// A map's key. sops knows strings only; another scalar as a key is kept, so that it can be named.
pub(crate) struct Key<'s> {
    pub(crate) name: Scalar<'s>,
    pub(crate) span: Span,
}

/// A member of a list, in the order of the text.
pub(crate) enum Item<'s> {
    Comment(Comment<'s>),
    Value(NodeId),
}

/// One line of a comment, without its `#`.
pub(crate) struct Comment<'s> {
    pub(crate) text: Cow<'s, [u8]>,
    /// Where the line stands, its `#` included.
    pub(crate) span: Span,
    /// Whether sops sees it as standing behind a value on the value's line.
    pub(crate) inline: bool,
}

/// A typed leaf, typed as sops's store types it.
#[derive(Clone, PartialEq)]
pub(crate) enum Scalar<'s> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`: sops refuses files that hold one.
    Uint(u64),
    Float(f64),
    /// An instant, already printed as the bytes that sops hashes; `None` where sops fails to print
    /// it (an offset of 24 hours).
    Time(Option<String>),
    /// Bytes, because YAML's `!!binary` gives any.
    Str(Cow<'s, [u8]>),
}

impl NodeId {
    /// The name of the node that was added after `index` others.
    pub(super) fn of_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

impl<'s> Tree<'s> {
    /// Adds a node and returns its name.
    pub(super) fn add(&mut self, span: Span, value: Value<'s>) -> NodeId {
        let id = NodeId::of_index(self.nodes.len());
        self.nodes.push(Node { span, value });
        id
    }

    /// Adds the top level map of one document.
    pub(super) fn add_branch(&mut self, map: NodeId) {
        self.branches.push(map);
    }

    /// Says that `metadata` is all that sops would take for metadata, under whatever key.
    pub(super) fn set_metadata(&mut self, metadata: Option<Pair<'s>>) {
        self.metadata = MetadataPlace::Apart(metadata);
    }

    /// The pairs that claim to be the metadata: those of the first document.
    pub(crate) fn metadata(&self) -> impl Iterator<Item = &Pair<'s>> {
        let (apart, branch) = match &self.metadata {
            MetadataPlace::Apart(pair) => (pair.as_ref(), None),
            MetadataPlace::Key => (None, self.branches.first()),
        };
        let entries = branch.map_or(&[][..], |branch| self.entries(*branch));
        let in_branch = entries.iter().filter_map(|entry| match entry {
            Entry::Pair(pair) if pair.key.is(METADATA_KEY) => Some(pair),
            Entry::Pair(_) | Entry::Comment(_) => None,
        });
        apart.into_iter().chain(in_branch)
    }

    /// Whether a pair at the top level of a document is metadata, which sops does not walk.
    pub(crate) fn is_metadata(&self, pair: &Pair<'_>) -> bool {
        matches!(self.metadata, MetadataPlace::Key) && pair.key.is(METADATA_KEY)
    }

    /// Takes an only, empty `sops` out of the one branch: to sops's stores for JSON and ini it is as
    /// good as none.
    pub(super) fn drop_empty_metadata(&mut self) {
        let mut claims = self.metadata();
        let (first, second) = (claims.next(), claims.next());
        let is_empty = |pair: &Pair<'_>| matches!(&self.node(pair.value).value, Value::Map(entries) if entries.is_empty());
        if second.is_some() || !first.is_some_and(is_empty) {
            return;
        }
        drop(claims);
        let branch = self.branches.first().copied();
        let node = branch.and_then(|branch| self.nodes.get_mut(branch.0 as usize));
        if let Some(Value::Map(entries)) = node.map(|node| &mut node.value) {
            entries
                .retain(|entry| !matches!(entry, Entry::Pair(pair) if pair.key.is(METADATA_KEY)));
        }
    }

    /// The node of that name.
    ///
    /// # Panics
    /// Where `id` is another tree's.
    pub(crate) fn node(&self, id: NodeId) -> &Node<'s> {
        &self.nodes[id.0 as usize]
    }

    /// All nodes in the order of their names. Some are no values of their own: keys are nodes too.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node<'s>> {
        self.nodes.iter()
    }

    /// The names of the scalars and aliases that are values: a pair's or an item.
    #[cfg(test)]
    pub(crate) fn values(&self) -> impl Iterator<Item = NodeId> + '_ {
        let single =
            |id: &NodeId| matches!(self.node(*id).value, Value::Scalar(_) | Value::Alias(_));
        self.nodes
            .iter()
            .flat_map(|node| children(&node.value))
            .filter(single)
    }

    /// The node of that name with aliases followed.
    pub(crate) fn resolved(&self, id: NodeId) -> &Node<'s> {
        let mut node = self.node(id);
        while let Value::Alias(target) = node.value {
            node = self.node(target);
        }
        node
    }

    /// The top level maps, one a document, in order. Each is a [`Value::Map`].
    pub(crate) fn branches(&self) -> &[NodeId] {
        &self.branches
    }

    /// The members of a map node, aliases followed; none where the node is no map.
    pub(crate) fn entries(&self, id: NodeId) -> &[Entry<'s>] {
        match &self.resolved(id).value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) | Value::Alias(_) => &[],
        }
    }

    /// The first pair of a map node whose key is the string `name`.
    pub(crate) fn pair(&self, id: NodeId, name: &str) -> Option<&Pair<'s>> {
        self.entries(id).iter().find_map(|entry| match entry {
            Entry::Pair(pair) if pair.key.is(name) => Some(pair),
            Entry::Pair(_) | Entry::Comment(_) => None,
        })
    }
}

/// The values that a collection holds.
#[cfg(test)]
fn children<'n>(value: &'n Value<'_>) -> Box<dyn Iterator<Item = NodeId> + 'n> {
    match value {
        Value::Scalar(_) | Value::Alias(_) => Box::new(std::iter::empty()),
        Value::Map(entries) => Box::new(entries.iter().filter_map(|entry| match entry {
            Entry::Pair(pair) => Some(pair.value),
            Entry::Comment(_) => None,
        })),
        Value::List(items) => Box::new(items.iter().filter_map(|item| match item {
            Item::Value(id) => Some(*id),
            Item::Comment(_) => None,
        })),
    }
}

impl Key<'_> {
    /// Whether the key is this string.
    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(&self.name, Scalar::Str(text) if text.as_ref() == name.as_bytes())
    }
}

impl Scalar<'_> {
    /// The type's name as reports print it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Float(_) => "float",
            Self::Time(_) => "time",
            Self::Str(_) => "string",
        }
    }

    /// The bytes that enter sops's MAC when the leaf is in clear; `None` where sops hashes nothing
    /// (null) or fails (an integer above `i64::MAX`, a time with an offset of 24 hours).
    pub(crate) fn mac_bytes(&self) -> Option<Cow<'_, [u8]>> {
        let text = match self {
            Self::Null | Self::Uint(_) | Self::Time(None) => return None,
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => go_float(*value),
            Self::Time(Some(text)) => return Some(Cow::Borrowed(text.as_bytes())),
            Self::Str(text) => return Some(Cow::Borrowed(text)),
        };
        Some(Cow::Owned(text.into_bytes()))
    }
}

/// A float as Go's `strconv.FormatFloat(value, 'f', -1, 64)` prints it: the shortest decimal that
/// reads back as the same value, never with an exponent.
fn go_float(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        format!("{value}")
    }
}
