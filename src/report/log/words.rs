//! What a commit did to a secret file, in words.

use std::collections::BTreeMap;

use super::super::human::{RED, plural};
use super::super::{Style, escape, openers};
use super::human::YELLOW;
use crate::engine::{DataKeyFate, Edit, LogEntry, Step, What};

/// How many values or keys a line names where not all are wanted.
const NAMED: usize = 5;

/// The word for an edit.
pub(in crate::report) fn edit(edit: Edit) -> &'static str {
    match edit {
        Edit::Added => "added",
        Edit::AddedInClear => "added in clear",
        Edit::Encrypted => "encrypted",
        Edit::Decrypted => "decrypted",
        Edit::InClear => "in clear",
        Edit::Deleted => "deleted",
        Edit::Sops => "sops",
        Edit::Rotated => "rotated",
        Edit::EncryptedAnew => "encrypted anew",
        Edit::UpdateKeys => "updatekeys",
        Edit::OutsideSops => "OUTSIDE SOPS",
        Edit::PerhapsOutsideSops => "outside sops?",
        Edit::Mixed => "MIXED VERSIONS",
        Edit::Unauthenticated => "not covered",
        Edit::Comments => "comments",
        Edit::Layout => "layout",
        Edit::Untouched => "untouched",
        Edit::Restored => "restored",
        Edit::NotCompared => "not compared",
    }
}

pub(super) fn color(edit: Edit) -> Option<&'static str> {
    match edit {
        Edit::OutsideSops | Edit::Mixed | Edit::Decrypted | Edit::AddedInClear => Some(RED),
        Edit::PerhapsOutsideSops => Some(YELLOW),
        _ => None,
    }
}

/// What was done to it, in words.
pub(in crate::report) fn what(entry: &LogEntry, style: Style) -> String {
    let step = &entry.step;
    let mut parts = Vec::new();
    if let Some(side) = step.side {
        parts.push(format!("merge, compared with parent {side}"));
    }
    if let Some(old) = &entry.renamed_from {
        parts.push(format!("renamed from {}", escape::path(old)));
    }
    if let Some(reason) = step.reason {
        parts.push(unread(reason).to_owned());
    }
    if let Some(older) = &entry.mac_from {
        let short = older.get(..10).unwrap_or(older);
        match step.edit {
            Edit::Restored => parts.push(format!("as in {short}")),
            Edit::OutsideSops | Edit::PerhapsOutsideSops | Edit::Mixed => {
                parts.push(format!("under the MAC of {short}"));
            }
            _ => {}
        }
    }
    parts.extend(documents(step));
    parts.extend(values(step, style));
    if !step.settings.is_empty() {
        parts.push(format!("{} changed as text", step.settings.join(", ")));
    }
    parts.extend(recipients("+", &step.recipients_added, style));
    parts.extend(recipients("-", &step.recipients_dropped, style));
    parts.extend(data_key(step).map(str::to_owned));
    if step.comments && step.edit != Edit::Comments {
        parts.push("comments changed".to_owned());
    }
    parts.join("; ")
}

fn unread(reason: &str) -> &str {
    match reason {
        "shallow-clone" => "this shallow clone begins here",
        "conflict-marks" => "the marks of an unfinished merge stand in it",
        "unreadable" => "sops would not load it",
        "not-text" => "it is no text",
        "malformed-metadata" => "its `sops` block makes no sense",
        "too-large" => "it is too large",
        "unreadable-history" => "git does not give it",
        other => other,
    }
}

fn documents(step: &Step) -> Vec<String> {
    let lists = [
        (&step.documents_removed, "removed"),
        (&step.documents_added, "added"),
        (&step.documents_moved, "moved"),
    ];
    let lists = lists.iter().filter(|(numbers, _)| !numbers.is_empty());
    lists
        .map(|(numbers, what)| {
            let named = numbers.iter().take(NAMED).map(ToString::to_string);
            let more = if numbers.len() > NAMED { ", …" } else { "" };
            let word = if numbers.len() == 1 {
                "document"
            } else {
                "documents"
            };
            format!(
                "{word} {}{more} {what}",
                named.collect::<Vec<_>>().join(", ")
            )
        })
        .collect()
}

/// The values by what happened to them; those that follow each other under one path as one.
fn values(step: &Step, style: Style) -> Vec<String> {
    let mut by_what: BTreeMap<What, Vec<(&str, usize)>> = BTreeMap::new();
    for value in &step.values {
        let paths = by_what.entry(value.what).or_default();
        match paths.last_mut() {
            Some((last, count)) if *last == value.path => *count += 1,
            _ => paths.push((&value.path, 1)),
        }
    }
    let mut words: Vec<String> = by_what
        .into_iter()
        .map(|(what, paths)| format!("{} {}", names(&paths, style), happened(what, step.edit)))
        .collect();
    if step.more_values > 0 {
        words.push(format!("and {} more", plural(step.more_values, "value")));
    }
    words
}

fn names(paths: &[(&str, usize)], style: Style) -> String {
    let most = if style.verbose { usize::MAX } else { NAMED };
    let named = paths.iter().take(most).map(|(path, count)| {
        let path = if path.is_empty() { "…" } else { path };
        match count {
            1 => escape::text(path),
            count => format!("{} ({count} items)", escape::text(path)),
        }
    });
    let names = named.collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn happened(what: What, edit: Edit) -> &'static str {
    match what {
        What::Encrypted if edit == Edit::Encrypted => "stood in clear before",
        What::Encrypted => "encrypted",
        What::Bared => "in clear now",
        What::Changed => "changed",
        What::Added => "added",
        What::Removed => "removed",
        What::Moved => "moved",
    }
}

fn recipients(sign: &str, names: &[String], style: Style) -> Option<String> {
    let most = if style.verbose { usize::MAX } else { NAMED };
    let named = names.iter().take(most);
    let named: Vec<String> = named
        .map(|name| format!("{sign} {}", openers::shortened(name)))
        .collect();
    let more = match names.len().saturating_sub(most) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!named.is_empty()).then(|| named.join(", ") + &more)
}

/// What became of the data key, where it is not what one would think.
fn data_key(step: &Step) -> Option<&'static str> {
    let is_new = matches!(step.edit, Edit::Rotated | Edit::EncryptedAnew);
    match step.data_key? {
        DataKeyFate::Same if !step.recipients_dropped.is_empty() => Some("data key not rotated"),
        DataKeyFate::Same => None,
        DataKeyFate::Replaced => Some("new data key"),
        DataKeyFate::Unknown if is_new => Some("every token and stanza is new"),
        DataKeyFate::Unknown => None,
    }
}
