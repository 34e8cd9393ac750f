//! Who can open what, as data.

use std::path::PathBuf;

use crate::config::is_same_name;
use crate::sops::BusFactor;

/// Who can open which secret file. No secret is in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AccessMatrix {
    /// The name of the repository's folder, or of the current one outside of a repository.
    pub folder: String,
    /// Whoever can open a file, or is listed in the policy: by role, then by name; those without a name
    /// last.
    pub recipients: Vec<Keyholder>,
    /// The secret files, sorted by the bytes of their path.
    pub files: Vec<FileAccess>,
    /// Those of which sops could not read for whom they are: `check` says why.
    pub unread: Vec<PathBuf>,
    /// What was named for nothing, a sentence each.
    pub notices: Vec<String>,
    /// The places of the recipients that the table is about, where it is not about all.
    pub asked: Vec<usize>,
}

/// A key that opens files, and whose it is. Somebody with two keys is two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keyholder {
    /// Such as `x25519`, `ssh-rsa`, `plugin yubikey`, `pgp` or `kms`.
    pub kind: String,
    /// The recipient, fingerprint, ARN and so on, or `…` where it is no name of such a key.
    pub key: String,
    /// Whose it is, where the policy or `.sops.yaml` says it.
    pub name: Option<String>,
    /// `escrow`, `maintainer` or `machine`, where the policy says it.
    pub role: Option<String>,
    /// Where copies of the private key are, as the policy says it.
    pub held_by: Vec<String>,
}

/// Who can open one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileAccess {
    /// The path.
    pub path: PathBuf,
    /// The recipients, in the order of [`AccessMatrix::recipients`].
    pub grants: Vec<Grant>,
    /// How many key groups it has.
    pub groups: usize,
    /// How many of them must be opened.
    pub groups_needed: usize,
    /// The least number of recipients whose loss makes it undecryptable.
    pub bus_factor: BusFactor,
}

/// What one recipient's key is for one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Grant {
    /// The place of the recipient in [`AccessMatrix::recipients`].
    pub recipient: usize,
    /// The numbers of the key groups that it opens, from 1.
    pub groups: Vec<usize>,
    /// Whether it opens the file by itself; else it takes others beside it.
    pub opens_alone: bool,
    /// Whether nobody can open the file without it: the file is lost with this key.
    pub is_lone: bool,
}

/// What is wanted is none of the recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchRecipient;

/// How many characters of a key tell it.
const MIN_KEY: usize = 8;

impl Keyholder {
    /// By what recipients are sorted.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let role = match self.role.as_deref() {
            Some("escrow") => 0,
            Some("maintainer") => 1,
            Some("machine") => 2,
            Some(_) | None => 3,
        };
        let name = self.name.as_ref().map(|name| name.to_lowercase());
        (
            role,
            name.is_none(),
            name,
            self.kind.clone(),
            self.key.clone(),
        )
    }

    /// Whether it goes by this name, in capital or small letters, or has this key, or one that begins or
    /// ends so.
    fn is_called(&self, wanted: &str) -> bool {
        let name = self.name.as_ref();
        let has_name = name.is_some_and(|name| is_same_name(name, wanted));
        let has_key = || {
            let is_start = self.key.starts_with(wanted);
            wanted.len() >= MIN_KEY && (is_start || self.key.ends_with(wanted))
        };
        has_name || self.key == wanted || has_key()
    }
}

impl FileAccess {
    /// The recipients without whom nobody can open it.
    pub fn lone_keys(&self) -> impl Iterator<Item = usize> + '_ {
        let lone = self.grants.iter().filter(|grant| grant.is_lone);
        lone.map(|grant| grant.recipient)
    }
}

impl AccessMatrix {
    /// The files of which this recipient has a key, with the other recipients of these files.
    ///
    /// A recipient is told by name, in capital or small letters, by the key, or by eight characters or
    /// more that the key begins or ends with. Several may have one name.
    ///
    /// # Errors
    /// `NoSuchRecipient`.
    pub fn of(mut self, wanted: &str) -> Result<Self, NoSuchRecipient> {
        let recipients = self.recipients.iter();
        let meant: Vec<bool> = recipients.map(|holder| holder.is_called(wanted)).collect();
        if !meant.contains(&true) {
            return Err(NoSuchRecipient);
        }
        let is_meant = |at: usize| meant.get(at).copied().unwrap_or_default();
        self.files
            .retain(|file| file.grants.iter().any(|grant| is_meant(grant.recipient)));
        let mut is_kept = meant.clone();
        for grant in self.files.iter().flat_map(|file| &file.grants) {
            if let Some(kept) = is_kept.get_mut(grant.recipient) {
                *kept = true;
            }
        }
        let places = self.keep(&is_kept);
        let asked = meant.iter().zip(places).filter(|(meant, _)| **meant);
        self.asked = asked.map(|(_, place)| place).collect();
        Ok(self)
    }

    /// The files of which a recipient has a key, and what it is for them.
    pub fn files_of(&self, recipient: usize) -> impl Iterator<Item = (&FileAccess, &Grant)> {
        self.files.iter().filter_map(move |file| {
            let by_recipient = |grant: &Grant| grant.recipient;
            let at = file.grants.binary_search_by_key(&recipient, by_recipient);
            Some((file, file.grants.get(at.ok()?)?))
        })
    }

    /// Leaves out the recipients that are not kept, none of whom has a file; gives the new places of
    /// the others.
    fn keep(&mut self, is_kept: &[bool]) -> Vec<usize> {
        let mut next = 0;
        let places = is_kept.iter().map(|kept| {
            let place = next;
            next += usize::from(*kept);
            place
        });
        let places: Vec<usize> = places.collect();
        for grant in self.files.iter_mut().flat_map(|file| &mut file.grants) {
            grant.recipient = places.get(grant.recipient).copied().unwrap_or_default();
        }
        let mut kept = is_kept.iter().copied();
        self.recipients.retain(|_| kept.next().unwrap_or(true));
        places
    }
}
