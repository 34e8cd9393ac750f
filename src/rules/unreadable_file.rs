//! `unreadable-file`: a file that sops could not even load.

use std::io;
use std::path::Path;

use super::{Check, FileContext, Findings, Needs, Rule, Unreadable, remedy};
use crate::finding::Severity;
use crate::fs;
use crate::sops::{self, ProblemKind};

pub(super) static RULE: Rule = Rule {
    id: "unreadable-file",
    summary: "sops could not even load the file",
    page: include_str!("../../docs/rules/unreadable-file.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    if let Some(unreadable) = context.unreadable {
        report(context.path, unreadable, findings);
    }
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Unreadable(cause) => Some(cause),
        _ => None,
    }) {
        findings.add_problem(problem, document_help(context.path, cause));
    }
}

fn report(path: &Path, unreadable: &Unreadable, findings: &mut Findings<'_>) {
    match unreadable {
        Unreadable::Io(error) => {
            let (message, help) = io_words(path, error);
            findings.add(None, message, help);
        }
        Unreadable::Walk(message) => {
            let help = format!("look at it with `ls -ld -- {}`", remedy::word(path));
            findings.add(None, message.clone(), help);
        }
        Unreadable::NotText { at } => {
            let message = "the file is not text in UTF-8 here, which sops refuses".to_owned();
            findings.add(Some(*at), message, remedy::undo(path));
        }
        Unreadable::Refused { message, at } => {
            let message = format!("sops cannot load the file: {message}");
            findings.add(
                *at,
                message,
                format!("mend the text there, or {}", remedy::undo(path)),
            );
        }
    }
}

fn io_words(path: &Path, error: &fs::Error) -> (String, String) {
    let file = remedy::word(path);
    match error {
        fs::Error::NotFound { .. } => (
            "the file is not there; it may be a link that leads nowhere".to_owned(),
            format!("look at it with `ls -ld -- {file}`, and bring back what it points to"),
        ),
        fs::Error::NotAFile { .. } => (
            "not a regular file".to_owned(),
            format!("look at it with `ls -ld -- {file}`; pipes go to `sopsguard check -`"),
        ),
        fs::Error::TooLarge { limit, .. } => (
            format!(
                "the file is larger than {} MiB, the most that is read",
                limit >> 20
            ),
            format!("ask sops itself: `sops decrypt {file} > /dev/null`"),
        ),
        fs::Error::Io { source, .. } => {
            let help = match source.kind() {
                io::ErrorKind::PermissionDenied => format!("allow it with `chmod u+r -- {file}`"),
                _ => format!("look at it with `ls -ld -- {file}`"),
            };
            (format!("the file cannot be read: {}", source.kind()), help)
        }
    }
}

fn document_help(path: &Path, cause: &sops::Unreadable) -> String {
    match cause {
        sops::Unreadable::NonStringKey { .. } => {
            format!(
                "quote the key, as in `\"8080\": …`, or {}",
                remedy::undo(path)
            )
        }
        sops::Unreadable::IntegerTooLarge | sops::Unreadable::TimeOffset => {
            format!("quote the value, or {}", remedy::undo(path))
        }
        sops::Unreadable::TooManyAliases | sops::Unreadable::TooDeep => {
            format!(
                "write the values out without aliases or nesting, or {}",
                remedy::undo(path)
            )
        }
    }
}
