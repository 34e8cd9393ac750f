//! A conversation with a program: it is told something, it answers in lines, and nothing that it does
//! makes anyone wait for longer than was settled.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// A program that runs and is talked with. It is stopped where this is dropped.
pub(crate) struct Dialogue {
    child: Child,
    name: String,
    time: Duration,
    to: Sender<Vec<u8>>,
    from: Receiver<Line>,
}

/// Why there is no next line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unheard {
    /// It said nothing for so long.
    #[error("`{name}` did not answer within {} seconds", time.as_secs())]
    Silent { name: String, time: Duration },
    /// It printed a line without end.
    #[error("`{name}` printed more than anyone would read")]
    TooMuch { name: String },
}

/// What was read.
enum Line {
    /// A line without its end.
    Whole(Vec<u8>),
    /// The beginning of one that is too long.
    TooLong,
}

/// The longest line that is read.
const MAX_LINE: u64 = 1 << 16;
/// How many lines a program may be ahead.
const AHEAD: usize = 64;

impl Dialogue {
    pub(super) fn new(mut child: Child, name: &str, time: Duration) -> Self {
        let (to, messages) = mpsc::channel();
        let (lines, from) = mpsc::sync_channel(AHEAD);
        if let Some(stdin) = child.stdin.take() {
            thread::spawn(move || write(stdin, &messages));
        }
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || read(stdout, &lines));
        }
        let name = name.to_owned();
        Self {
            child,
            name,
            time,
            to,
            from,
        }
    }

    /// Tells it something. A program that does not listen makes nobody wait.
    pub(crate) fn tell(&self, message: Vec<u8>) {
        // Where nobody takes it any more, the next line will not come.
        let _ = self.to.send(message);
    }

    /// The next line that it prints, without its end; `None` where it has ended.
    ///
    /// # Errors
    /// [`Unheard::Silent`] where none came in time, [`Unheard::TooMuch`] where it has no end.
    pub(crate) fn line(&self, deadline: Instant) -> Result<Option<Vec<u8>>, Unheard> {
        let left = deadline.saturating_duration_since(Instant::now());
        let name = || self.name.clone();
        if left.is_zero() {
            let (name, time) = (name(), self.time);
            return Err(Unheard::Silent { name, time });
        }
        match self.from.recv_timeout(left.min(self.time)) {
            Ok(Line::Whole(line)) => Ok(Some(line)),
            Ok(Line::TooLong) => Err(Unheard::TooMuch { name: name() }),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                let (name, time) = (name(), self.time);
                Err(Unheard::Silent { name, time })
            }
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        // Whether it was still there to be stopped makes no difference.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(mut to: ChildStdin, messages: &Receiver<Vec<u8>>) {
    for message in messages {
        let message = Zeroizing::new(message);
        if to.write_all(&message).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

fn read(from: impl Read, lines: &SyncSender<Line>) {
    let mut from = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        // What was read before an error is all that there is.
        let read = Read::by_ref(&mut from)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line);
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        let line = match read {
            Ok(length) if length > 0 && (is_whole || length < MAX_LINE as usize) => {
                Line::Whole(line)
            }
            Ok(length) if length > 0 => Line::TooLong,
            Ok(_) | Err(_) => return,
        };
        if lines.send(line).is_err() {
            return;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::{Program, words};
    use super::*;
    use crate::environment::{Environment, Platform};

    fn talk(script: &str) -> Dialogue {
        let path = [("PATH".into(), "/usr/bin:/bin".into())];
        let environment = Environment::new(path, "/".into(), Platform::Unix);
        let program = Program {
            name: "sh",
            arguments: words(["-c", script]),
            directory: std::path::Path::new("/"),
            environment: &environment,
            variables: &[],
            stdin: Vec::new(),
            limit: 0,
            time: Duration::from_millis(300),
        };
        program.talk().expect("there is a shell")
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_program_answers_what_it_was_told() {
        let dialogue = talk("read a; echo 1 $a; read b; echo 2 $b");
        dialogue.tell(b"x\n".to_vec());
        assert_eq!(dialogue.line(soon()).unwrap().unwrap(), b"1 x");
        dialogue.tell(b"y\n".to_vec());
        assert_eq!(dialogue.line(soon()).unwrap().unwrap(), b"2 y");
        assert_eq!(dialogue.line(soon()), Ok(None));
    }

    #[test]
    fn nothing_that_a_program_does_makes_anyone_wait() {
        let silent = |result: Result<_, Unheard>| matches!(result, Err(Unheard::Silent { .. }));
        let started = Instant::now();
        let dialogue = talk("sleep 30");
        // More than any pipe holds.
        dialogue.tell(vec![b'x'; 1 << 20]);
        assert!(silent(dialogue.line(soon())));
        drop(dialogue);
        let dialogue = talk("while :; do echo a; done");
        let deadline = Instant::now() + Duration::from_millis(100);
        let ended = std::iter::repeat_with(|| dialogue.line(deadline)).find(Result::is_err);
        assert!(silent(ended.unwrap()));
        let dialogue = talk("while :; do printf aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done");
        assert!(matches!(
            dialogue.line(soon()),
            Err(Unheard::TooMuch { .. })
        ));
        assert!(started.elapsed() < Duration::from_secs(15));
    }
}
