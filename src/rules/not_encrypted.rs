//! `not-encrypted`: a file that should be encrypted, and of which sops encrypts nothing.

use std::path::Path;

use super::{Check, Due, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::document::{Document, Format, KeyPath, Pair, Scalar, Tree, Value, kubernetes};
use crate::finding::{Help, Severity};
use crate::sops::{self, Selectors, SopsFile, Token, walk};
use crate::source::{Source, Span};

pub(super) static RULE: Rule = Rule {
    id: "not-encrypted",
    summary: "a file that should be encrypted stands in clear",
    page: include_str!("../../docs/rules/not-encrypted.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::File(check),
};

/// A place in a document, with the keys that lead to it.
struct Place {
    span: Span,
    path: KeyPath,
}

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    let found = match (context.lacks_metadata, context.file) {
        (Some(due), _) => clear_file(context, due),
        (None, Some(file)) => spared_secret(context, file),
        (None, None) => None,
    };
    if let Some(found) = found {
        findings.report(found);
    }
}

/// A file without metadata.
fn clear_file(context: &FileContext<'_>, due: Due) -> Option<Found> {
    if let Some(document) = context.document
        && let Some(token) = first_token(document)
    {
        return Some(lost_metadata(context.path, document, &token));
    }
    if due == Due::Nobody || is_example(context.path) {
        return None;
    }
    let found = || Found::new("the file stands in clear: it has no sops metadata").says(REFUSED);
    let found = match context.document {
        Some(document) => {
            let place = first_value(document, due)?;
            let found = found().at(place.span).key(&place.path);
            let is_manifest = kubernetes::secrets(document.tree()).next().is_some();
            if is_manifest {
                found.says(DEPLOYED)
            } else {
                found
            }
        }
        None => {
            let source = context.source.filter(|_| due == Due::Name)?;
            let at = first_text(context.format, source)?;
            found().at_position(Some(source.position(at)))
        }
    };
    Some(found.help(encrypt(context.path)))
}

const REFUSED: &str = "sops refuses to decrypt it: \"sops metadata not found\"";
const DEPLOYED: &str = "sops and KSOPS refuse to decrypt it: \"sops metadata not found\"; kubectl and \
                        Flux deploy it as it is";

fn encrypt(path: &Path) -> Help {
    Help::new(
        "encrypt it; if git ever held it in clear, which the second command tells, change the values \
         too, for the history keeps them",
    )
    .then(format!("sops encrypt --in-place {}", remedy::argument(path)))
    .then(format!("git log --oneline --all -- {}", remedy::word(path)))
}

/// Whether a name says that the file is an example, a template or a text about such files.
fn is_example(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.split('.').skip(1).any(|part| EXAMPLES.contains(&part)))
}

const EXAMPLES: [&str; 14] = [
    "dist", "erb", "example", "examples", "gotmpl", "j2", "jinja", "jinja2", "md", "rst", "sample",
    "template", "tmpl", "tpl",
];

/// The first value of a document in clear that is worth hiding: of a Secret's, where there is one.
fn first_value(document: &Document<'_>, due: Due) -> Option<Place> {
    let tree = document.tree();
    let mut secrets = kubernetes::secrets(tree).peekable();
    if secrets.peek().is_some() {
        let mut values = secrets.flat_map(|secret| secret.values(tree));
        return values
            .find(|(_, pair)| is_worth_hiding(tree, pair))
            .map(|(field, pair)| Place::of(field, pair));
    }
    if due != Due::Name {
        return None;
    }
    first_leaf(tree, is_text)
}

/// The first token of a document, whole and sound.
fn first_token(document: &Document<'_>) -> Option<Place> {
    if !document.source().text().contains("ENC[") {
        return None;
    }
    first_leaf(
        document.tree(),
        |scalar| matches!(scalar, Scalar::Str(text) if Token::is_whole(text)),
    )
}

/// The first value that `wanted` takes.
fn first_leaf(tree: &Tree<'_>, wanted: impl Fn(&Scalar<'_>) -> bool) -> Option<Place> {
    let mut first = None;
    // A walk that ends early has seen what it has seen.
    let _ = walk(tree, &Selectors::default_with(false), |visit| {
        if let sops::Leaf::Scalar { scalar, span } = visit.leaf
            && first.is_none()
            && wanted(scalar)
        {
            let path = KeyPath::new(visit.path.iter().copied());
            first = Some(Place { span, path });
        }
    });
    first
}

