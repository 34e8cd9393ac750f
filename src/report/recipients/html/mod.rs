//! Who can open what as one page that needs nothing else: for whoever does a handover, on a screen, on a
//! phone and on paper.
//!
//! No script, no picture, no font from anywhere: the policy in its head forbids all but its own style.
//! Names come from whoever wrote the repository, so each goes through [`text()`]. The page depends on the
//! files alone, not on the clock.

mod owners;
mod text;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::totals::{Reach, by_bus_factor, by_role, lone_files, lost_files, reaches};
use super::{label, shortened};
use crate::engine::{AccessMatrix, BusFactor, FileAccess, Grant, Keyholder};
use text::{path_text, plural, text, with_groups};

/// The style, which is in the page.
const STYLE: &str = include_str!("../page.css");

/// How much of a key stands at the head of a column.
const HEADING: usize = 12;

/// Writes the page.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn html(matrix: &AccessMatrix, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        matrix,
        reaches: reaches(matrix),
        html: String::new(),
    };
    // Writing to a string cannot fail.
    let _ = page.all();
    out.write_all(page.html.as_bytes())
}

struct Page<'m> {
    matrix: &'m AccessMatrix,
    reaches: Vec<Reach>,
    html: String,
}

type Written = std::fmt::Result;

impl Page<'_> {
    fn all(&mut self) -> Written {
        self.head()?;
        self.summary()?;
        if !self.matrix.files.is_empty() {
            self.table()?;
        }
        self.owners()?;
        self.words()?;
        let version = env!("CARGO_PKG_VERSION");
        writeln!(
            self.html,
            "<footer>Made by sopsguard {version} from what the files say of themselves; no key was \
             used, and no value is on this page.</footer>\n</body>\n</html>"
        )
    }

    fn head(&mut self) -> Written {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        let title = self.title();
        writeln!(
            self.html,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"robots\" content=\"noindex\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
        )
    }

    fn title(&self) -> String {
        let asked = self.matrix.asked.iter();
        let asked = asked.filter_map(|at| self.matrix.recipients.get(*at));
        let mut asked: Vec<String> = asked.map(|holder| text(&label(holder))).collect();
        asked.dedup();
        let of = match self.matrix.folder.as_str() {
            "" => String::new(),
            folder => format!(" of {}", text(folder)),
        };
        match asked.as_slice() {
            [] => format!("Who can open the secrets{of}"),
            asked => format!("Which secrets{of} {} can open", asked.join(", ")),
        }
    }

    /// What must be known before anything else, and where to read on.
    fn summary(&mut self) -> Written {
        let (files, lone) = (self.matrix.files.len(), lone_files(self.matrix));
        let lost = lost_files(self.matrix).count();
        let (class, verdict) = verdict(files, lone, lost);
        writeln!(self.html, "<p class=\"verdict{class}\">{verdict}</p>")?;
        self.html.push_str("<nav>");
        if files > 0 {
            self.html
                .push_str("<a href=\"#matrix\">Files and recipients</a> ");
        }
        self.html.push_str("<a href=\"#owners\">By recipient</a> <a href=\"#words\">What the words mean</a></nav>\n");
        self.html.push_str("<dl class=\"counts\">\n");
        self.count("", files, "secret files")?;
        self.count("", self.matrix.recipients.len(), "recipients")?;
        self.count(bad_if(lone > 0), lone, "lost with one key")?;
        if lost > 0 {
            self.count(bad_if(true), lost, "that nobody can open")?;
        }
        for (role, count) in by_role(self.matrix) {
            let words = format!("of {files} files have a key with the role {}", text(role));
            self.count("", count, &words)?;
        }
        self.html.push_str("</dl>\n");
        self.bus_factors()?;
        self.dangers()?;
        let unread: Vec<&Path> = self.matrix.unread.iter().map(AsRef::as_ref).collect();
        self.warning(
            &unread,
            "too damaged to tell for whom they are: <code>sopsguard check</code> says why",
        )
    }

    fn count(&mut self, class: &str, count: usize, words: &str) -> Written {
        let class = class.trim();
        writeln!(
            self.html,
            "<div class=\"{class}\"><dt>{words}</dt><dd>{count}</dd></div>"
        )
    }

    fn bus_factors(&mut self) -> Written {
        let factors = by_bus_factor(self.matrix);
        let told = factors.iter().map(|(factor, count)| {
            let files = plural(*count, "file");
            format!("{files} with {factor}")
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            return Ok(());
        }
        writeln!(
            self.html,
            "<p class=\"soft\">By <a href=\"#words\">bus factor</a>: {}.</p>",
            told.join(", ")
        )
    }

    /// The files that are lost with one key, those that are lost, and those without an escrow key.
    fn dangers(&mut self) -> Written {
        let lost: Vec<&Path> = lost_files(self.matrix)
            .map(|file| file.path.as_path())
            .collect();
        self.warning(&lost, "that nobody can open, whatever keys there are")?;
        for (at, holder) in self.matrix.recipients.iter().enumerate() {
            let files = self.matrix.files_of(at).filter(|(_, grant)| grant.is_lone);
            let files: Vec<&Path> = files.map(|(file, _)| file.path.as_path()).collect();
            let who = text(&label(holder));
            let what = format!(
                "lost if the key of <a href=\"#r{}\">{who}</a> is lost",
                at + 1
            );
            self.warning(&files, &what)?;
        }
        let escrow = |holder: &&Keyholder| holder.role.as_deref() == Some("escrow");
        if self.matrix.recipients.iter().any(|holder| escrow(&holder)) {
            let is_escrow = |grant: &Grant| {
                let holder = self.matrix.recipients.get(grant.recipient);
                holder.as_ref().is_some_and(escrow)
            };
            let lacks = |file: &&FileAccess| !file.grants.iter().any(is_escrow);
            let files = self.matrix.files.iter().filter(lacks);
            let files: Vec<&Path> = files.map(|file| file.path.as_path()).collect();
            self.warning(&files, "without an escrow key")?;
        }
        Ok(())
    }

    fn warning(&mut self, files: &[&Path], what: &str) -> Written {
        if files.is_empty() {
            return Ok(());
        }
        let count = plural(files.len(), "file");
        writeln!(
            self.html,
            "<div class=\"box bad\"><p><b class=\"bad\">{count}</b> {what}</p>"
        )?;
        self.list(files.iter().map(|path| path_text(path)))?;
        self.html.push_str("</div>\n");
        Ok(())
    }

    fn list(&mut self, items: impl Iterator<Item = String>) -> Written {
        self.html.push_str("<ul class=\"files\">\n");
        for item in items {
            writeln!(self.html, "<li>{item}</li>")?;
        }
        self.html.push_str("</ul>\n");
        Ok(())
    }

    /// A row a file, a column a recipient.
    fn table(&mut self) -> Written {
        self.html.push_str(
            "<h2 id=\"matrix\">Files and recipients</h2>\n<p class=\"key-to\">\
             <span><b>●</b> opens the file</span> \
             <span><b>◐</b> opens one of its key groups, and it takes more</span> \
             <span><b class=\"l\">!</b> lone key: without it nobody can open the file</span></p>\n\
             <div class=\"matrix\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">File</th>\
             <th scope=\"col\" class=\"up\"><span>bus factor</span></th>",
        );
        for (at, holder) in self.matrix.recipients.iter().enumerate() {
            let short = match &holder.name {
                Some(name) => text(name),
                None => text(&shortened(&holder.key, HEADING, "…")),
            };
            let whole = text(&name_and_key(holder));
            let number = at + 1;
            write!(
                self.html,
                "<th scope=\"col\" class=\"up\" title=\"{whole}\"><a href=\"#r{number}\">{short}</a></th>"
            )?;
        }
        self.html.push_str("</tr></thead>\n<tbody>\n");
        for file in &self.matrix.files {
            self.row(file)?;
        }
        self.html.push_str("</tbody>\n</table></div>\n");
        Ok(())
    }

    fn row(&mut self, file: &FileAccess) -> Written {
        let class = bad_if(file.bus_factor.count() < 2);
        let factor = match file.bus_factor {
            BusFactor::Exact(count) => count.to_string(),
            BusFactor::AtMost(count) => format!("≤{count}"),
        };
        write!(
            self.html,
            "<tr><th scope=\"row\">{}</th><td class=\"bus{class}\">{factor}</td>",
            with_groups(file)
        )?;
        let mut grants = file.grants.iter().peekable();
        for at in 0..self.matrix.recipients.len() {
            let grant = grants.next_if(|grant| grant.recipient == at);
            self.html
                .push_str(match grant.map(|it| (it.is_lone, it.opens_alone)) {
                    None => "<td></td>",
                    Some((true, _)) => "<td class=\"l\">lone key</td>",
                    Some((false, true)) => "<td class=\"o\">opens</td>",
                    Some((false, false)) => "<td class=\"s\">share</td>",
                });
        }
        self.html.push_str("</tr>\n");
        Ok(())
    }

    fn words(&mut self) -> Written {
        self.html.push_str(
            "<h2 id=\"words\">What the words mean</h2>\n<ul class=\"plain\">\n\
             <li><b>Bus factor</b>: the least number of keys whose loss makes a file undecryptable. Keys \
             are counted, not people: somebody with two keys counts twice. 0: nobody can open it as it \
             is. ≤: it may be less.</li>\n\
             <li><b>Lone key</b>: without it nobody can open the file, whoever else has a key.</li>\n\
             <li><b>Key groups</b>: some files are locked several times, and it takes keys of so many \
             groups to open them.</li>\n\
             <li>That a file is encrypted for a key does not say that the key still exists: ask its owner \
             to open a file with it (<code>sopsguard keys</code>).</li>\n</ul>\n",
        );
        Ok(())
    }
}

/// How it stands with all files, in one sentence.
fn verdict(files: usize, lone: usize, lost: usize) -> (&'static str, String) {
    let lone_told = match lone {
        1 => format!("1 of {} is lost if one key is lost.", plural(files, "file")),
        lone => format!(
            "{lone} of {} are lost if one key is lost.",
            plural(files, "file")
        ),
    };
    let lost_told = match lost {
        1 => "1 file can be opened by nobody.".to_owned(),
        lost => format!("{lost} files can be opened by nobody."),
    };
    match (files, lone, lost) {
        (0, _, _) => ("", "There are no secret files here.".to_owned()),
        (_, 0, 0) => ("", "No file depends on a single key.".to_owned()),
        (_, _, 0) => (bad_if(true), lone_told),
        (_, 0, _) => (bad_if(true), lost_told),
        (_, _, _) => (bad_if(true), format!("{lone_told} {lost_told}")),
    }
}

fn bad_if(is_bad: bool) -> &'static str {
    if is_bad { " bad" } else { "" }
}

fn name_and_key(holder: &Keyholder) -> String {
    match &holder.name {
        Some(name) => format!("{name}: {}", holder.key),
        None => holder.key.clone(),
    }
}
