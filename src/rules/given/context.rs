//! All that a rule about one file may see.

use std::cell::OnceCell;
use std::path::Path;

use super::Sound;
use crate::document::{self, Document, Format, RepeatedKey};
use crate::fs;
use crate::sops::{ClearComment, Place, Problem, ProblemKind, SopsFile};
use crate::source::{Conflict, Masked, Part, Position, Source, Span};

/// One file, read and verified as far as that went.
pub(crate) struct FileContext<'a> {
    /// The path as reports print it.
    pub(crate) path: &'a Path,
    /// The text; none where the file could not be read as text.
    pub(crate) source: Option<&'a Source>,
    /// The text as a document; also where sops refuses it for a reason that leaves no doubt about
    /// what stands where.
    pub(crate) document: Option<&'a Document<'a>>,
    /// The document as a file of sops's; none where it has no metadata that sops accepts.
    pub(crate) file: Option<&'a SopsFile<'a>>,
    /// The format that it was read as.
    pub(crate) format: Format,
    /// Who says so.
    pub(crate) format_from: FormatFrom,
    /// The format in which the text has sops's metadata, where that is another one.
    pub(crate) looks_like: Option<Format>,
    /// Where it has no sops metadata and is no other program's: who says that it should have some.
    pub(crate) lacks_metadata: Option<Due>,
    /// Why the file is no document.
    pub(crate) unreadable: Option<&'a Unreadable>,
    /// Everything for which sops would refuse the document.
    pub(crate) problems: &'a [Problem],
    /// Where the `sops` command finds no version that it takes, though sops's library reads the
    /// file.
    pub(crate) refused_version: Option<Span>,
    /// The versions of sops that refuse it although sops 3.13.3 does not.
    pub(crate) unreadable_by: &'a [String],
    /// How many values are known to be picked by the selectors.
    pub(crate) encrypted: usize,
    /// Comments in clear where sops encrypts them.
    pub(crate) clear_comments: &'a [ClearComment],
    /// Whole tokens where the selectors leave all in clear.
    pub(crate) unselected: &'a [Place],
    /// The keys that stand in their mapping twice.
    pub(crate) repeated_keys: &'a [RepeatedKey],
    /// What git could not merge.
    pub(crate) conflicts: &'a [Conflict],
    /// What a key tells of the history of a file whose MAC does not hold.
    pub(crate) sound: Option<&'a Sound<'a>>,
    /// What is known to be no secret in a text that is none of sops's files.
    pub(crate) shown: Option<&'a [Part]>,
    /// Where keys, values and comments stand; filled when the first finding needs it.
    pub(crate) parts: OnceCell<Vec<Part>>,
}

/// Who says that a file should be sops's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Its name.
    Name,
    /// The user, who asked about it.
    User,
    /// A creation rule, which would encrypt a value of the Secret in it.
    Rule,
    /// Nobody: it was met on a walk.
    Nobody,
}

/// Who says which format a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormatFrom {
    /// Its name, as sops takes it.
    Name,
    /// The user, with `--input-type`.
    User,
    /// Its text, for the name tells none.
    Text,
}

/// Why a file is no document that sops would load.
#[derive(Clone, Debug)]
pub(crate) enum Unreadable {
    /// The system does not give its bytes, or too many of them.
    Io(fs::Error),
    /// The walk of a folder could not go on.
    Walk(String),
    /// Its bytes are no text.
    NotText {
        /// The first byte that is none.
        at: Position,
    },
    /// It is a template, which sops's reader refuses.
    Template {
        /// Where it stopped.
        at: Option<Position>,
    },
    /// sops's reader refuses it.
    Refused {
        /// What the reader says, without any of the text.
        message: String,
        /// Where it stopped.
        at: Option<Position>,
    },
}

impl<'a> FileContext<'a> {
    /// A text that is none of sops's files; no text where there is no file any more.
    pub(crate) fn of_text(path: &'a Path, source: Option<&'a Source>) -> Self {
        Self {
            path,
            source,
            document: None,
            file: None,
            format: Format::Binary,
            format_from: FormatFrom::Name,
            looks_like: None,
            lacks_metadata: None,
            unreadable: None,
            problems: &[],
            refused_version: None,
            unreadable_by: &[],
            encrypted: 0,
            clear_comments: &[],
            unselected: &[],
            repeated_keys: &[],
            conflicts: &[],
            sound: None,
            shown: None,
            parts: OnceCell::new(),
        }
    }

    /// What may be shown of the text; nothing of one that is no document.
    pub(super) fn masked(&self) -> Option<Masked<'_>> {
        if let (Some(source), Some(parts)) = (self.source, self.shown) {
            return Some(Masked::new(source, parts));
        }
        let document = self.document?;
        let parts = self.parts.get_or_init(|| document::parts(document));
        Some(Masked::new(document.source(), parts))
    }

    /// The problems that belong to one rule, with what the rule knows of each.
    pub(crate) fn problems<T: 'a>(
        &self,
        pick: impl Fn(&'a ProblemKind) -> Option<&'a T> + 'a,
    ) -> impl Iterator<Item = (&'a Problem, &'a T)> + 'a {
        self.problems
            .iter()
            .filter_map(move |problem| Some((problem, pick(&problem.kind)?)))
    }
}
