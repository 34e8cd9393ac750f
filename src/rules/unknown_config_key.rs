//! `unknown-config-key`: a key in `.sops.yaml` that sops passes over.

use super::{
    Check, ConfigFile, Follows, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule,
};
use crate::config::creation::{Oddity, SopsConfig, Strange};
use crate::finding::{Help, Severity};
use crate::source::{Span, is_plain_key};

pub(super) static RULE: Rule = Rule {
    id: "unknown-config-key",
    summary: "sops passes over a key of `.sops.yaml` that it does not know",
    page: include_str!("../../docs/rules/unknown-config-key.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for config in context.configs {
        let Ok(read) = &config.read else { continue };
        let unknown = read
            .oddities
            .iter()
            .filter_map(|oddity| found(config, read, oddity));
        for found in unknown.take(MAX_FINDINGS) {
            findings.report_in_config(config, found);
        }
    }
}

fn found(config: &ConfigFile, read: &SopsConfig, oddity: &Oddity) -> Option<Found> {
    let Strange::UnknownKey {
        name,
        value,
        similar,
        known,
        within,
    } = &oddity.what
    else {
        return None;
    };
    if is_a_note(name) {
        return None;
    }
    let meant = meant(name, known).or(*similar);
    let shown = match is_plain_key(name.as_bytes()) {
        true => format!("`{name}`"),
        false => "this key".to_owned(),
    };
    let message = format!("sops does not know {shown} {}", place(within));
    let found = Found::new(message).at(oddity.span);
    let text = config.source.text();
    let (says, help) = match (meant, *within) {
        (Some(meant), "") if is_holder(text, *value) && has(read, meant) => return None,
        (Some(meant), _) => (effect(meant), format!("did you mean `{meant}`?")),
        (None, "") if RULE_KEYS.contains(&name.as_str()) && !is_holder(text, *value) => (
            "sops passes over it without a word: it counts for no file",
            "it belongs into a rule below `creation_rules`, with two more spaces before it"
                .to_owned(),
        ),
        // Lists of keys that rules refer to, and what other programs keep here.
        (None, "") => return None,
        (None, _) => (
            "sops passes over it without a word",
            format!(
                "delete it, or make it a comment; here sops knows {}",
                list(known)
            ),
        ),
    };
    Some(
        found
            .says(says)
            .help(Help::new(help).then("sopsguard audit")),
    )
}

/// The key of a file's rule that was probably meant for a selector, as it may be shown.
pub(super) fn selector_in(follows: &Follows<'_>) -> Option<String> {
    let read = follows.config.read.as_ref().ok()?;
    let range = follows.rule.span.range();
    let mut inside = read
        .oddities
        .iter()
        .filter(|oddity| range.contains(&oddity.span.start()));
    inside.find_map(|oddity| match &oddity.what {
        Strange::UnknownKey {
            name,
            similar,
            known,
            ..
        } if !is_a_note(name) => {
            let meant = meant(name, known).or(*similar).unwrap_or(name);
            meant.contains("crypt").then(|| shown(name))
        }
        _ => None,
    })
}

/// The key as it may be shown.
fn shown(name: &str) -> String {
    match is_plain_key(name.as_bytes()) {
        true => format!("`{name}`"),
        false => "unknown key".to_owned(),
    }
}

/// Whether a key is a note to other readers: sops need not know it.
fn is_a_note(name: &str) -> bool {
    const NOTES: [&str; 7] = [
        "comment",
        "description",
        "desc",
        "id",
        "name",
        "note",
        "owner",
    ];
    name.starts_with(['_', '.']) || name.starts_with("x-") || NOTES.contains(&name)
}

