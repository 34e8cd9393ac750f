//! What the rules about `.sops.yaml` itself ask of it: which files follow which creation rule, and what
//! becomes of the rules that no file follows.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{ConfigFile, FileFacts, RepoContext};
use crate::config::creation::{Choice, CreationRule, RuleKey, SopsConfig};
use crate::paths;
use crate::source::Span;

/// A `.sops.yaml` that sops loads, and what follows its rules.
pub(crate) struct Ruled<'a> {
    pub(in crate::rules) config: &'a ConfigFile,
    pub(in crate::rules) read: &'a SopsConfig,
    /// The sops files that follow each of the rules.
    pub(in crate::rules) followers: Vec<Vec<&'a FileFacts>>,
    /// Whether sops comes to a stop at the rule for one of the files.
    is_stop: Vec<bool>,
    /// What becomes of each of the rules. Those of which it is not known, for there are too many of them,
    /// count as used.
    pub(in crate::rules) fates: Vec<Fate<'a>>,
    here: &'a Path,
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

/// A rule that is out of reach, by its number, and what takes all that it matches.
pub(crate) struct Covered {
    pub(in crate::rules) at: usize,
    /// The earlier rule.
    pub(in crate::rules) by: usize,
    pub(in crate::rules) how: How,
}

/// How an earlier rule is known to match all that a later one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum How {
    All,
    Same,
    More,
}

impl<'a> RepoContext<'a> {
    /// All `.sops.yaml` that sops loads.
    pub(in crate::rules) fn ruled(&self) -> &[Ruled<'a>] {
        self.ruled.get_or_init(|| {
            let mut all = self.followed();
            let mut left = MAX_WORK_OF_ALL;
            for ruled in &mut all {
                ruled.fates = ruled.fates(self.places.below(&ruled.config.folder), &mut left);
            }
            all
        })
    }

    /// The same, each with the files that follow its rules.
    fn followed(&self) -> Vec<Ruled<'a>> {
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
                    fates: Vec::new(),
                    here: self.here,
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
/// The same for all `.sops.yaml` together.
const MAX_WORK_OF_ALL: usize = 1 << 28;
const ENGINE: usize = 1 << 15;

impl<'a> Ruled<'a> {
    /// The keys that its rules name, each once where it stands first, as far as sops takes them.
    pub(in crate::rules) fn keys(&self) -> impl Iterator<Item = &'a RuleKey> + use<'a> {
        let mut seen = HashSet::new();
        let keys = self.read.rules.iter().flat_map(CreationRule::sound_keys);
        keys.filter(move |key| seen.insert(key.names.canonical.as_str()))
    }

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

    /// What becomes of each of the rules among these names, with what is `left` of the work to do.
    fn fates(&self, names: impl Iterator<Item = &'a [u8]>, left: &mut usize) -> Vec<Fate<'a>> {
        let is_followed = |at: usize| {
            let followers = self.followers.get(at).is_some_and(|all| !all.is_empty());
            followers || self.is_stop.get(at).copied().unwrap_or_default()
        };
        let mut fates: Vec<Fate<'a>> = (0..self.read.rules.len())
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
        let most = MAX_WORK.min(*left);
        let mut work = engines.saturating_mul(ENGINE);
        for name in names {
            if work > most || open.is_empty() {
                break;
            }
            open.retain(|&at| {
                if work > most {
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
        if work > most {
            for at in open {
                fates[at] = Fate::Used;
            }
        }
        *left = left.saturating_sub(work);
        fates
    }

    /// Whether a rule's `path_regex` matches a file; yes where there is none, or it is not known.
    pub(in crate::rules) fn matches_file(&self, rule: usize, file: &FileFacts) -> bool {
        let name = self.name_below(&file.path);
        name.is_some_and(|name| self.matches(rule, &name))
    }

    /// The name of a file below the folder, as sops matches it.
    fn name_below(&self, name: &Path) -> Option<Vec<u8>> {
        let place = paths::absolute(self.here, name);
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
}

/// The absolute paths of all files, by which those below a folder are found.
pub(crate) struct Places {
    /// With `/`, sorted by bytes.
    all: Vec<Vec<u8>>,
}

impl Places {
    /// Those of `names`, as one calls them who stands in `here`.
    pub(crate) fn of(here: &Path, names: &[PathBuf]) -> Self {
        let names = names.iter();
        let mut all: Vec<Vec<u8>> = names
            .map(|name| slashed(&paths::absolute(here, name)))
            .collect();
        all.sort_unstable();
        Self { all }
    }

    /// The paths below an absolute folder, from there, as sops matches them.
    fn below(&self, folder: &Path) -> impl Iterator<Item = &[u8]> {
        let mut prefix = slashed(folder);
        if prefix.last() != Some(&b'/') {
            prefix.push(b'/');
        }
        let below = self.all.get(self.range(&prefix)).unwrap_or_default();
        below
            .iter()
            .filter_map(move |path| path.get(prefix.len()..))
    }

    /// Where the paths stand that begin so.
    fn range(&self, prefix: &[u8]) -> Range<usize> {
        let from = self.all.partition_point(|path| path.as_slice() < prefix);
        let rest = self.all.get(from..).unwrap_or_default();
        from..from + rest.partition_point(|path| path.starts_with(prefix))
    }
}

/// The bytes of a path, with `/`.
fn slashed(path: &Path) -> Vec<u8> {
    let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
    if cfg!(windows) {
        bytes
            .iter_mut()
            .filter(|byte| **byte == b'\\')
            .for_each(|byte| *byte = b'/');
    }
    bytes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_below_a_folder_are_those_and_not_what_lies_beside_it() {
        let names = ["a/b", "a.b", "a-b/c", "ab", "../x", "a/c/d"].map(PathBuf::from);
        let here = Path::new("/here/now");
        let places = Places::of(here, &names);
        let below = |folder: &str| {
            let below = places.below(Path::new(folder));
            let below = below.map(|path| String::from_utf8_lossy(path).into_owned());
            below.collect::<Vec<String>>()
        };
        assert_eq!(below("/here/now/a"), ["b", "c/d"]);
        assert_eq!(below("/here/now/a/b"), [""; 0]);
        assert_eq!(below("/here/now").len(), 5);
        assert_eq!(below("/here").last().map(String::as_str), Some("x"));
        assert_eq!(below("/").len(), 6);
    }
}
