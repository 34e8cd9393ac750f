//! Plugins: programs named `age-plugin-NAME` that hold identities, by the protocol `identity-v1` of
//! C2SP's age-plugin specification.
//!
//! One process serves all files of a run: the protocol numbers the files, and age's own client, which
//! starts a process for each, makes no use of that. A plugin runs only where the user named it, and
//! nothing that it does (hanging, dying, junk, endless talk) takes longer than was settled.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroize;

use super::age_file::AgeFile;
use super::ask::Ask;
use super::dormant::{Lock, Obstacle, State};
use super::file_key::FileKey;
use super::keyring::Keyring;
use super::source::{Fault, Warning};
use super::wake::{Means, Shut};
use crate::process::{self, Dialogue, Program};
use crate::secret::Secret;

/// The characters of base64 in a full line.
const COLUMNS: usize = 64;
/// The longest body of a message, in lines.
const MAX_BODY: usize = 1024;
/// The most characters of what a plugin says that are passed on.
const MAX_SAID: usize = 200;
/// How often a plugin may say something without opening a file, beside an error for each.
const MAX_CHATTER: usize = 100;

impl Keyring {
    /// Lets the plugins that are allowed open what is still shut.
    pub(super) fn wake_plugins(&mut self, shut: &[&Shut], means: &mut Means<'_>) {
        let mut names = BTreeSet::new();
        for dormant in &self.found.dormant {
            if let (Lock::Plugin { name, .. }, State::Asleep) = (&dormant.lock, &dormant.state) {
                names.insert(name.clone());
            }
        }
        for name in names {
            let shut: Vec<&AgeFile> = shut
                .iter()
                .filter(|file| !self.opens(file))
                .flat_map(|file| file.groups.iter().flatten())
                .map(|locked| &locked.file)
                .filter(|file| file.is_well_formed())
                .collect();
            if !shut.is_empty() {
                self.wake_plugin(&name, &shut, means);
            }
        }
    }

    fn wake_plugin(&mut self, name: &str, files: &[&AgeFile], means: &mut Means<'_>) {
        let state = if !is_name(name) {
            let what = format!("plugin `{name}` is never run: its name is not made of `a-z0-9-`");
            State::Stuck(Obstacle::Failed(what))
        } else if !means.plugins.iter().any(|allowed| allowed == name) {
            State::Asleep
        } else {
            self.talk_with(name, files, means)
        };
        for dormant in &mut self.found.dormant {
            if matches!(&dormant.lock, Lock::Plugin { name: other, .. } if other == name) {
                dormant.state = match &state {
                    State::Asleep => State::Stuck(dormant.obstacle_of_lock()),
                    state => state.clone(),
                };
            }
        }
    }

    /// Runs a plugin on the files and keeps the keys that it gives.
    fn talk_with(&mut self, name: &str, files: &[&AgeFile], means: &mut Means<'_>) -> State {
        let mut identities = Vec::new();
        let mut origins = Vec::new();
        for dormant in &self.found.dormant {
            if let Lock::Plugin {
                name: other,
                identity,
            } = &dormant.lock
                && other == name
            {
                identities.push(identity);
                origins.push(dormant.origin.clone());
            }
        }
        let mut keys = BTreeMap::new();
        let ended = converse(name, &identities, files, means, &mut keys);
        let opened = keys.len();
        for (at, key) in keys {
            if let Some(file) = files.get(at) {
                self.file_keys.insert(file.bytes().to_vec(), key);
            }
        }
        let Err(obstacle) = ended else {
            return State::Done;
        };
        if let (Obstacle::Failed(what), Some(origin)) = (&obstacle, origins.into_iter().next()) {
            let fault = Fault::Program(what.clone());
            self.found.warnings.push(Warning { origin, fault });
        }
        if opened == files.len() {
            State::Done
        } else {
            State::Stuck(obstacle)
        }
    }
}

/// Whether it is the name of a plugin that may be run.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !name.is_empty() && name.bytes().all(is_plain)
}

