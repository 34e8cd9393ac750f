//! Which rule governs a file, why none before it, and what differs from it, for people.

use std::io;
use std::path::Path;

use super::super::human::{GREEN, RED};
use super::super::{Style, escape};
use super::human::{argument, recipient, selector};
use super::layout::{Cell, Sheet};
use crate::engine::{
    AskedRule, Drift, Governing, MovedKey, Outcome, Page, RecipientReport, RuleReport,
    SelectorReport, Verification,
};

/// How many rules that do not apply are named where not all are wanted.
const NAMED: usize = 8;

/// Writes which rule it is, and what follows from it.
pub(super) fn write(page: &Page, style: Style, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.title("Rule")?;
    let governing = &page.rule;
    let Some(config) = &governing.config else {
        sheet.row(
            "config",
            "there is no `.sops.yaml` on the way up from the file",
        )?;
        return sheet.row(
            "",
            "without one, `sops encrypt` and `sops updatekeys` have to be told the recipients",
        );
    };
    sheet.row("config", &escape::path(config))?;
    for other in &governing.others {
        let text = format!("{}, where sops is started there", escape::path(other));
        sheet.row("or", &text)?;
    }
    if let Some((at, reason)) = &governing.unreadable {
        let text = format!("line {}: {}", at.line, escape::text(reason));
        sheet.row("broken", &text)?;
        return sheet.row("", "sops refuses to load it, for every file");
    }
    write_asked(governing, style, sheet)?;
    write_outcome(governing, sheet)?;
    if let Some(rule) = &governing.rule
        && rule.groups.iter().all(|group| group.keys.is_empty())
    {
        return sheet.row(
            "no key",
            "the rule names none: sops neither encrypts by it nor updates keys: \"empty key group provided\"",
        );
    }
    match (&governing.rule, &page.drift) {
        (Some(_), Some(drift)) => write_drift(drift, page, sheet),
        (Some(rule), None) => write_intent(rule, page, sheet),
        (None, _) => Ok(()),
    }
}

/// The rules that were asked: those that do not match, then the one that does.
fn write_asked(governing: &Governing, style: Style, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let most = if style.verbose { usize::MAX } else { NAMED };
    let applies = !matches!(governing.outcome, Outcome::NoMatch);
    let passed = governing.asked.len() - usize::from(applies && !governing.asked.is_empty());
    let skipped = passed.saturating_sub(most);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    if skipped > 0 {
        let text = format!("{skipped} rules before do not match: `--verbose` names them");
        sheet.row("", &text)?;
    }
    for (asked, at) in governing.asked.iter().zip(0..).skip(skipped) {
        let (outcome, color) = match at < passed {
            true => ("does not match", None),
            false => verdict(&governing.outcome, asked),
        };
        rows.push(vec![
            Cell::new(format!("rule {}", asked.number)),
            Cell::new(format!("line {}", asked.line)),
            Cell::new(pattern(asked)),
            Cell::colored(outcome, color),
        ]);
    }
    sheet.table(&rows)
}

fn pattern(asked: &AskedRule) -> String {
    match &asked.path_regex {
        Some(regex) => format!("path_regex: {}", escape::text(regex)),
        None => "no path_regex".to_owned(),
    }
}

/// What became of the last rule that was asked.
fn verdict(outcome: &Outcome, asked: &AskedRule) -> (&'static str, Option<&'static str>) {
    match outcome {
        Outcome::Applies if asked.path_regex.is_none() => {
            ("is for every file, and applies", Some(GREEN))
        }
        Outcome::Applies => ("matches, and applies", Some(GREEN)),
        Outcome::Refused(_) => ("stops sops", Some(RED)),
        Outcome::Undecidable => ("takes too much to be tried here", None),
        _ => ("", None),
    }
}

fn write_outcome(governing: &Governing, sheet: &mut Sheet<'_>) -> io::Result<()> {
    match &governing.outcome {
        Outcome::NoMatch => sheet.row(
            "none",
            "no rule matches: sops says \"no matching creation rules found\", and neither encrypts the \
             file nor updates its keys",
        ),
        Outcome::NoRules => sheet.row(
            "none",
            "it has no `creation_rules`, which is to sops as if it were not there",
        ),
        Outcome::Refused(reason) => sheet.row("broken", &escape::text(reason)),
        Outcome::Undecidable | Outcome::Applies | Outcome::Nothing => Ok(()),
    }
}

