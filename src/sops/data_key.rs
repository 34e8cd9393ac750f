//! The data key of a file, opened with the identities at hand.

use super::key_path::KeyPath;
use super::metadata::{KeyKind, MasterKey};
use super::problem::{MalformedMetadata, Problem, ProblemKind, Undecryptable};
use super::{Reason, SopsFile};
use crate::keys::{AgeFile, Keyring, Obstacle, Recipient};
use crate::secret::Secret;

/// The key that encrypts all values of one file, of 32 bytes.
pub(crate) struct DataKey(Secret<[u8; 32]>);

/// Why there is no data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Locked {
    /// No identity at hand opens the file.
    NotVerified(Reason),
    /// sops would not get the data key either, with any identity or with the one that should fit.
    Failed(Vec<Problem>),
}

/// Opens the data key of `file` as sops would.
///
/// The recipients named in the file decide the order in which its age stanzas are tried; before
/// "not a recipient" is said, every identity was tried on every stanza.
///
/// # Errors
/// [`Locked`] where no identity opens it.
pub(crate) fn unlock(file: &SopsFile<'_>, keyring: &Keyring) -> Result<DataKey, Locked> {
    let [group] = file.metadata().groups.as_slice() else {
        let what = "key groups".to_owned();
        return Err(Locked::NotVerified(Reason::Unsupported(what)));
    };
    let stanzas: Vec<Stanza<'_>> = group
        .keys
        .iter()
        .filter(|key| key.kind == KeyKind::Age)
        .map(|key| Stanza::new(key, keyring))
        .collect();
    let ours_first = stanzas.iter().filter(|stanza| stanza.ours);
    for stanza in ours_first.chain(stanzas.iter().filter(|stanza| !stanza.ours)) {
        let Some(age) = &stanza.age else { continue };
        // sops takes an empty plaintext for none and goes on.
        let opened = keyring
            .open(age, &stanza.recipient)
            .filter(|key| !key.expose().is_empty());
        if let Some(key) = opened {
            return DataKey::new(key.expose(), stanza.key);
        }
    }
    Err(why_locked(&stanzas, group.keys.len(), keyring))
}

/// An age entry of the metadata.
struct Stanza<'k> {
    key: &'k MasterKey<'k>,
    recipient: Recipient,
    /// Whether it names an identity that is at hand.
    ours: bool,
    age: Option<AgeFile>,
}

impl<'k> Stanza<'k> {
    fn new(key: &'k MasterKey<'k>, keyring: &Keyring) -> Self {
        let recipient = Recipient::parse(&key.id());
        let ours = keyring.holds(&key.id());
        let enc = key.enc.as_ref().map_or(&b""[..], |enc| &enc.value);
        let age = AgeFile::from_armor(enc).ok();
        Self {
            key,
            recipient,
            ours,
            age,
        }
    }

    /// Whether no identity whatsoever could open it.
    fn is_broken(&self) -> bool {
        !self.age.as_ref().is_some_and(AgeFile::is_well_formed)
    }

    fn problem(&self, kind: impl Into<ProblemKind>) -> Problem {
        let span = self.key.enc.as_ref().map_or(self.key.span, |enc| enc.span);
        let path = KeyPath::new([&b"sops"[..], b"age", b"enc"]);
        Problem {
            kind: kind.into(),
            span: Some(span),
            path,
        }
    }
}

/// What to say when nothing opened.
fn why_locked(stanzas: &[Stanza<'_>], keys: usize, keyring: &Keyring) -> Locked {
    // Keys of other kinds may still open the file; broken age stanzas never will.
    let hopeless = stanzas.len() == keys && stanzas.iter().all(Stanza::is_broken);
    let mut problems = Vec::new();
    for stanza in stanzas {
        if (hopeless || stanza.ours) && stanza.is_broken() {
            problems.push(stanza.problem(MalformedMetadata::NotAnAgeFile));
        } else if stanza.ours {
            problems.push(stanza.problem(Undecryptable::DataKey));
        }
    }
    if !problems.is_empty() {
        return Locked::Failed(problems);
    }
    let recipients = stanzas.iter().map(|stanza| &stanza.recipient);
    Locked::NotVerified(match keyring.obstacle(recipients) {
        _ if stanzas.is_empty() => Reason::NeedsOtherKeys,
        Some(Obstacle::NeedsInput) => Reason::NeedsInput,
        Some(Obstacle::Unsupported(what)) => Reason::Unsupported(what),
        None if keyring.identities().is_empty() => Reason::NoIdentity,
        None => Reason::NotARecipient,
    })
}

impl DataKey {
    fn new(bytes: &[u8], entry: &MasterKey<'_>) -> Result<Self, Locked> {
        match bytes.len() {
            32 => {
                let mut key = Secret::new([0; 32]);
                key.expose_mut().copy_from_slice(bytes);
                Ok(Self(key))
            }
            // sops would use AES-128 or AES-192; it never writes such keys.
            length @ (16 | 24) => {
                let what = format!("data keys of {length} bytes");
                Err(Locked::NotVerified(Reason::Unsupported(what)))
            }
            length => Err(Locked::Failed(vec![Problem {
                kind: Undecryptable::DataKeyLength { bytes: length }.into(),
                span: Some(entry.span),
                path: KeyPath::new([&b"sops"[..], b"age", b"enc"]),
            }])),
        }
    }

    /// The key itself.
    pub(super) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}
