//! The data key of a file, opened with the identities at hand.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::metadata::{KeyGroup, KeyKind, MasterKey, Metadata};
use super::problem::{MalformedMetadata, Problem, ProblemKind, Undecryptable};
use super::{Reason, SopsFile, shamir};
use crate::document::KeyPath;
use crate::keys::{self, AgeFile, Keyring, Obstacle, Recipient, Shut};
use crate::random::{self, NoRandomness};
use crate::secret::Secret;
use crate::source::Span;

/// The key that encrypts all values of one file, of 32 bytes.
pub(crate) struct DataKey {
    key: Secret<[u8; 32]>,
    /// Of each key group the share that it was put together from; none where the file has no groups.
    shares: Vec<Option<Secret<Vec<u8>>>>,
}

/// Why a data key is not shared out to key groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Indivisible {
    /// sops does not make such shares either.
    #[error("a data key cannot be shared among {groups} key groups of which {needed} are needed")]
    Threshold { groups: usize, needed: i64 },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The most age files for RSA keys that are tried in one secret file: each takes milliseconds, and
/// anyone can make many that fail.
const MAX_RSA: usize = 200;

/// The most bytes of one age file that holds a data key, for which sops needs a few hundred and two
/// thousand with a post-quantum key; reading its header takes time that grows with the square.
const MAX_AGE_FILE: usize = 8 << 10;

/// The most bytes of all of them.
const MAX_AGE_FILES: usize = 4 << 20;

/// Why there is no data key.
pub(crate) enum Locked {
    /// No identity at hand opens the file; and what is shut, where more could be tried.
    NotVerified(Reason, Option<Shut>),
    /// sops would not get the data key either, with any identity or with the one that should fit; and
    /// what is shut, where identities that still sleep may open it all the same.
    Failed(Vec<Problem>, Option<Shut>),
}

/// Opens the data key of `file` as sops would.
///
/// A group's age stanzas are tried in the order of the file, as sops tries them: the first that opens
/// counts, whomever it names. The recipient that a stanza names only decides which identity is tried
/// on it first. Of several groups all that open are used.
///
/// # Errors
/// [`Locked`] where the identities do not open enough of it.
pub(crate) fn unlock(file: &SopsFile<'_>, keyring: &Keyring) -> Result<DataKey, Locked> {
    let metadata = file.metadata();
    let mut groups = read_groups(metadata, keyring)
        .map_err(|what| Locked::NotVerified(Reason::Unsupported(what.to_owned()), None))?;
    for group in &mut groups {
        group.opened = group.stanzas.iter().find_map(Stanza::open);
    }
    let shares: Vec<&[u8]> = groups.iter().filter_map(Group::share).collect();
    let needed = needed(metadata);
    if i64::try_from(shares.len()).is_ok_and(|count| count < needed) {
        return Err(why_locked(groups, needed, keyring, metadata.key_span));
    }
    let refused = |kind| Locked::Failed(vec![about_all(kind, metadata.key_span)], None);
    let mut key = match shares.as_slice() {
        [share] => DataKey::new(share, refused)?,
        shares => match shamir::combine(shares) {
            Ok(key) => DataKey::new(key.expose(), refused)?,
            Err(shamir::Unfit) => return Err(refused(Undecryptable::Shares)),
        },
    };
    if groups.len() > 1 {
        key.shares = groups.into_iter().map(|group| group.opened).collect();
    }
    Ok(key)
}

/// A share of a key group that is another file's.
pub(super) fn wrong_share(metadata: Span) -> Problem {
    about_all(Undecryptable::WrongShare, metadata)
}

/// How many of its key groups must open.
pub(super) fn needed(metadata: &Metadata<'_>) -> i64 {
    let threshold = metadata.shamir_threshold.as_ref();
    needed_of(metadata.groups.len(), threshold.map(|field| field.value))
}

/// How many of so many key groups must open, by the threshold that the file says.
pub(super) fn needed_of(groups: usize, threshold: Option<i64>) -> i64 {
    match groups {
        1 => 1,
        // sops takes no threshold for any number of groups, and needs two to put a key together.
        _ => threshold.unwrap_or(0).max(2),
    }
}

/// All that age may open of `file`, group by group, and how many groups it takes.
pub(crate) fn locks(file: &SopsFile<'_>) -> Shut {
    let metadata = file.metadata();
    let nobody = Keyring::default();
    let groups = read_groups(metadata, &nobody).unwrap_or_default();
    let needed = needed(metadata);
    still_shut(groups, needed)
}

