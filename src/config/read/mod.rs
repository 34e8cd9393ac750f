//! Reads a policy file. Whatever it says that is not understood is an error: a line that does
//! nothing would be taken for one that protects.

mod recipient;

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Array, Document, Item, TableLike, Value};

use super::day::Days;
use super::error::{Error, Fault};
use super::is_firm;
use super::keys::{self, IGNORE, Key, MAX_COUNT, POLICY};
use super::patterns::Patterns;
use super::settings::{Ignore, Level, Listed, Placed, Settings};
use super::similar::similar;
use crate::finding::Severity;
use crate::source::{LineIndex, Span};

/// Reads the text of a policy file.
pub(super) fn read(text: &str, rules: &[&'static str]) -> Result<Settings, Error> {
    let error = |(span, fault): Mistake| {
        let at = LineIndex::new(text).position(text, span.start);
        Error { at, fault }
    };
    if let Some(mistake) = recipient::private_key(text) {
        return Err(error(mistake));
    }
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
    let line = |at: Span| LineIndex::new(text).position(text, at.start()).line;
    settings(document.as_table(), rules, &line).map_err(error)
}

/// A fault and the bytes that it is about.
type Mistake = (Range<usize>, Fault);

fn settings(
    table: &dyn TableLike,
    rules: &[&'static str],
    line: &dyn Fn(Span) -> usize,
) -> Result<Settings, Mistake> {
    let mut settings = Settings::default();
    for (key, item) in table.iter() {
        match key {
            "secret-files" => settings.secret_files = Some(listed(table, key, item, true)?),
            "exclude" => settings.exclude = Some(listed(table, key, item, false)?),
            "min-recipients" => settings.min_recipients = Some(count(key, item)?),
            "escrow-proof-max-age" => settings.proof_max_age = Some(days(key, item)?),
            "recipient" => {
                for entry in of_tables(key, item)? {
                    let (recipient, span) = recipient::read(entry)?;
                    let added = settings.recipients.add(recipient);
                    added.map_err(|at| (span, Fault::ListedTwice { line: line(at) }))?;
                }
            }
            "rules" => settings.levels = levels(key, item, rules)?,
            "ignore" => {
                for entry in of_tables(key, item)? {
                    settings.ignores.push(ignore(entry, rules)?);
                }
            }
            _ => return Err(unknown_key(key, key_span(table, key), &POLICY)),
        }
    }
    Ok(settings)
}

fn levels(
    key: &str,
    item: &Item,
    rules: &[&'static str],
) -> Result<BTreeMap<String, Level>, Mistake> {
    let table = item
        .as_table_like()
        .ok_or_else(|| wrong_type(key, item, "a table of rules and levels"))?;
    let mut levels = BTreeMap::new();
    for (rule, item) in table.iter() {
        let rule = known_rule(rule, key_span(table, rule), rules)?;
        let level = parse_level(rule, item)?;
        if is_firm(rule) && level.severity != Some(Severity::Error) {
            return Err((span(item), Fault::firm(rule)));
        }
        levels.insert(rule.to_owned(), level);
    }
    Ok(levels)
}

fn count(key: &str, item: &Item) -> Result<Placed<usize>, Mistake> {
    let number = item
        .as_integer()
        .filter(|number| (1..=MAX_COUNT).contains(number));
    let value = number.and_then(|number| usize::try_from(number).ok());
    let value = value.ok_or_else(|| wrong_type(key, item, "a whole number from 1 to 1000"))?;
    let at = to_span(&span(item));
    Ok(Placed { value, at })
}

fn days(key: &str, item: &Item) -> Result<Placed<Days>, Mistake> {
    let value = item.as_str().and_then(Days::parse);
    let value = value.ok_or_else(|| wrong_type(key, item, "a number of days, weeks or years"))?;
    let at = to_span(&span(item));
    Ok(Placed { value, at })
}

fn unknown_key(key: &str, span: Range<usize>, known: &'static [Key]) -> Mistake {
    let known = keys::names(known);
    let fault = Fault::UnknownKey {
        key: key.to_owned(),
        similar: similar(key, known.iter().copied()),
        known,
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
    no_other_keys(table, &IGNORE)?;
    let (rule, rule_span) = text(table, "ignore", "rule")?;
    let (path, path_span) = text(table, "ignore", "path")?;
    text(table, "ignore", "reason")?;
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

fn no_other_keys(table: &dyn TableLike, known: &'static [Key]) -> Result<(), Mistake> {
    let is_known = |name: &str| known.iter().any(|key| key.name == name);
    let other = table.iter().map(|(key, _)| key).find(|key| !is_known(key));
    match other {
        Some(key) => Err(unknown_key(key, key_span(table, key), known)),
        None => Ok(()),
    }
}

/// A text of one of several tables that says something.
fn text<'t>(
    table: &'t dyn TableLike,
    of: &'static str,
    key: &'static str,
) -> Result<(&'t str, Range<usize>), Mistake> {
    let Some(item) = table.get(key) else {
        let first = table.iter().next().map(|(key, _)| key_span(table, key));
        return Err((first.unwrap_or_default(), Fault::Missing { table: of, key }));
    };
    let text = item
        .as_str()
        .ok_or_else(|| wrong_type(key, item, "a text in quotes"))?;
    if text.trim().is_empty() {
        return Err((span(item), Fault::Missing { table: of, key }));
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

fn of_tables<'t>(key: &str, item: &'t Item) -> Result<Vec<&'t dyn TableLike>, Mistake> {
    tables(item).ok_or_else(|| wrong_type(key, item, "a list of tables"))
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

    const KEYS: &str = include_str!("../../../testdata/example/key.txt");
    const PUBLIC: &str = "age168eavpk32nkhrhg7tyapkg0xupgxcdk823wuahnezdlz4j28uphsqpn5q5";

    /// A text, the place of its mistake, and words of what is said about it.
    const MISTAKES: &str = r#"
a =                                    | 1:4  | no TOML             | are TOML
exclude = []~exclude = []              | 2:1  | duplicate key       | TOML
# é~  excludes = []                    | 2:3  | `excludes`          | mean `exclude`?
colour = 1                             | 1:1  | `colour`            | known are `min-recipients`, `secret-files`,
min-recipients = 0                     | 1:18 | a whole number      | min-recipients = 2
min-recipients = 1001                  | 1:18 | a whole number      | min-recipients = 2
min-recipients = '2'                   | 1:18 | a whole number      | min-recipients = 2
min-recipient = 2                      | 1:1  | `min-recipient`     | `min-recipients`?
escrow-proof-max-age = '6m'            | 1:24 | a number of days    | "180d"
escrow-proof-max-age = 180             | 1:24 | a number of days    | "180d"
recipient = 'ADA'                      | 1:13 | a list of tables    | [[recipient]]
[[recipients]]                         | 1:3  | `recipients`        | `recipient`?
[[recipient]]~name = 'a'               | 2:1  | without `key`       | add `key
[[recipient]]~key = 'ADA'              | 2:1  | without `name`      | add `name
[[recipient]]~key = 7                  | 2:7  | a text in quotes    | write `key
[[recipient]]~key = 'hunter2'~name='a' | 2:7  | no key that sops    | PGP fingerprint
[[recipient]]~key = 'age1x'~name='a'   | 2:7  | no key that sops    | copy it again
[[recipient]]~key = 'ADA'~name="a\nb" | 3:6  | a short text        | lab escrow
[[recipient]]~key = 'ADA'~name='LONG'  | 3:6  | a short text        | 80 characters
OWNER~rol = 'escrow'                   | 4:1  | `rol`               | `role`?
OWNER~role = 'escrwo'                  | 4:8  | none of the words   | `escrow`?
OWNER~role = 'boss'                    | 4:8  | none of the words   | `maintainer`, `machine`
OWNER~role = ['escrow']                | 4:8  | a word              | role =
OWNER~paths = 'a'                      | 4:9  | a list of patterns  | paths = [
OWNER~paths = ['/a']                   | 4:10 | can match nothing   | folder/**
OWNER~held-by = 'a'                    | 4:11 | a list of texts     | held-by = [
OWNER~held-by = ['']                   | 4:12 | a short text        | held-by = [
OWNER~proved = '2026-11-22'            | 4:10 | a day               | without quotes
OWNER~proved = 2026-11-22T10:00:00Z    | 4:10 | a day               | without quotes
OWNER~OWNER                            | 5:7  | already, in line 2  | one of the two
# age identity: PRIVATE                | 1:17 | a private key       | its public key, `PUBLIC`
[[recipient]]~key = 'PRIVATE'~name='a' | 2:8  | a private key       | rotate
[[recipient]]~key = 'AGE-SECRET-KEY-1' | 2:7  | a private key       | rotate
OWNER~held-by = ['AGE-PLUGIN-X-1QQQQ'] | 4:12 | a private key       | rotate
AGE-SECRET-KEY-1QQQQQQQQQ = 1          | 1:1  | a private key       | rotate
[[recipient]]~age-secret-key-1 = AGE-SECRET-KEY-1QQQQ | 2:20 | no TOML | are TOML
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
        let private = KEYS.lines().find(|line| line.starts_with("AGE-SECRET"));
        let private = private.unwrap();
        for line in MISTAKES.trim().lines() {
            let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let [text, place, message, help] = columns[..] else {
                panic!("{line}");
            };
            let text = text.replace("IGNORE", "[[ignore]]~rule = 'mac-mismatch'");
            let text = text.replace("OWNER", "[[recipient]]~key = 'ADA'~name = 'a'");
            let text = text.replace("ADA", PUBLIC).replace("LONG", &"é".repeat(81));
            let text = text.replace("PRIVATE", private);
            let help = help.replace("PUBLIC", PUBLIC);
            let error = read(&text.replace('~', "\n"), &RULES).unwrap_err();
            let (said, helped) = (error.fault.to_string(), error.fault.help());
            let at = format!("{}:{}", error.at.line, error.at.column);
            assert_eq!(at, place, "{text}: {said}");
            assert!(said.contains(message), "{text}: {said}");
            assert!(helped.contains(&help), "{text}: {helped}");
            let shown = format!("{said} {helped}");
            assert!(
                !shown.contains("SECRET-KEY-1") && !shown.contains("hunter2"),
                "{shown}"
            );
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
        let all = format!(
            "[[recipient]]\nkey = '{PUBLIC}'\nname = ' a '\nrole = 'machine'\npaths = ['b']\n\
             held-by = ['c', 'd']\nproved = 2026-11-22"
        );
        let settings = read(&all, &[]).unwrap();
        let recipient = settings.recipients.iter().next().unwrap();
        assert_eq!(
            (&recipient.name[..], recipient.role.name()),
            ("a", "machine")
        );
        assert_eq!(recipient.held_by, ["c", "d"]);
        assert!(recipient.proved.is_some());
        let patterns = recipient.patterns().unwrap();
        assert_eq!(patterns.collect::<Vec<_>>(), ["b"]);
        for recipients in [
            format!("recipient = [{{ key = '{PUBLIC}', name = 'a' }}]"),
            format!("[[recipient]]\nkey = '{PUBLIC}'\nname = 'a'\nproved = 2026-11-22"),
        ] {
            let settings = read(&recipients, &[]).unwrap();
            let name = format!("age:{PUBLIC}");
            assert!(settings.recipients.with_key(&name).is_some());
        }
        let empty = read("", &[]).unwrap();
        assert!(empty.recipients.is_empty() && empty.min_recipients() == 2);
        assert!(empty.secret_files.is_none() && empty.exclude.is_none());
    }
}
