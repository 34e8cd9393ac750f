//! Places below one root, behind all links: what lies outside of it, in git's folder or in the one of the
//! transactions themselves is never written.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{Error, Fault, Home};
use crate::fs::Resolver;
use crate::paths;

/// The root, as the system calls it without any link.
pub(super) struct Root {
    path: PathBuf,
    home: PathBuf,
}

/// A place below the root.
pub(super) struct Place {
    /// Without any link.
    pub(super) path: PathBuf,
    pub(super) inside: Inside,
    /// The folders that are not there yet, the outer ones first.
    pub(super) missing: Vec<Inside>,
}

/// The way from the root to a place that a transaction may write to: names alone, and none of git's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Inside(PathBuf);

impl Root {
    /// That of a home.
    ///
    /// # Errors
    /// [`Error::Io`] where it is not there.
    pub(super) fn of(home: &Home) -> Result<Self, Error> {
        let path = home.root().canonicalize();
        // Where it is not there yet, nothing lies in it.
        let folder = home.folder().canonicalize();
        Ok(Self {
            path: path.map_err(Error::io(home.root()))?,
            home: folder.unwrap_or_else(|_| home.folder().to_owned()),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file is that is there, behind all links, and what the system says of it.
    ///
    /// # Errors
    /// [`Error::LeadsOut`], [`Error::InGit`], [`Error::Io`].
    pub(super) fn of_file(
        &self,
        named: &Path,
        resolver: &Resolver,
    ) -> Result<(Place, Metadata), Error> {
        let full = paths::absolute(&self.path, named);
        let found = resolver.resolve(&full);
        let (path, metadata) = found.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::Changed {
                path: named.to_owned(),
            },
            _ => Error::io(named)(source),
        })?;
        Ok((self.place(path, Vec::new(), named)?, metadata))
    }

    /// Where a new file would be. Its name is no link, for it is not there; its folders may be, and need
    /// not be there, either.
    ///
    /// # Errors
    /// [`Error::LeadsOut`], [`Error::InGit`], [`Error::Io`].
    pub(super) fn of_new(&self, named: &Path) -> Result<Place, Error> {
        let full = paths::absolute(&self.path, named);
        let (Some(folder), Some(name)) = (full.parent(), full.file_name()) else {
            return Err(Error::NotAFile {
                path: named.to_owned(),
            });
        };
        let (mut path, missing) = settled(folder).map_err(Error::io(named))?;
        let mut folders = Vec::new();
        for name in missing {
            path.push(name);
            folders.push(path.clone());
        }
        self.place(path.join(name), folders, named)
    }

    /// Where the places of a journal are today.
    ///
    /// # Errors
    /// [`Fault::Place`] where the way to one leads over a link.
    pub(super) fn again<'i>(
        &self,
        places: impl IntoIterator<Item = &'i Inside>,
        journal: &Path,
    ) -> Result<Vec<PathBuf>, Error> {
        let mut straight: HashSet<&Path> = HashSet::new();
        let mut found = Vec::new();
        for inside in places {
            let folder = folder_of(&inside.0);
            if !straight.contains(folder) {
                let place = self.of_new(&inside.0).ok();
                if place.is_none_or(|place| place.inside != *inside) {
                    let path = inside.0.clone();
                    return Err(Error::Journal {
                        path: journal.to_owned(),
                        fault: Fault::Place { path },
                    });
                }
                straight.insert(folder);
            }
            found.push(self.path.join(&inside.0));
        }
        Ok(found)
    }

    fn place(&self, path: PathBuf, folders: Vec<PathBuf>, named: &Path) -> Result<Place, Error> {
        let inside = |path: &Path| {
            let named = || named.to_owned();
            let Ok(relative) = path.strip_prefix(&self.path) else {
                return Err(Error::LeadsOut { path: named() });
            };
            let ours = !path.starts_with(&self.home);
            let inside = Inside::of(relative).filter(|_| ours);
            inside.ok_or_else(|| Error::InGit { path: named() })
        };
        Ok(Place {
            inside: inside(&path)?,
            missing: folders
                .iter()
                .map(|folder| inside(folder))
                .collect::<Result<_, _>>()?,
            path,
        })
    }
}

/// A folder behind all links, as far as it is there, and the names of what is not there of it.
fn settled(folder: &Path) -> io::Result<(PathBuf, Vec<&OsStr>)> {
    let mut missing = Vec::new();
    let mut folder = folder;
    loop {
        match folder.canonicalize() {
            Ok(path) => {
                missing.reverse();
                return Ok((path, missing));
            }
            // A link that leads nowhere is there all the same, and no folder can be made in its place.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && folder.symlink_metadata().is_err() =>
            {
                let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else {
                    return Err(error);
                };
                missing.push(name);
                folder = above;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The place of a file behind all links, whichever root it is below.
pub(super) fn behind_links(place: &Path) -> io::Result<PathBuf> {
    if place.is_symlink() {
        return place.canonicalize();
    }
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    Ok(folder.canonicalize()?.join(name))
}

/// Whether a name is that of git's own folder.
pub(super) fn is_git(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// The folder that something lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

impl Inside {
    /// None where it leads elsewhere.
    pub(super) fn of(relative: &Path) -> Option<Self> {
        let mut parts = relative.components();
        let are_names = parts.all(|part| matches!(part, Component::Normal(name) if !is_git(name)));
        let is_one = relative.file_name().is_some();
        (are_names && is_one).then(|| Self(relative.to_owned()))
    }

    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }
}

impl From<Inside> for String {
    fn from(inside: Inside) -> Self {
        encode(&inside.0)
    }
}

impl TryFrom<String> for Inside {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let path = decode(&text).ok_or("no path")?;
        Self::of(&path).ok_or("no place of a transaction")
    }
}

/// A path as text that says each of its bytes: all but the plainest stand as `%` and two digits.
pub(super) fn encode(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/' => {
                text.push(char::from(*byte));
            }
            byte => text.push_str(&format!("%{byte:02x}")),
        }
    }
    text
}

/// The path that a text stands for; none where it is no such text.
pub(super) fn decode(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                let digits = std::str::from_utf8(digits).ok()?;
                u8::from_str_radix(digits, 16)
                    .ok()
                    .filter(|byte| *byte != 0)?
            }
            byte => *byte,
        });
    }
    of_bytes(bytes)
}

#[cfg(unix)]
fn of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_being_written_down() {
        for path in ["a/b.yaml", "ä ö/%41\n", "/abs", "a\\b"] {
            let path = Path::new(path);
            let text = encode(path);
            assert!(text.is_ascii() && !text.contains(['\n', ' ']), "{text}");
            assert_eq!(decode(&text).as_deref(), Some(path));
        }
        for wrong in ["%", "%4", "%zz", "%00"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_names_below_the_root_and_none_of_gits_are_places() {
        for (path, expected) in [
            ("a", true),
            ("a/b/c.yaml", true),
            (".github/x", true),
            ("", false),
            ("/a", false),
            ("../a", false),
            ("a/../b", false),
            ("a/..", false),
            (".git/config", false),
            ("a/.GIT/hooks/x", false),
        ] {
            assert_eq!(Inside::of(Path::new(path)).is_some(), expected, "{path}");
        }
    }
}
