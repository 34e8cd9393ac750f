//! The lines in which two texts differ.

use similar::{Algorithm, ChangeTag, TextDiff};

use super::DiffLine;
use crate::keys;

/// The longest line that is shown, in bytes. Longer ones hold whole files, whose clear values are no part of a
/// difference.
const LONGEST: usize = 1_000;

/// The lines that go and come from `old` to `new`, in the order of the texts; none where a private key may
/// stand in either.
pub(super) fn between(old: &str, new: &str) -> Vec<DiffLine> {
    let shows_key = |text: &str| {
        let text = text.as_bytes();
        keys::may_be_exposed(text) && !keys::exposed(text).is_empty()
    };
    if shows_key(old) || shows_key(new) {
        return Vec::new();
    }
    let mut lines = lines(old, new);
    for line in &mut lines {
        if line.text.len() > LONGEST {
            line.text = format!("... {} bytes", line.text.len());
        }
    }
    lines
}

fn lines(old: &str, new: &str) -> Vec<DiffLine> {
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(old, new);
    let changes = diff.iter_all_changes();
    let lines = changes.filter_map(|change| {
        let (number, is_added) = match change.tag() {
            ChangeTag::Equal => return None,
            ChangeTag::Insert => (change.new_index()?, true),
            ChangeTag::Delete => (change.old_index()?, false),
        };
        let text = change.value().trim_end_matches(['\r', '\n']).to_owned();
        Some(DiffLine {
            number: number + 1,
            is_added,
            text,
        })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_lines_that_come_and_go_by_their_numbers() {
        let told = |old, new| -> Vec<String> {
            let lines = between(old, new).into_iter();
            let sign = |line: &DiffLine| if line.is_added { '+' } else { '-' };
            lines
                .map(|line| format!("{}{} {}", sign(&line), line.number, line.text))
                .collect()
        };
        assert_eq!(told("a\r\nb\r\n", "a\r\nx\r\nb\r\n"), ["+2 x"]);
        assert_eq!(told("a\nb\nc", "a\nc"), ["-2 b"]);
        assert_eq!(told("a\n", "b\n"), ["-1 a", "+1 b"]);
        assert!(told("a\n", "a\n").is_empty());
    }

    #[test]
    fn shows_no_private_key_and_no_file_that_is_one_line() {
        let shown = |old: &str, new: &str| -> Vec<String> {
            let lines = between(old, new).into_iter();
            lines.map(|line| line.text).collect()
        };
        let key = include_str!("../../../testdata/example/key.txt");
        assert!(shown(&format!("a\n{key}"), &format!("b\n{key}")).is_empty());
        let long = format!("{{\"clear\": \"{}\"}}\n", "x".repeat(1_000));
        assert_eq!(shown(&long, "{}\n"), ["... 1013 bytes", "{}"]);
    }
}
