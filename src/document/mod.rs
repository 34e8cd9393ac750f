//! Format-preserving documents: a text, read into the one [`Tree`] that all of sopsguard works on.

#[cfg_attr(not(test), expect(dead_code, reason = "the commands so far only read"))]
mod editor;
mod foreign;
mod format;
mod key_path;
pub(crate) mod kubernetes;
mod mask;
mod tree;
pub(crate) mod yaml;

pub use foreign::Foreign;
pub use format::Format;
pub(crate) use key_path::KeyPath;
pub(crate) use mask::parts;
pub(crate) use tree::{Comment, Entry, Item, Key, NodeId, Pair, Scalar, Tree, Value};
pub(crate) use yaml::RepeatedKey;

use crate::source::{Source, Span};

/// A source read as its format says: the text stays the truth, the tree tells what sops sees in it.
pub(crate) struct Document<'s> {
    source: &'s Source,
    format: Format,
    tree: Tree<'s>,
}

/// A text as far as it could be read.
pub(crate) struct Reading<'s> {
    /// What sops would see in it, also where sops refuses it for a reason that leaves no doubt about
    /// what stands where.
    pub(crate) document: Option<Document<'s>>,
    /// Why sops would not load it.
    pub(crate) error: Option<Error>,
    /// The keys that stand in their mapping twice, up to the place where the reader stopped.
    pub(crate) repeated_keys: Vec<RepeatedKey>,
}

/// Why a text is no document that sops would load.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The YAML reader refused it.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    /// sops's own reader misreads it in a way that is not followed here.
    #[error("{0} is not read as sops reads it")]
    Undecidable(&'static str),
    /// There is no reader for this format.
    #[error("{} files are not read yet", .0.name())]
    UnsupportedFormat(Format),
}

impl Error {
    /// The other place that the error is about, where there is one.
    pub(crate) fn related(&self) -> Option<Span> {
        match self {
            Self::Yaml(error) => error.related(),
            Self::Undecidable(_) | Self::UnsupportedFormat(_) => None,
        }
    }

    /// Where the reader stopped, where it is a matter of a place.
    pub(crate) fn span(&self) -> Option<Span> {
        match self {
            Self::Yaml(error) => Some(error.span()),
            Self::Undecidable(_) | Self::UnsupportedFormat(_) => None,
        }
    }
}

impl<'s> Document<'s> {
    /// Reads `source` as `format`, accepting exactly what sops's store for that format loads.
    ///
    /// # Errors
    /// [`Error`] where sops would not load the text.
    pub(crate) fn parse(source: &'s Source, format: Format) -> Result<Self, Error> {
        let reading = Self::read(source, format);
        match (reading.error, reading.document) {
            (None, Some(document)) => Ok(document),
            (Some(error), _) => Err(error),
            (None, None) => Err(Error::UnsupportedFormat(format)),
        }
    }

    /// Reads `source` as [`parse`](Self::parse) does, and says all that is certain of a text which
    /// sops would refuse.
    pub(crate) fn read(source: &'s Source, format: Format) -> Reading<'s> {
        let refused = |error| Reading {
            document: None,
            error: Some(error),
            repeated_keys: Vec::new(),
        };
        match format {
            // yaml.v3 then loses a character of every line, until its buffer moves on.
            Format::Yaml if source.text().starts_with("\u{feff}\u{feff}") => {
                refused(Error::Undecidable("a second byte order mark"))
            }
            Format::Yaml => {
                let reading = yaml::read(source.text());
                let document = reading.tree.map(|tree| Self {
                    source,
                    format,
                    tree,
                });
                Reading {
                    document,
                    error: reading.error.map(Error::Yaml),
                    repeated_keys: reading.repeated_keys,
                }
            }
            Format::Json | Format::Dotenv | Format::Ini | Format::Binary => {
                refused(Error::UnsupportedFormat(format))
            }
        }
    }

    /// The text that was read.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// The format it was read as.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// What sops sees in it.
    pub(crate) fn tree(&self) -> &Tree<'s> {
        &self.tree
    }
}
