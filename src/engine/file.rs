//! One file, from its bytes to what is known of it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::inputs::{Content, Input, Origin};
use super::{Error, FileReport, MAX_FILE_LEN, NotEvaluated, sign};
use crate::document::{self, Document, Foreign, Format, Tree};
use crate::finding::Finding;
use crate::fs;
use crate::keys::{self, Keyring};
use crate::repo::{BlobId, Blobs, Unread};
use crate::rules::{
    Check, Due, FileContext, Findings, Needs, OF_ANY_FILE, RULES, Rule, Unreadable,
};
use crate::sops::{self, MetadataErrors, Problem, Reason, SopsFile, Verification};
use crate::source::{DecodeError, Source, SourceId, Span};

/// What became of an input.
pub(super) enum Looked {
    /// A file that nobody named and that is not sops's.
    PassedOver {
        /// The private keys in it.
        findings: Vec<Finding>,
        /// Whether it was searched for any.
        is_searched: bool,
    },
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

/// The most bytes of a file that is searched for private keys only.
const MAX_SEARCHED_LEN: usize = 1 << 20;

impl Looked {
    /// A file that there is nothing to say about.
    fn passed_over(is_searched: bool) -> Self {
        Self::PassedOver {
            findings: Vec::new(),
            is_searched,
        }
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
    lacks_metadata: Option<Due>,
    foreign: Option<Foreign>,
    problems: Vec<Problem>,
    documents: Option<usize>,
    recipients: Vec<String>,
    unreadable_by: Vec<String>,
    refused_version: Option<Span>,
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
            Some(Err(Unread::TooLarge)) | None => Looked::passed_over(false),
        }
    }

    fn at_disk(self, place: &Path, keyring: &Keyring) -> Looked {
        let id = SourceId::WorkTree(self.path.clone());
        if self.format == Format::Binary && self.due() == Due::Nobody {
            match fs::read(place, MAX_SEARCHED_LEN) {
                Ok(bytes) => return self.at_bytes(id, bytes, keyring),
                // Any file can be a binary file of sops's; its envelope is a JSON object.
                Err(fs::Error::TooLarge { .. })
                    if fs::first_visible_byte(place).is_ok_and(|byte| byte == Some(b'{')) => {}
                Err(fs::Error::TooLarge { .. }) => return Looked::passed_over(false),
                Err(_) => return Looked::passed_over(true),
            }
        }
        match fs::read(place, MAX_FILE_LEN) {
            Ok(bytes) => self.at_bytes(id, bytes, keyring),
            Err(fs::Error::TooLarge { .. }) if !fs::contains(place, sign::TOKEN.as_bytes()) => {
                self.clear(Known::default())
            }
            Err(error) if self.counts_unread() => self.unreadable(&Unreadable::Io(error), None),
            Err(_) => Looked::passed_over(true),
        }
    }

    /// Who says that the file should be encrypted.
    fn due(&self) -> Due {
        if self.has_secret_name {
            Due::Name
        } else if self.origin == Origin::Named {
            Due::User
        } else {
            Due::Nobody
        }
    }

    /// Whether it matters that the file could not be read.
    fn counts_unread(&self) -> bool {
        self.format == Format::Yaml || self.due() != Due::Nobody
    }

    fn at_bytes(self, id: SourceId, bytes: Vec<u8>, keyring: &Keyring) -> Looked {
        let due = self.due();
        if due != Due::Nobody
            && let Some(foreign) = Foreign::of_file(&self.path, &bytes)
        {
            return self.foreign(foreign, id, bytes);
        }
        if self.format != Format::Yaml {
            return self.at_other_format(id, bytes);
        }
        if due == Due::Nobody && !sign::may_have_metadata(&bytes) {
            return self.pass_over(id, bytes);
        }
        if bytes.len() > MAX_FILE_LEN {
            let error = self.too_large(MAX_FILE_LEN);
            return self.unreadable(&Unreadable::Io(error), None);
        }
        let marked = sign::looks_encrypted(&bytes);
        let counts = due != Due::Nobody || marked;
        let (source, error) = decode(id, bytes);
        match (source, error) {
            (Some(source), None) => self.at_text(&source, counts, marked, keyring),
            (source, Some(error)) if counts => {
                let unreadable = self.undecodable(error);
                self.unreadable(&unreadable, source.as_ref())
            }
            (Some(source), _) => self.pass_over_text(&source),
            (None, _) => Looked::passed_over(false),
        }
    }

