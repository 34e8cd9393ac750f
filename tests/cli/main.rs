//! The command as users run it. Few tests: what they prove is the wiring, the logic has its own.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

mod audit;
mod baseline;
mod check;
mod clear;
mod config_rules;
mod departed;
mod deployed;
mod disturbed;
mod earlier;
mod escrow;
mod explain;
mod formats;
mod history;
mod hostile;
mod incident;
mod init;
mod install;
mod keys;
mod log;
mod mutants;
mod names;
mod old_repository;
mod policy;
mod recipes;
mod recipients;
mod recover;
mod reference;
mod remedies;
mod repository;
mod sandbox;
mod services;
mod split;
mod staged;
#[cfg(target_os = "linux")]
mod strace;
mod unread;
mod updatekeys;
mod usage;
mod values;
mod verdicts;
