//! `multi-document`: one file, several documents, one MAC.

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::{Document, Entry, Format, NodeId, Tree};
use crate::finding::{Help, Severity};
use crate::sops::ProblemKind;
use crate::source::{Source, Span};

pub(super) static RULE: Rule = Rule {
    id: "multi-document",
    summary: "a sops file holds several documents under one MAC",
    page: include_str!("../../docs/rules/multi-document.md"),
    severity: Severity::Error,
    needs: Needs::Document,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    let is_metadata = |kind: &ProblemKind| matches!(kind, ProblemKind::Metadata(_));
    let is_sops = context.file.is_some()
        || context
            .problems
            .iter()
            .any(|problem| is_metadata(&problem.kind));
    let Some(document) = context.document.filter(|_| is_sops) else {
        return;
    };
    if let Some(found) = behind_object(context, document) {
        findings.report(found);
    }
    let (tree, source) = (document.tree(), document.source());
    let [first, rest @ ..] = tree.branches() else {
        return;
    };
    if rest.is_empty() {
        return;
    }
    let mark = mark_behind(source, tree.node(*first).span.end());
    let found = if rest.iter().all(|branch| is_empty(tree, *branch)) {
        empty(context, source, mark, rest.len())
    } else {
        several(context, rest.len() + 1)
    };
    findings.report(match mark {
        Some(span) => found.at(span),
        None => found,
    });
}

/// What stands behind the end of the one object of a JSON text, where sops stops reading.
fn behind_object(context: &FileContext<'_>, document: &Document<'_>) -> Option<Found> {
    let is_json = matches!(document.format(), Format::Json | Format::Binary);
    let root = document.tree().branches().first().filter(|_| is_json)?;
    let end = document.tree().node(*root).span.end();
    let rest = document.source().bytes().get(end..)?;
    let at = end + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let help = "cut it off: the object stays as it is, and its MAC with it; what was in clear there is \
                known to whoever reads the file";
    let object = end + usize::from(rest.starts_with(b"\n"));
    let cut = remedy::through(context.path, help, &format!("head -c {object}"));
    Some(
        Found::new("there is more behind the end of the object, which sops never reads")
            .at_clear(Span::new(at, at))
            .says("sops decrypts the object alone, and drops the rest whenever it writes the file")
            .help(cut),
    )
}

/// Whether a document holds no value: nothing, or sops's metadata alone.
fn is_empty(tree: &Tree<'_>, branch: NodeId) -> bool {
    tree.entries(branch).iter().all(|entry| match entry {
        Entry::Comment(_) => true,
        Entry::Pair(pair) => pair.key.is("sops"),
    })
}

/// The first line of the kind `---` from `offset` on.
fn mark_behind(source: &Source, offset: usize) -> Option<Span> {
    let text = source.text();
    let is_mark = |at: usize| {
        let line = text.get(at..).unwrap_or_default();
        let behind = line.strip_prefix("---").map(|rest| rest.bytes().next());
        behind.is_some_and(|next| next.is_none_or(|next| next.is_ascii_whitespace()))
    };
    // The line end before the mark may be the last byte of the document.
    let from = offset.saturating_sub(1);
    let bytes = text.as_bytes().get(from..).unwrap_or_default();
    let at = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| matches!(byte, b'\n' | b'\r'))
        .map(|(at, _)| from + at + 1)
        .find(|at| is_mark(*at))?;
    Some(Span::new(at, at + 3))
}

fn several(context: &FileContext<'_>, documents: usize) -> Found {
    let found = Found::new(format!(
        "the file holds {documents} documents under one MAC"
    ))
    .says(
        "sops decrypts all of them or none: take one out or move it as text, and it refuses the \
             others with \"MAC mismatch\"",
    );
    let split = format!("sopsguard split {}", remedy::argument(context.path));
    let what = "each document gets a file of its own, with all that is in it and its recipients as they are, and whatever \
                lists this file lists the new ones";
    let text = match context.problems.is_empty() {
        true => what.to_owned(),
        false => format!("mend what else is wrong with it; then {what}"),
    };
    found.help(Help::new(text).then(split))
}

/// A trailing `---`, which is a second document to YAML.
fn empty(context: &FileContext<'_>, source: &Source, mark: Option<Span>, count: usize) -> Found {
    let path = context.path;
    let message = if count == 1 {
        "a `---` at the end of the file makes a second, empty document".to_owned()
    } else {
        format!("{count} `---` at the end of the file make as many empty documents")
    };
    let text = "delete that line and all below it: no values are there, so the MAC stays valid";
    let help = Help::new(text);
    let line = mark.map(|mark| {
        let before = source.text().get(..mark.start()).unwrap_or_default();
        before.bytes().filter(|byte| *byte == b'\n').count() + 1
    });
    let help = match line.filter(|_| source.is_verbatim()) {
        Some(line) => {
            let file = remedy::argument(path);
            let backup = remedy::argument(&remedy::with_suffix(path, ".bak"));
            help.then(format!("sed -i.bak '{line},$d' {file} && rm {backup}"))
        }
        None => help.then(remedy::sops("edit", context)),
    };
    Found::new(message)
        .says(
            "sops decrypts it to a further document `{}`, and gives that document metadata of its own \
             whenever it writes the file",
        )
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    #[test]
    fn the_mark_of_the_second_document_is_the_first_behind_the_first() {
        for (text, expected) in [
            ("a: b\n---\n", Some(5)),
            ("a: b\n---", Some(5)),
            ("a: b\n--- # x\nc: d\n---\n", Some(5)),
            ("# x\n---\na: b\n...\n---\n---\n", Some(17)),
            ("a:\n  - |\n    ---\n---\n", Some(17)),
            ("{a: b}\r\n---\r\n", Some(8)),
        ] {
            let id = SourceId::Stdin("x".into());
            let source = Source::decode(id, text.as_bytes().to_vec()).unwrap();
            let document = Document::parse(&source, Format::Yaml).unwrap();
            let first = document.tree().branches()[0];
            let mark = mark_behind(&source, document.tree().node(first).span.end());
            assert_eq!(mark.map(Span::start), expected, "{text:?}");
        }
    }
}
