//! Where a repository keeps what, by the rules of git's environment variables and of the files in
//! the git folder. Nothing but a few files' presence is asked for: a run that needs no repository
//! pays next to nothing for knowing that there is one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::{fs, paths};

/// The places of one repository, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// `.git`, or what it stands for: each linked work tree has its own.
    pub(super) git_dir: PathBuf,
    /// What all work trees share: references and configuration.
    pub(super) common_dir: PathBuf,
    /// The files.
    pub(super) work_tree: PathBuf,
    /// The index that the next commit is made of.
    pub(super) index: PathBuf,
    /// Where objects are looked for, in order.
    pub(super) objects: Vec<PathBuf>,
    /// The folder that git itself would have to be started in.
    pub(super) start: PathBuf,
}

/// The most that the small files of a git folder hold.
pub(super) const SMALL: usize = 1 << 16;

impl Places {
    /// The repository that `environment` names, else the nearest one around the folder `start`.
    ///
    /// There is none where `.git` leads nowhere, or where the repository has no work tree.
    pub(super) fn find(environment: &Environment, start: &Path) -> Option<Self> {
        let here = environment.current_dir();
        if let Some(named) = set(environment, "GIT_DIR") {
            let git_dir = git_folder(&paths::absolute(here, Path::new(named)))?;
            let work_tree = named_work_tree(environment, &git_dir)?;
            return Some(Self::of(environment, git_dir, work_tree, here));
        }
        let (found, git_dir) = above(environment, start)?;
        let work_tree = match set(environment, "GIT_WORK_TREE") {
            Some(named) => paths::absolute(here, Path::new(named)),
            None => configured_work_tree(&git_dir).unwrap_or_else(|| found.clone()),
        };
        Some(Self::of(environment, git_dir, work_tree, &found))
    }

    fn of(environment: &Environment, git_dir: PathBuf, work_tree: PathBuf, start: &Path) -> Self {
        let common_dir = match set(environment, "GIT_COMMON_DIR") {
            Some(named) => paths::absolute(environment.current_dir(), Path::new(named)),
            None => common_folder(&git_dir),
        };
        // git enters the work tree before it follows these.
        let named = |name| {
            let path = set(environment, name)?;
            Some(paths::absolute(&work_tree, Path::new(path)))
        };
        let mut objects =
            vec![named("GIT_OBJECT_DIRECTORY").unwrap_or_else(|| common_dir.join("objects"))];
        if let Some(list) = set(environment, "GIT_ALTERNATE_OBJECT_DIRECTORIES") {
            objects.extend(folders(list).map(|folder| paths::absolute(&work_tree, &folder)));
        }
        Self {
            index: named("GIT_INDEX_FILE").unwrap_or_else(|| git_dir.join("index")),
            git_dir,
            common_dir,
            work_tree,
            objects,
            start: start.to_owned(),
        }
    }
}

/// Whether there is a repository around a folder, and it has no work tree.
pub(crate) fn is_bare_around(environment: &Environment, start: &Path) -> bool {
    let is_repository = |folder: &Path| {
        let parts = ["objects", "refs"].map(|part| fs::kind(&folder.join(part)));
        fs::is_file(&folder.join("HEAD")) && parts == [Some(fs::Kind::Folder); 2]
    };
    Places::find(environment, start).is_none() && start.ancestors().any(is_repository)
}

/// A variable that is set to something.
pub(super) fn set<'e>(environment: &'e Environment, name: &str) -> Option<&'e OsStr> {
    environment.variable(name).filter(|value| !value.is_empty())
}

/// The nearest folder from `start` upwards that holds a repository, and its git folder.
fn above(environment: &Environment, start: &Path) -> Option<(PathBuf, PathBuf)> {
    let ceilings: Vec<PathBuf> = set(environment, "GIT_CEILING_DIRECTORIES")
        .map_or_else(Vec::new, |list| folders(list).collect());
    start
        .ancestors()
        .take_while(|folder| *folder == start || !ceilings.iter().any(|ceiling| ceiling == folder))
        .find_map(|folder| Some((folder.to_owned(), git_folder(&folder.join(".git"))?)))
}

/// The git folder that stands at a place, or that the file there leads to; none where it is none.
pub(super) fn git_folder(place: &Path) -> Option<PathBuf> {
    let folder = if fs::is_file(place) {
        let target = small_file(place)?;
        let target = target.strip_prefix(b"gitdir:")?.trim_ascii_start();
        paths::absolute(place.parent()?, &super::path::of_git(target))
    } else {
        place.to_owned()
    };
    fs::is_file(&folder.join("HEAD")).then_some(folder)
}

/// The folder that a linked work tree's git folder shares with the others.
fn common_folder(git_dir: &Path) -> PathBuf {
    match small_file(&git_dir.join("commondir")) {
        Some(target) => paths::absolute(git_dir, &super::path::of_git(&target)),
        None => git_dir.to_owned(),
    }
}

/// The work tree of a repository that `GIT_DIR` names.
fn named_work_tree(environment: &Environment, git_dir: &Path) -> Option<PathBuf> {
    let here = environment.current_dir();
    if let Some(named) = set(environment, "GIT_WORK_TREE") {
        return Some(paths::absolute(here, Path::new(named)));
    }
    match configured_work_tree(git_dir) {
        Some(work_tree) => Some(work_tree),
        None if is_bare(git_dir) => None,
        None => Some(here.to_owned()),
    }
}

/// Whether `core.bare` takes the work tree away. A linked one has a work tree whatever the
/// configuration says, which it shares with the repository that it belongs to.
fn is_bare(git_dir: &Path) -> bool {
    let config = small_file(&git_dir.join("config")).unwrap_or_default();
    !fs::is_file(&git_dir.join("commondir"))
        && mentions(&config, b"bare")
        && setting(git_dir, |config| config.get_bool("core.bare").ok()).unwrap_or(false)
}

/// `core.worktree`, which starts from the git folder.
fn configured_work_tree(git_dir: &Path) -> Option<PathBuf> {
    let config = small_file(&git_dir.join("config"))?;
    if !mentions(&config, b"worktree") {
        return None;
    }
    let named = setting(git_dir, |config| config.get_path("core.worktree").ok())?;
    Some(paths::absolute(git_dir, &named))
}

/// Asks a repository's own configuration.
fn setting<T>(git_dir: &Path, ask: impl Fn(&git2::Config) -> Option<T>) -> Option<T> {
    let place = common_folder(git_dir).join("config");
    git2::Config::open(&place)
        .ok()
        .and_then(|config| ask(&config))
}

fn mentions(config: &[u8], word: &[u8]) -> bool {
    config
        .windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word))
}

/// A small file of one line, without the line's end.
pub(super) fn small_file(place: &Path) -> Option<Vec<u8>> {
    let bytes = fs::read(place, SMALL).ok()?;
    Some(bytes.trim_ascii_end().to_vec())
}

/// The absolute folders of a list.
fn folders(list: &OsStr) -> impl Iterator<Item = PathBuf> + '_ {
    let separator = if cfg!(windows) { b';' } else { b':' };
    list.as_encoded_bytes()
        .split(move |byte| *byte == separator)
        .filter(|folder| !folder.is_empty())
        .map(super::path::of_git)
}
