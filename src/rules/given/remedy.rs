//! Commands for the `help` of findings, spelled so that they can be pasted.

use std::path::{Path, PathBuf};

use super::{FileContext, FileFacts};
use crate::document::Format;
use crate::finding::{Help, shell_word};
use crate::sops::{KeyKind, SopsFile};
use crate::source::Span;

/// How to bring back the file, for the reason `why`; or to make it anew.
pub(in crate::rules) fn undo(context: &FileContext<'_>, why: &str) -> Help {
    let text = format!("{why}go back to a sound version of the file");
    go_back(context.path, text).or(make_anew(context, why))
}

/// How to bring back the file, for the reason `why`, and then make the edit with sops; or to enter
/// anew what was damaged.
pub(in crate::rules) fn undo_then_edit(context: &FileContext<'_>, why: &str) -> Help {
    let text =
        format!("{why}go back to a sound version of the file, then make the edit inside sops");
    go_back(context.path, text)
        .then(sops("edit", context))
        .or(enter_anew(context, why))
}

/// What is left where git has no version of the file from before the damage.
const NOTHING_EARLIER: &str = "there is no earlier version in git";

/// How to enter a value anew where nothing brings it back.
fn enter_anew(context: &FileContext<'_>, why: &str) -> Help {
    let text = format!(
        "{why}{NOTHING_EARLIER}: delete the line, and enter the value again in the editor that this \
         opens"
    );
    Help::new(text).then(sops("edit --ignore-mac", context))
}

/// How to have `mac` written anew where nothing brings back the values that it was written for.
pub(in crate::rules) fn sign_anew(context: &FileContext<'_>, why: &str) -> Help {
    if Format::of_path(context.path) != context.format {
        let text = format!(
            "{why}{NOTHING_EARLIER}: look in the editor that this opens whether every value is right, and \
             change something, be it a comment: with that, sops writes `mac` anew"
        );
        return Help::new(text).then(sops("edit --ignore-mac", context));
    }
    let file = argument(context.path);
    let text = format!(
        "{why}{NOTHING_EARLIER}: look whether every value is right (`sops decrypt --ignore-mac`), then let `mac` be \
         written anew for the file as it stands"
    );
    Help::new(text).then(format!("sopsguard reseal --accept-unknown {file}"))
}

/// What to do where the file is right as it stands, to be added to what to do else.
pub(in crate::rules) fn or_reseal(path: &Path) -> String {
    let file = argument(path);
    format!(
        "; or, where the file is right as it stands, let `sopsguard reseal {file}` show what that blesses and write \
         `mac` anew"
    )
}

/// How to make the whole file anew.
fn make_anew(context: &FileContext<'_>, why: &str) -> Help {
    let file = argument(context.path);
    let command = format!("encrypt --filename-override {file} --output {file}");
    let kind = match Format::of_path(context.path) {
        known if known == context.format => String::new(),
        _ => {
            let kind = context.format.name();
            format!(" --input-type {kind} --output-type {kind}")
        }
    };
    Help::new(format!(
        "{why}{NOTHING_EARLIER}: make the file anew from its plaintext"
    ))
    .then(format!("sops {command}{kind} PLAINTEXT"))
}

/// How to mend the text by hand, as `how` says; git is of no help.
pub(in crate::rules) fn only(how: &str) -> Help {
    Help::new(format!("{how}; {NOTHING_EARLIER}"))
}

/// A command of sops on the file, with its format where the name would tell sops another one.
pub(in crate::rules) fn sops(command: &str, context: &FileContext<'_>) -> String {
    let file = argument(context.path);
    if Format::of_path(context.path) == context.format {
        return format!("sops {command} {file}");
    }
    let kind = context.format.name();
    format!("sops {command} --input-type {kind} --output-type {kind} {file}")
}

/// A command of ours on these files.
pub(super) fn ours(command: &str, files: &[&FileFacts]) -> String {
    let paths: Vec<String> = files.iter().map(|file| argument(&file.path)).collect();
    format!("sopsguard {command} {}", paths.join(" "))
}

