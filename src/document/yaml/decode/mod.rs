//! A first document decoded into a given shape, as yaml.v3 decodes one into Go's types.
//!
//! sops reads `.sops.yaml` that way, and what yaml.v3 takes for what decides whether sops takes the
//! file at all: a number becomes text where text is asked for, text never a number; `null` leaves a
//! field as it was and drops out of a list; keys are case-sensitive, unknown ones are passed over
//! unread, and a key that stands twice is refused where its mapping is read. Merge keys fill in what
//! the mapping does not say itself. Every value keeps the place where it stands.

mod decoder;
mod fault;
mod members;
mod shape;
mod value;

pub(crate) use fault::{Error, Fault};
pub(crate) use shape::{Field, Shape};
pub(crate) use value::{Anchored, Content, Decoded, Member, UnknownKey, Value};

use decoder::Decoder;

use super::compose;
use super::node::{Content as NodeContent, Id, Stream};
use super::{chars, syntax};
use crate::document::bounds;
use crate::source::Span;

/// Decodes the first document of `text`; what follows it does not count.
///
/// # Errors
/// [`Error`] where yaml.v3 would refuse the text or the document.
pub(crate) fn decode<'s>(text: &'s str, shape: &'static Shape) -> Result<Decoded<'s>, Error> {
    let undecidable = |what| Error {
        fault: Fault::Undecidable(what),
        span: Span::default(),
    };
    if bounds::exceeds(text.as_bytes()) {
        return Err(undecidable(
            "a text with room for more than 4,000,000 values",
        ));
    }
    if text.starts_with("\u{feff}\u{feff}") {
        return Err(undecidable("a second byte order mark"));
    }
    let refused = |error: syntax::Error| Error {
        span: error.span(),
        fault: Fault::Syntax(error),
    };
    if let Some(at) = chars::first_forbidden(text) {
        let message = "control characters are not allowed";
        return Err(refused(syntax::Error::at(message, at)));
    }
    let composed = compose::compose(text);
    let Some(document) = composed.stream.documents.first() else {
        return match composed.error {
            Some(error) if !is_empty(&composed.stream, text) => Err(refused(error)),
            Some(_) | None => Ok(Decoded {
                value: None,
                unknown: Vec::new(),
                anchored: Vec::new(),
            }),
        };
    };
    let mut decoder = Decoder::new(&composed.stream);
    let value = decoder.value(document.root, shape, "")?;
    let mut unknown = decoder.unknown;
    unknown.sort_by_key(|key| key.span);
    unknown.dedup_by_key(|key| key.span);
    let anchored = anchored(&composed.stream, document.end);
    Ok(Decoded {
        value,
        unknown,
        anchored,
    })
}

/// Whether the reader found nothing but comments and blank lines.
fn is_empty(stream: &Stream<'_>, text: &str) -> bool {
    let is_blank = |line: &str| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line.starts_with('#')
    };
    stream.len() == 0 && text.lines().all(is_blank)
}

fn anchored<'s>(stream: &Stream<'s>, end: Id) -> Vec<Anchored<'s>> {
    let scalars = stream.anchors.iter().filter(|(id, _)| *id < end);
    scalars
        .filter_map(|&(id, name)| match &stream.node(id).content {
            NodeContent::Scalar { text, .. } => Some(Anchored {
                name,
                text: text.clone(),
                span: stream.node(id).span,
            }),
            NodeContent::Sequence(_) | NodeContent::Mapping(_) | NodeContent::Alias { .. } => None,
        })
        .collect()
}
