//! `undeclared-format`: a file in a format that its name does not tell sops.

use super::{Check, FileContext, Findings, FormatFrom, Found, Needs, Rule, format};
use crate::finding::{Help, Severity};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "undeclared-format",
    summary: "the name does not tell sops the file's format",
    page: include_str!("../../docs/rules/undeclared-format.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    if context.format_from != FormatFrom::Text {
        return;
    }
    let (title, kind) = (format::title(context.format), context.format.name());
    let metadata = context.document.and_then(|document| {
        let pair = document.tree().metadata().next();
        pair.map(|pair| pair.key.span)
    });
    let help = Help::new(format!(
        "give sops the format with every command (`--input-type {kind} --output-type {kind}`), or the \
         file a name that tells it"
    ));
    findings.report(
        Found::new(format!(
            "the name does not tell sops that the file is {title}"
        ))
        .at(metadata.unwrap_or(Span::new(0, 0)))
        .says(
            "without `--input-type`, sops takes the file for binary and refuses it: \"Could not \
                 unmarshal input data\"",
        )
        .help(help.then(format::rename(context, context.format))),
    );
}
