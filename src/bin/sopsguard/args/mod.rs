//! The arguments, as they are typed. Their doc comments are the help text.

mod escrow;
mod shared;
mod values;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use sopsguard::engine::Reseal;
use sopsguard::install::Hook;

use crate::help::{
    AUDIT_EXAMPLES, AUDIT_EXIT_CODES, AUDIT_HISTORY, AUDIT_SINCE, CHECK_EXAMPLES,
    COMPLETIONS_EXAMPLES, EXAMPLES, EXIT_CODES, EXPLAIN_EXAMPLES, EXPLAIN_EXIT_CODES, IDENTITIES,
    INIT_EXAMPLES, INIT_EXIT_CODES, INSTALL_EXAMPLES, KEYS_EXAMPLES, KEYS_EXIT_CODES, LOG_EDITS,
    LOG_EXAMPLES, LOG_EXIT_CODES, MAN_EXAMPLES, RECIPIENTS_EXAMPLES, RECIPIENTS_EXIT_CODES,
    RECOVER_EXAMPLES, RECOVER_EXIT_CODES, RESEAL_EXAMPLES, RESEAL_EXIT_CODES, ROTATE_EXAMPLES,
    ROTATE_EXIT_CODES, RULES_EXAMPLES, UPDATEKEYS_EXAMPLES, UPDATEKEYS_EXIT_CODES,
};
use crate::later::Later;

use self::values::hook_names;

