//! What another program prints, as far as it is kept.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use zeroize::Zeroizing;

use crate::secret::Secret;

/// The beginning of a stream.
pub(super) struct Collected {
    pub(super) bytes: Secret<Vec<u8>>,
    /// Whether it went on.
    pub(super) more: bool,
}

/// Reads a stream to its end on a thread of its own, and keeps `limit` bytes. A stream that goes on
/// behind them is closed.
pub(super) fn collect(mut stream: impl Read + Send + 'static, limit: usize) -> Receiver<Collected> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Secret::new(Vec::new());
        let mut part = Zeroizing::new([0; PART]);
        while bytes.expose().len() <= limit {
            match read_part(&mut stream, &mut part) {
                [] => break,
                part => bytes.extend(part),
            }
        }
        let more = bytes.expose().len() > limit;
        bytes.expose_mut().truncate(limit);
        // Nobody listens any more where the time was up.
        let _ = sender.send(Collected { bytes, more });
    });
    receiver
}

/// How much is read at once.
pub(super) const PART: usize = 1 << 14;

/// Reads what there is; nothing at the end, and after an error: what was read before is all.
pub(super) fn read_part<'p>(from: &mut impl Read, part: &'p mut [u8; PART]) -> &'p [u8] {
    loop {
        match from.read(part) {
            Ok(length) => return part.get(..length).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return &[],
        }
    }
}
