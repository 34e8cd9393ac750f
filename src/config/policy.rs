//! The policy that a run follows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::patterns::Patterns;
use super::read::read;
use crate::finding::Severity;
use crate::paths;

/// What the user has settled; the defaults where nothing is.
///
/// Paths are given as reports print them, or absolute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// The folder that relative paths start from.
    here: PathBuf,
    /// The folder that patterns start from.
    folder: PathBuf,
    pub(super) settings: Settings,
}

/// What a policy file says.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) secret_files: Option<Patterns>,
    pub(super) exclude: Option<Patterns>,
    /// Levels by rule; none where the rule is off.
    pub(super) levels: BTreeMap<String, Option<Severity>>,
    pub(super) ignores: Vec<Ignore>,
}

/// One rule silenced for some files.
#[derive(Clone, Debug)]
pub(super) struct Ignore {
    pub(super) rule: String,
    pub(super) path: Patterns,
}

impl Policy {
    /// Reads a policy file. Its patterns start from `folder`, and relative paths from `here`.
    ///
    /// # Errors
    /// [`Error`] with the first mistake. `rules` are the ids that can be named.
    pub(crate) fn parse(
        text: &str,
        rules: &[&'static str],
        folder: &Path,
        here: &Path,
    ) -> Result<Self, Error> {
        Ok(Self {
            here: here.to_owned(),
            folder: folder.to_owned(),
            settings: read(text, rules)?,
        })
    }

    /// Whether a file's name says that it should be encrypted: `**/*.enc.*` or `**/*.sops.*` unless
    /// other patterns are set, but never sops's own configuration.
    pub(crate) fn is_secret_name(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().map(|name| name.as_encoded_bytes()) else {
            return false;
        };
        let configuration: [&[u8]; 2] = [b".sops.yaml", b".sops.yml"];
        if configuration.contains(&name) {
            return false;
        }
        match &self.settings.secret_files {
            Some(patterns) => patterns.match_file(&self.relative(path)),
            None => contains(name, b".enc.") || contains(name, b".sops."),
        }
    }

    /// Whether a file, or all below a folder, is left out.
    pub(crate) fn is_excluded(&self, path: &Path) -> bool {
        let exclude = self.settings.exclude.as_ref();
        exclude.is_some_and(|patterns| patterns.match_below(&self.relative(path)))
    }

    /// The level of a rule's findings; none where the rule is off.
    pub(crate) fn severity(&self, rule: &str, default: Severity) -> Option<Severity> {
        let level = self.settings.levels.get(rule).copied();
        level.unwrap_or(Some(default))
    }

    /// Whether a rule is not off.
    pub(crate) fn is_on(&self, rule: &str) -> bool {
        self.settings.levels.get(rule) != Some(&None)
    }

    /// Whether the findings of a rule are ignored in a file.
    pub(crate) fn is_ignored(&self, rule: &str, path: &Path) -> bool {
        let mut ignores = self
            .settings
            .ignores
            .iter()
            .filter(|ignore| ignore.rule == rule);
        ignores.any(|ignore| ignore.path.match_below(&self.relative(path)))
    }

    /// The path as patterns see it. One outside the folder begins with `..`, so that only patterns
    /// that begin with `**` match it.
    fn relative(&self, path: &Path) -> PathBuf {
        paths::relative(&self.folder, &paths::absolute(&self.here, path))
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 2] = ["mac-mismatch", "unreadable-file"];

    fn policy(text: &str) -> Policy {
        Policy::parse(text, &RULES, Path::new("/r"), Path::new("/r/a")).unwrap()
    }

    #[test]
    fn the_configuration_of_sops_has_no_secret_name() {
        for (name, expected) in [
            ("a.enc.yaml", true),
            ("dir/a.sops.yaml", true),
            ("x.sops.yml", true),
            (".sops.yaml", false),
            ("dir/.sops.yml", false),
            ("a.enc", false),
            ("a.enc.d/b.yaml", false),
        ] {
            let as_set = policy(r#"secret-files = ["**/*.enc.*", "**/*.sops.*"]"#);
            for policy in [Policy::default(), as_set] {
                assert_eq!(policy.is_secret_name(Path::new(name)), expected, "{name}");
            }
        }
        let all = policy(r#"secret-files = ["**"]"#);
        assert!(!all.is_secret_name(Path::new("../.sops.yaml")));
        let none = policy("secret-files = []");
        assert!(!none.is_secret_name(Path::new("a.enc.yaml")));
    }

    #[test]
    fn patterns_start_from_the_folder_of_the_policy() {
        let policy = policy(r#"secret-files = ["a/secrets/*.yaml", "**/key.txt"]"#);
        for (path, expected) in [
            ("secrets/b.yaml", true),
            ("../a/secrets/b.yaml", true),
            ("/r/a/secrets/b.yaml", true),
            ("secrets/deep/b.yaml", false),
            ("../secrets/b.yaml", false),
            ("../key.txt", true),
            ("x/y/key.txt", true),
            ("../../elsewhere/key.txt", true),
            ("../../a/secrets/b.yaml", false),
        ] {
            assert_eq!(policy.is_secret_name(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn what_excludes_a_folder_excludes_all_below() {
        let policy = policy(r#"exclude = ["a/vendor", "old/", "./b/*.yaml", "x/**"]"#);
        for (path, expected) in [
            ("vendor", true),
            ("vendor/b/c.yaml", true),
            ("vendors/c.yaml", false),
            ("../old/c.yaml", true),
            ("../b/c.yaml", true),
            ("../b/d/c.yaml", false),
            ("../x/y/z", true),
            ("../x", false),
            ("../c.yaml", false),
        ] {
            assert_eq!(policy.is_excluded(Path::new(path)), expected, "{path}");
        }
        assert!(!Policy::default().is_excluded(Path::new("x")));
    }

    #[test]
    fn rules_have_the_levels_that_were_set_and_are_ignored_where_that_was_said() {
        let policy = policy(
            "rules.mac-mismatch = 'off'\nrules.unreadable-file = \"note\"\n\
             [[ignore]]\nrule = 'mac-mismatch'\npath = 'a/**'\nreason = 'x'",
        );
        let level = |rule| policy.severity(rule, Severity::Error);
        assert_eq!(level("mac-mismatch"), None);
        assert_eq!(level("unreadable-file"), Some(Severity::Note));
        assert_eq!(level("undecryptable-value"), Some(Severity::Error));
        assert!(policy.is_ignored("mac-mismatch", Path::new("b/c")));
        assert!(!policy.is_ignored("mac-mismatch", Path::new("../c")));
        assert!(!policy.is_ignored("unreadable-file", Path::new("b/c")));
    }
}