/// The command that gives the file a new data key: ours, where all of its keys are age's and its name tells its format.
pub(in crate::rules) fn rotate(context: &FileContext<'_>) -> String {
    let is_of_age = |file: &SopsFile<'_>| {
        let mut keys = file.metadata().groups.iter().flat_map(|group| &group.keys);
        keys.all(|key| key.kind == KeyKind::Age)
    };
    let is_ours = context.file.is_some_and(is_of_age);
    if is_ours && Format::of_path(context.path) == context.format {
        return format!("sopsguard rotate {}", argument(context.path));
    }
    sops("rotate --in-place", context)
}

/// A command of sops by this configuration, wherever one stands: sops itself would look from the
/// current folder upwards.
pub(in crate::rules) fn sops_by(config: &Path, command: &str) -> String {
    match config.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            format!("sops --config {} {command}", word(config))
        }
        Some(_) | None => format!("sops {command}"),
    }
}

/// The command that encrypts a file anew by this configuration. Where the first command of the pipe fails,
/// the second would write a file of nothing in some formats; nothing is left of that.
pub(super) fn anew(config: &Path, file: &Path) -> String {
    let (name, new) = (argument(file), argument(&with_suffix(file, ".new")));
    let encrypt = format!("encrypt --filename-override {name} /dev/stdin");
    let encrypt = sops_by(config, &encrypt);
    format!(
        "(set -o pipefail; sops decrypt {name} | {encrypt} > {new} && mv {new} {name} || ! rm -f {new})"
    )
}

/// What the metadata are called in a file of this format.
pub(in crate::rules) fn metadata(format: Format) -> &'static str {
    match format {
        Format::Dotenv => "the `sops_…` lines",
        Format::Ini => "the section `[sops]`",
        Format::Yaml | Format::Json | Format::Binary => "the `sops` block",
    }
}

/// The commands that find a version of the file and bring it back, for the reason `text`. Which
/// version that is only its history can tell: the last commit may hold the damage too. Where git has
/// none, the help is another: see [`Help::or`].
pub(in crate::rules) fn go_back(path: &Path, text: impl Into<String>) -> Help {
    let file = word(path);
    Help::new(text)
        .then(format!("git log --oneline -- {file}"))
        .then(format!("git restore --source=REV -- {file}"))
}

/// How to mend the encoding of a text in which sops reads other things than a person does: all of it,
/// or the line at `span`. None where that is not the matter.
pub(in crate::rules) fn encoding(context: &FileContext<'_>, span: Option<Span>) -> Option<Help> {
    const MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
    let bytes = context.source?.bytes();
    let is_dotenv = context.format == Format::Dotenv;
    let is_first_line = || !span.is_some_and(|span| before(bytes, span).contains(&b'\n'));
    if let Some(help) = utf16(context) {
        Some(help)
    } else if context.format == Format::Yaml {
        None
    } else if context.format != Format::Ini && bytes.starts_with(MARK) && is_first_line() {
        let text = if is_dotenv {
            "the file begins with a byte order mark, which sops takes for a part of the first line: \
             save it as UTF-8 without one"
        } else {
            "the file begins with a byte order mark, which is no JSON: save it as UTF-8 without one"
        };
        Some(through(context.path, text, "tail -c +4"))
    } else if is_dotenv && has_crlf(bytes, span) {
        Some(without_crlf(context.path))
    } else if is_dotenv && span.is_some_and(|span| is_quoted(bytes, span)) {
        let text = "sops knows no quotes in dotenv files and takes them for a part of the value: leave \
                    them out";
        let program = r#"sed -E 's/^([^=#]+)="(.*)"$/\1=\2/'"#;
        Some(through(context.path, text, program))
    } else {
        None
    }
}

