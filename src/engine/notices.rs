//! What was named and not looked at, and why: nobody shall take silence for a verdict.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why nothing was checked for a path that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// The policy leaves it out.
    Excluded,
    /// The index does not have it.
    NotInIndex,
    /// No commit since the base changed it.
    Unchanged,
    /// The index has a symbolic link there.
    Link,
    /// The index has a commit of another repository there.
    Submodule,
    /// The index only announces it.
    Announced,
}

/// The paths that were named for nothing.
#[derive(Default)]
pub(super) struct Notices(BTreeMap<Why, Vec<PathBuf>>);

/// How many paths one sentence names.
const NAMED: usize = 3;

impl Notices {
    /// Notes that nothing is checked for `path`.
    pub(super) fn add(&mut self, why: Why, path: &Path) {
        self.0.entry(why).or_default().push(path.to_owned());
    }

    /// One sentence for each reason.
    pub(super) fn sentences(mut self) -> Vec<String> {
        for paths in self.0.values_mut() {
            paths.sort();
            paths.dedup();
        }
        self.0
            .iter()
            .map(|(why, paths)| sentence(*why, paths))
            .collect()
    }
}

fn sentence(why: Why, paths: &[PathBuf]) -> String {
    let named = paths.iter().take(NAMED);
    let mut names: Vec<String> = named.map(|path| format!("`{}`", path.display())).collect();
    let more = paths.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let last = names.pop().unwrap_or_default();
    let one = names.is_empty();
    let names = if one {
        last
    } else {
        format!("{} and {last}", names.join(", "))
    };
    let it = if one { "it" } else { "them" };
    format!(
        "{names} {}, so nothing was checked for {it}",
        why.words(one)
    )
}

impl Why {
    fn words(self, one: bool) -> &'static str {
        match (self, one) {
            (Self::Excluded, true) => "is left out by `exclude` in the policy",
            (Self::Excluded, false) => "are left out by `exclude` in the policy",
            (Self::NotInIndex, true) => "is not in the index",
            (Self::NotInIndex, false) => "are not in the index",
            (Self::Unchanged, true) => "did not change since the base",
            (Self::Unchanged, false) => "did not change since the base",
            (Self::Link, true) => "is a symbolic link in the index",
            (Self::Link, false) => "are symbolic links in the index",
            (Self::Submodule, true) => "is a submodule",
            (Self::Submodule, false) => "are submodules",
            (Self::Announced, true) => "is in the index without content (`git add -N`)",
            (Self::Announced, false) => "are in the index without content (`git add -N`)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_named_for_nothing_and_never_more_than_a_few_names() {
        let mut notices = Notices::default();
        assert_eq!(Notices::default().sentences(), [""; 0]);
        notices.add(Why::Link, Path::new("a"));
        notices.add(Why::Link, Path::new("a"));
        for name in ["e", "b", "d", "c", "f"] {
            notices.add(Why::NotInIndex, Path::new(name));
        }
        assert_eq!(
            notices.sentences(),
            [
                "`b`, `c`, `d` and 2 more are not in the index, so nothing was checked for them",
                "`a` is a symbolic link in the index, so nothing was checked for it",
            ]
        );
    }
}
