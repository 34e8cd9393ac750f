//! The arguments, as they are typed. Their doc comments are the help text.

mod audit;
mod check;
mod completions;
mod escrow;
mod explain;
mod init;
mod install;
mod keys;
mod log;
mod man;
mod recipients;
mod recover;
mod reseal;
mod rotate;
mod rules;
mod shared;
mod split;
mod updatekeys;
mod values;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::help::{EXAMPLES, EXIT_CODES};
use crate::later::Later;

pub(crate) use self::audit::AuditArgs;
pub(crate) use self::check::CheckArgs;
pub(crate) use self::completions::CompletionsArgs;
pub(crate) use self::escrow::{
    AddRecipientArgs, EscrowArgs, EscrowCommand, KeygenArgs, RemoveRecipientArgs, StatusArgs,
    VerifyArgs,
};
pub(crate) use self::explain::ExplainArgs;
pub(crate) use self::init::InitArgs;
pub(crate) use self::install::InstallArgs;
pub(crate) use self::keys::KeysArgs;
pub(crate) use self::log::LogArgs;
pub(crate) use self::man::ManArgs;
pub(crate) use self::recipients::RecipientsArgs;
pub(crate) use self::recover::RecoverArgs;
pub(crate) use self::reseal::ResealArgs;
pub(crate) use self::rotate::RotateArgs;
pub(crate) use self::rules::RulesArgs;
pub(crate) use self::shared::{AccessArgs, BaselineArgs, ComparedArgs, WriteArgs};
pub(crate) use self::split::SplitArgs;
pub(crate) use self::updatekeys::UpdateKeysArgs;
pub(crate) use self::values::{
    ColorChoice, Format, InputType, ReportFormat, RoleWord, TableFormat,
};

/// Verify sops-encrypted files: syntax, metadata, ciphertext and, with a key, the MAC
#[derive(Debug, Parser)]
#[command(name = "sopsguard", version, max_term_width = 100)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Colour the output: `auto` (on a terminal, unless NO_COLOR is set), `always` or `never`
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: ColorChoice,
    /// Print only findings, and which files could not be verified
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print more: every file's verdict, and where identities were looked for
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

