//! The second phase: what asks somebody or runs something, one after the other, each once a run.

use std::io::Read;
use std::time::Duration;

use age::secrecy::SecretString;

use super::age_file::AgeFile;
use super::ask::Ask;
use super::dormant::{Lock, Obstacle, State};
use super::keyring::{Error, Keyring, MAX_KEY_FILE};
use super::places::Origin;
use super::recipient::{Recipient, RecipientKind};
use super::source::{self, Fault, Rules, Warning};
use super::words;
use crate::environment::Environment;
use crate::process::{self, Program};
use crate::secret::Secret;

/// What may be done to wake an identity.
pub(crate) struct Means<'m> {
    pub(crate) environment: &'m Environment,
    /// Who is asked for passphrases.
    pub(crate) ask: Option<&'m mut dyn Ask>,
    /// Whether commands in variables may be run.
    pub(crate) commands: bool,
    /// The plugins that may be run.
    #[cfg_attr(not(feature = "plugin"), expect(dead_code, reason = "none is run"))]
    pub(crate) plugins: &'m [String],
    /// How long a command or a plugin may be silent.
    pub(crate) time: Duration,
}

/// What is still shut of a secret file.
pub(crate) struct Shut {
    /// How many groups more must be opened.
    pub(crate) needed: usize,
    /// The age files of each group that is shut. Any one opens its group.
    pub(crate) groups: Vec<Vec<Locked>>,
}

/// An age file and whom it is named for.
pub(crate) struct Locked {
    pub(crate) file: AgeFile,
    pub(crate) recipient: Recipient,
}

/// How often a passphrase is asked for.
const TRIES: usize = 3;
/// The most work that a passphrase may cost, as a power of two; Go's age has the same limit.
const MAX_WORK: u8 = 22;
/// The variable in which a command finds whom a key is wanted for.
const RECIPIENT: &str = "SOPS_AGE_RECIPIENT";

impl Keyring {
    /// Wakes what it takes to open these files, in their order, and no more. What is woken stays so;
    /// what fails is not tried again. Returns whether there is more to say of the files than before.
    pub(crate) fn wake(&mut self, files: &[Shut], means: &mut Means<'_>) -> bool {
        self.settle();
        let before = self.extent();
        self.found
            .dormant
            .sort_by_key(|dormant| dormant.lock.rank());
        let shut: Vec<&Shut> = files
            .iter()
            .filter(|file| !self.wake_for(file, means))
            .collect();
        #[cfg(feature = "plugin")]
        self.wake_plugins(&shut, means);
        #[cfg(not(feature = "plugin"))]
        drop(shut);
        self.extent() != before
    }

    /// How much was tried. It grows with whatever opens files, and with what went wrong.
    fn extent(&self) -> usize {
        let tried = self
            .found
            .dormant
            .iter()
            .map(|dormant| match &dormant.state {
                State::Asked(answers) => answers.len(),
                State::Done | State::Stuck(Obstacle::Failed(_)) => 1,
                // It asked only once it ran.
                State::Stuck(Obstacle::NeedsInput(_)) => {
                    usize::from(matches!(dormant.lock, Lock::Plugin { .. }))
                }
                State::Asleep | State::Stuck(_) => 0,
            });
        tried.sum()
    }

    /// Whether so many groups of the file open that it does.
    #[cfg(feature = "plugin")]
    pub(super) fn opens(&self, file: &Shut) -> bool {
        let open = file.groups.iter().filter(|group| self.opens_any(group));
        open.take(file.needed).count() == file.needed
    }

    fn wake_for(&mut self, file: &Shut, means: &mut Means<'_>) -> bool {
        let (open, shut): (Vec<_>, Vec<_>) =
            file.groups.iter().partition(|group| self.opens_any(group));
        let mut missing = file.needed.saturating_sub(open.len());
        for group in shut {
            if missing == 0 {
                break;
            }
            // What was woken for one group may open another.
            let is_open =
                self.opens_any(group) || group.iter().any(|locked| self.wake_one(locked, means));
            missing -= usize::from(is_open);
        }
        missing == 0
    }

    fn opens_any(&self, group: &[Locked]) -> bool {
        let mut files = group.iter();
        files.any(|locked| self.open(&locked.file, &locked.recipient).is_some())
    }

