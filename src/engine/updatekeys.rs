//! `updatekeys`: files get the keys that their creation rules name.

use std::path::Path;

use super::recipients::{Keyholder, Names};
use super::rewriting::{
    Amendment, ChangeOptions, ChangePlan, FileChange, Follower, Keys, Opened, Refused, Rewritten,
    Stop, Survey, Task, rewrite,
};
use super::surroundings::Start;
use super::{Error, Request};
use crate::finding::Help;
use crate::keys::{LockError, Recipient};
use crate::rewrite::rekey::{self, Plan, Wanted};
use crate::rules::Follows;
use crate::sops::{self, KeyKind, KeyNames, Opener};

/// What `updatekeys` is asked to do.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct UpdateKeys<'a> {
    /// Which files, with which identities.
    pub request: Request<'a>,
    /// What is allowed.
    pub options: ChangeOptions,
    /// Whether files get the threshold of their rule, too, which `sops updatekeys` leaves alone.
    pub apply_threshold: bool,
    /// Whether only to compare. It takes no key, and the plan cannot be carried out.
    pub only_compare: bool,
    /// Whether the installed sops does what it alone can, on copies of the files.
    pub with_sops: bool,
}

impl<'a> UpdateKeys<'a> {
    /// A request to let all files follow their rules.
    #[must_use]
    pub fn new(request: Request<'a>) -> Self {
        Self {
            request,
            options: ChangeOptions::default(),
            apply_threshold: false,
            only_compare: false,
            with_sops: false,
        }
    }
}

/// Plans to let files follow the creation rules that govern them, as `sops updatekeys` would, of which
/// [`recipient-drift`](super::catalogue()) tells.
///
/// # Errors
/// Those of [`check`](super::check()); [`Error::Interrupted`] where a change was interrupted before.
pub fn update_keys(asked: UpdateKeys<'_>) -> Result<ChangePlan, Error> {
    let UpdateKeys {
        mut request,
        options,
        apply_threshold,
        only_compare,
        with_sops,
    } = asked;
    let start = Start::of_audit(&request);
    start.run(|world, _| {
        let survey = match only_compare {
            true => Survey::take(&mut request, world)?,
            false => Survey::to_write(&mut request, world)?,
        };
        let mut update = Update::find(&survey, apply_threshold);
        let mut plan = match only_compare {
            true => ChangePlan::to_compare(COMMAND, &survey, update.compared().collect()),
            false => {
                let mut keys = Keys::of(request)?;
                let mut draft = rewrite(&update.tasks, &mut keys, options, |task, opened| {
                    rekeyed(task, opened, true)
                })?;
                match with_sops {
                    true => draft.by_sops(&update.tasks, &survey, &keys, options),
                    false => draft.name_sops(),
                }
                draft.prove(COMMAND, &survey, &mut keys)?
            }
        };
        plan.unchanged = update.unchanged;
        plan.notices.extend(update.notices());
        plan.refuse(std::mem::take(&mut update.refused));
        plan.tell_unproved(update.compared());
        Ok(plan)
    })
}

/// The command.
const COMMAND: &str = "updatekeys";

/// A file that does not follow its rule.
pub(super) struct Strayed<'s> {
    follows: Follows<'s>,
    amendments: Vec<Amendment>,
    /// How many key groups are to be needed, where the file is to follow its rule in that, too.
    threshold: Option<i64>,
}

impl Strayed<'_> {
    /// What would change in the file, as far as its metadata tell.
    pub(super) fn compared(&self, path: &Path) -> FileChange {
        let mut amendments = self.amendments.clone();
        if self.needs_sops() {
            let told = "takes `--with-sops`: only sops encrypts to keys that are not age's";
            amendments.push(Amendment::Other(told.to_owned()));
        }
        FileChange {
            path: path.to_owned(),
            amendments,
            diff: Vec::new(),
        }
    }

    /// Whether it is certain without a key that something is encrypted to a key that is not age's: such a
    /// key is new, or it gets another share as every key does.
    fn needs_sops(&self) -> bool {
        let (file, rule) = (&self.follows.file.groups, &self.follows.rule.groups);
        let shares_change = file.len() != rule.len() || self.threshold.is_some();
        let drift = self.follows.key_drift();
        let is_foreign = |kind: KeyKind| kind != KeyKind::Age;
        let mut all = rule.iter().flatten();
        let mut missing = drift.missing.iter();
        missing.any(|key| is_foreign(key.names.kind))
            || shares_change && all.any(|key| is_foreign(key.names.kind))
    }
}

