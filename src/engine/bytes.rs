//! The bytes of a file: from the disk or the index, and what there is to say where they are too many.

use std::path::Path;

use super::file::{Look, Looked, MAX_SEARCHED_LEN};
use super::known::Known;
use super::{MAX_FILE_LEN, sign};
use crate::document::Format;
use crate::fs;
use crate::keys::Keyring;
use crate::repo::{BlobId, Blobs, Unread};
use crate::rules::{Due, Unreadable};
use crate::source::SourceId;

impl Look<'_> {
    pub(super) fn in_git(
        self,
        id: &BlobId,
        blobs: Option<&Blobs<'_>>,
        keyring: &Keyring,
    ) -> Looked {
        match blobs.map(|blobs| blobs.read(id, MAX_FILE_LEN)) {
            Some(Ok(bytes)) => {
                let id = SourceId::Index(self.path.clone());
                self.at_bytes(id, bytes, keyring)
            }
            Some(Err(Unread::TooLarge)) if self.counts_unread() => {
                let error = self.too_large(MAX_FILE_LEN);
                self.unreadable(&Unreadable::Io(error), None)
            }
            Some(Err(Unread::Failed(error))) => Looked::NotGiven(error.into()),
            Some(Err(Unread::TooLarge)) | None => Looked::passed_over(false),
        }
    }

    pub(super) fn at_disk(self, place: &Path, keyring: &Keyring) -> Looked {
        let id = SourceId::WorkTree(self.path.clone());
        if self.format == Format::Binary && self.due() == Due::Nobody {
            match fs::read(place, MAX_SEARCHED_LEN) {
                Ok(bytes) => return self.at_bytes(id, bytes, keyring),
                // Any file can be a binary file of sops's; its envelope is a JSON object.
                Err(fs::Error::TooLarge { .. })
                    if fs::first_visible_byte(place).is_ok_and(|byte| byte == Some(b'{')) => {}
                Err(fs::Error::TooLarge { .. }) => return Looked::passed_over(false),
                Err(error) => return self.not_given(error),
            }
        }
        match fs::read(place, MAX_FILE_LEN) {
            Ok(bytes) => self.at_bytes(id, bytes, keyring),
            // What nobody asked about counts where something in it is sops's.
            Err(fs::Error::TooLarge { .. })
                if self.due() == Due::Nobody && !fs::contains_any(place, &sign::OF_LARGE) =>
            {
                Looked::passed_over(false)
            }
            // To sops it is no file of its own, whatever is in it.
            Err(fs::Error::TooLarge { .. }) if self.is_no_envelope(place) => {
                self.clear(Known::default())
            }
            Err(error @ fs::Error::TooLarge { .. }) => {
                self.unreadable(&Unreadable::Io(error), None)
            }
            Err(error) => self.not_given(error),
        }
    }

    /// A file whose bytes are not given. What the system keeps to itself may be anything.
    fn not_given(self, error: fs::Error) -> Looked {
        let is_kept = matches!(error, fs::Error::Io { .. });
        if is_kept || self.counts_unread() {
            return self.unreadable(&Unreadable::Io(error), None);
        }
        Looked::passed_over(true)
    }

    /// Whether a file that somebody named is surely none of sops's: it is binary to sops, whose envelope
    /// is a JSON object.
    fn is_no_envelope(&self, place: &Path) -> bool {
        self.due() == Due::User
            && self.format == Format::Binary
            && fs::first_visible_byte(place).is_ok_and(|byte| byte != Some(b'{'))
            && !fs::contains_any(place, &sign::OF_LARGE)
    }

    /// Whether it matters that the file could not be read.
    fn counts_unread(&self) -> bool {
        self.format == Format::Yaml || self.due() != Due::Nobody
    }

    pub(super) fn too_large(&self, limit: usize) -> fs::Error {
        let path = self.path.clone();
        fs::Error::TooLarge { path, limit }
    }
}
