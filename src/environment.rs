//! The world around the process as one value: nothing in the library asks the system for it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The system whose conventions decide where a user's configuration lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// Linux and the other Unixes.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

/// Variables, home, current folder and time, gathered once by the command.
///
/// It has no `Debug`: variables such as `SOPS_AGE_KEY` hold secrets.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "variables can hold secrets")]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    current_dir: PathBuf,
    platform: Platform,
    now: Option<SystemTime>,
}

impl Environment {
    /// An environment of these variables, in this folder (an absolute path), on this system.
    #[must_use]
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        current_dir: PathBuf,
        platform: Platform,
    ) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            current_dir,
            platform,
            now: None,
        }
    }

    /// The same environment at this moment. Without one, what has an age is not judged by it.
    #[must_use]
    pub fn at(mut self, now: SystemTime) -> Self {
        self.now = Some(now);
        self
    }

    /// A variable's value; `None` where it is not set, `Some("")` where it is set and empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
    }

    /// All variables, for programs that are run.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The folder that relative paths start from.
    #[must_use]
    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// The user's folder for what programs keep from one run to the next; none where nothing says where
    /// that is. It is absolute.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        let path = |name| self.variable(name).filter(|value| !value.is_empty());
        let path = |name| path(name).map(PathBuf::from);
        let home = || path("HOME");
        let folder = match self.platform {
            Platform::Unix => path("XDG_STATE_HOME")
                // So says the specification of a relative one.
                .filter(|folder| folder.is_absolute())
                .or_else(|| home().map(|home| home.join(".local/state"))),
            Platform::MacOs => home().map(|home| home.join("Library/Application Support")),
            Platform::Windows => path("LOCALAPPDATA"),
        };
        folder.filter(|folder| folder.is_absolute())
    }

    /// When the run is, where that is known.
    #[must_use]
    pub fn now(&self) -> Option<SystemTime> {
        self.now
    }

    /// The system.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.platform
    }
}
