//! git itself, for what libgit2 cannot read.
//!
//! Only plumbing is asked, with every setting that could change its answer or run a program taken
//! away. Above all, git fetches nothing: what is missing in a partial clone it would get through the
//! programs and addresses that the repository names, whoever it belongs to. Answers are separated by
//! zeros, so no path needs to be unescaped.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use super::entry::{BlobId, Entry, Kind};
use super::error::Error;
use super::id::Id;
use crate::environment::Environment;
use crate::process::{self, Ended, Program};

/// git, run in one folder.
#[derive(Clone, Copy)]
pub(super) struct Git<'r> {
    pub(super) environment: &'r Environment,
    pub(super) directory: &'r Path,
}

/// How long git may take.
const TIME: Duration = Duration::from_secs(120);

/// The most bytes of a list of files.
const LIST: usize = 1 << 30;

/// The most bytes of blobs that are held because git was asked for all of them at once.
const HELD: usize = 64 << 20;

/// The most bytes of commits and trees.
const TREES: usize = 256 << 20;

/// No lock, no question, no way to a remote, messages that can be recognised, and objects as they are
/// named: what replaces or grafts them is this clone's own, and nobody else's.
///
/// A setting does not do for the remote: `protocol.ssh.allow` of the repository wins over any
/// `protocol.allow`. The variable that is made for this is not known to every git.
const VARIABLES: [(&str, &str); 7] = [
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_GRAFT_FILE", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];

impl Git<'_> {
    /// All entries of the index.
    pub(super) fn all(&self) -> Result<Vec<Entry>, Error> {
        let empty = self.line(&["hash-object", "-t", "tree", "--stdin"])?;
        self.differing(&empty)
    }

    /// The entries that differ from those of `HEAD`.
    pub(super) fn staged(&self) -> Result<Vec<Entry>, Error> {
        let head = ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"];
        let ended = self.run(&head, Vec::new(), LIST)?;
        match ended.code {
            Some(0) => self.differing(&line(&ended.stdout)),
            // So it says that there is no commit yet.
            Some(1) if ended.stderr.is_empty() => self.all(),
            _ => Err(self.refusal(&ended)),
        }
    }

    /// The entries that differ from those of a commit or tree.
    pub(super) fn differing(&self, tree: &str) -> Result<Vec<Entry>, Error> {
        let arguments = [
            "diff-index",
            "--cached",
            "--raw",
            "-z",
            "--full-index",
            "--no-abbrev",
            "--no-renames",
            "--ita-invisible-in-index",
            "--ignore-submodules=all",
            tree,
            "--",
        ];
        Ok(entries(&self.output(&arguments, Vec::new())?))
    }

    /// The bytes of a blob; none where there are more than `limit`.
    pub(super) fn blob(&self, id: &BlobId, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let ended = self.run(&["cat-file", "blob", &id.0], Vec::new(), limit)?;
        match ended.code {
            _ if ended.truncated => Ok(None),
            Some(0) => Ok(Some(ended.stdout)),
            _ => Err(self.refusal(&ended)),
        }
    }

    /// The bytes of many blobs, as far as they are there and may be held.
    pub(super) fn blobs(&self, ids: &[&BlobId]) -> Result<HashMap<BlobId, Vec<u8>>, Error> {
        let wanted: String = ids.iter().map(|id| format!("{}\n", id.0)).collect();
        let ended = self.run(&["cat-file", "--batch"], wanted.into_bytes(), HELD)?;
        let blobs = batch(&ended.stdout).into_iter();
        Ok(blobs
            .filter(|object| object.kind == "blob")
            .map(|object| (BlobId(object.id), object.bytes))
            .collect())
    }

    /// The bytes of an object of this kind, of at most `limit`.
    pub(super) fn object(&self, kind: &str, id: Id, limit: usize) -> Result<Vec<u8>, Error> {
        let ended = self.run(&["cat-file", kind, &id.to_string()], Vec::new(), limit)?;
        match ended.code {
            _ if ended.truncated => Err(Error::too_large(kind, &id)),
            Some(0) => Ok(ended.stdout),
            _ => Err(self.refusal(&ended)),
        }
    }

    /// The commits and trees that these arguments of `rev-list` lead to, as far as they may be held.
    pub(super) fn objects(&self, of: &[String]) -> Result<Vec<(Id, Vec<u8>)>, Error> {
        let mut arguments = vec!["rev-list", "--objects", "--no-object-names"];
        arguments.push("--filter=blob:none");
        arguments.extend(of.iter().map(String::as_str));
        let ids = self.output(&arguments, Vec::new())?;
        let ended = self.run(&["cat-file", "--batch"], ids, TREES)?;
        let objects = batch(&ended.stdout).into_iter();
        Ok(objects
            .filter_map(|object| Some((Id::of_hex(object.id.as_bytes())?, object.bytes)))
            .collect())
    }

    /// The object that a revision stands for; none where git knows no such. It need not be there.
    pub(super) fn revision(&self, revision: &str) -> Result<Option<Id>, Error> {
        let arguments = ["rev-parse", "--quiet", "--verify", revision];
        let ended = self.run(&arguments, Vec::new(), LIST)?;
        match ended.code {
            Some(0) => Ok(Id::of_hex(line(&ended.stdout).as_bytes())),
            Some(1) => Ok(None),
            // What git calls bad it does not know either: `main@{99 years ago}`, `HEAD^{tree}`.
            Some(128) if !Error::is_of_repository(&ended.stderr) => Ok(None),
            _ => Err(self.refusal(&ended)),
        }
    }

    /// The best common ancestors of two commits.
    pub(super) fn merge_bases(&self, one: Id, other: Id) -> Result<Vec<Id>, Error> {
        let (one, other) = (one.to_string(), other.to_string());
        let ended = self.run(&["merge-base", "--all", &one, &other], Vec::new(), LIST)?;
        match ended.code {
            Some(0) => Ok(ids(&ended.stdout)),
            // So it ends as well where it met a commit that it cannot read.
            Some(1) if ended.stderr.is_empty() => Ok(Vec::new()),
            _ => Err(self.refusal(&ended)),
        }
    }

    /// The `filter` attributes of files, each named by its absolute path; of those that have one.
    pub(super) fn filters(&self, paths: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, String>, Error> {
        let wanted: Vec<u8> = paths.join(&0).into_iter().chain([0]).collect();
        let arguments = ["check-attr", "-z", "--stdin", "filter"];
        Ok(attributes(&self.output(&arguments, wanted)?))
    }

    /// Which of these files git ignores. Each is named by its absolute path, and need not be there.
    pub(super) fn ignored(&self, paths: &[Vec<u8>]) -> Result<HashSet<Vec<u8>>, Error> {
        let wanted: Vec<u8> = paths.join(&0).into_iter().chain([0]).collect();
        let ended = self.run(&["check-ignore", "-z", "--stdin"], wanted, LIST)?;
        match ended.code {
            // It says with 1 that it ignores none.
            Some(0 | 1) if !ended.truncated => Ok(listed(&ended.stdout)),
            _ => Err(self.refusal(&ended)),
        }
    }

    /// The names of the filters that git's configuration has a command for; a repository's files
    /// can name filters, but cannot set them up.
    pub(super) fn configured_filters(&self) -> Result<HashSet<String>, Error> {
        let arguments = ["config", "-z", "--get-regexp", r"^filter\..*\.clean$"];
        Ok(commands(&self.output(&arguments, Vec::new())?))
    }

    fn line(&self, arguments: &[&str]) -> Result<String, Error> {
        Ok(line(&self.output(arguments, Vec::new())?))
    }

    fn output(&self, arguments: &[&str], stdin: Vec<u8>) -> Result<Vec<u8>, Error> {
        let ended = self.run(arguments, stdin, LIST)?;
        match ended.code {
            Some(0) if !ended.truncated => Ok(ended.stdout),
            _ => Err(self.refusal(&ended)),
        }
    }

    fn run(&self, arguments: &[&str], stdin: Vec<u8>, limit: usize) -> Result<Ended, Error> {
        // A file system monitor is a program that the repository names.
        let settings = ["-c", "core.fsmonitor=false", "-c", "diff.relative=false"];
        let words = settings.into_iter().chain(arguments.iter().copied());
        let program = Program {
            name: "git",
            arguments: process::words(words),
            directory: self.directory,
            environment: self.environment,
            variables: &VARIABLES,
            stdin,
            limit,
            time: TIME,
            is_alone: false,
        };
        program.run().map_err(|error| {
            let help = match error {
                process::Error::NotFound { .. } => "install git, or put it into `PATH`",
                process::Error::Relative { .. }
                | process::Error::NotExecutable { .. }
                | process::Error::Io { .. }
                | process::Error::TooSlow { .. } => "see what `git status` says",
            };
            Error::unasked(error.to_string(), help)
        })
    }

    fn refusal(&self, ended: &Ended) -> Error {
        Error::of_git(&String::from_utf8_lossy(&ended.stderr), self.directory)
    }
}

/// The first line of an answer.
fn line(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.lines().next().unwrap_or_default().to_owned()
}

/// Reads the answer of `git diff-index --raw -z`: `:MODE MODE ID ID STATUS`, then the path.
fn entries(answer: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut parts = answer.split(|byte| *byte == 0);
    while let (Some(facts), Some(path)) = (parts.next(), parts.next()) {
        let facts = String::from_utf8_lossy(facts);
        let mut words = facts.split(' ').skip(1);
        let (Some(mode), Some(id), Some(status)) = (words.next(), words.nth(1), words.next())
        else {
            continue;
        };
        let mode = u32::from_str_radix(mode, 8).unwrap_or_default();
        let kind = match status.as_bytes().first() {
            Some(b'D') | None => continue,
            Some(b'U') => Kind::Unmerged,
            Some(_) => Kind::of_mode(mode, || id.to_owned()),
        };
        let path = path.to_vec();
        // An unmerged path may be named twice; that it is unmerged comes first.
        if entries.last().is_none_or(|last| last.path != path) {
            entries.push(Entry { path, kind });
        }
    }
    entries
}

/// The ids of an answer, one a line.
fn ids(answer: &[u8]) -> Vec<Id> {
    let lines = answer.split(|byte| *byte == b'\n');
    lines.filter_map(Id::of_hex).collect()
}

/// An object that git gave.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    id: String,
    kind: String,
    bytes: Vec<u8>,
}

