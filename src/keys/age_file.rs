//! A small age file: one that sops stores for a recipient, in its ASCII armor, or one that holds
//! identities.

use age::Decryptor;

/// An age file, taken out of its armor.
pub(crate) struct AgeFile(Vec<u8>);

/// What a stanza of an age file's header says in clear: its kind and its arguments.
pub(super) struct Stanza<'f>(&'f [u8]);

/// The text is no armored age file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an armored age file")]
pub(crate) struct NotAnAgeFile;

const HEADER: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const FOOTER: &[u8] = b"-----END AGE ENCRYPTED FILE-----";
/// The most characters of base64 in a line, and the bytes that they hold.
const COLUMNS: usize = 64;
const BYTES: usize = 48;
/// The most white space before the header and after the footer.
const MAX_SPACE: usize = 1024;

impl AgeFile {
    /// Takes off the armor, exactly as strictly as Go's age does: full lines but for the last,
    /// canonical base64, white space around the whole only.
    ///
    /// # Errors
    /// [`NotAnAgeFile`].
    pub(crate) fn from_armor(text: &[u8]) -> Result<Self, NotAnAgeFile> {
        let mut lines = Lines(text);
        lines.skip_to_header()?;
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        loop {
            let line = lines.next().ok_or(NotAnAgeFile)?;
            if line == FOOTER {
                break;
            }
            let before = bytes.len();
            decode_line(line, &mut bytes)?;
            if bytes.len() - before < BYTES {
                if lines.next() != Some(FOOTER) {
                    return Err(NotAnAgeFile);
                }
                break;
            }
        }
        let Lines(rest) = lines;
        let is_space = is_space(rest.get(..MAX_SPACE).unwrap_or(rest));
        if is_space && rest.len() < MAX_SPACE {
            Ok(Self(bytes))
        } else {
            Err(NotAnAgeFile)
        }
    }

    /// Whether its header is one that age reads; if not, no identity opens it.
    pub(crate) fn is_well_formed(&self) -> bool {
        self.decryptor().is_some()
    }

    /// Takes a file that has no armor; whether it is one is found out when it is opened.
    pub(super) fn from_binary(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Whether it is for a passphrase and for something else too. No age writes that; Go's opens it,
    /// and the one that is used here does not.
    pub(crate) fn mixes_passphrase(&self) -> bool {
        let is_scrypt = |stanza: &Stanza<'_>| stanza.kind() == b"scrypt";
        let (scrypt, others): (Vec<_>, Vec<_>) = self.stanzas().partition(is_scrypt);
        !scrypt.is_empty() && !others.is_empty()
    }

    /// How many bytes it has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a stanza is for an RSA key.
    pub(crate) fn is_for_rsa(&self) -> bool {
        self.stanzas().any(|stanza| stanza.kind() == b"ssh-rsa")
    }

    /// The stanzas of the header, as far as they stand in clear.
    pub(super) fn stanzas(&self) -> impl Iterator<Item = Stanza<'_>> {
        self.header()
            .filter_map(|line| line.strip_prefix(b"-> ").map(Stanza))
    }

    /// The lines of the header that stand for stanzas, as they are.
    pub(super) fn header(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.0.split(|byte| *byte == b'\n').skip(1);
        lines.take_while(|line| !line.starts_with(b"---"))
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The file, ready to be opened.
    pub(super) fn decryptor(&self) -> Option<Decryptor<&[u8]>> {
        // age takes off armor by itself; a second one inside the first is none that sops reads.
        if !self.0.starts_with(b"age-encryption.org/v1\n") {
            return None;
        }
        Decryptor::new_buffered(self.0.as_slice()).ok()
    }
}

impl<'f> Stanza<'f> {
    /// Its kind.
    pub(super) fn kind(&self) -> &'f [u8] {
        self.words().next().unwrap_or_default()
    }

    /// Its kind and its first argument, if they are text.
    #[cfg(feature = "ssh")]
    pub(super) fn kind_and_tag(&self) -> Option<(&'f str, &'f str)> {
        let mut words = self.words().map(|word| std::str::from_utf8(word).ok());
        Some((words.next()??, words.next()??))
    }

    /// Whether it is for an SSH key.
    pub(super) fn is_ssh(&self) -> bool {
        matches!(self.kind(), b"ssh-ed25519" | b"ssh-rsa")
    }

    /// Whether it is for a key of age's own kinds.
    pub(super) fn is_native(&self) -> bool {
        matches!(self.kind(), b"X25519" | b"mlkem768x25519")
    }

    fn words(&self) -> impl Iterator<Item = &'f [u8]> + use<'f> {
        self.0.split(|byte| *byte == b' ')
    }
}

/// The lines of a text without their ends; a last one that is empty is none.
struct Lines<'t>(&'t [u8]);

impl Lines<'_> {
    fn skip_to_header(&mut self) -> Result<(), NotAnAgeFile> {
        let mut skipped = 0;
        loop {
            let line = self.next().ok_or(NotAnAgeFile)?;
            if is_space(line) {
                skipped += line.len() + 1;
                if skipped > MAX_SPACE {
                    return Err(NotAnAgeFile);
                }
            } else {
                return if line == HEADER {
                    Ok(())
                } else {
                    Err(NotAnAgeFile)
                };
            }
        }
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(at) => (self.0.get(..at)?, self.0.get(at + 1..)?),
            None => (self.0, &b""[..]),
        };
        self.0 = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Decodes one line of base64: canonical, and not empty. A carriage return inside it is skipped, as
/// Go's decoder skips it.
fn decode_line(line: &[u8], out: &mut Vec<u8>) -> Result<(), NotAnAgeFile> {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    if line.is_empty() || line.len() > COLUMNS {
        return Err(NotAnAgeFile);
    }
    if line.contains(&b'\r') {
        let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != b'\r').collect();
        return BASE64_STANDARD
            .decode_vec(line, out)
            .map_err(|_| NotAnAgeFile);
    }
    BASE64_STANDARD
        .decode_vec(line, out)
        .map_err(|_| NotAnAgeFile)
}

/// Whether there is nothing but white space, in Unicode's sense.
fn is_space(text: &[u8]) -> bool {
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().all(char::is_whitespace),
        Err(_) => false,
    }
}
