//! Who can open what, for people at a terminal.
//!
//! Recipients are numbered, each has a column of one or two characters, and the paths come last, where
//! they may be as long as they are. Many files are told by what they have in common: those with the
//! same recipients are one row.

mod cells;
mod names;

use std::io::{self, Write};

use super::super::human::{GREEN, RED, paint, plural};
use super::super::{Style, escape};
use super::totals::{Reach, alike, by_bus_factor, by_role, lone_files, lost_files, reaches};
use super::{SHORT_KEY, shortened};
use crate::engine::{AccessMatrix, BusFactor, FileAccess, Keyholder};
use cells::Cells;
use names::{names, some, with_groups};

/// What is said of files that cannot be read.
const DAMAGED: &str = "too damaged to tell for whom they are";

/// How many files have a row each where not all are wanted.
const MAX_ROWS: usize = 40;

/// The longest key that is printed whole where nobody says how wide the terminal is: those of RSA and
/// post-quantum keys fill half a screen.
const MAX_KEY: usize = 120;

/// How long a list of names is there.
const LISTED: usize = 100;

/// The columns that a path should have at least.
const PATH_WIDTH: usize = 24;

/// The columns that a key should have at least.
const KEY_WIDTH: usize = 20;

/// Writes the recipients, the table and what follows from it, for people to read.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn human(matrix: &AccessMatrix, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { matrix, style };
    if style.quiet {
        return page.lone_keys(out);
    }
    if matrix.files.is_empty() && matrix.recipients.is_empty() {
        writeln!(out, "no secret files here")?;
        return page.unread(out);
    }
    page.recipients(out)?;
    if !matrix.files.is_empty() {
        writeln!(out)?;
        page.table(out)?;
        page.legend(out)?;
        writeln!(out)?;
    }
    page.lone_keys(out)?;
    page.summary(out)?;
    page.unread(out)
}

struct Page<'m> {
    matrix: &'m AccessMatrix,
    style: Style,
}

