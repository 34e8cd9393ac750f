//! Files that are not sops's, whatever their names say: in clear, of other programs, or of nobody's
//! concern but for the private keys in them.

use super::file::{Look, Looked, MAX_SEARCHED_LEN};
use super::known::Known;
use super::sign;
use crate::document::{Document, Foreign, Format};
use crate::keys;
use crate::rules::{Command, Due, Needs, OF_ANY_FILE, Unreadable};
use crate::sops::Verification;
use crate::source::{DecodeError, Source, SourceId};

impl Look<'_> {
    /// A file that somebody named, and that is no JSON under a name that is binary to sops.
    pub(super) fn at_any_content(self, id: SourceId, bytes: Vec<u8>) -> Looked {
        let is_other = sign::looks_encrypted(Format::Yaml, &bytes);
        let (source, _) = decode(id, bytes, self.format);
        if is_other {
            // A YAML file under another name: sops reads it as the name says, and fails.
            let what = "a format that its name does not tell (see `--input-type`)";
            return self.unsupported(what, source.as_ref());
        }
        self.clear(Known {
            source: source.as_ref(),
            ..Known::default()
        })
    }

    /// A file without metadata. Met on a walk it counts only where its name says that it should be
    /// encrypted, or where a rule finds that it was.
    pub(super) fn clear(self, known: Known<'_>) -> Looked {
        let due = self.due_of(&known);
        let lacks_metadata = Some(due).filter(|_| known.foreign.is_none());
        let repeated_keys = match due {
            // Nobody encrypts it, and nobody asked.
            Due::Rule | Due::Nobody => Vec::new(),
            _ => known.repeated_keys,
        };
        let known = Known {
            lacks_metadata,
            repeated_keys,
            ..known
        };
        let looked = self.report(known, Verification::NotEncrypted, Needs::Key, "");
        match looked {
            Looked::At { findings, .. }
                if matches!(due, Due::Rule | Due::Nobody)
                    && findings.iter().all(|found| found.rule == OF_ANY_FILE.id) =>
            {
                Looked::PassedOver {
                    findings,
                    is_searched: true,
                    deployment: None,
                }
            }
            looked => looked,
        }
    }

    /// Whether a rule of `.sops.yaml` may say that a file should be encrypted.
    pub(super) fn may_be_due_by_rule(&self, bytes: &[u8]) -> bool {
        let holds_manifests = matches!(self.format, Format::Yaml | Format::Json);
        holds_manifests
            && self.creation.is_some()
            && bytes.len() <= MAX_SEARCHED_LEN
            && sign::may_be_secret(bytes)
    }

    /// Who says that a file without metadata should be encrypted: if nobody else, a rule of `.sops.yaml`.
    fn due_of(&self, known: &Known<'_>) -> Due {
        let due = self.due();
        let rules = self.creation.filter(|_| due == Due::Nobody);
        match rules.zip(known.document.filter(|_| known.foreign.is_none())) {
            Some((rules, document)) if rules.pick_secret(&self.path, document) => Due::Rule,
            _ => due,
        }
    }

    /// A file of another program's.
    pub(super) fn foreign(self, foreign: Foreign, id: SourceId, bytes: Vec<u8>) -> Looked {
        let (source, _) = decode(id, bytes, self.format);
        self.clear(Known {
            source: source.as_ref(),
            foreign: Some(foreign),
            ..Known::default()
        })
    }

    pub(super) fn template(self, unreadable: &Unreadable, source: &Source) -> Looked {
        self.clear(Known {
            source: Some(source),
            unreadable: Some(unreadable),
            foreign: Some(Foreign::Template),
            ..Known::default()
        })
    }

    /// A file that nobody asked about and that is not sops's.
    pub(super) fn pass_over(self, id: SourceId, bytes: Vec<u8>) -> Looked {
        if self.command == Command::Audit {
            return Looked::passed_over(true);
        }
        let is_searched = bytes.len() <= MAX_SEARCHED_LEN && sign::is_text(&bytes);
        if !is_searched || !sign::is_utf16(&bytes) && !keys::may_be_exposed(&bytes) {
            return Looked::passed_over(is_searched);
        }
        match decode(id, bytes, Format::Yaml) {
            (Some(source), _) => self.pass_over_text(&source),
            (None, _) => Looked::passed_over(false),
        }
    }

    pub(super) fn pass_over_text(self, source: &Source) -> Looked {
        if self.command == Command::Audit || !keys::may_be_exposed(source.text().as_bytes()) {
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
            deployment: None,
        }
    }
}

/// The bytes as a text, if need be without what is no text in them; and why they are none.
pub(super) fn decode(
    id: SourceId,
    bytes: Vec<u8>,
    format: Format,
) -> (Option<Source>, Option<DecodeError>) {
    if format != Format::Yaml || std::str::from_utf8(&bytes).is_ok() || sign::is_utf16(&bytes) {
        return match Document::decode(id, bytes, format) {
            Ok(source) => (Some(source), None),
            Err(error) => (None, Some(error)),
        };
    }
    let spare = bytes.clone();
    let error = Source::decode(id.clone(), bytes).err();
    (Source::of_bytes(id, spare).ok(), error)
}
