//! What the keys of a file are to be: the same for each of its documents, of which sops gives each a copy.

use std::borrow::Cow;

use super::{Refusal, Threshold};
use crate::keys::{Recipient, Wrapped};
use crate::secret::Secret;
use crate::sops::{KeyKind, KeyNames, MasterKey};

/// The keys, group by group.
pub(super) struct Goal<'p> {
    pub(super) groups: Vec<Vec<Stanza<'p>>>,
    pub(super) threshold: Threshold,
}

/// A key and what is encrypted to it.
pub(super) struct Stanza<'p> {
    pub(super) kind: KeyKind,
    /// The name by which it is found.
    pub(super) spelled: String,
    /// What an entry names it by.
    pub(super) id: String,
    pub(super) enc: Cow<'p, [u8]>,
}

impl<'p> Stanza<'p> {
    /// An entry that stays as it is.
    pub(super) fn kept(key: &'p MasterKey<'p>, names: &KeyNames) -> Self {
        let enc = key.enc.as_ref().map_or(&b""[..], |enc| &enc.value);
        Self {
            kind: key.kind,
            spelled: names.spelled.clone(),
            id: key.id().into_owned(),
            enc: Cow::Borrowed(enc),
        }
    }

    /// An entry that holds what is locked now.
    ///
    /// # Errors
    /// [`Refusal::Recipient`].
    pub(super) fn locked(
        names: &KeyNames,
        id: String,
        secret: &Secret<Vec<u8>>,
        wrapped: &Wrapped,
    ) -> Result<Self, Refusal> {
        let enc = Recipient::parse(&id).lock(secret.expose(), wrapped);
        let enc = enc.map_err(|why| Refusal::Recipient {
            recipient: names.shown.clone(),
            why,
        })?;
        Ok(Self {
            kind: names.kind,
            spelled: names.spelled.clone(),
            id,
            enc: Cow::Owned(enc.into_bytes()),
        })
    }
}
