//! The rules: one file a rule, named after its id.
//!
//! A rule is a plain value with a pure, infallible function in it. All that can fail happened while
//! its context was built, and the context holds all that the rule may see. To add a rule, copy a
//! file, put its `RULE` into [`RULES`], and give it a page in `docs/rules/` and a folder in
//! `testdata/rules/`; the tests below say what is missing.

mod accidental_key_groups;
mod ambiguous_config;
mod conflict_marker;
mod copied_ciphertext;
mod dangling_reference;
mod downgraded_encryption;
mod duplicate_key;
mod edited_outside_sops;
mod given;
mod invalid_recipient;
mod invalid_regex;
mod loose_key_file_mode;
mod mac_mismatch;
mod malformed_ciphertext;
mod malformed_config;
mod malformed_metadata;
mod misnamed_config;
mod missing_escrow;
mod mixed_merge;
mod moved_ciphertext;
mod multi_document;
mod no_creation_rule;
mod not_encrypted;
mod placeholder_value;
mod plaintext_comment;
mod plaintext_value;
mod policy_weakened;
mod private_key_committed;
mod recipient_added;
mod recipient_drift;
mod recipient_dropped;
mod recipient_out_of_path;
mod replayed_version;
mod reused_value;
mod selector_drift;
mod selector_matches_nothing;
mod single_recipient;
mod stale_data_key;
mod stale_escrow_proof;
mod threshold_drift;
mod unanchored_path_regex;
mod unauthenticated_change;
mod undeclared_format;
mod undecryptable_value;
mod unknown_config_key;
mod unreachable_rule;
mod unreadable_by_version;
mod unreadable_file;
mod unreferenced_secret;
mod unselected_ciphertext;
mod untrusted_recipient;
mod unused_rule;

pub(crate) use copied_ciphertext::copied_across;
pub(crate) use given::{
    Above, BaseName, Called, ChangeContext, CommitName, ConfigContext, ConfigFile, Departed,
    Deployed, Due, FileContext, FileFacts, Findings, Follows, FormatFrom, Governed, KeyFacts, Left,
    Moved, Past, RepoContext, RepoFindings, Sound, Standing, Undecided, Unreadable, ValuePlace,
    Values, following,
};
use given::{
    CommitNames, Fate, Found, How, KeyDrift, Lacking, MAX_FINDINGS, Names, Picks, SelectorFacts,
    Tale, format, has_lone_groups, is_accidental, remedy, some_of,
};
pub(crate) use given::{Covered, Places, Ruled, argument, fit_to_rule};

use crate::finding::Severity;

/// All rules, sorted by id.
pub(crate) static RULES: [&Rule; 51] = [
    &accidental_key_groups::RULE,
    &ambiguous_config::RULE,
    &conflict_marker::RULE,
    &copied_ciphertext::RULE,
    &dangling_reference::RULE,
    &downgraded_encryption::RULE,
    &duplicate_key::RULE,
    &edited_outside_sops::RULE,
    &invalid_recipient::RULE,
    &invalid_regex::RULE,
    &loose_key_file_mode::RULE,
    &mac_mismatch::RULE,
    &malformed_ciphertext::RULE,
    &malformed_config::RULE,
    &malformed_metadata::RULE,
    &misnamed_config::RULE,
    &missing_escrow::RULE,
    &mixed_merge::RULE,
    &moved_ciphertext::RULE,
    &multi_document::RULE,
    &no_creation_rule::RULE,
    &not_encrypted::RULE,
    &placeholder_value::RULE,
    &plaintext_comment::RULE,
    &plaintext_value::RULE,
    &policy_weakened::RULE,
    &private_key_committed::RULE,
    &recipient_added::RULE,
    &recipient_drift::RULE,
    &recipient_dropped::RULE,
    &recipient_out_of_path::RULE,
    &replayed_version::RULE,
    &reused_value::RULE,
    &selector_drift::RULE,
    &selector_matches_nothing::RULE,
    &single_recipient::RULE,
    &stale_data_key::RULE,
    &stale_escrow_proof::RULE,
    &threshold_drift::RULE,
    &unanchored_path_regex::RULE,
    &unauthenticated_change::RULE,
    &undeclared_format::RULE,
    &undecryptable_value::RULE,
    &unknown_config_key::RULE,
    &unreachable_rule::RULE,
    &unreadable_by_version::RULE,
    &unreadable_file::RULE,
    &unreferenced_secret::RULE,
    &unselected_ciphertext::RULE,
    &untrusted_recipient::RULE,
    &unused_rule::RULE,
];

/// The rule that looks at every file, be it sops's or not.
pub(crate) static OF_ANY_FILE: &Rule = &private_key_committed::RULE;

/// The rule that a history tells more of than a base does.
pub(crate) const EDITED: &str = edited_outside_sops::RULE.id;

/// The rule about a MAC that does not hold.
pub(crate) const MAC_MISMATCH: &str = mac_mismatch::RULE.id;

/// The rule about files that are put together from several versions.
pub(crate) const MIXED: &str = mixed_merge::RULE.id;

