//! The names of git's objects: SHA-1, or SHA-256 in repositories that were made so.

use std::fmt;

use git2::Oid;

/// The name of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id {
    bytes: [u8; SHA256],
    len: u8,
}

/// The name of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CommitId(pub(super) Id);

const SHA1: usize = 20;
const SHA256: usize = 32;

impl Id {
    /// An id from its bytes; none where they are not as many as an id has.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let len = match bytes.len() {
            SHA1 | SHA256 => u8::try_from(bytes.len()).ok()?,
            _ => return None,
        };
        let mut all = [0; SHA256];
        all.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { bytes: all, len })
    }

    /// An id from its hexadecimal digits, all of them.
    pub(super) fn of_hex(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHA256];
        let len = text.len() / 2;
        let room = bytes
            .get_mut(..len)
            .filter(|_| text.len().is_multiple_of(2))?;
        for (byte, digits) in room.iter_mut().zip(text.chunks(2)) {
            let [high, low] = digits else { return None };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Self::of_bytes(bytes.get(..len)?)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// How many bytes an id has in this repository.
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// As libgit2 knows it; none where it is no SHA-1.
    pub(super) fn to_oid(self) -> Option<Oid> {
        match self.bytes() {
            bytes if bytes.len() == SHA1 => Oid::from_bytes(bytes).ok(),
            _ => None,
        }
    }
}

fn digit(letter: u8) -> Option<u8> {
    let digit = char::from(letter).to_digit(16)?;
    u8::try_from(digit).ok()
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CommitId {
    /// The ten digits that people name a commit by. They need not be enough to tell it apart.
    pub(crate) fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(10);
        hex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_all_their_digits_and_no_others() {
        for len in [40, 64] {
            let hex: String = "0123456789abcdef".chars().cycle().take(len).collect();
            let id = Id::of_hex(hex.as_bytes()).unwrap();
            assert_eq!(id.to_string(), hex);
            assert_eq!(Id::of_bytes(id.bytes()), Some(id));
            assert_eq!(Id::of_hex(hex.to_uppercase().as_bytes()), Some(id));
            assert_eq!(id.to_oid().is_some(), len == 40);
            assert_eq!(CommitId(id).short(), "0123456789");
            for wrong in [&hex[1..], &hex.replace('a', "g"), &format!("{hex}0")] {
                assert_eq!(Id::of_hex(wrong.as_bytes()), None, "{wrong}");
            }
        }
        assert_eq!(Id::of_hex(&[b'0'; 66]), None);
        assert_eq!(Id::of_hex(b""), None);
    }
}
