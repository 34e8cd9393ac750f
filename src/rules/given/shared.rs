//! What several files lack that follow one creation rule: that is mended at the rule, so it is told there, once.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::{ConfigFile, FileFacts, Follows, RepoContext};
use crate::finding::Severity;
use crate::paths;

/// Files that lack the same.
pub(in crate::rules) enum Lacking<'a, T> {
    /// One of them, by itself.
    File(&'a FileFacts, T),
    /// Several, which are as their creation rule says.
    Rule(Follows<'a>, Vec<&'a FileFacts>, T),
}

impl<'a> RepoContext<'a> {
    /// The files that lack something, those together that follow one rule and lack the same of it. What the
    /// policy ignores for `rule` stays by itself, and so does a file whose keys are not those of its rule, for
    /// which other things are to be done, and one of whose configuration nothing is told.
    pub(in crate::rules) fn lacking<T: Clone + PartialEq>(
        &self,
        rule: &str,
        lacks: impl Fn(&'a FileFacts) -> Option<T>,
    ) -> Vec<Lacking<'a, T>> {
        let told = self.configs.iter().filter(|config| self.is_told(config));
        let told: HashSet<*const ConfigFile> = told.map(std::ptr::from_ref).collect();
        let following: HashMap<&Path, Follows<'a>> = self
            .following()
            .filter(|follows| told.contains(&std::ptr::from_ref(follows.config)))
            .filter(|follows| self.is_as_ruled(follows, rule))
            .map(|follows| (follows.file.path.as_path(), follows))
            .collect();
        let mut all: Vec<Lacking<'a, T>> = Vec::new();
        // Where those stand whom others may join.
        let mut joined: HashMap<(*const ConfigFile, usize), Vec<usize>> = HashMap::new();
        for file in self.files {
            let Some(what) = lacks(file) else { continue };
            let Some(follows) = following.get(file.path.as_path()) else {
                all.push(Lacking::File(file, what));
                continue;
            };
            let of_rule = joined
                .entry((std::ptr::from_ref(follows.config), follows.number))
                .or_default();
            let mut known = of_rule.iter().copied();
            let known = known.find(|at| all.get(*at).is_some_and(|other| *other.what() == what));
            match known.and_then(|at| all.get_mut(at)) {
                Some(other) => other.join(file, follows),
                None => {
                    of_rule.push(all.len());
                    all.push(Lacking::File(file, what));
                }
            }
        }
        all
    }

    /// Whether anything is told of this configuration.
    fn is_told(&self, config: &ConfigFile) -> bool {
        let place = paths::absolute(self.here, &config.path);
        self.told.is_empty() || self.told.iter().any(|path| place.starts_with(path))
    }

    /// Whether the policy lets `rule` tell of the file, and its keys are those of its creation rule.
    fn is_as_ruled(&self, follows: &Follows<'_>, rule: &str) -> bool {
        let judged = self
            .policy
            .judge(rule, &follows.file.path, Severity::Warning);
        judged.is_some() && !follows.key_drift().is_some()
    }
}

impl<'a, T: Clone> Lacking<'a, T> {
    fn what(&self) -> &T {
        match self {
            Self::File(_, what) | Self::Rule(_, _, what) => what,
        }
    }

    fn join(&mut self, file: &'a FileFacts, follows: &Follows<'a>) {
        match self {
            Self::Rule(_, files, _) => files.push(file),
            Self::File(first, what) => {
                *self = Self::Rule(follows.clone(), vec![first, file], what.clone());
            }
        }
    }
}
