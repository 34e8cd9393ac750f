//! Patterns of paths, relative to the folder of the policy.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::covering::plain;
use super::error::Fault;

/// A list of patterns. `*` stands for any part of a name, `**` for any folders between.
#[derive(Clone, Debug)]
pub(super) struct Patterns(GlobSet);

impl Patterns {
    /// Compiles the patterns. With `any_case`, capital and small letters are the same.
    ///
    /// # Errors
    /// The [`Fault`] of the first that is none, and which it is.
    pub(super) fn new<'p>(
        patterns: impl IntoIterator<Item = &'p str>,
        any_case: bool,
    ) -> Result<Self, (usize, Fault)> {
        let mut set = GlobSetBuilder::new();
        for (at, pattern) in patterns.into_iter().enumerate() {
            let is_outside =
                pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
            if is_outside || pattern.is_empty() {
                let pattern = pattern.to_owned();
                return Err((at, Fault::OutsidePattern { pattern }));
            }
            let glob = GlobBuilder::new(plain(pattern))
                .literal_separator(true)
                .case_insensitive(any_case)
                .backslash_escape(true)
                .build();
            let bad = |error: &globset::Error| Fault::BadPattern {
                pattern: pattern.to_owned(),
                message: error.kind().to_string(),
            };
            set.add(glob.map_err(|error| (at, bad(&error)))?);
        }
        let set = set.build().map_err(|error| {
            let pattern = error.glob().unwrap_or_default().to_owned();
            let message = error.kind().to_string();
            (0, Fault::BadPattern { pattern, message })
        })?;
        Ok(Self(set))
    }

    /// Whether a pattern matches the path.
    pub(super) fn match_file(&self, path: &Path) -> bool {
        self.0.is_match(path)
    }

    /// Whether a pattern matches the path, or a folder that it is in.
    pub(super) fn match_below(&self, path: &Path) -> bool {
        !self.0.is_empty()
            && path
                .ancestors()
                .take_while(|path| !path.as_os_str().is_empty())
                .any(|path| self.0.is_match(path))
    }
}
