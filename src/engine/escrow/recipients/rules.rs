//! The `.sops.yaml` with the change made, and the files that follow it then.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::super::Error;
use super::super::super::configs::config_file;
use super::super::super::recipients::Names;
use super::super::super::rewriting::{
    Amendment, ChangeOptions, Draft, FileChange, Plain, Refused, Survey, Task,
};
use super::super::super::updatekeys::{Strayed, task};
use super::choosing::Chosen;
use super::naming::Meant;
use super::refused;
use crate::config::creation::CreationRule;
use crate::paths;
use crate::rewrite::creation::{Edited, Refusal};
use crate::rules::{ConfigFile, Follows};
use crate::source::Source;

/// A configuration that is edited.
pub(super) struct EditedConfig {
    /// Its number.
    config: usize,
    /// The rules that were chosen.
    rules: Vec<usize>,
    path: PathBuf,
    place: PathBuf,
    old: Vec<u8>,
    new: String,
    /// Whether another one is the same file, and is written for both.
    is_again: bool,
}

/// Edits the chosen rules of each configuration. Those that are one file, by links, are edited as one.
///
/// # Errors
/// [`Error::Recipients`] where one cannot be edited so.
pub(super) fn edit(
    survey: &Survey<'_>,
    chosen: Vec<Chosen>,
    edit: impl Fn(&Source, &[usize]) -> Result<Edited, Refusal>,
) -> Result<Vec<EditedConfig>, Error> {
    let place_of = |file: &ConfigFile| {
        let place = survey.place(&file.path);
        place.unwrap_or_else(|| paths::absolute(survey.world.here, &file.path))
    };
    let mut by_place: BTreeMap<PathBuf, BTreeSet<usize>> = BTreeMap::new();
    for Chosen { config, rules } in chosen {
        if let Some(file) = survey.configs.get(config) {
            by_place.entry(place_of(file)).or_default().extend(rules);
        }
    }
    let mut edited = Vec::new();
    for (place, rules) in by_place {
        let same = survey.configs.iter().enumerate();
        let mut same: Vec<_> = same.filter(|(_, file)| place_of(file) == place).collect();
        // The file itself first, then links that lead to it.
        same.sort_by_key(|(_, file)| !place.ends_with(&file.path));
        let rules: Vec<usize> = rules.into_iter().collect();
        for (at, (config, file)) in same.into_iter().enumerate() {
            let new = edit(&file.source, &rules).map_err(|refusal| {
                let reason = format!("`{}`: {refusal}", file.path.display());
                refused(reason, refusal.help())
            })?;
            edited.push(EditedConfig {
                config,
                rules: rules.clone(),
                path: file.path.clone(),
                place: place.clone(),
                old: file.source.bytes().to_vec(),
                new: new.text,
                is_again: at > 0,
            });
        }
    }
    edited.sort_by_key(|one| one.config);
    Ok(edited)
}

impl EditedConfig {
    pub(super) fn is_changed(&self) -> bool {
        self.old != self.new.as_bytes()
    }

    /// The chosen rules, with their numbers from 0 and the path of the configuration.
    pub(super) fn rules_in<'s>(
        &'s self,
        survey: &'s Survey<'_>,
    ) -> impl Iterator<Item = (&'s Path, usize, &'s CreationRule)> {
        let config = survey.configs.get(self.config);
        let read = config.and_then(|config| config.read.as_ref().ok());
        self.rules.iter().filter_map(move |rule| {
            let found = read?.rules.get(*rule)?;
            Some((self.path.as_path(), *rule, found))
        })
    }

    /// Lets the survey see it as it will be.
    fn take_effect(&self, survey: &mut Survey<'_>) -> Result<(), Error> {
        let Some(old) = survey.configs.get(self.config) else {
            return Ok(());
        };
        let id = old.source.id().clone();
        let new: Option<ConfigFile> = config_file(&old.folder, id, self.new.clone().into_bytes());
        let new = new.ok_or_else(|| refused("the edited `.sops.yaml` cannot be read", ""))?;
        survey.reconfigure(self.config, new);
        Ok(())
    }

    /// Adds it to what is written.
    pub(super) fn join(self, draft: &mut Draft, amendment: Amendment, options: ChangeOptions) {
        if self.is_again || !self.is_changed() {
            return;
        }
        let plain = Plain {
            path: self.path,
            place: self.place,
            old: Some(self.old),
            new: self.new,
            amendments: vec![amendment],
        };
        draft.join(plain, options);
    }
}

/// Lets the survey see all of them as they will be.
pub(super) fn take_effect(all: &[EditedConfig], survey: &mut Survey<'_>) -> Result<(), Error> {
    all.iter().try_for_each(|config| config.take_effect(survey))
}

/// Adds all of them to what is written.
pub(super) fn join_all(
    draft: &mut Draft,
    all: Vec<EditedConfig>,
    amendment: impl Fn() -> Amendment,
    options: ChangeOptions,
) {
    for config in all {
        config.join(draft, amendment(), options);
    }
}

/// What becomes of the files of the edited rules.
pub(super) struct Followers<'s> {
    pub(super) tasks: Vec<Task<'s, Strayed<'s>>>,
    pub(super) refused: Vec<Refused>,
    pub(super) unchanged: usize,
}

/// Finds the files of the edited rules that do not follow them yet.
pub(super) fn followers<'s>(survey: &'s Survey<'_>, edited: &[EditedConfig]) -> Followers<'s> {
    let is_edited = |follows: &Follows<'_>| {
        edited.iter().any(|one| {
            let config = survey.configs.get(one.config);
            config.is_some_and(|config| std::ptr::eq(config, follows.config))
                && one.rules.contains(&follows.number)
        })
    };
    let governed: Vec<Follows<'_>> = survey.following().filter(is_edited).collect();
    let files = governed.iter().map(|follows| &follows.file.path);
    let places: Vec<_> = files.filter_map(|path| survey.place(path)).collect();
    let root = survey.world.ground().root;
    let names = Names::of(survey.world.policy, &root, places.iter().map(AsRef::as_ref));
    let mut followers = Followers {
        tasks: Vec::new(),
        refused: survey.unread_configs(),
        unchanged: 0,
    };
    for follows in governed {
        if !follows.key_drift().is_some() {
            followers.unchanged += 1;
            continue;
        }
        match task(survey, &names, follows, None) {
            Ok(task) => followers.tasks.push(task),
            Err(refused) => followers.refused.push(refused),
        }
    }
    followers
}

/// What the metadata tell of the files that are to change.
pub(super) fn would_change(
    tasks: &[Task<'_, Strayed<'_>>],
    meant: &Meant,
    role: Option<&str>,
) -> Vec<FileChange> {
    let changes = tasks.iter().map(|task| {
        let mut change = task.what.compared(&task.facts.path);
        call(&mut change.amendments, meant, role);
        change
    });
    changes.collect()
}

/// Calls a key by its name in what a plan shows.
pub(super) fn call(amendments: &mut [Amendment], meant: &Meant, role: Option<&str>) {
    for amendment in amendments {
        if let Amendment::Adds(holder, _) | Amendment::Removes(holder, _) = amendment
            && holder.key == meant.shown
        {
            *holder = meant.holder(role);
        }
    }
}
