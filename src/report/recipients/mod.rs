//! Who can open what, as text: a table for people, JSON for programs, CSV for spreadsheets, and a page
//! for whoever does a handover.

mod csv;
mod html;
#[cfg(feature = "cli")]
mod human;
mod json;
#[cfg(feature = "cli")]
#[cfg(test)]
mod tests;
mod totals;

pub use csv::csv;
pub use html::html;
#[cfg(feature = "cli")]
pub use human::human;
pub use json::json;

use crate::engine::Keyholder;

/// The longest part of a key that stands for it where room is scarce.
const SHORT_KEY: usize = 17;

/// What a recipient goes by: the name, or else the key, shortened.
fn label(holder: &Keyholder) -> String {
    match &holder.name {
        Some(name) => name.clone(),
        None => shortened(&holder.key, SHORT_KEY, "…"),
    }
}

/// A text of at most so many characters, of which the middle is left out: keys of a service begin all
/// alike, and paths end so.
fn shortened(text: &str, most: usize, gap: &str) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(gap.chars().count());
    let (start, end) = (kept.div_ceil(2), kept / 2);
    let first: String = text.chars().take(start).collect();
    let last: String = text.chars().skip(count - end).collect();
    format!("{first}{gap}{last}")
}
