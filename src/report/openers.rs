//! Which keys would open what was not verified, for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::escape;
use crate::engine::{FileReport, Opener, service};

/// How many keys of a group a line names, how many groups, and how many lines there are.
const NAMED: usize = 4;
/// The longest name that is printed whole: those of RSA and post-quantum keys fill half a screen.
const MAX_NAME: usize = 120;
/// How much of a longer one is printed.
const SHORTENED: usize = 60;

/// Writes one line for all files that the same keys open, in the order of the files; a few lines, or
/// `all`.
pub(super) fn write(
    files: &[&FileReport],
    all: bool,
    names: impl Fn(&[&FileReport]) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut by_keys: BTreeMap<(&[Opener], usize), Vec<&FileReport>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.openers.is_empty()) {
        let keys = (file.openers.as_slice(), file.groups_needed);
        by_keys.entry(keys).or_default().push(file);
    }
    let mut by_keys: Vec<_> = by_keys.into_iter().collect();
    by_keys.sort_by_key(|(_, files)| files.first().map(|file| &file.path));
    let is_one = by_keys.len() == 1;
    let lines = if all { by_keys.len() } else { NAMED };
    let more: usize = by_keys
        .iter()
        .skip(lines)
        .map(|(_, files)| files.len())
        .sum();
    for ((keys, needed), files) in by_keys.iter().take(lines) {
        let keys = describe(keys, *needed, all);
        if is_one {
            writeln!(out, "  it takes {keys}")?;
        } else {
            writeln!(out, "  {}: it takes {keys}", names(files))?;
        }
    }
    if more > 0 {
        writeln!(out, "  and {more} with other keys, which `--verbose` names")?;
    }
    Ok(())
}

/// Whom a file is for, group by group, of which so many are needed.
fn describe(keys: &[Opener], needed: usize, all: bool) -> String {
    let named = if all { usize::MAX } else { NAMED };
    let mut groups: BTreeMap<usize, Vec<&Opener>> = BTreeMap::new();
    for key in keys {
        groups.entry(key.group).or_default().push(key);
    }
    let is_one = groups.len() == 1;
    let more = groups.len().saturating_sub(named);
    let shown = groups.iter().take(named);
    let mut shown: Vec<String> = shown
        .map(|(_, keys)| any_of(keys, named))
        .map(|keys| if is_one { keys } else { format!("({keys})") })
        .collect();
    if more > 0 {
        shown.push(format!("{more} more groups"));
    }
    let shown = shown.join(", ");
    if is_one {
        shown
    } else {
        format!("{needed} of {shown}")
    }
}

fn any_of(keys: &[&Opener], named: usize) -> String {
    let more = keys.len().saturating_sub(named);
    let shown = keys.iter().take(named);
    let mut shown: Vec<String> = shown.map(|key| name(key)).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(" or ")
}

/// A key, with its kind where the name does not tell it.
fn name(key: &Opener) -> String {
    let name = shortened(&key.name);
    match key.kind.as_str() {
        "x25519" | "ssh-ed25519" | "ssh-rsa" | "post-quantum" => name,
        "age" => format!("a key of no kind that age has ({name})"),
        other => match other.strip_prefix("plugin ") {
            Some(plugin) => format!("{name} (of plugin `{}`)", escape::text(plugin)),
            None => format!("{} {name}", service(other)),
        },
    }
}

/// A key's name, or the beginning of one that fills half a screen.
pub(super) fn shortened(name: &str) -> String {
    let mut shown: String = name.chars().take(MAX_NAME).collect();
    if shown.len() < name.len() {
        shown = name.chars().take(SHORTENED).collect();
        shown.push('…');
    }
    escape::text(&shown)
}