/// The same for each of its key groups, also those that have nothing for age.
pub(crate) fn locks_by_group(file: &SopsFile<'_>) -> Vec<Vec<keys::Locked>> {
    let nobody = Keyring::default();
    let groups = read_groups(file.metadata(), &nobody).unwrap_or_default();
    groups.into_iter().map(Group::into_locks).collect()
}

/// Reads the key groups, of which nothing is opened yet.
///
/// # Errors
/// What there is too much of, where they would take too long.
fn read_groups<'k>(
    metadata: &'k Metadata<'k>,
    keyring: &'k Keyring,
) -> Result<Vec<Group<'k>>, &'static str> {
    let keys = metadata.groups.iter().flat_map(|group| &group.keys);
    let lengths = keys.filter_map(|key| Some(key.enc.as_ref()?.value.len()));
    if lengths.fold(0, usize::saturating_add) > MAX_AGE_FILES {
        return Err("more than 4 MiB of encrypted data keys");
    }
    let read = |group| Group::read(group, keyring);
    let groups: Vec<Group<'_>> = metadata.groups.iter().map(read).collect();
    let stanzas = || groups.iter().flat_map(|group| &group.stanzas);
    let files = || stanzas().filter_map(|stanza| stanza.age.as_ref());
    if files().any(|file| file.len() > MAX_AGE_FILE) {
        return Err("an age file of more than 8 KiB around a data key");
    }
    if files()
        .filter(|file| file.is_for_rsa())
        .nth(MAX_RSA)
        .is_some()
    {
        return Err("more than 200 recipients with RSA keys");
    }
    Ok(groups)
}

/// A problem with the keys as a whole.
fn about_all(kind: impl Into<ProblemKind>, metadata: Span) -> Problem {
    let path = KeyPath::new([b"sops".as_slice()]);
    Problem {
        kind: kind.into(),
        span: Some(metadata),
        path,
    }
}

/// A key group of the metadata.
struct Group<'k> {
    stanzas: Vec<Stanza<'k>>,
    /// The kinds of its keys that are not age's.
    others: Vec<KeyKind>,
    /// The data key, or the share of it, that was opened.
    opened: Option<Secret<Vec<u8>>>,
}

impl<'k> Group<'k> {
    fn read(group: &'k KeyGroup<'k>, keyring: &'k Keyring) -> Self {
        let of_age = group.keys.iter().filter(|key| key.kind == KeyKind::Age);
        let stanzas: Vec<_> = of_age.map(|key| Stanza::new(key, keyring)).collect();
        let others = group.keys.iter().map(|key| key.kind);
        let others = others.filter(|kind| *kind != KeyKind::Age).collect();
        Self {
            stanzas,
            others,
            opened: None,
        }
    }

    /// Its age files.
    fn into_locks(self) -> Vec<keys::Locked> {
        let stanzas = self.stanzas.into_iter();
        let locked = stanzas.filter_map(|stanza| {
            let (file, recipient) = (stanza.age?, stanza.recipient);
            Some(keys::Locked { file, recipient })
        });
        locked.collect()
    }

    fn share(&self) -> Option<&[u8]> {
        self.opened.as_ref().map(|share| share.expose().as_slice())
    }

    /// Whether no identity whatsoever could open it.
    fn is_hopeless(&self) -> bool {
        self.others.is_empty() && self.stanzas.iter().all(Stanza::is_broken)
    }
}

/// An age entry of the metadata.
struct Stanza<'k> {
    key: &'k MasterKey<'k>,
    recipient: Recipient,
    keyring: &'k Keyring,
    /// Whether it names an identity that is at hand, once that matters.
    ours: OnceCell<bool>,
    age: Option<AgeFile>,
}

impl<'k> Stanza<'k> {
    fn new(key: &'k MasterKey<'k>, keyring: &'k Keyring) -> Self {
        let recipient = Recipient::parse(&key.id());
        let enc = key.enc.as_ref().map_or(&b""[..], |enc| &enc.value);
        let age = AgeFile::from_armor(enc).ok();
        Self {
            key,
            recipient,
            keyring,
            ours: OnceCell::new(),
            age,
        }
    }

    fn is_ours(&self) -> bool {
        let holds = || self.keyring.holds(&self.recipient);
        *self.ours.get_or_init(holds)
    }

    fn open(&self) -> Option<Secret<Vec<u8>>> {
        self.keyring.open(self.age.as_ref()?, &self.recipient)
    }

