//! White space as Go's `unicode.IsSpace` knows it, at the ends of bytes that need not be text.

/// The bytes without white space at their beginning.
pub(super) fn trim_start(bytes: &[u8]) -> &[u8] {
    bytes.get(before(bytes)..).unwrap_or_default()
}

/// The bytes without white space at either end.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

/// How many bytes of white space come first.
pub(super) fn before(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(len) = first(bytes.get(at..).unwrap_or_default()) {
        at += len;
    }
    at
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    // No encoding of a space ends in another one, so that the order of tries does not matter.
    let last = |bytes: &[u8]| {
        (1..=3).find(|&len| {
            let at = bytes.len().checked_sub(len);
            let tail = at.and_then(|at| bytes.get(at..));
            tail.is_some_and(|tail| first(tail) == Some(len))
        })
    };
    while let Some(len) = last(bytes) {
        bytes = bytes.get(..bytes.len() - len).unwrap_or_default();
    }
    bytes
}

/// The length of the space that comes first.
fn first(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\t'..=b'\r' | b' ', ..] => Some(1),
        [0xC2, 0x85 | 0xA0, ..] => Some(2),
        [0xE1, 0x9A, 0x80, ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..] => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Rust's `char::is_whitespace` and Go's `unicode.IsSpace` are both the property White_Space.
    #[test]
    fn knows_every_space_there_is() {
        for character in '\0'..=char::MAX {
            let text = format!("{character}x{character}");
            let expected = if character.is_whitespace() {
                "x"
            } else {
                &text
            };
            assert_eq!(trim(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn leaves_bytes_that_are_no_text() {
        for bytes in [
            &b"\x85"[..],
            b"\xA0x\xA0",
            b"\xE2\x80",
            b"x\xE2\x80",
            b"\x80\x80",
        ] {
            assert_eq!(trim(bytes), bytes);
        }
        assert_eq!(trim(b"\xE2\xE2\x80\xA8"), b"\xE2");
    }
}
