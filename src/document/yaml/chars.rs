//! Which characters YAML 1.1 gives a meaning, as bytes of UTF-8.

/// What a byte can mean inside a plain scalar.
const BLANK_OR_BREAK: u8 = 1;
const FLOW_INDICATOR: u8 = 2;
const COLON: u8 = 4;
/// The first byte of NEL, LS or PS, or of an ordinary character.
const MAYBE_BREAK: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    classes[b' ' as usize] = BLANK_OR_BREAK;
    classes[b'\t' as usize] = BLANK_OR_BREAK;
    classes[b'\n' as usize] = BLANK_OR_BREAK;
    classes[b'\r' as usize] = BLANK_OR_BREAK;
    classes[0xC2] = MAYBE_BREAK;
    classes[0xE2] = MAYBE_BREAK;
    classes[b':' as usize] = COLON;
    let flow = b",?[]{}";
    let mut at = 0;
    while at < flow.len() {
        classes[flow[at] as usize] = FLOW_INDICATOR;
        at += 1;
    }
    classes
};

/// A space or a tab.
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The bytes that anchors, aliases, tag handles and directive names are made of.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The length in bytes of the line break at `at`, 0 where none is: LF, CR, CRLF, NEL, LS, PS.
pub(super) fn break_len(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') => 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')),
        Some(0xC2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xE2)
            if bytes.get(at + 1) == Some(&0x80)
                && matches!(bytes.get(at + 2), Some(0xA8 | 0xA9)) =>
        {
            3
        }
        _ => 0,
    }
}

/// Whether a line break or the end of the text is at `at`.
pub(super) fn is_break_or_end(bytes: &[u8], at: usize) -> bool {
    at >= bytes.len() || break_len(bytes, at) > 0
}

/// Whether a blank, a line break or the end of the text is at `at`.
pub(super) fn is_blank_or_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|&byte| is_blank(byte)) || break_len(bytes, at) > 0
}

/// Where the run of plain text that begins at `at` ends: at a blank, a break, the end, a `:` with
/// one of those behind it, or in flow context at a flow indicator.
pub(super) fn plain_run_end(bytes: &[u8], mut at: usize, in_flow: bool) -> usize {
    let may_end = |byte: u8| byte <= b' ' || byte == b':' || byte >= 0x80;
    let mut next_chunk = at;
    while let Some(&byte) = bytes.get(at) {
        // Whole chunks in which no run ends are the rule where it is long; this test vectorises.
        if at >= next_chunk && !in_flow {
            let chunk = bytes.get(at..at + 16);
            let is_plain =
                |chunk: &[u8]| !chunk.iter().fold(false, |any, &byte| any | may_end(byte));
            if chunk.is_some_and(is_plain) {
                at += 16;
                next_chunk = at;
                continue;
            }
            next_chunk = at + 16;
        }
        let ends = match CLASSES[byte as usize] {
            0 => false,
            BLANK_OR_BREAK => true,
            COLON => is_blank_or_end(bytes, at + 1),
            FLOW_INDICATOR => in_flow,
            _ => break_len(bytes, at) > 0,
        };
        if ends {
            break;
        }
        at += 1;
    }
    at
}

/// Where the line that holds `at` ends: at a line break or the end of the text.
pub(super) fn line_end(bytes: &[u8], mut at: usize) -> usize {
    let may_break = |byte: u8| matches!(byte, b'\n' | b'\r' | 0xC2 | 0xE2);
    while let Some(&byte) = bytes.get(at)
        && !(may_break(byte) && break_len(bytes, at) > 0)
    {
        at += 1;
    }
    at
}

/// The offset of the first character that no YAML text may hold: a control character other than
/// tab, line feed, carriage return and NEL, or one of U+FFFE and U+FFFF.
pub(super) fn first_forbidden(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let suspicious = |byte: u8| byte < b' ' || byte == 0x7F || byte == 0xC2 || byte == 0xEF;
    let mut at = 0;
    while at < bytes.len() {
        // Whole chunks without any byte of interest are the rule; this loop vectorises.
        let chunk = bytes.get(at..at + 32).unwrap_or(&bytes[at..]);
        let any = chunk.iter().fold(false, |any, &byte| {
            any | (suspicious(byte) && byte != b'\n')
        });
        if any && let Some(found) = (at..at + chunk.len()).find(|&at| is_forbidden(bytes, at)) {
            return Some(found);
        }
        at += chunk.len();
    }
    None
}

fn is_forbidden(bytes: &[u8], at: usize) -> bool {
    let next = |ahead| bytes.get(at + ahead).copied().unwrap_or(0);
    match next(0) {
        b'\t' | b'\n' | b'\r' => false,
        0..b' ' | 0x7F => true,
        0xC2 => (0x80..0xA0).contains(&next(1)) && next(1) != 0x85,
        0xEF => next(1) == 0xBF && next(2) >= 0xBE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_forbidden_characters_anywhere() {
        for bad in ["\0", "\u{7f}", "\u{81}", "\u{fffe}", "\u{ffff}", "\u{1b}"] {
            for before in [0, 1, 30, 31, 32, 100] {
                let text = format!("{}{bad}x", "a".repeat(before));
                assert_eq!(
                    first_forbidden(&text),
                    Some(before),
                    "{bad:?} after {before}"
                );
            }
        }
        let fine = "a\tb\r\nc\u{85}\u{a0}\u{feff}\u{fffd}\u{1f600}é";
        assert_eq!(first_forbidden(&fine.repeat(9)), None);
    }
}