/// What differs between the file and the rule.
fn write_drift(drift: &Drift, page: &Page, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if !drift.is_some() {
        return sheet.row(
            "the file",
            "follows it: the keys, the groups and the selector are its own",
        );
    }
    write_keys("missing", &drift.missing, sheet)?;
    write_keys("too many", &drift.extra, sheet)?;
    write_moved(&drift.moved, sheet)?;
    if let Some((file, groups)) = drift.groups {
        let text = format!("the file needs {file} groups, and its rule makes {groups}");
        sheet.row("groups", &text)?;
    }
    if drift.is_of_keys() {
        sheet.row("", "the file gets the keys of its rule with")?;
        let path = argument(&page.file.path);
        let by = by_config(&page.rule);
        sheet.command(&match drift.is_of_age {
            true => format!("sopsguard updatekeys {path}"),
            false => format!("sops{by} updatekeys {path}"),
        })?;
    }
    if let Some((file, rule)) = drift.threshold {
        let text = format!(
            "the file needs {file} groups, its rule {rule}; `sops updatekeys` leaves that as it is"
        );
        sheet.row("threshold", &text)?;
    }
    if let Some([file, rule]) = &drift.selectors {
        sheet.row("selectors", &format!("the file: {}", picks(file)))?;
        sheet.row("", &format!("the rule: {}", picks(rule)))?;
        sheet.row(
            "",
            "no command of sops changes that in a file: it has to be encrypted anew",
        )?;
    }
    Ok(())
}

fn write_keys(label: &str, keys: &[RecipientReport], sheet: &mut Sheet<'_>) -> io::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let what = match label {
        "missing" => "named by the rule, and not in the file",
        _ => "in the file, and not named by the rule",
    };
    sheet.row(label, what)?;
    let mut rows = Vec::new();
    for key in keys {
        let mut row = recipient(key);
        row.insert(0, Cell::new(" ".repeat(10)));
        rows.push(row);
    }
    sheet.table(&rows)
}

fn write_moved(keys: &[MovedKey], sheet: &mut Sheet<'_>) -> io::Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    sheet.row("moved", "in the file, and in another group of the rule")?;
    let rows = keys.iter().map(|moved| {
        let groups = format!("group {} here, {} by the rule", moved.here, moved.by_rule);
        let mut row = recipient(&moved.key);
        row.insert(0, Cell::new(" ".repeat(10)));
        row.push(Cell::new(groups));
        row
    });
    sheet.table(&rows.collect::<Vec<_>>())
}

fn picks((of, mac_only_encrypted): &(SelectorReport, bool)) -> String {
    let mac = match mac_only_encrypted {
        true => ", and a MAC over encrypted values only",
        false => "",
    };
    format!("{}{mac}", selector(of))
}

/// What the rule would make of a file that is not encrypted.
fn write_intent(rule: &RuleReport, page: &Page, sheet: &mut Sheet<'_>) -> io::Result<()> {
    if page.file.verification != Verification::NotEncrypted || page.file.foreign.is_some() {
        return Ok(());
    }
    sheet.row("encrypts", &selector(&rule.selector))?;
    let groups = rule.groups.len();
    let text = match (rule.threshold.filter(|threshold| *threshold > 0), groups) {
        (_, 0 | 1) => "each of these keys will open it".to_owned(),
        (Some(threshold), _) => format!("{threshold} of {groups} key groups will have to open"),
        (None, _) => format!("all {groups} key groups will have to open"),
    };
    sheet.row("for", &text)?;
    let keys: Vec<RecipientReport> = rule
        .groups
        .iter()
        .flat_map(|group| group.keys.clone())
        .collect();
    let rows: Vec<Vec<Cell>> = keys
        .iter()
        .map(|key| {
            let mut row = recipient(key);
            row.insert(0, Cell::new(" ".repeat(10)));
            row
        })
        .collect();
    sheet.table(&rows)?;
    if rule.selector.is_refused {
        return sheet.row(
            "",
            "mend the selector first: `sopsguard audit` says where it is wrong",
        );
    }
    sheet.row("", "it is encrypted with")?;
    let by = by_config(&page.rule);
    sheet.command(&format!(
        "sops{by} encrypt -i {}",
        argument(&page.file.path)
    ))
}

/// The option that names the configuration, where sops would not find it from here.
fn by_config(governing: &Governing) -> String {
    let config = governing.config.as_deref();
    let is_elsewhere = |config: &&Path| {
        config
            .parent()
            .is_some_and(|folder| folder != Path::new(""))
    };
    match config.filter(is_elsewhere) {
        Some(config) => format!(" --config {}", argument(config)),
        None => String::new(),
    }
}
