//! A command line taken apart as sops takes it apart: quotes and backslashes, and nothing that a
//! shell would expand.

/// A quote or a backslash at the end of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfinished;

/// Splits a command line into words.
///
/// White space separates. `'…'` stands for itself; in `"…"` and outside, a backslash takes the next
/// character as it is. A word that begins with `#` is a comment, to the end of the line.
///
/// # Errors
/// [`Unfinished`].
pub(super) fn split(line: &str) -> Result<Vec<String>, Unfinished> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(first) = chars.next() {
        match first {
            first if is_space(first) => {}
            '#' => _ = chars.by_ref().find(|next| *next == '\n'),
            first => words.push(word(first, &mut chars)?),
        }
    }
    Ok(words)
}

fn word(first: char, chars: &mut impl Iterator<Item = char>) -> Result<String, Unfinished> {
    let mut word = String::new();
    let mut next = Some(first);
    while let Some(char) = next.filter(|next| !is_space(*next)) {
        match char {
            '\'' => loop {
                match chars.next().ok_or(Unfinished)? {
                    '\'' => break,
                    quoted => word.push(quoted),
                }
            },
            '"' => loop {
                match chars.next().ok_or(Unfinished)? {
                    '"' => break,
                    '\\' => word.push(chars.next().ok_or(Unfinished)?),
                    quoted => word.push(quoted),
                }
            },
            '\\' => word.push(chars.next().ok_or(Unfinished)?),
            plain => word.push(plain),
        }
        next = chars.next();
    }
    Ok(word)
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `shlex.Split` of github.com/google/shlex, which sops uses, gives for these.
    #[test]
    fn splits_as_sops_splits() {
        let cases: [(&str, Result<&[&str], Unfinished>); 14] = [
            ("", Ok(&[])),
            ("  pass  show\tage\n", Ok(&["pass", "show", "age"])),
            ("a 'b c' d", Ok(&["a", "b c", "d"])),
            (r#"a "b \" \c" d"#, Ok(&["a", "b \" c", "d"])),
            (r"a\ b c\\", Ok(&["a b", r"c\"])),
            (r"'a\' b", Ok(&[r"a\", "b"])),
            ("a'b'\"c\"d", Ok(&["abcd"])),
            ("'' \"\"", Ok(&["", ""])),
            ("a # b\nc", Ok(&["a", "c"])),
            ("a#b $HOME `x` | y", Ok(&["a#b", "$HOME", "`x`", "|", "y"])),
            ("# all", Ok(&[])),
            ("a 'b", Err(Unfinished)),
            ("a \"b", Err(Unfinished)),
            ("a \\", Err(Unfinished)),
        ];
        for (line, expected) in cases {
            let words = split(line);
            let words: Result<Vec<&str>, Unfinished> = words
                .as_ref()
                .map(|words| words.iter().map(String::as_str).collect())
                .map_err(|unfinished| *unfinished);
            assert_eq!(words, expected.map(<[&str]>::to_vec), "{line}");
        }
    }
}
