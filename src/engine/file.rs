//! One file, from its bytes to what is known of it.

use std::path::{Path, PathBuf};

use super::bases::Bases;
use super::compare::{Compared, Versions};
use super::creation::CreationRules;
use super::inputs::{Content, Input, Origin};
use super::known::Known;
use super::names::Names;
use super::others::decode;
use super::refused::{self, has_marks};
use super::{Error, FileReport, MAX_FILE_LEN, NotEvaluated, guess, sign};
use crate::change::Tokens;
use crate::config::creation::SOPS_CONFIG;
use crate::deployment::{self, Deployment};
use crate::document::{self, Document, Foreign, Format, Reading};
use crate::finding::Finding;
use crate::keys::{Keyring, Shut};
use crate::repo::{BlobId, Blobs};
use crate::rules::{Command, Due, FileFacts, FormatFrom, Needs, Unreadable};
use crate::sops::{self, MetadataErrors, Reason, SopsFile, Verification};
use crate::source::{self, DecodeError, Source, SourceId};

/// What became of an input.
pub(super) enum Looked {
    /// A file that nobody named and that is not sops's.
    PassedOver {
        /// The private keys in it.
        findings: Vec<Finding>,
        /// Whether it was searched for any.
        is_searched: bool,
        /// What it says about what is deployed.
        deployment: Option<Box<Deployment>>,
    },
    /// A file whose bytes git does not give.
    NotGiven(Error),
    /// A file for the report.
    At {
        file: Box<FileReport>,
        findings: Vec<Finding>,
        not_evaluated: Vec<NotEvaluated>,
        /// Whether sops may have written it before the version that it goes on from.
        is_older: bool,
        /// What is shut, where the verdict may be another once more identities are woken.
        shut: Option<Shut>,
        /// Its tokens, where files are compared.
        tokens: Option<Tokens>,
        /// What the rules about all files may see of it.
        facts: Option<Box<FileFacts>>,
        /// What it says about what is deployed.
        deployment: Option<Box<Deployment>>,
    },
}

/// Looks at one file: reads it, verifies it and runs the rules on it.
pub(super) fn look(input: &Input, keyring: &Keyring, around: Around<'_>) -> Looked {
    let look = Look {
        bases: around.bases,
        command: around.command,
        creation: around.creation,
        names: around.names,
        trusts_changes: around.trusts_changes,
        keeps_tokens: around.keeps_tokens,
        blob: match &input.content {
            Content::Blob(id) => Some(id.clone()),
            _ => None,
        },
        format: input.format,
        format_from: input.format_from,
        path: input.path.clone(),
        origin: input.origin,
        has_secret_name: input.has_secret_name,
    };
    match &input.content {
        Content::Blob(id) => look.in_git(id, around.blobs, keyring),
        Content::Given(bytes) => {
            let id = SourceId::Stdin(look.path.clone());
            look.at_bytes(id, bytes.clone(), keyring)
        }
        Content::Disk(place) => look.at_disk(place, keyring),
        // What it is a link to is nobody's file here, but it counts as the folder's configuration.
        Content::Outside if is_configuration(&look.path) => Looked::passed_over(false),
        Content::Outside => look.unsupported("a link out of the folder that is checked", None),
        Content::Lost(unreadable) => look.unreadable(unreadable, None),
    }
}

fn is_configuration(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == SOPS_CONFIG)
}

/// What there is around the files.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// Whose rules are evaluated.
    pub(super) command: Command,
    pub(super) blobs: Option<&'a Blobs<'a>>,
    /// What they are compared with; none outside of a repository.
    pub(super) bases: Option<&'a Bases<'a>>,
    /// The rules that say which files should be secret, where that is asked.
    pub(super) creation: Option<&'a CreationRules<'a>>,
    /// Where names of keys stand, where findings have any.
    pub(super) names: Option<Names<'a>>,
    /// Whether files with other selectors than before are opened.
    pub(super) trusts_changes: bool,
    /// Whether files are compared with each other.
    pub(super) keeps_tokens: bool,
}

/// A look at one file.
pub(super) struct Look<'a> {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) format_from: FormatFrom,
    origin: Origin,
    has_secret_name: bool,
    pub(super) bases: Option<&'a Bases<'a>>,
    pub(super) command: Command,
    pub(super) creation: Option<&'a CreationRules<'a>>,
    pub(super) names: Option<Names<'a>>,
    trusts_changes: bool,
    keeps_tokens: bool,
    /// What git calls the content, where it is from there.
    pub(super) blob: Option<BlobId>,
}

