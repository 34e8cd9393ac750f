//! The arguments, as they are typed. Their doc comments are the help text.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use sopsguard::install::Hook;

use crate::later::Later;

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing wrong; files that could not be verified for want of a key included
  1  a finding at error level, or --require-key was not met; explain: sops would not load the file
  2  the arguments or the policy are wrong, or a named identity is of no use
  3  the work could not be done (a path is not there, a stream failed)";

const EXAMPLES: &str = "\
Examples:
  sopsguard check                                every sops file of the repository
  sopsguard check --staged                       what the next commit will hold
  sopsguard install                              let git check every commit
  sopsguard rules mac-mismatch                   what a rule means, and what to do
  sopsguard explain --tree values.yaml           what sops sees: that 012 is a number
  sopsguard help check                           all about one command";

const CHECK_EXAMPLES: &str = "\
Examples:
  sopsguard check                                every sops file of the repository
  sopsguard check apps/db.enc.yaml               one file
  sopsguard check --staged                       what the next commit will hold
  sopsguard check --identity key.txt             with this key and no other
  sopsguard check --require-key                  where a key has to be there
  git show HEAD:db.enc.yaml | sopsguard check -  what a commit holds
  sopsguard check --input-type dotenv env.prod   where the name does not tell the format
  sopsguard check --format json | jq .summary    for programs";

const IDENTITIES: &str = "\
Identities:
  Without --identity, keys are looked for where sops looks: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE,
  SOPS_AGE_KEY_CMD, sops/age/keys.txt in the user's configuration folder, and for files that name an
  SSH key SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.ssh/id_ed25519 and
  ~/.ssh/id_rsa. FILE may hold age keys, an SSH private key, either under a passphrase, or a
  Kubernetes Secret with one of them. Passphrases are asked for on the terminal, once. In a hook
  (--staged, or started by git or pre-commit) nothing is asked and no command is run. Without any
  key, all is checked that needs none, and the report says which files were not verified.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sopsguard explain --tree apps/db.enc.yaml      paths and types, no values
  sopsguard explain --tree --format json - < values.yaml
  sopsguard explain --tree --input-type json - < secrets";

const INSTALL_EXAMPLES: &str = "\
Examples:
  sopsguard install                              all three hooks
  sopsguard install --hook pre-push              only that one
  sopsguard install --uninstall                  as it was before
  sopsguard install --print pre-commit > .githooks/pre-commit

Leaving a hook out:
  SOPSGUARD_SKIP=1 git commit                    this hook, and no other
  git commit --no-verify                         every hook

Exit codes:
  0  the hooks are there, or gone
  2  a hook was left as it is; why, and what to do, is said
  3  the work could not be done (no repository, a file cannot be written)";

const KEYS_EXAMPLES: &str = "\
Examples:
  sopsguard keys                                 which keys are found, and what they open here
  sopsguard keys apps/ --identity backup.txt     what the backup would open
  kubectl get secret sops-age -o yaml | sopsguard keys --identity -
  sopsguard keys --format json | jq -r '.shut[]' what nobody here can open";

const RULES_EXAMPLES: &str = "\
Examples:
  sopsguard rules                                all rules, a line each
  sopsguard rules mac-mismatch                   what it means, and what to do
  sopsguard rules --format json | jq -r '.rules[].id'";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  sopsguard completions bash > ~/.local/share/bash-completion/completions/sopsguard
  sopsguard completions zsh > ~/.zfunc/_sopsguard     with `fpath+=~/.zfunc` in ~/.zshrc
  sopsguard completions fish > ~/.config/fish/completions/sopsguard.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  sopsguard man | man -l -                       read it
  sopsguard man check | man -l -                 that of a command
  sopsguard man > ~/.local/share/man/man1/sopsguard.1
  sopsguard man check > ~/.local/share/man/man1/sopsguard-check.1";

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
    /// Show what sops makes of a file, without a key and without values
    ///
    /// With `--tree` each value is listed as sops sees it: its path, its type, whether the selectors
    /// encrypt it and whether it enters the MAC. Works on files that are not encrypted, too.
    Explain(Later<ExplainArgs>),
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
    /// Use the identities in FILE (`-` for standard input) instead of those found; repeatable
    #[arg(long = "identity", value_name = "FILE")]
    pub(crate) identities: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    /// Exit with 1 where a file stays unverified for want of a key
    #[arg(long)]
    pub(crate) require_key: bool,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Use at most N threads; one a core by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

// What may be done for keys that ask somebody or run something. (A doc comment would become the
// help of the commands that take it.)
#[derive(Debug, clap::Args)]
pub(crate) struct AccessArgs {
    /// Let the age plugin NAME (`age-plugin-NAME` in PATH) open files; repeatable
    #[arg(long = "allow-plugin", value_name = "NAME", value_parser = plugin_name)]
    pub(crate) plugins: Vec<String>,
    /// Run SOPS_AGE_KEY_CMD and SOPS_AGE_SSH_PRIVATE_KEY_CMD in a hook, too
    #[arg(long)]
    pub(crate) allow_key_cmd: bool,
    /// Never ask for a passphrase; keys that need one count as absent
    #[arg(long)]
    pub(crate) no_input: bool,
    /// Wait at most SECONDS for a key command, or for a plugin's answer [default: 60]
    #[arg(
        long,
        value_name = "SECONDS",
        hide_default_value = true,
        default_value = "60"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) key_timeout: u32,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct ExplainArgs {
    /// The file, `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// List the values
    #[arg(long)]
    pub(crate) tree: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
    /// Read the file as TYPE, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    /// The name that standard input is judged and reported by [default: stdin.yaml, or
    /// as the type says]
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_name: Option<PathBuf>,
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
#[command(after_help = format!("{KEYS_EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(after_long_help = format!("{IDENTITIES}\n\n{KEYS_EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct KeysArgs {
    /// Files and folders to try the keys on, `-` for YAML on standard input; the whole repository
    /// where there are none, or the current folder outside of one
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Read files that are named as TYPE, whatever their names say
    #[arg(long, value_name = "TYPE")]
    pub(crate) input_type: Option<InputType>,
    /// Use the identities in FILE (`-` for standard input) instead of those found; repeatable
    #[arg(long = "identity", value_name = "FILE")]
    pub(crate) identities: Vec<PathBuf>,
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

/// The name of a plugin that may be run: one that cannot lead anywhere else.
fn plugin_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if !text.is_empty() && text.bytes().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err(
            "a plugin's name has lower-case letters, digits and `-` only, as `yubikey` has"
                .to_owned(),
        )
    }
}

/// How reports are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs: one JSON object
    Json,
}

/// Takes the names of hooks.
fn hook_names() -> impl TypedValueParser<Value = Hook> {
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
