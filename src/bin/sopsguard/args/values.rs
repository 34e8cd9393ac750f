//! The values that arguments take, and how they are read.

use std::num::NonZeroUsize;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use sopsguard::install::Hook;

/// The formats of sops, by the names that sops has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputType {
    /// `.yaml`, `.yml`
    Yaml,
    /// `.json`
    Json,
    /// `.env`
    Dotenv,
    /// `.ini`
    Ini,
    /// Every other name
    Binary,
}

impl From<InputType> for sopsguard::Format {
    fn from(input_type: InputType) -> Self {
        match input_type {
            InputType::Yaml => Self::Yaml,
            InputType::Json => Self::Json,
            InputType::Dotenv => Self::Dotenv,
            InputType::Ini => Self::Ini,
            InputType::Binary => Self::Binary,
        }
    }
}

/// What a key is for, by the words that a policy has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleWord {
    /// Kept for the day when all others are gone
    Escrow,
    /// A person's
    Maintainer,
    /// A cluster's, a job's
    Machine,
}

impl RoleWord {
    /// The word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Escrow => "escrow",
            Self::Maintainer => "maintainer",
            Self::Machine => "machine",
        }
    }
}

/// How many commits a search looks at.
pub(super) fn commits(text: &str) -> Result<NonZeroUsize, String> {
    match text.parse::<usize>().map(NonZeroUsize::new) {
        Ok(Some(commits)) => Ok(commits),
        Ok(None) => Err(
            "no history is searched where `--history` is left out; `--history=1` is the least"
                .to_owned(),
        ),
        Err(_) => Err("a number of commits is needed, as in `--history=500`".to_owned()),
    }
}

/// The name of a plugin that may be run: one that cannot lead anywhere else.
pub(super) fn plugin_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if let Some(name) = text
        .strip_prefix("age-plugin-")
        .filter(|name| !name.is_empty())
    {
        return Err(format!(
            "this is the program's name; the plugin's is `{name}`"
        ));
    }
    if !text.is_empty() && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err(
            "a plugin's name has lower-case letters, digits and `-` only, as `yubikey` has"
                .to_owned(),
        )
    }
}

/// How the reports of `check` and `audit` are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Human,
    /// For programs: one JSON object
    Json,
    /// SARIF 2.1.0, for GitHub's code scanning and editors
    Sarif,
    /// Workflow commands of GitHub: at most ten annotations
    Github,
    /// GitLab's Code Quality
    Gitlab,
    /// JUnit's XML, for whatever shows tests
    Junit,
}

/// How the other commands print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs: one JSON object
    Json,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// For people
    Human,
    /// For programs: one JSON object
    Json,
    /// For spreadsheets: a row a file, a column a recipient
    Csv,
    /// One page that needs nothing else, for the screen and for paper
    Html,
}

/// Takes the names of hooks.
pub(super) fn hook_names() -> impl TypedValueParser<Value = Hook> {
    PossibleValuesParser::new(Hook::ALL.map(Hook::name))
        .try_map(|name| Hook::named(&name).ok_or("no such hook"))
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
