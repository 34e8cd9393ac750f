//! The `sops` mapping of a file, read as sops 3.13.3 reads it.
//!
//! sops turns the mapping into a Go struct with a decoder that is forgiving: names match whatever
//! their case, numbers and booleans are taken for strings and the other way round, a single entry
//! for a list of one, unknown names are ignored. [`weak`] holds those habits; here are the fields
//! and what sops demands of them.

mod keys;
mod weak;

use std::borrow::Cow;

use keys::Context;
pub(crate) use keys::{KeyGroup, KeyKind, MasterKey};

use super::go::Time;
use super::problem::{MAX_PROBLEMS, MalformedMetadata, Problem};
use super::selectors::{SelectorKind, Selectors};
use super::version::is_before_3_3_0;
use crate::document::{KeyPath, METADATA_KEY, NodeId, Pair, Tree, Value};
use crate::source::Span;
use weak::{Fields, Reader};

/// A field of the metadata: what it says and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Field<T> {
    pub(crate) value: T,
    /// The value's node, for edits.
    pub(crate) node: NodeId,
    /// The key's place in the text.
    pub(crate) key_span: Span,
    /// The value's place in the text.
    pub(crate) span: Span,
}

/// The selector that a file sets, with its text.
type Selector<'d> = Field<(SelectorKind, Cow<'d, [u8]>)>;

/// All that the `sops` mapping says.
pub(crate) struct Metadata<'d> {
    /// Where its key stands.
    pub(crate) key_span: Span,
    /// The mapping's node, for edits.
    pub(crate) node: NodeId,
    /// The keys that open the file. With one group, each opens the data key; with several, each
    /// group opens a share of it. There is at least one.
    pub(crate) groups: Vec<KeyGroup<'d>>,
    /// How many groups must be opened, as far as the file says it.
    pub(crate) shamir_threshold: Option<Field<i64>>,
    /// When sops last wrote the file.
    pub(crate) last_modified: Field<Time>,
    /// The encrypted MAC. An empty one counts as absent.
    pub(crate) mac: Option<Field<Cow<'d, [u8]>>>,
    /// The selector that is set, with its text; `None` where sops's default counts.
    pub(crate) selector: Option<Selector<'d>>,
    pub(crate) mac_only_encrypted: Option<Field<bool>>,
    /// The version of sops that wrote the file.
    pub(crate) version: Option<Field<Cow<'d, [u8]>>>,
}

impl<'d> Metadata<'d> {
    /// Finds and reads the metadata; `None` where sops says that there is none.
    ///
    /// # Errors
    /// Everything that makes sops refuse the mapping.
    pub(super) fn read(tree: &'d Tree<'d>) -> Result<Option<Self>, Vec<Problem>> {
        let Some(pair) = find(tree)? else {
            return Ok(None);
        };
        Self::of_pair(tree, pair).map(Some)
    }

    /// Reads the copies of the metadata that sops writes into the documents behind the first, and does not
    /// read.
    ///
    /// # Errors
    /// Everything that would make sops refuse one of them.
    pub(super) fn copies(tree: &'d Tree<'d>) -> Result<Vec<Self>, Vec<Problem>> {
        let branches = tree.branches().iter().skip(1);
        let pairs = branches.filter_map(|branch| tree.pair(*branch, METADATA_KEY));
        pairs.map(|pair| Self::of_pair(tree, pair)).collect()
    }

    fn of_pair(tree: &'d Tree<'d>, pair: &'d Pair<'d>) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(tree);
        reader.demand_string_keys(pair.value);
        let fields = reader.fields_of_map(pair.value);
        let read = Self::from_fields(&mut reader, &fields, pair);
        match read {
            Some(metadata) if reader.problems.is_empty() => Ok(metadata),
            Some(_) | None => Err(reader.problems),
        }
    }

    /// What the selectors of the file pick.
    pub(super) fn selectors(&self) -> Selectors {
        selectors(self.selector.as_ref(), self.mac_only_encrypted.as_ref())
    }

    /// What the selectors pick in a file whose metadata may be refused for other reasons; `None`
    /// where there is no mapping, or where they cannot be made sense of.
    pub(super) fn certain_selectors(tree: &'d Tree<'d>) -> Option<Selectors> {
        let pair = find(tree).ok()??;
        let mut reader = Reader::new(tree);
        let fields = reader.fields_of_map(pair.value);
        let selector = selector(&mut reader, &fields);
        let mac_only_encrypted = reader.bool(&fields, "mac_only_encrypted").ok()?;
        // Where none is set, its line may be what is missing. sops writes the version last.
        let is_whole =
            selector.is_some() || matches!(reader.string(&fields, "version"), Ok(Some(_)));
        let is_certain = is_whole && reader.problems.is_empty();
        is_certain.then(|| selectors(selector.as_ref(), mac_only_encrypted.as_ref()))
    }

    /// Whether the `sops` command would first mend the encryption context of a KMS key, for which
    /// it needs KMS.
    pub(super) fn needs_kms_mended(&self) -> bool {
        self.old_context() == Some(Context::Mixed)
    }

    /// The first context that the command would look at and not leave as it is.
    fn old_context(&self) -> Option<Context> {
        let version = &self.version.as_ref()?.value;
        if !is_before_3_3_0(version) {
            return None;
        }
        let keys = self.groups.iter().flat_map(|group| &group.keys);
        keys.map(|key| key.context)
            .find(|context| *context != Context::Plain)
    }

    fn from_fields(reader: &mut Reader<'d>, fields: &Fields<'d>, pair: &Pair<'d>) -> Option<Self> {
        let shamir_threshold = reader.int(fields, "shamir_threshold").ok();
        let groups = keys::read_groups(reader, fields, pair.key.span);
        let last_modified = last_modified(reader, fields, pair.key.span);
        let mac = reader.string(fields, "mac").ok();
        let selector = selector(reader, fields);
        let mac_only_encrypted = reader.bool(fields, "mac_only_encrypted").ok();
        let version = reader.string(fields, "version").ok();
        let read = Self {
            key_span: pair.key.span,
            node: pair.value,
            groups: groups?,
            shamir_threshold: shamir_threshold?,
            last_modified: last_modified?,
            mac: mac?.filter(|field| !field.value.is_empty()),
            selector,
            mac_only_encrypted: mac_only_encrypted?,
            version: version?,
        };
        if read.old_context() == Some(Context::Incomplete) {
            let kind = MalformedMetadata::Missing { field: "context" };
            reader.push(kind, pair.key.span, &["kms", "context"]);
        }
        Some(read)
    }
}

