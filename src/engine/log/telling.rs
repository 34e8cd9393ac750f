//! From the contents of a file to what each change of it did.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::LogEntry;
use super::file::Item;
use crate::change::{Change, Mark};
use crate::document::Format;
use crate::engine::{Error, guess, map_all};
use crate::history::{Content, Named, Step, Verdict, Verified, Verifier};
use crate::keys::{Keyring, Shut};
use crate::repo::{Blobs, Commits};
use crate::sops::{DataKeyId, DataKeys, Reason, Verification};

/// How versions are read and compared.
pub(super) struct Search<'r> {
    blobs: &'r Blobs<'r>,
    keys: DataKeys,
    input_type: Option<Format>,
    jobs: Option<NonZeroUsize>,
}

/// What is to be said of one change.
pub(super) struct Telling {
    step: Step,
    /// None where there is no file.
    verdict: Option<Verdict>,
    mac: Option<Mark>,
    selectors: Option<Selectors>,
    /// The place of the older change that brought the MAC.
    mac_from: Option<usize>,
    /// Whether the values are not those that the MAC was brought with.
    has_stale_mac: bool,
    /// Whether its verdict could answer a guess about the version that brought the MAC.
    may_be_guess: bool,
}

/// What tells selectors from others.
type Selectors = (Mark, bool);

impl<'r> Search<'r> {
    pub(super) fn new(
        blobs: &'r Blobs<'r>,
        input_type: Option<Format>,
        jobs: Option<NonZeroUsize>,
    ) -> Self {
        Self {
            blobs,
            keys: DataKeys::default(),
            input_type,
            jobs,
        }
    }

    /// Tells what each change did, with the identities that cost nothing.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn tell(&self, items: &[Item], keyring: &Keyring) -> Result<Vec<Telling>, Error> {
        let verifier = self.verifier(keyring);
        let read = |named: &Named| verifier.read(named);
        let mut told = map_all(items, self.jobs, |item| Telling::of(item, &read))?;
        find_origins(items, &mut told, &read);
        Ok(told)
    }

    /// What is shut of the versions whose verdict may be another once more identities are woken: of the
    /// first `most`.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn shut(
        &self,
        items: &[Item],
        told: &[Telling],
        most: usize,
        keyring: &Keyring,
    ) -> Result<Vec<Shut>, Error> {
        let is_shut = |told: &Telling| told.verdict.as_ref().is_some_and(|it| it.is_shut);
        let items = items.iter().zip(told).take(most);
        let items = items.filter(|(_, told)| is_shut(told));
        let named: Vec<&Named> = items.filter_map(|(item, _)| item.now.as_ref()).collect();
        let verifier = self.verifier(keyring);
        let shut = map_all(&named, self.jobs, |named| verifier.shut(named))?;
        Ok(shut.into_iter().flatten().collect())
    }

    fn verifier<'v>(
        &'v self,
        keyring: &'v Keyring,
    ) -> Verifier<'v, impl Fn(&Path, &[u8]) -> Format + 'v> {
        let format = |path: &Path, bytes: &[u8]| {
            self.input_type.unwrap_or_else(|| {
                let named = Format::of_path(path);
                guess::untold(named, bytes).unwrap_or(named)
            })
        };
        Verifier::new(self.blobs, keyring, &self.keys, format)
    }
}

impl Telling {
    fn of(item: &Item, read: &impl Fn(&Named) -> Arc<Verified>) -> Self {
        let now = item.now.as_ref().map(read);
        let before: Vec<Option<Arc<Verified>>> = item
            .before
            .iter()
            .map(|named| named.as_ref().map(read))
            .collect();
        let mut step = step(item, now.as_deref(), &before);
        let base = before.get(step.side.map_or(0, |side| side - 1));
        let base = base.and_then(Option::as_ref);
        let key = |verified: &Arc<Verified>| verified.verdict.key;
        if let (Some(was), Some(is)) = (base.and_then(key), now.as_ref().and_then(key)) {
            step.with_data_keys(was == is);
        }
        let version = now.as_ref().and_then(|now| now.version());
        Self {
            step,
            mac: version.and_then(crate::change::Version::mac),
            selectors: version.and_then(crate::change::Version::selectors),
            verdict: now.as_ref().map(|now| now.verdict.clone()),
            mac_from: None,
            has_stale_mac: false,
            may_be_guess: false,
        }
    }
}