/// The most bytes of a file that is searched for private keys only.
pub(super) const MAX_SEARCHED_LEN: usize = 1 << 20;

impl Looked {
    /// A file that there is nothing to say about.
    pub(super) fn passed_over(is_searched: bool) -> Self {
        Self::PassedOver {
            findings: Vec::new(),
            is_searched,
            deployment: None,
        }
    }

    /// A text in clear of which no rule says that it should be encrypted: an example or a template by its name.
    fn in_clear_unless_found(mut self) -> Self {
        if let Self::At { file, findings, .. } = &mut self
            && findings.is_empty()
        {
            file.verification = Verification::NotEncrypted;
        }
        self
    }

    /// The same, with what the file says about what is deployed.
    fn telling(mut self, told: Option<Box<Deployment>>) -> Self {
        match &mut self {
            Self::PassedOver { deployment, .. } | Self::At { deployment, .. } => *deployment = told,
            Self::NotGiven(_) => {}
        }
        self
    }
}

impl Look<'_> {
    /// Who says that the file should be encrypted.
    pub(super) fn due(&self) -> Due {
        if self.has_secret_name {
            Due::Name
        } else if self.origin == Origin::Named {
            Due::User
        } else {
            Due::Nobody
        }
    }

    pub(super) fn at_bytes(self, id: SourceId, bytes: Vec<u8>, keyring: &Keyring) -> Looked {
        let deployment = self.deployment(&id, &bytes);
        let looked = self.in_format_of(&bytes).at_typed(id, bytes, keyring);
        looked.telling(deployment)
    }

    /// What the file says about what is deployed, where the rules are asked that look at it.
    fn deployment(&self, id: &SourceId, bytes: &[u8]) -> Option<Box<Deployment>> {
        if self.command != Command::Audit || !deployment::may_tell(&self.path, bytes) {
            return None;
        }
        let source = Source::decode(id.clone(), bytes.to_vec()).ok()?;
        deployment::read(&self.path, &source).map(Box::new)
    }

    /// Bytes of which the format is settled.
    fn at_typed(self, id: SourceId, bytes: Vec<u8>, keyring: &Keyring) -> Looked {
        let due = self.due();
        // What sops wrote it reads, whatever the first key looks like.
        if due != Due::Nobody
            && !sign::looks_encrypted(self.format, &bytes)
            && let Some(foreign) = Foreign::of_file(&self.path, &bytes)
        {
            return self.foreign(foreign, id, bytes);
        }
        let is_guessed = self.format_from == FormatFrom::Text
            || self.format == Format::Json && guess::other_than(self.format, &bytes).is_some();
        let may_be_sops = is_guessed || sign::may_have_metadata(self.format, &bytes);
        let may_matter = may_be_sops || self.may_be_due_by_rule(&bytes);
        if due == Due::Nobody && !may_matter && !self.was_encrypted(&bytes) {
            return self.pass_over(id, bytes);
        }
        if due == Due::User && self.format == Format::Binary && !may_be_sops {
            return self.at_any_content(id, bytes);
        }
        if bytes.len() > MAX_FILE_LEN {
            let error = self.too_large(MAX_FILE_LEN);
            return self.unreadable(&Unreadable::Io(error), None);
        }
        let marked = is_guessed || sign::looks_encrypted(self.format, &bytes);
        let is_binary = self.format == Format::Binary;
        let counts = marked
            || match due {
                Due::Name => true,
                // Tools read more JSON than sops does, and any name is that of a binary file.
                Due::User => self.format == Format::Yaml || may_be_sops && !is_binary,
                Due::Rule | Due::Nobody => false,
            };
        let (source, error) = decode(id, bytes, self.format);
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

    fn undecodable(&self, error: DecodeError) -> Unreadable {
        match error {
            DecodeError::NotText { position } => Unreadable::NotText { at: position },
            DecodeError::TooLarge { limit } => Unreadable::Io(self.too_large(limit)),
        }
    }

    /// `counts` says whether it matters that it cannot be read, `marked` whether sops wrote it once.
    fn at_text(self, source: &Source, counts: bool, marked: bool, keyring: &Keyring) -> Looked {
        let Reading {
            document,
            error,
            repeated_keys,
        } = Document::read(source, self.format);
        let conflicts = counts.then(|| source::find_conflicts(source.text()));
        let known = Known {
            source: Some(source),
            documents: document.as_ref().map(|read| read.tree().branches().len()),
            repeated_keys,
            conflicts: conflicts.unwrap_or_default(),
            ..Known::default()
        };
        if sign::is_blank(source.text()) {
            let versions = self.versions_of_blank(source);
            if let compared @ Compared::With(_) = versions.compared() {
                return self.clear(Known { compared, ..known });
            }
        }
        let may_be_template = !marked && known.conflicts.is_empty();
        match (&document, error) {
            (Some(document), None) => self.at_document(document, known, counts, keyring),
            (None, None) => self.pass_over_text(source),
            (_, Some(_)) if !counts && self.due() == Due::Nobody => self.pass_over_text(source),
            (_, Some(_)) if !counts => self.clear(known),
            (_, Some(document::Error::Undecidable(what))) => self.unsupported(what, known.source),
            (_, Some(_)) if sign::is_blank(source.text()) => self.clear(Known::default()),
            (_, Some(_)) if self.format == Format::Binary && !marked => {
                let known = Known {
                    lacks_metadata: Some(self.due()),
                    ..known
                };
                self.report(known, Verification::Failed, Needs::Nothing, "unreadable")
                    .in_clear_unless_found()
            }
            (_, Some(error)) if may_be_template && document::is_template(source.text()) => {
                let at = error.span().map(|span| source.position(span.start()));
                self.template(&Unreadable::Template { at }, source)
            }
            (document, Some(error)) => self.at_refused(source, document.as_ref(), &error, known),
        }
    }

    fn at_document<'a>(
        self,
        document: &'a Document<'a>,
        known: Known<'a>,
        counts: bool,
        keyring: &Keyring,
    ) -> Looked {
        let known = Known {
            document: Some(document),
            ..known
        };
        match SopsFile::of(document) {
            Ok(None) => {
                let foreign = Foreign::of_document(document.source().text(), document.tree());
                let versions = self.versions_of_clear(document);
                let compared = versions.compared();
                self.clear(Known {
                    foreign,
                    compared,
                    ..known
                })
            }
            Err(_) if !counts && !has_marks(document.tree()) => self.clear(known),
            Err(MetadataErrors(problems)) => {
                let values = refused::values(document);
                let known = Known {
                    problems: [problems, values.problems].concat(),
                    clear_comments: values.clear_comments,
                    unselected: values.unselected,
                    ..known
                };
                let lacking = "malformed-metadata";
                self.report(known, Verification::Failed, Needs::Document, lacking)
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
        let versions = known.source.map(|source| self.versions(source, file));
        let versions = versions.unwrap_or_else(Versions::none);
        let compared = versions.compared();
        let tokens = known.source.filter(|_| self.keeps_tokens);
        let tokens = tokens.and_then(|source| versions.tokens(file, source, &compared));
        let is_guess = match &compared {
            Compared::With(nearest) => !self.trusts_changes && nearest.may_be_guess(),
            Compared::Same | Compared::Nothing(_) => false,
        };
        let checked = if is_guess {
            sops::check_closed(file, Reason::SelectorsChanged)
        } else if self.command == Command::Audit {
            sops::check_closed(file, Reason::NotAsked)
        } else {
            sops::check(file, keyring)
        };
        let lacking = match &checked.verification {
            Verification::NotVerified(reason) => Some(reason.to_string()),
            _ => checked.lacking.as_ref().map(ToString::to_string),
        };
        let reached = if lacking.is_some() {
            Needs::Metadata
        } else {
            Needs::Key
        };
        let now = self.now_of(file);
        let (since, sound) = self.told_by_history(now.as_ref());
        let known = Known {
            file: Some(file),
            compared,
            since,
            sound,
            tokens,
            problems: checked.inspection.problems,
            encrypted: checked.inspection.encrypted,
            clear_comments: checked.inspection.clear_comments,
            unselected: checked.inspection.unselected,
            refused_version: file.version_refused_by_command(),
            openers: file.openers().collect(),
            groups_needed: file.groups_needed(),
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
}
