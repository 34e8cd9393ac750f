//! Files that come in the place of others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Amendment, ChangeOptions, ChangePlan, Draft, FileChange, difference};
use crate::apply::{Gone, NewText, Proof};
use crate::document::Format;

/// A new secret file that takes the place of a part of another, or of all of it.
pub(in crate::engine) struct Piece {
    /// The path as reports print it, and the place on the disk, absolute.
    pub(in crate::engine) path: PathBuf,
    pub(in crate::engine) place: PathBuf,
    pub(in crate::engine) format: Format,
    pub(in crate::engine) text: String,
    pub(in crate::engine) amendments: Vec<Amendment>,
    /// The place of the other file.
    pub(in crate::engine) of: PathBuf,
    /// What lies in its own place, where that is the other file's.
    pub(in crate::engine) old: Option<Vec<u8>>,
}

impl Draft {
    /// Adds a piece of a file. It is to be proved like every other secret file.
    pub(in crate::engine) fn add_piece(&mut self, piece: Piece, options: ChangeOptions) {
        let old = piece.old.as_deref().unwrap_or_default();
        let old_text = std::str::from_utf8(old).unwrap_or_default();
        let diff = match options.with_diff {
            true => difference::between(old_text, &piece.text),
            false => Vec::new(),
        };
        let change = FileChange {
            path: piece.path.clone(),
            amendments: piece.amendments,
            diff,
        };
        let text = NewText {
            place: piece.place,
            path: piece.path,
            old: piece.old,
            new: piece.text,
            proof: Proof::Verifies(piece.format),
            like: Some(piece.of),
        };
        self.changes.push((change, Arc::new(text)));
    }
}

impl ChangePlan {
    /// Takes back all that would be written.
    pub(in crate::engine) fn withdraw(&mut self) {
        self.files.clear();
        self.proven.clear();
    }

    /// Puts the files in the order of the bytes of their paths.
    pub(in crate::engine) fn sort(&mut self) {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_owned();
        self.files.sort_by_cached_key(|file| bytes(&file.path));
    }

    /// Adds a file that goes, which lies at `place` and holds `old`.
    pub(in crate::engine) fn remove(
        &mut self,
        path: PathBuf,
        (place, old): (PathBuf, Vec<u8>),
        options: ChangeOptions,
    ) {
        let text = std::str::from_utf8(&old).unwrap_or_default();
        let diff = match options.with_diff {
            true => difference::between(text, ""),
            false => Vec::new(),
        };
        self.files.push(FileChange {
            path,
            amendments: vec![Amendment::Removed],
            diff,
        });
        self.gone.push(Gone { place, old });
    }
}
