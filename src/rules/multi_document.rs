//! `multi-document`: one file, several documents, one MAC.

use std::path::{Path, PathBuf};

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::{Entry, NodeId, Tree};
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
    let (tree, source) = (document.tree(), document.source());
    let [_, rest @ ..] = tree.branches() else {
        return;
    };
    let Some(second) = rest.first() else {
        return;
    };
    let mark = mark_before(source, tree.node(*second).span.start());
    let found = if rest.iter().all(|branch| is_empty(tree, *branch)) {
        empty(context.path, source, mark, rest.len())
    } else {
        several(context.path, rest.len() + 1)
    };
    findings.report(match mark {
        Some(span) => found.at(span),
        None => found,
    });
}

/// Whether a document holds no value: nothing, or sops's metadata alone.
fn is_empty(tree: &Tree<'_>, branch: NodeId) -> bool {
    tree.entries(branch).iter().all(|entry| match entry {
        Entry::Comment(_) => true,
        Entry::Pair(pair) => pair.key.is("sops"),
    })
}

/// The `---` by which the document at `offset` begins: the last line of that kind up to there.
fn mark_before(source: &Source, offset: usize) -> Option<Span> {
    let text = source.text();
    let is_mark = |at: usize| {
        let line = text.get(at..).unwrap_or_default();
        let behind = line.strip_prefix("---").map(|rest| rest.bytes().next());
        behind.is_some_and(|next| next.is_none_or(|next| next.is_ascii_whitespace()))
    };
    let before = text.get(..=offset).or_else(|| text.get(..offset))?;
    let ends = before.bytes().enumerate().rev();
    let at = ends
        .filter(|(_, byte)| matches!(byte, b'\n' | b'\r'))
        .map(|(at, _)| at + 1)
        .find(|at| is_mark(*at))?;
    Some(Span::new(at, at + 3))
}

fn several(path: &Path, documents: usize) -> Found {
    let file = remedy::argument(path);
    let new = second_name(path);
    let new = remedy::argument(&new);
    let others = if documents > 2 {
        " (`n == 2` is the third, and so on)"
    } else {
        ""
    };
    let help = format!(
        "give each document a file of its own: write the second{others} to a new file, then delete it \
         from this one inside sops"
    );
    Found::new(format!(
        "the file holds {documents} documents under one MAC"
    ))
    .says(
        "sops decrypts all of them or none: take one out or move it as text, and it refuses the \
             others with \"MAC mismatch\"",
    )
    .help(
        Help::new(help)
            .then(format!(
                "sops decrypt {file} | awk '/^---$/ {{n++; next}} n == 1' | sops encrypt \
                     --filename-override {new} /dev/stdin > {new}"
            ))
            .then(format!("sops edit {file}")),
    )
}

/// A trailing `---`, which is a second document to YAML.
fn empty(path: &Path, source: &Source, mark: Option<Span>, count: usize) -> Found {
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
            let backup = remedy::argument(&with_suffix(path, ".bak"));
            help.then(format!("sed -i.bak '{line},$d' {file} && rm {backup}"))
        }
        None => help.then(format!("sops edit {}", remedy::argument(path))),
    };
    Found::new(message)
        .says(
            "sops decrypts it to a further document `{}`, and gives that document metadata of its own \
             whenever it writes the file",
        )
        .help(help)
}

/// A name for the second document: `db.enc.yaml` becomes `db-2.enc.yaml`.
fn second_name(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let stem = name
        .get(1..)
        .and_then(|rest| rest.find('.'))
        .map_or(name.len(), |at| at + 1);
    let (stem, ends) = name.split_at_checked(stem).unwrap_or((&name, ""));
    path.with_file_name(format!("{stem}-2{ends}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    #[test]
    fn the_name_of_the_second_file_keeps_what_its_rule_goes_by() {
        for (path, expected) in [
            ("a/db.enc.yaml", "a/db-2.enc.yaml"),
            (".env.enc.yaml", ".env-2.enc.yaml"),
            ("db", "db-2"),
        ] {
            assert_eq!(second_name(Path::new(path)), Path::new(expected));
        }
    }

    #[test]
    fn the_mark_of_a_document_is_found_wherever_its_span_begins() {
        for (text, offset, expected) in [
            ("a: b\n---\n", 9, Some(5)),
            ("a: b\n---", 8, Some(5)),
            ("a: b\n--- # x\nc: d\n", 13, Some(5)),
            ("a: b\n---x: y\n", 13, None),
        ] {
            let id = SourceId::Stdin("x".into());
            let source = Source::decode(id, text.as_bytes().to_vec()).unwrap();
            let mark = mark_before(&source, offset).map(Span::start);
            assert_eq!(mark, expected, "{text:?}");
        }
    }
}