    fn wake_one(&mut self, locked: &Locked, means: &mut Means<'_>) -> bool {
        let mut at = 0;
        // What is woken may be more that has to be woken; that stands at the end.
        while at < self.found.dormant.len() {
            if self.wake_at(at, locked, means)
                && self.open(&locked.file, &locked.recipient).is_some()
            {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Wakes one identity if it may open the file. Returns whether there is one more.
    fn wake_at(&mut self, at: usize, locked: &Locked, means: &mut Means<'_>) -> bool {
        let Some(dormant) = self.found.dormant.get_mut(at) else {
            return false;
        };
        let recipient = shown_to_command(&locked.recipient);
        if !dormant.may_open(&locked.file, &locked.recipient)
            || !dormant.state.is_worth_waking(&recipient)
        {
            return false;
        }
        self.wake_now(at, recipient, means)
    }

    /// Wakes one identity, whether it opens anything or not. Returns whether there is one more.
    pub(super) fn wake_now(&mut self, at: usize, recipient: String, means: &mut Means<'_>) -> bool {
        let Some(dormant) = self.found.dormant.get_mut(at) else {
            return false;
        };
        let origin = dormant.origin.clone();
        let Some(woken) = wake_lock(&dormant.lock, &origin, &recipient, means) else {
            return false;
        };
        let warning = match woken {
            Ok(read) => {
                dormant.state.answered(&dormant.lock, recipient, None);
                self.found.push(&origin, read);
                return true;
            }
            Err(Stopped::ForThis(what)) => {
                let told = Some(format!("{origin}: {what}"));
                dormant.state.answered(&dormant.lock, recipient, told);
                Some(what)
            }
            Err(Stopped::ForAll(obstacle)) => {
                dormant.state = State::Stuck(obstacle.of_key(&dormant.lock, &origin));
                let is_key = !matches!(dormant.lock, Lock::Command { .. });
                match obstacle {
                    Obstacle::Failed(what) if is_key && self.is_given => {
                        self.refuse(&origin, what.clone());
                        Some(what)
                    }
                    Obstacle::Failed(what) => Some(what),
                    _ => None,
                }
            }
        };
        if let Some(what) = warning {
            let fault = Fault::Program(what);
            let warning = Warning { origin, fault };
            if !self.found.warnings.contains(&warning) {
                self.found.warnings.push(warning);
            }
        }
        false
    }
}

impl Keyring {
    /// Notes that an identity that the user named cannot be used.
    fn refuse(&mut self, origin: &Origin, what: String) {
        let origin = origin.clone();
        let fault = Fault::Program(what);
        self.refused.get_or_insert(Error { origin, fault });
    }
}

/// Why nothing was woken.
enum Stopped {
    /// For one recipient; for another it may be otherwise.
    ForThis(String),
    /// In all of this run.
    ForAll(Obstacle),
}

/// Wakes what is behind a lock; `None` where that is not done here.
fn wake_lock(
    lock: &Lock,
    origin: &Origin,
    recipient: &str,
    means: &mut Means<'_>,
) -> Option<Result<source::Read, Stopped>> {
    let origin = origin.to_string();
    let woken = match lock {
        #[cfg(feature = "ssh")]
        Lock::Ssh(key) => ask_for(means, &origin, |passphrase| {
            let key = key.open(passphrase).ok_or(Refused::Passphrase)?;
            Ok(source::Read::of_ssh(key))
        }),
        Lock::Encrypted(file) => ask_for(means, &origin, |passphrase| decrypt(file, passphrase)),
        Lock::Command { .. } if !means.commands => Err(lock.obstacle(&origin)),
        Lock::Command { line, is_ssh } => return Some(run(line, recipient, *is_ssh, means)),
        Lock::Plugin { .. } | Lock::Unsupported(_) => return None,
    };
    Some(woken.map_err(Stopped::ForAll))
}

/// Why a passphrase did not help.
enum Refused {
    /// It is another one.
    Passphrase,
    /// Nothing can be made of what is there, whatever the passphrase.
    Content(String),
}

/// Asks for the passphrase of what `origin` names until it fits, a few times.
fn ask_for<T>(
    means: &mut Means<'_>,
    origin: &str,
    mut unlock: impl FnMut(&str) -> Result<T, Refused>,
) -> Result<T, Obstacle> {
    let needs_input = || Obstacle::NeedsInput(origin.to_owned());
    let ask = means.ask.as_mut().ok_or_else(needs_input)?;
    for _ in 0..TRIES {
        let answer = ask.secret(&format!("passphrase for {origin}"));
        let Some(passphrase) = answer.filter(|answer| !answer.expose().is_empty()) else {
            return Err(needs_input());
        };
        match unlock(passphrase.expose()) {
            Ok(opened) => return Ok(opened),
            Err(Refused::Passphrase) => ask.tell("that is not the passphrase"),
            Err(Refused::Content(what)) => return Err(Obstacle::Failed(what)),
        }
    }
    Err(Obstacle::Failed("the passphrase was wrong".to_owned()))
}

/// Opens identities in an age file for a passphrase.
fn decrypt(file: &AgeFile, passphrase: &str) -> Result<source::Read, Refused> {
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase));
    identity.set_max_work_factor(MAX_WORK);
    let damaged = || Refused::Content(Fault::AgeFile.to_string());
    let decryptor = file.decryptor().ok_or_else(damaged)?;
    let opened = decryptor.decrypt([&identity as &dyn age::Identity].into_iter());
    let mut reader = opened.map_err(|error| match error {
        age::DecryptError::ExcessiveWork { .. } => {
            Refused::Content("its passphrase would take too much work".to_owned())
        }
        age::DecryptError::DecryptionFailed
        | age::DecryptError::KeyDecryptionFailed
        | age::DecryptError::NoMatchingKeys => Refused::Passphrase,
        _ => damaged(),
    })?;
    let mut text = Secret::new(Vec::with_capacity(file.bytes().len().min(MAX_KEY_FILE)));
    reader
        .read_to_end(text.expose_mut())
        .map_err(|_| damaged())?;
    match source::read(text.expose(), Rules::Native) {
        Ok(read) if read.is_empty() => Err(Refused::Content(Fault::Empty.to_string())),
        Ok(read) => Ok(read),
        Err(fault) => Err(Refused::Content(fault.to_string())),
    }
}

/// A recipient as a command may see it: nothing that somebody wrote into a file for a shell to read.
pub(super) fn shown_to_command(recipient: &Recipient) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" +/=-@._:".contains(&byte);
    let canonical = recipient.canonical();
    let mut texts = [recipient.as_str(), &canonical].into_iter();
    let known = *recipient.kind() != RecipientKind::Unknown;
    let text = texts.find(|text| known && text.bytes().all(is_plain));
    text.unwrap_or_default().to_owned()
}

