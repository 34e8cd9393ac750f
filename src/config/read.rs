//! Reads a policy file. Whatever it says that is not understood is an error: a line that does
//! nothing would be taken for one that protects.

use std::ops::Range;

use toml_edit::{Array, Document, Item, TableLike, Value};

use super::error::{Error, Fault};
use super::is_firm;
use super::patterns::Patterns;
use super::settings::{Ignore, Level, Listed, Settings};
use super::similar::similar;
use crate::finding::Severity;
use crate::source::{LineIndex, Span};

/// The keys that mean something.
const KEYS: [&str; 4] = ["secret-files", "exclude", "rules", "ignore"];

/// The keys that will mean something, and nothing yet.
const LATER: [&str; 3] = ["min-recipients", "escrow-proof-max-age", "recipient"];

/// The keys of an `[[ignore]]`.
const IGNORE_KEYS: [&str; 3] = ["rule", "path", "reason"];

/// Reads the text of a policy file.
pub(super) fn read(text: &str, rules: &[&'static str]) -> Result<Settings, Error> {
    let error = |(span, fault): Mistake| {
        let at = LineIndex::new(text).position(text, span.start);
        Error { at, fault }
    };
    let document = Document::parse(text).map_err(|refused| {
        let span = refused.span().unwrap_or_default();
        // Its words can have several lines.
        let message = refused
            .message()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        error((span, Fault::NotToml { message }))
    })?;
    settings(document.as_table(), rules).map_err(error)
}

/// A fault and the bytes that it is about.
type Mistake = (Range<usize>, Fault);

fn settings(table: &dyn TableLike, rules: &[&'static str]) -> Result<Settings, Mistake> {
    let mut settings = Settings::default();
    for (key, item) in table.iter() {
        match key {
            "secret-files" => settings.secret_files = Some(listed(table, key, item, true)?),
            "exclude" => settings.exclude = Some(listed(table, key, item, false)?),
            "rules" => {
                let levels = item
                    .as_table_like()
                    .ok_or_else(|| wrong_type(key, item, "a table of rules and levels"))?;
                for (rule, item) in levels.iter() {
                    let rule = known_rule(rule, key_span(levels, rule), rules)?;
                    let level = parse_level(rule, item)?;
                    if is_firm(rule) && level.severity != Some(Severity::Error) {
                        return Err((span(item), Fault::firm(rule)));
                    }
                    settings.levels.insert(rule.to_owned(), level);
                }
            }
            "ignore" => {
                for entry in
                    tables(item).ok_or_else(|| wrong_type(key, item, "a list of tables"))?
                {
                    settings.ignores.push(ignore(entry, rules)?);
                }
            }
            _ => return Err(unknown_key(key, key_span(table, key), &KEYS)),
        }
    }
    Ok(settings)
}

fn unknown_key(key: &str, span: Range<usize>, known: &'static [&'static str]) -> Mistake {
    if let Some(key) = LATER.into_iter().find(|later| *later == key) {
        return (span, Fault::Unsupported { key });
    }
    let fault = Fault::UnknownKey {
        key: key.to_owned(),
        similar: similar(key, known.iter().copied()),
        known: known.to_vec(),
    };
    (span, fault)
}

fn listed(
    table: &dyn TableLike,
    key: &str,
    item: &Item,
    any_case: bool,
) -> Result<Listed, Mistake> {
    let wrong = || wrong_type(key, item, "a list of patterns");
    let array: &Array = item.as_array().ok_or_else(wrong)?;
    let span_of = |value: &Value| value.span().unwrap_or_default();
    let texts: Option<Vec<(&str, Span)>> = array
        .iter()
        .map(|value| Some((value.as_str()?, to_span(&span_of(value)))))
        .collect();
    let texts = texts.ok_or_else(wrong)?;
    let patterns = Patterns::new(texts.iter().map(|(text, _)| *text), any_case);
    let patterns = patterns.map_err(|(at, fault)| {
        let span = array.get(at).and_then(Value::span);
        (span.unwrap_or_default(), fault)
    })?;
    Ok(Listed {
        at: to_span(&key_span(table, key)),
        patterns,
        texts: texts
            .into_iter()
            .map(|(text, at)| (text.to_owned(), at))
            .collect(),
    })
}

fn parse_level(rule: &str, item: &Item) -> Result<Level, Mistake> {
    let word = item
        .as_str()
        .ok_or_else(|| wrong_type(rule, item, "a level in quotes"))?;
    let severity = match word {
        "error" => Some(Severity::Error),
        "warning" => Some(Severity::Warning),
        "note" => Some(Severity::Note),
        "off" => None,
        _ => {
            let level = word.to_owned();
            return Err((span(item), Fault::UnknownLevel { level }));
        }
    };
    Ok(Level {
        severity,
        at: to_span(&span(item)),
    })
}

fn ignore(table: &dyn TableLike, rules: &[&'static str]) -> Result<Ignore, Mistake> {
    for (key, _) in table.iter() {
        if !IGNORE_KEYS.contains(&key) {
            return Err(unknown_key(key, key_span(table, key), &IGNORE_KEYS));
        }
    }
    let (rule, rule_span) = text(table, "rule")?;
    let (path, path_span) = text(table, "path")?;
    text(table, "reason")?;
    let rule = known_rule(rule, rule_span.clone(), rules)?;
    if is_firm(rule) {
        return Err((rule_span, Fault::firm(rule)));
    }
    let at = to_span(&path_span);
    Ok(Ignore {
        rule: rule.to_owned(),
        path: path.to_owned(),
        patterns: Patterns::new([path], false).map_err(|(_, fault)| (path_span, fault))?,
        at,
    })
}

/// A text of an `[[ignore]]` that says something.
fn text<'t>(
    table: &'t dyn TableLike,
    key: &'static str,
) -> Result<(&'t str, Range<usize>), Mistake> {
    let Some(item) = table.get(key) else {
        let first = table.iter().next().map(|(key, _)| key_span(table, key));
        return Err((first.unwrap_or_default(), Fault::Missing { key }));
    };
    let text = item
        .as_str()
        .ok_or_else(|| wrong_type(key, item, "a text in quotes"))?;
    if text.trim().is_empty() {
        return Err((span(item), Fault::Missing { key }));
    }
    Ok((text, span(item)))
}

fn known_rule<'r>(
    rule: &'r str,
    span: Range<usize>,
    rules: &[&'static str],
) -> Result<&'r str, Mistake> {
    if rules.contains(&rule) {
        return Ok(rule);
    }
    let fault = Fault::UnknownRule {
        rule: rule.to_owned(),
        similar: similar(rule, rules.iter().copied()),
    };
    Err((span, fault))
}

