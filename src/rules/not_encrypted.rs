//! `not-encrypted`: a file that should be encrypted, and of which sops encrypts nothing.

use std::path::Path;

use super::{Check, Due, FileContext, Findings, Found, Needs, Rule, format, remedy};
use crate::document::{
    Document, Format, KeyPath, Pair, Scalar, Tree, Value, holds_no_secret, kubernetes,
};
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
        return Some(lost_metadata(context, document, &token));
    }
    if due == Due::Nobody || is_example(context.path) || is_no_data(context.path) {
        return None;
    }
    if let Some(help) = remedy::utf16(context) {
        let found = Found::new("the file is in UTF-16, in which sops finds no metadata");
        return Some(found.at(Span::new(0, 0)).says(REFUSED).help(help));
    }
    let found = || {
        Found::new(match due {
            Due::Rule => "the Secret stands in clear, and a rule of `.sops.yaml` is for its file",
            Due::Name | Due::User | Due::Nobody => {
                "the file stands in clear: it has no sops metadata"
            }
        })
    };
    let found = match context.document {
        Some(document) => {
            let place = first_value(document, due)?;
            let found = found().at(place.span).key(&place.path);
            let is_manifest = kubernetes::secrets(document.tree()).next().is_some();
            found.says(match (due, is_manifest) {
                (Due::Rule, _) => BY_RULE,
                (_, true) => DEPLOYED,
                (_, false) => REFUSED,
            })
        }
        None => {
            let source = context.source.filter(|_| due == Due::Name)?;
            let at = first_text(context.format, source)?;
            let found = found().at_position(Some(source.position(at)));
            let found = found.says(NOT_LOADED);
            if context.format != Format::Binary {
                return Some(found.help(mend_and_encrypt(context)));
            }
            found
        }
    };
    Some(found.help(encrypt(context)))
}

const REFUSED: &str = "sops refuses to decrypt it: \"sops metadata not found\"";
const NOT_LOADED: &str = "sops refuses to decrypt it: it cannot even load the file";
const DEPLOYED: &str = "sops and KSOPS refuse to decrypt it: \"sops metadata not found\"; kubectl and \
                        Flux deploy it as it is";

const BY_RULE: &str = "git keeps its values for whoever may read the repository; kubectl and Flux deploy it \
                       as it is";

fn encrypt(context: &FileContext<'_>) -> Help {
    Help::new(
        "encrypt it; if git ever held it in clear (`git log --all` tells), change the values too, for \
         the history keeps them; if it holds no secret, leave it out by `exclude` in \
         `.sopsguard.toml`",
    )
    .then(remedy::sops("encrypt --in-place", context))
    .then(ever_committed(context))
}

/// What to do about a text that sops would refuse to encrypt, too.
fn mend_and_encrypt(context: &FileContext<'_>) -> Help {
    let encrypt = remedy::sops("encrypt --in-place", context);
    Help::new(format!(
        "mend the text where `unreadable-file` says so, then encrypt it (`{encrypt}`); if git ever \
         held it in clear (`git log --all` tells), change the values too, for the history keeps \
         them; if it holds no secret, leave it out by `exclude` in `.sopsguard.toml`"
    ))
    .then(ever_committed(context))
}

fn ever_committed(context: &FileContext<'_>) -> String {
    format!("git log --oneline --all -- {}", remedy::word(context.path))
}

/// Whether a name says that the file is an example, a template or a text about such files.
fn is_example(path: &Path) -> bool {
    let name = lower_name(path);
    // `.sops.yaml` has kin: `.sops.pub.asc`, say.
    name.starts_with(".sops.") || name.split('.').skip(1).any(|part| EXAMPLES.contains(&part))
}

const EXAMPLES: [&str; 14] = [
    "dist", "erb", "example", "examples", "gotmpl", "j2", "jinja", "jinja2", "md", "rst", "sample",
    "template", "tmpl", "tpl",
];

/// Whether a name says that the file is source code or a picture, such as `decode.enc.rs`.
fn is_no_data(path: &Path) -> bool {
    let name = lower_name(path);
    let end = name.rsplit_once('.').map(|(_, end)| end);
    end.is_some_and(|end| NO_DATA.contains(&end))
}

const NO_DATA: [&str; 34] = [
    "adoc", "c", "cc", "cpp", "cs", "css", "gif", "go", "h", "hpp", "html", "ico", "java", "jpeg",
    "jpg", "js", "jsx", "kt", "lock", "lua", "mjs", "php", "pl", "png", "py", "rb", "rs", "scala",
    "sh", "sum", "svg", "swift", "ts", "tsx",
];

fn lower_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.unwrap_or_default().to_ascii_lowercase()
}

/// The first value of a document in clear that is worth hiding: of a Secret's, where there is one
/// with values.
fn first_value(document: &Document<'_>, due: Due) -> Option<Place> {
    let tree = document.tree();
    let mut values = kubernetes::secrets(tree).flat_map(|secret| secret.values(tree));
    if let Some((field, pair)) = values.find(|(_, pair)| is_worth_hiding(tree, pair)) {
        return Some(Place::of(field, pair));
    }
    if due != Due::Name {
        return None;
    }
    let has_secrets = kubernetes::secrets(tree).next().is_some();
    let is_list =
        |branch| kubernetes::kind(tree, branch).is_some_and(|kind| kind.ends_with(b"List"));
    let is_quiet: Vec<bool> = (tree.branches().iter())
        .map(|branch| holds_no_secret(tree, *branch) || has_secrets && is_list(*branch))
        .collect();
    first_leaf(tree, |scalar, branch| {
        is_quiet.get(branch) != Some(&true) && is_text(scalar)
    })
}

