//! How a string is written in the place of another scalar, so that yaml.v3 reads it back as it was.

use std::fmt::Write;

use super::resolve::resolve;
use super::token::Style;
use crate::document::Scalar;
use crate::source::Span;

/// Spells `value` for the place of the scalar at `span` of `text`: in that scalar's own style where
/// the style can hold it, else double-quoted, which can hold any string in any place.
pub(crate) fn spell(text: &str, span: Span, value: &str) -> Option<String> {
    let old = text.get(span.range())?;
    let spelling = match old.as_bytes().first() {
        None => spell_plain(old, value).unwrap_or_else(|| double_quoted(value)),
        Some(b'"') => double_quoted(value),
        Some(b'\'') => single_quoted(value).unwrap_or_else(|| double_quoted(value)),
        Some(b'|') => literal(old, value).unwrap_or_else(|| double_quoted(value)),
        Some(b'>') => double_quoted(value),
        Some(_) => spell_plain(old, value).unwrap_or_else(|| double_quoted(value)),
    };
    // An empty value stands directly behind its `:` or `-`.
    let glued = old.is_empty() && text.get(..span.start())?.ends_with([':', '-', '?']);
    Some(if glued {
        format!(" {spelling}")
    } else {
        spelling
    })
}

/// Spells `value` for a place where nothing stood: plain where that says the same anywhere, else
/// double-quoted.
pub(crate) fn spell_new(value: &str) -> String {
    spell_plain("", value).unwrap_or_else(|| double_quoted(value))
}

/// Plain words, and one token for another: where `ENC[…]` stood plain, the context allows it.
fn spell_plain(old: &str, value: &str) -> Option<String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_./+=-".contains(&byte);
    let is_token = |byte: u8| is_word(byte) || b",:[]".contains(&byte);
    let token_for_token = old.starts_with("ENC[") && value.starts_with("ENC[");
    let safe = value.as_bytes().first()?.is_ascii_alphanumeric()
        && !value.ends_with(' ')
        && match token_for_token {
            true => value.ends_with(']') && value.bytes().all(is_token),
            false => value
                .bytes()
                .all(|byte| is_word(byte) || b" @".contains(&byte)),
        };
    let reads_as_string = matches!(
        resolve(value.into(), Style::Plain, None),
        Ok(Scalar::Str(_))
    );
    (safe && reads_as_string).then(|| value.to_owned())
}

fn single_quoted(value: &str) -> Option<String> {
    let is_printable = |character: char| matches!(character, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}');
    value
        .chars()
        .all(is_printable)
        .then(|| format!("'{}'", value.replace('\'', "''")))
}

fn double_quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' => quoted.push(character),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\U{:08X}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A literal block like the old one: the same header, indentation and line ends. Only for text whose
/// lines need no care: none begins with white space or is blank at either end.
fn literal(old: &str, value: &str) -> Option<String> {
    let (header, body) = old.split_once('\n')?;
    let keeps_last_break = header.trim_end() == "|";
    let end = if header.ends_with('\r') { "\r\n" } else { "\n" };
    let first = body.lines().find(|line| !line.trim().is_empty())?;
    let indentation = first.get(..first.len() - first.trim_start_matches(' ').len())?;
    let lines = match (keeps_last_break, value.strip_suffix('\n')) {
        (true, Some(lines)) => lines,
        (false, None) if header.trim_end() == "|-" => value,
        _ => return None,
    };
    let is_text = |character: char| matches!(character, '\n' | ' '..='~');
    let plain_lines = !lines.is_empty()
        && !lines.ends_with('\n')
        && lines.chars().all(is_text)
        && lines.split('\n').all(|line| line.trim() == line);
    if !plain_lines || lines.starts_with('\n') || indentation.is_empty() {
        return None;
    }
    let mut block = header.trim_end_matches('\r').to_owned();
    for line in lines.split('\n') {
        block.push_str(end);
        if !line.is_empty() {
            block.push_str(indentation);
            block.push_str(line);
        }
    }
    Some(block)
}
