//! The creation rules of `.sops.yaml`, where a check asks them which files in clear should be secret.
//!
//! Most files have nothing to ask, so a configuration is read when the first of them does, and kept. The
//! configuration of the base is asked, too: otherwise a change of it could take a Secret in clear out of sight.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::bases::Bases;
use crate::config::creation::{Choice, CreationRule, SOPS_CONFIG, SopsConfig};
use crate::document::{Document, kubernetes};
use crate::fs;
use crate::paths;
use crate::repo::{CommitId, Index, Kind, Repo};
use crate::sops::{self, Selectors, walk};
use crate::source::{Source, SourceId, Span};

/// The most bytes of a `.sops.yaml`.
pub(super) const MAX_LEN: usize = 16 << 20;

/// All configurations that files of a run ask for.
pub(super) struct CreationRules<'r> {
    here: &'r Path,
    /// The work tree, above which none is looked for.
    top: Option<&'r Path>,
    /// The present ones, then those of the commits that files are compared with.
    states: Vec<State<'r>>,
}

/// The configurations of one state of the files.
struct State<'r> {
    place: Place<'r>,
    /// By folder, absolute.
    known: Mutex<HashMap<PathBuf, Option<Arc<Config>>>>,
}

/// Where the files of a run come from.
#[derive(Clone, Copy)]
pub(super) enum Place<'r> {
    Disk,
    Index(&'r Index<'r>, &'r Bases<'r>),
    /// The commit at the end of a range.
    Range(&'r Bases<'r>),
    /// A commit that files are compared with.
    Base(&'r Bases<'r>, CommitId),
}

/// A configuration that counts below its folder.
struct Config {
    folder: PathBuf,
    read: SopsConfig,
    /// By rule.
    selectors: Vec<OnceLock<Selectors>>,
}

impl<'r> Place<'r> {
    /// The index, or the end of a range, where files come from there.
    pub(super) fn of(
        index: Option<&'r Index<'r>>,
        bases: Option<&'r Bases<'r>>,
        range: Option<&'r Bases<'r>>,
    ) -> Self {
        match (index.zip(bases), range) {
            (Some((index, bases)), _) => Self::Index(index, bases),
            (None, Some(bases)) => Self::Range(bases),
            (None, None) => Self::Disk,
        }
    }
}

impl<'r> CreationRules<'r> {
    /// Those of a place, as they count for somebody in the folder `here`.
    pub(super) fn new(
        here: &'r Path,
        repo: Option<&'r Repo<'r>>,
        bases: Option<&'r Bases<'r>>,
        place: Place<'r>,
    ) -> Self {
        let before = bases.into_iter().flat_map(|bases| {
            let points = bases.parents().unwrap_or_default().iter();
            points.map(|point| Place::Base(bases, point.commit))
        });
        let state = |place| State {
            place,
            known: Mutex::new(HashMap::new()),
        };
        Self {
            here,
            top: repo.map(Repo::work_tree),
            states: std::iter::once(place).chain(before).map(state).collect(),
        }
    }

    /// Whether the rule for a file is one that names files, and picks a value of a Secret in it that
    /// stands in clear. `path` is what reports call the file.
    pub(super) fn pick_secret(&self, path: &Path, document: &Document<'_>) -> bool {
        let tree = document.tree();
        let values = kubernetes::secrets(tree).flat_map(|secret| secret.values(tree));
        let values: Vec<Span> = values
            .map(|(_, pair)| tree.resolved(pair.value).span)
            .collect();
        if values.is_empty() {
            return false;
        }
        let place = paths::absolute(self.here, path);
        let Some(folder) = place.parent() else {
            return false;
        };
        self.states.iter().any(|state| {
            let config = state.config(folder, self.top);
            let config = config.as_deref();
            let selectors = config.and_then(|config| config.selectors_for(&place));
            selectors.is_some_and(|selectors| picks_one(document, selectors, &values))
        })
    }