/// The pair that holds the metadata: the one `sops` of the first document.
fn find<'d>(tree: &'d Tree<'d>) -> Result<Option<&'d Pair<'d>>, Vec<Problem>> {
    let mut pairs = tree.metadata();
    let Some(first) = pairs.next() else {
        return Ok(None);
    };
    let mut problems = Vec::new();
    let mut report = |kind: MalformedMetadata, span| {
        let path = KeyPath::new([METADATA_KEY.as_bytes()]);
        problems.push(Problem {
            kind: kind.into(),
            span: Some(span),
            path,
        });
    };
    let found = match &tree.resolved(first.value).value {
        Value::Map(_) => None,
        Value::List(_) => Some("list"),
        Value::Scalar(scalar) => Some(scalar.kind()),
        Value::Alias(_) => None,
    };
    if let Some(found) = found {
        report(MalformedMetadata::NotAMapping { found }, first.key.span);
    }
    for pair in pairs.take(MAX_PROBLEMS) {
        report(MalformedMetadata::Duplicate, pair.key.span);
    }
    if problems.is_empty() {
        Ok(Some(first))
    } else {
        Err(problems)
    }
}

/// `lastmodified`, which sops demands to be an RFC 3339 time.
fn last_modified<'d>(
    reader: &mut Reader<'d>,
    fields: &Fields<'d>,
    metadata: Span,
) -> Option<Field<Time>> {
    const NAME: &str = "lastmodified";
    let field = reader.string(fields, NAME).ok()?;
    let Some(field) = field.filter(|field| !field.value.is_empty()) else {
        reader.report(
            fields,
            NAME,
            MalformedMetadata::Missing { field: NAME },
            metadata,
        );
        return None;
    };
    match Time::parse(&field.value) {
        Some(time) => Some(field.map(|_| time)),
        None => {
            let kind = MalformedMetadata::NotATime { field: NAME };
            reader.report(fields, NAME, kind, field.span);
            None
        }
    }
}

/// What the fields pick.
fn selectors(
    selector: Option<&Selector<'_>>,
    mac_only_encrypted: Option<&Field<bool>>,
) -> Selectors {
    let mac_only = mac_only_encrypted.is_some_and(|field| field.value);
    match selector {
        Some(Field {
            value: (kind, text),
            ..
        }) => Selectors::new(*kind, text, mac_only),
        None => Selectors::default_with(mac_only),
    }
}

/// The one selector that is set and not empty.
fn selector<'d>(reader: &mut Reader<'d>, fields: &Fields<'d>) -> Option<Selector<'d>> {
    let mut chosen: Option<Selector<'d>> = None;
    for kind in SelectorKind::ALL {
        let Ok(Some(field)) = reader.string(fields, kind.name()) else {
            continue;
        };
        if field.value.is_empty() {
            continue;
        }
        if let Some(first) = &chosen {
            let (first, second) = (first.value.0.name(), kind.name());
            let problem = MalformedMetadata::SeveralSelectors { first, second };
            reader.report(fields, second, problem, field.key_span);
            continue;
        }
        chosen = Some(field.map(|text| (kind, text)));
    }
    chosen
}

impl<T> Field<T> {
    /// The same field with another reading of its value.
    fn map<U>(self, reading: impl FnOnce(T) -> U) -> Field<U> {
        let Self {
            value,
            node,
            key_span,
            span,
        } = self;
        Field {
            value: reading(value),
            node,
            key_span,
            span,
        }
    }
}
