//! The keys that open a file: single ones, or groups of them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::super::go::Time;
use super::super::problem::MalformedMetadata;
use super::Field;
use super::weak::{Fields, Member, Reader};
use crate::document::NodeId;
use crate::source::Span;

/// Keys of which any one opens the data key, or the group's share of it.
pub(crate) struct KeyGroup<'d> {
    /// In the order in which the file lists each kind.
    pub(crate) keys: Vec<MasterKey<'d>>,
}

/// One key that opens a file.
pub(crate) struct MasterKey<'d> {
    pub(crate) kind: KeyKind,
    /// What names the key: an age recipient, a fingerprint, an ARN and so on.
    pub(crate) id: Option<Field<Cow<'d, [u8]>>>,
    /// What names the key beside that, in the order of [`KeyKind::other_fields`].
    pub(in crate::sops) others: Vec<Option<Cow<'d, [u8]>>>,
    /// The data key (or a share of it), encrypted to the key.
    pub(crate) enc: Option<Field<Cow<'d, [u8]>>>,
    /// What an old file's KMS `context` makes of it.
    pub(super) context: Context,
    /// The encryption context of a KMS key, as sops prints it.
    pub(in crate::sops) context_text: String,
    /// The entry's node, for edits.
    pub(crate) node: NodeId,
    /// The entry's place in the text.
    pub(crate) span: Span,
}

/// The encryption context of a KMS key, which sops before 3.3.0 got wrong where it has several
/// values; the `sops` command mends that in files of such versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// There is nothing to mend.
    Plain,
    /// Several names, of which one has no value: the command crashes on looking at it.
    Incomplete,
    /// Different values: the command asks KMS.
    Mixed,
}

/// The kinds of keys that sops knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum KeyKind {
    Age,
    Pgp,
    Kms,
    GcpKms,
    HcKms,
    AzureKv,
    HcVault,
}

impl KeyKind {
    /// All of them, in sops's order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Kms,
        Self::GcpKms,
        Self::HcKms,
        Self::AzureKv,
        Self::HcVault,
        Self::Pgp,
        Self::Age,
    ];

    /// The name of the list that holds keys of this kind.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Pgp => "pgp",
            Self::Kms => "kms",
            Self::GcpKms => "gcp_kms",
            Self::HcKms => "hckms",
            Self::AzureKv => "azure_kv",
            Self::HcVault => "hc_vault",
        }
    }

    /// The option of `sops rotate` that takes a key of this kind out of a file, where it takes the name
    /// that files have for it.
    pub(crate) fn removal(self) -> Option<&'static str> {
        match self {
            Self::Age => Some("--rm-age"),
            Self::Pgp => Some("--rm-pgp"),
            Self::Kms => Some("--rm-kms"),
            Self::GcpKms => Some("--rm-gcp-kms"),
            Self::HcKms => Some("--rm-hckms"),
            Self::AzureKv | Self::HcVault => None,
        }
    }

    /// The field that names a key of this kind.
    fn id_field(self) -> &'static str {
        match self {
            Self::Age => "recipient",
            Self::Pgp => "fp",
            Self::Kms => "arn",
            Self::GcpKms => "resource_id",
            Self::HcKms => "key_id",
            Self::AzureKv => "vault_url",
            Self::HcVault => "vault_address",
        }
    }

    /// The other fields that are strings.
    fn other_fields(self) -> &'static [&'static str] {
        match self {
            Self::Age | Self::Pgp | Self::GcpKms | Self::HcKms => &[],
            Self::Kms => &["role", "aws_profile"],
            Self::AzureKv => &["name", "version"],
            Self::HcVault => &["engine_path", "key_name"],
        }
    }
}

impl MasterKey<'_> {
    /// The name of the key as text; empty where the entry has none.
    pub(crate) fn id(&self) -> Cow<'_, str> {
        self.id
            .as_ref()
            .map_or(Cow::Borrowed(""), |id| String::from_utf8_lossy(&id.value))
    }
}

