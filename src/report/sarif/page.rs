//! The page of a rule where nothing lies beside it: links to other pages lead nowhere there, and not
//! every reader draws Markdown.

/// A page with the words of its links only.
pub(super) fn without_links(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(link) = Link::find(rest) {
        out.push_str(link.before);
        out.push_str(link.words);
        rest = link.behind;
    }
    out.push_str(rest);
    out
}

/// A page as plain text: no links, no marks of headings, no fences of code, which is indented instead.
pub(super) fn plain(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut in_code = false;
    for line in without_links(page).lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        if in_code {
            out.push_str("    ");
            out.push_str(line);
        } else {
            let is_heading = line.starts_with('#');
            let line = line.trim_start_matches('#');
            let line = if is_heading { line.trim_start() } else { line };
            out.push_str(&line.replace("**", ""));
        }
        out.push('\n');
    }
    out
}

/// The first link of a text.
struct Link<'t> {
    before: &'t str,
    words: &'t str,
    behind: &'t str,
}

impl<'t> Link<'t> {
    fn find(text: &'t str) -> Option<Self> {
        let (head, tail) = text.split_once("](")?;
        let (before, words) = head.rsplit_once('[')?;
        let (target, behind) = tail.split_once(')')?;
        // `f(x[1](y))` is no link, and no page has a target with a space.
        (!target.contains(char::is_whitespace)).then_some(Self {
            before,
            words,
            behind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue;

    #[test]
    fn a_page_keeps_its_words_and_loses_its_marks() {
        let page =
            "# `a`\n\nSee [the **page** of `b`](b.md#c), and [d](../d.md).\n\n```sh\n# x\n```\n";
        assert_eq!(
            without_links(page),
            "# `a`\n\nSee the **page** of `b`, and d.\n\n```sh\n# x\n```\n"
        );
        assert_eq!(
            plain(page),
            "`a`\n\nSee the page of `b`, and d.\n\n    # x\n"
        );
    }

    #[test]
    fn no_page_of_a_rule_keeps_a_link() {
        for rule in catalogue() {
            assert!(!without_links(rule.page).contains("]("), "{}", rule.id);
            assert!(!plain(rule.page).contains("```"), "{}", rule.id);
        }
    }
}