impl Follower for Strayed<'_> {
    fn follows(&self) -> &Follows<'_> {
        &self.follows
    }

    fn amendments(&self) -> &[Amendment] {
        &self.amendments
    }

    fn has_threshold(&self) -> bool {
        self.threshold.is_some()
    }
}

impl Strayed<'_> {
    /// The recipients of age that the rule names.
    pub(super) fn recipients(&self) -> impl Iterator<Item = Recipient> {
        let keys = self.follows.rule.groups.iter().flatten();
        let of_age = keys.filter(|key| key.names.kind == KeyKind::Age);
        of_age.map(|key| Recipient::parse(&key.names.spelled))
    }
}

/// What is to be done.
struct Update<'s> {
    tasks: Vec<Task<'s, Strayed<'s>>>,
    refused: Vec<Refused>,
    unchanged: usize,
    /// The files that no rule governs, and those of which it cannot be said.
    ungoverned: usize,
    open: usize,
}

impl<'s> Update<'s> {
    /// Finds the files that do not follow their rules.
    fn find(survey: &'s Survey<'_>, apply_threshold: bool) -> Self {
        let files = survey.following().map(|follows| &follows.file.path);
        let places: Vec<_> = files.filter_map(|path| survey.place(path)).collect();
        let world = survey.world;
        let root = world.ground().root;
        let names = Names::of(world.policy, &root, places.iter().map(AsRef::as_ref));
        let mut update = Self {
            tasks: Vec::new(),
            refused: survey.unread_configs(),
            unchanged: 0,
            ungoverned: 0,
            open: 0,
        };
        let mut governed = 0;
        for follows in survey.following() {
            if !survey.is_named(&follows.file.path) {
                continue;
            }
            governed += 1;
            let drift = follows.key_drift();
            update.open += usize::from(drift.is_open && !drift.is_some());
            let threshold = apply_threshold.then(|| threshold(&follows)).flatten();
            if !drift.is_some() && threshold.is_none() {
                update.unchanged += 1;
                continue;
            }
            match task(survey, &names, follows, threshold) {
                Ok(task) => update.tasks.push(task),
                Err(refused) => update.refused.push(refused),
            }
        }
        let files = survey.files.iter();
        let named = files.filter(|file| survey.is_named(&file.path)).count();
        update.ungoverned = named - governed;
        update
    }

    /// The changes as far as the metadata tell them.
    fn compared(&self) -> impl Iterator<Item = FileChange> {
        let tasks = self.tasks.iter();
        tasks.map(|task| task.what.compared(&task.facts.path))
    }

    /// What there is to say of files that were left alone.
    fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        let files = |count| match count {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        if self.ungoverned > 0 {
            let files = files(self.ungoverned);
            notices.push(format!("no creation rule governs {files}: left alone"));
        }
        if self.open > 0 {
            let files = files(self.open);
            notices.push(format!(
                "whether {files} follow their rule cannot be said: it names an Azure key without its version"
            ));
        }
        notices
    }
}

/// How many key groups the file needs and how many it is to need by its rule, where that is another number.
fn threshold(follows: &Follows<'_>) -> Option<(usize, usize)> {
    let by_rule = follows.rule.groups_needed();
    let (has, gets) = (follows.file.groups.len(), follows.rule.groups.len());
    // Files that get groups, or others, need all of them unless it is said.
    let kept = if has == gets {
        follows.file.groups_needed
    } else {
        gets
    };
    (gets > 1 && kept != by_rule).then_some((follows.file.groups_needed, by_rule))
}

