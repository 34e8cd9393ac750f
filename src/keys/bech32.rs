//! Bech32, as far as telling a whole identity from a damaged one.

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_LEN: usize = 6;

/// The part of a Bech32 string before its last `1`, and the number of bytes that it holds; `None`
/// where a character, the case, the checksum or the padding is wrong. There is no limit on its
/// length, as in age.
pub(super) fn parse(text: &str) -> Option<(&str, usize)> {
    let mixed = text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().any(|byte| byte.is_ascii_uppercase());
    if mixed || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (prefix, data) = text.rsplit_once('1')?;
    if prefix.is_empty() {
        return None;
    }
    let mut state = 1;
    let lower = || prefix.bytes().map(|byte| byte.to_ascii_lowercase());
    lower().for_each(|byte| add(&mut state, byte >> 5));
    add(&mut state, 0);
    lower().for_each(|byte| add(&mut state, byte & 31));
    let mut values = Vec::with_capacity(data.len());
    for byte in data.bytes() {
        let byte = byte.to_ascii_lowercase();
        let value = CHARSET.iter().position(|known| *known == byte)?;
        let value = u8::try_from(value).ok()?;
        add(&mut state, value);
        values.push(value);
    }
    let count = values.len().checked_sub(CHECKSUM_LEN)?;
    let spare = count * 5 % 8;
    let last = count
        .checked_sub(1)
        .and_then(|at| values.get(at))
        .copied()
        .unwrap_or(0);
    let padded = spare < 5 && last & ((1 << spare) - 1) == 0;
    (state == 1 && padded).then_some((prefix, count * 5 / 8))
}

/// Takes one value into the checksum.
fn add(state: &mut u32, value: u8) {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let top = *state >> 25;
    *state = (*state & 0x01ff_ffff) << 5 ^ u32::from(value);
    for (at, term) in GENERATOR.iter().enumerate() {
        if top >> at & 1 == 1 {
            *state ^= term;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whole_strings_from_damaged_ones() {
        // From BIP 173, and public keys of age's and its plugins' documentation.
        let whole = [
            ("A12UEL5L", "A", 0),
            (
                "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
                "abcdef",
                20,
            ),
            (
                "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
                "age",
                32,
            ),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
                "age1yubikey",
                33,
            ),
        ];
        for (text, prefix, bytes) in whole {
            assert_eq!(parse(text), Some((prefix, bytes)), "{text}");
        }
        let damaged = [
            "",
            "1",
            "10a06t8",
            "A12UEL5l",
            "A12UEL5Q",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q",
            "age1bl3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "A12UEL5L ",
        ];
        for text in damaged {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
