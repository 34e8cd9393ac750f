//! Symbolic links in commits, followed within the commit.

use git2::ObjectType;

use super::commits::{Commits, kind};
use super::entry::Kind;
use super::error::Error;
use super::id::CommitId;

/// How often one link may lead to another.
const MOST_LINKS: usize = 10;

/// The most bytes of a link.
const LINK: usize = 4096;

impl Commits<'_> {
    /// What stands at a path of a commit; where that is a link, what it leads to. It stays a link where
    /// it leads to nothing, through folders that are links, or out of the commit.
    ///
    /// # Errors
    /// [`Error`] where neither libgit2 nor git can read the commit, a tree on the way or a link.
    pub(crate) fn behind_links(
        &mut self,
        commit: CommitId,
        path: &[u8],
    ) -> Result<Option<Kind>, Error> {
        let Some((mode, id)) = self.item(commit, path)? else {
            return Ok(None);
        };
        let (mut found, mut id) = (kind(mode, id), id);
        let mut path = path.to_vec();
        for _ in 0..MOST_LINKS {
            if found != Kind::Link {
                return Ok(Some(found));
            }
            let target = self.read(id, ObjectType::Blob, LINK)?;
            let Some(next) = target_of(&path, &target) else {
                break;
            };
            path = next;
            let Some((mode, next)) = self.item(commit, &path)? else {
                break;
            };
            (found, id) = (kind(mode, next), next);
        }
        Ok(Some(Kind::Link))
    }
}

/// The path that a link at `path` leads to; none where that is outside.
fn target_of(path: &[u8], target: &[u8]) -> Option<Vec<u8>> {
    if target.is_empty() || target.starts_with(b"/") {
        return None;
    }
    let mut parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    parts.pop();
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_on_from_its_folder_and_never_out_of_the_commit() {
        for (path, target, expected) in [
            ("a", "b", Some("b")),
            ("x/a", "./b//c", Some("x/b/c")),
            ("x/a", "../b", Some("b")),
            ("x/y/a", "../../b", Some("b")),
            ("a", "../b", None),
            ("x/a", "../../b", None),
            ("a", "/b", None),
            ("a", "", None),
            ("a", ".", Some("")),
        ] {
            let found = target_of(path.as_bytes(), target.as_bytes());
            let expected = expected.map(|path| path.as_bytes().to_vec());
            assert_eq!(found, expected, "{path} {target}");
        }
    }
}