/// Reads the answer of `git cat-file --batch`, as far as it goes: `ID KIND LENGTH`, then the bytes.
fn batch(mut answer: &[u8]) -> Vec<Object> {
    let mut objects = Vec::new();
    while let Some(end) = answer.iter().position(|byte| *byte == b'\n') {
        let (head, rest) = answer.split_at(end);
        let head = String::from_utf8_lossy(head);
        let mut words = head.split(' ');
        let (id, kind, length) = (words.next(), words.next(), words.next());
        answer = rest.get(1..).unwrap_or_default();
        let Some(length) = length.and_then(|length| length.parse::<usize>().ok()) else {
            continue;
        };
        let Some((bytes, rest)) = answer.split_at_checked(length) else {
            break;
        };
        if let (Some(id), Some(kind)) = (id, kind) {
            objects.push(Object {
                id: id.to_owned(),
                kind: kind.to_owned(),
                bytes: bytes.to_vec(),
            });
        }
        answer = rest.get(1..).unwrap_or_default();
    }
    objects
}

/// The paths of an answer, each ended by a zero.
fn listed(answer: &[u8]) -> HashSet<Vec<u8>> {
    let paths = answer.split(|byte| *byte == 0);
    let paths = paths.filter(|path| !path.is_empty());
    paths.map(<[u8]>::to_vec).collect()
}

