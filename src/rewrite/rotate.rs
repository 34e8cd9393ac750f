//! A new data key for a file: every value, every comment that is encrypted and the MAC are sealed under
//! it, and it is locked for everybody who can open the file.
//!
//! What a value is does not change, nor does its type: the bytes that one token held the next one
//! holds. The MAC says the same of them as before, at another time.

use super::Refusal;
use super::copies::Fields;
use crate::document::{Comment, Document, Editor, Entry, New, NodeId, Scalar, Value};
use crate::keys::{Recipient, Wrapped};
use crate::sops::{self};
use crate::sops::{
    DataKey, KeyKind, Leaf, MasterKey, NotSealed, Renewal, Selectors, SopsFile, Time, Token, Visit,
};

/// The text under a new data key, made at this time, for the recipients that it has; of plugins' recipients
/// with what `wrapped` holds for them.
///
/// # Errors
/// [`Refusal`] where the file has keys that are not age's, where sops would refuse it as it is, or where
/// it cannot be written so.
pub(crate) fn rotate(
    document: &Document<'_>,
    file: &SopsFile<'_>,
    old: &DataKey,
    at: Time,
    wrapped: &Wrapped,
) -> Result<String, Refusal> {
    demand_age(file)?;
    let found = sops::verify(file, Some(old));
    if !found.problems.is_empty() || found.unsupported.is_some() {
        return Err(Refusal::Unsound(Box::new(found)));
    }
    let new = DataKey::generate()?;
    let mut rotation = Rotation {
        selectors: file.selectors(),
        editor: Editor::new(document),
        fields: Fields::default(),
        renewal: Renewal::new(old, &new),
    };
    rotation.values(file)?;
    rotation.mac(file, at)?;
    rotation.keys(file, &new, wrapped)?;
    rotation.threshold(file)?;
    rotation.fields.replace_in_copies(&mut rotation.editor)?;
    Ok(rotation.editor.finish()?)
}

/// The recipients for whom a rotation locks the data key, each as often as it is.
pub(crate) fn recipients(file: &SopsFile<'_>) -> Vec<Recipient> {
    let keys = file.metadata().groups.iter().flat_map(|group| &group.keys);
    let of_age = keys.filter(|key| key.kind == KeyKind::Age);
    of_age.map(|key| Recipient::parse(&key.id())).collect()
}

/// Refuses a file with keys to which only others encrypt.
fn demand_age(file: &SopsFile<'_>) -> Result<(), Refusal> {
    let keys = file.metadata().groups.iter().flat_map(|group| &group.keys);
    let names = keys.zip(file.openers());
    let others = names.filter(|(key, _)| key.kind != KeyKind::Age);
    let others: Vec<String> = others.map(|(_, opener)| opener.name).collect();
    if others.is_empty() {
        Ok(())
    } else {
        Err(Refusal::NeedsSops { keys: others })
    }
}

/// A rotation under way.
struct Rotation<'d, 's, 'f> {
    selectors: &'f Selectors,
    editor: Editor<'d, 's>,
    fields: Fields,
    renewal: Renewal,
}

