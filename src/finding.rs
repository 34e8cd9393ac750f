//! What a rule has to say about the user's files.
//!
//! A finding is about the user's repository and is data in a report; an error means that sopsguard
//! could not do its work. A finding owns all that a reporter may show; of a file's text it holds masked lines at most.

use std::ops::Range;
use std::path::PathBuf;

pub(crate) use crate::source::Position;
use crate::source::{Masked, Span};

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
    /// What sops, or what deploys with it, will do about it.
    pub consequence: Option<String>,
    /// What to do next.
    pub help: Help,
    /// Other places that it is about, each with what is there.
    pub related: Vec<(Position, String)>,
    /// The lines around it, masked; none where the text is no document.
    pub snippet: Option<Snippet>,
    /// What tells it from others of the same rule in the same file, such as the keys that it names; no
    /// value, and nothing that words or lines decide.
    pub(crate) subject: Option<String>,
    /// What stays the same about it when lines move, and is no other finding's; empty until it stands
    /// in a report.
    pub fingerprint: String,
}

/// What to do about a finding: words, and commands that can be pasted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Help {
    /// One sentence, lower case.
    pub text: String,
    /// The commands, in the order in which they are to be run.
    pub commands: Vec<String>,
    /// What to do instead where git has no earlier version of the file. Which that is, no rule knows.
    pub(crate) otherwise: Option<Box<Self>>,
}

/// At most five lines of a text with every value and comment masked.
///
/// It is made of a `Masked` only, so that no reporter can hold a text or the length of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    first_line: usize,
    lines: Vec<String>,
    /// Which of the lines, and which of its bytes.
    label: (usize, Range<usize>),
}

/// A text as one word of a shell's command line; none where a shell could not be given it in printable characters.
#[must_use]
pub fn shell_word(text: &str) -> Option<String> {
    let is_printable =
        |c: char| c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,=".contains(c);
    if !text.chars().all(is_printable) {
        return None;
    }
    if !text.is_empty() && text.chars().all(is_plain) {
        return Some(text.to_owned());
    }
    Some(format!("'{}'", text.replace('\'', r"'\''")))
}

impl Help {
    /// Help in words alone.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            commands: Vec::new(),
            otherwise: None,
        }
    }

    /// The same with one more command.
    #[must_use]
    pub(crate) fn then(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// The same with what to do instead where git has no earlier version of the file.
    #[must_use]
    pub(crate) fn or(mut self, otherwise: Self) -> Self {
        self.otherwise = Some(Box::new(otherwise));
        self
    }
}

/// How many lines before and behind the problem are shown at most.
const CONTEXT: usize = 2;

/// The longest line that is shown, in bytes. Lines behind the first are cut there; the line of the
/// problem is left out with all others where it is longer.
const MAX_WIDTH: usize = 160;

impl Snippet {
    /// The lines around the place `at`; `None` where nothing of it may be shown.
    pub(crate) fn new(masked: &Masked<'_>, at: Span) -> Option<Self> {
        let number = masked.source().position(at.start()).line;
        let line = masked.line_of_problem(number, MAX_WIDTH)?;
        let place = line.find(at.range())?;
        let shown = |number| Some(masked.line(number, MAX_WIDTH)?.text);
        let before = (1..number).rev().take(CONTEXT).map_while(shown);
        let mut lines: Vec<String> = before.collect();
        lines.reverse();
        let label = (lines.len(), place);
        let first_line = number - lines.len();
        lines.push(line.text);
        lines.extend((number + 1..).take(CONTEXT).map_while(shown));
        for line in &mut lines {
            line.truncate(line.trim_end().len());
        }
        Some(Self {
            first_line,
            lines,
            label,
        })
    }

    /// The number of the first line, from 1.
    #[must_use]
    pub fn first_line(&self) -> usize {
        self.first_line
    }

    /// The lines, without their ends.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Which of the lines the finding is about, from 0, and which bytes of it.
    #[must_use]
    pub fn label(&self) -> (usize, Range<usize>) {
        self.label.clone()
    }
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
