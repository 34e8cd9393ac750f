//! The lines of what comes into a block, laid out as yaml.v3 lays out what sops writes.

use super::super::New;
use super::super::brackets::spell_on_one_line;
use super::super::style::Style;
use crate::document::{Format, yaml};

/// Adds the lines of a pair whose key stands at `column`.
pub(super) fn add_pair(
    lines: &mut Vec<String>,
    column: usize,
    key: &str,
    value: &New,
    style: &Style,
) {
    let key = format!("{}{}:", " ".repeat(column), yaml::spell_new(key));
    if value.has_members() {
        lines.push(key);
        add_members(lines, column, value, style);
        return;
    }
    let text = match value {
        New::Text(text) => text,
        New::Null | New::Int(_) | New::List(_) | New::Map(_) => "",
    };
    match text.strip_suffix('\n').filter(|body| is_literal(body)) {
        Some(body) => {
            lines.push(format!("{key} |"));
            let indentation = " ".repeat(style.deeper(column));
            lines.extend(body.split('\n').map(|line| format!("{indentation}{line}")));
        }
        None => {
            let spelling = spell_on_one_line(value, style, Format::Yaml);
            lines.push(format!("{key} {spelling}"));
        }
    }
}

/// Adds the lines of the members of a pair's value, whose key stands at `column`.
pub(super) fn add_members(lines: &mut Vec<String>, column: usize, value: &New, style: &Style) {
    match value {
        New::List(items) => {
            for item in items {
                add_item(lines, style.dash(column), item, style);
            }
        }
        New::Map(pairs) => {
            for (key, value) in pairs {
                add_pair(lines, style.deeper(column), key, value, style);
            }
        }
        New::Null | New::Int(_) | New::Text(_) => {}
    }
}

/// Adds the lines of an item whose dash stands at `column`.
pub(super) fn add_item(lines: &mut Vec<String>, column: usize, value: &New, style: &Style) {
    let dash = format!("{}- ", " ".repeat(column));
    match value {
        New::Map(pairs) if value.has_members() => {
            let first = lines.len();
            for (key, value) in pairs {
                add_pair(lines, column + 2, key, value, style);
            }
            if let Some(line) = lines.get_mut(first) {
                line.replace_range(..column + 2, &dash);
            }
        }
        New::Null | New::Int(_) | New::Text(_) | New::List(_) | New::Map(_) => {
            let spelling = spell_on_one_line(value, style, Format::Yaml);
            lines.push(format!("{dash}{spelling}"));
        }
    }
}

/// Whether a literal block holds these lines without more words.
fn is_literal(body: &str) -> bool {
    let is_plain = |line: &str| !line.is_empty() && !line.starts_with([' ', '\t', '#']);
    let is_text = |character: char| matches!(character, '\n' | ' '..='~');
    body.contains('\n') && body.chars().all(is_text) && body.split('\n').all(is_plain)
}
