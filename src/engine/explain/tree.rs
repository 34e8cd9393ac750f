//! `explain --tree`: the leaves of a document, as sops sees them.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Explanation, KeyName, Leaf};
use crate::document::{Document, Format, Scalar};
use crate::engine::{Error, MAX_FILE_LEN, Target, guess, sign};
use crate::environment::Environment;
use crate::fs;
use crate::sops::{
    self, MetadataErrors, Overrun, Selectors, SopsFile, Token, ValueType, Visit, walk,
};
use crate::source::{Source, SourceId};

/// Lists the leaves of a document with sops's eyes. It needs no key.
///
/// A file without metadata is judged as sops would judge it with no selector set. The format is
/// `input_type`, or what the file's name says, or the text where the name says nothing.
///
/// # Errors
/// [`Error::NotLoaded`] where sops would not load the document or its metadata, or would stop in the
/// middle of it; [`Error::NotRead`] where there is nothing to read.
pub fn explain_tree(
    target: &Target,
    environment: &Environment,
    input_type: Option<Format>,
) -> Result<Explanation, Error> {
    let (path, bytes) = read(target, environment)?;
    let format = input_type.unwrap_or_else(|| {
        let named = Format::of_path(&path);
        guess::untold(named, &bytes).unwrap_or(named)
    });
    let id = SourceId::WorkTree(path.clone());
    let explained = Document::decode(id, bytes, format)
        .map_err(|error| error.to_string())
        .and_then(|source| explain(&source, format));
    match explained {
        Ok((encrypted, leaves)) => Ok(Explanation {
            path,
            encrypted,
            leaves,
        }),
        Err(reason) => Err(Error::NotLoaded { path, reason }),
    }
}

/// Whether a text is encrypted, and its leaves; or why sops would not load it.
fn explain(source: &Source, format: Format) -> Result<(bool, Vec<Leaf>), String> {
    let defaults = Selectors::default_with(false);
    let is_binary = format == Format::Binary;
    let document = match Document::parse(source, format) {
        Ok(document) => document,
        // What is not encrypted yet may be anything.
        Err(_) if is_binary && !source.text().contains(sign::TOKEN) => {
            return Ok((false, leaves(&Document::content(source), &defaults, false)?));
        }
        Err(error) => {
            return Err(
                match error.span().map(|span| source.position(span.start())) {
                    Some(at) => format!("line {}, column {}: {error}", at.line, at.column),
                    None => error.to_string(),
                },
            );
        }
    };
    let file = SopsFile::of(&document).map_err(|MetadataErrors(problems)| {
        let first = problems.first();
        first.map_or_else(String::new, |problem| problem.kind.to_string())
    })?;
    match file {
        Some(file) => Ok((true, leaves(&document, file.selectors(), true)?)),
        None if is_binary => Ok((false, leaves(&Document::content(source), &defaults, false)?)),
        None => Ok((false, leaves(&document, &defaults, false)?)),
    }
}

fn read(target: &Target, environment: &Environment) -> Result<(PathBuf, Vec<u8>), Error> {
    let (path, bytes) = match target {
        Target::Text { name, bytes } if bytes.len() > MAX_FILE_LEN => {
            let path = name.clone();
            (
                name,
                Err(fs::Error::TooLarge {
                    path,
                    limit: MAX_FILE_LEN,
                }),
            )
        }
        Target::Text { name, bytes } => (name, Ok(bytes.clone())),
        Target::Path(path) => (
            path,
            fs::read(&environment.current_dir().join(path), MAX_FILE_LEN),
        ),
    };
    let bytes = bytes.map_err(|error| not_read(path, &error))?;
    Ok((path.clone(), bytes))
}

fn not_read(path: &Path, error: &fs::Error) -> Error {
    let path = path.to_owned();
    match error {
        fs::Error::NotFound { .. } => Error::NoSuchPath { path },
        fs::Error::NotAFile { .. } => Error::NotRead {
            path,
            reason: "not a file".to_owned(),
        },
        fs::Error::TooLarge { limit, .. } => Error::NotRead {
            path,
            reason: format!("larger than {} MiB", limit >> 20),
        },
        fs::Error::Io { source, .. } => Error::NotRead {
            path,
            reason: source.kind().to_string(),
        },
    }
}

/// All leaves in order, or what sops stumbles over first.
fn leaves(
    document: &Document<'_>,
    selectors: &Selectors,
    encrypted: bool,
) -> Result<Vec<Leaf>, String> {
    let mut leaves = Vec::new();
    let mut stumbled = None;
    let walked = walk(document.tree(), selectors, |visit| {
        match leaf(document.source(), &visit, encrypted) {
            Ok(leaf) => leaves.extend(leaf),
            Err(error) => {
                stumbled.get_or_insert_with(|| error.to_string());
            }
        }
    });
    if let Err(overrun) = walked {
        stumbled.get_or_insert(match overrun {
            Overrun::TooDeep => sops::Unreadable::TooDeep.to_string(),
            Overrun::TooManyAliases => sops::Unreadable::TooManyAliases.to_string(),
        });
    }
    stumbled.map_or(Ok(leaves), Err)
}

/// One stop of the walk as a leaf; none for a comment.
fn leaf(
    source: &Source,
    visit: &Visit<'_, '_>,
    encrypted: bool,
) -> Result<Option<Leaf>, sops::Unreadable> {
    let (scalar, span) = match visit.leaf {
        sops::Leaf::Comment(_) => return Ok(None),
        sops::Leaf::NonStringKey(key) => {
            return Err(sops::Unreadable::NonStringKey {
                found: key.name.kind(),
            });
        }
        sops::Leaf::Scalar { scalar, span, .. } => (scalar, span),
    };
    if matches!(scalar, Scalar::Uint(_)) {
        return Err(sops::Unreadable::IntegerTooLarge);
    }
    // sops passes over null: nothing selects it.
    let selected = visit.selected && !matches!(scalar, Scalar::Null);
    let in_mac = visit.in_mac && !(encrypted && selected && is_comment(scalar));
    let bytes = scalar.mac_bytes().filter(|_| !(encrypted && selected));
    if matches!(scalar, Scalar::Time(None)) && in_mac && !(encrypted && selected) {
        return Err(sops::Unreadable::TimeOffset);
    }
    Ok(Some(Leaf {
        path: visit.path.iter().map(|key| KeyName::new(key)).collect(),
        kind: scalar.kind(),
        selected,
        in_mac,
        bytes_sha256: bytes.map(|bytes| hex(&Sha256::digest(&bytes))),
        start: source.position(span.start()),
    }))
}

/// Whether the value is a token that holds a comment: in a list, sops writes comments as items.
fn is_comment(scalar: &Scalar<'_>) -> bool {
    let Scalar::Str(text) = scalar else {
        return false;
    };
    Token::parse(text).is_some_and(|token| token.value_type() == Some(ValueType::Comment))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
