//! `unreadable-file`: a file that sops could not even load.

use std::io;
use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, Unreadable, format, remedy};
use crate::finding::{Help, Severity};
use crate::fs;
use crate::sops::{self, ProblemKind};
use crate::source::{Source, SourceId};

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
        report(context, unreadable, findings);
    }
    for (problem, cause) in context.problems(|kind| match kind {
        ProblemKind::Unreadable(cause) => Some(cause),
        _ => None,
    }) {
        let found = Found::problem(problem).says("sops loads the file and refuses it");
        findings.report(found.help(document_help(context, cause)));
    }
}

fn report(context: &FileContext<'_>, unreadable: &Unreadable, findings: &mut Findings<'_>) {
    let path = context.path;
    findings.report(match unreadable {
        Unreadable::Io(error) => io_words(context, error),
        Unreadable::Walk(message) => Found::new(message.as_str()).help(look("look at it", path)),
        Unreadable::NotText { at } => Found::new(
            "the file is no text here, neither in UTF-8 nor in UTF-16, which sops refuses",
        )
        .at_position(Some(*at))
        .says("sops refuses the file: \"invalid trailing UTF-8 octet\" or the like")
        .help(remedy::undo(context, "")),
        Unreadable::Template { at } => template().at_position(*at),
        Unreadable::Refused { message, at } => {
            let help = match context.source.map(Source::id) {
                Some(SourceId::Stdin(_)) => {
                    "mend the text there; if it is in another format, `--input-type` says in which"
                }
                _ => "mend the text there, or go back to a sound version of the file",
            };
            Found::new(format!("sops cannot load the file: {message}"))
                .at_position(*at)
                .says("`sops decrypt`, KSOPS and Flux refuse the file as it stands")
                .help(
                    format::other(context)
                        .or_else(|| remedy::encoding(context, None))
                        .unwrap_or_else(|| {
                            remedy::go_back(path, help).or(remedy::only("mend the text there"))
                        }),
                )
        }
    });
}

/// A template has the name of a secret, and sops would be wrong to read it.
fn template() -> Found {
    // The path at hand starts from the current folder, which patterns do not.
    let help = "where it is meant to be one, leave it out: add its path from the top of the repository \
                to `exclude` in the `.sopsguard.toml` there";
    Found::new("the file is a template, which is not checked")
        .severity(Severity::Warning)
        .says("sops cannot load it before it is filled in")
        .help(Help::new(help))
}

fn look(text: &str, path: &Path) -> Help {
    Help::new(text).then(format!("ls -ld -- {}", remedy::word(path)))
}

fn io_words(context: &FileContext<'_>, error: &fs::Error) -> Found {
    let path = context.path;
    match error {
        fs::Error::NotFound { .. } => {
            Found::new("the file is not there; it may be a link that leads nowhere")
                .help(look("look at it, and bring back what it points to", path))
        }
        fs::Error::NotAFile { .. } => Found::new("not a regular file")
            .help(look("look at it; pipes go to `sopsguard check -`", path)),
        fs::Error::TooLarge { limit, .. } => {
            let message = format!(
                "the file is larger than {} MiB, the most that is read",
                limit >> 20
            );
            let ask = format!("{} > /dev/null", remedy::sops("decrypt", context));
            Found::new(message).help(Help::new("ask sops itself").then(ask))
        }
        fs::Error::Io { source, .. } => {
            let help = match source.kind() {
                io::ErrorKind::PermissionDenied => Help::new("allow reading it")
                    .then(format!("chmod u+r -- {}", remedy::word(path))),
                _ => look("look at it", path),
            };
            Found::new(format!("the file cannot be read: {}", source.kind())).help(help)
        }
    }
}

fn document_help(context: &FileContext<'_>, cause: &sops::Unreadable) -> Help {
    let text = match cause {
        sops::Unreadable::NonStringKey { .. } => "quote the key, as in `\"8080\": …`",
        sops::Unreadable::IntegerTooLarge | sops::Unreadable::TimeOffset => "quote the value",
        sops::Unreadable::TooManyAliases | sops::Unreadable::TooDeep => {
            "write the values out without aliases or nesting"
        }
        sops::Unreadable::EmptyCommentLine => "give the comment's line a word, or take it out",
        sops::Unreadable::NoContent => {
            "encrypt the file again with a name that does not end in `.json`"
        }
    };
    let or_back = format!("{text}, or go back to a sound version of the file");
    remedy::go_back(context.path, or_back).or(remedy::only(text))
}
