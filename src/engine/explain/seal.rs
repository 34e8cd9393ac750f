//! What the metadata of a file settle, and what its keys would have to open.

use super::page::{SealReport, SelectorReport};
use crate::document::{Document, Format};
use crate::engine::MAX_FILE_LEN;
use crate::engine::inputs::{Content, Input};
use crate::fs;
use crate::keys::Locked;
use crate::rules::FileFacts;
use crate::sops::{self, Pattern, Reason, Selectors, SopsFile};
use crate::source::SourceId;

/// What was read of a file of sops's.
pub(super) struct Sheet {
    pub(super) seal: SealReport,
    pub(super) facts: FileFacts,
    /// What age may open, for each key group.
    pub(super) locks: Vec<Vec<Locked>>,
}

/// The longest pattern that is tried, in bytes.
const MAX_PATTERN: usize = 32 << 10;

/// The longest selector that is shown whole, in characters.
const MAX_TEXT: usize = 400;

impl Sheet {
    /// Reads the file; none where sops finds no metadata in it that it takes.
    pub(super) fn read(input: &Input, format: Format) -> Option<Self> {
        let bytes = match &input.content {
            Content::Disk(place) => fs::read(place, MAX_FILE_LEN).ok()?,
            Content::Given(bytes) => bytes.clone(),
            Content::Blob(_) | Content::Outside | Content::Lost(_) => return None,
        };
        let id = SourceId::WorkTree(input.path.clone());
        let source = Document::decode(id, bytes, format).ok()?;
        let document = Document::parse(&source, format).ok()?;
        let file = SopsFile::of(&document).ok()??;
        let seal = SealReport::of(&file);
        Some(Self {
            facts: FileFacts::of(&input.path, format, &source, &file, seal.encrypted),
            seal,
            locks: sops::locks_by_group(&file),
        })
    }
}

impl SealReport {
    fn of(file: &SopsFile<'_>) -> Self {
        let metadata = file.metadata();
        let values = sops::check_closed(file, Reason::NoIdentity).inspection;
        let selector = metadata.selector.as_ref();
        let selector = selector.map(|field| (field.value.0.name(), field.value.1.as_ref()));
        let version = metadata.version.as_ref();
        let version = version.map(|field| String::from_utf8_lossy(&field.value).into_owned());
        Self {
            selector: SelectorReport::of(selector),
            mac_only_encrypted: file.selectors().mac_only_encrypted(),
            encrypted: values.encrypted,
            clear: values.clear,
            last_modified: metadata.last_modified.value.to_rfc3339(),
            version: version.filter(|version| looks_like_version(version)),
        }
    }
}

impl SelectorReport {
    /// A selector by its name and text, or the one that counts where none is set.
    pub(super) fn of(set: Option<(&'static str, &[u8])>) -> Self {
        let (name, text) = match set {
            Some(set) => set,
            None => Selectors::default_setting(),
        };
        let text = String::from_utf8_lossy(text);
        let mut shown: String = text.chars().take(MAX_TEXT).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self {
            name,
            text: shown,
            is_default: set.is_none(),
            is_refused: is_refused(name, &text),
        }
    }
}

/// Whether a selector is a pattern that Go does not take.
fn is_refused(name: &str, text: &str) -> bool {
    name.ends_with("_regex")
        && text.len() <= MAX_PATTERN
        && Pattern::compile(text).is_err_and(|error| error.is_go_error())
}

/// Whether a text is what a version is: anything else may have been pasted there.
fn looks_like_version(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(is_plain)
}
