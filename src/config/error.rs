//! What is wrong with a policy file, and where.

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
    #[error("`{key}` is not supported by this version: nothing would come of it")]
    Unsupported { key: &'static str },
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
    #[error("an `[[ignore]]` without `{key}`")]
    Missing { key: &'static str },
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
            Self::Unsupported { key } => format!("take `{key}` out of the policy"),
            Self::WrongType { key, .. } => match key.as_str() {
                "ignore" => {
                    "write `[[ignore]]` and below it `rule`, `path` and `reason`".to_owned()
                }
                "rules" => "write `[rules]` and below it lines such as `ID = \"off\"`".to_owned(),
                "secret-files" | "exclude" => {
                    format!("write `{key} = [\"folder/**\", \"**/*.txt\"]`")
                }
                key => format!("write `{key} = \"…\"`"),
            },
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
            Self::Missing { key: "reason" } => {
                "say why, for whoever reads it next year: `reason = \"…\"`".to_owned()
            }
            Self::Missing { key } => format!("add `{key} = \"…\"`"),
        }
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
