//! The recipients one by one: who each is, and which files go with her.

use std::fmt::Write as _;

use super::text::{plural, text, with_groups};
use super::{Page, Written};
use crate::engine::{FileAccess, Grant, Keyholder};

/// From how many files on a recipient of most has the others listed.
const MAX_LISTED: usize = 60;

impl Page<'_> {
    /// A section a recipient.
    pub(super) fn owners(&mut self) -> Written {
        self.html.push_str("<h2 id=\"owners\">By recipient</h2>\n");
        for (at, holder) in self.matrix.recipients.iter().enumerate() {
            self.owner(at, holder)?;
        }
        if self.matrix.recipients.is_empty() {
            self.html
                .push_str("<p>There are no secret files here.</p>\n");
        }
        Ok(())
    }

    /// Who somebody is, and which files go with her.
    fn owner(&mut self, at: usize, holder: &Keyholder) -> Written {
        let reach = self.reaches.get(at).copied().unwrap_or_default();
        let role = match &holder.role {
            Some(role) => format!(" <span class=\"tag\">{}</span>", text(role)),
            None => String::new(),
        };
        let name = match &holder.name {
            Some(name) => text(name),
            None => "a key without a name".to_owned(),
        };
        let (kind, key, number) = (text(&holder.kind), text(&holder.key), at + 1);
        writeln!(
            self.html,
            "<section class=\"owner box\" id=\"r{number}\"><h3>{name}{role}</h3>\n\
             <p class=\"soft\">{kind} <code>{key}</code></p>"
        )?;
        if !holder.held_by.is_empty() {
            let held: Vec<String> = holder.held_by.iter().map(|place| text(place)).collect();
            writeln!(self.html, "<p>Copies: {}</p>", held.join(", "))?;
        }
        let all = self.matrix.files.len();
        let lacks_few = reach.files > MAX_LISTED && reach.files * 2 > all;
        let told = match reach.files {
            0 => "No file is encrypted for this key.".to_owned(),
            files if files == all => format!("A key of all {}.", plural(files, "file")),
            files if lacks_few => format!(
                "A key of {files} of {}, all but these:",
                plural(all, "file")
            ),
            files => format!("A key of {files} of {}.", plural(all, "file")),
        };
        writeln!(self.html, "<p>{told}</p>")?;
        if lacks_few {
            self.lacking(at)?;
        }
        type Held<'m> = Vec<(&'m FileAccess, &'m Grant)>;
        let files = self.matrix.files_of(at);
        let (lone, others): (Held<'_>, Held<'_>) = files.partition(|(_, grant)| grant.is_lone);
        if !lone.is_empty() {
            let count = plural(lone.len(), "file");
            writeln!(
                self.html,
                "<p class=\"bad\"><b>{count} lost with this key</b></p>"
            )?;
            self.list(lone.into_iter().map(held_text))?;
        }
        if !lacks_few && !others.is_empty() {
            let is_mixed = reach.lone > 0;
            self.html.push_str(if is_mixed {
                "<p>Others can open, too</p>\n"
            } else {
                ""
            });
            self.list(others.into_iter().map(held_text))?;
        }
        self.html.push_str("</section>\n");
        Ok(())
    }

    /// The files of which a recipient has no key.
    fn lacking(&mut self, at: usize) -> Written {
        let has_one = |file: &FileAccess| file.grants.iter().any(|grant| grant.recipient == at);
        let files = self.matrix.files.iter().filter(|file| !has_one(file));
        let files: Vec<String> = files.map(with_groups).collect();
        match files.as_slice() {
            [] => Ok(()),
            _ => self.list(files.into_iter()),
        }
    }
}

fn held_text((file, grant): (&FileAccess, &Grant)) -> String {
    let path = with_groups(file);
    match grant.opens_alone {
        true => path,
        false => format!("{path} <span class=\"soft\">(a share)</span>"),
    }
}
