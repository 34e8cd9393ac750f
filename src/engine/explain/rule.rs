//! Which `.sops.yaml` governs a file, which of its rules, and why none before it.
//!
//! sops looks for `.sops.yaml` from the current folder upwards, to the root of the file system. Here it is looked
//! for from the file's folder on, as sops does for whoever stands beside the file.

use std::path::{Path, PathBuf};

use super::page::{GroupReport, RecipientReport, SelectorReport};
use crate::config::Policy;
use crate::config::creation::{Choice, CreationRule, RuleKey, SOPS_CONFIG, SopsConfig};
use crate::engine::configs::config_file;
use crate::engine::creation::MAX_LEN;
use crate::finding::Position;
use crate::paths;
use crate::rules::ConfigFile;
use crate::sops::kind_of;
use crate::source::{SourceId, Span};

/// The `.sops.yaml` on the way up from a file, and what the policy calls the keys.
pub(super) struct Above<'p> {
    /// The nearest first, each with the file's path as sops matches it there.
    configs: Vec<(ConfigFile, Vec<u8>)>,
    policy: &'p Policy,
}

/// What governs a file.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Governing {
    /// The nearest `.sops.yaml`, which counts; none where there is none on the way up.
    pub config: Option<PathBuf>,
    /// Those further up, which sops takes where it is started there.
    pub others: Vec<PathBuf>,
    /// Why sops refuses to load the nearest, and where.
    pub unreadable: Option<(Position, String)>,
    /// What it makes of the file.
    pub outcome: Outcome,
    /// The rules that were asked, the one that applies last.
    pub asked: Vec<AskedRule>,
    /// What the rule that applies says.
    pub rule: Option<RuleReport>,
}

/// What a `.sops.yaml` makes of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// There is none, or it cannot be read.
    #[default]
    Nothing,
    /// A rule applies.
    Applies,
    /// No rule matches, so that sops fails.
    NoMatch,
    /// It has no creation rules, which is to sops as if there were no file.
    NoRules,
    /// The last rule that was asked stops sops, for this reason.
    Refused(String),
    /// It takes too much to say whether the last rule that was asked applies.
    Undecidable,
}

/// A rule that was asked whether it is for the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedRule {
    /// Its number, from 1.
    pub number: usize,
    /// The line that it begins on.
    pub line: usize,
    /// Its `path_regex`; a rule without one is for all files.
    pub path_regex: Option<String>,
}

/// What a rule says of the files that it applies to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuleReport {
    /// The keys, group by group.
    pub groups: Vec<GroupReport>,
    /// How many groups must open, where the rule says it.
    pub threshold: Option<i64>,
    /// Which values are encrypted.
    pub selector: SelectorReport,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
}

/// The most bytes of a pattern that are told.
const MAX_PATTERN: usize = 400;

impl<'p> Above<'p> {
    /// Reads what is on the way up from the file at `place`.
    pub(super) fn of(place: &Path, here: &Path, policy: &'p Policy) -> Self {
        let folders = place.ancestors().skip(1);
        let configs = folders.filter_map(|folder| {
            let file = folder.join(SOPS_CONFIG);
            let shown = paths::relative(here, &file);
            let bytes = crate::fs::read(&file, MAX_LEN).ok()?;
            let config = config_file(folder, SourceId::WorkTree(shown), bytes)?;
            Some((config, paths::below(folder, place)?))
        });
        Self {
            configs: configs.collect(),
            policy,
        }
    }

    /// What people call a key, by the name by which keys are compared.
    pub(super) fn called(&self, canonical: &str) -> Option<String> {
        let in_policy = self.policy.name_of(canonical).map(str::to_owned);
        in_policy.or_else(|| {
            let mut read = self
                .configs
                .iter()
                .filter_map(|(config, _)| config.read.as_ref().ok());
            let named = read.find_map(|config| config.name_of(canonical))?;
            Some(named.name.clone())
        })
    }

    /// The nearest, and the number of the rule that applies.
    pub(super) fn applying(&self) -> Option<(&ConfigFile, usize, &CreationRule)> {
        let (config, path) = self.configs.first()?;
        let read = config.read.as_ref().ok()?;
        match read.rule_for(path) {
            Choice::Rule(number) => Some((config, number, read.rules.get(number)?)),
            _ => None,
        }
    }

    /// What governs the file.
    pub(super) fn governing(&self) -> Governing {
        let Some((config, path)) = self.configs.first() else {
            return Governing::default();
        };
        let mut governing = Governing {
            config: Some(config.path.clone()),
            others: self
                .configs
                .iter()
                .skip(1)
                .map(|(config, _)| config.path.clone())
                .collect(),
            ..Governing::default()
        };
        match &config.read {
            Err(error) => governing.unreadable = Some((error.at, error.to_string())),
            Ok(read) => self.ask(config, read, path, &mut governing),
        }
        governing
    }

    fn ask(&self, config: &ConfigFile, read: &SopsConfig, path: &[u8], governing: &mut Governing) {
        let (outcome, asked) = match read.rule_for(path) {
            Choice::Rule(number) => {
                let rule = read.rules.get(number);
                governing.rule = rule.map(|rule| self.report(rule));
                (Outcome::Applies, number + 1)
            }
            Choice::Refused { rule, refusal } => {
                (Outcome::Refused(refusal.fault.to_string()), rule + 1)
            }
            Choice::NoMatch => (Outcome::NoMatch, read.rules.len()),
            Choice::NoRules => (Outcome::NoRules, 0),
            Choice::Undecidable { rule } => (Outcome::Undecidable, rule + 1),
        };
        governing.outcome = outcome;
        let line = |span: Span| config.source.position(span.start()).line;
        let asked = read.rules.iter().zip(1..).take(asked);
        let asked = asked.map(|(rule, number)| AskedRule {
            number,
            line: line(rule.span),
            path_regex: rule.path_regex.as_ref().map(|regex| shortened(&regex.text)),
        });
        governing.asked = asked.collect();
    }

    fn report(&self, rule: &CreationRule) -> RuleReport {
        let groups = rule.groups.iter().map(|keys| GroupReport {
            keys: keys.iter().map(|key| self.recipient(key)).collect(),
        });
        let selector = rule.selector().map(|setting| {
            let (kind, text) = &setting.value;
            (kind.name(), text.as_bytes())
        });
        RuleReport {
            groups: groups.collect(),
            threshold: rule.threshold.as_ref().map(|setting| setting.value),
            selector: SelectorReport::of(selector),
            mac_only_encrypted: rule.mac_only_encrypted(),
        }
    }

    /// A key of a rule as it is told.
    pub(super) fn recipient(&self, key: &RuleKey) -> RecipientReport {
        RecipientReport {
            kind: kind_of(key.names.kind, &key.names.shown),
            name: key.names.shown.clone(),
            called: self.called(&key.names.canonical),
            is_mine: false,
        }
    }
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_PATTERN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
