//! `dangling-reference`: a generator lists a secret that is not there.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{
    Check, FileFacts, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Standing, remedy,
};
use crate::config::distance;
use crate::deployment::{By, Reference, Role};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "dangling-reference",
    summary: "a generator lists a secret that is not there",
    page: include_str!("../../docs/rules/dangling-reference.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    if context.deployed.is_cut_short() {
        findings.cannot_decide(Path::new("."), "too-many-references");
    }
    let folders = Folders::of(context);
    let mut in_file: HashMap<&Path, usize> = HashMap::new();
    let mut in_all = 0;
    for (reference, standing) in context.deployed.references() {
        if standing != Standing::There && counts(context, reference) {
            let in_file = in_file.entry(&reference.file).or_default();
            *in_file += 1;
            if *in_file > MAX_FINDINGS {
                continue;
            }
            in_all += 1;
            if in_all > MAX_FINDINGS_OF_ALL {
                findings.cannot_decide(Path::new("."), "too-many-findings");
                break;
            }
            let one = Dangling {
                context,
                folders: &folders,
                reference,
                target: context.deployed.shown(&reference.target),
            };
            let file = context.deployed.shown(&reference.file);
            findings.report(&file, one.found(standing));
        }
    }
}

/// Whether a build fails for it, and it is about a secret. Of other files that a kustomization lists
/// many a one is made right before the build.
fn counts(context: &RepoContext<'_>, reference: &Reference) -> bool {
    if reference.kustomization.is_none() || reference.may_be_remote() {
        return false;
    }
    reference.by == By::Ksops
        || reference.role == Role::Generator
        || context
            .policy
            .is_secret_name(&context.deployed.shown(&reference.target))
}

/// The most findings of one repository.
const MAX_FINDINGS_OF_ALL: usize = 10 * MAX_FINDINGS;

/// How many pairs of characters are compared to find what was meant: some tenths of a second.
const MAX_STEPS: usize = 1 << 26;

/// All files by their folders.
struct Folders<'n> {
    /// Their paths, as reports print them, and their names.
    files: HashMap<&'n Path, Vec<(&'n Path, &'n str)>>,
    /// The files that are listed somewhere, from the root.
    listed: HashSet<&'n Path>,
    /// How many steps are left.
    steps: Cell<usize>,
}

impl<'n> Folders<'n> {
    fn of(context: &RepoContext<'n>) -> Self {
        let mut files: HashMap<&Path, Vec<(&Path, &str)>> = HashMap::new();
        for path in context.names {
            let name = path.file_name().and_then(OsStr::to_str);
            if let (Some(folder), Some(name)) = (path.parent(), name) {
                files.entry(folder).or_default().push((path, name));
            }
        }
        let references = context.deployed.references();
        Self {
            files,
            listed: references.map(|(one, _)| one.target.as_path()).collect(),
            steps: Cell::new(MAX_STEPS),
        }
    }

    /// The files in a folder, as far as their names may still be compared with this one.
    fn beside(
        &self,
        folder: &Path,
        name: &str,
    ) -> Option<impl Iterator<Item = (&'n Path, &'n str)>> {
        let beside = self.files.get(folder)?;
        let len: usize = beside.iter().map(|(_, other)| other.len() + 1).sum();
        let steps = len.saturating_mul(name.len() + 1);
        self.steps.set(self.steps.get().checked_sub(steps)?);
        Some(beside.iter().copied())
    }
}

/// A reference to a file that is not there.
struct Dangling<'a, 'c> {
    context: &'a RepoContext<'c>,
    folders: &'a Folders<'c>,
    reference: &'a Reference,
    /// The file, as reports print it.
    target: PathBuf,
}

impl Dangling<'_, '_> {
    fn found(&self, standing: Standing) -> Found {
        let (written, target) = (&self.reference.written, self.target.display());
        let what = if self.reference.role == Role::Generator {
            "generator"
        } else {
            "file"
        };
        let who = match self.reference.by {
            By::Ksops => "KSOPS",
            By::Kustomization => "kustomize",
        };
        let whose = match standing {
            Standing::Ignored => format!("git ignores the {what} that is listed as `{written}`"),
            Standing::Unstaged => format!("the {what} that is listed as `{written}` is not staged"),
            Standing::There | Standing::Missing => {
                format!("there is no {what} `{written}`, which is listed here")
            }
        };
        let message = match standing {
            Standing::Ignored => format!("{whose}: `{target}` is in no commit"),
            Standing::Unstaged => format!("{whose}: `{target}` is in the work tree alone"),
            Standing::There | Standing::Missing => {
                format!("{whose}: {who} looks for `{target}`")
            }
        };
        Found::new(message)
            .at_place(self.reference.place.start, self.reference.place.end)
            .says(self.consequence())
            .help(self.help(standing))
    }

    fn consequence(&self) -> String {
        let kustomization = self.reference.kustomization.as_deref();
        let folder = kustomization.map(|path| self.context.deployed.shown(path));
        let folder = folder.as_deref().and_then(Path::parent);
        let folder = match folder {
            Some(folder) if !folder.as_os_str().is_empty() => folder.display().to_string(),
            Some(_) | None => ".".to_owned(),
        };
        format!(
            "`kustomize build {folder}` fails, so that nothing of what it builds is deployed any more"
        )
    }

