//! The values of a file, opened one after the other for whoever compares them.
//!
//! Beside verification this is the one place where plaintext is looked at. It stands in one buffer, which the next
//! value overwrites and which is wiped at the end.

use zeroize::Zeroize;

use super::cipher::Cipher;
use super::data_key::{Locked, unlock};
use super::enc::{Decoded, Token, ValueType};
use super::verifier::MAX_AUTHENTICATED;
use super::walk::{Leaf, Visit, walk};
use super::{Reason, SopsFile};
use crate::document::{KeyPath, Scalar};
use crate::keys::{Keyring, Shut};
use crate::source::Span;

/// One opened value. It has no `Debug`, and lives as long as it is looked at.
pub(crate) struct OpenValue<'v> {
    /// The value as sops encrypted it: a number or a boolean as text.
    pub(crate) text: &'v [u8],
    pub(crate) kind: ValueType,
    /// Whether it stands below the key `data` of a document, where Kubernetes wants base64.
    pub(crate) is_data: bool,
    /// The keys that lead to it, as reports print them.
    pub(crate) path: KeyPath,
    pub(crate) span: Span,
}

/// Why values were not opened; and what is shut, where more could be tried.
pub(crate) struct Unopened {
    pub(crate) reason: Reason,
    pub(crate) shut: Option<Shut>,
}

/// Opens each encrypted value of a file and shows it to `look`. What does not open is passed over: that is
/// for a check to tell.
///
/// # Errors
/// [`Unopened`] where there is no data key, or where it would take too long.
pub(crate) fn open_values(
    file: &SopsFile<'_>,
    keyring: &Keyring,
    mut look: impl FnMut(&OpenValue<'_>),
) -> Result<(), Unopened> {
    let key = unlock(file, keyring).map_err(|locked| match locked {
        Locked::NotVerified(reason, shut) => Unopened { reason, shut },
        Locked::Failed(_, shut) => {
            let reason = Reason::Unsupported("a data key that does not open".to_owned());
            Unopened { reason, shut }
        }
    })?;
    let mut room = Room {
        cipher: Cipher::new(key.expose()),
        decoded: Decoded::default(),
        authenticated: 0,
    };
    let selectors = file.selectors();
    let walked = walk(file.tree(), selectors, |visit| {
        room.visit(&visit, &mut look)
    });
    let is_whole = walked.is_ok() && room.authenticated <= MAX_AUTHENTICATED;
    if is_whole && selectors.is_certain() {
        return Ok(());
    }
    let what = "values that take too long to open".to_owned();
    Err(Unopened {
        reason: Reason::Unsupported(what),
        shut: None,
    })
}

/// Where values are opened.
struct Room {
    cipher: Cipher,
    /// The parts of the token at hand; opened in place, so that it holds plaintext afterwards.
    decoded: Decoded,
    /// How many bytes of keys were authenticated.
    authenticated: usize,
}

impl Room {
    fn visit(&mut self, visit: &Visit<'_, '_>, look: &mut impl FnMut(&OpenValue<'_>)) {
        let Leaf::Scalar { scalar, span, .. } = visit.leaf else {
            return;
        };
        // What an alias shows stands where the anchor is.
        let Scalar::Str(text) = scalar else { return };
        if !visit.selected || !visit.via.is_empty() {
            return;
        }
        let Some(token) = Token::parse(text) else {
            return;
        };
        self.authenticated = self.authenticated.saturating_add(visit.aad.len());
        if token.decode(&mut self.decoded).is_err() || self.authenticated > MAX_AUTHENTICATED {
            return;
        }
        let Decoded { iv, sealed } = &mut self.decoded;
        let opened = self.cipher.open(iv, visit.aad, sealed);
        if let (Ok(text), Some(kind)) = (opened, token.value_type()) {
            look(&OpenValue {
                text,
                kind,
                is_data: visit.path.first().is_some_and(|key| *key == b"data"),
                path: KeyPath::new(visit.path.iter().copied()),
                span,
            });
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.decoded.sealed.zeroize();
    }
}
