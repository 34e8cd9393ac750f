//! The format of a text that its name does not tell, or of which the name tells another one.
//!
//! sops goes by the name alone, and takes a name that it does not know for that of a binary file. What
//! `--input-type` made it write under such a name is a file of sops's all the same, and what somebody
//! adds to it in clear is a leak. So the text decides there, and nowhere else, and only where there
//! is no doubt: it has what sops writes where sops writes it, and it loads, as a whole or up to the end
//! of the metadata, or ends in them.

use std::ops::Range;
use std::path::PathBuf;

use super::file::{Look, MAX_SEARCHED_LEN};
use super::refused::has_marks;
use super::sign::{self, TOKEN};
use crate::document::{Document, Format};
use crate::rules::{Due, FormatFrom};
use crate::source::SourceId;

impl Look<'_> {
    /// The same look, in the format that the text is certainly of, where neither its name nor the
    /// user tells any.
    pub(super) fn in_format_of(mut self, bytes: &[u8]) -> Self {
        let is_searched = bytes.len() <= MAX_SEARCHED_LEN || self.due() != Due::Nobody;
        if self.format_from == FormatFrom::Name
            && is_searched
            && let Some(format) = untold(self.format, bytes)
        {
            self.format = format;
            self.format_from = FormatFrom::Text;
        }
        self
    }
}

/// The format of a text whose name tells sops none (`named` is what sops makes of that), and that
/// certainly has the metadata of one.
pub(super) fn untold(named: Format, bytes: &[u8]) -> Option<Format> {
    if named == Format::Binary && sign::is_text(bytes) {
        flat_or_yaml(bytes)
    } else {
        None
    }
}

/// The format in which a text certainly has sops's metadata, where that is not `format`, as which sops
/// reads it.
pub(super) fn other_than(format: Format, bytes: &[u8]) -> Option<Format> {
    let found = match sign::first_visible(bytes) {
        Some(b'{') => envelope(bytes),
        _ => flat_or_yaml(bytes),
    };
    found.filter(|found| *found != format)
}

/// The format of a text with metadata that is no JSON object.
fn flat_or_yaml(bytes: &[u8]) -> Option<Format> {
    if sign::first_visible(bytes) == Some(b'{') {
        return None;
    }
    let text = sign::ascii(bytes);
    // There is none in most files.
    let formats = sign::may_begin_metadata(&text);
    formats.into_iter().find(|format| {
        has_signs(*format, &text)
            && (ends_in_metadata(*format, &text)
                || loads_before(*format, &text)
                || loads(*format, bytes))
    })
}

/// The format of a JSON object with metadata: binary, where nothing else is in it but `data`.
fn envelope(bytes: &[u8]) -> Option<Format> {
    if !sign::looks_encrypted(Format::Json, bytes) {
        return None;
    }
    let id = SourceId::Stdin(PathBuf::new());
    let source = Document::decode(id, bytes.to_vec(), Format::Json).ok()?;
    let document = Document::read(&source, Format::Json).document?;
    let tree = document.tree();
    let branch = *tree.branches().first()?;
    let is_binary = tree.entries(branch).len() == 2 && tree.pair(branch, "data").is_some();
    let format = if is_binary {
        Format::Binary
    } else {
        Format::Json
    };
    has_marks(tree).then_some(format)
}

/// Whether lines begin as those of sops's metadata do.
fn has_signs(format: Format, text: &[u8]) -> bool {
    let has = |sign: &&[u8]| sign::line_with(text, sign).is_some();
    let signs: [&[u8]; 3] = match format {
        Format::Dotenv => [b"sops_mac=", b"sops_lastmodified=", b"sops_version="],
        Format::Ini => [b"mac ", b"lastmodified", b"version"],
        Format::Yaml | Format::Json | Format::Binary => {
            return has(&&b"sops:"[..])
                && (sign::contains(text, b" mac:") || sign::contains(text, b" lastmodified:"));
        }
    };
    (format == Format::Dotenv || has(&&b"[sops]"[..]))
        && signs.iter().filter(|s| has(s)).count() > 1
}

/// Whether the metadata is the last thing in a text, which it is in nothing but a file of sops's:
/// where it is quoted, in a manual or a program, something ends the quotation.
fn ends_in_metadata(format: Format, text: &[u8]) -> bool {
    let last = text.trim_ascii_end().rsplit(|&byte| byte == b'\n').next();
    if format == Format::Dotenv && last.is_some_and(|line| line.starts_with(b"sops_")) {
        return true;
    }
    metadata(format, text).is_some_and(|found| {
        let metadata = text.get(found.clone()).unwrap_or_default();
        found.end == text.len() && sign::contains(metadata, TOKEN.as_bytes())
    })
}

/// Whether a text loads up to the end of its metadata: what stands behind it was added to a file of
/// sops's.
fn loads_before(format: Format, text: &[u8]) -> bool {
    let head = metadata(format, text).and_then(|found| text.get(..found.end));
    head.is_some_and(|head| loads(format, head))
}

/// The lines of the metadata.
fn metadata(format: Format, text: &[u8]) -> Option<Range<usize>> {
    let start = sign::line_with(text, beginning(format))?;
    let mut lines = text.get(start..)?.split_inclusive(|&byte| byte == b'\n');
    let first = lines.next().map_or(0, <[u8]>::len);
    let others = lines.take_while(|line| belongs(format, line));
    Some(start..start + first + others.map(<[u8]>::len).sum::<usize>())
}

/// How the first line of metadata begins.
fn beginning(format: Format) -> &'static [u8] {
    match format {
        Format::Dotenv => b"sops_",
        Format::Ini => b"[sops]",
        Format::Yaml | Format::Json | Format::Binary => b"sops:",
    }
}

/// Whether a line may stand in metadata, or in a merge of it that git left to the user.
fn belongs(format: Format, line: &[u8]) -> bool {
    let marks: [&[u8]; 4] = [b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>"];
    line.trim_ascii().is_empty()
        || line.starts_with(b"#")
        || marks.iter().any(|mark| line.starts_with(mark))
        || line.starts_with(beginning(format))
        || match format {
            Format::Dotenv => false,
            Format::Ini => line.contains(&b'=') || line.starts_with(b";"),
            Format::Yaml | Format::Json | Format::Binary => {
                line.starts_with(b" ") || line.starts_with(b"\t")
            }
        }
}

/// Whether a text can be read as a document with metadata.
fn loads(format: Format, bytes: &[u8]) -> bool {
    let id = SourceId::Stdin(PathBuf::new());
    let Ok(source) = Document::decode(id, bytes.to_vec(), format) else {
        return false;
    };
    let reading = Document::read(&source, format);
    reading
        .document
        .is_some_and(|document| has_marks(document.tree()))
}
