//! Whether a recipient can go: whoever remains has to have proved that she opens the files, since she was added;
//! and no machine may depend on the key that goes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use super::super::super::Error;
use super::super::super::rewriting::Survey;
use super::naming::Meant;
use crate::config::{Day, Trusted, names_machine};
use crate::repo::Reach;
use crate::rules::ConfigFile;
use crate::sops::KeyKind;

/// What is known of the recipients before the change.
pub(super) struct Standing {
    /// Places of the key that goes which are machines and have no other key.
    machines: Vec<String>,
    /// The day on which each key came into a rule, by the key as rules spell it; of those of which it is known.
    added: BTreeMap<String, String>,
    name: String,
}

/// The most bytes of an old `.sops.yaml`.
const MAX_LEN: usize = 1 << 20;

impl Standing {
    /// Looks at the policy and at the history of the rules.
    pub(super) fn of(survey: &Survey<'_>, meant: &Meant, now: Option<SystemTime>) -> Self {
        let today = now.map(|now| Day::of(now).to_string());
        let mut added = BTreeMap::new();
        for config in &survey.configs {
            let Ok(read) = &config.read else { continue };
            let keys = read
                .rules
                .iter()
                .flat_map(|rule| rule.groups.iter().flatten());
            let keys = keys.filter(|key| key.names.kind == KeyKind::Age);
            let keys: BTreeSet<&str> = keys.map(|key| key.names.spelled.as_str()).collect();
            for (key, day) in days(survey, config, &keys, today.as_deref()) {
                let known: &mut String = added.entry(key).or_default();
                if *known < day {
                    *known = day;
                }
            }
        }
        Self {
            machines: machines(survey, meant),
            added,
            name: meant.called().to_owned(),
        }
    }

    /// Refuses what comes too early; `survey` sees the rules as they will be.
    ///
    /// # Errors
    /// [`Error::NotYet`].
    pub(super) fn refuse_early(
        &self,
        survey: &Survey<'_>,
        could_read: &BTreeSet<PathBuf>,
        without_proof: bool,
    ) -> Result<(), Error> {
        if let Some(machine) = self.machines.first() {
            return Err(Error::NotYet {
                reason: format!(
                    "`{machine}` holds the key of `{}`, and no other that is listed",
                    self.name
                ),
                help: format!(
                    "put another key beside it there, prove it, and say so in that recipient's `held-by`; or strike \
                     `{machine}` out where the policy lists `{}`",
                    self.name
                ),
            });
        }
        if without_proof {
            return Ok(());
        }
        let unproven = self.unproven(survey, could_read);
        if unproven.is_empty() {
            return Ok(());
        }
        Err(Error::NotYet {
            reason: format!(
                "nobody has proved since they were added that these recipients, who remain, open the files: {}",
                unproven.join(", ")
            ),
            help: "let each of them run `sopsguard escrow verify --identity FILE --record`; or say `--without-proof`"
                .to_owned(),
        })
    }

    /// The recipients that remain and have no proof that is as young as their addition.
    fn unproven(&self, survey: &Survey<'_>, could_read: &BTreeSet<PathBuf>) -> Vec<String> {
        let mut unproven = BTreeMap::new();
        let following = survey.following();
        let following = following.filter(|follows| could_read.contains(&follows.file.path));
        for key in following.flat_map(|follows| follows.rule.groups.iter().flatten()) {
            if key.names.kind != KeyKind::Age {
                continue;
            }
            let listed = survey.world.policy.recipient(&key.names.canonical);
            let proved = listed.and_then(|listed| listed.proved);
            let proved = proved.map(|day| day.to_string());
            let added = self.added.get(&key.names.spelled);
            let why = match (proved, added) {
                (None, _) => "never proved".to_owned(),
                (Some(proved), Some(added)) if proved < *added => {
                    format!("proved {proved}, added {added}")
                }
                (Some(_), _) => continue,
            };
            let name = listed.map_or(key.names.shown.as_str(), |listed| listed.name.as_str());
            unproven.insert(key.names.canonical.clone(), format!("`{name}` ({why})"));
        }
        unproven.into_values().collect()
    }
}

/// The machines that hold the key and no other one.
fn machines(survey: &Survey<'_>, meant: &Meant) -> Vec<String> {
    let policy = survey.world.policy;
    let Some(listed) = policy.recipient(&meant.canonical) else {
        return Vec::new();
    };
    let is_other = |other: &&Trusted| other.key.canonical != meant.canonical;
    let others: Vec<&Trusted> = policy.recipients().filter(is_other).collect();
    let is_alone = |place: &&String| {
        let mut holders = others.iter();
        names_machine(place) && !holders.any(|other| other.held_by.contains(place))
    };
    listed.held_by.iter().filter(is_alone).cloned().collect()
}

/// The day on which each of these keys came into a configuration, as far as git knows it.
fn days(
    survey: &Survey<'_>,
    config: &ConfigFile,
    keys: &BTreeSet<&str>,
    today: Option<&str>,
) -> Vec<(String, String)> {
    let Some(bases) = survey.world.bases else {
        return Vec::new();
    };
    let Some(inside) = bases.inside(&config.path) else {
        return Vec::new();
    };
    let mut commits = bases.commits();
    let Ok(head) = commits.head() else {
        return Vec::new();
    };
    let histories = commits.histories(head, &[&inside], Reach::of(None));
    let versions = histories.ok().and_then(|all| all.files.into_iter().next());
    let versions = versions.unwrap_or_default();
    let mut open: BTreeMap<&str, Option<String>> = keys
        .iter()
        .map(|key| (*key, today.map(str::to_owned)))
        .collect();
    let mut days = Vec::new();
    for version in versions {
        let text = version.blob.as_ref();
        let text = text.and_then(|blob| bases.blobs.read(blob, MAX_LEN).ok());
        let text = text.unwrap_or_default();
        let date = commits.author(version.commit).ok();
        let date = date.map(|author| author.date.to_string());
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = open
            .into_iter()
            .partition(|(key, _)| memchr::memmem::find(&text, key.as_bytes()).is_some());
        days.extend(gone);
        open = kept.into_keys().map(|key| (key, date.clone())).collect();
    }
    days.extend(open);
    let known = days.into_iter();
    known
        .filter_map(|(key, day)| Some((key.to_owned(), day?)))
        .collect()
}