fn step(item: &Item, now: Option<&Verified>, before: &[Option<Arc<Verified>>]) -> Step {
    if item.is_cut && now.is_some() {
        return Step::not_compared("shallow-clone");
    }
    let is_same = |named: &Option<Named>| match (named, &item.now) {
        (Some(was), Some(is)) => was.place == is.place,
        _ => false,
    };
    if item.before.iter().any(is_same) {
        return Step::untouched();
    }
    let before: Vec<Content<'_>> = before
        .iter()
        .map(|verified| content(verified.as_deref()))
        .collect();
    Step::between(&before, content(now))
}

fn content(verified: Option<&Verified>) -> Content<'_> {
    verified.map_or(Content::Absent, Verified::content)
}

/// Finds the changes that have a MAC which an older one had brought, and compares them with that.
fn find_origins(items: &[Item], told: &mut [Telling], read: &impl Fn(&Named) -> Arc<Verified>) {
    let mut brought: HashMap<Mark, usize> = HashMap::new();
    for at in (0..told.len()).rev() {
        let Some(telling) = told.get_mut(at) else {
            continue;
        };
        let Some(mac) = telling.mac else {
            continue;
        };
        let older = *brought.entry(mac).or_insert(at);
        if older == at {
            continue;
        }
        let named = |at: usize| items.get(at).and_then(|item| item.now.as_ref());
        let (Some(was), Some(is)) = (named(older).map(read), named(at).map(read)) else {
            continue;
        };
        if let (Some(was), Some(is)) = (was.version(), is.version()) {
            telling.has_stale_mac = telling.step.with_origin(was, is);
            telling.mac_from = Some(older);
            telling.may_be_guess = Change::between(was, is).may_be_guess();
        }
    }
}

/// Corrects verdicts by what is known of all versions.
///
/// A version is not opened whose selectors are not those that an older one with the same data key has:
/// who loosens a selector and puts a guess where a token stood learns from the verdict whether it is
/// right; or puts it under a key that no selector picks. And SSH keys are looked for when a version asks for one, before which there may have been none.
pub(super) fn settle(told: &mut [Telling], keyring: &Keyring, trust_changes: bool) {
    let mut selectors: HashMap<DataKeyId, Option<Selectors>> = HashMap::new();
    for telling in told.iter_mut().rev() {
        let Some(verdict) = &mut telling.verdict else {
            continue;
        };
        let has_others =
            |key| *selectors.entry(key).or_insert(telling.selectors) != telling.selectors;
        if !trust_changes && (telling.may_be_guess || verdict.key.is_some_and(has_others)) {
            verdict.verification = Verification::NotVerified(Reason::SelectorsChanged);
        }
        let early = Verification::NotVerified(Reason::NoIdentity);
        if verdict.verification == early && !keyring.is_empty() {
            verdict.verification = Verification::NotVerified(Reason::NotARecipient);
        }
        match verdict.verification {
            Verification::Verified => {
                telling.step.with_verdict(true);
                telling.has_stale_mac = false;
            }
            Verification::Failed if verdict.key.is_some() => telling.step.with_verdict(false),
            _ => {}
        }
    }
}

/// The first entries of the log, at most so many.
///
/// # Errors
/// [`Error::Git`] where a commit cannot be read.
pub(super) fn entries(
    items: Vec<Item>,
    told: Vec<Telling>,
    most: usize,
    commits: &mut Commits<'_>,
) -> Result<Vec<LogEntry>, Error> {
    let names: Vec<String> = items.iter().map(|item| item.at.id().to_owned()).collect();
    let mut entries = Vec::new();
    for (item, telling) in items.into_iter().zip(told).take(most) {
        let author = match item.commit {
            Some(commit) => Some(commits.author(commit)?),
            None => None,
        };
        entries.push(LogEntry {
            at: item.at,
            date: author.as_ref().map(|author| author.date.to_string()),
            author: author.map(|author| author.name),
            path: item.path,
            renamed_from: item.renamed_from,
            parents: item.before.len(),
            step: telling.step,
            verification: telling.verdict.map(|verdict| verdict.verification),
            has_stale_mac: telling.has_stale_mac,
            mac_from: telling.mac_from.and_then(|at| names.get(at).cloned()),
        });
    }
    Ok(entries)
}
