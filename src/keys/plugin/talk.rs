//! A conversation with a plugin: messages of both halves, whatever the protocol, and what a plugin may ask
//! of the user.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroize;

use super::super::ask::Ask;
use super::super::dormant::Obstacle;
use super::super::wake::Means;
use crate::process::{self, Dialogue, Program};
use crate::secret::Secret;

/// A conversation in its second half, in which the plugin leads.
pub(super) struct Talk<'t> {
    name: &'t str,
    dialogue: Dialogue,
    /// How long the plugin may take for a file.
    time: Duration,
    /// What is left of that. Time in which the user is asked does not count.
    left: Duration,
    /// How often it said something since it was last of use.
    chatter: usize,
    /// Whether it asked for something and there was nobody to answer.
    is_refused: bool,
    ask: Option<&'t mut dyn Ask>,
    complaint: Option<String>,
}

/// What a plugin says.
pub(super) struct Message {
    words: Vec<String>,
    pub(super) body: Secret<Vec<u8>>,
}

/// What the protocol at hand makes of a message.
pub(super) enum Heard {
    /// What was hoped for.
    New,
    /// What was said before.
    Again,
    /// Nothing that it alone has.
    Another,
}

/// The characters of base64 in a full line.
const COLUMNS: usize = 64;
/// The longest body of a message, in lines.
const MAX_BODY: usize = 1024;
/// The most characters of what a plugin says that are passed on.
const MAX_SAID: usize = 200;
/// What is said of a plugin that is gone.
const ENDED: &str = "it ended before it was done";
/// How often a plugin may say something that is of no use, beside an error for each file.
const MAX_CHATTER: usize = 100;

impl Message {
    /// Its kind and its arguments.
    pub(super) fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }
}

impl<'t> Talk<'t> {
    /// Starts a plugin and tells it all of the first half.
    ///
    /// # Errors
    /// [`Obstacle`] where it could not be started.
    pub(super) fn begin(
        name: &'t str,
        protocol: &str,
        request: Vec<u8>,
        means: &'t mut Means<'_>,
    ) -> Result<Self, Obstacle> {
        let folder = process::neutral_folder();
        let argument = format!("--age-plugin={protocol}");
        let program = Program {
            name: &format!("age-plugin-{name}"),
            arguments: process::words([argument.as_str()]),
            directory: &folder,
            environment: means.environment,
            variables: &[],
            stdin: Vec::new(),
            limit: 0,
            time: means.time,
            is_alone: means.ask.is_none(),
        };
        let dialogue = program.talk();
        let dialogue = dialogue.map_err(|error| failed(name, &error.to_string()))?;
        dialogue.tell(request);
        Ok(Self {
            name,
            dialogue,
            time: means.time,
            left: means.time,
            chatter: 0,
            is_refused: false,
            ask: match &mut means.ask {
                Some(ask) => Some(&mut **ask),
                None => None,
            },
            complaint: None,
        })
    }

    /// Answers until the plugin is done. What the protocol at hand alone has is for `hear`.
    ///
    /// # Errors
    /// What went wrong, for [`Self::end`].
    pub(super) fn answer_all(
        &mut self,
        files: usize,
        mut hear: impl FnMut(&Message) -> Result<Heard, String>,
    ) -> Result<(), String> {
        while let Some(message) = self.message()? {
            self.chatter += 1;
            match hear(&message)? {
                Heard::New => {
                    (self.left, self.chatter) = (self.time, 0);
                    self.reply("ok", &[]);
                }
                Heard::Again => self.reply("ok", &[]),
                Heard::Another => self.answer(&message)?,
            }
            if self.chatter > MAX_CHATTER.saturating_add(files) {
                return Err("it talks and does nothing".to_owned());
            }
        }
        Ok(())
    }

    /// Parts from the plugin.
    ///
    /// # Errors
    /// [`Obstacle`] where something went wrong, or where the user was to be asked and could not be.
    pub(super) fn end(mut self, ended: Result<(), String>, is_all: bool) -> Result<(), Obstacle> {
        let name = self.name;
        if self.is_refused && !is_all {
            return Err(Obstacle::NeedsInput(format!("plugin `{name}`")));
        }
        match (ended, self.complaint.take()) {
            // It may be gone once it has complained, without having said that it is done.
            (Err(what), Some(complaint)) if what == ENDED => Err(failed(name, &complaint)),
            (Err(what), _) => Err(failed(name, &what)),
            (Ok(()), Some(complaint)) => {
                self.dialogue.part();
                Err(failed(name, &complaint))
            }
            (Ok(()), None) => {
                self.dialogue.part();
                Ok(())
            }
        }
    }

