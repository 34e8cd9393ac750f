//! Reading files: every error carries the path, and no read is without a limit.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem::Finder;

/// Why a file could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// There is no such file.
    #[error("`{}` does not exist", path.display())]
    NotFound { path: PathBuf },
    /// It is a folder, or something that is no file (a pipe, a device) where only files are read.
    #[error("`{}` is not a file", path.display())]
    NotAFile { path: PathBuf },
    /// It holds more than the limit.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge { path: PathBuf, limit: usize },
    /// The system refused.
    #[error("`{}` cannot be read: {source}", path.display())]
    Io {
        path: PathBuf,
        source: Arc<io::Error>,
    },
}

impl Error {
    /// The same, said of the path as somebody else calls it.
    pub(crate) fn about(self, other: &Path) -> Self {
        let path = other.to_owned();
        match self {
            Self::NotFound { .. } => Self::NotFound { path },
            Self::NotAFile { .. } => Self::NotAFile { path },
            Self::TooLarge { limit, .. } => Self::TooLarge { path, limit },
            Self::Io { source, .. } => Self::Io { path, source },
        }
    }
}

/// What stands at a path. Links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a device, a socket.
    Other,
}

impl From<std::fs::FileType> for Kind {
    fn from(kind: std::fs::FileType) -> Self {
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Folder
        } else if kind.is_symlink() {
            Self::Link
        } else {
            Self::Other
        }
    }
}

/// What stands at a path; none where nothing does, or the system does not say.
pub(crate) fn kind(path: &Path) -> Option<Kind> {
    try_kind(path).ok().flatten()
}

/// What stands at a path; none where nothing does.
///
/// # Errors
/// What the system says where it does not tell.
pub(crate) fn try_kind(path: &Path) -> io::Result<Option<Kind>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.file_type().into())),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

/// Who but its owner may read or write a file, the most of them last.
#[cfg_attr(not(unix), expect(dead_code, reason = "the system does not say it"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Nobody.
    Owner,
    /// Its group.
    Group,
    /// Everybody.
    All,
}

/// Who but its owner may read or write a regular file; none where there is no such file, or the system
/// does not say it in this way.
#[cfg(unix)]
pub(crate) fn access_of_others(path: &Path) -> Option<Access> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path)
        .ok()
        .filter(std::fs::Metadata::is_file)?;
    let mode = metadata.permissions().mode();
    Some(if mode & 0o006 != 0 {
        Access::All
    } else if mode & 0o060 != 0 {
        Access::Group
    } else {
        Access::Owner
    })
}

/// The same, where the system does not say it in this way.
#[cfg(not(unix))]
pub(crate) fn access_of_others(_: &Path) -> Option<Access> {
    None
}

/// Reads a regular file of at most `limit` bytes.
///
/// Pipes and devices are refused: opening them could wait for ever.
///
/// # Errors
/// [`Error`] with the path.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::io(path, error))?;
    read_known(path, &metadata, limit)
}

/// The same, where the system has just said this of the file.
///
/// # Errors
/// [`Error`] with the path.
pub(crate) fn read_known(path: &Path, metadata: &Metadata, limit: usize) -> Result<Vec<u8>, Error> {
    if !metadata.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    let length = usize::try_from(metadata.len()).unwrap_or(limit);
    read_open(path, limit, length)
}

/// Reads whatever `path` names, pipes and devices included, as long as it holds at most `limit`
/// bytes. Only for paths that the user gave for this purpose (`/dev/stdin`, `<(command)`).
///
/// # Errors
/// [`Error`] with the path.
pub(crate) fn read_stream(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::io(path, error))?;
    if metadata.is_dir() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    // A buffer that grew would leave a copy of a key behind: what tells no length gets room for any
    // file of identities. More room than needed costs time, as all of it is wiped.
    let size = if metadata.is_file() && metadata.len() > 0 {
        usize::try_from(metadata.len()).unwrap_or(limit)
    } else {
        1 << 16
    };
    read_open(path, limit, size.min(limit))
}