/// The tables of `[[key]]`, or of a list of inline tables.
fn tables(item: &Item) -> Option<Vec<&dyn TableLike>> {
    if let Some(array) = item.as_array_of_tables() {
        return Some(array.iter().map(|table| table as &dyn TableLike).collect());
    }
    let inline = item.as_array()?.iter();
    inline
        .map(|value| value.as_inline_table().map(|table| table as &dyn TableLike))
        .collect()
}

fn wrong_type(key: &str, item: &Item, expected: &'static str) -> Mistake {
    let key = key.to_owned();
    (span(item), Fault::WrongType { key, expected })
}

fn to_span(range: &Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

fn span(item: &Item) -> Range<usize> {
    item.span().unwrap_or_default()
}

fn key_span(table: &dyn TableLike, key: &str) -> Range<usize> {
    table
        .key(key)
        .and_then(|key| key.span())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 2] = ["mac-mismatch", "policy-weakened"];

    /// A text, the place of its mistake, and words of what is said about it.
    const MISTAKES: &str = r#"
a =                                    | 1:4  | no TOML             | are TOML
exclude = []~exclude = []              | 2:1  | duplicate key       | TOML
# é~  excludes = []                    | 2:3  | `excludes`          | mean `exclude`?
colour = 1                             | 1:1  | `colour`            | known are `secret-files`,
min-recipients = 2                     | 1:1  | not supported       | take
[[recipient]]~key = 'age1'             | 1:3  | not supported       | take
exclude = 'a'                          | 1:11 | a list of patterns  | exclude = [
exclude = ['a', 1]                     | 1:11 | a list of patterns  | exclude = [
exclude = ['a',~'[b']                  | 2:1  | `[b` is no pattern  | `**`
exclude = ['/a']                       | 1:12 | `/a` can match no   | folder/**
exclude = ['a/../b']                   | 1:12 | can match nothing   | folder/**
secret-files = [""]                    | 1:17 | can match nothing   | **/name
rules = 'off'                          | 1:9  | a table of rules    | [rules]
[rules]~mac-mismach = 'off'            | 2:1  | `mac-mismach`       | `mac-mismatch`?
[rules]~foo = 'off'                    | 2:1  | no rule `foo`       | sopsguard rules
[rules]~mac-mismatch = 'of'            | 2:16 | `of`                | "off"
[rules]~mac-mismatch = false           | 2:16 | a level             | mac-mismatch =
[ignore]~rule = 'x'                    | 1:1  | a list of tables    | [[ignore]]
IGNORE                                 | 2:1  | without `path`      | path =
IGNORE~path = 'a'                      | 2:1  | without `reason`    | next year
IGNORE~path = 'a'~reason = ' '         | 4:10 | without `reason`    | next year
IGNORE~paths = 'a'                     | 3:1  | `paths`             | `path`?
IGNORE~path = '{'~reason = 'x'         | 3:8  | no pattern          | `**`
[[ignore]]~rule = 'mac'~path='a'~reason='x' | 2:8 | no rule `mac`   | rules
[rules]~policy-weakened = 'off'        | 2:19 | cannot be switched  | --config
[rules]~policy-weakened = 'warning'    | 2:19 | cannot be switched  | --config
[[ignore]]~rule = 'policy-weakened'~path='a'~reason='x' | 2:8 | cannot be | --config
"#;

    #[test]
    fn every_mistake_has_its_place_and_what_helps() {
        for line in MISTAKES.trim().lines() {
            let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let [text, place, message, help] = columns[..] else {
                panic!("{line}");
            };
            let text = text.replace("IGNORE", "[[ignore]]~rule = 'mac-mismatch'");
            let error = read(&text.replace('~', "\n"), &RULES).unwrap_err();
            let (said, helped) = (error.fault.to_string(), error.fault.help());
            let at = format!("{}:{}", error.at.line, error.at.column);
            assert_eq!(at, place, "{text}: {said}");
            assert!(said.contains(message), "{text}: {said}");
            assert!(helped.contains(help), "{text}: {helped}");
        }
    }

    #[test]
    fn tables_can_be_written_in_every_way_of_toml() {
        for text in [
            "[rules]\nmac-mismatch = \"off\"",
            "rules.mac-mismatch = 'off'",
            "rules = { mac-mismatch = 'off' }",
            "\u{feff}[rules]\nmac-mismatch = 'off'",
        ] {
            let settings = read(text, &["mac-mismatch"]).unwrap();
            let level = settings.levels.get("mac-mismatch");
            assert_eq!(level.map(|level| level.severity), Some(None), "{text}");
        }
        let inline = "ignore = [{ rule = 'mac-mismatch', path = 'a', reason = 'b' }]";
        assert_eq!(read(inline, &["mac-mismatch"]).unwrap().ignores.len(), 1);
        let firm = "rules.policy-weakened = 'error'";
        assert_eq!(read(firm, &RULES).unwrap().levels.len(), 1);
        let empty = read("", &[]).unwrap();
        assert!(empty.secret_files.is_none() && empty.exclude.is_none());
    }
}
