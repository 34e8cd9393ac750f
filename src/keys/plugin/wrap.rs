//! The protocol `recipient-v1`: a plugin wraps the keys of new files for a recipient of its own.

use age_core::format::{Stanza, is_arbitrary_string};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroize;

use super::super::dormant::Obstacle;
use super::super::lock::NewFileKey;
use super::super::wake::Means;
use super::talk::{Heard, Message, Talk, not_the_protocol};
use super::{is_name, misnamed};
use crate::random;

/// The key of a file that is still to be written, and the stanzas that give it to a recipient.
pub(in crate::keys) type WrappedKey = (NewFileKey, Vec<Stanza>);

/// The most stanzas that a plugin may make of one key.
const MAX_STANZAS: usize = 16;

/// Has the plugin `name` wrap so many new keys for `recipient`, in one process.
///
/// # Errors
/// [`Obstacle`] where it may not be run, or did not wrap them all.
pub(in crate::keys) fn wrap_ahead(
    recipient: &str,
    name: &str,
    count: usize,
    means: &mut Means<'_>,
) -> Result<Vec<WrappedKey>, Obstacle> {
    if !is_name(name) {
        return Err(misnamed(name));
    }
    if !means.plugins.iter().any(|allowed| allowed == name) {
        return Err(Obstacle::plugin_not_allowed(name));
    }
    let keys: Result<Vec<NewFileKey>, _> = (0..count).map(|_| random::key()).collect();
    let keys = keys.map_err(|error| Obstacle::Failed(error.to_string()))?;
    let mut stanzas: Vec<Vec<Stanza>> = (0..count).map(|_| Vec::new()).collect();
    let mut talk = Talk::begin(name, "recipient-v1", request(recipient, &keys), means)?;
    let ended = talk.answer_all(count, |message| hear(message, &mut stanzas));
    let missing = stanzas.iter().filter(|stanzas| stanzas.is_empty()).count();
    talk.end(ended, missing == 0)?;
    if missing > 0 {
        let what = format!("plugin `{name}`: it wrapped nothing for {recipient}");
        return Err(Obstacle::Failed(what));
    }
    Ok(keys.into_iter().zip(stanzas).collect())
}

/// What a plugin is told: the recipient, and the keys.
fn request(recipient: &str, keys: &[NewFileKey]) -> Vec<u8> {
    let mut request = Vec::with_capacity(recipient.len() + 64 + keys.len() * 48);
    request.extend_from_slice(format!("-> add-recipient {recipient}\n\n").as_bytes());
    for key in keys {
        let mut key = BASE64_STANDARD_NO_PAD.encode(key.expose());
        for part in ["-> wrap-file-key\n", &key, "\n"] {
            request.extend_from_slice(part.as_bytes());
        }
        key.zeroize();
    }
    // That the labels are of no use here, where each file has one recipient, is no reason to refuse them.
    request.extend_from_slice(b"-> extension-labels\n\n-> done\n\n");
    request
}

fn hear(message: &Message, stanzas: &mut [Vec<Stanza>]) -> Result<Heard, String> {
    let words = message.words();
    let (at, tag, arguments) = match words.as_slice() {
        ["recipient-stanza", at, tag, arguments @ ..] => (at, tag, arguments),
        ["recipient-stanza", ..] => return Err(not_the_protocol()),
        ["labels", ..] => return Ok(Heard::Again),
        _ => return Ok(Heard::Another),
    };
    let at: Option<usize> = at.parse().ok();
    let of_file = at.and_then(|at| stanzas.get_mut(at));
    let of_file = of_file.ok_or_else(not_the_protocol)?;
    let is_sound = |word: &&str| is_arbitrary_string(word);
    if of_file.len() == MAX_STANZAS || !is_sound(tag) || !arguments.iter().all(is_sound) {
        return Err(not_the_protocol());
    }
    of_file.push(Stanza {
        tag: (*tag).to_owned(),
        args: arguments.iter().map(|word| (*word).to_owned()).collect(),
        body: message.body.expose().clone(),
    });
    Ok(match of_file.as_slice() {
        [_] => Heard::New,
        _ => Heard::Again,
    })
}