    fn help(&self, standing: Standing) -> Help {
        let path = remedy::word(&self.target);
        match standing {
            Standing::Ignored => Help::new("add it to git in spite of that, or take the line out")
                .then(format!("git add --force -- {path}")),
            Standing::Unstaged => Help::new("stage it together with the line that lists it")
                .then(format!("git add -- {path}")),
            Standing::There | Standing::Missing => match self.meant() {
                Some((why, meant)) => self.instead(why, &meant),
                None => Help::new(
                    "take the line out, or bring the file back: git tells whether it was ever there",
                )
                .then(format!("git log --oneline --diff-filter=D -- {path}")),
            },
        }
    }

    /// The file that was probably meant, and why.
    fn meant(&self) -> Option<(&'static str, PathBuf)> {
        let has = |path: &PathBuf| {
            let shown = self.context.deployed.shown(path);
            let all = self.context.names;
            let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_owned();
            all.binary_search_by(|name| bytes(name).cmp(&bytes(&shown)))
                .is_ok()
        };
        if let Some(own) = self.reference.beside_own_file().filter(has) {
            let why = "kustomize starts from the folder of the kustomization, not of this file";
            return Some((why, own));
        }
        let name = self.target.file_name()?.to_str()?;
        let beside = self.folders.beside(self.target.parent()?, name)?;
        let alike = beside.filter_map(|(path, other)| {
            let likeness = likeness(name, other)?;
            self.is_free(path).then_some((likeness, other))
        });
        let (likeness, name) = alike.min()?;
        let why = match likeness {
            Likeness::Case => "capital and small letters differ",
            Likeness::Ending => "there is one of that name with another ending",
            Likeness::Spelling(_) => "there is one of almost that name",
        };
        let meant = self.reference.target.parent()?.join(name);
        Some((why, meant))
    }

    /// Whether a file may be the one that was meant: nothing lists it yet, for who lists a file means it and
    /// not another; and where KSOPS is to open it, it is encrypted.
    fn is_free(&self, name: &Path) -> bool {
        let deployed = self.context.deployed;
        let is_secret = self.reference.by == By::Ksops && self.reference.role != Role::Generator;
        let bytes = name.as_os_str().as_encoded_bytes();
        let files = self.context.files;
        let at = |file: &FileFacts| file.path.as_os_str().as_encoded_bytes().cmp(bytes);
        let is_encrypted = || files.binary_search_by(at).is_ok();
        let target = deployed.path_of(name);
        (!is_secret || is_encrypted())
            && target.is_none_or(|target| !self.folders.listed.contains(target.as_path()))
    }

    /// How to name another file in the place of this one.
    fn instead(&self, why: &str, meant: &Path) -> Help {
        let written = self.reference.written_for(meant);
        let help = Help::new(format!("{why}: write `{written}`"));
        let file = remedy::argument(&self.context.deployed.shown(&self.reference.file));
        let is_plain = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            text.chars().all(plain)
        };
        if !is_plain(&written) || !is_plain(&self.reference.written) {
            return help;
        }
        let line = self.reference.place.start.line;
        let old = self.reference.written.replace('.', "\\.");
        help.then(format!(
            "sed -i.bak '{line}s|{old}|{written}|' {file} && rm {file}.bak"
        ))
    }
}

/// In what two names differ that may be meant for the same, the most alike first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Case,
    Ending,
    Spelling(usize),
}

/// The endings that say nothing about which file it is.
const ENDINGS: [&str; 12] = [
    "enc",
    "sops",
    "secret",
    "secrets",
    "encrypted",
    "yaml",
    "yml",
    "json",
    "env",
    "ini",
    "txt",
    "bin",
];

/// Of how many characters of a name one may be another.
const PER_SLIP: usize = 5;

/// In what a name differs from another one for which it may be meant; none where they are not alike. Names
/// that differ in a digit are those of two files.
fn likeness(name: &str, other: &str) -> Option<Likeness> {
    if name.eq_ignore_ascii_case(other) {
        return Some(Likeness::Case);
    }
    let (name, other) = (stem(name), stem(other));
    if name == other {
        return Some(Likeness::Ending);
    }
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let least = name.chars().count().min(other.chars().count());
    let slips = distance(name, other);
    let is_like = slips <= least / PER_SLIP && digits(name) == digits(other);
    is_like.then_some(Likeness::Spelling(slips))
}

/// A name without its endings.
fn stem(name: &str) -> &str {
    let mut stem = name;
    while let Some((rest, ending)) = stem.rsplit_once('.') {
        let is_common = ENDINGS
            .iter()
            .any(|common| ending.eq_ignore_ascii_case(common));
        if !is_common || rest.is_empty() {
            break;
        }
        stem = rest;
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_alike_without_their_endings_are_taken_for_each_other() {
        for (name, other, expected) in [
            ("gone.enc.yaml", "e.enc.yaml", None),
            ("gone.enc.yaml", "done.enc.yaml", None),
            ("db.enc.yaml", "dc.enc.yaml", None),
            ("cache.enc.yaml", "mail.enc.yaml", None),
            (
                "database.enc.yaml",
                "databse.enc.yaml",
                Some(Likeness::Spelling(1)),
            ),
            (
                "Database.enc.yaml",
                "database.enc.yaml",
                Some(Likeness::Case),
            ),
            ("db.enc.yaml", "db.sops.yml", Some(Likeness::Ending)),
            ("shard-1.enc.yaml", "shard-2.enc.yaml", None),
            ("staging.enc.yaml", "testing.enc.yaml", None),
            (".enc", ".env", None),
        ] {
            assert_eq!(likeness(name, other), expected, "{name} {other}");
        }
    }
}