/// The rules about what stands in a file in clear: they have nothing to say of a file that git
/// encrypts by itself.
pub(crate) static OF_CLEAR_TEXT: [&str; 2] =
    [not_encrypted::RULE.id, private_key_committed::RULE.id];

/// The rule about the policy.
pub(crate) static POLICY_WEAKENED: &str = policy_weakened::RULE.id;

/// The rules about what must stand in clear in no commit at all, whatever the next makes of it.
pub(crate) static OF_EVERY_COMMIT: [&str; 3] = [
    not_encrypted::RULE.id,
    plaintext_value::RULE.id,
    private_key_committed::RULE.id,
];

/// The rules about one file that tell who can open it, too.
pub(crate) static OF_BOTH: [&str; 2] = [recipient_added::RULE.id, recipient_dropped::RULE.id];

/// The rule that asks the histories of all files.
pub(crate) static STALE_DATA_KEY: &str = stale_data_key::RULE.id;

/// The rules that compare values.
pub(crate) static OF_VALUES: [&str; 2] = [placeholder_value::RULE.id, reused_value::RULE.id];

/// The rule that says that a token does not open.
pub(crate) static UNDECRYPTABLE: &str = undecryptable_value::RULE.id;

/// One rule.
pub(crate) struct Rule {
    /// The problem's name in kebab-case: also the names of its source file, its page and its
    /// fixtures.
    pub(crate) id: &'static str,
    /// What it means, in a line for the catalogue.
    pub(crate) summary: &'static str,
    /// Its page for users, which lies in `docs/rules/`.
    pub(crate) page: &'static str,
    /// How much its findings matter.
    pub(crate) severity: Severity,
    /// What must be there for its silence to mean something.
    pub(crate) needs: Needs,
    /// What it looks at, and how.
    pub(crate) check: Check,
}

/// What a rule needs of a file, each including those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Needs {
    /// The file, be it readable or not.
    Nothing,
    /// A document that sops would load.
    Document,
    /// Metadata that sops would accept.
    Metadata,
    /// The data key.
    Key,
}

/// What a rule looks at.
pub(crate) enum Check {
    /// One file by itself.
    File(fn(&FileContext<'_>, &mut Findings<'_>)),
    /// Two versions of one file.
    Change(fn(&ChangeContext<'_>, &mut Findings<'_>)),
    /// The policy file.
    Config(fn(&ConfigContext<'_>, &mut Findings<'_>)),
    /// All files together, and the configuration.
    Repo(fn(&RepoContext<'_>, &mut RepoFindings<'_>)),
}

/// The commands that evaluate rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Is each file sound?
    #[default]
    Check,
    /// Who can open what?
    Audit,
}

impl Command {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Audit => "audit",
        }
    }
}

impl Rule {
    /// Whether the command evaluates it.
    pub(crate) fn is_of(&self, command: Command) -> bool {
        match (&self.check, command) {
            (Check::Config(_), _) => true,
            (Check::Repo(_), command) => command == Command::Audit,
            (Check::File(_) | Check::Change(_), Command::Check) => true,
            (Check::File(_) | Check::Change(_), Command::Audit) => OF_BOTH.contains(&self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn names_in(folder: &str) -> BTreeSet<String> {
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn ids_are_kebab_case_unique_and_sorted() {
        for rule in RULES {
            let words = rule.id.split('-');
            let lower =
                |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
            assert!(words.clone().all(lower), "{} is not kebab-case", rule.id);
        }
        assert!(
            RULES.windows(2).all(|pair| pair[0].id < pair[1].id),
            "sorted and unique"
        );
    }

    #[test]
    fn every_rule_has_a_source_file_a_page_and_fixtures_of_its_name_and_nothing_else_does() {
        let ids = |suffix: &str| -> BTreeSet<String> {
            RULES
                .iter()
                .map(|rule| format!("{}{suffix}", rule.id))
                .collect()
        };
        let others = ["given", "mod.rs"].map(str::to_owned);
        let sources: BTreeSet<String> = names_in("src/rules")
            .difference(&BTreeSet::from(others))
            .map(|name| name.replace('_', "-"))
            .collect();
        assert_eq!(sources, ids(".rs"));
        assert_eq!(names_in("docs/rules"), ids(".md"));
        let mut fixtures = names_in("testdata/rules");
        fixtures.retain(|name| !["README.md", "keys.txt", "people.txt"].contains(&name.as_str()));
        assert_eq!(fixtures, ids(""));
    }

    #[test]
    fn every_page_names_its_rule_and_its_severity() {
        for rule in RULES {
            assert!(
                rule.page.starts_with(&format!("# `{}`\n", rule.id)),
                "{}",
                rule.id
            );
            let level = format!("Level: {}", rule.severity.name());
            assert!(rule.page.contains(&level), "{} lacks `{level}`", rule.id);
        }
    }

    #[test]
    fn every_summary_is_one_short_line_in_lower_case() {
        for Rule { id, summary, .. } in RULES {
            let plain = summary.chars().all(|c| !c.is_control()) && !summary.ends_with('.');
            assert!(
                plain && (10..=80).contains(&summary.len()),
                "{id}: {summary}"
            );
            assert!(!summary.starts_with(char::is_uppercase), "{id}: {summary}");
        }
    }
}
