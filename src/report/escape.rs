//! Text from outside on its way to a terminal or a page.
//!
//! Names of files and keys come from whoever wrote the repository. A terminal obeys control
//! characters, a reader believes the order in which letters appear, and a CI log obeys lines that
//! begin with a command: none of that may come from a name.

use std::fmt::Write as _;
use std::path::Path;

/// The path with every character escaped that could act on a terminal or deceive a reader.
///
/// Bytes that are no text are shown as the replacement character. Lines begin with paths, and CI
/// services obey lines that begin with `::` or `##`: such a path is shown with `./` before it.
pub(crate) fn path(path: &Path) -> String {
    let text = text(&path.to_string_lossy());
    let is_command = text.starts_with("::") || text.starts_with("##");
    if is_command {
        format!("./{text}")
    } else {
        text
    }
}

/// The text with every character escaped that could act on a terminal or deceive a reader, in the
/// notation of Rust strings: `\n`, `\u{202e}`.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A JSON text with the same characters escaped as JSON escapes them. It says the same as before:
/// outside strings JSON has none of them.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units = [0; 2];
    for c in text.chars() {
        if c != '\n' && is_harmful(c) {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character controls a terminal, changes the direction of text, or cannot be seen.
fn is_harmful(c: char) -> bool {
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
    fn no_path_begins_a_line_like_a_command_of_a_ci_service() {
        assert_eq!(path(Path::new("::error::a.yaml")), "./::error::a.yaml");
        assert_eq!(path(Path::new("##[error]a.yaml")), "./##[error]a.yaml");
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