    /// The next message; `None` where the plugin is done.
    fn message(&mut self) -> Result<Option<Message>, String> {
        let head = self.line()?;
        let head = std::str::from_utf8(head.expose()).unwrap_or_default();
        let words = head.strip_prefix("-> ").ok_or_else(not_the_protocol)?;
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let mut base64 = Secret::new(Vec::with_capacity(256));
        for lines in 0.. {
            let line = self.line()?;
            if line.expose().len() > COLUMNS || lines > MAX_BODY {
                return Err(not_the_protocol());
            }
            base64.expose_mut().extend_from_slice(line.expose());
            if line.expose().len() < COLUMNS {
                break;
            }
        }
        let body = BASE64_STANDARD_NO_PAD.decode(base64.expose());
        let body = Secret::new(body.map_err(|_| not_the_protocol())?);
        let is_done = words.first().is_some_and(|kind| kind == "done");
        Ok((!is_done).then_some(Message { words, body }))
    }

    fn line(&mut self) -> Result<Secret<Vec<u8>>, String> {
        let started = Instant::now();
        let line = self.dialogue.line(started + self.left);
        self.left = self.left.saturating_sub(started.elapsed());
        match line {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(ENDED.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Does what the plugin wants, and says how that went.
    fn answer(&mut self, message: &Message) -> Result<(), String> {
        let body = || shortened(&String::from_utf8_lossy(message.body.expose()));
        let name = self.name;
        let prompt = || format!("plugin `{name}`: {}", body());
        match (message.words().as_slice(), &mut self.ask) {
            (["error", ..], _) => {
                self.complaint.get_or_insert_with(body);
                self.reply("ok", &[]);
            }
            (["msg"], Some(ask)) => {
                ask.tell(&prompt());
                self.reply("ok", &[]);
            }
            ([kind @ ("request-secret" | "request-public")], Some(ask)) => {
                let answer = match *kind {
                    "request-secret" => ask.secret(&prompt()),
                    _ => ask.value(&prompt()),
                };
                match answer {
                    Some(answer) => self.reply("ok", answer.expose().as_bytes()),
                    None => self.reply("fail", &[]),
                }
            }
            (["confirm", yes, no @ ..], Some(ask)) => {
                let text = |word: &&str| {
                    let bytes = BASE64_STANDARD_NO_PAD.decode(word).ok()?;
                    Some(shortened(&String::from_utf8_lossy(&bytes)))
                };
                let yes = text(yes).ok_or_else(not_the_protocol)?;
                let no = no.first().and_then(text);
                match ask.confirm(&prompt(), &yes, no.as_deref()) {
                    Some(true) => self.reply("ok yes", &[]),
                    Some(false) => self.reply("ok no", &[]),
                    None => self.reply("fail", &[]),
                }
            }
            (
                [
                    kind @ ("msg" | "request-secret" | "request-public" | "confirm"),
                    ..,
                ],
                ask,
            ) => {
                self.is_refused |= ask.is_none() && *kind != "msg";
                self.reply("fail", &[]);
            }
            _ => self.reply("unsupported", &[]),
        }
        Ok(())
    }

    fn reply(&self, words: &str, body: &[u8]) {
        let mut base64 = BASE64_STANDARD_NO_PAD.encode(body);
        // Room for all: a buffer that grew would leave a copy of a secret behind.
        let mut reply = Vec::with_capacity(words.len() + base64.len() / COLUMNS + base64.len() + 8);
        reply.extend_from_slice(format!("-> {words}\n").as_bytes());
        for line in base64.as_bytes().chunks(COLUMNS) {
            reply.extend_from_slice(line);
            reply.push(b'\n');
        }
        // The last line is shorter than the others, if need be empty.
        if base64.len().is_multiple_of(COLUMNS) {
            reply.push(b'\n');
        }
        base64.zeroize();
        self.dialogue.tell(reply);
    }
}

/// The beginning of what a plugin says, for people.
fn shortened(said: &str) -> String {
    let mut chars = said.trim().chars();
    let start: String = chars.by_ref().take(MAX_SAID).collect();
    match chars.next() {
        Some(_) => start + "…",
        None => start,
    }
}

fn failed(name: &str, what: &str) -> Obstacle {
    Obstacle::Failed(format!("plugin `{name}`: {what}"))
}

pub(super) fn not_the_protocol() -> String {
    "it does not speak the plugin protocol".to_owned()
}
