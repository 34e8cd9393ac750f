//! Files that git encrypts on their way into the index: in the work tree they stand in clear, as they
//! should.
//!
//! That a file should be encrypted is said by `.gitattributes`, which anybody can write. So it counts
//! only where what git holds is encrypted, or, before git holds anything, where git's own
//! configuration has the command that encrypts it.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{FileReport, MAX_FILE_LEN};
use crate::document::Foreign;
use crate::finding::Finding;
use crate::paths;
use crate::repo::{Blobs, Index, Kind, Repo};
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
    let held = Held::new(repo);
    let encrypted: HashMap<PathBuf, Foreign> = suspects
        .into_iter()
        .zip(&absolute)
        .filter_map(|(path, absolute)| {
            let filter = filters.get(absolute)?;
            let foreign = Foreign::of_filter(filter)?;
            (held.is_encrypted(absolute, filter)).then(|| (path.clone(), foreign))
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

/// What git holds, or would hold, of files in the work tree.
struct Held<'r> {
    repo: &'r Repo<'r>,
    index: OnceCell<Option<Index<'r>>>,
    blobs: Blobs<'r>,
    configured: OnceCell<HashSet<String>>,
}

impl<'r> Held<'r> {
    fn new(repo: &'r Repo<'r>) -> Self {
        Self {
            repo,
            index: OnceCell::new(),
            blobs: repo.blobs(),
            configured: OnceCell::new(),
        }
    }

    /// Whether git's own copy of a file is encrypted; or will be, where there is none yet.
    fn is_encrypted(&self, absolute: &Path, filter: &str) -> bool {
        let index = self.index.get_or_init(|| self.repo.index().ok());
        let (Some(index), Some(path)) = (index, self.repo.path_in_index(absolute)) else {
            return false;
        };
        match index.at(&path) {
            Some(Kind::File(id)) => match self.blobs.read(&id, MAX_FILE_LEN) {
                // The programs leave an empty file as it is.
                Ok(bytes) if bytes.is_empty() => self.is_configured(filter),
                Ok(bytes) => Foreign::of_file(absolute, &bytes).is_some_and(Foreign::is_of_filters),
                Err(_) => false,
            },
            // What resolves a merge passes through the filter, too.
            Some(Kind::Announced | Kind::Unmerged) | None => self.is_configured(filter),
            Some(_) => false,
        }
    }

    fn is_configured(&self, filter: &str) -> bool {
        let configured = || self.repo.configured_filters().unwrap_or_default();
        self.configured.get_or_init(configured).contains(filter)
    }
}
