//! What an audit was asked for by an option and could not do, a line a reason: it must not look as if it was
//! done, and nothing found.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::human::{Style, plural};
use super::{escape, human};
use crate::engine::{NotEvaluated, Reason, Report};

/// The rule that searches the history.
const OF_HISTORY: &str = "stale-data-key";

/// The rules that compare values.
const OF_VALUES: [&str; 2] = ["placeholder-value", "reused-value"];

/// How many files one line names.
const NAMED: usize = 5;

/// Writes what was not decided and what was not compared, where that was asked for.
pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (reason, paths) in undone(report, &[OF_HISTORY], "no-history") {
        let why = escape::text(&of_history(reason));
        writeln!(
            out,
            "not decided: `{OF_HISTORY}`{}: {why}",
            on(&paths, style)
        )?;
    }
    for (reason, paths) in undone(report, &OF_VALUES, "not-asked") {
        let why = escape::text(&of_values(reason, &report.searched));
        writeln!(out, "not compared: {}: {why}", files(&paths, style))?;
    }
    Ok(())
}

/// What the rules did not evaluate, by the reason; nothing where one says that nobody asked.
fn undone<'r>(
    report: &'r Report,
    rules: &[&str],
    not_asked: &str,
) -> BTreeMap<&'r str, Vec<&'r Path>> {
    let of_rules = report.not_evaluated.iter();
    let of_rules: Vec<&NotEvaluated> = of_rules
        .filter(|skipped| rules.contains(&skipped.rule))
        .collect();
    let mut by_reason: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    if of_rules.iter().any(|skipped| skipped.reason == not_asked) {
        return by_reason;
    }
    for skipped in of_rules {
        let paths = by_reason.entry(&skipped.reason).or_default();
        if !paths.contains(&skipped.path.as_path()) {
            paths.push(&skipped.path);
        }
    }
    by_reason
}

fn on(paths: &[&Path], style: Style) -> String {
    match paths {
        [all] if *all == Path::new(".") => String::new(),
        paths => format!(" on {}", files(paths, style)),
    }
}

/// How many files, and the first of them; or all.
fn files(paths: &[&Path], style: Style) -> String {
    let shown = if style.verbose { paths.len() } else { NAMED };
    let named = paths.iter().take(shown).map(|path| escape::path(path));
    let named = named.collect::<Vec<_>>().join(", ");
    let count = plural(paths.len(), "file");
    match paths.len().saturating_sub(shown) {
        0 => format!("{count} ({named})"),
        more => format!("{count} ({named} and {more} more)"),
    }
}

/// Why the history does not tell, and what helps.
fn of_history(reason: &str) -> String {
    let why = match reason {
        "cannot-decide" => {
            "all was encrypted anew when a recipient left, and only a key tells whether with a new data \
             key (`--identity FILE` names one; it has to open the versions of before, too)"
        }
        "shallow-clone" => {
            "the clone is shallow, so that older commits were not looked at; `git fetch --unshallow` \
             brings them"
        }
        "history-limit" => "older commits were not looked at; `--history=N` looks at N",
        "no-repository" => "there is no git repository here, and so no history",
        "unreadable-history" => "git does not give all commits; `git fsck` says why",
        "unreadable" => "not readable; `sopsguard check` says why",
        other => other,
    };
    why.to_owned()
}

/// Why the values of files were not compared.
fn of_values(reason: &str, searched: &[String]) -> String {
    let (word, rest) = reason.split_once(": ").unwrap_or((reason, ""));
    match word {
        "no-identity" => human::why(&Reason::NoIdentity, searched),
        "not-a-recipient" => human::why(&Reason::NotARecipient, searched),
        "selectors-changed" => human::why(&Reason::SelectorsChanged, searched),
        "too-few-groups" => "not enough of its key groups open with the identities here".to_owned(),
        "needs-other-keys" => "it takes keys that are not age's".to_owned(),
        "needs-input" | "not-allowed" | "key-failed" => rest.to_owned(),
        "unsupported" => format!("not supported: {rest}"),
        "unreadable" => "not readable; `sopsguard check` says why".to_owned(),
        other => other.to_owned(),
    }
}