/// The first token of a document, whole and sound.
fn first_token(document: &Document<'_>) -> Option<Place> {
    if !document.source().text().contains("ENC[") {
        return None;
    }
    first_leaf(
        document.tree(),
        |scalar, _| matches!(scalar, Scalar::Str(text) if Token::is_whole(text)),
    )
}

/// The first value that `wanted` takes, which is told the number of its document.
fn first_leaf(tree: &Tree<'_>, wanted: impl Fn(&Scalar<'_>, usize) -> bool) -> Option<Place> {
    let mut first = None;
    // A walk that ends early has seen what it has seen.
    let _ = walk(tree, &Selectors::default_with(false), |visit| {
        if let sops::Leaf::Scalar { scalar, span, .. } = visit.leaf
            && first.is_none()
            && wanted(scalar, visit.branch)
        {
            let path = KeyPath::new(visit.path.iter().copied());
            first = Some(Place { span, path });
        }
    });
    first
}

/// Encrypted values without the metadata that tells how to open them.
fn lost_metadata(context: &FileContext<'_>, document: &Document<'_>, token: &Place) -> Found {
    let tree = document.tree();
    let misplaced = tree
        .branches()
        .iter()
        .enumerate()
        .skip(1)
        .find(|(_, branch)| tree.pair(**branch, "sops").is_some());
    let message = match misplaced {
        Some((at, _)) => format!(
            "the values are encrypted, and the `sops` block stands in document {}, where sops does \
             not look for it",
            at + 1
        ),
        None => {
            let format = document.format();
            let metadata = remedy::metadata(format);
            let verb = if format == Format::Dotenv {
                "open them are"
            } else {
                "opens them is"
            };
            format!("the values are encrypted, and {metadata} that {verb} gone")
        }
    };
    let deployed = match document.format() {
        Format::Yaml | Format::Json => {
            "kubectl and Flux deploy the tokens as if they were the values"
        }
        _ => "what uses the file gets the tokens themselves for values",
    };
    Found::new(message)
        .at(token.span)
        .key(&token.path)
        .says(format!(
            "sops and KSOPS refuse the file with \"sops metadata not found\"; {deployed}"
        ))
        .help(
            format::other(context).unwrap_or_else(|| {
                remedy::undo(context, "nothing else holds the key to the values; ")
            }),
        )
}

/// A file of sops's with a Secret in it, of which the selectors pick nothing at all.
fn spared_secret(context: &FileContext<'_>, file: &SopsFile<'_>) -> Option<Found> {
    let (tree, selectors) = (file.tree(), file.selectors());
    if selectors.goes_by_marks() || context.encrypted > 0 {
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
    let help = "mend the rule of `.sops.yaml` that fits the file, so that it picks `data` and \
                `stringData`, and encrypt the file anew";
    Some(
        Found::new("the Secret stands in clear: the file's selectors pick none of its values")
            .at(place.span)
            .key(&place.path)
            .says("sops takes the file for a sound one: it has metadata, and nothing in it is encrypted")
            .help(
                Help::new(help)
                    .then(remedy::sops("decrypt --in-place", context))
                    .then(remedy::sops("encrypt --in-place", context)),
            ),
    )
}

/// The first byte of a line with a value, in a text that is no document.
fn first_text(format: Format, source: &Source) -> Option<usize> {
    let is_wanted = |line: &str| match format {
        Format::Dotenv | Format::Ini => {
            let value = line.split_once('=').map(|(_, value)| value);
            let value = value.map(|value| value.trim().trim_matches(['"', '\'']));
            !line.starts_with(['#', ';'])
                && value.is_none_or(|value| !value.is_empty())
                && !line.is_empty()
        }
        Format::Yaml => !line.is_empty() && !line.starts_with('#') && line != "---",
        Format::Json | Format::Binary => !line.is_empty(),
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

/// Whether a value in clear holds something: not null, not empty, no token, and more than places that
/// a template fills.
fn is_text(scalar: &Scalar<'_>) -> bool {
    let Scalar::Str(text) = scalar else {
        return !matches!(scalar, Scalar::Null);
    };
    !text.trim_ascii().is_empty() && !is_filled(text) && !Token::is_whole(text)
}

/// Whether a text is made of placeholders, and of nothing else but spaces and punctuation.
pub(super) fn is_filled(text: &[u8]) -> bool {
    const MARKS: [(&[u8], &[u8]); 3] = [(b"{{", b"}}"), (b"${", b"}"), (b"<%", b"%>")];
    let mut rest = text;
    let mut has_any = false;
    while let Some(first) = rest.first() {
        let mark = MARKS.iter().find(|(start, _)| rest.starts_with(start));
        let inside = mark.map(|(_, end)| (memchr::memmem::find(rest, end), end.len()));
        let length = match inside {
            Some((Some(at), length)) => {
                has_any = true;
                at + length
            }
            Some((None, _)) => return false,
            None if first.is_ascii_whitespace() || first.is_ascii_punctuation() => 1,
            None => return false,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    has_any
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_filled_where_nothing_stands_between_its_placeholders() {
        for (text, expected) in [
            ("{{ .Values.a }}", true),
            ("${A}:${B}", true),
            ("${{ secrets.A }}", true),
            ("\"{{ a }}\" <%= b %>\n", true),
            ("${A}b${C}", false),
            ("{{ a }}b{{ c }}", false),
            ("a${B}", false),
            ("{{ a", false),
            ("{{ a }}\u{e9}", false),
            ("...", false),
        ] {
            assert_eq!(is_filled(text.as_bytes()), expected, "{text}");
        }
    }
}
