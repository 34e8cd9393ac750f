//! One file, from its bytes to what is known of it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::inputs::{Content, Input, Origin};
use super::refused::{self, Certain, has_marks};
use super::{Error, FileReport, MAX_FILE_LEN, NotEvaluated, sign};
use crate::document::{self, Document, Format, Reading, RepeatedKey};
use crate::finding::Finding;
use crate::fs;
use crate::keys::Keyring;
use crate::repo::{BlobId, Blobs, Unread};
use crate::rules::{Check, FileContext, Findings, Needs, RULES, Unreadable};
use crate::sops::{
    self, ClearComment, MetadataErrors, Place, Problem, Reason, SopsFile, Verification,
};
use crate::source::{self, Conflict, DecodeError, Source, SourceId, Span};

/// What became of an input.
pub(super) enum Looked {
    /// A file that nobody named and that is not sops's.
    PassedOver,
    /// A file whose bytes git does not give.
    NotGiven(Error),
    /// A file for the report.
    At {
        file: Box<FileReport>,
        findings: Vec<Finding>,
        not_evaluated: Vec<NotEvaluated>,
    },
}

/// Looks at one file: reads it, verifies it and runs the rules on it.
pub(super) fn look(input: Input, keyring: &Keyring, blobs: Option<&Blobs<'_>>) -> Looked {
    let look = Look {
        format: Format::of_path(&input.path),
        path: input.path,
        origin: input.origin,
        has_secret_name: input.has_secret_name,
    };
    match input.content {
        Content::Index(id) => look.in_index(&id, blobs, keyring),
        Content::Given(bytes) => {
            let id = SourceId::Stdin(look.path.clone());
            look.at_bytes(id, bytes, keyring)
        }
        Content::Disk(place) => look.at_disk(&place, keyring),
        Content::Outside => look.unsupported("a link out of the folder that is checked", None),
        Content::Lost(unreadable) => look.unreadable(&unreadable, None),
    }
}

/// A look at one file.
struct Look {
    path: PathBuf,
    format: Format,
    origin: Origin,
    has_secret_name: bool,
}

/// What reading and verifying a file gave.
#[derive(Default)]
struct Known<'a> {
    source: Option<&'a Source>,
    document: Option<&'a Document<'a>>,
    file: Option<&'a SopsFile<'a>>,
    unreadable: Option<&'a Unreadable>,
    problems: Vec<Problem>,
    documents: Option<usize>,
    recipients: Vec<String>,
    unreadable_by: Vec<String>,
    refused_version: Option<Span>,
    clear_comments: Vec<ClearComment>,
    unselected: Vec<Place>,
    repeated_keys: Vec<RepeatedKey>,
    conflicts: Vec<Conflict>,
}

impl Look {
    fn in_index(self, id: &BlobId, blobs: Option<&Blobs<'_>>, keyring: &Keyring) -> Looked {
        match blobs.map(|blobs| blobs.read(id, MAX_FILE_LEN)) {
            Some(Ok(bytes)) => {
                let id = SourceId::Index(self.path.clone());
                self.at_bytes(id, bytes, keyring)
            }
            Some(Err(Unread::TooLarge)) if self.counts_unread() => {
                let error = self.too_large(MAX_FILE_LEN);
                self.unreadable(&Unreadable::Io(error), None)
            }
            Some(Err(Unread::Failed(error))) => Looked::NotGiven(error.into()),
            Some(Err(Unread::TooLarge)) | None => Looked::PassedOver,
        }
    }

    fn at_disk(self, place: &Path, keyring: &Keyring) -> Looked {
        // Any file can be a binary file of sops's; its envelope is a JSON object.
        let needs_brace = self.format == Format::Binary && self.origin == Origin::Walked;
        if needs_brace && fs::first_visible_byte(place).is_ok_and(|byte| byte != Some(b'{')) {
            return self.not_encrypted(None);
        }
        match fs::read(place, MAX_FILE_LEN) {
            Ok(bytes) => {
                let id = SourceId::WorkTree(self.path.clone());
                self.at_bytes(id, bytes, keyring)
            }
            Err(fs::Error::TooLarge { .. }) if !fs::contains(place, sign::TOKEN.as_bytes()) => {
                self.not_encrypted(None)
            }
            Err(error) if self.counts_unread() => self.unreadable(&Unreadable::Io(error), None),
            Err(_) => Looked::PassedOver,
        }
    }

