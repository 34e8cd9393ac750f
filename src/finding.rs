//! What a rule has to say about the user's files.
//!
//! A finding is about the user's repository and is data in a report; an error means that sopsguard
//! could not do its work. A finding owns all that a reporter may show: it holds no text of a file.

use std::path::PathBuf;

pub(crate) use crate::source::Position;

/// How much a finding matters. Three levels, so that every report format can hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The exit code becomes 1.
    Error,
    /// Worth mending; the exit code stays.
    Warning,
    /// Worth knowing.
    Note,
}

/// Where a finding is: a file, and a range in it where one is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as the user named it or below the folder that the user named.
    pub path: PathBuf,
    /// The first character, where the finding is about a place.
    pub start: Option<Position>,
    /// The place after the last character.
    pub end: Option<Position>,
}

/// One problem in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The id of the rule that found it.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where it is.
    pub location: Location,
    /// The key path (`stringData.PASSWORD`) of the leaf it is about, made safe to print.
    pub key: Option<String>,
    /// What was found: one sentence, lower case, without values.
    pub message: String,
    /// What to do next, with a command that works.
    pub help: String,
}

impl Severity {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}
