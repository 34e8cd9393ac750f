//! Where sops looks for age identities.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::environment::{Environment, Platform};
use crate::fs::{self, Access};

/// Where identities come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// A variable that holds them.
    Variable(&'static str),
    /// A file; with the variable that names it, where one does.
    File {
        path: PathBuf,
        variable: Option<&'static str>,
    },
    /// A command that prints them, in this variable.
    Command(&'static str),
    /// What the user piped in.
    Stdin,
    /// A value in a Kubernetes Secret that the user named.
    Secret { manifest: Box<Self>, key: String },
}

/// A place that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) state: PlaceState,
}

/// What a place held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceState {
    /// Nothing is there.
    Missing,
    /// It is there and holds no identity.
    Empty,
    /// It holds identities: so many that cost nothing, and so many that have to be woken.
    Found { usable: usize, locked: usize },
    /// It holds something that is no identity, or cannot be read.
    Unusable,
}

/// A file in which identities are looked for, and who else may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdentityFile {
    pub(crate) path: PathBuf,
    pub(crate) access: Access,
}

pub(super) const KEY: &str = "SOPS_AGE_KEY";
pub(super) const KEY_FILE: &str = "SOPS_AGE_KEY_FILE";
pub(super) const KEY_COMMAND: &str = "SOPS_AGE_KEY_CMD";
pub(super) const SSH_KEY_FILE: &str = "SOPS_AGE_SSH_PRIVATE_KEY_FILE";
pub(super) const SSH_KEY_COMMAND: &str = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";

/// The files in which sops looks for identities, as far as they are there. None is opened.
pub(crate) fn files(environment: &Environment) -> Vec<IdentityFile> {
    let named = |variable| path(environment, variable).map(|path| absolute(environment, &path));
    let ssh = named(SSH_KEY_FILE);
    let usual = ["id_ed25519", "id_rsa"].map(|name| user_ssh_key(environment, name));
    let usual = usual.into_iter().filter(|_| ssh.is_none());
    let mut all: Vec<PathBuf> = [named(KEY_FILE), user_key_file(environment)]
        .into_iter()
        .chain(usual)
        .chain([ssh.clone()])
        .flatten()
        .collect();
    all.sort();
    all.dedup();
    let files = all.into_iter().filter_map(|path| {
        let access = fs::access_of_others(&path)?;
        Some(IdentityFile { path, access })
    });
    files.collect()
}

/// The key file in the user's configuration folder; `None` where there is no such folder.
pub(super) fn user_key_file(environment: &Environment) -> Option<PathBuf> {
    let folder = match environment.platform() {
        Platform::Unix => match path(environment, "XDG_CONFIG_HOME") {
            // Go refuses a relative one, and then looks nowhere.
            Some(folder) => Some(folder).filter(|folder| folder.is_absolute()),
            None => path(environment, "HOME").map(|home| home.join(".config")),
        },
        Platform::MacOs => path(environment, "XDG_CONFIG_HOME").or_else(|| {
            path(environment, "HOME").map(|home| home.join("Library/Application Support"))
        }),
        Platform::Windows => path(environment, "AppData").or_else(|| path(environment, "APPDATA")),
    };
    folder.map(|folder| absolute(environment, &folder.join("sops/age/keys.txt")))
}

/// A key in the user's `.ssh` folder.
pub(super) fn user_ssh_key(environment: &Environment, name: &str) -> Option<PathBuf> {
    let variable = match environment.platform() {
        Platform::Unix | Platform::MacOs => "HOME",
        Platform::Windows => "USERPROFILE",
    };
    path(environment, variable).map(|home| absolute(environment, &home.join(".ssh").join(name)))
}

/// The path in a variable; an empty one is none.
pub(super) fn path(environment: &Environment, variable: &str) -> Option<PathBuf> {
    let value: &OsStr = environment.variable(variable)?;
    (!value.is_empty()).then(|| PathBuf::from(value))
}

/// A path made absolute from the current folder.
pub(super) fn absolute(environment: &Environment, path: &Path) -> PathBuf {
    environment.current_dir().join(path)
}

impl Origin {
    /// Whether it is a file that a variable of the user's names.
    pub(crate) fn is_named_file(&self) -> bool {
        matches!(self, Self::File { variable, .. } if variable.is_some())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) | Self::Command(name) => write!(f, "`{name}`"),
            Self::File {
                path,
                variable: None,
            } => write!(f, "`{}`", path.display()),
            Self::File {
                path,
                variable: Some(name),
            } => {
                write!(f, "`{}` (`{name}`)", path.display())
            }
            Self::Stdin => f.write_str("standard input"),
            Self::Secret { manifest, key } => write!(f, "`{key}` in {manifest}"),
        }
    }
}
