//! How many values a text may have room for, told before it is read: a tree takes a hundred times the
//! bytes of the smallest values, so that a file within the limits of its size could still take all
//! memory there is.

use memchr::memmem;

/// The most values that a text may have room for. The largest files that people keep have thousands.
const MAX_VALUES: usize = 4_000_000;

/// As many values as a level of metadata in a flat format counts for; it takes so much more room.
const A_LEVEL: usize = 4;

/// Whether a text has room for more values, keys and lines than are read: each takes one of these
/// characters in some format, and each level of flat metadata takes two underscores.
pub(super) fn exceeds(text: &[u8]) -> bool {
    let separates = |byte: &&u8| b"\n\r,[{:-?=".contains(byte);
    let values = || text.iter().filter(separates).count();
    let levels = || memmem::find_iter(text, b"__").count() * A_LEVEL;
    // No value is shorter than what separates it from the next one.
    text.len() > MAX_VALUES && values() + levels() > MAX_VALUES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Error, Format};
    use crate::source::SourceId;

    #[test]
    fn a_text_with_room_for_too_many_values_is_read_in_no_format() {
        let many = |value: &str| value.repeat(MAX_VALUES);
        for (format, text) in [
            (Format::Yaml, format!("[{}]", many("1,"))),
            (Format::Yaml, many("-\n")),
            (Format::Json, format!("{{\"a\":[{}1]}}", many("1,"))),
            (Format::Binary, format!("{{\"data\":[{}1]}}", many("1,"))),
            (Format::Dotenv, many("A=\n")),
            (Format::Ini, many("A=\n")),
            (Format::Dotenv, format!("sops_x{}=1\n", many("__map_a"))),
            (Format::Ini, format!("[sops]\nx{} = 1\n", many("__list_0"))),
        ] {
            let id = SourceId::Stdin("x".into());
            let source = Document::decode(id, text.into_bytes(), format).unwrap();
            let read = Document::parse(&source, format).map(|_| ());
            assert!(matches!(read, Err(Error::Undecidable(_))), "{format:?}");
        }
    }

    #[test]
    fn a_long_text_with_few_values_is_read() {
        let text = format!("a: {}\n", "QUJD".repeat(MAX_VALUES / 2));
        assert!(text.len() > MAX_VALUES && !exceeds(text.as_bytes()));
    }
}
