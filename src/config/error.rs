//! What is wrong with a policy file, and where.

use super::keys::MAX_NAME;
use crate::source::Position;

/// The first mistake in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    /// Where it is.
    pub(crate) at: Position,
    /// What it is.
    pub(crate) fault: Fault,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("this is no TOML: {message}")]
    NotToml { message: String },
    #[error("there is no key `{key}` here")]
    UnknownKey {
        key: String,
        /// The known key that is most like it.
        similar: Option<&'static str>,
        known: Vec<&'static str>,
    },
    #[error("`{key}` has to be {expected}")]
    WrongType { key: String, expected: &'static str },
    #[error("there is no rule `{rule}`")]
    UnknownRule {
        rule: String,
        similar: Option<&'static str>,
    },
    #[error("`{level}` is no level of a rule")]
    UnknownLevel { level: String },
    #[error("`{pattern}` is no pattern: {message}")]
    BadPattern { pattern: String, message: String },
    #[error("`{pattern}` can match nothing: patterns start from the folder of the policy")]
    OutsidePattern { pattern: String },
    #[error("`{rule}` cannot be switched off, lowered or ignored")]
    Firm { rule: String },
    #[error("a `[[{table}]]` without `{key}`")]
    Missing {
        table: &'static str,
        key: &'static str,
    },
    #[error("`{word}` is none of the words for `{key}`")]
    UnknownWord {
        key: &'static str,
        word: String,
        similar: Option<&'static str>,
        known: Vec<&'static str>,
    },
    #[error("`{key}` has to be a short text in one line")]
    BadName { key: &'static str },
    /// What stands there is not shown: it may be anything that was pasted.
    #[error("this is no key that sops takes")]
    NoKey { is_damaged: bool },
    /// Nor is that.
    #[error("a private key stands here, where only public ones belong")]
    PrivateKey {
        /// The public key that belongs to it, where that is known.
        public: Option<String>,
    },
    #[error("this key is listed already, in line {line}")]
    ListedTwice { line: usize },
}

impl Fault {
    /// What is said of a rule that no policy settles.
    pub(super) fn firm(rule: &str) -> Self {
        let rule = rule.to_owned();
        Self::Firm { rule }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> String {
        match self {
            Self::NotToml { .. } => {
                "`key = \"text\"`, `key = [\"text\", \"text\"]` and `[table]` are TOML".to_owned()
            }
            Self::UnknownKey { similar, known, .. } => match similar {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => format!("known are {}", listed(known)),
            },
            Self::WrongType { key, .. } => example(key),
            Self::UnknownRule { similar, .. } => match similar {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => "`sopsguard rules` lists them".to_owned(),
            },
            Self::UnknownLevel { .. } => {
                "levels are \"error\", \"warning\", \"note\" and \"off\"".to_owned()
            }
            Self::BadPattern { .. } => {
                "`*` stands for any part of a name, `**` for any folders, `[…]` for one character"
                    .to_owned()
            }
            Self::OutsidePattern { .. } => {
                "write `folder/**` for all below a folder, and `**/name` for a name anywhere"
                    .to_owned()
            }
            Self::Firm { rule } => {
                format!(
                    "take `{rule}` out of the policy; to be judged by this policy alone, name it: \
                     `--config FILE`"
                )
            }
            Self::Missing { key: "reason", .. } => {
                "say why, for whoever reads it next year: `reason = \"…\"`".to_owned()
            }
            Self::Missing { key, .. } => format!("add `{key} = \"…\"`"),
            Self::UnknownWord { similar, known, .. } => match similar {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => format!("known are {}", listed(known)),
            },
            Self::BadName { key } => {
                format!("{}, of at most {MAX_NAME} characters", example(key))
            }
            Self::NoKey { is_damaged: true } => {
                "it looks like an age recipient and is damaged: copy it again, whole".to_owned()
            }
            Self::NoKey { .. } => {
                "write `age1…`, `ssh-ed25519 …`, `ssh-rsa …`, a PGP fingerprint of 40 digits, or the ARN, \
                 resource or URL of a key in a KMS or vault"
                    .to_owned()
            }
            Self::PrivateKey { public } => {
                let public = public.as_deref().map_or(String::new(), |public| {
                    format!(", and write its public key, `{public}`")
                });
                format!(
                    "take it out{public}; once it is committed or shown to anybody, make a new key and \
                     rotate what it opens"
                )
            }
            Self::ListedTwice { .. } => "take one of the two out".to_owned(),
        }
    }
}

/// How a key is written.
fn example(key: &str) -> String {
    match key {
        "ignore" => "write `[[ignore]]` and below it `rule`, `path` and `reason`".to_owned(),
        "recipient" => "write `[[recipient]]` and below it `key` and `name`".to_owned(),
        "rules" => "write `[rules]` and below it lines such as `ID = \"off\"`".to_owned(),
        "secret-files" | "exclude" | "paths" => {
            format!("write `{key} = [\"folder/**\", \"**/*.txt\"]`")
        }
        "min-recipients" => format!("write `{key} = 2`"),
        "escrow-proof-max-age" => format!("write `{key} = \"180d\"`, `\"26w\"` or `\"1y\"`"),
        "held-by" => format!("write `{key} = [\"password manager\", \"cluster\"]`"),
        "proved" => format!("write the day without quotes, such as `{key} = 2026-11-22`"),
        "name" => format!("write `{key} = \"lab escrow\"`"),
        key => format!("write `{key} = \"…\"`"),
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
