//! One file, from its bytes to what is known of it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::inputs::{Content, Input, Origin};
use super::{Error, FileReport, MAX_FILE_LEN, NotEvaluated, sign};
use crate::document::{self, Document, Format, Tree};
use crate::finding::Finding;
use crate::fs;
use crate::keys::{Keyring, Shut};
use crate::repo::{BlobId, Blobs, Unread};
use crate::rules::{Check, FileContext, Findings, Needs, RULES, Unreadable};
use crate::sops::{self, MetadataErrors, Problem, Reason, SopsFile, Verification};
use crate::source::{DecodeError, Source, SourceId, Span};

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
        /// What is shut, where the verdict may be another once more identities are woken.
        shut: Option<Shut>,
    },
}

/// Looks at one file: reads it, verifies it and runs the rules on it.
pub(super) fn look(input: &Input, keyring: &Keyring, blobs: Option<&Blobs<'_>>) -> Looked {
    let look = Look {
        format: Format::of_path(&input.path),
        path: input.path.clone(),
        origin: input.origin,
        has_secret_name: input.has_secret_name,
    };
    match &input.content {
        Content::Index(id) => look.in_index(id, blobs, keyring),
        Content::Given(bytes) => {
            let id = SourceId::Stdin(look.path.clone());
            look.at_bytes(id, bytes.clone(), keyring)
        }
        Content::Disk(place) => look.at_disk(place, keyring),
        Content::Outside => look.unsupported("a link out of the folder that is checked"),
        Content::Lost(unreadable) => look.unreadable(unreadable, None),
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
    shut: Option<Shut>,
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
                let what = format!("the format {}", self.format.name());
                self.unsupported(&what)
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
        let document = match Document::parse(source, self.format) {
            Ok(document) => document,
            Err(document::Error::Undecidable(what)) if expected || marked => {
                return self.unsupported(what);
            }
            Err(error) if expected || marked => {
                let unreadable = refused(&error, source);
                return self.unreadable(&unreadable, Some(source));
            }
            Err(_) => return Looked::PassedOver,
        };
        let documents = Some(document.tree().branches().len());
        let known = Known {
            source: Some(source),
            document: Some(&document),
            documents,
            ..Known::default()
        };
        match SopsFile::of(&document) {
            Ok(None) => self.not_encrypted(documents),
            Err(_) if !expected && !marked && !has_marks(document.tree()) => {
                self.not_encrypted(documents)
            }
            Err(MetadataErrors(problems)) => {
                let known = Known { problems, ..known };
                self.report(
                    known,
                    Verification::Failed,
                    Needs::Document,
                    "malformed-metadata",
                )
            }
            Ok(Some(file)) => self.at_sops_file(&file, known, keyring),
        }
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
            refused_version: file.version_refused_by_command(),
            recipients: file.shown_recipients().collect(),
            shut: checked.shut,
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
            shut: None,
        }
    }

    fn unsupported(self, what: &str) -> Looked {
        let reason = Reason::Unsupported(what.to_owned());
        let lacking = reason.to_string();
        self.report(
            Known::default(),
            Verification::NotVerified(reason),
            Needs::Nothing,
            &lacking,
        )
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
        mut known: Known<'_>,
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
        let shut = known.shut.take();
        Looked::At {
            file: self.file(known, verification),
            findings,
            not_evaluated,
            shut,
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

/// The reader's complaint, with places as lines.
fn refused(error: &document::Error, source: &Source) -> Unreadable {
    let at = error.span().map(|span| source.position(span.start()));
    let related = error.related().map(|span| source.position(span.start()));
    let message = match related {
        Some(first) => format!("{error}, in line {}", first.line),
        None => error.to_string(),
    };
    Unreadable::Refused { message, at }
}

/// Whether a top-level `sops` mapping is the metadata of a secret file.
fn has_marks(tree: &Tree<'_>) -> bool {
    let first = tree.branches().first();
    let metadata = first.and_then(|branch| tree.pair(*branch, "sops"));
    metadata.is_some_and(|metadata| {
        let has = |mark: &&&str| tree.pair(metadata.value, mark).is_some();
        sign::MARKS.iter().filter(has).count() >= 2
    })
}
