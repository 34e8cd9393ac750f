//! What is said of a file that sops, or this program, does not read.

use super::file::{Look, Looked};
use super::known::Known;
use super::refused::Certain;
use super::sign;
use crate::document::{self, Document};
use crate::fs;
use crate::rules::{Needs, Unreadable};
use crate::sops::{Reason, SopsFile, Verification};
use crate::source::{self, Source};

impl Look<'_> {
    /// A text that sops would not load, with all that is certain of it all the same.
    pub(super) fn at_refused<'a>(
        self,
        source: &'a Source,
        document: Option<&'a Document<'a>>,
        error: &document::Error,
        known: Known<'a>,
    ) -> Looked {
        let certain = match document {
            Some(document) => Certain::of_document(document, known.repeated_keys),
            None if known.conflicts.is_empty() => Certain::of_keys(known.repeated_keys),
            None => Certain::of_conflicts(source, self.format, &known.conflicts),
        };
        let is_of_merge = known.conflicts.first().is_some_and(|first| {
            let at = error.span();
            at.is_none_or(|at| at.start() >= first.start.start())
        });
        let unreadable = match &certain.error {
            // The rule about repeated keys tells it, with all others.
            _ if error.related().is_some() => None,
            Some(error) if is_of_merge => Some(refused(error, source)),
            None if is_of_merge => None,
            Some(_) | None => Some(refused(error, source)),
        };
        let file = document.map(SopsFile::of);
        let is_clear = matches!(file, Some(Ok(None)))
            || certain.is_clear
            || !sign::may_have_been_encrypted(self.format, source.bytes());
        let file = file.and_then(Result::ok).flatten();
        let known = Known {
            document,
            file: file.as_ref(),
            lacks_metadata: Some(self.due()).filter(|_| is_clear),
            unreadable: unreadable.as_ref(),
            problems: certain.problems,
            clear_comments: certain.clear_comments,
            unselected: certain.unselected,
            repeated_keys: certain.repeated_keys,
            openers: file.iter().flat_map(SopsFile::openers).collect(),
            groups_needed: file.as_ref().map_or(0, SopsFile::groups_needed),
            ..known
        };
        self.report(known, Verification::Failed, Needs::Nothing, "unreadable")
    }

    /// A file of which nothing can be said, and why.
    pub(super) fn unsupported(self, what: &str, source: Option<&Source>) -> Looked {
        let reason = Reason::Unsupported(what.to_owned());
        let lacking = reason.to_string();
        let known = Known {
            source,
            conflicts: source.map_or_else(Vec::new, |source| source::find_conflicts(source.text())),
            ..Known::default()
        };
        let verification = Verification::NotVerified(reason);
        self.report(known, verification, Needs::Nothing, &lacking)
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(self, unreadable: &Unreadable, source: Option<&Source>) -> Looked {
        let verification = match unreadable {
            // sops reads larger files than this program does.
            Unreadable::Io(fs::Error::TooLarge { limit, .. }) => {
                let what = format!("files larger than {} MiB", limit >> 20);
                Verification::NotVerified(Reason::Unsupported(what))
            }
            _ => Verification::Failed,
        };
        let known = Known {
            source,
            conflicts: source.map_or_else(Vec::new, |source| source::find_conflicts(source.text())),
            unreadable: Some(unreadable),
            ..Known::default()
        };
        self.report(known, verification, Needs::Nothing, "unreadable")
    }
}

/// The reader's complaint, with its place as a line.
fn refused(error: &document::Error, source: &Source) -> Unreadable {
    Unreadable::Refused {
        message: error.to_string(),
        at: error.span().map(|span| source.position(span.start())),
    }
}
