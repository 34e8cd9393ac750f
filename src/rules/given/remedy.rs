//! Commands for the `help` of findings, spelled so that they can be pasted.

use std::path::Path;

use crate::finding::Help;

/// How to bring back the file as it was before an edit. Which version that is only its history can
/// tell: the last commit may hold the damage too, or not hold the file at all.
pub(in crate::rules) fn undo(path: &Path) -> Help {
    go_back(path, "go back to a sound version of the file")
}

/// How to bring back the file, and then make the edit with sops.
pub(in crate::rules) fn undo_then_edit(path: &Path) -> Help {
    go_back(
        path,
        "go back to a sound version of the file, then make the edit inside sops",
    )
    .then(format!("sops edit {}", argument(path)))
}

/// The commands that find a version of the file and bring it back, for the reason `text`.
pub(in crate::rules) fn go_back(path: &Path, text: impl Into<String>) -> Help {
    let file = word(path);
    Help::new(text)
        .then(format!("git log --oneline -- {file}"))
        .then(format!("git restore --source=REV -- {file}"))
}

/// The path as an argument of a program that takes options: not to be mistaken for one.
pub(in crate::rules) fn argument(path: &Path) -> String {
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
    let Some(text) = path.to_str().filter(|text| text.chars().all(is_printable)) else {
        return "FILE".to_owned();
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn is_printable(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric())
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
