//! Paths as text: nothing here asks the disk.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The path without its `.` parts, so that `./a` and `a` are one file.
pub(crate) fn without_dots(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

/// The path that `path` is for someone who stands in `here`, without `.` and `..`.
///
/// `a/..` is taken for nothing, as git takes it, also where `a` is a link.
pub(crate) fn absolute(here: &Path, path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// The way from the folder `from` to `to`, both without `..` and from the same start.
pub(crate) fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared == 0 && to.is_absolute() {
        return to.to_owned();
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// A path with `/` between its parts on every system. What is no text has the replacement character.
pub(crate) fn with_slashes(path: &Path) -> String {
    let parts = path.components().map(|part| match part {
        Component::RootDir => "".into(),
        part => part.as_os_str().to_string_lossy(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The bytes of a path as sops matches it: from a folder on, with `/`. None where it is not below.
pub(crate) fn below(folder: &Path, place: &Path) -> Option<Vec<u8>> {
    let relative = place.strip_prefix(folder).ok()?.to_owned();
    let mut bytes = relative.into_os_string().into_encoded_bytes();
    if cfg!(windows) {
        let backslashes = bytes.iter_mut().filter(|byte| **byte == b'\\');
        backslashes.for_each(|byte| *byte = b'/');
    }
    Some(bytes)
}

/// What stands between the name of a file and something random in the name of a temporary one.
const MARK: &str = ".sopsguard-";

/// The most bytes of a file's name that the name of its temporary has: together they fit in 255.
const LONGEST: usize = 180;

/// Where a new version of a file lies before sopsguard puts it in place: `.NAME.sopsguard-RANDOM`, beside it.
pub(crate) fn temporary(path: &Path, random: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let mut temporary = OsString::from(".");
    if name.len() > LONGEST {
        let text = name.to_string_lossy();
        let kept = (0..=LONGEST).rev().find_map(|end| text.get(..end));
        temporary.push(kept.unwrap_or_default());
        temporary.push(format!("-{:016x}", told_apart(name.as_encoded_bytes())));
    } else {
        temporary.push(name);
    }
    temporary.push(MARK);
    temporary.push(random);
    path.with_file_name(temporary)
}

/// A number for a name, by which names that begin alike are told apart: FNV-1a, the same in every version.
fn told_apart(name: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    name.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Whether a file's name is that of a [`temporary`] one.
pub(crate) fn is_temporary(path: &Path) -> bool {
    const MARK: &[u8] = self::MARK.as_bytes();
    path.file_name().is_some_and(|name| {
        let name = name.as_encoded_bytes();
        let at = name.windows(MARK.len()).rposition(|part| part == MARK);
        name.starts_with(b".") && at.is_some_and(|at| at > 1 && at + MARK.len() < name.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_folder_to_another_leads_over_their_common_part() {
        for (from, to, expected) in [
            ("/r/a", "/r/a/b", "b"),
            ("/r/a", "/r/b/c", "../b/c"),
            ("/r/a/b", "/r", "../.."),
            ("/r", "/r", ""),
            ("/r/a", "/other", "../../other"),
        ] {
            let way = relative(Path::new(from), Path::new(to));
            assert_eq!(way, Path::new(expected), "{from} {to}");
        }
    }

    #[test]
    fn parts_that_lead_nowhere_are_taken_away() {
        let at = |path: &str| absolute(Path::new("/r/a"), Path::new(path));
        for (path, expected) in [
            ("b", "/r/a/b"),
            ("./b/./c", "/r/a/b/c"),
            ("../b", "/r/b"),
            ("../../../../b", "/b"),
            ("/x/../y", "/y"),
            ("", "/r/a"),
        ] {
            assert_eq!(at(path), Path::new(expected), "{path}");
        }
        assert_eq!(without_dots(Path::new("./a/./b")), Path::new("a/b"));
    }

    #[test]
    fn only_names_that_sopsguard_gives_are_temporary() {
        for (name, expected) in [
            ("a/.db.enc.yaml.sopsguard-x7", true),
            (".sopsguard.toml", false),
            (".sopsguard-x", false),
            ("db.sopsguard-x", false),
            (".db.sopsguard-", false),
        ] {
            assert_eq!(is_temporary(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn long_names_that_begin_alike_have_temporaries_of_their_own() {
        let [one, other] = ["1", "2"].map(|end| {
            let name = format!("/r/{}{end}.yaml", "a".repeat(240));
            temporary(Path::new(&name), "x7")
        });
        assert_ne!(one, other);
    }

    #[test]
    fn temporary_files_lie_beside_theirs_under_names_that_every_system_takes() {
        let long = format!("/r/{}.yaml", "ä".repeat(125));
        for (path, expected) in [
            ("/r/a.yaml", Some("/r/.a.yaml.sopsguard-x7")),
            ("a", Some(".a.sopsguard-x7")),
            (&long, None),
        ] {
            let temporary = temporary(Path::new(path), "x7");
            assert!(is_temporary(&temporary), "{path}");
            assert!(temporary.file_name().unwrap().len() <= 255, "{path}");
            assert!(temporary.to_str().is_some(), "{path}");
            if let Some(expected) = expected {
                assert_eq!(temporary, Path::new(expected));
            }
        }
    }
}
