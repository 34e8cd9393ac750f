//! A text for each document of a YAML file, each with its own metadata and MAC.
//!
//! sops binds a value to the keys that lead to it, not to its file: tokens stay byte for byte, and with them
//! the data key and its copies. What is new is `mac` and `lastmodified`, for one MAC was over all documents.
//! sops reads the metadata of the first document and writes a copy into each; what a document has of its own
//! counts for nothing until it stands alone, so it gets those of the first where it has others or none.

mod metadata;
pub(crate) mod naming;
mod said;

use super::{Refusal, reseal::reseal};
use crate::document::yaml::{Piece, pieces};
use crate::document::{Document, Entry, Format, NodeId, Tree};
use crate::sops::{DataKey, SopsFile, Time};
use crate::source::{Edits, Source, Span};
use metadata::Copies;
use said::Said;

/// What becomes of one document.
pub(crate) struct Part {
    /// The number of the document in the file, from 1.
    pub(crate) number: usize,
    pub(crate) title: Title,
    pub(crate) holds: Holds,
    /// Its text; empty where it holds nothing.
    pub(crate) text: String,
}

/// What a document is called, as far as that stands in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) kind: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

/// What a document holds beside metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Values,
    Comments,
    Nothing,
}

/// The documents of a file that sops would decrypt, each for itself, sealed at this time. Where all but one hold
/// nothing, that one keeps its MAC.
///
/// # Errors
/// [`Refusal`] where there is one document, or where one would not say alone what it says among the others.
pub(crate) fn split(
    document: &Document<'_>,
    file: &SopsFile<'_>,
    key: &DataKey,
    at: Time,
) -> Result<Vec<Part>, Refusal> {
    let count = document.tree().branches().len();
    if document.format() != Format::Yaml || count < 2 {
        return Err(Refusal::OneDocument);
    }
    let split = Split::of(document, file)?;
    let texts = split.texts()?;
    let alone = split.held().count() == 1;
    let parts = texts.into_iter().zip(&split.whole.titles).enumerate();
    let parts = parts.map(|(at_document, (text, title))| {
        let number = at_document + 1;
        let text = match alone || text.is_empty() {
            true => text,
            false => split.resealed(number, text, key, at)?,
        };
        Ok(Part {
            number,
            title: title.clone(),
            holds: split.holds(at_document),
            text,
        })
    });
    parts.collect()
}

/// A file and where its documents stand.
struct Split<'d, 's> {
    document: &'d Document<'s>,
    pieces: Vec<Piece>,
    copies: Copies<'d, 's>,
    /// What it says as a whole.
    whole: Said,
}

impl<'d, 's> Split<'d, 's> {
    fn of(document: &'d Document<'s>, file: &SopsFile<'_>) -> Result<Self, Refusal> {
        let pieces = pieces(document.source().text());
        let pieces = pieces.filter(|all| all.len() == document.tree().branches().len());
        Ok(Self {
            document,
            pieces: pieces.ok_or(Refusal::Tangled)?,
            copies: Copies::of(document).ok_or(Refusal::Tangled)?,
            whole: Said::by(file).ok_or(Refusal::Tangled)?,
        })
    }

    /// The numbers of the documents that hold something, from 0.
    fn held(&self) -> impl Iterator<Item = usize> {
        (0..self.pieces.len()).filter(|at| self.holds(*at) != Holds::Nothing)
    }

    fn holds(&self, at: usize) -> Holds {
        let tree = self.document.tree();
        let branch = tree.branches().get(at);
        branch.map_or(Holds::Nothing, |branch| holds(tree, *branch))
    }

    /// The text of each document, with the old MAC. What only marks its beginning goes, unless the file begins
    /// so, too, or it would be read in another way.
    fn texts(&self) -> Result<Vec<String>, Refusal> {
        let is_marked = self.pieces.first().is_some_and(|it| it.separator.is_some());
        let bare = match is_marked {
            true => Err(Refusal::Tangled),
            false => self.texts_with(false),
        };
        bare.or_else(|_| self.texts_with(true))
    }

    fn texts_with(&self, marks: bool) -> Result<Vec<String>, Refusal> {
        let mut texts = vec![String::new(); self.pieces.len()];
        let mut said = Vec::new();
        for at in self.held() {
            let text = self.text(at, marks)?;
            let alone = self.said_alone(at + 1, text.clone())?;
            said.push(alone);
            if let Some(place) = texts.get_mut(at) {
                *place = text;
            }
        }
        match self.whole.is_all_of(&said) {
            true => Ok(texts),
            false => Err(Refusal::Tangled),
        }
    }

    fn text(&self, at: usize, marks: bool) -> Result<String, Refusal> {
        let number = at + 1;
        let piece = self.pieces.get(at).ok_or(Refusal::Tangled)?;
        let text = self.document.source().text();
        let mut edits = Edits::default();
        edits.replace(Span::new(0, piece.span.start()), "");
        edits.replace(Span::new(piece.span.end(), text.len()), "");
        if let Some(separator) = piece.separator.filter(|_| at > 0 && !marks) {
            edits.replace(separator, "");
        }
        let copied = self.copies.give(at, piece, &mut edits);
        copied.ok_or(Refusal::Metadata { number })?;
        edits.apply(text).map_err(|_| Refusal::Tangled)
    }

    /// What the text of a document says when it stands alone.
    fn said_alone(&self, number: usize, text: String) -> Result<Said, Refusal> {
        self.alone(number, text, |document, file| {
            if document.tree().branches().len() != 1 || !self.copies.are_those_of(document) {
                return Err(Refusal::Metadata { number });
            }
            Said::by(file).ok_or(Refusal::Tangled)
        })
    }

    fn resealed(
        &self,
        number: usize,
        text: String,
        key: &DataKey,
        at: Time,
    ) -> Result<String, Refusal> {
        self.alone(number, text, |document, file| {
            reseal(document, file, key, at)
        })
    }

    fn alone<T>(
        &self,
        number: usize,
        text: String,
        look: impl FnOnce(&Document<'_>, &SopsFile<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let dependent = Refusal::Dependent { number };
        let id = self.document.source().id().clone();
        let source = Source::decode(id, text.into_bytes());
        let source = source.map_err(|_| dependent.clone())?;
        let document = Document::parse(&source, Format::Yaml);
        let document = document.map_err(|_| dependent.clone())?;
        let file = SopsFile::of(&document).ok().flatten();
        look(&document, &file.ok_or(dependent)?)
    }
}

fn holds(tree: &Tree<'_>, branch: NodeId) -> Holds {
    let mut holds = Holds::Nothing;
    for entry in tree.entries(branch) {
        match entry {
            Entry::Pair(pair) if tree.is_metadata(pair) => {}
            Entry::Pair(_) => return Holds::Values,
            Entry::Comment(_) => holds = Holds::Comments,
        }
    }
    holds
}