impl Page<'_> {
    /// A line a recipient: the number, who it is, and how much depends on the key.
    fn recipients(&self, out: &mut dyn Write) -> io::Result<()> {
        let holders = &self.matrix.recipients;
        let reaches = reaches(self.matrix);
        let or_none = |text: &Option<String>| match text {
            Some(text) => escape::text(text),
            None => "-".to_owned(),
        };
        let row = |(holder, reach): (&Keyholder, &Reach)| {
            let (files, lone) = (reach.files.to_string(), reach.lone.to_string());
            let who = [or_none(&holder.name), or_none(&holder.role)];
            (who, [files, lone], reach.lone > 0)
        };
        let rows: Vec<_> = holders.iter().zip(&reaches).map(row).collect();
        let chars = |text: &String| text.chars().count();
        let width = |at: usize, title: &str| {
            let widths = rows.iter().filter_map(|(who, _, _)| who.get(at)).map(chars);
            widths.max().unwrap_or(0).max(title.len())
        };
        let (number, name, role) = (self.number_width(), width(0, "NAME"), width(1, "ROLE"));
        let before = number + name + role + 5 + 4 + 10;
        let room = match self.style.width {
            _ if self.style.verbose => usize::MAX,
            Some(width) => width.saturating_sub(before).max(KEY_WIDTH),
            None => MAX_KEY,
        };
        let titles = format!("{:>number$}  {:<name$}  {:<role$}", "#", "NAME", "ROLE");
        writeln!(out, "{titles}  FILES  LONE  KEY")?;
        for (at, (holder, (who, counts, is_lone))) in holders.iter().zip(&rows).enumerate() {
            let ([who, what], [files, lone]) = (who, counts);
            let lone = format!("{lone:>4}");
            let lone = if *is_lone { self.red(&lone) } else { lone };
            let key = escape::text(&shortened(&key_of(holder), room, self.gap()));
            let number_of = at + 1;
            writeln!(
                out,
                "{number_of:>number$}  {who:<name$}  {what:<role$}  {files:>5}  {lone}  {key}"
            )?;
        }
        Ok(())
    }

    /// A row a file; or one for all files with the same recipients, where there are many.
    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let files = &self.matrix.files;
        let bus = files
            .iter()
            .map(|file| self.bus_factor(file).chars().count());
        let bus = bus.max().unwrap_or(0).max(3);
        let cells = self.cells();
        let before = cells.width(self) + bus + 4;
        let room = match self.style.width {
            Some(width) => width.saturating_sub(before).max(PATH_WIDTH),
            None => LISTED,
        };
        let mut headings = cells.headings(self);
        let heading = headings.pop().unwrap_or_default();
        for line in headings {
            writeln!(out, "{line}")?;
        }
        if files.len() <= MAX_ROWS || self.style.verbose {
            writeln!(out, "{heading}  {:>bus$}  FILE", "BUS")?;
            for file in files {
                let name = with_groups(file);
                let name = match self.style.width {
                    Some(_) if !self.style.verbose => shortened(&name, room, self.gap()),
                    Some(_) | None => name,
                };
                self.row(&cells, file, bus, &name, out)?;
            }
            return Ok(());
        }
        writeln!(
            out,
            "{heading}  {:>bus$}  FILES (`--verbose` has a row for each)",
            "BUS"
        )?;
        for files in alike(self.matrix) {
            if let Some(first) = files.first() {
                let count = plural(files.len(), "file");
                let room = room.saturating_sub(count.len() + 2);
                let names = names(&files, room, self.gap());
                self.row(&cells, first, bus, &format!("{count}: {names}"), out)?;
            }
        }
        Ok(())
    }

    fn row(
        &self,
        cells: &Cells,
        file: &FileAccess,
        bus: usize,
        name: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let factor = format!("{:>bus$}", self.bus_factor(file));
        let factor = match file.bus_factor.count() {
            0 | 1 => self.red(&factor),
            _ => factor,
        };
        writeln!(out, "{}  {factor}  {name}", cells.of(self, file))
    }

    /// The files that are lost with one key, by key; and those that are lost already.
    fn lone_keys(&self, out: &mut dyn Write) -> io::Result<()> {
        let lost: Vec<&FileAccess> = lost_files(self.matrix).collect();
        if !lost.is_empty() {
            let what = format!("{} that nobody can open", plural(lost.len(), "file"));
            self.sentence("", &what, "", &lost, out)?;
        }
        for (at, holder) in self.matrix.recipients.iter().enumerate() {
            let files = self.matrix.files_of(at).filter(|(_, grant)| grant.is_lone);
            let files: Vec<&FileAccess> = files.map(|(file, _)| file).collect();
            if files.is_empty() {
                continue;
            }
            let what = format!(": {}", plural(files.len(), "file"));
            match &holder.name {
                Some(name) => {
                    let name = escape::text(name);
                    self.sentence("lost with the key of ", &name, &what, &files, out)?;
                }
                None => {
                    let key = escape::text(&shortened(&holder.key, SHORT_KEY, self.gap()));
                    let before = format!("lost with key {}, ", at + 1);
                    self.sentence(&before, &key, &what, &files, out)?;
                }
            }
        }
        Ok(())
    }

    /// A line that ends with as many names of files as fit.
    fn sentence(
        &self,
        before: &str,
        red: &str,
        behind: &str,
        files: &[&FileAccess],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let parts = [before, red, behind].into_iter();
        let used: usize = parts.map(|part| part.chars().count()).sum();
        let names = names(files, self.room().saturating_sub(used + 2), self.gap());
        writeln!(out, "{before}{}{behind}: {names}", self.red(red))
    }

    fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let files = self.matrix.files.len();
        let reaches = reaches(self.matrix);
        for at in &self.matrix.asked {
            if let (Some(holder), Some(reach)) = (self.matrix.recipients.get(*at), reaches.get(*at))
            {
                let (held, who) = (
                    plural(reach.files, "file"),
                    escape::text(&self.label(holder)),
                );
                writeln!(
                    out,
                    "{who} has a key of {held}, and opens {} alone",
                    reach.opens
                )?;
            }
        }
        let roles = by_role(self.matrix);
        let roles = roles.iter().map(|(role, count)| {
            let role = escape::text(role);
            format!("{count} {role}")
        });
        let roles: Vec<String> = roles.collect();
        if !roles.is_empty() {
            let of = plural(files, "file");
            writeln!(out, "of {of}, by the role of a key: {}", roles.join(", "))?;
        }
        let lone = lone_files(self.matrix) + lost_files(self.matrix).count();
        let color = if lone > 0 { RED } else { GREEN };
        let counted = paint(self.style, color, &plural(files, "file"));
        let recipients = plural(self.matrix.recipients.len(), "recipient");
        let factors = by_bus_factor(self.matrix);
        let factors = factors
            .iter()
            .map(|(factor, count)| format!("{factor}: {}", plural(*count, "file")));
        let factors: Vec<String> = factors.collect();
        if factors.is_empty() {
            return writeln!(out, "{counted}, {recipients}");
        }
        writeln!(
            out,
            "{counted}, {recipients}; bus factor {}",
            factors.join(", ")
        )
    }

    fn unread(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.matrix.unread.as_slice() {
            [] => Ok(()),
            unread => {
                let paths = unread.iter().map(|path| escape::path(path));
                let room = self.room().saturating_sub(DAMAGED.len() + 37);
                let paths = some(paths, unread.len(), room, self.gap());
                writeln!(out, "{DAMAGED}: {paths} (`sopsguard check` says why)")
            }
        }
    }

    /// How many characters of names a sentence has.
    fn room(&self) -> usize {
        match self.style.width {
            _ if self.style.verbose => usize::MAX,
            Some(width) => width.max(PATH_WIDTH),
            None => LISTED,
        }
    }

    fn bus_factor(&self, file: &FileAccess) -> String {
        match file.bus_factor {
            BusFactor::Exact(count) => count.to_string(),
            BusFactor::AtMost(count) if self.style.ascii => format!("<={count}"),
            BusFactor::AtMost(count) => format!("≤{count}"),
        }
    }

    fn label(&self, holder: &Keyholder) -> String {
        match &holder.name {
            Some(name) => name.clone(),
            None => shortened(&holder.key, SHORT_KEY, self.gap()),
        }
    }

    fn number_width(&self) -> usize {
        self.matrix.recipients.len().to_string().len()
    }

    fn gap(&self) -> &'static str {
        if self.style.ascii { "..." } else { "…" }
    }

    fn red(&self, text: &str) -> String {
        paint(self.style, RED, text)
    }
}

/// The key, and of which kind it is where it does not say so itself.
fn key_of(holder: &Keyholder) -> String {
    let is_told = holder.key.starts_with("age1") || holder.key.starts_with(&holder.kind);
    if is_told {
        holder.key.clone()
    } else {
        format!("{} {}", holder.kind, holder.key)
    }
}
