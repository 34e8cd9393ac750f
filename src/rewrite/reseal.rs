//! A stale MAC made right: what stands in the file is blessed as it stands.

use super::Refusal;
use super::copies::Fields;
use crate::document::{Document, Editor};
use crate::sops::{DataKey, Mac, SopsFile, Time};

/// The text with the MAC that its values should have, made at this time: `mac` and `lastmodified` are
/// new, and every other byte is as it was.
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
    let old = metadata.mac.as_ref().ok_or(Refusal::NoMac)?;
    let token = mac.seal(key, at)?;
    let (mut editor, mut fields) = (Editor::new(document), Fields::default());
    fields.replace(&mut editor, ("mac", old.node), token)?;
    fields.replace_time(&mut editor, metadata, at)?;
    fields.replace_in_copies(&mut editor)?;
    Ok(editor.finish()?)
}