pub(crate) use self::escrow::{
    AddRecipientArgs, EscrowArgs, EscrowCommand, KeygenArgs, RemoveRecipientArgs, StatusArgs,
    VerifyArgs,
};
pub(crate) use self::shared::{AccessArgs, BaselineArgs, ComparedArgs, WriteArgs};
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

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
#[command(after_long_help = format!("{CHECK_EXAMPLES}\n\n{IDENTITIES}\n\n{EXIT_CODES}"))]
pub(crate) struct CheckArgs {
    /// Files and folders, `-` for standard input; the whole repository where there are none, or the
    /// current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Check what the next commit will hold: the files in the index that differ from HEAD, or all
    /// that it has under PATH; never what only the work tree has
    #[arg(long)]
    pub(crate) staged: bool,
    #[command(flatten)]
    pub(crate) compared: ComparedArgs,
    /// Open files whose selectors are not those of the revision compared with, too: in a job that
    /// checks other people's changes a verdict would answer their guesses
    #[arg(long)]
    pub(crate) trust_changes: bool,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The name that standard input is judged and reported by [default: stdin.yaml, or
    /// as the type says]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<PathBuf>,
    /// Read files that are named, and standard input, as TYPE, whatever their names say: what
    /// `sops --input-type` is for sops
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    #[command(flatten)]
    pub(crate) baseline: BaselineArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Exit with 1 where a file stays unverified for want of a key
    #[arg(long)]
    pub(crate) require_key: bool,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{AUDIT_EXAMPLES}\n\n{AUDIT_EXIT_CODES}"))]
#[command(mut_arg("since", |since| since.help(AUDIT_SINCE)))]
#[command(mut_arg("history", |history| history.help(AUDIT_HISTORY)))]
pub(crate) struct AuditArgs {
    /// Tell only of these files, and of those below these folders; the whole repository is looked at
    /// all the same
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Audit what the next commit will hold instead of the work tree
    #[arg(long)]
    pub(crate) staged: bool,
    #[command(flatten)]
    pub(crate) compared: ComparedArgs,
    /// Open the files and compare their values, for such as stand in several places and for known
    /// dummies; never in a job that checks other people's changes, where it would answer their guesses
    #[arg(long)]
    pub(crate) compare_values: bool,
    /// Open files whose selectors are not those of the revision compared with, too
    #[arg(long, requires = "compare_values")]
    pub(crate) trust_changes: bool,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) baseline: BaselineArgs,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXPLAIN_EXIT_CODES}"))]
#[command(after_long_help = format!("{EXPLAIN_EXAMPLES}\n\n{IDENTITIES}\n\n{EXPLAIN_EXIT_CODES}"))]
pub(crate) struct ExplainArgs {
    /// The file, `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// List the values instead, as sops sees them; this needs no key
    #[arg(long)]
    #[arg(conflicts_with_all = ["history", "trust_changes", "config", "identities", "plugins"])]
    pub(crate) tree: bool,
    /// Look at the last N commits for what changed
    /// [default: 1000]
    #[arg(long, value_name = "N")]
    pub(crate) history: Option<usize>,
    /// Open the file although its selectors are not those of the revision compared with: in a job
    /// that checks other people's changes a verdict would answer their guesses
    #[arg(long)]
    pub(crate) trust_changes: bool,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Read the file as TYPE, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    /// The name that standard input is judged and reported by, as if it stood there [default:
    /// stdin.yaml, or as the type says]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{INIT_EXAMPLES}\n\n{INIT_EXIT_CODES}"))]
pub(crate) struct InitArgs {
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the JSON Schema of the file instead, for editors
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) schema: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(crate) struct InstallArgs {
    /// Only this hook: `pre-commit`, `pre-merge-commit` or `pre-push`; repeatable
    #[arg(long = "hook", value_name = "NAME", value_parser = hook_names())]
    #[arg(hide_possible_values = true)]
    pub(crate) hooks: Vec<Hook>,
    /// Take the hooks away, and put back those that were there before
    #[arg(long)]
    pub(crate) uninstall: bool,
    /// Print the script of a hook instead, for a folder of hooks that is shared
    #[arg(long, value_name = "NAME", value_parser = hook_names())]
    #[arg(hide_possible_values = true, conflicts_with_all = ["hooks", "uninstall"])]
    pub(crate) print: Option<Hook>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{KEYS_EXAMPLES}\n\n{KEYS_EXIT_CODES}"))]
#[command(after_long_help = format!("{IDENTITIES}\n\n{KEYS_EXAMPLES}\n\n{KEYS_EXIT_CODES}"))]
pub(crate) struct KeysArgs {
    /// Files and folders to try the keys on, `-` for YAML on standard input; the whole repository
    /// where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Read files that are named as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{LOG_EXAMPLES}\n\n{LOG_EXIT_CODES}"))]
#[command(after_long_help = format!("{LOG_EDITS}\n\n{IDENTITIES}\n\n{LOG_EXAMPLES}\n\n{LOG_EXIT_CODES}"))]
pub(crate) struct LogArgs {
    /// The file, which may be deleted by now
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Tell of the last N commits that changed the file; of all by default
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) max_count: Option<usize>,
    /// Look at the last N commits of the repository [default: 100000]
    #[arg(long, value_name = "N")]
    pub(crate) history: Option<usize>,
    /// Read all versions as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Verify versions whose selectors were edited, too: the verdict on such can tell whoever edited
    /// them whether a guess at a value is right
    #[arg(long)]
    pub(crate) trust_changes: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RECIPIENTS_EXAMPLES}\n\n{RECIPIENTS_EXIT_CODES}"))]
pub(crate) struct RecipientsArgs {
    /// Files and folders, `-` for YAML on standard input; the whole repository where there are none, or
    /// the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Show only the files of which this recipient has a key: a name, a key, or eight characters or
    /// more that a key begins or ends with
    #[arg(long, value_name = "NAME|KEY")]
    pub(crate) recipient: Option<String>,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Read files that are named as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: TableFormat,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RECOVER_EXAMPLES}\n\n{RECOVER_EXIT_CODES}"))]
pub(crate) struct RecoverArgs {
    /// Change the files that are still as before
    #[arg(long, conflicts_with = "undo")]
    pub(crate) finish: bool,
    /// Put back the files that are changed already
    #[arg(long)]
    pub(crate) undo: bool,
    /// Tell what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
#[command(after_help = RULES_EXAMPLES)]
pub(crate) struct RulesArgs {
    /// The rule whose page is printed; all rules are listed where there is none
    #[arg(value_name = "ID", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(sopsguard::engine::catalogue().map(|rule| rule.id)))]
    pub(crate) id: Option<String>,
    /// How to print the list
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        conflicts_with = "id"
    )]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// The command whose page is printed; that of sopsguard itself where there is none
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{UPDATEKEYS_EXAMPLES}\n\n{UPDATEKEYS_EXIT_CODES}"))]
#[command(after_long_help = format!("{UPDATEKEYS_EXAMPLES}\n\n{IDENTITIES}\n\n{UPDATEKEYS_EXIT_CODES}"))]
pub(crate) struct UpdateKeysArgs {
    /// Files and folders; the whole repository where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only compare, without a key, and exit with 1 where a file does not follow its rule
    #[arg(long, conflicts_with_all = ["yes", "dry_run", "diff", "identities"])]
    pub(crate) check: bool,
    /// Give files the threshold of their rule, too, which `sops updatekeys` leaves alone
    #[arg(long)]
    pub(crate) apply_threshold: bool,
    /// Change files that do not verify, too, which blesses nothing: they fail afterwards as before
    #[arg(long)]
    pub(crate) even_if_unverified: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{ROTATE_EXAMPLES}\n\n{ROTATE_EXIT_CODES}"))]
#[command(after_long_help = format!("{ROTATE_EXAMPLES}\n\n{IDENTITIES}\n\n{ROTATE_EXIT_CODES}"))]
pub(crate) struct RotateArgs {
    /// Files and folders; the whole repository where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{RESEAL_EXAMPLES}\n\n{RESEAL_EXIT_CODES}"))]
#[command(after_long_help = format!("{RESEAL_EXAMPLES}\n\n{IDENTITIES}\n\n{RESEAL_EXIT_CODES}"))]
pub(crate) struct ResealArgs {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Bless a file of which no version is found that verified: all that it holds
    #[arg(long)]
    pub(crate) accept_unknown: bool,
    /// Look at no more than N commits of the repository for the last version that verified
    #[arg(long, value_name = "N", default_value_t = Reseal::HISTORY)]
    pub(crate) history: usize,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