    /// Whether it matters that the file could not be read.
    fn counts_unread(&self) -> bool {
        self.origin == Origin::Named || self.format == Format::Yaml || self.has_secret_name
    }

    fn at_bytes(self, id: SourceId, bytes: Vec<u8>, keyring: &Keyring) -> Looked {
        if self.format != Format::Yaml {
            // A YAML file under another name: sops reads it as the name says, and fails.
            return if sign::has_foreign_metadata(self.format, &bytes)
                || sign::looks_encrypted(&bytes)
            {
                let source = Source::decode(id, bytes).ok();
                let what = format!("the format {}", self.format.name());
                self.unsupported(&what, source.as_ref())
            } else {
                self.not_encrypted(None)
            };
        }
        let expected = self.origin == Origin::Named || self.has_secret_name;
        if !expected && !sign::may_have_metadata(&bytes) {
            return self.not_encrypted(None);
        }
        if bytes.len() > MAX_FILE_LEN {
            let error = self.too_large(MAX_FILE_LEN);
            return self.unreadable(&Unreadable::Io(error), None);
        }
        let marked = sign::looks_encrypted(&bytes);
        match Source::decode(id, bytes) {
            Ok(source) => self.at_text(&source, expected, marked, keyring),
            Err(error) if expected || marked => {
                let unreadable = self.undecodable(error);
                self.unreadable(&unreadable, None)
            }
            Err(_) => Looked::PassedOver,
        }
    }

    fn undecodable(&self, error: DecodeError) -> Unreadable {
        match error {
            DecodeError::NotText { position } => Unreadable::NotText { at: position },
            DecodeError::TooLarge { limit } => Unreadable::Io(self.too_large(limit)),
        }
    }

    fn too_large(&self, limit: usize) -> fs::Error {
        let path = self.path.clone();
        fs::Error::TooLarge { path, limit }
    }

    fn at_text(self, source: &Source, expected: bool, marked: bool, keyring: &Keyring) -> Looked {
        let Reading {
            document,
            error,
            repeated_keys,
        } = Document::read(source, self.format);
        let is_ours = expected || marked;
        let conflicts = is_ours.then(|| source::find_conflicts(source.text()));
        let known = Known {
            source: Some(source),
            documents: document.as_ref().map(|read| read.tree().branches().len()),
            repeated_keys,
            conflicts: conflicts.unwrap_or_default(),
            ..Known::default()
        };
        match (&document, error) {
            (Some(document), None) => self.at_document(document, known, is_ours, keyring),
            (None, None) => Looked::PassedOver,
            (_, Some(_)) if !is_ours => Looked::PassedOver,
            (_, Some(document::Error::Undecidable(what))) => self.unsupported(what, known.source),
            (document, Some(error)) => self.at_refused(source, document.as_ref(), &error, known),
        }
    }

