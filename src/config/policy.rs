//! The policy that a run follows.

use std::cell::LazyCell;
use std::path::{Path, PathBuf};

use super::day::Days;
use super::error::Error;
use super::is_firm;
use super::loosening::{Loosening, common, loosenings};
use super::read::read;
use super::recipients::{Role, Trust, Trusted};
use super::settings::Settings;
use crate::finding::Severity;
use crate::paths;

/// What the user has settled; the defaults where nothing is.
///
/// Where it goes on from policies of before, the stricter of both judges: what it allows and none of
/// them did is not allowed yet. Of several, which a merge joins, one is enough.
///
/// Paths are given as reports print them, or absolute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// The folder that relative paths start from.
    here: PathBuf,
    /// The folder that patterns start from.
    folder: PathBuf,
    settings: Settings,
    before: Vec<Settings>,
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
            before: Vec::new(),
        })
    }

    /// The defaults, for a folder without a policy file.
    pub(crate) fn defaults(folder: &Path, here: &Path) -> Self {
        Self {
            here: here.to_owned(),
            folder: folder.to_owned(),
            ..Self::default()
        }
    }

    /// Has this policy judge together with those that it goes on from; gives all that it allows and
    /// none of them did. `usual` is the level of a rule of which nothing is said.
    pub(crate) fn go_on_from(
        &mut self,
        before: Vec<Self>,
        usual: impl Fn(&str) -> Severity,
    ) -> Vec<Loosening> {
        self.before = before.into_iter().map(|policy| policy.settings).collect();
        let all = self.before.iter();
        common(all.map(|before| loosenings(before, &self.settings, &usual)))
    }

    /// Whether a file's name says that it should be encrypted: `**/*.enc.*` or `**/*.sops.*` unless
    /// other patterns are set, but never sops's own configuration. The case of letters does not
    /// matter: who writes `T.ENC.YAML` means the same.
    pub(crate) fn is_secret_name(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().map(|name| name.as_encoded_bytes()) else {
            return false;
        };
        let configuration: [&[u8]; 2] = [b".sops.yaml", b".sops.yml"];
        if configuration.contains(&name) {
            return false;
        }
        let relative = LazyCell::new(|| self.relative(path));
        !self.agrees(|settings| !settings.is_secret_name(name, &relative))
    }

    /// Whether a file, or all below a folder, is left out.
    pub(crate) fn is_excluded(&self, path: &Path) -> bool {
        let relative = LazyCell::new(|| self.relative(path));
        self.agrees(|settings| settings.excludes(&relative))
    }

    /// The level of a finding of this level in a file; none where it is not to be told.
    pub(crate) fn judge(&self, rule: &str, path: &Path, level: Severity) -> Option<Severity> {
        if is_firm(rule) {
            return Some(level);
        }
        let relative = LazyCell::new(|| self.relative(path));
        let of = |settings: &Settings| {
            let is_ignored = settings.ignores(rule, &relative);
            settings.level(rule, level).filter(|_| !is_ignored)
        };
        let now = of(&self.settings);
        let before = self
            .before
            .iter()
            // What was left out before was not told.
            .map(|before| of(before).filter(|_| !before.excludes(&relative)))
            .max_by_key(|level| mildness(*level));
        let before = before.unwrap_or(now);
        if mildness(before) < mildness(now) {
            before
        } else {
            now
        }
    }

    /// Whether a rule is not off.
    pub(crate) fn is_on(&self, rule: &str) -> bool {
        is_firm(rule) || !self.agrees(|settings| settings.is_off(rule))
    }

    /// The least bus factor that a file is to have.
    pub(crate) fn min_recipients(&self) -> usize {
        let before = self.before.iter().map(Settings::min_recipients);
        self.settings
            .min_recipients()
            .max(before.min().unwrap_or_default())
    }

    /// How old the last proof of an escrow key may be; none where none is asked for.
    pub(crate) fn proof_max_age(&self) -> Option<Days> {
        let shortest = |one: Option<Days>, other: Option<Days>| match (one, other) {
            (Some(one), Some(other)) if one.count() < other.count() => Some(one),
            (one, None) => one,
            (_, other) => other,
        };
        let before = self.before.iter().map(Settings::proof_max_age);
        let longest = before.max_by_key(|age| age.map_or(i64::MAX, Days::count));
        shortest(self.settings.proof_max_age(), longest.flatten())
    }

    /// Whether any recipient is listed, so that no other is trusted.
    pub(crate) fn lists_recipients(&self) -> bool {
        !self.agrees(|settings| settings.recipients.is_empty())
    }

    /// The recipients that the present policy lists, in its order.
    pub(crate) fn recipients(&self) -> impl Iterator<Item = &Trusted> {
        self.settings.recipients.iter()
    }

    /// What is said of a key, by the name by which keys are compared: by the present policy, or by one
    /// of before that still listed it. It tells who that is, not whether it is trusted.
    pub(crate) fn recipient(&self, canonical: &str) -> Option<&Trusted> {
        let mut all = std::iter::once(&self.settings).chain(&self.before);
        all.find_map(|settings| settings.recipients.with_key(canonical))
    }

    /// What the present policy says of a key, by the name by which keys are compared.
    pub(crate) fn listed(&self, canonical: &str) -> Option<&Trusted> {
        self.settings.recipients.with_key(canonical)
    }

    /// The name of a key's owner, where one is given.
    pub(crate) fn name_of(&self, canonical: &str) -> Option<&str> {
        self.recipient(canonical)
            .map(|recipient| recipient.name.as_str())
    }

    /// What is made of a key that opens a file, and whether it is the policy of before alone that
    /// says so.
    pub(crate) fn trust(&self, canonical: &str, path: &Path) -> (Trust, bool) {
        let relative = LazyCell::new(|| self.relative(path));
        let of = |settings: &Settings| settings.recipients.trust(canonical, &relative);
        let now = of(&self.settings);
        let before = self.before.iter().map(of).min().unwrap_or(now);
        (now.max(before), now < before)
    }

    /// Whether a key is one for escrow; any is where no recipients are listed.
    pub(crate) fn is_escrow(&self, canonical: &str) -> bool {
        self.agrees(|settings| settings.recipients.has_as_escrow(canonical))
    }

    /// The recipients whose keys are to be proved: those for escrow, and those that were.
    pub(crate) fn escrows(&self) -> impl Iterator<Item = &Trusted> {
        self.recipients().filter(|recipient| {
            let has = |settings: &Settings| {
                let listed = settings.recipients.with_key(&recipient.key.canonical);
                listed.is_some_and(|listed| listed.role == Role::Escrow)
            };
            recipient.role == Role::Escrow
                || (!self.before.is_empty() && self.before.iter().all(has))
        })
    }

    /// Whether something is allowed: here, and in a policy of before where there is any.
    fn agrees(&self, allows: impl Fn(&Settings) -> bool) -> bool {
        allows(&self.settings) && (self.before.is_empty() || self.before.iter().any(allows))
    }

    /// The path as patterns see it. One outside the folder begins with `..`, so that only patterns
    /// that begin with `**` match it.
    fn relative(&self, path: &Path) -> PathBuf {
        paths::relative(&self.folder, &paths::absolute(&self.here, path))
    }
}

/// How little a level matters. Levels are sorted by how much they do.
fn mildness(level: Option<Severity>) -> (bool, Option<Severity>) {
    (level.is_none(), level)
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
            ("T.ENC.YAML", true),
            ("dir/a.Sops.yaml", true),
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
        let judge = |rule, path| policy.judge(rule, Path::new(path), Severity::Error);
        assert_eq!(judge("mac-mismatch", "../c"), None);
        assert_eq!(judge("unreadable-file", "b/c"), Some(Severity::Note));
        assert_eq!(judge("undecryptable-value", "b/c"), Some(Severity::Error));
        assert!(!policy.is_on("mac-mismatch") && policy.is_on("unreadable-file"));
        let policy = self::policy("[[ignore]]\nrule = 'mac-mismatch'\npath = 'a/**'\nreason = 'x'");
        let judge = |rule, path| policy.judge(rule, Path::new(path), Severity::Error);
        assert_eq!(judge("mac-mismatch", "b/c"), None);
        assert_eq!(judge("mac-mismatch", "../c"), Some(Severity::Error));
        assert_eq!(judge("unreadable-file", "b/c"), Some(Severity::Error));
    }
}