/// The commands, each with its help; its arguments are described below, and only when it is run or
/// asked about.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check that sops would accept the secret files
    ///
    /// Folders are walked, except what git ignores; every file in them that carries sops metadata is
    /// a secret file. A file is "verified" exactly when sops 3.13.3 would decrypt it with the same
    /// identities. That says that the file is consistent, not who wrote it.
    Check(Later<CheckArgs>),
    /// Audit who can open the secret files, and whether anyone will be able to tomorrow
    ///
    /// Compares each file's recipients with its rule in `.sops.yaml` and with `.sopsguard.toml`, and looks
    /// for what is wrong with either before it costs a secret. Needs no key, and opens nothing.
    Audit(Later<AuditArgs>),
    /// Explain a file: which rule governs it, who can open it, and whether sops would
    ///
    /// One page without values: which .sops.yaml and which of its rules, and why not an earlier one;
    /// what is encrypted; the recipients by name and which of your keys opens it; the verdict, what
    /// differs from the rule, and what changed. Works on files that are broken or not encrypted, too.
    /// With `--tree` each value is listed as sops sees it instead: its path, its type, whether the
    /// selectors encrypt it and whether it enters the MAC.
    Explain(Later<ExplainArgs>),
    /// Hand over: an escrow key, who comes and who goes, and the proof that nothing is lost
    ///
    /// Each step is a command of its own; `escrow status --leaving NAME` prints them in order, with what
    /// is done already.
    Escrow(Later<EscrowArgs>),
    /// Write a first `.sopsguard.toml`, made of what the repository holds
    ///
    /// It lists who can decrypt the files now, with the names that anchors and comments of `.sops.yaml` give
    /// them, and says in comments what else can be set. What is there already is never overwritten. Needs no
    /// key, and opens nothing.
    Init(Later<InitArgs>),
    /// Let git check secrets before each commit, merge and push
    ///
    /// Puts hooks into the repository's hooks folder (that of `core.hooksPath` where it is set). A hook
    /// that is there already is kept as NAME.before-sopsguard and runs first. Hooks that pre-commit,
    /// prek, lefthook or hk manage, that were edited by hand, or that lie in the work tree are left as
    /// they are, and what to do instead is said.
    Install(Later<InstallArgs>),
    /// List the keys at hand, and which secret files each opens
    ///
    /// Every key is tried on every secret file; those behind a passphrase, a command or a plugin only
    /// where no other key opens a file. The files are those of the work tree. No secret is printed.
    Keys(Later<KeysArgs>),
    /// Tell the history of a secret file: what each commit did, edited by sops or outside it
    ///
    /// A line a commit, the youngest first: which values changed (their paths, never the values), which
    /// recipients came and went, whether the data key was rotated, and whether sops would accept what
    /// came of it. What is not committed yet stands first. Renames are followed. Without a key all is
    /// told but the verdicts.
    Log(Later<LogArgs>),
    /// Show who can open which secret file, and which files are lost with one key
    ///
    /// A table of all secret files of the work tree and their recipients, by name and role as
    /// .sopsguard.toml and .sops.yaml give them, with each file's bus factor: the least number of keys
    /// whose loss makes it undecryptable. No key is needed, and none is looked for. `--format html` makes
    /// one page that can be printed and handed on.
    Recipients(Later<RecipientsArgs>),
    /// Finish or undo a change of several files that was interrupted
    ///
    /// Commands that change several files change all of them or none: where they are killed in between,
    /// or the machine loses power, what is to happen is on the disk by then, and so are the old texts.
    /// Until it is finished or undone, nothing else is written. Without an option it is only told. A file
    /// that somebody edited since is never written over. Needs no key, and opens nothing.
    Recover(Later<RecoverArgs>),
    /// Let files follow their creation rules: give them the recipients that .sops.yaml names
    ///
    /// What `sops updatekeys` does, for all files at once: either all change or none, and of each file only
    /// the entries of recipients that come or go. The plan is shown first, and every new text is opened and
    /// verified before it is written. `--check` compares only, and needs no key.
    Updatekeys(Later<UpdateKeysArgs>),
    /// Make a stale MAC right, after showing what that blesses
    ///
    /// For a file that was edited as text, or merged badly, and is right as it stands. All that changed since
    /// it last verified is listed, with the commits; after a yes `mac` and `lastmodified` are written, and
    /// nothing else. Refuses where a value does not decrypt: a new MAC would not help.
    Reseal(Later<ResealArgs>),
    /// Give files a new data key, under which all that is in them is encrypted anew
    ///
    /// What `sops rotate` does, for all files at once: either all change or none. The recipients stay who
    /// they are, so let the files follow their rules first (`sopsguard updatekeys`). Whoever could read a
    /// file before may have kept its values: those are to be changed at their source.
    Rotate(Later<RotateArgs>),
    /// Give each document of a file a file of its own
    ///
    /// Of a YAML file of several documents, which have one MAC together, so that sops refuses all of them once
    /// one is deleted or moved as text. The new files are named after `kind` and `metadata.name`; values,
    /// comments and recipients stay byte for byte, and each gets a MAC of its own. The old file goes, and
    /// generators and kustomizations that list it list the new ones, all in one step.
    Split(Later<SplitArgs>),
    /// List the rules, or print the page of one
    ///
    /// Each finding names the rule that it comes from. A rule's page says when it fires, when it does
    /// not, and what to do.
    Rules(Later<RulesArgs>),
    /// Print the completions for a shell
    ///
    /// They complete commands and options, in bash and zsh the ids of rules too. Put them where your
    /// shell looks.
    Completions(Later<CompletionsArgs>),
    /// Print a manual page
    ///
    /// The page is in the format of `man`, ready to be read or to be put where `man` looks.
    Man(Later<ManArgs>),
}
