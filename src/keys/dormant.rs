//! Identities that are there and cannot be used without more: a passphrase, a command, a plugin.

use std::collections::BTreeMap;
use std::fmt;

use super::age_file::AgeFile;
use super::places::Origin;
use super::recipient::{Recipient, RecipientKind};
#[cfg(feature = "ssh")]
use super::ssh;
use super::wake::shown_to_command;
use crate::secret::Secret;

/// Something that may open files once it is woken.
pub(crate) struct Dormant {
    pub(super) lock: Lock,
    pub(super) origin: Origin,
    pub(super) state: State,
}

/// What keeps an identity from being used.
pub(super) enum Lock {
    /// An SSH private key under a passphrase.
    #[cfg(feature = "ssh")]
    Ssh(Box<ssh::Locked>),
    /// A command that prints identities, or an SSH key.
    Command { line: String, is_ssh: bool },
    /// Identities in an age file that asks for a passphrase.
    Encrypted(AgeFile),
    /// `AGE-PLUGIN-NAME-1…`, with the plugin's name in lower case: letters, digits and `+-._`.
    Plugin {
        name: String,
        #[cfg_attr(
            not(feature = "plugin"),
            expect(dead_code, reason = "nobody is told it")
        )]
        identity: Secret<String>,
    },
    /// It cannot be read here; it is named.
    Unsupported(Unsupported),
}

/// Identities that are recognised and not read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsupported {
    pub(super) what: String,
    pub(super) recipients: RecipientKinds,
}

/// Whom an identity that cannot be read may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecipientKinds {
    Ssh,
    #[cfg(not(feature = "pq"))]
    PostQuantum,
}

/// How far it was woken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has tried yet.
    #[default]
    Asleep,
    /// It was run for these recipients, with what went wrong, and may be for others.
    Asked(BTreeMap<String, Option<String>>),
    /// What there was has become an identity, or has been tried on all files.
    Done,
    /// It cannot be used in this run.
    Stuck(Obstacle),
}

/// Why identities that are there are not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// They ask for something that nobody gave; who asks is named.
    NeedsInput(String),
    /// They would run a program that nobody allowed; it is named, and what allows it.
    NotAllowed(String),
    /// They were tried and failed, in one sentence.
    Failed(String),
    /// They are of a kind that is not supported; it is named.
    Unsupported(String),
}

impl Obstacle {
    /// Nobody allowed the plugin of this name.
    pub(super) fn plugin_not_allowed(name: &str) -> Self {
        Self::NotAllowed(format!(
            "plugin `{name}` is not run without `--allow-plugin {name}`"
        ))
    }

    /// The same as it is told of files, which does not say where the key was found: what went wrong
    /// with a plugin names that.
    pub(super) fn of_key(&self, lock: &Lock, origin: &Origin) -> Self {
        match (self, lock) {
            (Self::Failed(what), Lock::Plugin { .. }) => Self::Failed(what.clone()),
            (Self::Failed(what), _) => Self::Failed(format!("{origin}: {what}")),
            (other, _) => other.clone(),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsInput(who) => write!(f, "{who} asks for a passphrase, and nobody answered"),
            Self::NotAllowed(what) | Self::Failed(what) => f.write_str(what),
            Self::Unsupported(what) => write!(f, "{what} are not supported"),
        }
    }
}

impl Dormant {
    pub(super) fn new(lock: Lock, origin: Origin) -> Self {
        let state = State::Asleep;
        Self {
            lock,
            origin,
            state,
        }
    }

    /// Whether waking it may open `file`, which is named for `recipient`.
    pub(super) fn may_open(&self, file: &AgeFile, recipient: &Recipient) -> bool {
        match &self.lock {
            #[cfg(feature = "ssh")]
            Lock::Ssh(key) => {
                let mut tags = file.stanzas().filter_map(|stanza| stanza.kind_and_tag());
                tags.any(|(kind, tag)| key.fits(kind, tag))
            }
            Lock::Command { is_ssh, .. } => file.stanzas().any(|stanza| stanza.is_ssh() == *is_ssh),
            Lock::Encrypted(_) => file.stanzas().any(|stanza| stanza.is_native()),
            Lock::Plugin { .. } => true,
            Lock::Unsupported(unsupported) => unsupported.recipients.hold(recipient),
        }
    }

    /// What keeps it from opening `file`, if it may well be the one that does.
    pub(super) fn obstacle(&self, file: &AgeFile, recipient: &Recipient) -> Option<Obstacle> {
        let is_likely = match &self.lock {
            Lock::Plugin { name, .. } => is_served(recipient, name),
            _ => self.may_open(file, recipient),
        };
        match &self.state {
            _ if !is_likely => None,
            State::Asked(answers) => answers
                .get(&shown_to_command(recipient))
                .and_then(|failure| failure.clone().map(Obstacle::Failed)),
            State::Done => None,
            State::Stuck(obstacle) => Some(obstacle.clone()),
            State::Asleep => Some(self.obstacle_of_lock()),
        }
    }