/// How to mend a text in UTF-16 that sops does not read as such. None where that is not the matter.
pub(in crate::rules) fn utf16(context: &FileContext<'_>) -> Option<Help> {
    let bytes = context.source?.bytes();
    let is_marked = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let (text, encoding) = match byte_order(bytes) {
        // yaml.v3 reads it; what it refuses then is something else.
        _ if is_marked && context.format == Format::Yaml => return None,
        _ if is_marked => (
            "sops reads UTF-16 in YAML only: save the file as UTF-8",
            "UTF-16",
        ),
        Some(encoding) if context.format == Format::Yaml => (
            "the file is UTF-16 without a byte order mark, which sops does not read: save it as UTF-8",
            encoding,
        ),
        Some(encoding) => (
            "the file is UTF-16 without a byte order mark, and sops reads UTF-16 in YAML only: save it \
             as UTF-8",
            encoding,
        ),
        None => return None,
    };
    let program = format!("iconv -f {encoding} -t UTF-8");
    Some(through(context.path, text, &program))
}

/// Which UTF-16 a text without a byte order mark is in: nearly all characters of a file of sops's are
/// ASCII, so that every other byte is zero.
fn byte_order(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let zeros = |skip| {
        head.iter()
            .skip(skip)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (first, second) = (zeros(0), zeros(1));
    let most = head.len() / 4;
    match (first > most, second > most) {
        (true, false) if second == 0 => Some("UTF-16BE"),
        (false, true) if first == 0 => Some("UTF-16LE"),
        _ => None,
    }
}

/// How to take out the line end that is all of the value at `span`, where it is.
pub(in crate::rules) fn stray_line_end(context: &FileContext<'_>, span: Span) -> Option<Help> {
    let value = context.source?.bytes().get(span.range())?;
    let is_one = context.format == Format::Dotenv && value == b"\r";
    is_one.then(|| without_crlf(context.path))
}

fn without_crlf(path: &Path) -> Help {
    let text = "lines end in CRLF here, and sops takes the CR for a part of the value: let them end in \
                LF; a line `*.env text eol=lf` in `.gitattributes` makes git keep it so";
    through(path, text, "tr -d '\\r'")
}

/// Whether a line ends in CRLF: that of `span`, or any.
fn has_crlf(bytes: &[u8], span: Option<Span>) -> bool {
    let Some(span) = span else {
        return memchr::memmem::find(bytes, b"\r\n").is_some();
    };
    let behind = bytes.get(span.start()..).unwrap_or_default();
    let line = behind.split(|&byte| byte == b'\n').next();
    line.is_some_and(|line| line.ends_with(b"\r"))
}

/// Whether the value at `span` stands in double quotes.
fn is_quoted(bytes: &[u8], span: Span) -> bool {
    let value = bytes.get(span.range()).unwrap_or_default();
    value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"")
}

fn before(bytes: &[u8], span: Span) -> &[u8] {
    bytes.get(..span.start()).unwrap_or_default()
}

/// The file passed through a program, for the reason `text`.
pub(in crate::rules) fn through(path: &Path, text: &str, program: &str) -> Help {
    let file = word(path);
    let new = word(&with_suffix(path, ".new"));
    Help::new(text).then(format!("{program} < {file} > {new} && mv -- {new} {file}"))
}

/// The path with more at the end of its name.
pub(in crate::rules) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The path as an argument of a program that takes options: not to be mistaken for one.
pub(crate) fn argument(path: &Path) -> String {
    let word = word(path);
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        format!("./{word}")
    } else {
        word
    }
}

/// The path as one word of a shell's command line; the word `FILE` where a shell could not be given
/// the path in printable characters.
pub(in crate::rules) fn word(path: &Path) -> String {
    let word = path.to_str().and_then(shell_word);
    word.unwrap_or_else(|| "FILE".to_owned())
}

/// The text, or its first characters.
pub(in crate::rules) fn cut(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_one_word_of_a_command() {
        for (path, expected) in [
            ("apps/db.enc.yaml", "apps/db.enc.yaml"),
            ("my files/a.yaml", "'my files/a.yaml'"),
            ("it's.yaml", r"'it'\''s.yaml'"),
            ("$(x).yaml", "'$(x).yaml'"),
            ("a\nb.yaml", "FILE"),
            ("a\u{202e}b.yaml", "FILE"),
            ("", "''"),
        ] {
            assert_eq!(word(Path::new(path)), expected);
        }
    }
}
