//! A document that sops encrypted.

use super::metadata::{MasterKey, Metadata};
use super::problem::Problem;
use super::selectors::Selectors;
use super::version::is_refused_by_command;
use crate::document::{Document, Tree};
use crate::source::Span;

/// A document with readable sops metadata.
pub(crate) struct SopsFile<'d> {
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
                tree: document.tree(),
                metadata,
                selectors,
            }
        }))
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
}
