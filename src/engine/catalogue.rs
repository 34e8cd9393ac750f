//! The rules as users see them: what each is called, how much it matters and what it means.

use crate::config::schema;
use crate::finding::Severity;
use crate::rules::{Check, Command, Needs, RULES, Rule, STALE_DATA_KEY};

/// What there is to know about a rule.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RuleInfo {
    /// The problem's name in kebab-case, which stands in every finding.
    pub id: &'static str,
    /// How much its findings matter.
    pub severity: Severity,
    /// What it needs beside the file: `nothing`, `key`, or `base`, a version before, or `history`, those before that. Without it, it is not evaluated.
    pub needs: &'static str,
    /// The commands that evaluate it: `check`, `audit` or both.
    pub commands: &'static [&'static str],
    /// What it means, in one line.
    pub summary: &'static str,
    /// Its page, as Markdown: when it fires, when it does not, and what to do.
    pub page: &'static str,
}

/// Lists all rules, sorted by id.
pub fn catalogue() -> impl Iterator<Item = RuleInfo> {
    RULES.into_iter().map(RuleInfo::of)
}

/// The JSON Schema of `.sopsguard.toml`, as a text.
#[must_use]
pub fn policy_schema() -> String {
    let rules: Vec<_> = RULES.iter().map(|rule| (rule.id, rule.summary)).collect();
    schema(&rules)
}

impl RuleInfo {
    fn of(rule: &Rule) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity,
            needs: match (&rule.check, rule.needs) {
                (Check::Change(_) | Check::Config(_), _) => "base",
                (Check::Repo(_), _) if rule.id == STALE_DATA_KEY => "history",
                (_, Needs::Nothing | Needs::Document | Needs::Metadata) => "nothing",
                (_, Needs::Key) => "key",
            },
            commands: match (rule.is_of(Command::Check), rule.is_of(Command::Audit)) {
                (true, true) => &["check", "audit"],
                (true, false) => &["check"],
                (false, true) => &["audit"],
                (false, false) => &[],
            },
            summary: rule.summary,
            page: rule.page,
        }
    }
}
