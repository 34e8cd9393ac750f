//! `plaintext-comment`: a comment that somebody wrote where sops encrypts comments.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "plaintext-comment",
    summary: "a comment stands in clear where sops encrypts comments",
    page: include_str!("../../docs/rules/plaintext-comment.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for comment in context.clear_comments {
        let what = match comment.lines {
            1 => "a comment stands in clear".to_owned(),
            lines => format!("{lines} lines of comment stand in clear"),
        };
        let help = Help::new(
            "if it tells a secret, treat that as leaked; sops encrypts comments when it writes the \
             file the next time, as it does for a new data key",
        )
        .then(remedy::sops("rotate --in-place", context));
        findings.report(
            Found::new(format!("{what} where sops encrypts comments"))
                .at_clear(comment.span)
                .key(&comment.path)
                .says("sops decrypts the file all the same, and prints the comment in a warning")
                .help(help),
        );
    }
}
