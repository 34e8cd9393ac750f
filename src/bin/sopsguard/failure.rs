//! Why the command could not do what it was asked, and the exit code that says so.

use std::io;

use miette::Diagnostic;
use sopsguard::{engine, install};

/// What ends a command early.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum Failure {
    /// The arguments do not fit together.
    #[error("{message}")]
    Usage {
        message: String,
        #[help]
        help: String,
    },
    /// The engine gave up.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Engine(#[from] engine::Error),
    /// The hooks could not be put where they belong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Install(#[from] install::Error),
    /// A stream or the current folder failed.
    #[error("{doing}: {source}")]
    Io { doing: String, source: io::Error },
}

impl Failure {
    /// The exit code: 1 where the file is to blame, 2 the arguments, 3 the system; 4 where something was
    /// interrupted before, and is to be finished or undone first.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Engine(engine::Error::NotLoaded { .. } | engine::Error::NotYet { .. }) => 1,
            Self::Engine(engine::Error::Interrupted { .. }) => 4,
            Self::Usage { .. }
            | Self::Engine(
                engine::Error::Identity { .. }
                | engine::Error::Policy { .. }
                | engine::Error::PolicyExists { .. }
                | engine::Error::SecretInRepository { .. }
                | engine::Error::SecretExists { .. }
                | engine::Error::Recipients { .. }
                | engine::Error::NotRecorded { .. }
                | engine::Error::Baseline { .. }
                | engine::Error::NoSuchRevision { .. },
            )
            | Self::Install(
                install::Error::SwitchedOff { .. } | install::Error::InWorkTree { .. },
            ) => 2,
            Self::Engine(_) | Self::Install(_) | Self::Io { .. } => 3,
        }
    }

    /// The error and what helps, as lines that are safe to print.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", sopsguard::report::escape(&self.to_string()));
        if let Some(help) = self.help() {
            text.push_str("  help: ");
            text.push_str(&sopsguard::report::escape(&help.to_string()));
            text.push('\n');
        }
        text
    }
}
