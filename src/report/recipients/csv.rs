//! Who can open what as CSV (RFC 4180): a row a file, a column a recipient.
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula and calculate it. Names
//! come from whoever wrote the repository, so what could be one is made a text by an apostrophe; also
//! behind a separator, as some programs split a line at others than commas.

use std::io::{self, Write};

use super::super::escape;
use crate::engine::{AccessMatrix, BusFactor, FileAccess, Grant, Keyholder};

/// Writes a line with the names of the columns, then one for each file.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn csv(matrix: &AccessMatrix, out: &mut dyn Write) -> io::Result<()> {
    let columns = ["file", "bus factor", "key groups", "key groups needed"].map(str::to_owned);
    let recipients = matrix.recipients.iter().map(heading);
    line(columns.into_iter().chain(recipients), out)?;
    for file in &matrix.files {
        let facts = [
            escape::path(&file.path),
            match file.bus_factor {
                BusFactor::Exact(count) => count.to_string(),
                at_most @ BusFactor::AtMost(_) => at_most.to_string(),
            },
            file.groups.to_string(),
            file.groups_needed.to_string(),
        ];
        line(facts.into_iter().chain(cells(file, matrix)), out)?;
    }
    Ok(())
}

/// The name, the role and the whole key.
fn heading(holder: &Keyholder) -> String {
    let role = holder.role.as_ref().map(|role| format!("({role})"));
    let parts = [holder.name.clone(), role, Some(holder.key.clone())];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    escape::text(&parts.join(" "))
}

fn cells<'m>(file: &'m FileAccess, matrix: &'m AccessMatrix) -> impl Iterator<Item = String> + 'm {
    let mut grants = file.grants.iter().peekable();
    (0..matrix.recipients.len()).map(move |at| {
        let grant = grants.next_if(|grant| grant.recipient == at);
        grant.map_or("", word).to_owned()
    })
}

/// What a key is for a file, in a word that can be filtered by.
fn word(grant: &Grant) -> &'static str {
    match (grant.is_lone, grant.opens_alone) {
        (true, true) => "lone",
        (true, false) => "lone share",
        (false, true) => "opens",
        (false, false) => "share",
    }
}

fn line(fields: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let fields: Vec<String> = fields.map(|field| quoted(&as_text(&field))).collect();
    write!(out, "{}\r\n", fields.join(","))
}

/// The field with an apostrophe before all that a spreadsheet could take for a formula.
fn as_text(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut at_start = true;
    for c in field.chars() {
        if at_start && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            text.push('\'');
        }
        text.push(c);
        let is_separator = matches!(c, ',' | ';' | '|' | '\t' | '\r' | '\n' | '"' | '\'');
        at_start = is_separator || at_start && c.is_whitespace();
    }
    text
}

/// The field as it stands in a line: in quotes, those in it doubled, where it needs them.
fn quoted(field: &str) -> String {
    let needs_quotes = |c: char| matches!(c, ',' | ';' | '|' | '"' | '\t' | '\r' | '\n' | '\'');
    if field.contains(needs_quotes) || field.starts_with(' ') || field.ends_with(' ') {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_begins_a_formula_whatever_splits_the_line() {
        for (field, expected) in [
            ("apps/db.enc.yaml", "apps/db.enc.yaml"),
            ("=1+2", "'=1+2"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+49", "'+49"),
            (" =1", " '=1"),
            ("\t=1", "\t'=1"),
            ("a;=1", "a;'=1"),
            ("a,\"=1", "a,\"'=1"),
            ("a\r\n=1", "a\r\n'=1"),
            ("＝1", "'＝1"),
            ("ssh-ed25519 AAAA+/=", "ssh-ed25519 AAAA+/="),
        ] {
            assert_eq!(as_text(field), expected);
        }
    }

    #[test]
    fn quotes_are_as_rfc_4180_has_them() {
        for (field, expected) in [
            ("a", "a"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\r\nb", "\"a\r\nb\""),
        ] {
            assert_eq!(quoted(field), expected);
        }
    }
}
