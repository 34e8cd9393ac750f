//! `mac-mismatch`: every value opens, and together they are not what sops wrote.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::Format;
use crate::finding::{Help, Severity};
use crate::sops::{MacMismatch, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "mac-mismatch",
    summary: "values were changed, added or removed without sops",
    page: include_str!("../../docs/rules/mac-mismatch.md"),
    severity: Severity::Error,
    needs: Needs::Key,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Mac(cause) => Some(cause),
        _ => None,
    }) {
        // The lines around `mac` would tell nothing.
        let place = problem.span.zip(context.source);
        let place = place.map(|(span, source)| source.position(span.start()));
        let found = Found::problem(problem).at_position(place);
        let found = match context.sound {
            Some(sound) => found.message(format!("{}: {}", problem.kind, sound.told())),
            None => found,
        };
        findings.report(found.says(says(cause)).help(help(context, cause)));
    }
}

fn says(cause: &MacMismatch) -> &'static str {
    match cause {
        MacMismatch::Differs | MacMismatch::NegativeZero | MacMismatch::NotAString { .. } => {
            "`sops decrypt`, `sops edit` and KSOPS refuse the file: \"MAC mismatch\""
        }
        MacMismatch::Absent => {
            "`sops decrypt`, `sops edit` and KSOPS refuse the file: \"MAC mismatch. File has no MAC\""
        }
        MacMismatch::Rejected => {
            "`sops decrypt`, `sops edit` and KSOPS refuse the file: \"Cannot decrypt MAC\""
        }
    }
}

fn help(context: &FileContext<'_>, cause: &MacMismatch) -> Help {
    let edit = remedy::sops("edit", context);
    if let Some(sound) = context.sound {
        return sound.bring_back(context).then(edit);
    }
    match cause {
        MacMismatch::Differs => {
            let what = match context.format {
                Format::Yaml => "an entry or a whole document",
                _ => "an entry",
            };
            let metadata = remedy::metadata(context.format);
            let why = format!(
                "most likely a value in clear was changed without sops; or {what} was added, removed \
                 or moved, or the selectors in {metadata} were edited; "
            );
            let text = format!(
                "{why}bring back the version from before, then make the same edit inside sops, which \
                 writes `mac` anew"
            );
            let undo = || {
                remedy::go_back(context.path, text + &remedy::or_reseal(context.path))
                    .then(edit)
                    .or(remedy::sign_anew(context, &why))
            };
            remedy::encoding(context, None).unwrap_or_else(undo)
        }
        MacMismatch::NegativeZero => Help::new(
            "nobody edited the file; put the value in double quotes, as in `\"-0\"`, and its MAC is \
             right, here and whenever sops writes the file",
        ),
        MacMismatch::Rejected => {
            let why = "`mac` or `lastmodified` was edited, or one of them is another version's, as \
                       after a merge by hand; ";
            remedy::undo_then_edit(context, why).or(remedy::sign_anew(context, why))
        }
        MacMismatch::Absent | MacMismatch::NotAString { .. } => {
            remedy::undo_then_edit(context, "").or(remedy::sign_anew(context, ""))
        }
    }
}
