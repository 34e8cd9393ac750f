//! Bytes to text: UTF-8, and UTF-16 behind its byte order mark.

/// Takes bytes as UTF-8.
///
/// # Errors
/// The text up to the first byte that is not UTF-8.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        bytes.truncate(valid);
        String::from_utf8(bytes).unwrap_or_default()
    })
}

/// The bytes as text of the same length, with `?` in the place of each that is not UTF-8.
pub(super) fn legible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// Decodes UTF-16; `None` where the bytes do not begin with its byte order mark. The mark is part of
/// the text.
///
/// # Errors
/// The text up to the first surrogate without its other half, or up to an odd byte at the end.
pub(super) fn utf16(bytes: &[u8]) -> Option<Result<String, String>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let pairs = bytes.chunks_exact(2);
    let is_whole = pairs.remainder().is_empty();
    let units = pairs.filter_map(|pair| pair.try_into().ok().map(unit));
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => return Some(Err(text)),
        }
    }
    Some(if is_whole { Ok(text) } else { Err(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn reads_utf_16_behind_its_mark_in_both_orders() {
        let text = "\u{feff}a: é😀\n";
        assert_eq!(
            utf16(&encoded(text, u16::to_le_bytes)),
            Some(Ok(text.to_owned()))
        );
        assert_eq!(
            utf16(&encoded(text, u16::to_be_bytes)),
            Some(Ok(text.to_owned()))
        );
        assert_eq!(utf16(text.as_bytes()), None);
    }

    #[test]
    fn keeps_what_is_before_the_first_mistake() {
        let text = "\u{feff}ab".to_owned();
        let whole = encoded(&text, u16::to_le_bytes);
        for mistake in [&[0x00_u8][..], &[0x00, 0xDC], &[0x00, 0xD8, b'x', 0]] {
            let bytes = [&whole[..], mistake].concat();
            assert_eq!(utf16(&bytes), Some(Err(text.clone())), "{mistake:?}");
        }
        assert_eq!(utf8(b"ab\xFFc".to_vec()), Err("ab".to_owned()));
    }

    #[test]
    fn what_is_no_text_keeps_its_length() {
        let bytes = b"a\xFF\xE2\x82b\xC3\xA9";
        assert_eq!(legible(bytes), "a???b\u{e9}");
    }
}
