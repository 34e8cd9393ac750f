//! The catalogue of rules as text: a table for people, an object for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::engine::{RuleInfo, catalogue};
use crate::finding::Severity;

/// Writes a line a rule: its id, its level, what it needs, the command that evaluates it and what it means.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(out: &mut dyn Write) -> io::Result<()> {
    let width = catalogue().map(|rule| rule.id.len()).max().unwrap_or(0);
    let head = "LEVEL    NEEDS    COMMAND  MEANING";
    writeln!(out, "{:<width$}  {head}", "RULE")?;
    for rule in catalogue() {
        let (id, level) = (rule.id, rule.severity.name());
        let RuleInfo { needs, summary, .. } = rule;
        let command = match rule.commands {
            [one] => *one,
            _ => "both",
        };
        writeln!(
            out,
            "{id:<width$}  {level:<7}  {needs:<7}  {command:<7}  {summary}"
        )?;
    }
    Ok(())
}

/// Writes one JSON object, `sopsguard.rules/1`: fields are added, never renamed.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn json(out: &mut dyn Write) -> io::Result<()> {
    let root = Root {
        schema: "sopsguard.rules/1",
        rules: catalogue().map(Entry::of).collect(),
    };
    let text = serde_json::to_string_pretty(&root).map_err(io::Error::other)?;
    writeln!(out, "{text}")
}

#[derive(Serialize)]
struct Root {
    schema: &'static str,
    rules: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    severity: Severity,
    needs: &'static str,
    commands: &'static [&'static str],
    summary: &'static str,
}

impl Entry {
    fn of(rule: RuleInfo) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity,
            needs: rule.needs,
            commands: rule.commands,
            summary: rule.summary,
        }
    }
}
