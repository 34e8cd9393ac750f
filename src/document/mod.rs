//! Format-preserving documents: a text, read into the one [`Tree`] that all of sopsguard works on.

mod bounds;
mod dotenv;
mod editor;
mod flat;
mod foreign;
mod format;
mod ini;
mod json;
mod key_path;
pub(crate) mod kubernetes;
mod mask;
mod repeated;
#[cfg(test)]
mod seen;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod tree;
pub(crate) mod yaml;

pub(crate) use editor::{Editor, New, Refusal as EditRefusal};
pub use foreign::Foreign;
pub(crate) use foreign::holds_no_secret;
pub use format::Format;
pub(crate) use key_path::KeyPath;
pub(crate) use mask::parts;
pub(crate) use template::is_template;
pub(crate) use tree::{Comment, Entry, Item, Key, METADATA_KEY, NodeId, Pair, Scalar, Tree, Value};
pub(crate) use yaml::RepeatedKey;

use std::borrow::Cow;

use crate::source::{DecodeError, Source, SourceId, Span};

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
    /// The format's reader refused it.
    #[error(transparent)]
    Syntax(#[from] syntax::Error),
    /// sops's own reader misreads it in a way that is not followed here.
    #[error("{0} is not read as sops reads it")]
    Undecidable(&'static str),
}

impl Error {
    /// The other place that the error is about, where there is one.
    pub(crate) fn related(&self) -> Option<Span> {
        match self {
            Self::Syntax(error) => error.related(),
            Self::Undecidable(_) => None,
        }
    }

    /// Where the reader stopped, where it is a matter of a place.
    pub(crate) fn span(&self) -> Option<Span> {
        match self {
            Self::Syntax(error) => Some(error.span()),
            Self::Undecidable(_) => None,
        }
    }
}

impl<'s> Document<'s> {
    /// Takes bytes as the text of a document: YAML is UTF-8 or UTF-16, the other formats may hold
    /// bytes that are no text.
    ///
    /// # Errors
    /// [`DecodeError`] where sops would not take the bytes for text.
    pub(crate) fn decode(
        id: SourceId,
        bytes: Vec<u8>,
        format: Format,
    ) -> Result<Source, DecodeError> {
        match format {
            Format::Yaml => Source::decode(id, bytes),
            Format::Json | Format::Dotenv | Format::Ini | Format::Binary => {
                Source::of_bytes(id, bytes)
            }
        }
    }

    /// Reads `source` as `format`, accepting exactly what sops's store for that format loads.
    ///
    /// # Errors
    /// [`Error`] where sops would not load the text.
    pub(crate) fn parse(source: &'s Source, format: Format) -> Result<Self, Error> {
        let reading = Self::read(source, format);
        match (reading.error, reading.document) {
            (None, Some(document)) => Ok(document),
            (Some(error), _) => Err(error),
            (None, None) => Err(Error::Undecidable("a text of which nothing remains")),
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
        if bounds::exceeds(source.bytes()) {
            let what = "a text with room for more than 4,000,000 values";
            return refused(Error::Undecidable(what));
        }
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
                    error: reading.error.map(Error::Syntax),
                    repeated_keys: reading.repeated_keys,
                }
            }
            Format::Json | Format::Dotenv | Format::Ini | Format::Binary => {
                match Self::tree_of(source, format) {
                    Ok((tree, repeated_keys)) => Reading {
                        document: Some(Self {
                            source,
                            format,
                            tree,
                        }),
                        error: None,
                        repeated_keys,
                    },
                    Err(error) => refused(error),
                }
            }
        }
    }

    /// What sops sees in a text of a format other than YAML, and the keys that stand there twice.
    fn tree_of(source: &'s Source, format: Format) -> Result<(Tree<'s>, Vec<RepeatedKey>), Error> {
        let bytes = source.bytes();
        let tree = match format {
            Format::Ini => return Ok(ini::load(bytes)?),
            Format::Dotenv => dotenv::load(bytes)?,
            // To sops a binary file is a JSON file, until it writes the content of `data`.
            Format::Json | Format::Binary | Format::Yaml => json::load(bytes)?,
        };
        let repeated_keys = repeated::find(&tree);
        Ok((tree, repeated_keys))
    }

    /// A file of any content, as sops sees it before it encrypts it as binary.
    pub(crate) fn content(source: &'s Source) -> Self {
        let mut tree = Tree::default();
        let span = Span::new(0, source.bytes().len());
        let content = Scalar::Str(Cow::Borrowed(source.bytes()));
        let value = tree.add(span, Value::Scalar(content));
        let key = Key {
            name: Scalar::Str(Cow::Borrowed(b"data")),
            span: Span::default(),
        };
        let root = tree.add(span, Value::Map(vec![Entry::Pair(Pair { key, value })]));
        tree.add_branch(root);
        Self {
            source,
            format: Format::Binary,
            tree,
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
