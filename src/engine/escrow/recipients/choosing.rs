//! Which creation rules a recipient comes into, or goes from.

use super::super::super::Error;
use super::super::super::rewriting::Survey;
use super::refused;
use crate::config::creation::{CreationRule, SopsConfig};
use crate::paths;
use crate::rules::{ConfigFile, FileFacts};

/// Which creation rules are meant: all where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WhichRules {
    /// Their numbers, from 1, in the order of the file.
    pub numbers: Vec<usize>,
    /// What their `path_regex` says.
    pub path_regexes: Vec<String>,
}

/// Refuses while a configuration that matters cannot be read: nobody knows whom it names.
///
/// # Errors
/// [`Error::Recipients`].
pub(super) fn refuse_unread(
    survey: &Survey<'_>,
    matters: impl Fn(&ConfigFile) -> bool,
) -> Result<(), Error> {
    let configs = survey.configs.iter();
    let mut unread = configs.filter_map(|config| Some((config, config.read.as_ref().err()?)));
    match unread.find(|(config, _)| matters(config)) {
        Some((config, error)) => {
            let reason = format!(
                "`{}` cannot be read, and nobody knows whom it names: {error}",
                config.path.display()
            );
            Err(refused(
                reason,
                "mend it first: `sopsguard audit` shows what is wrong with it",
            ))
        }
        None => Ok(()),
    }
}

/// The rules of one `.sops.yaml`.
pub(super) struct Chosen {
    /// The number of the configuration.
    pub(super) config: usize,
    /// The numbers of the rules, from 0.
    pub(super) rules: Vec<usize>,
}

fn is_below(survey: &Survey<'_>, config: &ConfigFile, file: &FileFacts) -> bool {
    let place = paths::absolute(survey.world.here, &file.path);
    place.starts_with(&config.folder)
}

impl WhichRules {
    fn says_nothing(&self) -> bool {
        self.numbers.is_empty() && self.path_regexes.is_empty()
    }

    /// Chooses rules of the configurations that were named, and those that govern files which were; of all
    /// where nothing was named.
    ///
    /// # Errors
    /// [`Error::Recipients`] where there are none, or where it is not clear which.
    pub(super) fn choose(&self, survey: &Survey<'_>) -> Result<Vec<Chosen>, Error> {
        refuse_unread(survey, |config| {
            let mut files = survey.files.iter();
            survey.is_named(&config.path)
                || files.any(|file| survey.is_named(&file.path) && is_below(survey, config, file))
        })?;
        let mut all = Vec::new();
        for (config, file) in survey.configs.iter().enumerate() {
            let Ok(read) = &file.read else { continue };
            let is_named = survey.is_named(&file.path);
            let governing = |rule: usize| {
                let mut follows = survey.following();
                follows.any(|follows| {
                    std::ptr::eq(follows.config, file)
                        && follows.number == rule
                        && survey.is_named(&follows.file.path)
                })
            };
            let rules = (0..read.rules.len()).filter(|rule| is_named || governing(*rule));
            let rules: Vec<usize> = rules.collect();
            if !rules.is_empty() {
                all.push((config, read, rules));
            }
        }
        if !self.numbers.is_empty() && all.len() > 1 {
            let reason = format!(
                "there are {} `.sops.yaml`, and rules are numbered in each",
                all.len()
            );
            return Err(refused(reason, "name the one that is meant, or its folder"));
        }
        let mut chosen = Vec::new();
        for (config, read, rules) in all {
            self.refuse_missing(read)?;
            let rules: Vec<usize> = rules
                .into_iter()
                .filter(|rule| read.rules.get(*rule).is_some_and(|of| self.has(*rule, of)))
                .collect();
            if !rules.is_empty() {
                chosen.push(Chosen { config, rules });
            }
        }
        if chosen.is_empty() {
            let reason = match self.path_regexes.is_empty() {
                true => "there is no creation rule here that names keys",
                false => "no creation rule has this `path_regex`",
            };
            let help =
                "`sopsguard explain FILE` shows which rule of which `.sops.yaml` governs a file";
            return Err(refused(reason, help));
        }
        Ok(chosen)
    }

    fn refuse_missing(&self, read: &SopsConfig) -> Result<(), Error> {
        let count = read.rules.len();
        match self
            .numbers
            .iter()
            .find(|number| !(1..=count).contains(*number))
        {
            Some(number) => {
                let reason = format!("there is no rule {number}: it has {count}");
                Err(refused(
                    reason,
                    "rules are counted from 1, in the order of the file",
                ))
            }
            None => Ok(()),
        }
    }

    /// Whether a rule is meant. One that is not asked for by itself has to be one that works.
    fn has(&self, number: usize, rule: &CreationRule) -> bool {
        let regex = rule.path_regex.as_ref();
        let has_regex = |text: &String| regex.is_some_and(|regex| regex.text == *text);
        if self.says_nothing() {
            return rule.refusal.is_none() && rule.groups.iter().any(|group| !group.is_empty());
        }
        self.numbers.contains(&(number + 1)) || self.path_regexes.iter().any(has_regex)
    }
}