impl Rotation<'_, '_, '_> {
    /// Seals all values and comments anew.
    fn values(&mut self, file: &SopsFile<'_>) -> Result<(), Refusal> {
        let mut outcome = Ok(());
        let walked = sops::walk(file.tree(), file.selectors(), |visit| {
            if outcome.is_ok() {
                outcome = self.visit(&visit);
            }
        });
        outcome?;
        if walked.is_ok() && file.selectors().is_certain() {
            Ok(())
        } else {
            Err(NotSealed::TooLong.into())
        }
    }

    fn visit(&mut self, visit: &Visit<'_, '_>) -> Result<(), Refusal> {
        if !visit.selected {
            return Ok(());
        }
        match visit.leaf {
            Leaf::Comment(comment) => self.comment(visit, comment),
            Leaf::Scalar {
                scalar: Scalar::Str(text),
                node,
                ..
            } if !text.is_empty() => self.value(visit, text, node),
            Leaf::Scalar { .. } | Leaf::NonStringKey(_) => Ok(()),
        }
    }

    fn value(&mut self, visit: &Visit<'_, '_>, text: &[u8], node: NodeId) -> Result<(), Refusal> {
        let token = Token::parse(text).ok_or(NotSealed::Shut)?;
        let new = self.renewal.token(&token, visit.aad)?;
        if !visit.via.is_empty() {
            return Err(Refusal::Shared);
        }
        Ok(self.editor.replace_scalar(node, &new)?)
    }

    /// A comment that does not open is one in clear, and stays.
    fn comment(&mut self, visit: &Visit<'_, '_>, comment: &Comment<'_>) -> Result<(), Refusal> {
        let Some((token, old)) = token_of(comment) else {
            return Ok(());
        };
        let by_comments = self.selectors.looks_at_comments();
        for _ in 0..MAX_TRIES {
            let new = match self.renewal.token(&token, visit.aad) {
                Ok(new) => new,
                Err(NotSealed::Shut) => return Ok(()),
                Err(other) => return Err(other.into()),
            };
            if !visit.via.is_empty() {
                return Err(Refusal::Shared);
            }
            let matches = |text: &str| self.selectors.matches(text.as_bytes());
            // What looks random may say something to a selector.
            if !by_comments || matches(&new) == matches(old) {
                return Ok(self.editor.replace_in_comment(comment, old, &new)?);
            }
        }
        Err(Refusal::Selected)
    }

    fn mac(&mut self, file: &SopsFile<'_>, at: Time) -> Result<(), Refusal> {
        let metadata = file.metadata();
        let old = metadata.mac.as_ref().ok_or(Refusal::NoMac)?;
        let new = self.renewal.mac(metadata, at)?.ok_or(Refusal::NoMac)?;
        self.fields
            .replace(&mut self.editor, ("mac", old.node), new)?;
        Ok(self.fields.replace_time(&mut self.editor, metadata, at)?)
    }

    /// Locks the data key, or each group's share of it, for every recipient.
    fn keys(
        &mut self,
        file: &SopsFile<'_>,
        new: &DataKey,
        wrapped: &Wrapped,
    ) -> Result<(), Refusal> {
        let metadata = file.metadata();
        let threshold = metadata.shamir_threshold.as_ref().map(|field| field.value);
        let shares = new.shares(metadata.groups.len(), threshold)?;
        let mut openers = file.openers();
        for ((group, share), number) in metadata.groups.iter().zip(&shares).zip(1..) {
            if group.keys.is_empty() {
                return Err(Refusal::EmptyGroup(number));
            }
            for key in &group.keys {
                let recipient = openers.next().map_or_else(String::new, |it| it.name);
                let locked = Recipient::parse(&key.id()).lock(share.expose(), wrapped);
                let locked = locked.map_err(|why| Refusal::Lock {
                    recipient: recipient.clone(),
                    why,
                })?;
                self.stanza(key, locked, recipient)?;
            }
        }
        Ok(())
    }

    /// Says how many groups are needed where that is not said: all of them are, and sops writes it when it splits a data
    /// key.
    fn threshold(&mut self, file: &SopsFile<'_>) -> Result<(), Refusal> {
        let metadata = file.metadata();
        let groups = metadata.groups.len();
        let field = metadata.shamir_threshold.as_ref();
        if groups < 2 || field.is_some_and(|field| field.value != 0) {
            return Ok(());
        }
        let count = || New::Int(i64::try_from(groups).unwrap_or(i64::MAX));
        for root in self.roots(metadata.node) {
            match self
                .editor
                .tree()
                .pair(root, THRESHOLD)
                .map(|pair| pair.value)
            {
                Some(node) => self.editor.replace(root, node, count())?,
                None => self.editor.add_pair(root, THRESHOLD, count())?,
            }
        }
        Ok(())
    }

    /// The metadata of the file, whose node is `first`, and those of its later documents.
    fn roots(&self, first: NodeId) -> Vec<NodeId> {
        let tree = self.editor.tree();
        let later = tree.branches().iter().skip(1);
        let copies = later.flat_map(|branch| match &tree.node(*branch).value {
            Value::Map(entries) => entries.as_slice(),
            Value::Scalar(_) | Value::List(_) | Value::Alias(_) => &[],
        });
        let copies = copies.filter_map(|entry| match entry {
            Entry::Pair(pair) if tree.is_metadata(pair) => Some(pair.value),
            Entry::Pair(_) | Entry::Comment(_) => None,
        });
        [first].into_iter().chain(copies).collect()
    }

    fn stanza(&mut self, key: &MasterKey<'_>, locked: String, name: String) -> Result<(), Refusal> {
        let Some(old) = &key.enc else {
            return Err(Refusal::NoCopy { recipient: name });
        };
        let mut locked = locked;
        if !old.value.ends_with(b"\n") {
            locked.truncate(locked.trim_end().len());
        }
        Ok(self
            .fields
            .replace(&mut self.editor, ("enc", old.node), locked)?)
    }
}

/// The field that says how many groups are needed.
const THRESHOLD: &str = "shamir_threshold";

/// How often a comment is sealed before it is given up.
const MAX_TRIES: usize = 16;

/// The token that a comment begins with, as such and as text.
fn token_of<'c>(comment: &'c Comment<'_>) -> Option<(Token<'c>, &'c str)> {
    let token = Token::parse(&comment.text)?;
    let text = comment.text.get(..token.len())?;
    Some((token, std::str::from_utf8(text).ok()?))
}
