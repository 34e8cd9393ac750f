//! Templates: texts that become YAML elsewhere, once their placeholders are filled in.
//!
//! A text is taken for one only where that explains why it does not load. Else anybody's broken
//! secret with two braces in it would be excused.

use super::yaml;

/// What a placeholder and a directive begin and end with.
const MARKS: [(&str, &str); 2] = [("{{", "}}"), ("{%", "%}")];

/// A letter that placeholders are filled with here.
const FILLER: &str = "x";

/// Whether a text that sops would not load is a template: it loads once its placeholders are filled
/// in, or directives choose between its lines.
pub(crate) fn is_template(text: &str) -> bool {
    let Some(filled) = filled(text) else {
        return false;
    };
    has_directive(text)
        || match yaml::read(&filled).error {
            None => true,
            // Placeholders that differ as keys are filled in alike.
            Some(error) => error.related().is_some(),
        }
}

/// Whether a line holds a directive that chooses or repeats lines, and nothing else.
fn has_directive(text: &str) -> bool {
    const WORDS: [&str; 8] = [
        "block", "define", "else", "end", "for", "if", "range", "with",
    ];
    text.lines().map(str::trim).any(|line| {
        let inside = MARKS.iter().find_map(|(start, end)| {
            let inside = line.strip_prefix(start)?.strip_suffix(end)?;
            Some(inside.trim_start_matches('-').trim_start())
        });
        let word = inside.map(|inside| {
            let end = inside.find(|byte: char| !byte.is_ascii_alphabetic());
            inside.split_at(end.unwrap_or(inside.len())).0
        });
        // Jinja ends `for` by `endfor`.
        let is_known = |word: &str| {
            let rest = word.strip_prefix("end").filter(|rest| !rest.is_empty());
            WORDS.contains(&rest.unwrap_or(word))
        };
        word.is_some_and(is_known)
    })
}

/// The text with its placeholders filled in; none where there are none. A line that holds nothing
/// else is dropped.
fn filled(text: &str) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    let mut has_any = false;
    while let Some((before, length)) = next(rest) {
        has_any = true;
        filled.push_str(rest.get(..before)?);
        filled.push_str(FILLED);
        rest = rest.get(before + length..)?;
    }
    filled.push_str(rest);
    let lines = filled.lines().filter_map(|line| {
        let left = line.replace(FILLED, "");
        let is_placeholder = left.len() < line.len() && left.trim().is_empty();
        (!is_placeholder).then(|| line.replace(FILLED, FILLER))
    });
    has_any.then(|| lines.map(|line| line + "\n").collect())
}

/// What stands for a placeholder until its line is known.
const FILLED: &str = "\u{FFFF}";

/// Where the next placeholder of a text begins, and how long it is; none where it has no end.
fn next(text: &str) -> Option<(usize, usize)> {
    let (at, end) = text.match_indices('{').find_map(|(at, _)| {
        let here = text.get(at..)?;
        let mark = MARKS.iter().find(|(start, _)| here.starts_with(start));
        mark.map(|(_, end)| (at, *end))
    })?;
    let inside = at + end.len();
    let length = text.get(inside..)?.find(end)?;
    Some((at, inside - at + length + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_what_placeholders_keep_from_loading() {
        for (text, expected) in [
            ("a: {{ .a }}\nb: c\n", true),
            ("a: \"{{ \"quoted\" | b }}\"\n", true),
            ("{{ .a }}: b\n{{ .c }}: d\n", true),
            (
                "{{ include \"a\" . }}\na: b\n  {{- toYaml .b | nindent 2 }}\n",
                true,
            ),
            ("{{/* a\ncomment: */}}\na: {{ .b }}\n", true),
            (
                "{{- if .a }}\na: {{ .a }}\n{{- else }}\na: 1\n b: [\n{{- end }}\n",
                true,
            ),
            ("{% for a in b %}\n- {{ a }}\n{% endfor %}\n", true),
            ("a: {% if b %}c{% endif %}\n", true),
            // Broken with its placeholders or without.
            ("a: [1\npassword: b {{\n", false),
            ("a: [1\npassword: {{ .b }}\n", false),
            ("a: [1\npassword: b # {{ if }}\n", false),
            ("a: [1\n{{ .b }}\n", false),
            ("a: [1\n", false),
            ("", false),
        ] {
            assert_eq!(is_template(text), expected, "{text}");
        }
    }
}
