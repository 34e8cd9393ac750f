//! Files that git encrypts on their way into the index: in the work tree they stand in clear, as they
//! should.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::FileReport;
use crate::document::Foreign;
use crate::finding::Finding;
use crate::paths;
use crate::repo::Repo;
use crate::rules::OF_CLEAR_TEXT;

/// Takes away what was found for standing in clear in files that git encrypts, and says in their
/// reports whose they are.
///
/// git is asked only where there is something to take away. Where it gives no answer, all stays.
pub(super) fn forgive(
    findings: Vec<Finding>,
    files: &mut [FileReport],
    repo: &Repo<'_>,
    here: &Path,
) -> Vec<Finding> {
    let is_of_clear_text = |finding: &Finding| OF_CLEAR_TEXT.contains(&finding.rule);
    let suspects: BTreeSet<&PathBuf> = findings
        .iter()
        .filter(|finding| is_of_clear_text(finding))
        .map(|finding| &finding.location.path)
        .collect();
    if suspects.is_empty() {
        return findings;
    }
    let absolute: Vec<PathBuf> = suspects
        .iter()
        .map(|path| paths::absolute(here, path))
        .collect();
    let filters = repo.filters(&absolute).unwrap_or_default();
    let encrypted: HashMap<PathBuf, Foreign> = suspects
        .into_iter()
        .zip(&absolute)
        .filter_map(|(path, absolute)| {
            let foreign = Foreign::of_filter(filters.get(absolute)?)?;
            Some((path.clone(), foreign))
        })
        .collect();
    for file in files {
        file.foreign = encrypted.get(&file.path).copied().or(file.foreign);
    }
    let stays = |finding: &Finding| {
        !is_of_clear_text(finding) || !encrypted.contains_key(&finding.location.path)
    };
    findings.into_iter().filter(stays).collect()
}
