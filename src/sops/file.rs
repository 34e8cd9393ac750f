//! A document that sops encrypted.

use super::metadata::{MasterKey, Metadata};
use super::problem::Problem;
use super::selectors::Selectors;
use super::version::{is_before_3_0_0, is_refused_by_command};
use crate::document::{Document, Format, Tree};
use crate::source::Span;

/// A document with readable sops metadata.
pub(crate) struct SopsFile<'d> {
    format: Format,
    text: &'d str,
    tree: &'d Tree<'d>,
    metadata: Metadata<'d>,
    selectors: Selectors,
}

/// Everything that makes sops refuse a file's metadata; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MetadataErrors(pub(crate) Vec<Problem>);

impl<'d> SopsFile<'d> {
    /// Reads the metadata of `document`; `None` where sops says "metadata not found".
    ///
    /// # Errors
    /// [`MetadataErrors`] where there is metadata and sops refuses it: the file is
    /// [`Failed`](super::Verification::Failed), with these problems.
    pub(crate) fn of(document: &'d Document<'d>) -> Result<Option<Self>, MetadataErrors> {
        let metadata = Metadata::read(document.tree()).map_err(MetadataErrors)?;
        Ok(metadata.map(|metadata| {
            let selectors = metadata.selectors();
            Self {
                format: document.format(),
                text: document.source().text(),
                tree: document.tree(),
                metadata,
                selectors,
            }
        }))
    }

    /// The selectors of a document whose metadata sops refuses for another reason; `None` where they
    /// are not certain.
    pub(crate) fn certain_selectors(document: &Document<'_>) -> Option<Selectors> {
        Metadata::certain_selectors(document.tree())
    }

    /// The format, which decides what sops can write once it has opened the values.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The text that the tree was read from.
    pub(super) fn text(&self) -> &'d str {
        self.text
    }

    /// Whether the sops that wrote the file encrypts comments, as all do since 3.0.0.
    pub(super) fn encrypts_comments(&self) -> bool {
        let version = self.metadata.version.as_ref();
        !version.is_some_and(|field| is_before_3_0_0(&field.value))
    }

    /// The values and comments, and the metadata as written.
    pub(crate) fn tree(&self) -> &'d Tree<'d> {
        self.tree
    }

    /// What the `sops` mapping says.
    pub(crate) fn metadata(&self) -> &Metadata<'d> {
        &self.metadata
    }

    /// Where the `sops` command, not its library, finds no `version` that it takes: the field, or
    /// the whole metadata where there is none. `None` where it has nothing against it.
    pub(crate) fn version_refused_by_command(&self) -> Option<Span> {
        match &self.metadata.version {
            Some(field) if is_refused_by_command(&field.value) => Some(field.key_span),
            Some(_) => None,
            None => Some(self.metadata.key_span),
        }
    }

    /// Which values are encrypted.
    pub(crate) fn selectors(&self) -> &Selectors {
        &self.selectors
    }

    /// All keys that open the file or a part of it, group by group.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &MasterKey<'d>> {
        self.metadata
            .groups
            .iter()
            .flat_map(|group| group.keys.iter())
    }

    /// Whether its data key is put together from shares.
    pub(super) fn has_groups(&self) -> bool {
        self.metadata.groups.len() > 1
    }

    /// The names of all keys as reports may print them, group by group. One that is no name of a key
    /// of its kind is masked: it may be anything that was pasted there.
    pub(crate) fn shown_recipients(&self) -> impl Iterator<Item = String> {
        self.keys().map(MasterKey::shown)
    }
}
