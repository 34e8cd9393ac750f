//! `unreferenced-secret`: a secret beside others that a generator lists, and listed by none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Check, FileFacts, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::deployment::{By, Reference, Role};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unreferenced-secret",
    summary: "a generator lists the secrets of a folder, but not this one",
    page: include_str!("../../docs/rules/unreferenced-secret.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let deployed = context.deployed;
    if deployed.is_cut_short() {
        findings.cannot_decide(Path::new("."), "too-many-references");
        return;
    }
    let secrets: BTreeMap<PathBuf, &FileFacts> = context
        .files
        .iter()
        .filter_map(|file| Some((deployed.path_of(&file.path)?, file)))
        .collect();
    let mut listed: BTreeSet<&Path> = BTreeSet::new();
    let mut siblings: BTreeMap<&Path, Vec<&Reference>> = BTreeMap::new();
    for (reference, _) in deployed.references() {
        listed.insert(&reference.target);
        if secrets.contains_key(&reference.target) {
            let folder = reference.target.parent().unwrap_or(Path::new(""));
            siblings.entry(folder).or_default().push(reference);
        }
    }
    for (path, file) in &secrets {
        let folder = path.parent().unwrap_or(Path::new(""));
        if listed.contains(path.as_path()) || deployed.is_link(path) || deployed.may_deploy(folder)
        {
            continue;
        }
        let beside = siblings.get(folder).into_iter().flatten();
        let beside = beside.filter(|sibling| is_of_one_kind(sibling, path, file, &secrets));
        // A generator's list is the one to be extended where a kustomization has some, too.
        let last = beside.max_by_key(|one| (one.by == By::Ksops, one.place.start.offset));
        if let Some(sibling) = last {
            findings.report(&file.path, found(context, path, file, sibling));
        }
    }
}

/// Whether a secret would be listed where its sibling is: a manifest among manifests, a file of values
/// among such of the same ending.
fn is_of_one_kind(
    sibling: &Reference,
    path: &Path,
    file: &FileFacts,
    secrets: &BTreeMap<PathBuf, &FileFacts>,
) -> bool {
    match sibling.role {
        Role::Manifest => {
            let is_manifest = |file: &&FileFacts| file.is_manifest;
            file.is_manifest && secrets.get(&sibling.target).is_some_and(is_manifest)
        }
        Role::Data => !file.is_manifest && ending(path) == ending(&sibling.target),
        Role::Generator | Role::Patch => false,
    }
}

/// What a name ends in, from its first dot on.
fn ending(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let (_, ending) = name.get(1..)?.split_once('.')?;
    Some(ending)
}

fn found(context: &RepoContext<'_>, path: &Path, file: &FileFacts, sibling: &Reference) -> Found {
    let lister = context.deployed.shown(&sibling.file);
    let (shown, line) = (lister.display(), sibling.place.start.line);
    let who = match sibling.by {
        By::Ksops => "KSOPS generator",
        By::Kustomization => "kustomization",
    };
    let beside = context.deployed.shown(&sibling.target);
    let beside = beside.file_name().unwrap_or_default().to_string_lossy();
    Found::new(format!(
        "nothing lists this secret, so that it is never deployed: the {who} `{shown}` lists \
         `{beside}` beside it (line {line})"
    ))
    .says("what is changed in it never reaches the cluster, and nobody is told")
    .at_position(Some(file.at))
    .help(help(context, path, file, sibling))
}

fn help(context: &RepoContext<'_>, path: &Path, file: &FileFacts, sibling: &Reference) -> Help {
    let written = sibling.written_for(path);
    let (lister, line) = (
        context.deployed.shown(&sibling.file),
        sibling.place.start.line,
    );
    let (at, file_name) = (lister.display(), remedy::word(&file.path));
    let rest = format!("; or, where nobody needs it any more, `git rm -- {file_name}`");
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if !sibling.place.is_item {
        return Help::new(format!(
            "add `{written}` to the list in line {line} of `{at}`{rest}"
        ));
    }
    let help = Help::new(format!(
        "add `- {written}` below line {line} of `{at}`{rest}"
    ));
    if !written.chars().all(plain) {
        return help;
    }
    let lister = remedy::argument(&lister);
    help.then(format!(
        "sed -i.bak '{line}{{p;s|- .*|- {written}|;}}' {lister} && rm {lister}.bak"
    ))
}