/// Runs a plugin; puts the keys of the files that it opens into `keys`, by their place in `files`.
/// What goes wrong is one sentence.
fn converse(
    name: &str,
    identities: &[&Secret<String>],
    files: &[&AgeFile],
    means: &mut Means<'_>,
    keys: &mut BTreeMap<usize, FileKey>,
) -> Result<(), Obstacle> {
    let folder = process::neutral_folder();
    let program = Program {
        name: &format!("age-plugin-{name}"),
        arguments: process::words(["--age-plugin=identity-v1"]),
        directory: &folder,
        environment: means.environment,
        variables: &[],
        stdin: Vec::new(),
        limit: 0,
        time: means.time,
        is_alone: means.ask.is_none(),
    };
    let failed = |what: String| Obstacle::Failed(format!("plugin `{name}`: {what}"));
    let dialogue = program.talk().map_err(|error| failed(error.to_string()))?;
    dialogue.tell(request(identities, files));
    let mut talk = Talk {
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
    };
    let ended = talk.answer_all(files.len(), keys);
    if talk.is_refused && keys.len() < files.len() {
        return Err(Obstacle::NeedsInput(format!("plugin `{name}`")));
    }
    ended.map_err(failed)?;
    talk.dialogue.part();
    talk.complaint.map_or(Ok(()), |what| Err(failed(what)))
}

/// What a plugin is told: its identities, and the stanzas of all files, numbered.
fn request(identities: &[&Secret<String>], files: &[&AgeFile]) -> Vec<u8> {
    let length = |file: &&AgeFile| file.bytes().len() + 64;
    let mut request = Vec::with_capacity(4096 + files.iter().map(length).sum::<usize>());
    for identity in identities {
        for part in ["-> add-identity ", identity.expose(), "\n\n"] {
            request.extend_from_slice(part.as_bytes());
        }
    }
    for (at, file) in files.iter().enumerate() {
        for line in file.header() {
            match line.strip_prefix(b"-> ") {
                Some(stanza) => {
                    request.extend_from_slice(format!("-> recipient-stanza {at} ").as_bytes());
                    request.extend_from_slice(stanza);
                }
                None => request.extend_from_slice(line),
            }
            request.push(b'\n');
        }
    }
    request.extend_from_slice(b"-> done\n\n");
    request
}

/// A conversation in its second half, in which the plugin leads.
struct Talk<'t> {
    name: &'t str,
    dialogue: Dialogue,
    /// How long the plugin may take for a file.
    time: Duration,
    /// What is left of that. Time in which the user is asked does not count.
    left: Duration,
    /// How often it said something since it opened a file.
    chatter: usize,
    /// Whether it asked for something and there was nobody to answer.
    is_refused: bool,
    ask: Option<&'t mut dyn Ask>,
    complaint: Option<String>,
}

/// What a plugin says.
struct Message {
    words: Vec<String>,
    body: Secret<Vec<u8>>,
}

impl Talk<'_> {
    /// Answers until the plugin is done.
    fn answer_all(
        &mut self,
        files: usize,
        keys: &mut BTreeMap<usize, FileKey>,
    ) -> Result<(), String> {
        while let Some(message) = self.message()? {
            let before = keys.len();
            self.answer(&message, files, keys)?;
            self.chatter += 1;
            if keys.len() > before {
                (self.left, self.chatter) = (self.time, 0);
            }
            if self.chatter > MAX_CHATTER.saturating_add(files) {
                return Err("it talks and opens nothing".to_owned());
            }
        }
        Ok(())
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
            Ok(None) => Err("it ended before it was done".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Does what the plugin wants, and says how that went.
    fn answer(
        &mut self,
        message: &Message,
        files: usize,
        keys: &mut BTreeMap<usize, FileKey>,
    ) -> Result<(), String> {
        // Not of a file's key, which is no text and must not be copied.
        let body = || shortened(&String::from_utf8_lossy(message.body.expose()));
        let name = self.name;
        let prompt = || format!("plugin `{name}`: {}", body());
        let words: Vec<&str> = message.words.iter().map(String::as_str).collect();
        match (words.as_slice(), &mut self.ask) {
            (["file-key", at], _) => {
                let at = at.parse().ok().filter(|at| *at < files);
                let key = FileKey::new(message.body.expose(), self.name);
                let (at, key) = at.zip(key).ok_or_else(not_the_protocol)?;
                keys.insert(at, key);
                self.reply("ok", &[]);
            }
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

fn not_the_protocol() -> String {
    "it does not speak the plugin protocol".to_owned()
}