/// Encrypted values without the metadata that tells how to open them.
fn lost_metadata(path: &Path, document: &Document<'_>, token: &Place) -> Found {
    let tree = document.tree();
    let misplaced = tree
        .branches()
        .iter()
        .position(|branch| tree.pair(*branch, "sops").is_some());
    let message = match misplaced {
        Some(at) => format!(
            "the values are encrypted, and the `sops` block stands in document {}, where sops does \
             not look for it",
            at + 1
        ),
        None => "the values are encrypted, and the `sops` block that opens them is gone".to_owned(),
    };
    Found::new(message)
        .at(token.span)
        .key(&token.path)
        .says(
            "sops and KSOPS refuse the file with \"sops metadata not found\"; kubectl and Flux deploy \
             the tokens as if they were the values",
        )
        .help(remedy::go_back(
            path,
            "only the block holds the key to the values; go back to a version of the file that has it",
        ))
}

/// A file of sops's with a Secret in it, of which the selectors pick nothing at all.
fn spared_secret(context: &FileContext<'_>, file: &SopsFile<'_>) -> Option<Found> {
    let (tree, selectors) = (file.tree(), file.selectors());
    if selectors.goes_by_marks() {
        return None;
    }
    let mut values = kubernetes::secrets(tree).flat_map(|secret| secret.values(tree));
    let (field, value) = values.find(|(_, pair)| is_worth_hiding(tree, pair))?;
    let mut picks_something = false;
    let walked = walk(tree, selectors, |visit| picks_something |= visit.selected);
    if picks_something || walked.is_err() || !selectors.is_certain() {
        return None;
    }
    let place = Place::of(field, value);
    let file = remedy::argument(context.path);
    let help = "mend the rule of `.sops.yaml` that fits the file, so that it picks `data` and \
                `stringData`, and encrypt the file anew";
    Some(
        Found::new("the Secret stands in clear: the file's selectors pick none of its values")
            .at(place.span)
            .key(&place.path)
            .says("sops takes the file for a sound one: it has metadata, and nothing in it is encrypted")
            .help(
                Help::new(help)
                    .then(format!("sops decrypt --in-place {file}"))
                    .then(format!("sops encrypt --in-place {file}")),
            ),
    )
}

/// The first byte of a text in a format other than YAML that belongs to a value.
fn first_text(format: Format, source: &Source) -> Option<usize> {
    let is_wanted = |line: &str| match format {
        Format::Dotenv | Format::Ini => {
            let value = line.split_once('=').map(|(_, value)| value);
            let value = value.map(|value| value.trim().trim_matches(['"', '\'']));
            !line.starts_with(['#', ';']) && value.is_some_and(|value| !value.is_empty())
        }
        Format::Yaml | Format::Json | Format::Binary => !line.is_empty(),
    };
    let mut lines = source.text().split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim()))
    });
    lines
        .find(|(_, line)| is_wanted(line))
        .map(|(start, _)| start)
}

fn is_worth_hiding(tree: &Tree<'_>, pair: &Pair<'_>) -> bool {
    match &tree.resolved(pair.value).value {
        Value::Scalar(scalar) => is_text(scalar),
        value => !kubernetes::is_empty(value),
    }
}

/// Whether a value in clear holds something: not null, not empty, no token, and no place that a
/// template fills.
fn is_text(scalar: &Scalar<'_>) -> bool {
    let Scalar::Str(text) = scalar else {
        return !matches!(scalar, Scalar::Null);
    };
    let text = text.trim_ascii();
    let is_filled = [("{{", "}}"), ("${", "}"), ("<%", "%>")]
        .iter()
        .any(|(start, end)| text.starts_with(start.as_bytes()) && text.ends_with(end.as_bytes()));
    !text.is_empty() && !is_filled && !Token::is_whole(text)
}

impl Place {
    /// Where a value of a Secret stands.
    fn of(field: &'static str, pair: &Pair<'_>) -> Self {
        let key = match &pair.key.name {
            Scalar::Str(key) => key.as_ref(),
            _ => b"",
        };
        let path = KeyPath::new([field.as_bytes(), key]);
        Self {
            span: pair.key.span,
            path,
        }
    }
}
