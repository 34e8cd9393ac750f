//! A stale MAC made right: what stands in the file is blessed as it stands.

use super::Refusal;
use super::copies::Fields;
use crate::document::{Document, Editor, New};
use crate::sops::{DataKey, Mac, SopsFile, Time};

/// The text with the MAC that its values should have, made at this time: `mac` and `lastmodified` are
/// new, and every other byte is as it was. Where there was no `mac`, there is one.
///
/// # Errors
/// [`Refusal`] where anything but the MAC is wrong.
pub(crate) fn reseal(
    document: &Document<'_>,
    file: &SopsFile<'_>,
    key: &DataKey,
    at: Time,
) -> Result<String, Refusal> {
    let metadata = file.metadata();
    let mac = Mac::of(file, key).map_err(Refusal::Unsound)?;
    let token = mac.seal(key, at)?;
    let (mut editor, mut fields) = (Editor::new(document), Fields::default());
    // An empty one counts as none, and has a place all the same.
    let old = metadata.mac.as_ref().map(|field| field.node);
    let empty = || Some(document.tree().pair(metadata.node, "mac")?.value);
    match old.or_else(empty) {
        Some(node) => fields.replace(&mut editor, ("mac", node), token)?,
        None => editor.add_pair(metadata.node, "mac", New::Text(token))?,
    }
    fields.replace_time(&mut editor, metadata, at)?;
    fields.replace_in_copies(&mut editor)?;
    Ok(editor.finish()?)
}
