//! Whether a recipient can go: whoever remains has to have proved that she opens the files, since she was added;
//! and no machine may depend on the key that goes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use super::super::super::Error;
use super::super::super::rewriting::Survey;
use super::additions::Additions;
use super::naming::Meant;
use crate::config::{Day, Trusted, names_machine};
use crate::sops::KeyKind;

/// What is known of the recipients before the change.
pub(super) struct Standing {
    /// Places of the key that goes which are machines and have no other key.
    machines: Vec<String>,
    today: Day,
    additions: Additions,
    name: String,
}

impl Standing {
    /// Looks at the policy and at the history of the rules.
    pub(super) fn of(survey: &Survey<'_>, meant: &Meant, now: Option<SystemTime>) -> Self {
        // Where nobody knows the time no file is written either.
        let today = Day::of(now.unwrap_or(SystemTime::UNIX_EPOCH));
        Self {
            machines: machines(survey, meant),
            today,
            additions: Additions::of(survey, today),
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
            let listed = survey.world.policy.listed(&key.names.canonical);
            let added = self.additions.day(&key.names.canonical);
            if listed.is_some_and(|listed| listed.is_proved(self.today, added, None)) {
                continue;
            }
            let proved = listed.and_then(|listed| listed.proved);
            let why = match (proved, added) {
                (None, _) => "never proved".to_owned(),
                (Some(proved), Some(added)) if proved < added => {
                    format!("proved {proved}, added {added}")
                }
                (Some(proved), _) => format!("proved {proved}, which is still to come"),
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
