//! Whether bytes may hold a certain MAC, without reading them as a document.
//!
//! A MAC is encrypted with chance in it, so that a part of its token is met in no other version. To look for it
//! takes a hundredth of the time of a parser.

use crate::sops::{SopsFile, Token};

/// What stands in every version that has a MAC.
#[derive(Clone)]
pub(crate) struct Needle(Option<Box<[u8]>>);

/// The fewest characters that are sure to be met by no chance.
const SURE: usize = 12;

impl Needle {
    /// What to look for in other versions of this file.
    pub(crate) fn of(file: &SopsFile<'_>) -> Self {
        let mac = file.metadata().mac.as_ref();
        let mac = mac.map(|mac| mac.value.as_ref()).unwrap_or_default();
        Self::of_mac(mac)
    }

    fn of_mac(mac: &[u8]) -> Self {
        let data = Token::parse(mac).map_or(mac, |token| token.data);
        // Formats can spell a slash in several ways.
        let runs = data.split(|byte| !byte.is_ascii_alphanumeric());
        let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
        Self((longest.len() >= SURE).then(|| longest.into()))
    }

    /// Whether they may have it: where the answer is no, they have not.
    pub(crate) fn may_be_in(&self, bytes: &[u8]) -> bool {
        let Some(needle) = &self.0 else {
            return true;
        };
        memchr::memmem::find(bytes, needle).is_some() || may_be_spelled_otherwise(bytes)
    }
}

/// Whether letters and digits may stand there in other bytes than their own: in UTF-16, or escaped.
fn may_be_spelled_otherwise(bytes: &[u8]) -> bool {
    let is_escape = |at: usize| {
        let next = bytes.get(at + 1);
        next.is_some_and(|next| b"xuU\r\n".contains(next))
    };
    memchr::memchr(0, bytes).is_some() || memchr::memchr_iter(b'\\', bytes).any(is_escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: &[u8] =
        b"ENC[AES256_GCM,data:ab/cdefghijklmnop+q==,iv:YQ==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]";

    #[test]
    fn a_mac_is_met_however_it_is_spelled_and_others_are_not() {
        let needle = Needle::of_mac(MAC);
        let utf_16: Vec<u8> = MAC.iter().flat_map(|byte| [*byte, 0]).collect();
        for bytes in [
            &[b"mac: ", MAC].concat()[..],
            br"ab\/cdefghijklmnop+q==",
            br"ab/cdef\x67hijklmnop+q==",
            br"ab/cdef\u0067hijklmnop+q==",
            b"ab/cdefgh\\\n  ijklmnop+q==",
            &utf_16,
        ] {
            assert!(needle.may_be_in(bytes), "{}", bytes.escape_ascii());
        }
        assert!(!needle.may_be_in(b"data:ab/cdefghijklmno,iv"));
        assert!(!needle.may_be_in(br"a\n\tb\\"));
        assert!(!needle.may_be_in(b""));
    }

    #[test]
    fn what_is_no_mac_is_looked_for_by_parsing() {
        assert!(Needle::of_mac(b"").may_be_in(b"a"));
        assert!(Needle::of_mac(b"short").may_be_in(b"a"));
    }
}
