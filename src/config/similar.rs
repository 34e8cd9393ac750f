//! The word that was probably meant.

/// The known word that a mistyped one is most like; none where it is like none of them.
pub(crate) fn similar<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let most = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|known| (distance(word, known), known))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

/// How many characters must be changed, added or taken away to make `a` of `b`.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, d) in b.iter().enumerate() {
            let at = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let change = at(&row, j) + usize::from(c != *d);
            let step = at(&row, j + 1).min(at(&next, j)) + 1;
            next.push(change.min(step));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_edits_between_two_words() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("exclude", "excludes", 1),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn only_words_that_are_alike_are_suggested() {
        let known = ["exclude", "secret-files", "rules"];
        for (word, expected) in [
            ("excludes", Some("exclude")),
            ("secret_files", Some("secret-files")),
            ("rule", Some("rules")),
            ("include", Some("exclude")),
            ("recipients", None),
            ("", None),
        ] {
            assert_eq!(similar(word, known), expected, "{word}");
        }
    }
}
