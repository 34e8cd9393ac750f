//! `dangling-reference`: a generator lists a secret that is not there.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{Check, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Standing, remedy};
use crate::config::similar;
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
    let folders = Folders::of(context.names);
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

/// The names of all files by their folders.
struct Folders<'n> {
    names: HashMap<&'n Path, Vec<&'n str>>,
    /// How many steps are left.
    steps: Cell<usize>,
}

impl<'n> Folders<'n> {
    fn of(all: &'n [PathBuf]) -> Self {
        let mut names: HashMap<&Path, Vec<&str>> = HashMap::new();
        for path in all {
            let name = path.file_name().and_then(OsStr::to_str);
            if let (Some(folder), Some(name)) = (path.parent(), name) {
                names.entry(folder).or_default().push(name);
            }
        }
        let steps = Cell::new(MAX_STEPS);
        Self { names, steps }
    }

    /// The names in a folder, as far as they may still be compared with this one.
    fn beside(&self, folder: &Path, name: &str) -> Option<impl Iterator<Item = &'n str>> {
        let beside = self.names.get(folder)?;
        let len: usize = beside.iter().map(|other| other.len() + 1).sum();
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
        let folder = self.target.parent()?;
        let name = self.target.file_name()?.to_str()?;
        let name = similar(name, self.folders.beside(folder, name)?)?;
        let is_only_case = name.eq_ignore_ascii_case(self.target.file_name()?.to_str()?);
        let why = if is_only_case {
            "capital and small letters differ"
        } else {
            "there is one of almost that name"
        };
        let meant = self.reference.target.parent()?.join(name);
        Some((why, meant))
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