    /// A file of a format that is recognised and not read yet.
    fn at_other_format(self, id: SourceId, bytes: Vec<u8>) -> Looked {
        // Any file can be a binary file of sops's; its envelope is a JSON object.
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let needs_brace = self.format == Format::Binary && self.due() == Due::Nobody;
        let may_be_sops = !needs_brace || first == Some(&b'{');
        // A YAML file under another name: sops reads it as the name says, and fails.
        let is_sops = may_be_sops
            && (sign::has_foreign_metadata(self.format, &bytes) || sign::looks_encrypted(&bytes));
        if !is_sops && self.due() == Due::Nobody {
            return self.pass_over(id, bytes);
        }
        let (source, _) = decode(id, bytes);
        if is_sops {
            let what = format!("the format {}", self.format.name());
            return self.unsupported(&what, source.as_ref());
        }
        let Some(source) = source else {
            return self.clear(Known::default());
        };
        let known = Known {
            source: Some(&source),
            ..Known::default()
        };
        // What is JSON is nearly always YAML, too, and all that is wanted here is its values.
        match Document::parse(&source, Format::Yaml) {
            Ok(document) if self.format == Format::Json => self.clear(Known {
                document: Some(&document),
                foreign: Foreign::of_document(source.text(), document.tree()),
                ..known
            }),
            _ => self.clear(known),
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

    /// `counts` says whether it matters that it cannot be read, `marked` whether sops wrote it once.
    fn at_text(self, source: &Source, counts: bool, marked: bool, keyring: &Keyring) -> Looked {
        let document = match Document::parse(source, self.format) {
            Ok(document) => document,
            Err(document::Error::Undecidable(what)) if counts => {
                return self.unsupported(what, Some(source));
            }
            Err(_) if is_blank(source.text()) => return self.clear(Known::default()),
            Err(error) if counts && !marked && source.text().contains("{{") => {
                let at = error.span().map(|span| source.position(span.start()));
                return self.template(&Unreadable::Template { at }, source);
            }
            Err(error) if counts => {
                let unreadable = refused(&error, source);
                return self.unreadable(&unreadable, Some(source));
            }
            Err(_) => return self.pass_over_text(source),
        };
        let known = Known {
            source: Some(source),
            document: Some(&document),
            documents: Some(document.tree().branches().len()),
            ..Known::default()
        };
        match SopsFile::of(&document) {
            Ok(None) => {
                let foreign = Foreign::of_document(source.text(), document.tree());
                self.clear(Known { foreign, ..known })
            }
            Err(_) if !counts && !has_marks(document.tree()) => self.clear(known),
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

    /// A file without metadata. Met on a walk it counts only where its name says that it should be
    /// encrypted, or where a rule finds that it was.
    fn clear(self, known: Known<'_>) -> Looked {
        let due = self.due();
        let lacks_metadata = Some(due).filter(|_| known.foreign.is_none());
        let known = Known {
            lacks_metadata,
            ..known
        };
        let looked = self.report(known, Verification::NotEncrypted, Needs::Key, "");
        match looked {
            Looked::At { findings, .. }
                if due == Due::Nobody
                    && findings.iter().all(|found| found.rule == OF_ANY_FILE.id) =>
            {
                Looked::PassedOver {
                    findings,
                    is_searched: true,
                }
            }
            looked => looked,
        }
    }

    /// A file of another program's.
    fn foreign(self, foreign: Foreign, id: SourceId, bytes: Vec<u8>) -> Looked {
        let (source, _) = decode(id, bytes);
        self.clear(Known {
            source: source.as_ref(),
            foreign: Some(foreign),
            ..Known::default()
        })
    }

    fn template(self, unreadable: &Unreadable, source: &Source) -> Looked {
        self.clear(Known {
            source: Some(source),
            unreadable: Some(unreadable),
            foreign: Some(Foreign::Template),
            ..Known::default()
        })
    }

    /// A file that nobody asked about and that is not sops's.
    fn pass_over(self, id: SourceId, bytes: Vec<u8>) -> Looked {
        let is_searched = bytes.len() <= MAX_SEARCHED_LEN && sign::is_text(&bytes);
        if !is_searched || !sign::is_utf16(&bytes) && !keys::may_be_exposed(&bytes) {
            return Looked::passed_over(is_searched);
        }
        match decode(id, bytes) {
            (Some(source), _) => self.pass_over_text(&source),
            (None, _) => Looked::passed_over(false),
        }
    }

    fn pass_over_text(self, source: &Source) -> Looked {
        if !keys::may_be_exposed(source.text().as_bytes()) {
            return Looked::passed_over(true);
        }
        let known = Known {
            source: Some(source),
            ..Known::default()
        };
        let (findings, _) = self.run(&[OF_ANY_FILE], &known, Needs::Nothing, "");
        Looked::PassedOver {
            findings,
            is_searched: true,
        }
    }

    fn unsupported(self, what: &str, source: Option<&Source>) -> Looked {
        let reason = Reason::Unsupported(what.to_owned());
        let lacking = reason.to_string();
        let known = Known {
            source,
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

    /// Runs all rules. `lacking` says why those that need more than was reached tell nothing.
    fn report(
        self,
        known: Known<'_>,
        verification: Verification,
        reached: Needs,
        lacking: &str,
    ) -> Looked {
        let (findings, not_evaluated) = self.run(&RULES, &known, reached, lacking);
        Looked::At {
            file: self.file(known, verification),
            findings,
            not_evaluated,
        }
    }

    fn run(
        &self,
        rules: &[&Rule],
        known: &Known<'_>,
        reached: Needs,
        lacking: &str,
    ) -> (Vec<Finding>, Vec<NotEvaluated>) {
        let context = FileContext {
            path: &self.path,
            source: known.source,
            document: known.document,
            file: known.file,
            format: self.format,
            lacks_metadata: known.lacks_metadata,
            unreadable: known.unreadable,
            problems: &known.problems,
            refused_version: known.refused_version,
            unreadable_by: &known.unreadable_by,
            parts: OnceCell::new(),
        };
        let mut findings = Vec::new();
        let mut not_evaluated = Vec::new();
        for rule in rules {
            let Check::File(check) = rule.check else {
                continue;
            };
            let before = findings.len();
            check(&context, &mut Findings::new(rule, &context, &mut findings));
            if rule.needs > reached && findings.len() == before {
                not_evaluated.push(NotEvaluated {
                    path: self.path.clone(),
                    rule: rule.id,
                    reason: lacking.to_owned(),
                });
            }
        }
        findings.sort_by(|a, b| (a.location.start, a.rule).cmp(&(b.location.start, b.rule)));
        (findings, not_evaluated)
    }

    fn file(self, known: Known<'_>, verification: Verification) -> Box<FileReport> {
        Box::new(FileReport {
            path: self.path,
            format: self.format,
            documents: known.documents,
            verification,
            foreign: known.foreign,
            recipients: known.recipients,
            unreadable_by: known.unreadable_by,
        })
    }
}

/// The bytes as a text, if need be without what is no text in them; and why they are none.
fn decode(id: SourceId, bytes: Vec<u8>) -> (Option<Source>, Option<DecodeError>) {
    if std::str::from_utf8(&bytes).is_ok() || sign::is_utf16(&bytes) {
        return match Source::decode(id, bytes) {
            Ok(source) => (Some(source), None),
            Err(error) => (None, Some(error)),
        };
    }
    let spare = bytes.clone();
    let error = Source::decode(id.clone(), bytes).err();
    (Source::of_ascii(id, spare).ok(), error)
}

/// Whether a YAML text holds nothing but comments.
fn is_blank(text: &str) -> bool {
    let is_blank = |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
    text.lines().all(is_blank)
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
