//! Where a file is named at all: in scripts, manifests, documentation. That is not changed, but told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::paths;

/// A file that is looked for.
pub(super) struct Named {
    /// Its path from the root.
    pub(super) path: PathBuf,
    name: String,
}

/// Where a file names others.
pub(super) struct Mentions {
    /// The path as reports print it, and from the root.
    path: PathBuf,
    from_root: PathBuf,
    /// By what is named, the lines.
    lines: BTreeMap<PathBuf, Vec<usize>>,
}

/// The most lines that are told of one file.
const MOST_LINES: usize = 5;

impl Named {
    /// A file of this path from the root; none where its name is no text.
    pub(super) fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_owned();
        Some(Self { path, name })
    }
}

impl Mentions {
    /// What the bytes of a file name, from its folder or from the root.
    pub(super) fn of(path: &Path, from_root: &Path, bytes: &[u8], named: &[Named]) -> Option<Self> {
        let is_there = |named: &&Named| memmem::find(bytes, named.name.as_bytes()).is_some();
        let there: Vec<&Named> = named.iter().filter(is_there).collect();
        if there.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let folder = from_root.parent().unwrap_or(Path::new(""));
        let mut lines: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            for named in &there {
                if names(line, folder, named) {
                    lines.entry(named.path.clone()).or_default().push(number);
                }
            }
        }
        (!lines.is_empty()).then(|| Self {
            path: path.to_owned(),
            from_root: from_root.to_owned(),
            lines,
        })
    }

    /// A sentence for each of these files that is named here, on lines that are not changed.
    pub(super) fn told(
        &self,
        split: &BTreeMap<PathBuf, Vec<PathBuf>>,
        is_changed: impl Fn(&Path, usize) -> bool,
    ) -> Vec<String> {
        let named = self
            .lines
            .iter()
            .filter(|(path, _)| split.contains_key(*path));
        let told = named.filter_map(|(path, lines)| {
            let left = lines
                .iter()
                .filter(|line| !is_changed(&self.from_root, **line));
            let left: Vec<String> = left.map(usize::to_string).collect();
            let lines = match left.as_slice() {
                [] => return None,
                [line] => format!("line {line}"),
                lines if lines.len() <= MOST_LINES => format!("lines {}", lines.join(", ")),
                lines => format!("{} lines", lines.len()),
            };
            let (here, name) = (self.path.display(), path.display());
            Some(format!(
                "`{here}` names `{name}` ({lines}), and is left for you to change"
            ))
        });
        told.collect()
    }
}

/// Whether a line names a file: by its path from the root, or from this folder.
fn names(line: &str, folder: &Path, named: &Named) -> bool {
    line.match_indices(&named.name).any(|(at, name)| {
        let (before, behind) = (line.get(..at), line.get(at + name.len()..));
        let (Some(before), Some(behind)) = (before, behind) else {
            return false;
        };
        let is_part = |sign: char| sign.is_alphanumeric() || "_-/.".contains(sign);
        let ends = behind.trim_start_matches('.');
        if ends.starts_with(is_part) {
            return false;
        }
        let start = before.trim_end_matches(is_part).len();
        let written = line.get(start..at + name.len()).unwrap_or_default();
        // A leading slash may stand for any folder.
        let written = Path::new(written.trim_start_matches('/'));
        let from = |base: &Path| paths::absolute(&Path::new("/").join(base), written);
        let place = Path::new("/").join(&named.path);
        from(folder) == place || from(Path::new("")) == place
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_path_from_the_root_or_from_the_folder_and_by_no_other() {
        let named = Named::of("apps/shop/db.enc.yaml".into()).unwrap();
        for (folder, line, expected) in [
            ("", "sops -d apps/shop/db.enc.yaml > x", true),
            ("", "- ./apps/shop/db.enc.yaml", true),
            ("", "See `apps/shop/db.enc.yaml`.", true),
            ("", "see apps/shop/db.enc.yaml.", true),
            ("", "path = \"/apps/shop/db.enc.yaml\"", true),
            ("", "db.enc.yaml", false),
            ("apps/shop", "- db.enc.yaml # it", true),
            ("apps/web", "- ../shop/db.enc.yaml", true),
            ("apps/web", "- db.enc.yaml", false),
            ("apps/shop", "- old-db.enc.yaml", false),
            ("apps/shop", "- db.enc.yaml.bak", false),
            ("apps/shop", "- db.enc.yamls", false),
            ("apps/shop", "- x/db.enc.yaml", false),
        ] {
            assert_eq!(
                names(line, Path::new(folder), &named),
                expected,
                "{folder} {line}"
            );
        }
    }
}
