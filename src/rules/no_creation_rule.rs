//! `no-creation-rule`: an encrypted file that no rule of its `.sops.yaml` is for.

use super::{Check, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::config::creation::Choice;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "no-creation-rule",
    summary: "no rule of the `.sops.yaml` above a file is for it",
    page: include_str!("../../docs/rules/no-creation-rule.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for (file, governed) in context.files.iter().zip(context.governed) {
        let config = governed
            .above
            .first()
            .and_then(|above| context.configs.get(above.config));
        let Some(config) = config else { continue };
        let name = remedy::word(&config.path);
        let (message, text) = match governed.choice {
            Some(Choice::NoMatch) => (
                format!("no rule of `{name}` is for this file"),
                format!("write a rule into `{name}` whose `path_regex` matches the file"),
            ),
            Some(Choice::NoRules) => (
                format!("`{name}` has no `creation_rules`, and sops looks no further"),
                format!(
                    "write `creation_rules` into `{name}`, or take the file away where the one above is meant"
                ),
            ),
            Some(Choice::Undecidable { .. }) => {
                findings.cannot_decide(&file.path, "undecidable");
                continue;
            }
            Some(Choice::Rule(_) | Choice::Refused { .. }) | None => continue,
        };
        findings.report(
            &file.path,
            Found::new(message)
                .at_position(Some(file.at))
                .says("nothing says who should open it, and `sops updatekeys` fails: when a key has to go, this file is forgotten")
                .help(Help::new(text)),
        );
    }
}
