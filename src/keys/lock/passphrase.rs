//! Locking to a passphrase: the stanza `scrypt`, as `age -p` writes it.

use std::io::Write;

use age::Encryptor;
use age::secrecy::SecretString;

use super::super::ask::Answer;
use super::file;

/// The work that a passphrase costs, as a power of two: what `age -p` asks for, about a second.
const WORK: u8 = 18;

/// The age file of `secret`, in its armor, which `passphrase` opens.
pub(crate) fn lock_to_passphrase(secret: &[u8], passphrase: &Answer) -> String {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose()));
    recipient.set_work_factor(WORK);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients);
    let encryptor = encryptor.expect("one passphrase can be the only recipient");
    let mut bytes = Vec::new();
    let written = encryptor.wrap_output(&mut bytes).and_then(|mut to| {
        to.write_all(secret)?;
        to.finish()
    });
    written.expect("a vector takes whatever is written");
    file::armor(&bytes)
}
