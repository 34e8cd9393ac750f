//! The `sopsguard` command: arguments in, text and an exit code out.
//!
//! It uses only what the library offers to everyone.

mod app;
mod args;
mod audit;
mod baseline;
mod changing;
mod check;
mod completions;
mod escrow;
mod explain;
mod failure;
mod help;
mod init;
mod inputs;
mod install;
mod keys;
mod later;
mod log;
mod man;
mod printing;
mod recipients;
mod recover;
mod reseal;
mod rotate;
mod rules;
mod split;
mod terminal;
mod updatekeys;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Many threads that read many files ask for memory all the time, and do not wait for each other with this one.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = std::env::args_os();
    app::App::of_process().and_then_run(arguments)
}
