//! The arguments of `escrow`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Subcommand;

use super::{AccessArgs, Format, RoleWord, WriteArgs};
use crate::help::escrow::{
    ADD_EXAMPLES, ADD_EXIT_CODES, KEYGEN_EXAMPLES, KEYGEN_EXIT_CODES, ORDER, REMOVE_EXAMPLES,
    REMOVE_EXIT_CODES, STATUS_EXAMPLES, STATUS_EXIT_CODES, VERIFY_EXAMPLES, VERIFY_EXIT_CODES,
};
use crate::later::Later;

#[derive(Debug, clap::Args)]
#[command(after_help = ORDER, arg_required_else_help = true)]
pub(crate) struct EscrowArgs {
    #[command(subcommand)]
    pub(crate) command: EscrowCommand,
}

// The steps of a handover, each a command of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum EscrowCommand {
    /// Add a recipient: to the creation rules, to the policy, and to every file that the rules govern
    ///
    /// All of it changes together or not at all, and only the bytes that must: anchors, comments and layout of
    /// `.sops.yaml` stay, and so does every entry of a file that is there. The plan is shown first; every new
    /// text is opened and verified before it is written. `sops updatekeys` finds nothing to do afterwards.
    AddRecipient(Later<AddRecipientArgs>),
    /// Make an identity that is kept for the day when all others are gone
    ///
    /// The private key goes where you say and nowhere else: to the terminal, once; to a file that only you
    /// can read; or onto a sheet to be printed. Never into a repository. The recipient, which is no secret,
    /// is printed with the command that comes next.
    Keygen(Later<KeygenArgs>),
    /// Take a recipient out of the rules, the policy and all files, and give these a new data key
    ///
    /// The key knows the data key of every file that it could read, so each of them is encrypted anew. What it may
    /// have kept, no command can take back: the values are listed by their paths, to be changed where they come
    /// from. Refused until everybody who remains has proved that her key opens the files, and while a machine
    /// holds this key and no other.
    RemoveRecipient(Later<RemoveRecipientArgs>),
    /// Show where the handover stands: bus factor, escrow, proofs, and what is left to do
    ///
    /// With --leaving also what somebody still holds, and the steps of a handover in the order in which
    /// nothing is lost: each done, not done, or such as files cannot tell, with the command that does it.
    /// No key is needed, and nothing is changed.
    Status(Later<StatusArgs>),
    /// Prove that each identity of a source opens every file, by itself
    ///
    /// Fetch the private key from where it is kept (the safe, the cluster, CI) and pipe it in: each
    /// identity is tried on each secret file, and no other key of yours is used. What is not opened is
    /// listed, with the reason. The source may be a Kubernetes Secret. Where the files' key groups let no
    /// single key open them, the identities of the source count together, and it is said.
    Verify(Later<VerifyArgs>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{KEYGEN_EXAMPLES}\n\n{KEYGEN_EXIT_CODES}"))]
pub(crate) struct KeygenArgs {
    /// Write the private key to FILE, which must not exist; only you can read it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Encrypt FILE to a passphrase, which is asked for twice
    #[arg(long, requires = "output")]
    pub(crate) passphrase: bool,
    /// Write a page to be printed to FILE: private key as text and QR code, recipient, fingerprint, and
    /// how to restore from it
    #[arg(long, value_name = "FILE")]
    pub(crate) paper: Option<PathBuf>,
    /// Print the private key although standard output is no terminal
    #[arg(long, conflicts_with_all = ["output", "paper"])]
    pub(crate) stdout: bool,
    /// What the key is called on the sheet and in the command that comes next
    #[arg(long, value_name = "NAME", default_value = "escrow")]
    pub(crate) name: String,
    /// Make a post-quantum key (`age1pq1…`), which takes age 1.3 and sops 3.13
    #[arg(long)]
    pub(crate) pq: bool,
    /// Say where the key would go, and make none
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{VERIFY_EXAMPLES}\n\n{VERIFY_EXIT_CODES}"))]
pub(crate) struct VerifyArgs {
    /// Files and folders; the whole repository where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Prove this one alone: a recipient, the beginning or end of one, or its name in the policy. That no
    /// such identity is in the source is a failure, too
    #[arg(long, value_name = "KEY")]
    pub(crate) only: Option<String>,
    /// Where all is proved, note the day in .sopsguard.toml, below the key
    #[arg(long, conflicts_with_all = ["paths", "config"])]
    pub(crate) record: bool,
    /// Say what --record would note, and write nothing
    #[arg(long, requires = "record")]
    pub(crate) dry_run: bool,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
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
#[command(after_help = format!("{STATUS_EXAMPLES}\n\n{STATUS_EXIT_CODES}"))]
pub(crate) struct StatusArgs {
    /// Tell what this one still holds, by the name that the policy or .sops.yaml has, or by the key
    #[arg(long, value_name = "NAME")]
    pub(crate) leaving: Option<String>,
    /// Follow this policy instead of .sopsguard.toml at the repository's root
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{ADD_EXAMPLES}\n\n{ADD_EXIT_CODES}"))]
pub(crate) struct AddRecipientArgs {
    /// The recipient: `age1…`, `ssh-ed25519 …` or `ssh-rsa …`
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Only the rules of these `.sops.yaml`, or of those in these folders, and those that govern these files;
    /// all rules where there are none
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Whose key it is, for the policy and for anchors and comments of `.sops.yaml`
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// What it is for [default: maintainer]
    #[arg(long, value_name = "ROLE")]
    pub(crate) role: Option<RoleWord>,
    /// Where a copy of the private key is, such as "password manager" or "cluster argocd"; repeatable
    #[arg(long, value_name = "PLACE")]
    pub(crate) held_by: Vec<String>,
    /// The files that it is to open, for the policy, such as "apps/**"; repeatable [default: all]
    #[arg(long = "only-paths", value_name = "GLOB")]
    pub(crate) only_paths: Vec<String>,
    /// Only the rule of this number, from 1, in the order of `.sops.yaml`; repeatable
    #[arg(long = "rule", value_name = "N")]
    pub(crate) rules: Vec<usize>,
    /// Only the rules whose `path_regex` is this text; repeatable
    #[arg(long = "path-regex", value_name = "TEXT")]
    pub(crate) path_regexes: Vec<String>,
    /// Where rules have several key groups: into the group of this number, from 1; repeatable. On a
    /// terminal it is asked for
    #[arg(long = "group", value_name = "N")]
    pub(crate) groups: Vec<usize>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{REMOVE_EXAMPLES}\n\n{REMOVE_EXIT_CODES}"))]
pub(crate) struct RemoveRecipientArgs {
    /// The recipient: its key, or its name in `.sopsguard.toml` or `.sops.yaml`
    #[arg(value_name = "KEY|NAME")]
    pub(crate) recipient: String,
    /// Take it out although not everybody who remains has proved that her key opens the files
    #[arg(long)]
    pub(crate) without_proof: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
