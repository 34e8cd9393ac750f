//! How a string is written in the place of an ini value, so that it is read back as it was.

use std::borrow::Cow;

use super::space;
use crate::document::dotenv;

/// Spells `value`, plain where that can hold it, else between the quotes that can, as sops writes
/// it; in the metadata `\n` stands for a line feed. None where no spelling holds it.
pub(crate) fn spell(value: &str, in_metadata: bool) -> Option<String> {
    let value = if in_metadata {
        Cow::Owned(dotenv::spell(value)?)
    } else {
        Cow::Borrowed(value)
    };
    if is_plain(&value) {
        return Some(value.into_owned());
    }
    let quote = if value.contains(['\n', '`']) {
        "\"\"\""
    } else {
        "`"
    };
    // What the quotes enclose is taken as it stands, and the last closing quote of a line counts.
    let ends_open = value.contains('\n') && value.ends_with('\\');
    let is_held = !(ends_open || value.contains(quote));
    is_held.then(|| format!("{quote}{value}{quote}"))
}

/// Whether the value reads as itself without quotes.
fn is_plain(value: &str) -> bool {
    let is_trimmed = space::trim(value.as_bytes()).len() == value.len();
    is_trimmed
        && !value.contains(['\n', '#', ';'])
        && !value.starts_with(['"', '\'', '`'])
        && !value.ends_with('\\')
}
