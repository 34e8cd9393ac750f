//! Names of files in a row, as far as there is room.

use super::super::super::escape;
use super::super::shortened;
use super::PATH_WIDTH;
use crate::engine::FileAccess;

/// The path, and how many groups it takes where it has several.
pub(super) fn with_groups(file: &FileAccess) -> String {
    let path = escape::path(&file.path);
    match (file.groups, file.groups_needed) {
        (0 | 1, _) => path,
        (groups, needed) => format!("{path} ({needed} of {groups} key groups)"),
    }
}

/// As many of these files as there is room for.
pub(super) fn names(files: &[&FileAccess], room: usize, gap: &str) -> String {
    let names = files.iter().map(|file| with_groups(file));
    some(names, files.len(), room, gap)
}

/// As many names as there is room for, at least one, if need be shortened, and how many more there are.
pub(super) fn some(
    names: impl Iterator<Item = String>,
    count: usize,
    room: usize,
    gap: &str,
) -> String {
    const MORE: usize = " and 1234 more".len();
    let mut text = String::new();
    let mut used = 0;
    for (at, name) in names.enumerate() {
        let is_last = at + 1 == count;
        let reserved = if is_last { 0 } else { MORE };
        let most = room.saturating_sub(reserved).max(PATH_WIDTH);
        let name = if at == 0 {
            shortened(&name, most, gap)
        } else {
            name
        };
        let len = name.chars().count() + 2;
        if at > 0 && used + len + reserved > room {
            return format!("{text} and {} more", count - at);
        }
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&name);
        used += len;
    }
    text
}
