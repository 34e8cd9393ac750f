//! Files with more than one name: each is put in place under one of them, and parts from the others.

use std::path::Path;

use crate::apply::NewText;
use crate::fs;

/// How many are named.
const NAMED: usize = 5;

/// That files part from their other names, which keep the old text, if any has others.
pub(super) fn notice<'t>(texts: impl Iterator<Item = &'t NewText>) -> Option<String> {
    let linked = texts.filter(|text| text.old.is_some() && fs::has_other_names(&text.place));
    let linked: Vec<&Path> = linked.map(|text| text.path.as_path()).collect();
    let first = linked.iter().take(NAMED);
    let mut names: Vec<String> = first.map(|path| format!("`{}`", path.display())).collect();
    if linked.len() > NAMED {
        names.push(format!("{} more", linked.len() - NAMED));
    }
    let names = names.join(", ");
    let what = "there are hard links to it elsewhere, which keep the old text";
    (!linked.is_empty()).then(|| format!("{names}: {what}"))
}
