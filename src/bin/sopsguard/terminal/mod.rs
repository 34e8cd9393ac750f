//! Asking at the terminal that the command was started from, whatever its streams are connected to.

#[cfg(unix)]
mod hidden;
mod progress;

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};

use sopsguard::engine::{Answer, Ask};
use sopsguard::report::escape;

use crate::app;

pub(crate) use self::progress::Progress;

/// Whoever sits there.
pub(crate) struct Terminal;

/// The longest answer that is no secret.
const MAX_ANSWER: u64 = 4096;

impl Ask for Terminal {
    #[cfg(unix)]
    fn secret(&mut self, prompt: &str) -> Option<Answer> {
        hidden::ask(open()?, &format!("{}: ", escape(prompt))).map(Answer::new)
    }

    #[cfg(not(unix))]
    fn secret(&mut self, prompt: &str) -> Option<Answer> {
        let prompt = format!("{}: ", escape(prompt));
        rpassword::prompt_password(prompt).ok().map(Answer::new)
    }

    fn value(&mut self, prompt: &str) -> Option<Answer> {
        line(&format!("{}: ", escape(prompt))).map(Answer::new)
    }

    fn confirm(&mut self, prompt: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let choices = match no {
            Some(no) => format!("y for \"{yes}\", n for \"{no}\""),
            None => format!("y for \"{yes}\""),
        };
        let prompt = format!("{} ({}): ", escape(prompt), escape(&choices));
        match line(&prompt)?.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Some(true),
            "n" | "no" if no.is_some() => Some(false),
            _ => None,
        }
    }

    fn tell(&mut self, message: &str) {
        app::warn(&format!("{}\n", escape(message)));
    }
}

/// What somebody types, shown as it is typed.
fn line(prompt: &str) -> Option<String> {
    let mut terminal = open()?;
    if cfg!(windows) {
        app::warn(prompt);
    } else {
        terminal.write_all(prompt.as_bytes()).ok()?;
    }
    let mut answer = String::new();
    let read = BufReader::new(terminal.take(MAX_ANSWER)).read_line(&mut answer);
    let answer = answer.trim_end_matches(['\r', '\n']).to_owned();
    read.is_ok_and(|length| length > 0).then_some(answer)
}

fn open() -> Option<File> {
    let name = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };
    OpenOptions::new().read(true).write(true).open(name).ok()
}