/// Runs a command of the user's and reads what it prints.
fn run(
    line: &str,
    recipient: &str,
    is_ssh: bool,
    means: &Means<'_>,
) -> Result<source::Read, Stopped> {
    let for_all = |what: String| Stopped::ForAll(Obstacle::Failed(what));
    let words = words::split(line).map_err(|_| for_all("a quote is not closed".to_owned()))?;
    let Some((name, arguments)) = words.split_first() else {
        return Err(for_all("it names no command".to_owned()));
    };
    let program = Program {
        name,
        arguments: process::words(arguments.iter().map(String::as_str)),
        directory: means.environment.current_dir(),
        environment: means.environment,
        variables: &[(RECIPIENT, recipient)],
        stdin: Vec::new(),
        limit: MAX_KEY_FILE,
        time: means.time,
        is_alone: means.ask.is_none(),
    };
    let ended = program.run().map_err(|error| for_all(error.to_string()))?;
    let text = Secret::new(ended.stdout);
    drop(Secret::new(ended.stderr));
    match ended.code {
        Some(0) if !ended.truncated => read_output(text.expose(), is_ssh)
            .map_err(|fault| Stopped::ForThis(format!("what `{name}` printed: {fault}"))),
        _ if ended.truncated => Err(for_all(format!("`{name}` printed too much"))),
        Some(code) => {
            let what = format!("`{name}` ended with exit code {code}");
            Err(Stopped::ForThis(what))
        }
        None => Err(for_all(format!("`{name}` was stopped by a signal"))),
    }
}

fn read_output(text: &[u8], is_ssh: bool) -> Result<source::Read, Fault> {
    if !is_ssh {
        return source::read(text, Rules::Lines);
    }
    let read = source::read_ssh(text)?;
    if read.identities.is_empty() {
        // sops does not ask for the passphrase of such a key either.
        return Err(Fault::Program("it asks for a passphrase".to_owned()));
    }
    Ok(read)
}