/// Whether anchors stand in a value: then it is there for them.
fn is_holder(text: &str, value: Span) -> bool {
    let value = text
        .get(value.start().saturating_sub(1)..value.end())
        .unwrap_or_default();
    let mut marks = value.match_indices('&');
    marks.any(|(at, _)| {
        let before = value
            .get(..at)
            .and_then(|before| before.chars().next_back());
        let after = value.get(at + 1..).and_then(|after| after.chars().next());
        before.is_none_or(|c| c.is_whitespace() || "[,{:-".contains(c))
            && after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether the file has what a key at its top would be.
fn has(read: &SopsConfig, key: &str) -> bool {
    key != "creation_rules" || read.rules_span.is_some()
}

/// The key that was probably meant, by rules of spelling and by other names of it.
fn meant(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|c| !"_-. ".contains(*c));
        letters.flat_map(char::to_lowercase).collect()
    };
    let own = plain(name);
    let others = OTHER_NAMES.iter().filter(|(other, _)| *other == own);
    let mut candidates = known.iter().filter(|known| plain(known) == own);
    let other = || {
        let mut names = others.flat_map(|(_, names)| names.iter());
        names.find(|name| known.contains(name)).copied()
    };
    candidates.next().copied().or_else(other)
}

/// What people call keys of sops, without marks and in lower case.
const OTHER_NAMES: [(&str, &[&str]); 20] = [
    ("azure", &["azure_keyvault"]),
    ("azurekv", &["azure_keyvault"]),
    ("encrypted", &["encrypted_regex"]),
    ("fileregex", &["path_regex"]),
    ("filenameregex", &["path_regex"]),
    ("fingerprint", &["pgp"]),
    ("fp", &["pgp"]),
    ("gcp", &["gcp_kms"]),
    ("gpg", &["pgp"]),
    ("groups", &["key_groups"]),
    ("hcvault", &["hc_vault_transit_uri", "hc_vault"]),
    ("hcvaulttransituri", &["hc_vault"]),
    ("huaweikms", &["hckms"]),
    ("macencrypted", &["mac_only_encrypted"]),
    ("path", &["path_regex"]),
    ("pathpattern", &["path_regex"]),
    ("recipients", &["age"]),
    ("regex", &["path_regex"]),
    ("rules", &["creation_rules"]),
    ("threshold", &["shamir_threshold"]),
];

/// The keys of a rule, which are put at the top by mistake.
const RULE_KEYS: [&str; 18] = [
    "age",
    "aws_profile",
    "azure_keyvault",
    "encrypted_comment_regex",
    "encrypted_regex",
    "encrypted_suffix",
    "gcp_kms",
    "hc_vault_transit_uri",
    "hckms",
    "key_groups",
    "kms",
    "mac_only_encrypted",
    "path_regex",
    "pgp",
    "shamir_threshold",
    "unencrypted_comment_regex",
    "unencrypted_regex",
    "unencrypted_suffix",
];

fn place(within: &str) -> String {
    match within {
        "" => "at the top of `.sops.yaml`".to_owned(),
        "creation_rules" => "in a rule".to_owned(),
        within => format!("in `{within}`"),
    }
}

/// What follows from the known key's absence.
fn effect(meant: &str) -> &'static str {
    match meant {
        "creation_rules" => {
            "sops finds no rules here: `sops encrypt` asks for keys on its command line"
        }
        "path_regex" => {
            "sops passes over it without a word: a rule without `path_regex` is for every file"
        }
        "encrypted_regex"
        | "encrypted_suffix"
        | "encrypted_comment_regex"
        | "unencrypted_regex"
        | "unencrypted_suffix"
        | "unencrypted_comment_regex" => {
            "sops passes over it without a word: it encrypts every value, but for keys that end in `_unencrypted`"
        }
        "age"
        | "pgp"
        | "kms"
        | "gcp_kms"
        | "hckms"
        | "azure_keyvault"
        | "hc_vault"
        | "hc_vault_transit_uri"
        | "key_groups" => {
            "sops passes over it without a word: files of the rule are not encrypted for these keys"
        }
        "shamir_threshold" => {
            "sops passes over it without a word: all key groups are needed to open a file"
        }
        "mac_only_encrypted" => {
            "sops passes over it without a word: the MAC covers the values in clear, too"
        }
        _ => "sops passes over it without a word",
    }
}

fn list(known: &[&str]) -> String {
    if known.is_empty() {
        return "no key".to_owned();
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_spellings_and_other_names_lead_to_the_known_key() {
        let known = [
            "age",
            "path_regex",
            "key_groups",
            "hc_vault_transit_uri",
            "azure_keyvault",
        ];
        for (name, expected) in [
            ("PathRegex", Some("path_regex")),
            ("path-regex", Some("path_regex")),
            ("filename_regex", Some("path_regex")),
            ("hc_vault", Some("hc_vault_transit_uri")),
            ("azure_kv", Some("azure_keyvault")),
            ("recipients", Some("age")),
            ("creation", None),
            ("threshold", None),
        ] {
            assert_eq!(meant(name, &known), expected, "{name}");
        }
    }

    #[test]
    fn anchors_are_told_from_other_marks() {
        for (value, expected) in [
            ("- &alice age1", true),
            ("[&a x, &b y]", true),
            ("&all\n - x", true),
            ("a&b", false),
            ("R&D & more", false),
        ] {
            assert_eq!(
                is_holder(value, Span::new(0, value.len())),
                expected,
                "{value}"
            );
        }
    }
}