    fn at_document<'a>(
        self,
        document: &'a Document<'a>,
        known: Known<'a>,
        is_ours: bool,
        keyring: &Keyring,
    ) -> Looked {
        match SopsFile::of(document) {
            Ok(None) => self.not_encrypted(known.documents),
            Err(_) if !is_ours && !has_marks(document.tree()) => {
                self.not_encrypted(known.documents)
            }
            Err(MetadataErrors(problems)) => {
                let values = refused::values(document);
                let known = Known {
                    document: Some(document),
                    problems: [problems, values.problems].concat(),
                    clear_comments: values.clear_comments,
                    unselected: values.unselected,
                    ..known
                };
                let lacking = "malformed-metadata";
                self.report(known, Verification::Failed, Needs::Document, lacking)
            }
            Ok(Some(file)) => {
                let known = Known {
                    document: Some(document),
                    ..known
                };
                self.at_sops_file(&file, known, keyring)
            }
        }
    }

    /// A text that sops would not load, with all that is certain of it all the same.
    fn at_refused<'a>(
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
        let file = document.and_then(|document| SopsFile::of(document).ok().flatten());
        let known = Known {
            document,
            file: file.as_ref(),
            unreadable: unreadable.as_ref(),
            problems: certain.problems,
            clear_comments: certain.clear_comments,
            unselected: certain.unselected,
            repeated_keys: certain.repeated_keys,
            recipients: file.iter().flat_map(SopsFile::shown_recipients).collect(),
            ..known
        };
        self.report(known, Verification::Failed, Needs::Nothing, "unreadable")
    }

    fn at_sops_file<'a>(
        self,
        file: &'a SopsFile<'a>,
        known: Known<'a>,
        keyring: &Keyring,
    ) -> Looked {
        let checked = sops::check(file, keyring);
        let lacking = match &checked.verification {
            Verification::NotVerified(reason) => Some(reason.to_string()),
            _ => checked.lacking.as_ref().map(ToString::to_string),
        };
        let reached = if lacking.is_some() {
            Needs::Metadata
        } else {
            Needs::Key
        };
        let known = Known {
            file: Some(file),
            problems: checked.inspection.problems,
            clear_comments: checked.inspection.clear_comments,
            unselected: checked.inspection.unselected,
            refused_version: file.version_refused_by_command(),
            recipients: file.shown_recipients().collect(),
            unreadable_by: match checked.verification {
                Verification::Verified => checked
                    .inspection
                    .unreadable_by
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                _ => Vec::new(),
            },
            ..known
        };
        self.report(
            known,
            checked.verification,
            reached,
            &lacking.unwrap_or_default(),
        )
    }

    /// A file that no rule has anything to look at in. Met on a walk it counts only where its name
    /// says that it should be encrypted.
    fn not_encrypted(self, documents: Option<usize>) -> Looked {
        if self.origin == Origin::Walked && !self.has_secret_name {
            return Looked::PassedOver;
        }
        let known = Known {
            documents,
            ..Known::default()
        };
        let file = self.file(known, Verification::NotEncrypted);
        Looked::At {
            file,
            findings: Vec::new(),
            not_evaluated: Vec::new(),
        }
    }

    fn unsupported(self, what: &str, source: Option<&Source>) -> Looked {
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

    fn unreadable(self, unreadable: &Unreadable, source: Option<&Source>) -> Looked {
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
            unreadable: Some(unreadable),
            ..Known::default()
        };
        self.report(known, verification, Needs::Nothing, "unreadable")
    }

    /// Runs the rules. `lacking` says why those that need more than was reached tell nothing.
    fn report(
        self,
        known: Known<'_>,
        verification: Verification,
        reached: Needs,
        lacking: &str,
    ) -> Looked {
        let context = FileContext {
            path: &self.path,
            source: known.source,
            document: known.document,
            file: known.file,
            unreadable: known.unreadable,
            problems: &known.problems,
            refused_version: known.refused_version,
            unreadable_by: &known.unreadable_by,
            clear_comments: &known.clear_comments,
            unselected: &known.unselected,
            repeated_keys: &known.repeated_keys,
            conflicts: &known.conflicts,
            parts: OnceCell::new(),
        };
        let mut findings = Vec::new();
        let mut not_evaluated = Vec::new();
        for rule in RULES {
            let Check::File(check) = rule.check else {
                continue;
            };
            let before = findings.len();
            check(&context, &mut Findings::new(rule, &context, &mut findings));
            if rule.needs > reached && findings.len() == before {
                let (path, reason) = (self.path.clone(), lacking.to_owned());
                not_evaluated.push(NotEvaluated {
                    path,
                    rule: rule.id,
                    reason,
                });
            }
        }
        findings.sort_by(|a, b| (a.location.start, a.rule).cmp(&(b.location.start, b.rule)));
        Looked::At {
            file: self.file(known, verification),
            findings,
            not_evaluated,
        }
    }

    fn file(self, known: Known<'_>, verification: Verification) -> Box<FileReport> {
        Box::new(FileReport {
            path: self.path,
            format: self.format,
            documents: known.documents,
            verification,
            recipients: known.recipients,
            unreadable_by: known.unreadable_by,
        })
    }
}

/// The reader's complaint, with its place as a line.
fn refused(error: &document::Error, source: &Source) -> Unreadable {
    Unreadable::Refused {
        message: error.to_string(),
        at: error.span().map(|span| source.position(span.start())),
    }
}
