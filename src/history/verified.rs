//! The versions of one file, each with sops's verdict on it.
//!
//! A content is read and verified once, however many commits have it, as long as there is room for what
//! is kept of it; from as many threads at once as want to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;

use super::Content;
use crate::change::{NotCompared, Version};
use crate::document::{self, Document, Format};
use crate::keys::{Keyring, Shut};
use crate::repo::{BlobId, Blobs, Unread};
use crate::sops::{DataKeyId, DataKeys, Reason, SopsFile, Verification};
use crate::source::{SourceId, find_conflicts};

/// Reads and verifies versions of a file.
pub(crate) struct Verifier<'r, F> {
    blobs: &'r Blobs<'r>,
    keyring: &'r Keyring,
    keys: &'r DataKeys,
    /// The format of a text under a name.
    format: F,
    kept: Mutex<Kept>,
}

/// Where a version's content is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// In git.
    Blob(BlobId),
    /// In the work tree, as it is now.
    Given(Arc<Vec<u8>>),
}

/// A content under a name, which says what format it is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    pub(crate) place: Place,
    pub(crate) path: PathBuf,
}

/// What is known of a version.
pub(crate) struct Verified {
    version: Result<Version, &'static str>,
    pub(crate) verdict: Verdict,
}

/// What sops would say of a version.
#[derive(Clone)]
pub(crate) struct Verdict {
    pub(crate) verification: Verification,
    /// Which data key it has, where one opened.
    pub(crate) key: Option<DataKeyId>,
    /// Whether it may be another once more identities are woken.
    pub(crate) is_shut: bool,
}

#[derive(Default)]
struct Kept {
    versions: HashMap<Named, Arc<Verified>>,
    /// How much memory they take.
    held: usize,
}

/// How every token begins.
const TOKEN: &[u8] = b"ENC[AES256_GCM,";

/// The most bytes of a version that are read: 64 MiB.
const MAX_LEN: usize = 64 << 20;

/// The most memory for versions that are kept.
const HELD: usize = 64 << 20;

impl Verified {
    /// It, to be compared.
    pub(crate) fn content(&self) -> Content<'_> {
        match &self.version {
            Ok(version) => Content::Read(version),
            Err(reason) => Content::Unread(reason),
        }
    }

    /// It, where it can be compared.
    pub(crate) fn version(&self) -> Option<&Version> {
        self.version.as_ref().ok()
    }

    /// A text that sops would not load, be it of its own or not.
    fn unread(reason: &'static str, is_sops: bool) -> Self {
        let verification = if is_sops {
            Verification::Failed
        } else {
            Verification::NotEncrypted
        };
        Self {
            version: Err(reason),
            verdict: Verdict::of(verification),
        }
    }

    fn unsupported(reason: &'static str, what: &str) -> Self {
        let why = Reason::Unsupported(what.to_owned());
        Self {
            version: Err(reason),
            verdict: Verdict::of(Verification::NotVerified(why)),
        }
    }
}

impl Verdict {
    fn of(verification: Verification) -> Self {
        Self {
            verification,
            key: None,
            is_shut: false,
        }
    }
}

impl<'r, F: Fn(&Path, &[u8]) -> Format> Verifier<'r, F> {
    /// A reader of versions from `blobs`, which it verifies with `keyring`.
    pub(crate) fn new(
        blobs: &'r Blobs<'r>,
        keyring: &'r Keyring,
        keys: &'r DataKeys,
        format: F,
    ) -> Self {
        Self {
            blobs,
            keyring,
            keys,
            format,
            kept: Mutex::default(),
        }
    }

    /// What is known of a version.
    pub(crate) fn read(&self, named: &Named) -> Arc<Verified> {
        if let Some(known) = self.kept().versions.get(named) {
            return Arc::clone(known);
        }
        let verified = Arc::new(self.look_at(named).0);
        let size = verified.version().map_or(0, Version::size);
        let mut kept = self.kept();
        if kept.held.saturating_add(size) > HELD {
            *kept = Kept::default();
        }
        kept.held += size;
        kept.versions.insert(named.clone(), Arc::clone(&verified));
        verified
    }

    /// What is shut of a version.
    pub(crate) fn shut(&self, named: &Named) -> Option<Shut> {
        self.look_at(named).1
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_at(&self, named: &Named) -> (Verified, Option<Shut>) {
        let bytes = match &named.place {
            Place::Given(bytes) => bytes.to_vec(),
            Place::Blob(blob) => match self.blobs.read(blob, MAX_LEN) {
                Ok(bytes) => bytes,
                Err(Unread::TooLarge) => {
                    let what = "more than 64 MiB in a history";
                    return (Verified::unsupported("too-large", what), None);
                }
                Err(Unread::Failed(error)) => {
                    return (
                        Verified::unsupported("unreadable-history", &error.reason),
                        None,
                    );
                }
            },
        };
        let format = (self.format)(&named.path, &bytes);
        self.at_bytes(named, bytes, format)
    }

    fn at_bytes(&self, named: &Named, bytes: Vec<u8>, format: Format) -> (Verified, Option<Shut>) {
        let id = SourceId::WorkTree(named.path.clone());
        let has_tokens = memmem::find(&bytes, TOKEN).is_some();
        let Ok(source) = Document::decode(id, bytes, format) else {
            return (Verified::unread("not-text", has_tokens), None);
        };
        let document = match Document::parse(&source, format) {
            Ok(document) => document,
            // What is not encrypted yet may be anything.
            Err(_) if format == Format::Binary && !has_tokens => Document::content(&source),
            Err(document::Error::Undecidable(what)) => {
                return (Verified::unsupported("unsupported", what), None);
            }
            Err(_) if !find_conflicts(source.text()).is_empty() => {
                return (Verified::unread("conflict-marks", has_tokens), None);
            }
            Err(_) => return (Verified::unread("unreadable", has_tokens), None),
        };
        match SopsFile::of(&document) {
            Err(_) => (Verified::unread("malformed-metadata", true), None),
            Ok(None) => {
                let content = (format == Format::Binary).then(|| Document::content(&source));
                let document = content.as_ref().unwrap_or(&document);
                let version = Version::of_clear(document).map_err(NotCompared::cause);
                let verdict = Verdict::of(Verification::NotEncrypted);
                (Verified { version, verdict }, None)
            }
            Ok(Some(file)) => {
                let (checked, key) = self.keys.check(&file, self.keyring);
                let verdict = Verdict {
                    verification: checked.verification,
                    key,
                    is_shut: checked.shut.is_some(),
                };
                let version = Version::of(&file).map_err(NotCompared::cause);
                (Verified { version, verdict }, checked.shut)
            }
        }
    }
}
