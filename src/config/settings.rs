//! What a policy file says, and what that means for one path.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;

use super::day::Days;
use super::patterns::Patterns;
use super::recipients::Recipients;
use crate::finding::Severity;
use crate::source::Span;

/// What a policy file says.
///
/// Paths are relative to the folder of the policy; they are made only where a pattern asks for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) secret_files: Option<Listed>,
    pub(super) exclude: Option<Listed>,
    /// Levels by rule.
    pub(super) levels: BTreeMap<String, Level>,
    pub(super) ignores: Vec<Ignore>,
    /// The least bus factor of a file.
    pub(super) min_recipients: Option<Placed<usize>>,
    /// How old a proof may be.
    pub(super) proof_max_age: Option<Placed<Days>>,
    pub(super) recipients: Recipients,
}

/// A value, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) at: Span,
}

/// A key with a list of patterns.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Where the key stands.
    pub(super) at: Span,
    pub(super) patterns: Patterns,
    /// The patterns as they are written, and where.
    pub(super) texts: Vec<(String, Span)>,
}

/// The level of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// None where the rule is off.
    pub(super) severity: Option<Severity>,
    /// Where it stands.
    pub(super) at: Span,
}

/// One rule silenced for some files.
#[derive(Clone, Debug)]
pub(super) struct Ignore {
    pub(super) rule: String,
    /// The pattern as it is written.
    pub(super) path: String,
    pub(super) patterns: Patterns,
    /// Where the pattern stands.
    pub(super) at: Span,
}

/// The least bus factor of a file, where a policy says nothing of it.
pub(super) const USUAL_MIN_RECIPIENTS: usize = 2;

/// The patterns of names that should be encrypted, where a policy says nothing of them.
pub(super) const USUAL_SECRETS: [&str; 2] = ["**/*.enc.*", "**/*.sops.*"];

impl Settings {
    /// Whether a file's name, the end of its path, says that it should be encrypted.
    pub(super) fn is_secret_name(&self, name: &[u8], path: &impl Deref<Target = PathBuf>) -> bool {
        match &self.secret_files {
            Some(listed) => listed.patterns.match_file(path),
            // The same as the usual patterns, and there is nothing to compile.
            None => contains(name, b".enc.") || contains(name, b".sops."),
        }
    }

    /// Whether a file, or all below a folder, is left out.
    pub(super) fn excludes(&self, path: &impl Deref<Target = PathBuf>) -> bool {
        let exclude = self.exclude.as_ref();
        exclude.is_some_and(|listed| listed.patterns.match_below(path))
    }

    /// Whether the findings of a rule are ignored in a file.
    pub(super) fn ignores(&self, rule: &str, path: &impl Deref<Target = PathBuf>) -> bool {
        let mut ignores = self.ignores.iter().filter(|ignore| ignore.rule == rule);
        ignores.any(|ignore| ignore.patterns.match_below(path))
    }

    /// The least bus factor that a file is to have.
    pub(super) fn min_recipients(&self) -> usize {
        let set = self.min_recipients.as_ref();
        set.map_or(USUAL_MIN_RECIPIENTS, |set| set.value)
    }

    /// How old a proof of an escrow key may be; none where none is asked for.
    pub(super) fn proof_max_age(&self) -> Option<Days> {
        Some(self.proof_max_age.as_ref()?.value)
    }

    /// The level of a rule's findings; none where the rule is off.
    pub(super) fn level(&self, rule: &str, usual: Severity) -> Option<Severity> {
        let level = self.levels.get(rule);
        level.map_or(Some(usual), |level| level.severity)
    }

    /// Whether a rule is off.
    pub(super) fn is_off(&self, rule: &str) -> bool {
        let level = self.levels.get(rule);
        level.is_some_and(|level| level.severity.is_none())
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window.eq_ignore_ascii_case(needle))
}
