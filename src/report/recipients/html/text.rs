//! Texts of a page: names come from whoever wrote the repository, and are nothing but text here.

use std::path::Path;

use super::super::super::escape;
use crate::engine::FileAccess;

/// The path, and how many groups it takes where it has several.
pub(super) fn with_groups(file: &FileAccess) -> String {
    let path = path_text(&file.path);
    match (file.groups, file.groups_needed) {
        (0 | 1, _) => path,
        (groups, needed) => {
            format!("{path} <span class=\"soft\">{needed} of {groups} key groups</span>")
        }
    }
}

/// A path, which may be broken behind each folder.
pub(super) fn path_text(path: &Path) -> String {
    let path = escaped(&escape::path(path)).replace('/', "/<wbr>");
    format!("<span class=\"path\">{path}</span>")
}

/// A text of a page, whatever it says.
pub(super) fn text(text: &str) -> String {
    escaped(&escape::text(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// So many of something.
pub(super) fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}
