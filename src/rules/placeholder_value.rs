//! `placeholder-value`: an encrypted value stands for one that was never put in.

use super::{Check, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "placeholder-value",
    summary: "an encrypted value is a known dummy, such as one to be changed",
    page: include_str!("../../docs/rules/placeholder-value.md"),
    severity: Severity::Warning,
    needs: Needs::Key,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for place in context.values.placeholders.iter().take(MAX_FINDINGS) {
        let found = Found::new(
            "the value is a known dummy, and nobody put a real one in its place",
        )
        .at_position(Some(place.at))
        .key(&place.key)
        .says("what deploys it runs with a password that everybody guesses first, or does not run")
        .help(
            Help::new("put the real value in, inside sops; where it is meant, ignore the finding")
                .then(format!(
                    "sops edit {}",
                    super::remedy::argument(&place.path)
                )),
        );
        findings.report(&place.path, found);
    }
}
