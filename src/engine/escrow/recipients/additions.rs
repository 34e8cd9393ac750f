//! Since when the rules name their keys, by git's history of each `.sops.yaml`.
//!
//! A key can be named by one rule for years and by another since yesterday: what it was proved to open before, it was
//! not proved to open now. So each rule counts by itself; it is known again by what its `path_regex` says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::super::super::bases::Bases;
use super::super::super::rewriting::Survey;
use crate::config::Day;
use crate::config::creation::SopsConfig;
use crate::repo::{BlobId, End, Reach, Version};
use crate::rules::ConfigFile;
use crate::sops::KeyKind;
use crate::source::{Source, SourceId};

/// The day on which a rule began last to name a key.
pub(super) struct Additions {
    /// By the names by which keys are compared; of those of which it is known.
    days: BTreeMap<String, Day>,
}

/// That a rule names a key: what its `path_regex` says, and the name by which the key is compared.
type Naming = (Option<String>, String);

/// The most bytes of an old `.sops.yaml`.
const MAX_LEN: usize = 1 << 20;

/// How many commits are looked at.
const REACH: Reach = Reach {
    commits: 20_000,
    first_parents: false,
};

impl Additions {
    /// Looks at all rules that there are.
    pub(super) fn of(survey: &Survey<'_>, today: Day) -> Self {
        let mut days: BTreeMap<String, Day> = BTreeMap::new();
        let configs = survey.configs.iter();
        for ((_, key), day) in configs.flat_map(|config| of_config(survey, config, today)) {
            let latest = days.entry(key).or_insert(day);
            *latest = day.max(*latest);
        }
        Self { days }
    }

    /// The day on which the last rule began to name a key; none where that is not known.
    pub(super) fn day(&self, canonical: &str) -> Option<Day> {
        self.days.get(canonical).copied()
    }
}

/// When the rules of one configuration began to name their keys, as far as git knows it.
fn of_config(survey: &Survey<'_>, config: &ConfigFile, today: Day) -> Vec<(Naming, Day)> {
    let Some(bases) = survey.world.bases else {
        return Vec::new();
    };
    let Ok(read) = &config.read else {
        return Vec::new();
    };
    // Of a link the history is that of what it leads to.
    let place = survey.place(&config.path);
    let inside = bases.inside(place.as_deref().unwrap_or(&config.path));
    let Some(inside) = inside else {
        return Vec::new();
    };
    let mut commits = bases.commits();
    let Ok(head) = commits.head() else {
        return Vec::new();
    };
    let Ok(mut histories) = commits.histories(head, &[&inside], REACH) else {
        return Vec::new();
    };
    let versions = histories.files.pop().unwrap_or_default();
    let mut past = Past::new(bases, read);
    let mut days: BTreeMap<Naming, Day> = BTreeMap::new();
    for version in &versions {
        let moment = commits.moment(version.commit);
        // Of a day to come no proof could be.
        let day = moment.map_or(today, |moment| Day::of(moment).min(today));
        for naming in past.began(version) {
            let latest = days.entry(naming).or_insert(day);
            *latest = day.max(*latest);
        }
    }
    let now = versions
        .first()
        .map(|version| past.names(version.blob.as_ref()));
    let first = versions
        .last()
        .and_then(|version| commits.moment(version.commit).ok());
    let since = |naming: &Naming| match &now {
        Some(now) if now.contains(naming) => {
            let earlier = || first.map(|moment| Day::of(moment).min(today));
            days.get(naming).copied().or_else(earlier)
        }
        // It is not committed yet.
        Some(_) => Some(today),
        // Nor is the file; or what there was is further back than was looked.
        None => (histories.end == End::Complete).then_some(today),
    };
    let namings = past.wanted.keys();
    let known = namings.filter_map(|naming| Some((naming.clone(), since(naming)?)));
    known.collect()
}

/// The versions of one configuration.
struct Past<'p> {
    bases: &'p Bases<'p>,
    /// What its rules name now, with the keys as they are spelled.
    wanted: BTreeMap<Naming, String>,
    known: HashMap<BlobId, Rc<BTreeSet<Naming>>>,
}

impl<'p> Past<'p> {
    fn new(bases: &'p Bases<'p>, read: &SopsConfig) -> Self {
        Self {
            bases,
            wanted: namings(read),
            known: HashMap::new(),
        }
    }

    /// What a commit had rules name that none of its parents did.
    fn began(&mut self, version: &Version) -> Vec<Naming> {
        let now = self.names(version.blob.as_ref());
        let before = version.before.iter();
        let before: Vec<_> = before.map(|blob| self.names(blob.as_ref())).collect();
        let is_new = |naming: &&Naming| !before.iter().any(|before| before.contains(*naming));
        now.iter().filter(is_new).cloned().collect()
    }

    /// What the rules of a version name of what they name now.
    fn names(&mut self, blob: Option<&BlobId>) -> Rc<BTreeSet<Naming>> {
        let Some(blob) = blob else {
            return Rc::default();
        };
        if let Some(known) = self.known.get(blob) {
            return Rc::clone(known);
        }
        let bytes = self.bases.blobs.read(blob, MAX_LEN).unwrap_or_default();
        let id = SourceId::Stdin(".sops.yaml".into());
        let source = Source::decode(id, bytes.clone()).ok();
        let read = source.and_then(|source| SopsConfig::read(&source).ok());
        let names: BTreeSet<Naming> = match read {
            Some(read) => {
                let then = namings(&read).into_keys();
                then.filter(|naming| self.wanted.contains_key(naming))
                    .collect()
            }
            // What sops would not have read, such as one with a conflict, is judged by its text.
            None => {
                let stands = |key: &str| memchr::memmem::find(&bytes, key.as_bytes()).is_some();
                let wanted = self.wanted.iter().filter(|(_, key)| stands(key));
                wanted.map(|(naming, _)| naming.clone()).collect()
            }
        };
        let names = Rc::new(names);
        self.known.insert(blob.clone(), Rc::clone(&names));
        names
    }
}

/// The recipients of age that rules name.
fn namings(read: &SopsConfig) -> BTreeMap<Naming, String> {
    let rules = read.rules.iter();
    let all = rules.flat_map(|rule| {
        let regex = rule.path_regex.as_ref().map(|regex| regex.text.clone());
        let keys = rule.groups.iter().flatten();
        let keys = keys.filter(|key| key.names.kind == KeyKind::Age);
        keys.map(move |key| {
            let naming = (regex.clone(), key.names.canonical.clone());
            (naming, key.names.spelled.clone())
        })
    });
    all.collect()
}
