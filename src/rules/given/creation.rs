//! What the rules about `.sops.yaml` itself ask of it: which files follow which creation rule, and what
//! becomes of the rules that no file follows.

use std::cell::OnceCell;
use std::path::Path;

use super::{ConfigFile, FileFacts, RepoContext};
use crate::config::creation::{Choice, CreationRule, SopsConfig};
use crate::paths;
use crate::source::Span;

/// A `.sops.yaml` that sops loads, and what follows its rules.
pub(in crate::rules) struct Ruled<'a> {
    pub(in crate::rules) config: &'a ConfigFile,
    pub(in crate::rules) read: &'a SopsConfig,
    /// The sops files that follow each of the rules.
    pub(in crate::rules) followers: Vec<Vec<&'a FileFacts>>,
    /// Whether sops comes to a stop at the rule for one of the files.
    is_stop: Vec<bool>,
    names: OnceCell<Vec<Vec<u8>>>,
    context: &'a RepoContext<'a>,
}

/// What becomes of a rule among the files that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Fate<'r> {
    /// It is the first to match one of them, or that is not known.
    Used,
    /// It matches, this one for example, and an earlier rule matches first.
    Taken { by: usize, example: &'r [u8] },
    /// It matches none of them.
    Unmatched,
}

impl<'a> RepoContext<'a> {
    /// All `.sops.yaml` that sops loads.
    pub(in crate::rules) fn ruled(&'a self) -> Vec<Ruled<'a>> {
        let mut all: Vec<Option<Ruled<'a>>> = self
            .configs
            .iter()
            .map(|config| {
                let read = config.read.as_ref().ok()?;
                Some(Ruled {
                    config,
                    read,
                    followers: vec![Vec::new(); read.rules.len()],
                    is_stop: vec![false; read.rules.len()],
                    names: OnceCell::new(),
                    context: self,
                })
            })
            .collect();
        for (file, governed) in self.files.iter().zip(self.governed) {
            let nearest = governed.above.first().map(|above| above.config);
            let ruled = nearest.and_then(|at| all.get_mut(at)?.as_mut());
            match (ruled, &governed.choice) {
                (Some(ruled), Some(Choice::Rule(rule))) => {
                    if let Some(followers) = ruled.followers.get_mut(*rule) {
                        followers.push(file);
                    }
                }
                (
                    Some(ruled),
                    Some(Choice::Refused { rule, .. } | Choice::Undecidable { rule }),
                ) => {
                    if let Some(is_stop) = ruled.is_stop.get_mut(*rule) {
                        *is_stop = true;
                    }
                }
                _ => {}
            }
        }
        all.into_iter().flatten().collect()
    }
}

/// The most bytes of names that patterns go over, in one `.sops.yaml`, and what it counts to make an
/// automaton first.
const MAX_WORK: usize = 1 << 26;
const ENGINE: usize = 1 << 15;

impl<'a> Ruled<'a> {
    /// The rules with their numbers.
    pub(in crate::rules) fn rules(
        &self,
    ) -> impl Iterator<Item = (usize, &'a CreationRule)> + use<'a> {
        self.read.rules.iter().enumerate()
    }

    /// The line in which a rule begins.
    pub(in crate::rules) fn line(&self, rule: &CreationRule) -> usize {
        self.config.source.position(rule.span.start()).line
    }

    /// Where a rule is pointed at: at its `path_regex`, or at its first line.
    pub(in crate::rules) fn place(&self, rule: &CreationRule) -> Span {
        self.config.place(rule)
    }

    /// What becomes of each of the rules that no sops file follows. Rules of which it is not known, for
    /// there are too many of them, count as used.
    pub(in crate::rules) fn fates(&self) -> Vec<Fate<'_>> {
        let is_followed = |at: usize| {
            let followers = self.followers.get(at).is_some_and(|all| !all.is_empty());
            followers || self.is_stop.get(at).copied().unwrap_or_default()
        };
        let mut fates: Vec<Fate<'_>> = (0..self.read.rules.len())
            .map(|at| {
                if is_followed(at) {
                    Fate::Used
                } else {
                    Fate::Unmatched
                }
            })
            .collect();
        let mut open: Vec<usize> = (0..fates.len()).filter(|at| !is_followed(*at)).collect();
        let engines = open.iter().filter(|at| self.needs_engine(**at)).count();
        let mut work = engines.saturating_mul(ENGINE);
        for name in self.names() {
            if work > MAX_WORK {
                break;
            }
            open.retain(|&at| {
                if work > MAX_WORK {
                    return true;
                }
                work = work.saturating_add(name.len() + 16);
                if !self.matches(at, name) {
                    return true;
                }
                let first = (0..at).find(|&earlier| {
                    work = work.saturating_add(name.len() + 16);
                    self.matches(earlier, name)
                });
                let fate = match first {
                    Some(by) => Fate::Taken { by, example: name },
                    None => Fate::Used,
                };
                if let Some(known) = fates.get_mut(at)
                    && (fate == Fate::Used || *known == Fate::Unmatched)
                {
                    *known = fate;
                }
                fate != Fate::Used
            });
        }
        if work > MAX_WORK {
            for at in open {
                fates[at] = Fate::Used;
            }
        }
        fates
    }

    /// Whether a rule's `path_regex` matches a file; yes where there is none, or it is not known.
    pub(in crate::rules) fn matches_file(&self, rule: usize, file: &FileFacts) -> bool {
        let name = self.name_below(&file.path);
        name.is_some_and(|name| self.matches(rule, &name))
    }

    /// The name of a file below the folder, as sops matches it.
    fn name_below(&self, name: &Path) -> Option<Vec<u8>> {
        let place = paths::absolute(self.context.here, name);
        let relative = place.strip_prefix(&self.config.folder).ok()?;
        let bytes = relative.as_os_str().as_encoded_bytes().iter();
        let slashed = bytes.map(|&byte| match byte {
            b'\\' if cfg!(windows) => b'/',
            byte => byte,
        });
        Some(slashed.collect())
    }

    /// Whether a rule's `path_regex` matches the name; yes where there is none, or it is not known.
    fn matches(&self, rule: usize, name: &[u8]) -> bool {
        let regex = self
            .read
            .rules
            .get(rule)
            .and_then(|rule| rule.path_regex.as_ref());
        match regex.map(|regex| &regex.pattern) {
            None | Some(None) => true,
            Some(Some(Err(_))) => false,
            Some(Some(Ok(pattern))) => pattern.try_match(name).unwrap_or(true),
        }
    }

    fn needs_engine(&self, rule: usize) -> bool {
        let regex = self
            .read
            .rules
            .get(rule)
            .and_then(|rule| rule.path_regex.as_ref());
        let pattern = regex.and_then(|regex| regex.pattern.as_ref()?.as_ref().ok());
        pattern.is_some_and(crate::sops::Pattern::needs_engine)
    }

    /// The names of all files below the folder, as sops matches them.
    fn names(&self) -> &[Vec<u8>] {
        self.names.get_or_init(|| {
            self.context
                .names
                .iter()
                .filter_map(|name| self.name_below(name))
                .collect()
        })
    }
}

/// A few names of files, for a sentence.
pub(in crate::rules) fn some_of<'p>(paths: impl ExactSizeIterator<Item = &'p Path>) -> String {
    const MOST: usize = 3;
    let more = paths.len().saturating_sub(MOST);
    let mut names: Vec<String> = paths
        .take(MOST)
        .map(|path| format!("`{}`", path.display()))
        .collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}