/// Reads the answer of `git check-attr -z`: path, attribute and value, each ended by a zero.
fn attributes(answer: &[u8]) -> HashMap<Vec<u8>, String> {
    let parts: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
    let named = parts.chunks_exact(3).filter_map(|part| match part {
        [_, _, b"unspecified" | b"unset" | b"set"] => None,
        [path, _, value] => Some((path.to_vec(), String::from_utf8_lossy(value).into_owned())),
        _ => None,
    });
    named.collect()
}

/// Reads the answer of `git config -z --get-regexp`: each setting's name, a line feed and its value,
/// ended by a zero. The last value of a name counts.
fn commands(answer: &[u8]) -> HashSet<String> {
    let mut names = HashSet::new();
    for setting in answer.split(|byte| *byte == 0) {
        let setting = String::from_utf8_lossy(setting);
        let (setting, value) = setting.split_once('\n').unwrap_or((&setting, ""));
        let name = setting.strip_prefix("filter.");
        let Some(name) = name.and_then(|name| name.strip_suffix(".clean")) else {
            continue;
        };
        if value.trim().is_empty() {
            names.remove(name);
        } else {
            names.insert(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_an_answer_are_those_that_are_there() {
        let answer = b":100644 000000 1a 00 D\0gone\0:000000 100644 00 2b A\0a b\n\xff\0\
            :100644 120000 1a 3c T\0link\0:000000 160000 00 4d A\0sub\0:000000 000000 00 00 U\0both\0";
        let expected = [
            (&b"a b\n\xff"[..], Kind::File(BlobId("2b".to_owned()))),
            (b"link", Kind::Link),
            (b"sub", Kind::Submodule),
            (b"both", Kind::Unmerged),
        ];
        let expected = expected.map(|(path, kind)| Entry {
            path: path.to_vec(),
            kind,
        });
        assert_eq!(entries(answer), expected);
        assert_eq!(entries(b""), []);
    }

    #[test]
    fn the_attributes_of_an_answer_are_those_that_have_a_value() {
        let answer = b"a\0filter\0git-crypt\0b c\0filter\0unspecified\0d\0filter\0unset\0";
        let expected = HashMap::from([(b"a".to_vec(), "git-crypt".to_owned())]);
        assert_eq!(attributes(answer), expected);
        assert_eq!(attributes(b""), HashMap::new());
    }

    #[test]
    fn the_filters_of_an_answer_are_those_with_a_command() {
        let answer = b"filter.git-crypt.clean\n\"git-crypt\" clean\0filter.a.b.clean\nx\ny\0\
            filter.off.clean\nx\0filter.off.clean\n\0filter.none.clean\0";
        let expected = HashSet::from(["git-crypt".to_owned(), "a.b".to_owned()]);
        assert_eq!(commands(answer), expected);
        assert_eq!(commands(b""), HashSet::new());
    }

    #[test]
    fn the_objects_of_an_answer_are_those_that_are_whole() {
        let answer = b"1a blob 3\na\nb\n2b missing\n3c tree 1\nx\n4d blob 0\n\n5e blob 9\nabc";
        let expected = [
            ("1a", "blob", &b"a\nb"[..]),
            ("3c", "tree", b"x"),
            ("4d", "blob", b""),
        ];
        let expected = expected.map(|(id, kind, bytes)| Object {
            id: id.to_owned(),
            kind: kind.to_owned(),
            bytes: bytes.to_vec(),
        });
        assert_eq!(batch(answer), expected);
        assert_eq!(batch(b"1a blob 18446744073709551615\n"), []);
    }
}
