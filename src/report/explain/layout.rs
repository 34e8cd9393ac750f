//! A page: titles, and below them rows of a label and a sentence, wrapped where a terminal ends.

use std::io::{self, Write};

use super::super::Style;
use super::super::human::paint;

/// The page that is written.
pub(super) struct Sheet<'o> {
    style: Style,
    out: &'o mut dyn Write,
}

/// A text of a table, and its colour.
pub(super) struct Cell {
    text: String,
    color: Option<&'static str>,
}

/// The colour of titles.
const BOLD: &str = "1";
/// The colour of labels.
const FAINT: &str = "2";

/// The columns that labels take.
const LABEL: usize = 12;

impl<'o> Sheet<'o> {
    pub(super) fn new(style: Style, out: &'o mut dyn Write) -> Self {
        Self { style, out }
    }

    /// A title, with an empty line before it.
    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}", paint(self.style, BOLD, text))
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A row of a label and a sentence, which is wrapped.
    pub(super) fn row(&mut self, label: &str, text: &str) -> io::Result<()> {
        let indent = 2 + LABEL;
        let width = self.style.width.map(|width| width.saturating_sub(indent));
        let space = " ".repeat(LABEL.saturating_sub(label.chars().count()));
        let label = match label {
            "" => String::new(),
            label => paint(self.style, FAINT, label),
        };
        let mut before = format!("  {label}{space}");
        for line in wrapped(text, width) {
            writeln!(self.out, "{before}{line}")?;
            before = " ".repeat(indent);
        }
        Ok(())
    }

    /// A command, which is never wrapped.
    pub(super) fn command(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}{text}", " ".repeat(2 + LABEL))
    }

    /// Rows of cells, each column as wide as its widest cell.
    pub(super) fn table(&mut self, rows: &[Vec<Cell>]) -> io::Result<()> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(Cell::width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let mut line = " ".to_owned();
            for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
                let text = match cell.color {
                    Some(color) if !cell.text.is_empty() => paint(self.style, color, &cell.text),
                    _ => cell.text.clone(),
                };
                line += &format!(" {text}{} ", " ".repeat(width - cell.width()));
            }
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            color: None,
        }
    }

    pub(super) fn colored(text: impl Into<String>, color: Option<&'static str>) -> Self {
        Self {
            text: text.into(),
            color,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// A sentence in lines of so many characters at most, where its words allow it.
fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_wrapped_below_themselves_and_commands_are_not() {
        let style = Style {
            width: Some(30),
            ..Style::default()
        };
        let mut out = Vec::new();
        let mut sheet = Sheet::new(style, &mut out);
        sheet.row("label", "some words that are too many").unwrap();
        sheet
            .command("sops rotate -i a/long/path.enc.yaml")
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "  label       some words that\n              are too many\n              \
             sops rotate -i a/long/path.enc.yaml\n"
        );
    }

    #[test]
    fn columns_are_as_wide_as_their_cells_and_empty_ones_are_left_out() {
        let mut out = Vec::new();
        let rows = [["a", "", "c"], ["bbb", "", "d"]];
        let rows = rows.map(|row| row.map(Cell::new).into_iter().collect::<Vec<_>>());
        Sheet::new(Style::default(), &mut out).table(&rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  a    c\n  bbb  d\n");
    }
}
