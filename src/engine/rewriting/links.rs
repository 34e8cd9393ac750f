//! Files with more than one name: each is put in place under one of them, and parts from the others.

use std::path::PathBuf;

use crate::apply::NewText;
use crate::fs;

/// How many are named.
const NAMED: usize = 5;

/// Whether a file parts from other names of it.
pub(super) fn parts(text: &NewText) -> bool {
    text.old.is_some() && fs::has_other_names(&text.place)
}

/// That these files part from their other names, which keep the old text, if there are any.
pub(super) fn notice(linked: &[PathBuf]) -> Option<String> {
    let first = linked.iter().take(NAMED);
    let mut names: Vec<String> = first.map(|path| format!("`{}`", path.display())).collect();
    if linked.len() > NAMED {
        names.push(format!("{} more", linked.len() - NAMED));
    }
    let names = names.join(", ");
    let what = "there are hard links to it elsewhere, which keep the old text";
    (!linked.is_empty()).then(|| format!("{names}: {what}"))
}
