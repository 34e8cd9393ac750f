//! What changed since a revision: the files as the last commit has them, and what the commits on the way
//! there gave away.
//!
//! Who gets a branch gets all of its commits. So what stood in clear in one of them was seen, also where
//! the next encrypts it.

use std::collections::HashSet;
use std::path::PathBuf;

use super::bases::Bases;
use super::file::{Around, Looked, look};
use super::inputs::{Content, Input, Inputs, Origin, Scope};
use super::notices::Why;
use super::{Error, map_all};
use crate::finding::{Finding, Help};
use crate::keys::Keyring;
use crate::paths;
use crate::repo::{Base, BlobId, CommitId, End, File, Kind, Of, Reach};
use crate::rules::{Command, OF_EVERY_COMMIT};

/// Adds the files that changed since the base, of those below `named` if there are names.
///
/// # Errors
/// [`Error::Git`] where the commits cannot be read.
pub(super) fn add(
    inputs: &mut Inputs<'_>,
    bases: &Bases<'_>,
    named: &[PathBuf],
) -> Result<(), Error> {
    let Some((base, range)) = range(bases) else {
        return Ok(());
    };
    let was = base.commits.first().copied();
    let changes = bases.commits().changed(was, range.head)?;
    let here = inputs.scope.environment.current_dir().to_owned();
    let wanted: Vec<(PathBuf, PathBuf)> = named
        .iter()
        .filter(|named| !inputs.is_left_out(&paths::without_dots(named)))
        .map(|named| (paths::absolute(&here, named), paths::without_dots(named)))
        .collect();
    let mut met = vec![false; wanted.len()];
    for changed in changes.paths {
        let place = bases.repo.place(&changed.path);
        let is_below = |(folder, _): &(PathBuf, PathBuf)| place.starts_with(folder);
        let at = wanted.iter().position(is_below);
        if at.is_none() && !named.is_empty() {
            continue;
        }
        if let Some(met) = at.and_then(|at| met.get_mut(at)) {
            *met = true;
        }
        let is_named = at
            .and_then(|at| wanted.get(at))
            .is_some_and(|(file, _)| *file == place);
        let origin = if is_named {
            Origin::NamedInIndex
        } else {
            Origin::Walked
        };
        if let Some(Kind::File(id)) = changed.is {
            inputs.add(bases.shown(&changed.path), Content::Blob(id), origin);
        }
    }
    for ((_, shown), _) in wanted.iter().zip(met).filter(|(_, met)| !met) {
        inputs.notices.add(Why::Unchanged, shown);
    }
    Ok(())
}

/// The base and the range of commits since; none where something else is compared.
fn range<'b>(bases: &'b Bases<'_>) -> Option<(&'b Base, &'b crate::repo::Since)> {
    let base = bases.base.as_ref().ok()?;
    match &base.of {
        Of::Since(range) => Some((base, range)),
        Of::Commit | Of::Merge | Of::Redone(..) => None,
    }
}

/// What the commits since the base gave away and later ones took back.
#[derive(Default)]
pub(super) struct Leaks {
    pub(super) findings: Vec<Finding>,
    /// What was not looked at, in a sentence.
    pub(super) notice: Option<String>,
}

impl Leaks {
    /// Looks at all that the commits brought and neither `inputs` nor the last commit have.
    ///
    /// # Errors
    /// [`Error::Git`] where a content cannot be read.
    pub(super) fn find(
        bases: &Bases<'_>,
        inputs: &[Input],
        scope: Scope<'_>,
        reach: Reach,
    ) -> Result<Self, Error> {
        let Some((base, since)) = range(bases) else {
            return Ok(Self::default());
        };
        let brought = match bases.commits().brought(base, reach) {
            Ok(brought) => brought,
            Err(none) => {
                return Ok(Self {
                    findings: Vec::new(),
                    notice: Some(format!(
                        "the commits since the base were not looked at: {none}"
                    )),
                });
            }
        };
        let seen: HashSet<&BlobId> = inputs.iter().filter_map(Input::blob).collect();
        let files = brought.files.into_iter();
        let files: Vec<(File, Input)> = files
            .filter(|file| !seen.contains(&file.blob) && !is_there(bases, since.head, file))
            .filter_map(|file| {
                let content = Content::Blob(file.blob.clone());
                let input = scope.input(bases.shown(&file.path), content, Origin::Walked)?;
                Some((file, input))
            })
            .collect();
        let around = Around {
            command: Command::Check,
            blobs: Some(&bases.blobs),
            bases: None,
            creation: None,
            names: None,
            trusts_changes: false,
            keeps_tokens: false,
        };
        let nobody = Keyring::default();
        let looked = map_all(&files, scope.jobs, |(file, input)| {
            leaked(file, look(input, &nobody, around))
        })?;
        let findings: Result<Vec<Vec<Finding>>, Error> = looked.into_iter().collect();
        Ok(Self {
            findings: findings?.into_iter().flatten().collect(),
            notice: unfinished(&brought.end, brought.commits),
        })
    }
}

/// Whether a commit still has what an earlier one brought: then no later one took it back.
fn is_there(bases: &Bases<'_>, head: CommitId, file: &File) -> bool {
    let there = bases.commits().at(head, &file.path);
    matches!(there, Ok(Some(Kind::File(id))) if id == file.blob)
}

/// What was found in a content that a commit brought, told as such.
fn leaked(file: &File, looked: Looked) -> Result<Vec<Finding>, Error> {
    let findings = match looked {
        Looked::NotGiven(error) => return Err(error),
        Looked::PassedOver { findings, .. } | Looked::At { findings, .. } => findings,
    };
    let findings = findings.into_iter();
    let findings = findings.filter(|finding| OF_EVERY_COMMIT.contains(&finding.rule));
    let commit = file.commit.short();
    Ok(findings
        .map(|finding| of_commit(&commit, finding))
        .collect())
}

/// A finding about what a commit has, and the files do not have any more.
fn of_commit(commit: &str, finding: Finding) -> Finding {
    let help = Help::new(
        "a later commit mends it, and git keeps it all the same: if these commits were pushed, change \
         the value at its source; else join them, so that none has it in clear",
    );
    Finding {
        message: format!("in commit `{commit}`: {}", finding.message),
        consequence: Some("whoever gets this branch can read it in its history".to_owned()),
        help: help.then(format!("git rebase --interactive {commit}~")),
        ..finding
    }
}

/// What to say where not all commits were looked at.
fn unfinished(end: &End, commits: usize) -> Option<String> {
    let why = match end {
        End::Complete => return None,
        End::Limit => "`--history=N` looks at more".to_owned(),
        End::Shallow => "the clone is shallow".to_owned(),
        End::Unreadable(error) => error.to_string(),
    };
    Some(format!(
        "only {commits} commits since the base were searched for values in clear: {why}"
    ))
}
