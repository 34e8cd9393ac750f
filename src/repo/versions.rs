//! Which files the commits at hand have: `HEAD`, and the other side of a merge or a rebase that goes
//! on. Others are left aside.

use std::collections::HashMap;

use git2::Oid;

use super::Repo;
use super::blobs::open_objects;
use super::head::{self, Head, head};
use super::places::small_file;
use super::trees::Trees;

/// The commits at hand, by their names.
const COMMITS: [&str; 5] = [
    "HEAD",
    "MERGE_HEAD",
    "REBASE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
];

impl Repo<'_> {
    /// The commit at hand that has a file at a path, `HEAD` before others; of those paths that some
    /// commit has, as far as anybody can tell.
    pub(crate) fn versions(&self, paths: Vec<Vec<u8>>) -> HashMap<Vec<u8>, &'static str> {
        let mut versions = HashMap::new();
        let mut left = paths;
        for name in COMMITS {
            if left.is_empty() {
                break;
            }
            let has = self.has(name, &left);
            let (found, others) = left
                .into_iter()
                .zip(has)
                .partition::<Vec<_>, _>(|(_, has)| *has);
            versions.extend(found.into_iter().map(|(path, _)| (path, name)));
            left = others.into_iter().map(|(path, _)| path).collect();
        }
        versions
    }

    /// Whether a commit has a file, for each of these paths.
    fn has(&self, name: &str, paths: &[Vec<u8>]) -> Vec<bool> {
        let commit = match name {
            "HEAD" => head(&self.places),
            _ => match small_file(&self.places.git_dir.join(name)) {
                Some(text) => head::commit(&text),
                None => Head::Unborn,
            },
        };
        let of_git = |commit: &str| self.git().has(commit, paths).unwrap_or_default();
        let mut has = match commit {
            Head::Unborn => Vec::new(),
            Head::Unknown => of_git(name),
            Head::Commit(id) => self
                .trees_have(id, paths)
                .unwrap_or_else(|_| of_git(&id.to_string())),
        };
        has.resize(paths.len(), false);
        has
    }

    fn trees_have(&self, commit: Oid, paths: &[Vec<u8>]) -> Result<Vec<bool>, git2::Error> {
        const KIND: u32 = 0o170_000;
        let objects = open_objects(&self.places)?;
        let mut trees = Trees::new(&objects, objects.find_commit(commit)?.tree()?);
        let is_file = |(_, mode): (Oid, u32)| matches!(mode & KIND, 0o100_000 | 0o120_000);
        let mut has = |path: &Vec<u8>| Ok(trees.at(path)?.is_some_and(is_file));
        paths.iter().map(&mut has).collect()
    }
}
