//! Who can open what, for people at a terminal.
//!
//! Recipients are numbered, each has a column of one or two characters, and the paths come last, where
//! they may be as long as they are. Many files are told by what they have in common: those with the
//! same recipients are one row.

use std::io::{self, Write};

use super::super::human::{GREEN, RED, paint, plural};
use super::super::{Style, escape};
use super::totals::{Reach, alike, by_bus_factor, by_role, lone_files, lost_files, reaches};
use super::{SHORT_KEY, shortened};
use crate::engine::{AccessMatrix, BusFactor, FileAccess, Grant, Keyholder};

/// What is said of files that cannot be read.
const DAMAGED: &str = "too damaged to tell for whom they are";

/// How many files have a row each where not all are wanted.
const MAX_ROWS: usize = 40;

/// How many recipients have a column each where nobody says how wide the terminal is.
const MAX_COLUMNS: usize = 40;

/// The longest key that is printed whole where nobody says how wide the terminal is: those of RSA and
/// post-quantum keys fill half a screen.
const MAX_KEY: usize = 120;

/// How long a list of names is there.
const LISTED: usize = 100;

/// The columns of a mark and the space before it.
const CELL: usize = 2;

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

    /// What the marks mean, those that are there.
    fn legend(&self, out: &mut dyn Write) -> io::Result<()> {
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

    fn cells(&self) -> Cells {
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

    fn red(&self, text: &str) -> String {
        paint(self.style, RED, text)
    }
}

/// How the recipients of a file are told: in a column each, or, where there are too many, by their
/// numbers.
enum Cells {
    Columns,
    Numbers { width: usize },
}

impl Cells {
    fn width(&self, page: &Page<'_>) -> usize {
        match self {
            Self::Columns => page.matrix.recipients.len() * CELL,
            Self::Numbers { width } => *width,
        }
    }

    /// The lines above the columns: the numbers, a digit a line.
    fn headings(&self, page: &Page<'_>) -> Vec<String> {
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

    fn of(&self, page: &Page<'_>, file: &FileAccess) -> String {
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

/// The key, and of which kind it is where it does not say so itself.
fn key_of(holder: &Keyholder) -> String {
    let is_told = holder.key.starts_with("age1") || holder.key.starts_with(&holder.kind);
    if is_told {
        holder.key.clone()
    } else {
        format!("{} {}", holder.kind, holder.key)
    }
}

/// The path, and how many groups it takes where it has several.
fn with_groups(file: &FileAccess) -> String {
    let path = escape::path(&file.path);
    match (file.groups, file.groups_needed) {
        (0 | 1, _) => path,
        (groups, needed) => format!("{path} ({needed} of {groups} key groups)"),
    }
}

fn names(files: &[&FileAccess], room: usize, gap: &str) -> String {
    let names = files.iter().map(|file| with_groups(file));
    some(names, files.len(), room, gap)
}

/// As many names as there is room for, at least one, if need be shortened, and how many more there are.
fn some(names: impl Iterator<Item = String>, count: usize, room: usize, gap: &str) -> String {
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
