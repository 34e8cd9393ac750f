//! What every rule is given: a context to look at, a place for its findings, words for remedies.

mod change;
mod config;
mod context;
mod creation;
mod departed;
mod deployed;
mod drift;
mod facts;
mod findings;
pub(super) mod format;
mod meant;
mod past;
pub(super) mod remedy;
mod repository;
mod shared;
mod sound;
#[cfg(test)]
mod tests;
mod update;
mod values;

pub(crate) use change::{BaseName, Called, ChangeContext};
pub(super) use change::{MAX_FINDINGS, Names, Tale};
pub(crate) use config::ConfigContext;
pub(crate) use context::{Due, FileContext, FormatFrom, Unreadable};
pub(crate) use creation::{Covered, Places, Ruled};
pub(super) use creation::{Fate, How, some_of};
pub(crate) use departed::{Departed, Left};
pub(crate) use deployed::{Deployed, Standing};
pub(crate) use drift::{KeyDrift, Moved, Picks};
pub(crate) use facts::{FileFacts, KeyFacts, SelectorFacts};
pub(crate) use findings::Findings;
pub(super) use findings::Found;
pub(crate) use meant::fit_to_rule;
pub(super) use past::CommitNames;
pub(crate) use past::{CommitName, Past};
pub(crate) use remedy::argument;
pub(crate) use repository::{
    Above, ConfigFile, Follows, Governed, RepoContext, RepoFindings, Undecided, following,
};
pub(super) use shared::Lacking;
pub(crate) use sound::Sound;
pub(super) use update::{has_lone_groups, is_accidental};
pub(crate) use values::{ValuePlace, Values};