/// What is to be done with a file that does not follow its rule.
pub(super) fn task<'s>(
    survey: &Survey<'_>,
    names: &Names,
    follows: Follows<'s>,
    threshold: Option<(usize, usize)>,
) -> Result<Task<'s, Strayed<'s>>, Refused> {
    let path = &follows.file.path;
    let refuse = |reason: String| Refused::new(path.clone(), reason);
    if follows.rule.groups.iter().all(Vec::is_empty) {
        return Err(refuse(format!("{} names no key", follows.told())));
    }
    if let Some(first) = follows.rule_first() {
        let reason = format!("{} would need several keys together", follows.told());
        return Err(refuse(reason).helped(Help::new(first).then("sopsguard audit")));
    }
    let place = survey.place_to_write(path)?;
    let amendments = amendments(&follows, names, &place, threshold);
    Ok(Task {
        facts: follows.file,
        place,
        what: Strayed {
            follows,
            amendments,
            threshold: threshold.and_then(|(_, rule)| i64::try_from(rule).ok()),
        },
    })
}

/// What would change in the file, which lies at `place`.
fn amendments(
    follows: &Follows<'_>,
    names: &Names,
    place: &Path,
    threshold: Option<(usize, usize)>,
) -> Vec<Amendment> {
    let drift = follows.key_drift();
    let holder = |kind: String, canonical: &str, shown: &str| -> Keyholder {
        let opener = Opener {
            kind,
            name: shown.to_owned(),
            group: 1,
        };
        names.holder(canonical, &opener, place)
    };
    let (file, rule) = (&follows.file.groups, &follows.rule.groups);
    let has_groups = file.len().max(rule.len()) > 1;
    let group = |at: Option<usize>| at.map(|at| at + 1).filter(|_| has_groups);
    let added = drift.missing.iter().map(|key| {
        let KeyNames {
            canonical, shown, ..
        } = &key.names;
        let at = rule
            .iter()
            .position(|group| group.iter().any(|of| std::ptr::eq(of, *key)));
        Amendment::Adds(
            holder(sops::kind_of(key.names.kind, shown), canonical, shown),
            group(at),
        )
    });
    let removed = drift.extra.iter().map(|key| {
        let at = file
            .iter()
            .position(|group| group.iter().any(|of| std::ptr::eq(of, *key)));
        let kind = sops::kind_of(key.kind, &key.shown);
        Amendment::Removes(holder(kind, &key.canonical, &key.shown), group(at))
    });
    let lowered = drift.threshold.and_then(|(from, to)| {
        let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
        Some(Amendment::Threshold { from, to })
    });
    let applied = threshold.map(|(from, to)| Amendment::Threshold { from, to });
    added.chain(removed).chain(lowered).chain(applied).collect()
}

/// The file with the keys of its rule. One that is `is_final` is read again at once.
pub(super) fn rekeyed(
    task: &Task<'_, Strayed<'_>>,
    opened: &Opened<'_>,
    is_final: bool,
) -> Result<Rewritten, Box<Stop>> {
    let Strayed {
        follows,
        amendments,
        threshold,
    } = &task.what;
    let wanted = Wanted {
        threshold: *threshold,
        ..Wanted::by_rule(&follows.rule.groups)
    };
    let path = &task.facts.path;
    let refused = |refusal: rekey::Refusal| refused(path, &refusal);
    let plan = Plan::new(opened.document, opened.file, &wanted).map_err(refused)?;
    let wrapped = opened.wrapped_for(plan.locks(opened.key))?;
    let written = plan.write(opened.key, wrapped, |new| {
        is_final.then(|| opened.read_again(new)).flatten()
    });
    let (text, reading) = written.map_err(refused)?;
    Ok(Rewritten {
        text,
        amendments: amendments.clone(),
        reading,
    })
}

/// Why a file does not get its keys.
fn refused(path: &Path, refusal: &rekey::Refusal) -> Refused {
    let refused = Refused::new(path.to_owned(), refusal.to_string());
    match refusal {
        rekey::Refusal::NeedsSops { .. }
        | rekey::Refusal::Unusual(_)
        // Such as an RSA key of more than 4,096 bits.
        | rekey::Refusal::Recipient {
            why: LockError::Unsupported(_),
            ..
        } => refused.for_sops(),
        _ => refused,
    }
}
