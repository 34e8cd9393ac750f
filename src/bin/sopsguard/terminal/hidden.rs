//! A secret that is typed and not shown.
//!
//! The terminal itself keeps the line, so that its keys for mending it work. Ctrl-C is not left to it:
//! it would end the process while the terminal is mute, and the shell would go on with a terminal
//! that shows nothing.

use std::fs::File;
use std::io::{Read, Write};

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// What Ctrl-C sends where the terminal makes no signal of it.
const CTRL_C: u8 = 3;
/// The longest line that a terminal keeps.
const MAX_LINE: usize = 4096;

/// Asks for a line that is not shown. `None` where nobody gives one, or one that is no text.
///
/// Ctrl-C ends the process, as everywhere, after the terminal is as it was.
pub(super) fn ask(mut terminal: File, prompt: &str) -> Option<String> {
    let mute = Mute::new(&terminal)?;
    terminal.write_all(prompt.as_bytes()).ok()?;
    let mut line = Zeroizing::new([0; MAX_LINE]);
    let read = terminal.read(&mut line[..]);
    drop(mute);
    // Nobody has seen the end of the line either.
    terminal.write_all(b"\n").ok()?;
    let line = line.get(..read.ok()?)?;
    if line.contains(&CTRL_C) {
        // If it does not end the process, nobody has answered.
        let _ = kill_process(getpid(), Signal::INT);
        return None;
    }
    // At the end of input there is no line, not even an empty one.
    let line = line.strip_suffix(b"\n")?;
    // What Ctrl-\ and Ctrl-Z send is no part of a passphrase.
    let is_signal = |byte: &u8| matches!(byte, 0x1A | 0x1C);
    if line.iter().any(is_signal) {
        return None;
    }
    std::str::from_utf8(line).ok().map(str::to_owned)
}

/// A terminal that shows nothing, for as long as this lives.
struct Mute {
    terminal: File,
    before: Termios,
}

impl Mute {
    fn new(terminal: &File) -> Option<Self> {
        let terminal = terminal.try_clone().ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut modes = before.clone();
        modes.local_modes |= LocalModes::ICANON;
        modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG;
        // A line ends there, so that it need not be waited for.
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(&terminal, OptionalActions::Flush, &modes).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        // There is nobody to tell where that fails.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
