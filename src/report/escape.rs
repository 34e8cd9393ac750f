//! Text from outside on its way to a terminal or a page.
//!
//! Names of files and keys come from whoever wrote the repository. A terminal obeys control
//! characters, a reader believes the order in which letters appear, and a CI log obeys lines that
//! begin with a command: none of that may come from a name.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// The path with every character escaped that could act on a terminal or deceive a reader.
///
/// Bytes that are no text are shown as the replacement character. Lines begin with paths, and CI
/// services obey lines that begin with `::`: such a path is shown with `./` before it.
pub(crate) fn path(path: &Path) -> String {
    let text = text(&path.to_string_lossy());
    if text.trim_start().starts_with("::") {
        format!("./{text}")
    } else {
        text
    }
}

/// The text with every character escaped that could act on a terminal or deceive a reader, in the
/// notation of Rust strings: `\n`, `\u{202e}`. So is the second `#` of two, behind which CI services
/// look for commands anywhere in a line.
///
/// A private age key, which may have been typed where a file's name belongs, is cut to its prefix.
pub fn text(text: &str) -> String {
    escaped(text, is_harmful, |c, out| match c {
        '#' => out.extend(c.escape_unicode()),
        c => out.extend(c.escape_default()),
    })
}

/// A JSON text with the same characters escaped as JSON escapes them. It says the same as before:
/// outside strings JSON has none of them.
pub(crate) fn json(text: &str) -> String {
    let is_harmful = |c| c != '\n' && is_harmful(c);
    escaped(text, is_harmful, |c, out| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// The text without private keys, with what is harmful and the second `#` of two escaped; all between is copied at once.
fn escaped(
    text: &str,
    is_harmful: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> String {
    let text = without_private_keys(text);
    let mut out = String::with_capacity(text.len());
    // Most bytes are letters, digits and marks, and harm nobody.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'#';
    let (mut copied, mut at, mut behind_hash) = (0, 0, None);
    while let Some(plain) = text.bytes().skip(at).position(|byte| !is_plain(&byte)) {
        at += plain;
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        let behind = at + c.len_utf8();
        let is_second_hash = c == '#' && behind_hash == Some(at);
        if c == '#' && !is_second_hash {
            behind_hash = Some(behind);
        }
        if is_second_hash || is_harmful(c) {
            out.push_str(text.get(copied..at).unwrap_or_default());
            escape(c, &mut out);
            copied = behind;
        }
        at = behind;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// How private age keys begin, in either case.
const PRIVATE_KEY: &str = "AGE-SECRET-KEY-";

/// The text with everything behind the beginning of a private age key taken out.
fn without_private_keys(text: &str) -> Cow<'_, str> {
    let is_start = |at: usize| {
        let found = text.get(at..at + PRIVATE_KEY.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(PRIVATE_KEY))
    };
    let mut out = String::new();
    let mut kept = 0;
    for at in possible_starts(text).filter(|at| is_start(*at)) {
        if at < kept {
            continue;
        }
        let behind = at + PRIVATE_KEY.len();
        let rest = text.get(behind..).unwrap_or_default();
        let secret = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let len = secret.count();
        // The bare `AGE-SECRET-KEY-1` of an explanation is no key.
        if len > 8 {
            out.push_str(text.get(kept..behind).unwrap_or_default());
            out.push('…');
            kept = behind + len;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where a private key could begin: three bytes before a hyphen.
fn possible_starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let hyphens = text.bytes().enumerate().filter(|(_, byte)| *byte == b'-');
    hyphens.filter_map(|(at, _)| at.checked_sub(3))
}

/// Whether a character controls a terminal, changes the direction of text, or cannot be seen.
fn is_harmful(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_acts_on_a_terminal_or_deceives_a_reader() {
        for (raw, expected) in [
            ("apps/db.enc.yaml", "apps/db.enc.yaml"),
            ("größe/数.yaml", "größe/数.yaml"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\n::error::b", "a\\n::error::b"),
            ("a\u{202e}lmay", "a\\u{202e}lmay"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("a\u{9b}b", "a\\u{9b}b"),
        ] {
            assert_eq!(text(raw), expected);
        }
    }

    #[test]
    fn a_private_key_is_cut_wherever_it_was_typed() {
        let key = "AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSN";
        for (raw, expected) in [
            (
                format!("`{key}` is not there"),
                "`AGE-SECRET-KEY-…` is not there",
            ),
            (
                format!("a/{}.yaml: é {key}", key.to_lowercase()),
                "a/age-secret-key-….yaml: é AGE-SECRET-KEY-…",
            ),
            (format!("AGE-SECRET-KEY-PQ-{key}"), "AGE-SECRET-KEY-…"),
            (
                "lines that begin with `AGE-SECRET-KEY-1`".to_owned(),
                "lines that begin with `AGE-SECRET-KEY-1`",
            ),
        ] {
            assert_eq!(text(&raw), expected);
            assert_eq!(json(&raw), expected);
        }
    }

    #[test]
    fn no_path_begins_a_line_like_a_command_of_a_ci_service() {
        assert_eq!(path(Path::new("::error::a.yaml")), "./::error::a.yaml");
        assert_eq!(path(Path::new(" ::error::a.yaml")), "./ ::error::a.yaml");
        assert_eq!(path(Path::new("a##[error]b")), "a#\\u{23}[error]b");
        assert_eq!(path(Path::new("##vso[x]")), "#\\u{23}vso[x]");
        assert_eq!(json("\"a##b\""), "\"a#\\u0023b\"");
    }

    #[test]
    fn what_stands_between_is_copied_as_it_is() {
        for (raw, expected) in [
            ("", ""),
            ("#", "#"),
            ("##", "#\\u{23}"),
            ("###", "#\\u{23}#"),
            ("####x#", "#\\u{23}#\\u{23}x#"),
            ("# #a#\u{e9}#", "# #a#\u{e9}#"),
            ("\u{e9}\u{e9}\t\u{e9}", "\u{e9}\u{e9}\\t\u{e9}"),
            ("a\r\n", "a\\r\\n"),
        ] {
            assert_eq!(text(raw), expected);
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let raw = "a\u{1b}\u{202e}\u{e0041}\u{7f}é";
        let json_text = serde_json::to_string(raw).unwrap();
        let escaped = json(&json_text);
        assert!(!escaped.chars().any(is_harmful), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), raw);
    }
}
