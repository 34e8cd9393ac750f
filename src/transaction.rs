//! Puts files in place: the only writer of files of the user's.
//!
//! A file is written beside its place and moved there in one step, so that whoever reads it finds the old
//! text or the new one, whole. Nothing is written through a link that leads out of the repository, because
//! the link may be a stranger's.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why a file was not put in place. The one that was there is there still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A link on the way leads out of the repository.
    #[error("`{}` leads out of the repository by a link", path.display())]
    LeadsOut { path: PathBuf },
    /// It lies in git's own folder.
    #[error("`{}` is in git's folder", path.display())]
    InGit { path: PathBuf },
    /// Something that is no file lies there.
    #[error("`{}` is not a file", path.display())]
    NotAFile { path: PathBuf },
    /// Something lies there, where nothing was to be.
    #[error("`{}` is there already", path.display())]
    Exists { path: PathBuf },
    /// The system refused.
    #[error("`{}` cannot be written: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Puts `bytes` in the place of a file, or where there is none yet. It keeps its mode. Links are followed,
/// inside of the folder `root` only to places inside.
///
/// Both paths are absolute and without `..`.
///
/// # Errors
/// [`Error`], and nothing has changed then.
pub(crate) fn replace(place: &Path, root: &Path, bytes: &[u8]) -> Result<(), Error> {
    let refused = |source| Error::Io {
        path: place.to_owned(),
        source,
    };
    let target = target(place).map_err(refused)?;
    if place.starts_with(root) {
        let root = root.canonicalize().map_err(refused)?;
        let path = place.to_owned();
        let Ok(inside) = target.strip_prefix(&root) else {
            return Err(Error::LeadsOut { path });
        };
        let is_git = |part: &std::ffi::OsStr| part.eq_ignore_ascii_case(".git");
        if inside.iter().any(is_git) {
            return Err(Error::InGit { path });
        }
    }
    let former = match target.symlink_metadata() {
        Ok(former) if former.is_file() => Some(former),
        Ok(_) => {
            let path = place.to_owned();
            return Err(Error::NotAFile { path });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(refused(error)),
    };
    put(&target, former.as_ref(), bytes).map_err(refused)
}

/// Puts a new file in its place. Whatever lies there already, be it a link, stays as it is.
///
/// # Errors
/// [`Error::Exists`] where something lies there, [`Error::Io`]; and nothing has changed then.
pub(crate) fn create(place: &Path, bytes: &[u8]) -> Result<(), Error> {
    create_with(place, USUAL, bytes)
}

fn create_with(place: &Path, mode: u32, bytes: &[u8]) -> Result<(), Error> {
    let path = place.to_owned();
    write_beside(place, None, mode, bytes)
        .and_then(|file| file.persist_noclobber(place).map_err(|error| error.error))
        .and_then(|_| sync(folder_of(place)))
        .map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path },
            _ => Error::Io { path, source },
        })
}

/// The same, for the user's eyes alone.
///
/// # Errors
/// As of [`create`].
pub(crate) fn create_private(place: &Path, bytes: &[u8]) -> Result<(), Error> {
    create_with(place, PRIVATE, bytes)
}

/// The place behind all links.
fn target(place: &Path) -> io::Result<PathBuf> {
    if place.is_symlink() {
        return place.canonicalize();
    }
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    Ok(folder.canonicalize()?.join(name))
}

fn put(target: &Path, former: Option<&fs::Metadata>, bytes: &[u8]) -> io::Result<()> {
    write_beside(target, former, USUAL, bytes)?.persist(target)?;
    sync(folder_of(target))
}

fn folder_of(place: &Path) -> &Path {
    place.parent().unwrap_or(Path::new("/"))
}

/// A new file beside a place, with these bytes, that is not in that place yet.
fn write_beside(
    target: &Path,
    former: Option<&fs::Metadata>,
    mode: u32,
    bytes: &[u8],
) -> io::Result<tempfile::NamedTempFile> {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    // By which `check` knows it, see `paths::is_temporary`.
    name.push(".sopsguard-");
    let mut file = temporary(&name, mode, folder_of(target))?;
    file.write_all(bytes)?;
    if let Some(former) = former {
        file.as_file().set_permissions(former.permissions())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// The mode that the user's other new files have, before her mask; and that of files for her eyes alone.
const USUAL: u32 = 0o666;
const PRIVATE: u32 = 0o600;

/// A new file with a mode.
#[cfg(unix)]
fn temporary(
    name: &std::ffi::OsStr,
    mode: u32,
    folder: &Path,
) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(name)
        .permissions(fs::Permissions::from_mode(mode));
    builder.tempfile_in(folder)
}

#[cfg(not(unix))]
fn temporary(name: &std::ffi::OsStr, _: u32, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(name).tempfile_in(folder)
}

/// Has the system keep the folder's new entry.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let place = root.join("a.json");
        replace(&place, root, b"one").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"one");
        let mode = || place.metadata().unwrap().permissions().mode() & 0o777;
        fs::write(root.join("usual"), "").unwrap();
        let usual = root.join("usual").metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), usual);
        fs::set_permissions(&place, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&place, root, b"two").unwrap();
        assert_eq!(
            (fs::read(&place).unwrap(), mode()),
            (b"two".to_vec(), 0o640)
        );
        assert_eq!(fs::read_dir(root).unwrap().count(), 2, "nothing is left");
    }

    #[test]
    fn links_are_followed_inside_and_never_out() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        let outside = folder.path().join("outside");
        for made in [&root, &outside, &root.join(".git"), &root.join("sub")] {
            fs::create_dir(made).unwrap();
        }
        fs::write(outside.join("a"), "theirs").unwrap();
        fs::write(root.join("sub/a"), "ours").unwrap();
        symlink("sub/a", root.join("inside")).unwrap();
        replace(&root.join("inside"), &root, b"new").unwrap();
        assert!(root.join("inside").is_symlink());
        assert_eq!(fs::read(root.join("sub/a")).unwrap(), b"new");
        symlink("../outside/a", root.join("file")).unwrap();
        symlink("../outside", root.join("folder")).unwrap();
        symlink("../outside/new", root.join("dangling")).unwrap();
        symlink(".git", root.join("git")).unwrap();
        for name in [
            "file",
            "folder/a",
            "folder/new",
            "dangling",
            ".git/a",
            "git/a",
            "sub",
            "none/a",
        ] {
            assert!(replace(&root.join(name), &root, b"x").is_err(), "{name}");
        }
        assert_eq!(fs::read(outside.join("a")).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert_eq!(fs::read_dir(root.join(".git")).unwrap().count(), 0);
        // Who names a place outside means it.
        replace(&outside.join("b"), &root, b"x").unwrap();
    }

    #[test]
    fn a_new_file_takes_the_place_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        create(&root.join("new"), b"ours").unwrap();
        assert_eq!(fs::read(root.join("new")).unwrap(), b"ours");
        fs::write(root.join("file"), "theirs").unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink("file", root.join("link")).unwrap();
        for name in ["new", "file", "folder", "dangling", "link"] {
            let refused = create(&root.join(name), b"other");
            assert!(matches!(refused, Err(Error::Exists { .. })), "{name}");
        }
        assert_eq!(fs::read(root.join("new")).unwrap(), b"ours");
        assert_eq!(fs::read(root.join("file")).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(root).unwrap().count(), 5, "nothing is left");
        assert!(!root.join("nowhere").exists());
        assert!(create(&root.join("none/a"), b"x").is_err());
    }
}
