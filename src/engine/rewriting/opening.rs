//! One file: read, opened, and made anew by what the command does.

use std::path::Path;
use std::sync::Arc;

use super::super::MAX_FILE_LEN;
use super::super::others::decode;
use super::difference;
use super::{Amendment, ChangeOptions, FileChange, Opened, Refused, Rewritten, Task};
use crate::apply::{self, NewText, Proof, Reading};
use crate::document::{Document, Format};
use crate::finding::Help;
use crate::fs;
use crate::keys::{Keyring, Recipient, RecipientKind, Shut, Wrapped};
use crate::rules::argument;
use crate::sops::{self, KeyKind, SopsFile, Verification};
use crate::source::SourceId;

/// Why a file has no new text.
pub(in crate::engine) struct Stop {
    pub(super) refused: Refused,
    /// What is shut, where more identities may open it.
    pub(super) shut: Option<Shut>,
    /// The recipients for whom plugins are to be asked first.
    pub(super) ahead: Vec<Recipient>,
}

impl From<Refused> for Box<Stop> {
    fn from(refused: Refused) -> Self {
        Self::new(Stop {
            refused,
            shut: None,
            ahead: Vec::new(),
        })
    }
}

impl Stop {
    /// The same; plugins that are to be asked first are asked for these recipients, too.
    pub(in crate::engine) fn also_ahead(&mut self, recipients: impl Iterator<Item = Recipient>) {
        if !self.ahead.is_empty() {
            let is_of_plugin =
                |recipient: &Recipient| matches!(recipient.kind(), RecipientKind::Plugin(_));
            self.ahead.extend(recipients.filter(is_of_plugin));
        }
    }
}

impl Opened<'_> {
    /// What came of reading a new text of the file; none where it does not hold what it must, which is told when it is
    /// proved.
    pub(in crate::engine) fn read_again(&self, new: &Document<'_>) -> Option<Reading> {
        apply::read_again(new, self.keyring, self.verifies).ok()
    }

    /// What plugins gave for these recipients, for whom the file is about to be locked.
    ///
    /// # Errors
    /// [`Stop`] where they are to be asked first.
    pub(in crate::engine) fn wrapped_for(
        &self,
        recipients: Vec<Recipient>,
    ) -> Result<&Wrapped, Box<Stop>> {
        let is_of_plugin =
            |recipient: &Recipient| matches!(recipient.kind(), RecipientKind::Plugin(_));
        let ahead: Vec<Recipient> = recipients.into_iter().filter(is_of_plugin).collect();
        if ahead.is_empty() || self.has_asked {
            return Ok(self.wrapped);
        }
        let reason = "the plugins of its recipients were not asked";
        Err(Box::new(Stop {
            refused: Refused::new(self.path.to_owned(), reason),
            shut: None,
            ahead,
        }))
    }
}

/// Opens the file and shows it to `look`.
pub(super) fn open<W, R>(
    task: &Task<'_, W>,
    keyring: &Keyring,
    wrapped: Option<&Wrapped>,
    options: ChangeOptions,
    look: impl Fn(&Task<'_, W>, &Opened<'_>) -> Result<R, Box<Stop>>,
) -> Result<R, Box<Stop>> {
    let path = task.path();
    let format = task.facts.format;
    let refuse = |reason: &str| broken(path, reason.to_owned());
    let old = fs::read(&task.place, MAX_FILE_LEN).map_err(|error| refuse(&error.to_string()))?;
    let id = SourceId::WorkTree(path.to_owned());
    let (Some(source), None) = decode(id, old.clone(), format) else {
        return Err(refuse("it is no text").into());
    };
    if !source.is_verbatim() {
        let reason = "it is no UTF-8, and only such text is edited";
        return Err(Refused::new(path.to_owned(), reason).into());
    }
    let document =
        Document::parse(&source, format).map_err(|_| refuse("sops could not read it"))?;
    let file = SopsFile::of(&document).map_err(|_| refuse("sops refuses its metadata"))?;
    let file = file.ok_or_else(|| refuse("it is not encrypted"))?;
    let (key, checked) = sops::open(&file, keyring);
    let verifies = checked.verification == Verification::Verified;
    let Some(key) = key else {
        let refused = locked(path, &file, &checked.verification);
        return Err(Box::new(Stop {
            refused,
            shut: checked.shut,
            ahead: Vec::new(),
        }));
    };
    if !verifies && !options.even_if_unverified {
        return Err(unverified(path).into());
    }
    let nothing = Wrapped::default();
    let opened = Opened {
        path,
        old: &old,
        document: &document,
        file: &file,
        key: &key,
        keyring,
        verifies,
        wrapped: wrapped.unwrap_or(&nothing),
        has_asked: wrapped.is_some(),
    };
    look(task, &opened)
}

/// What becomes of an opened file; none where its new text is the old one.
pub(super) fn changed<W>(
    task: &Task<'_, W>,
    opened: &Opened<'_>,
    options: ChangeOptions,
    rewritten: Rewritten,
) -> Option<(FileChange, Arc<NewText>)> {
    let Rewritten {
        text,
        amendments,
        reading,
    } = rewritten;
    let source = opened.document.source();
    if text == source.text() {
        return None;
    }
    let diff = match options.with_diff {
        true => difference::between(source.text(), &text),
        false => Vec::new(),
    };
    let change = FileChange {
        path: task.path().to_owned(),
        amendments,
        diff,
    };
    let to_come = proof_to_come(task.facts.format, opened.verifies, &change.amendments);
    let proof = reading.and_then(|reading| reading.proof_of(&text, &to_come));
    let text = NewText {
        place: task.place.clone(),
        path: task.path().to_owned(),
        old: Some(opened.old.to_owned()),
        new: text,
        proof: proof.unwrap_or(to_come),
        like: None,
    };
    Some((change, Arc::new(text)))
}

fn proof_to_come(format: Format, verifies: bool, amendments: &[Amendment]) -> Proof {
    // Whatever the old MAC was, a new one has to be right.
    match verifies || amendments.contains(&Amendment::NewMac) {
        true => Proof::Verifies(format),
        false => Proof::Opens(format),
    }
}

/// A file that sops could not read either.
pub(super) fn broken(path: &Path, reason: String) -> Refused {
    let help =
        Help::new("see what is wrong with it").then(format!("sopsguard check {}", argument(path)));
    Refused::new(path.to_owned(), reason).helped(help)
}

/// A file whose data key is not opened; sops may do it where a key of it is not age's.
fn locked(path: &Path, file: &SopsFile<'_>, verification: &Verification) -> Refused {
    let mut keys = file.metadata().groups.iter().flat_map(|group| &group.keys);
    let with_sops = keys.any(|key| key.kind != KeyKind::Age);
    match verification {
        Verification::NotVerified(reason) => {
            let help = Help::new("name the identity of somebody who can open it with `--identity`, or leave it to her")
                .then("sopsguard keys");
            Refused {
                with_sops,
                ..Refused::new(path.to_owned(), reason.in_words()).helped(help)
            }
        }
        _ => unverified(path),
    }
}

/// A file that sops would not decrypt.
pub(super) fn unverified(path: &Path) -> Refused {
    let help = Help::new("mend it first, or nobody could tell what was blessed")
        .then(format!("sopsguard check {}", argument(path)));
    Refused::new(path.to_owned(), "it does not verify as it is").helped(help)
}