    /// What the configurations above a file call a key: the nearest that has a name for it, and where none has,
    /// those of before.
    pub(super) fn called(&self, path: &Path, canonical: &str) -> Option<String> {
        let place = paths::absolute(self.here, path);
        self.states.iter().find_map(|state| {
            let mut config = state.config(place.parent()?, self.top)?;
            loop {
                if let Some(named) = config.read.name_of(canonical) {
                    return Some(named.name.clone());
                }
                config = state.config(config.folder.parent()?, self.top)?;
            }
        })
    }
}

/// Whether selectors pick a leaf of these values.
fn picks_one(document: &Document<'_>, selectors: &Selectors, values: &[Span]) -> bool {
    let mut picks = false;
    // A walk that ends early has seen what it has seen.
    let _ = walk(document.tree(), selectors, |visit| {
        if let sops::Leaf::Scalar { span, .. } = visit.leaf {
            picks |= visit.selected && values.iter().any(|value| value.contains(span));
        }
    });
    picks
}

impl State<'_> {
    /// The configuration nearest to a folder, none above `top`.
    fn config(&self, folder: &Path, top: Option<&Path>) -> Option<Arc<Config>> {
        let folders = folder.ancestors().take(MOST_FOLDERS);
        let inside = folders.take_while(|folder| top.is_none_or(|top| folder.starts_with(top)));
        let mut passed = Vec::new();
        let mut found = None;
        for folder in inside {
            let known = self.known().get(folder).cloned();
            if let Some(known) = known {
                found = known;
                break;
            }
            passed.push(folder.to_owned());
            found = self.read(folder).map(Arc::new);
            if found.is_some() {
                break;
            }
        }
        let mut known = self.known();
        for folder in passed {
            known.insert(folder, found.clone());
        }
        found
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Option<Arc<Config>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration in a folder, where sops loads it.
    fn read(&self, folder: &Path) -> Option<Config> {
        let bytes = self.bytes(&folder.join(SOPS_CONFIG))?;
        let id = SourceId::WorkTree(SOPS_CONFIG.into());
        let read = SopsConfig::read(&Source::decode(id, bytes).ok()?).ok()?;
        Some(Config {
            folder: folder.to_owned(),
            selectors: read.rules.iter().map(|_| OnceLock::new()).collect(),
            read,
        })
    }

    fn bytes(&self, place: &Path) -> Option<Vec<u8>> {
        match self.place {
            Place::Disk => fs::read(place, MAX_LEN).ok(),
            Place::Index(index, bases) => {
                let Some(Kind::File(id)) = index.at(&bases.repo.path_in_index(place)?) else {
                    return None;
                };
                bases.blobs.read(&id, MAX_LEN).ok()
            }
            Place::Range(bases) => of_commit(bases, bases.head_of_range()?, place),
            Place::Base(bases, commit) => of_commit(bases, commit, place),
        }
    }
}

/// What a commit has at a place.
fn of_commit(bases: &Bases<'_>, commit: CommitId, place: &Path) -> Option<Vec<u8>> {
    let inside = bases.repo.path_in_index(place)?;
    // Others shall look things up while this one is read.
    let there = bases.commits().at(commit, &inside);
    let Ok(Some(Kind::File(id))) = there else {
        return None;
    };
    bases.blobs.read(&id, MAX_LEN).ok()
}

/// How far up sops looks for its configuration.
const MOST_FOLDERS: usize = 100;

impl Config {
    /// What the rule for a file picks, where that is a rule that names files.
    fn selectors_for(&self, place: &Path) -> Option<&Selectors> {
        let relative = paths::below(&self.folder, place)?;
        let Choice::Rule(number) = self.read.rule_for(&relative) else {
            return None;
        };
        let rule = self.read.rules.get(number)?;
        rule.path_regex.as_ref()?;
        let selectors = self.selectors.get(number)?;
        Some(selectors.get_or_init(|| selectors_of(rule)))
    }
}

/// What a rule picks.
fn selectors_of(rule: &CreationRule) -> Selectors {
    let mac_only = rule.mac_only_encrypted();
    match rule.selector() {
        None => Selectors::default_with(mac_only),
        Some(setting) => {
            let (kind, text) = &setting.value;
            Selectors::new(*kind, text.as_bytes(), mac_only)
        }
    }
}
