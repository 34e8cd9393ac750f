//! Bech32 without a limit on its length, as age spells identities and recipients.

use zeroize::Zeroize;

use crate::secret::Secret;

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_LEN: usize = 6;

/// The part of a Bech32 string before its last `1`, and the bytes that it holds; `None` where a
/// character, the case, the checksum or the padding is wrong.
pub(super) fn parse(text: &str) -> Option<(&str, Secret<Vec<u8>>)> {
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
    let mut values = Secret::new(Vec::with_capacity(data.len()));
    for byte in data.bytes() {
        let byte = byte.to_ascii_lowercase();
        let value = CHARSET.iter().position(|known| *known == byte)?;
        let value = u8::try_from(value).ok()?;
        add(&mut state, value);
        values.expose_mut().push(value);
    }
    let values = values.expose();
    let count = values.len().checked_sub(CHECKSUM_LEN)?;
    let spare = count * 5 % 8;
    let last = count
        .checked_sub(1)
        .and_then(|at| values.get(at))
        .copied()
        .unwrap_or(0);
    let padded = spare < 5 && last & ((1 << spare) - 1) == 0;
    let values = values.get(..count)?;
    (state == 1 && padded).then(|| (prefix, regroup(values)))
}

/// Whether the character is one of the 32 that hold data.
pub(super) fn is_letter(c: char) -> bool {
    u8::try_from(c).is_ok_and(|byte| CHARSET.contains(&byte))
}

/// The Bech32 string of `data` in lower case, with the prefix as it is. It stands in one place of memory
/// from the start, so that a secret can be wiped there.
pub(super) fn encode(prefix: &str, data: &[u8]) -> String {
    let mut state = 1;
    prefix.bytes().for_each(|byte| add(&mut state, byte >> 5));
    add(&mut state, 0);
    prefix.bytes().for_each(|byte| add(&mut state, byte & 31));
    let length = prefix.len() + 1 + data.len() * 8 / 5 + 1 + CHECKSUM_LEN;
    let mut text = String::with_capacity(length);
    text.push_str(prefix);
    text.push('1');
    let mut put = |value: u8| text.extend(CHARSET.get(usize::from(value)).copied().map(char::from));
    let (mut bits, mut held) = (0, 0_u16);
    for byte in data {
        (bits, held) = (bits + 8, held << 8 | u16::from(*byte));
        while bits >= 5 {
            bits -= 5;
            let value = (held >> bits & 31) as u8;
            add(&mut state, value);
            put(value);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        let value = (held << (5 - bits) & 31) as u8;
        add(&mut state, value);
        put(value);
    }
    (0..CHECKSUM_LEN).for_each(|_| add(&mut state, 0));
    for at in (0..CHECKSUM_LEN).rev() {
        put(((state ^ 1) >> (5 * at) & 31) as u8);
    }
    text
}

/// Groups of five bits as groups of eight; what is left over is padding.
fn regroup(values: &[u8]) -> Secret<Vec<u8>> {
    let mut bytes = Secret::new(Vec::with_capacity(values.len() * 5 / 8));
    let (mut bits, mut held) = (0, 0_u16);
    for value in values {
        (bits, held) = (bits + 5, held << 5 | u16::from(*value));
        if bits >= 8 {
            bits -= 8;
            bytes.expose_mut().push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    held.zeroize();
    bytes
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
            let (found, data) = parse(text).unwrap();
            assert_eq!((found, data.expose().len()), (prefix, bytes), "{text}");
            let again = encode(&prefix.to_lowercase(), data.expose());
            assert_eq!(again, text.to_lowercase());
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
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