/// The first byte of a regular file that is not white space, of the first kilobyte.
///
/// # Errors
/// [`Error`] with the path.
pub(crate) fn first_visible_byte(path: &Path) -> Result<Option<u8>, Error> {
    let mut head = Vec::new();
    open_regular(path)?
        .take(1024)
        .read_to_end(&mut head)
        .map_err(|error| Error::io(path, error))?;
    Ok(head.into_iter().find(|byte| !byte.is_ascii_whitespace()))
}

/// Whether a regular file of any size contains one of `needles`. What cannot be read contains nothing.
pub(crate) fn contains_any(path: &Path, needles: &[&[u8]]) -> bool {
    let Ok(mut file) = open_regular(path) else {
        return false;
    };
    let longest = needles.iter().map(|needle| needle.len()).max();
    let finders: Vec<Finder<'_>> = needles.iter().map(Finder::new).collect();
    let mut window = Vec::new();
    loop {
        let keep = window.len().saturating_sub(longest.unwrap_or_default());
        window.drain(..keep);
        match Read::by_ref(&mut file)
            .take(1 << 16)
            .read_to_end(&mut window)
        {
            Ok(0) | Err(_) => return false,
            Ok(_) if finders.iter().any(|finder| finder.find(&window).is_some()) => return true,
            Ok(_) => {}
        }
    }
}

fn open_regular(path: &Path) -> Result<File, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| Error::io(path, error))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile {
            path: path.to_owned(),
        });
    }
    File::open(path).map_err(|error| Error::io(path, error))
}

/// The place behind all links, absolute; none where nothing is there.
pub(crate) fn resolved(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// Where files are behind all links. The system looks at every folder on the way, and here each of them is asked
/// for once.
#[derive(Default)]
pub(crate) struct Resolver(Mutex<HashMap<PathBuf, PathBuf>>);

impl Resolver {
    /// The place of a file behind all links, absolute, and what the system says of it.
    ///
    /// # Errors
    /// What the system says where nothing is there.
    pub(crate) fn resolve(&self, path: &Path) -> io::Result<(PathBuf, Metadata)> {
        let by_system = || {
            let place = path.canonicalize()?;
            let metadata = std::fs::metadata(&place)?;
            Ok((place, metadata))
        };
        // Where one name has several spellings only the system knows which is the right one.
        let has_spellings = cfg!(any(windows, target_vendor = "apple"));
        let (Some(folder), Some(name), false) = (path.parent(), path.file_name(), has_spellings)
        else {
            return by_system();
        };
        let place = self.folder(folder)?.join(name);
        let metadata = std::fs::symlink_metadata(&place)?;
        match metadata.is_symlink() {
            true => by_system(),
            false => Ok((place, metadata)),
        }
    }

    fn folder(&self, folder: &Path) -> io::Result<PathBuf> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.get(folder) {
            return Ok(place.clone());
        }
        let place = folder.canonicalize()?;
        known.insert(folder.to_owned(), place.clone());
        Ok(place)
    }
}

/// Whether a regular file has more names than this one (hard links), as far as the system says it.
#[cfg(unix)]
pub(crate) fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.nlink() > 1)
}

/// The same, where the system does not say it in this way.
#[cfg(not(unix))]
pub(crate) fn has_other_names(_: &Path) -> bool {
    false
}

/// Whether a regular file is there; whether it can be read is another question.
pub(crate) fn is_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn read_open(path: &Path, limit: usize, expected: usize) -> Result<Vec<u8>, Error> {
    let too_large = || Error::TooLarge {
        path: path.to_owned(),
        limit,
    };
    if expected > limit {
        return Err(too_large());
    }
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    let mut bytes = Vec::with_capacity(expected.saturating_add(1));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(path, error))?;
    if bytes.len() > limit {
        Err(too_large())
    } else {
        Ok(bytes)
    }
}