    /// What keeps it from being used where nothing was tried.
    pub(super) fn obstacle_of_lock(&self) -> Obstacle {
        self.lock.obstacle(&self.origin.to_string())
    }
}

impl State {
    /// Whether there may be something left to wake for files of this recipient.
    pub(super) fn is_worth_waking(&self, recipient: &str) -> bool {
        match self {
            Self::Asleep => true,
            Self::Asked(answers) => {
                answers.len() < MAX_RECIPIENTS && !answers.contains_key(recipient)
            }
            Self::Done | Self::Stuck(_) => false,
        }
    }

    /// Notes that it was tried for a recipient, and what went wrong if something did.
    pub(super) fn answered(&mut self, lock: &Lock, recipient: String, failure: Option<String>) {
        match self {
            Self::Asked(answers) => _ = answers.insert(recipient, failure),
            // What a command gives may depend on the recipient; all else is woken once.
            state if matches!(lock, Lock::Command { .. }) => {
                *state = Self::Asked(BTreeMap::from([(recipient, failure)]));
            }
            state => *state = Self::Done,
        }
    }
}

/// The most recipients that a command is run for.
const MAX_RECIPIENTS: usize = 32;

impl Lock {
    /// Whether an age file tells whether it is for this key and no other.
    pub(super) fn is_named_in_files(&self) -> bool {
        match self {
            #[cfg(feature = "ssh")]
            Self::Ssh(_) => true,
            Self::Command { .. }
            | Self::Encrypted(_)
            | Self::Plugin { .. }
            | Self::Unsupported(_) => false,
        }
    }

    /// In which order they are tried: first what is certain to fit, then what asks nobody.
    pub(super) fn rank(&self) -> usize {
        match self {
            #[cfg(feature = "ssh")]
            Self::Ssh(_) => 0,
            Self::Command { .. } => 1,
            Self::Encrypted(_) => 2,
            Self::Plugin { .. } | Self::Unsupported(_) => 3,
        }
    }

    /// What keeps it from being used where nothing was tried; it was found at `origin`.
    pub(super) fn obstacle(&self, origin: &str) -> Obstacle {
        match self {
            #[cfg(feature = "ssh")]
            Self::Ssh(_) => Obstacle::NeedsInput(origin.to_owned()),
            Self::Encrypted(_) => Obstacle::NeedsInput(origin.to_owned()),
            Self::Command { is_ssh, .. } => {
                let variable = if *is_ssh {
                    super::places::SSH_KEY_COMMAND
                } else {
                    super::places::KEY_COMMAND
                };
                let what = format!("`{variable}` is not run in a hook without `--allow-key-cmd`");
                Obstacle::NotAllowed(what)
            }
            Self::Plugin { name, .. } if cfg!(feature = "plugin") => {
                Obstacle::plugin_not_allowed(name)
            }
            Self::Plugin { name, .. } => {
                Obstacle::Unsupported(format!("identities of plugin `{name}`"))
            }
            Self::Unsupported(unsupported) => Obstacle::Unsupported(unsupported.what.clone()),
        }
    }
}

impl RecipientKinds {
    fn hold(self, recipient: &Recipient) -> bool {
        match self {
            Self::Ssh => matches!(
                recipient.kind(),
                RecipientKind::SshEd25519 | RecipientKind::SshRsa | RecipientKind::Unknown
            ),
            #[cfg(not(feature = "pq"))]
            Self::PostQuantum => matches!(
                recipient.kind(),
                RecipientKind::PostQuantum | RecipientKind::Unknown
            ),
        }
    }
}

/// Whether a plugin is the one that serves a recipient, as far as its name tells.
fn is_served(recipient: &Recipient, plugin: &str) -> bool {
    match recipient.kind() {
        // `age1tag1…` and `age1tagpq1…` are served by more than one plugin.
        RecipientKind::Plugin(name) => name == plugin || name == "tag" || name == "tagpq",
        RecipientKind::Unknown => true,
        RecipientKind::X25519
        | RecipientKind::PostQuantum
        | RecipientKind::SshEd25519
        | RecipientKind::SshRsa => false,
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "ssh")]
            Self::Ssh(_) => f.write_str("SSH key with a passphrase"),
            Self::Command { .. } => f.write_str("command"),
            Self::Encrypted(_) => f.write_str("identities with a passphrase"),
            Self::Plugin { name, .. } => write!(f, "identity of plugin {name}"),
            Self::Unsupported(unsupported) => f.write_str(&unsupported.what),
        }
    }
}
