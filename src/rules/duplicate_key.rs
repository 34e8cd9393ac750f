//! `duplicate-key`: a key that stands twice in one mapping, so that one of two values is lost.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::{Format, METADATA_KEY, RepeatedKey};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "duplicate-key",
    summary: "a key stands twice in one mapping",
    page: include_str!("../../docs/rules/duplicate-key.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    // Other formats than YAML allow it: there it matters in files of sops's only.
    if context.format != Format::Yaml && context.file.is_none() {
        return;
    }
    let collection = match context.format {
        Format::Yaml => "mapping",
        Format::Json | Format::Binary => "object",
        Format::Dotenv => "file",
        Format::Ini => "section",
    };
    for key in context.repeated_keys.iter().filter(|key| matters(key)) {
        let first = context
            .source
            .map(|source| source.position(key.first.start()));
        let found = match first {
            Some(at) => Found::new(format!(
                "the key stands in this {collection} already, in line {}",
                at.line
            ))
            .related(at, "the key stands here first"),
            None => Found::new(format!("the key stands in this {collection} already")),
        };
        let found = found.at(key.span).key(&key.path);
        let found = found.says(says(context.format, key)).help(help(context));
        findings.report(match context.format {
            Format::Yaml => found,
            _ => found.severity(Severity::Warning),
        });
    }
}

/// Whether sops sees the key at all: it drops the metadata of every document but the first.
fn matters(key: &RepeatedKey) -> bool {
    key.in_first_document || key.path.first() != Some(METADATA_KEY)
}

fn says(format: Format, key: &RepeatedKey) -> &'static str {
    match format {
        Format::Yaml if key.in_first_document => {
            "sops cannot load the file: \"mapping key … already defined\""
        }
        Format::Yaml => {
            "sops looks for this in the first document only and hands both on: what reads them \
             refuses them, or takes one and loses the other"
        }
        Format::Ini => "sops takes the last of them and drops the others when it writes the file",
        _ => "sops hands both on: what reads them takes one and loses the other",
    }
}

fn help(context: &FileContext<'_>) -> Help {
    let text = "keep the one that sops wrote, or go back to a sound version of the file and make the \
                edit inside sops";
    let edit = remedy::sops("edit", context);
    remedy::go_back(context.path, text)
        .then(edit.clone())
        .or(remedy::only("keep the one that sops wrote").then(edit))
}
