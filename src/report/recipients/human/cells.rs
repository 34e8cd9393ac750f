//! What the recipients are for a file: a mark in the column of each, or their numbers.

use std::io::{self, Write};

use super::{PATH_WIDTH, Page};
use crate::engine::{FileAccess, Grant};

/// How many recipients have a column each where nobody says how wide the terminal is.
const MAX_COLUMNS: usize = 40;

/// The columns of a mark and the space before it.
const CELL: usize = 2;

/// How the recipients of a file are told: in a column each, or, where there are too many, by their
/// numbers.
pub(super) enum Cells {
    Columns,
    Numbers { width: usize },
}

impl Cells {
    /// How wide they are.
    pub(super) fn width(&self, page: &Page<'_>) -> usize {
        match self {
            Self::Columns => page.matrix.recipients.len() * CELL,
            Self::Numbers { width } => *width,
        }
    }

    /// The lines above the columns: the numbers, a digit a line.
    pub(super) fn headings(&self, page: &Page<'_>) -> Vec<String> {
        match self {
            Self::Numbers { width } => vec![format!("{:<width$}", "RECIPIENTS")],
            Self::Columns => {
                let digits = page.number_width();
                let numbers = 1..=page.matrix.recipients.len();
                let numbers: Vec<String> = numbers.map(|it| format!("{it:>digits$}")).collect();
                let digit = |number: &String, at| number.chars().nth(at).unwrap_or(' ');
                let line = |at| {
                    numbers
                        .iter()
                        .map(|it| format!(" {}", digit(it, at)))
                        .collect()
                };
                (0..digits).map(line).collect()
            }
        }
    }

    /// What a file has there.
    pub(super) fn of(&self, page: &Page<'_>, file: &FileAccess) -> String {
        match self {
            Self::Numbers { width } => format!("{:<width$}", page.numbers(file)),
            Self::Columns => {
                let none = if page.style.ascii { "." } else { "·" };
                let mut grants = file.grants.iter().peekable();
                let all = 0..page.matrix.recipients.len();
                let cells = all.map(|at| {
                    let grant = grants.next_if(|grant| grant.recipient == at);
                    let mark = grant.map_or(none.to_owned(), |grant| page.mark(Mark::of(grant)));
                    format!(" {mark}")
                });
                cells.collect()
            }
        }
    }
}

/// What a key is for a file, in one sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Opens,
    Helps,
    Lone,
}

impl Mark {
    fn of(grant: &Grant) -> Self {
        if grant.is_lone {
            Self::Lone
        } else if grant.opens_alone {
            Self::Opens
        } else {
            Self::Helps
        }
    }
}

impl Page<'_> {
    /// As many columns as there is room for.
    pub(super) fn cells(&self) -> Cells {
        let count = self.matrix.recipients.len();
        let columns = count.saturating_mul(CELL);
        let fits = match self.style.width {
            Some(all) => columns + 9 + PATH_WIDTH <= all,
            None => count <= MAX_COLUMNS,
        };
        if fits {
            return Cells::Columns;
        }
        let files = self.matrix.files.iter();
        let longest = files.map(|file| self.numbers(file).chars().count()).max();
        Cells::Numbers {
            width: longest.unwrap_or(0).clamp(10, 40),
        }
    }

    /// The numbers of a file's recipients, each with its mark where it does not simply open the file.
    fn numbers(&self, file: &FileAccess) -> String {
        let numbers = file.grants.iter().map(|grant| {
            let number = grant.recipient + 1;
            match Mark::of(grant) {
                Mark::Opens => number.to_string(),
                mark @ (Mark::Helps | Mark::Lone) => format!("{number}{}", self.sign(mark)),
            }
        });
        numbers.collect::<Vec<_>>().join(" ")
    }

    /// What the marks mean, those that are there.
    pub(super) fn legend(&self, out: &mut dyn Write) -> io::Result<()> {
        let grants = || self.matrix.files.iter().flat_map(|file| &file.grants);
        let has = |kind: Mark| grants().any(|grant| Mark::of(grant) == kind);
        let meanings = [
            (Mark::Opens, "opens the file"),
            (Mark::Helps, "opens a key group of it, and it takes more"),
            (
                Mark::Lone,
                "a lone key: without it nobody can open the file",
            ),
        ];
        let meant = meanings.iter().filter(|(mark, _)| has(*mark));
        let meant = meant.map(|(mark, words)| format!("{} {words}", self.mark(*mark)));
        let mut meant: Vec<String> = meant.collect();
        meant.push("BUS the least number of keys whose loss makes it undecryptable".to_owned());
        for line in meant {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }

    fn sign(&self, mark: Mark) -> char {
        match mark {
            Mark::Opens if self.style.ascii => 'x',
            Mark::Opens => '●',
            Mark::Helps if self.style.ascii => '+',
            Mark::Helps => '◐',
            Mark::Lone => '!',
        }
    }

    fn mark(&self, mark: Mark) -> String {
        let sign = self.sign(mark).to_string();
        match mark {
            Mark::Lone => self.red(&sign),
            Mark::Opens | Mark::Helps => sign,
        }
    }
}