    /// The age file and its recipient, where there is one.
    fn locked(&self) -> Option<(&AgeFile, &Recipient)> {
        Some((self.age.as_ref()?, &self.recipient))
    }

    /// Whether no identity whatsoever could open it.
    fn is_broken(&self) -> bool {
        let age = self.age.as_ref();
        !age.is_some_and(|age| age.is_well_formed() || age.mixes_passphrase())
    }

    /// What is wrong with it where it did not open: it should have, or nothing ever opens it and it
    /// counts that all such are told.
    fn fault(&self, all: bool) -> Option<Problem> {
        if (all || self.is_ours()) && self.is_broken() {
            Some(self.problem(MalformedMetadata::NotAnAgeFile))
        } else {
            self.is_ours().then(|| self.problem(Undecryptable::DataKey))
        }
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

/// What to say when too little opened: `needed` groups would have been enough.
fn why_locked(groups: Vec<Group<'_>>, needed: i64, keyring: &Keyring, metadata: Span) -> Locked {
    let hopeful = groups.iter().filter(|group| !group.is_hopeless()).count();
    let hopeless = i64::try_from(hopeful).is_ok_and(|count| count < needed);
    if hopeless {
        return Locked::Failed(problems(&groups, needed, hopeless, metadata), None);
    }
    let shut = groups.iter().filter(|group| group.opened.is_none());
    let stanzas = || shut.clone().flat_map(|group| &group.stanzas);
    if stanzas().any(|stanza| stanza.age.as_ref().is_some_and(AgeFile::mixes_passphrase)) {
        let what = "an age file for a passphrase and another recipient";
        return Locked::NotVerified(Reason::Unsupported(what.to_owned()), None);
    }
    // An identity that is there and not tried may open a stanza that is not named for a tried one; and
    // one that its age file names, whomever the metadata name.
    let (ours, others): (Vec<_>, Vec<_>) = stanzas()
        .filter(|stanza| !stanza.is_broken())
        .partition(|stanza| stanza.is_ours());
    let is_left = !others.is_empty();
    let obstacle = keyring.obstacle(others.into_iter().filter_map(Stanza::locked));
    let obstacle =
        obstacle.or_else(|| keyring.obstacle_of_named(ours.into_iter().filter_map(Stanza::locked)));
    let problems = match obstacle {
        Some(_) => Vec::new(),
        None => problems(&groups, needed, hopeless, metadata),
    };
    let reason = match obstacle {
        Some(Obstacle::NeedsInput(who)) => Reason::NeedsInput(who),
        Some(Obstacle::NotAllowed(what)) => Reason::NotAllowed(what),
        Some(Obstacle::Failed(what)) => Reason::KeyFailed(what),
        Some(Obstacle::Unsupported(what)) => Reason::Unsupported(what),
        None => match keyring.unasked_plugin() {
            Some(what) if is_left => Reason::NotAllowed(what),
            _ => why_none_fits(&groups, needed, keyring),
        },
    };
    let shut = keyring.has_dormant().then(|| still_shut(groups, needed));
    let shut = shut.filter(|shut| !shut.groups.is_empty());
    if problems.is_empty() {
        Locked::NotVerified(reason, shut)
    } else {
        Locked::Failed(problems, shut)
    }
}

/// What is wrong with stanzas that should have opened, in groups that others opened too, or that
/// nothing ever opens.
fn problems(groups: &[Group<'_>], needed: i64, hopeless: bool, metadata: Span) -> Vec<Problem> {
    let faults = groups.iter().flat_map(|group| {
        let is_open = group.opened.is_some();
        group.stanzas.iter().filter_map(move |stanza| {
            // In a group that is open, not all were tried.
            let fits = is_open && stanza.is_ours() && stanza.open().is_some();
            stanza.fault(hopeless && !is_open).filter(|_| !fits)
        })
    });
    let mut problems: Vec<Problem> = faults.collect();
    let exist = groups.len();
    if i64::try_from(exist).is_ok_and(|exist| exist < needed) {
        let kind = MalformedMetadata::Threshold { needed, exist };
        problems.push(about_all(kind, metadata));
    } else if hopeless && problems.is_empty() {
        problems.push(about_all(MalformedMetadata::EmptyGroup, metadata));
    }
    problems
}

/// Why identities that were all tried do not open enough.
fn why_none_fits(groups: &[Group<'_>], needed: i64, keyring: &Keyring) -> Reason {
    let opened = groups.iter().filter(|group| group.opened.is_some()).count();
    let shut = || groups.iter().filter(|group| group.opened.is_none());
    if opened > 0 {
        return Reason::TooFewGroups {
            needed: usize::try_from(needed).unwrap_or(usize::MAX),
            exist: groups.len(),
            opened,
        };
    }
    if shut().all(|group| group.stanzas.is_empty()) {
        let kinds = shut().flat_map(|group| &group.others);
        let kinds: BTreeSet<KeyKind> = kinds.copied().collect();
        return Reason::NeedsOtherKeys(kinds.into_iter().map(KeyKind::name).collect());
    }
    if keyring.is_empty() {
        Reason::NoIdentity
    } else {
        Reason::NotARecipient
    }
}

/// The age files that would have to be opened.
fn still_shut(groups: Vec<Group<'_>>, needed: i64) -> Shut {
    let opened = groups.iter().filter(|group| group.opened.is_some()).count();
    let needed = usize::try_from(needed)
        .unwrap_or(usize::MAX)
        .saturating_sub(opened);
    let shut = groups.into_iter().filter(|group| group.opened.is_none());
    let groups = shut.map(Group::into_locks);
    let groups = groups.filter(|group| !group.is_empty()).collect();
    Shut { needed, groups }
}

impl DataKey {
    fn new(bytes: &[u8], refused: impl Fn(Undecryptable) -> Locked) -> Result<Self, Locked> {
        match bytes.len() {
            32 => {
                let mut key = Secret::new([0; 32]);
                key.expose_mut().copy_from_slice(bytes);
                Ok(Self::of(key))
            }
            // sops would use AES-128 or AES-192; it never writes such keys.
            length @ (16 | 24) => {
                let what = format!("data keys of {length} bytes");
                Err(Locked::NotVerified(Reason::Unsupported(what), None))
            }
            bytes => Err(refused(Undecryptable::DataKeyLength { bytes })),
        }
    }

    /// A new one.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        random::key().map(Self::of)
    }

    /// What each of so many key groups is to hold: a share of it, or all of it where there is one group
    /// only. Without a threshold, or with 0, all groups are needed.
    ///
    /// # Errors
    /// [`Indivisible`].
    pub(crate) fn shares(
        &self,
        groups: usize,
        threshold: Option<i64>,
    ) -> Result<Vec<Secret<Vec<u8>>>, Indivisible> {
        if groups == 1 {
            return Ok(vec![Secret::new(self.expose().to_vec())]);
        }
        let needed = match threshold {
            None | Some(0) => groups,
            // Whatever is no number of groups is refused below.
            Some(needed) => usize::try_from(needed).unwrap_or(usize::MAX),
        };
        shamir::split(self.expose(), groups, needed).map_err(|why| match why {
            shamir::NotSplit::NoRandomness => NoRandomness.into(),
            shamir::NotSplit::Count => Indivisible::Threshold {
                groups,
                needed: threshold.unwrap_or(0),
            },
        })
    }

    /// What the key group of this number, from 0, held a share of when the key was opened; none where it
    /// was not opened, or there are no groups.
    pub(crate) fn share(&self, group: usize) -> Option<&[u8]> {
        let share = self.shares.get(group)?.as_ref()?;
        Some(share.expose())
    }

    /// The key itself.
    pub(super) fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }

    fn of(key: Secret<[u8; 32]>) -> Self {
        let shares = Vec::new();
        Self { key, shares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_key_is_shared_out_as_the_threshold_says() {
        let key = DataKey::generate().unwrap();
        let whole = key.shares(1, None).unwrap();
        assert!(matches!(whole.as_slice(), [whole] if whole.expose() == key.expose()));
        for (threshold, needed) in [(None, 3), (Some(0), 3), (Some(2), 2), (Some(3), 3)] {
            let shares = key.shares(3, threshold).unwrap();
            let shares: Vec<&[u8]> = shares.iter().map(|it| it.expose().as_slice()).collect();
            let of = |count| shamir::combine(&shares[..count]).unwrap();
            assert_eq!(of(needed).expose(), key.expose(), "{threshold:?}");
            assert_eq!(needed == 2, of(2).expose() == key.expose(), "{threshold:?}");
        }
        for threshold in [-1, 1, 4] {
            let refused = key.shares(3, Some(threshold)).err();
            let (groups, needed) = (3, threshold);
            assert_eq!(refused, Some(Indivisible::Threshold { groups, needed }));
        }
    }
}