impl Error {
    fn io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Io {
                path,
                source: Arc::new(error),
            },
        }
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotFound { path: a }, Self::NotFound { path: b })
            | (Self::NotAFile { path: a }, Self::NotAFile { path: b }) => a == b,
            (Self::TooLarge { path: a, limit: c }, Self::TooLarge { path: b, limit: d }) => {
                a == b && c == d
            }
            (Self::Io { path: a, source: c }, Self::Io { path: b, source: d }) => {
                a == b && c.kind() == d.kind()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_limit_and_names_the_path_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(read(&path, 3), Err(Error::NotFound { path: path.clone() }));
        File::create(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, b"abc"))
            .unwrap();
        assert_eq!(read(&path, 3), Ok(b"abc".to_vec()));
        assert_eq!(read_stream(&path, 3), Ok(b"abc".to_vec()));
        assert_eq!(
            read(&path, 2),
            Err(Error::TooLarge {
                path: path.clone(),
                limit: 2
            })
        );
        assert_eq!(
            read_stream(&path, 2),
            Err(Error::TooLarge { path, limit: 2 })
        );
        let folder = folder.path().to_owned();
        assert_eq!(
            read(&folder, 2),
            Err(Error::NotAFile {
                path: folder.clone()
            })
        );
        assert_eq!(
            read_stream(&folder, 2),
            Err(Error::NotAFile { path: folder })
        );
    }

    #[cfg(unix)]
    #[test]
    fn places_are_those_that_the_system_names() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("a/b")).unwrap();
        File::create(at("a/b/file")).unwrap();
        symlink("b", at("a/folder")).unwrap();
        symlink("folder/file", at("a/link")).unwrap();
        symlink("nowhere", at("a/dangling")).unwrap();
        let resolver = Resolver::default();
        for path in [
            "a/b/file",
            "a/folder/file",
            "a/link",
            "a/folder",
            "a/b/../link",
            "a/b",
            "a/folder/",
        ] {
            let (place, metadata) = resolver.resolve(&at(path)).unwrap();
            assert_eq!(place, at(path).canonicalize().unwrap(), "{path}");
            let expected = std::fs::metadata(at(path)).unwrap();
            assert_eq!(metadata.file_type(), expected.file_type(), "{path}");
        }
        for path in ["a/dangling", "a/none", "none/file", "a/b/file/x"] {
            assert!(resolver.resolve(&at(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn looks_into_files_of_any_size_without_holding_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut text = vec![b' '; (1 << 16) - 3];
        text.extend_from_slice(b"needle");
        text.resize(200_000, b'.');
        File::create(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, &text))
            .unwrap();
        assert!(
            contains_any(&path, &[b"thread and yarn", b"needle"]),
            "also where it lies across two reads"
        );
        assert!(!contains_any(&path, &[b"needles"]));
        assert!(!contains_any(folder.path(), &[b"needle"]));
        assert_eq!(
            first_visible_byte(&path),
            Ok(None),
            "none in the first kilobyte"
        );
        File::create(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, b"\n {}"))
            .unwrap();
        assert_eq!(first_visible_byte(&path), Ok(Some(b'{')));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn reads_the_pipes_of_process_substitution() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"abc").unwrap();
        drop(writer);
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        assert!(matches!(read(&path, 10), Err(Error::NotAFile { .. })));
        assert_eq!(read_stream(&path, 10), Ok(b"abc".to_vec()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn refuses_devices_unless_the_user_named_a_stream() {
        let null = Path::new("/dev/null");
        assert!(matches!(read(null, 10), Err(Error::NotAFile { .. })));
        assert_eq!(read_stream(null, 10), Ok(Vec::new()));
        assert!(matches!(
            read_stream(Path::new("/dev/zero"), 10),
            Err(Error::TooLarge { .. })
        ));
    }
}
