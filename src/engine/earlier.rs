//! Help that goes back in git, only where there is something to go back to.
//!
//! `git restore` with a commit that does not have the file takes the file away, and says nothing. So
//! what the rules advise is made to fit what git has, once they are done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::finding::{Finding, Help};
use crate::paths;
use crate::repo::Repo;

/// Leaves each finding the help that fits its file.
///
/// git is asked only where there is help that depends on it.
pub(super) fn fit(findings: &mut [Finding], repo: Option<&Repo<'_>>, here: &Path) {
    let mut in_index: BTreeMap<PathBuf, Option<Vec<u8>>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| asks_git(&finding.help)) {
        let path = &finding.location.path;
        if !in_index.contains_key(path) {
            let absolute = paths::absolute(here, path);
            let inside = repo.and_then(|repo| repo.path_in_index(&absolute));
            in_index.insert(path.clone(), inside);
        }
    }
    if in_index.is_empty() {
        return;
    }
    let paths = in_index.values().flatten().cloned().collect();
    let versions = repo.map(|repo| repo.versions(paths)).unwrap_or_default();
    for finding in findings {
        let Some(path) = in_index.get(&finding.location.path) else {
            continue;
        };
        let commit = path.as_ref().and_then(|path| versions.get(path)).copied();
        let help = std::mem::take(&mut finding.help);
        finding.help = fitting(help, commit, path.is_some());
    }
}

fn asks_git(help: &Help) -> bool {
    help.otherwise.is_some() || help.commands.iter().any(|command| is_of_git(command))
}

fn is_of_git(command: &str) -> bool {
    command.starts_with("git ")
}

/// The help for a file that `commit` has, or none; outside of a repository git has nothing to say.
fn fitting(mut help: Help, commit: Option<&str>, in_repository: bool) -> Help {
    match (help.otherwise.take(), commit) {
        (None, _) | (Some(_), Some("HEAD")) => {}
        (Some(otherwise), None) => help = *otherwise,
        // `git log` would tell of the other side.
        (Some(_), Some(commit)) => {
            let source = format!("--source={commit}");
            help.commands
                .retain(|command| !command.starts_with("git log "));
            for command in &mut help.commands {
                *command = command.replace("--source=REV", &source);
            }
        }
    }
    if !in_repository {
        help.commands.retain(|command| !is_of_git(command));
    }
    help
}
