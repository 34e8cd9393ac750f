//! `duplicate-key`: a key that stands twice in one mapping, so that one of two values is lost.

use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::RepeatedKey;
use crate::finding::{Help, Severity};
use crate::sops::METADATA_KEY;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-key",
    summary: "a key stands twice in one mapping",
    page: include_str!("../../docs/rules/duplicate-key.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    for key in context.repeated_keys.iter().filter(|key| matters(key)) {
        let first = context
            .source
            .map(|source| source.position(key.first.start()));
        let found = match first {
            Some(at) => Found::new(format!(
                "the key stands in this mapping already, in line {}",
                at.line
            ))
            .related(at, "the key stands here first"),
            None => Found::new("the key stands in this mapping already"),
        };
        findings.report(
            found
                .at(key.span)
                .key(&key.path)
                .says(says(key))
                .help(help(context.path)),
        );
    }
}

/// Whether sops sees the key at all: it drops the metadata of every document but the first.
fn matters(key: &RepeatedKey) -> bool {
    key.in_first_document || key.path.first() != Some(METADATA_KEY)
}

fn says(key: &RepeatedKey) -> &'static str {
    if key.in_first_document {
        "sops cannot load the file: \"mapping key … already defined\""
    } else {
        "sops looks for this in the first document only and hands both on: what reads them refuses \
         them, or takes one and loses the other"
    }
}

fn help(path: &Path) -> Help {
    let text = "keep the one that sops wrote, or go back to a sound version of the file and make the \
                edit inside sops";
    remedy::go_back(path, text).then(format!("sops edit {}", remedy::argument(path)))
}
