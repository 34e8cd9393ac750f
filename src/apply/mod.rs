//! From new texts to the disk. A text of a secret file is proved first: it is read again as sops reads it, its data
//! key is opened and its MAC verified. Nothing that was not proved reaches the writer. An entry that stayed byte for byte
//! what was opened before the change is not opened twice.

use std::path::PathBuf;
use std::sync::Arc;

use crate::document::{Document, Format};
use crate::keys::{Keyring, Shut};
use crate::sops::{self, Reason, SopsFile, Verification};
use crate::source::{Source, SourceId};
use crate::transaction::{self, Done, Home, Mode, Transaction};

/// What a file is to hold.
pub(crate) struct NewText {
    /// Where it lies, absolute.
    pub(crate) place: PathBuf,
    /// The path as reports print it.
    pub(crate) path: PathBuf,
    /// What it holds now; none where there is no such file yet.
    pub(crate) old: Option<Vec<u8>>,
    pub(crate) new: String,
    pub(crate) proof: Proof,
    /// A file whose readers and writers are those of this one, where it is new.
    pub(crate) like: Option<PathBuf>,
}

/// A file that goes, because others have what it held.
pub(crate) struct Gone {
    /// Where it lies, absolute.
    pub(crate) place: PathBuf,
    /// What it holds now.
    pub(crate) old: Vec<u8>,
}

/// What must hold of a new text before it is written.
pub(crate) enum Proof {
    /// It is a secret file in this format, which sops would decrypt with an identity at hand.
    Verifies(Format),
    /// It is a secret file in this format, whose data key an identity at hand opens. Of one that did not verify
    /// before no more can be asked.
    Opens(Format),
    /// It is a secret file, and was proved as it was made.
    Held(Held),
    /// It is no secret file, and whoever made it has read it again.
    IsRead,
}

/// A text of a secret file whose data key opens. Only [`read_again`] makes one.
pub(crate) struct Reading {
    text: String,
    /// Whether its MAC is right, too.
    verifies: bool,
}

/// That a text was read again. Only a [`Reading`] of that text gives it.
pub(crate) struct Held(());

impl Reading {
    /// What proves this text, which is to be proved as is said; none where another one was read, or too little holds
    /// of it.
    pub(crate) fn proof_of(self, text: &str, proof: &Proof) -> Option<Proof> {
        let is_enough = self.verifies || matches!(proof, Proof::Opens(_));
        (is_enough && self.text == text).then_some(Proof::Held(Held(())))
    }
}

/// A new text that may be written. Only [`prove`] makes one.
#[derive(Clone)]
pub(crate) struct Proven(Arc<NewText>);

/// Why a new text is not written.
pub(crate) enum Unproven {
    /// No identity at hand opens it, for this reason; and what is shut, where more could be tried.
    Shut(Reason, Option<Shut>),
    /// It is not what it should be, in words: what made it is at fault, and not the user.
    Wrong(&'static str),
}

/// Proves a new text.
///
/// # Errors
/// [`Unproven`].
pub(crate) fn prove(text: &Arc<NewText>, keyring: &Keyring) -> Result<Proven, Unproven> {
    let (format, must_verify) = match &text.proof {
        Proof::Verifies(format) => (format, true),
        Proof::Opens(format) => (format, false),
        Proof::Held(Held(())) | Proof::IsRead => return Ok(Proven(Arc::clone(text))),
    };
    let id = SourceId::WorkTree(text.path.clone());
    let bytes = text.new.as_bytes().to_vec();
    let source = Source::decode(id, bytes).map_err(|_| Unproven::Wrong("is no text"))?;
    let document =
        Document::parse(&source, *format).map_err(|_| Unproven::Wrong("cannot be read"))?;
    read_again(&document, keyring, must_verify)?;
    Ok(Proven(Arc::clone(text)))
}

/// Reads the new text of a secret file as sops would: its data key opens, and its MAC is right if it `must_verify`.
///
/// # Errors
/// [`Unproven`].
pub(crate) fn read_again(
    new: &Document<'_>,
    keyring: &Keyring,
    must_verify: bool,
) -> Result<Reading, Unproven> {
    let file = SopsFile::of(new).map_err(|_| Unproven::Wrong("has metadata that sops refuses"))?;
    let file = file.ok_or(Unproven::Wrong("has no metadata"))?;
    let (key, checked) = sops::open(&file, keyring);
    let verifies = checked.verification == Verification::Verified;
    let reading = || Reading {
        text: new.source().text().to_owned(),
        verifies,
    };
    match checked.verification {
        Verification::Verified => Ok(reading()),
        _ if key.is_some() && !must_verify => Ok(reading()),
        Verification::NotVerified(reason) => Err(Unproven::Shut(reason, checked.shut)),
        Verification::Failed | Verification::NotEncrypted => {
            Err(Unproven::Wrong("would not verify"))
        }
    }
}

/// Writes all of it below the root of `home` and deletes what goes, or does nothing.
///
/// # Errors
/// What the writer says, and nothing has changed then, except as it says.
pub(crate) fn commit(
    all: &[Proven],
    gone: &[Gone],
    home: &Home,
) -> Result<Done, transaction::Error> {
    let mut change = Transaction::begin(home)?;
    for Proven(text) in all {
        let new = text.new.as_bytes();
        match &text.old {
            Some(old) => change.replace(&text.place, old, new),
            None => {
                let like = text.like.clone();
                change.create(&text.place, like.map_or(Mode::Usual, Mode::Like), new);
            }
        }
    }
    for Gone { place, old } in gone {
        change.remove(place, old);
    }
    change.commit()
}