/// The groups of keys: the flat lists where one of them holds a key, else `key_groups`.
pub(super) fn read_groups<'d>(
    reader: &mut Reader<'d>,
    fields: &Fields<'d>,
    metadata: Span,
) -> Option<Vec<KeyGroup<'d>>> {
    let before = reader.problems.len();
    let flat = read_group(reader, fields);
    let members = reader.members(fields, "key_groups").unwrap_or_default();
    let grouped: Vec<_> = members
        .iter()
        .map(|member| (read_group(reader, &member.fields), member.span))
        .collect();
    if reader.problems.len() > before {
        return None;
    }
    let groups = if flat.is_empty() {
        grouped
    } else {
        vec![(flat, metadata)]
    };
    match groups.as_slice() {
        [] => reader.push(MalformedMetadata::NoKeys, metadata, &[]),
        // sops loads such a file, and then there is nothing to open.
        [(group, span)] if group.is_empty() => {
            reader.push(MalformedMetadata::EmptyGroup, *span, &["key_groups"]);
        }
        _ => {}
    }
    let mut read = Vec::with_capacity(groups.len());
    for (entries, _) in groups {
        let mut keys = Vec::with_capacity(entries.len());
        for entry in entries {
            for (kind, path) in entry.demands {
                reader.push(kind, entry.key.span, &[entry.key.kind.name(), path]);
            }
            keys.push(entry.key);
        }
        read.push(KeyGroup { keys });
    }
    (reader.problems.len() == before).then_some(read)
}

/// A key as it was read, with what sops minds only once it uses the group.
struct Entry<'d> {
    key: MasterKey<'d>,
    demands: Vec<(MalformedMetadata, &'static str)>,
}

/// The lists of one group.
fn read_group<'d>(reader: &mut Reader<'d>, fields: &Fields<'d>) -> Vec<Entry<'d>> {
    let mut entries = Vec::new();
    for kind in KeyKind::ALL {
        for member in reader.members(fields, kind.name()).unwrap_or_default() {
            entries.extend(read_key(reader, kind, &member));
        }
    }
    entries
}

fn read_key<'d>(reader: &mut Reader<'d>, kind: KeyKind, member: &Member<'d>) -> Option<Entry<'d>> {
    let fields = &member.fields;
    let id = reader.string(fields, kind.id_field()).ok();
    let enc = reader.string(fields, "enc").ok();
    let others = kind.other_fields().iter().map(|name| {
        let field = reader.string(fields, name).ok().flatten();
        field.map(|field| field.value)
    });
    let others = others.collect();
    let mut demands = Vec::new();
    let contexts = match kind {
        KeyKind::Kms => reader.string_map(fields, "context"),
        _ => HashMap::new(),
    };
    let context = Context::of(&contexts);
    let context_text = context_text(&contexts);
    if kind != KeyKind::Age {
        const NAME: &str = "created_at";
        let created_at = reader.string(fields, NAME).ok()?;
        if created_at.is_none_or(|field| Time::parse(&field.value).is_none()) {
            demands.push((MalformedMetadata::NotATime { field: NAME }, NAME));
        }
    }
    let (id, enc) = (id?, enc?);
    if kind == KeyKind::HcKms && !id.as_ref().is_some_and(|id| is_region_and_key(&id.value)) {
        demands.push((MalformedMetadata::KeyId, kind.id_field()));
    }
    let key = MasterKey {
        kind,
        id,
        others,
        enc,
        context,
        context_text,
        node: member.node,
        span: member.span,
    };
    Some(Entry { key, demands })
}

impl Context {
    fn of(values: &HashMap<&[u8], Option<Cow<'_, [u8]>>>) -> Self {
        if values.len() < 2 {
            return Self::Plain;
        }
        let distinct: HashSet<_> = values.values().collect();
        if distinct.contains(&None) {
            Self::Incomplete
        } else if distinct.len() > 1 {
            Self::Mixed
        } else {
            Self::Plain
        }
    }
}

/// The names and values of a context, in the order of the names.
fn context_text(values: &HashMap<&[u8], Option<Cow<'_, [u8]>>>) -> String {
    let mut pairs: Vec<(&[u8], &[u8])> = values
        .iter()
        .map(|(name, value)| (*name, value.as_deref().unwrap_or_default()))
        .collect();
    pairs.sort_unstable();
    let pair = |(name, value): (&[u8], &[u8])| {
        let [name, value] = [name, value].map(String::from_utf8_lossy);
        format!("{name}:{value}")
    };
    let pairs: Vec<String> = pairs.into_iter().map(pair).collect();
    pairs.join(",")
}

/// Whether a HuaweiCloud key id is of the form `region:key`.
fn is_region_and_key(id: &[u8]) -> bool {
    let text = String::from_utf8_lossy(id);
    text.split_once(':')
        .is_some_and(|(region, key)| !region.trim().is_empty() && !key.trim().is_empty())
}
