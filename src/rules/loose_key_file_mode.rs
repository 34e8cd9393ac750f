//! `loose-key-file-mode`: others can read a file in which sops looks for private keys.

use super::{Check, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::fs::Access;

pub(super) static RULE: Rule = Rule {
    id: "loose-key-file-mode",
    summary: "others than its owner may read or write a file of private keys",
    page: include_str!("../../docs/rules/loose-key-file-mode.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for file in context.key_files {
        let who = match file.access {
            Access::Owner => continue,
            Access::Group => "its group",
            Access::All => "everybody on this machine",
        };
        let path = remedy::argument(&file.path);
        let found = Found::new(format!("{who} may read or write this file of private keys"))
            .says(
                "who has the key reads all secrets that it opens, now and in all of git's history",
            )
            .help(
                Help::new(
                    "let nobody but the owner read it; where others were there, make a new key",
                )
                .then(format!("chmod 600 {path}")),
            );
        findings.report(&file.path, found);
    }
}
