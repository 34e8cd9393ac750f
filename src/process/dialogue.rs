//! A conversation with a program: it is told something, it answers in lines, and nothing that it does
//! makes anyone wait for longer than was settled.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Program;
use super::stop::stop;
use super::stream::{PART, read_part};
use crate::secret::Secret;

/// A program that runs and is talked with. It is stopped where this is dropped.
pub(crate) struct Dialogue {
    child: Child,
    is_alone: bool,
    /// Whether it has ended, and its number may be another's.
    is_gone: bool,
    name: String,
    time: Duration,
    /// None once all is said.
    to: Option<Sender<Vec<u8>>>,
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
    Whole(Secret<Vec<u8>>),
    /// The beginning of one that is too long.
    TooLong,
}

/// The longest line that is read.
const MAX_LINE: usize = 1 << 16;
/// How many lines a program may be ahead.
const AHEAD: usize = 64;
/// How long a program that is done may take to end.
const FAREWELL: Duration = Duration::from_millis(500);

impl Dialogue {
    pub(super) fn new(mut child: Child, program: &Program<'_>) -> Self {
        let (to, messages) = mpsc::channel();
        let (lines, from) = mpsc::sync_channel(AHEAD);
        if let Some(stdin) = child.stdin.take() {
            thread::spawn(move || write(stdin, &messages));
        }
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || read(stdout, &lines));
        }
        Self {
            child,
            is_alone: program.is_alone,
            is_gone: false,
            name: program.name.to_owned(),
            time: program.time,
            to: Some(to),
            from,
        }
    }

    /// Tells it something. A program that does not listen makes nobody wait.
    pub(crate) fn tell(&self, message: Vec<u8>) {
        if let Some(to) = &self.to {
            // Where nobody takes it any more, the next line will not come.
            let _ = to.send(message);
        }
    }

    /// Lets it end by itself, as soon as it has read that nothing more will come; for a short while.
    pub(crate) fn part(mut self) {
        self.to = None;
        let deadline = Instant::now() + FAREWELL;
        let mut pause = Duration::from_micros(200);
        while Instant::now() < deadline {
            self.is_gone = matches!(self.child.try_wait(), Ok(Some(_)));
            if self.is_gone {
                return;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// The next line that it prints, without its end; `None` where it has ended.
    ///
    /// # Errors
    /// [`Unheard::Silent`] where none came in time, [`Unheard::TooMuch`] where it has no end.
    pub(crate) fn line(&self, deadline: Instant) -> Result<Option<Secret<Vec<u8>>>, Unheard> {
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
        if !self.is_gone {
            stop(&mut self.child, self.is_alone);
        }
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

fn read(mut from: impl Read, lines: &SyncSender<Line>) {
    let mut part = Zeroizing::new([0; PART]);
    let mut line = Secret::new(Vec::new());
    loop {
        let part = read_part(&mut from, &mut part);
        let is_end = part.is_empty();
        for piece in part.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n");
            line.extend(text.unwrap_or(piece));
            let is_whole = text.is_some();
            let is_long = line.expose().len() >= MAX_LINE;
            if !is_whole && !is_long {
                continue;
            }
            let whole = std::mem::replace(&mut line, Secret::new(Vec::new()));
            let said = if is_long {
                Line::TooLong
            } else {
                Line::Whole(whole)
            };
            if lines.send(said).is_err() {
                return;
            }
        }
        if is_end {
            if !line.expose().is_empty() {
                // Whoever is gone does not miss it.
                let _ = lines.send(Line::Whole(line));
            }
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
            is_alone: true,
        };
        program.talk().expect("there is a shell")
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_program_answers_what_it_was_told() {
        let dialogue = talk("read a; echo 1 $a; read b; echo 2 $b; printf end");
        let line = || dialogue.line(soon()).unwrap().map(Secret::into_inner);
        dialogue.tell(b"x\n".to_vec());
        assert_eq!(line().unwrap(), b"1 x");
        dialogue.tell(b"y\n".to_vec());
        assert_eq!(line().unwrap(), b"2 y");
        assert_eq!(line().unwrap(), b"end");
        assert_eq!(line(), None);
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

    #[test]
    fn a_program_that_is_done_may_tidy_up_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let sign = folder.path().join("sign");
        let tidy = format!("cat >&2; echo >'{}'", sign.display());
        talk(&tidy).part();
        assert!(sign.exists());
        let started = Instant::now();
        talk("sleep 30").part();
        talk("trap '' TERM; sleep 30 & wait").part();
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
