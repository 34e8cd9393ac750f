//! The process and its surroundings: the one place that asks for variables, the current folder, the
//! time, the terminal and the streams.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{CommandFactory, Parser};
use sopsguard::engine::{Access, Ask, Watch};
use sopsguard::report::Style;
use sopsguard::{Environment, Platform};

use crate::args::{AccessArgs, Args, ColorChoice, Command, Global, InputType};
use crate::failure::Failure;
use crate::terminal::{Progress, Terminal};
use crate::{
    audit, check, completions, escrow, explain, init, install, keys, log, man, recipients, recover,
    reseal, rotate, rules, split, updatekeys,
};

/// The world that a command runs in.
pub(crate) struct App {
    variables: Vec<(OsString, OsString)>,
    current_dir: io::Result<PathBuf>,
    terminal: bool,
    /// Whether somebody sits at the terminal that the process was started from.
    attended: bool,
    /// The columns of the terminal that standard output is.
    width: Option<usize>,
    /// Where it is shown how far a long run is: on a terminal that is standard error.
    progress: Option<Progress>,
}

impl App {
    /// Looks around, once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks for the current folder"
    )]
    pub(crate) fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            current_dir: std::env::current_dir(),
            terminal: io::stdout().is_terminal(),
            attended: io::stdin().is_terminal() || io::stderr().is_terminal(),
            width: terminal_width(),
            progress: io::stderr().is_terminal().then(Progress::default),
        }
    }

    /// Runs the command that `arguments` ask for.
    pub(crate) fn and_then_run(mut self, arguments: impl Iterator<Item = OsString>) -> ExitCode {
        let args = match Args::try_parse_from(arguments) {
            Ok(args) => args,
            Err(error) => {
                let code = u8::try_from(error.exit_code()).unwrap_or(2);
                if error.use_stderr() {
                    // Line by line: it quotes what was typed, which is not always a word.
                    let text = error.render().to_string();
                    let lines: Vec<String> = text.lines().map(sopsguard::report::escape).collect();
                    warn(&(lines.join("\n") + "\n"));
                } else {
                    // A reader that has gone away is no failure, and there is nobody else to tell.
                    let _ = error.print();
                }
                return ExitCode::from(code);
            }
        };
        if args.global.quiet || self.is_dumb() {
            self.progress = None;
        }
        match self.run(&args) {
            Ok(code) => ExitCode::from(code),
            Err(failure) => {
                warn(&failure.to_text());
                ExitCode::from(failure.code())
            }
        }
    }

    fn run(&self, args: &Args) -> Result<u8, Failure> {
        let environment = self.environment(&args.global)?;
        let style = self.style(&args.global)?;
        match &args.command {
            Command::Check(options) => {
                let mut terminal = Terminal;
                let access = self.access(&options.access, options.staged, &mut terminal);
                check::run(options, &environment, access, style)
            }
            Command::Audit(options) => {
                let mut terminal = Terminal;
                let access = self.access(&options.access, options.staged, &mut terminal);
                audit::run(options, &environment, access, style)
            }
            Command::Keys(options) => {
                let mut terminal = Terminal;
                let access = self.access(&options.access, false, &mut terminal);
                keys::run(options, &environment, access, style)
            }
            Command::Log(options) => {
                let mut terminal = Terminal;
                let access = self.access(&options.access, false, &mut terminal);
                log::run(options, &environment, access, style)
            }
            Command::Explain(options) => {
                let mut terminal = Terminal;
                let access = self.access(&options.access, false, &mut terminal);
                explain::run(options, &environment, access, style)
            }
            Command::Escrow(options) => escrow::run(options, &environment, self, style),
            Command::Init(options) => init::run(options, &environment),
            Command::Install(options) => install::run(options, &environment, style),
            Command::Recipients(options) => recipients::run(options, &environment, style),
            Command::Recover(options) => recover::run(options, &environment),
            Command::Reseal(options) => {
                self.with_keys(&options.write.access, &environment, |world, access, ask| {
                    reseal::run(options, world, access, ask, style)
                })
            }
            Command::Rotate(options) => {
                self.with_keys(&options.write.access, &environment, |world, access, ask| {
                    rotate::run(options, world, access, ask, style)
                })
            }
            Command::Rules(options) => rules::run(options),
            Command::Split(options) => {
                self.with_keys(&options.write.access, &environment, |world, access, ask| {
                    split::run(options, world, access, ask, style)
                })
            }
            Command::Updatekeys(options) => {
                let (mut terminal, mut asking) = (Terminal, Terminal);
                let write = &options.write.access;
                let access = self.access(write, false, &mut terminal);
                let ask = self.ask(write, &mut asking);
                updatekeys::run(options, &environment, access, ask, style)
            }
            Command::Completions(options) => completions::run(options),
            Command::Man(options) => man::run(options),
        }
    }

    /// Runs a command that changes files, with what may be done for its keys and whom it may ask.
    fn with_keys(
        &self,
        options: &AccessArgs,
        environment: &Environment,
        run: impl for<'a> FnOnce(
            &'a Environment,
            Access<'a>,
            Option<&mut dyn Ask>,
        ) -> Result<u8, Failure>,
    ) -> Result<u8, Failure> {
        let (mut terminal, mut asking) = (Terminal, Terminal);
        let access = self.access(options, false, &mut terminal);
        run(environment, access, self.ask(options, &mut asking))
    }

    /// How to print for people: how much, in colour, how wide, and with which characters.
    ///
    /// Of two options, one may stand before the command and one after it, where clap sees one only.
    fn style(&self, global: &Global) -> Result<Style, Failure> {
        if global.quiet && global.verbose {
            return Err(Failure::Usage {
                message: "`--quiet` and `--verbose` contradict each other".to_owned(),
                help: "give one of them".to_owned(),
            });
        }
        let mut style = Style::default();
        style.color = self.color(global.color);
        (style.quiet, style.verbose) = (global.quiet, global.verbose);
        style.ascii = self.is_ascii_only();
        style.width = self.width;
        Ok(style)
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    fn environment(&self, global: &Global) -> Result<Environment, Failure> {
        let here = match (&self.current_dir, &global.directory) {
            (Ok(here), None) => here.clone(),
            (Ok(here), Some(directory)) => here.join(directory),
            (Err(_), Some(directory)) if directory.is_absolute() => directory.clone(),
            (Err(error), _) => {
                let source = io::Error::from(error.kind());
                return Err(Failure::Io {
                    doing: "cannot find the current folder".to_owned(),
                    source,
                });
            }
        };
        if let Err(source) = enter(&here) {
            let doing = format!("cannot enter the folder `{}`", here.display());
            return Err(Failure::Io { doing, source });
        }
        // As if started there: links are followed. Windows would spell the path in its own way.
        let here = match global.directory {
            Some(_) if cfg!(unix) => here.canonicalize().unwrap_or(here),
            _ => here,
        };
        let platform = if cfg!(windows) {
            Platform::Windows
        } else if cfg!(target_os = "macos") {
            Platform::MacOs
        } else {
            Platform::Unix
        };
        Ok(Environment::new(self.variables.iter().cloned(), here, platform).at(SystemTime::now()))
    }

    /// What may be done for keys that ask somebody or run something: in a hook, nothing that was not
    /// allowed by name.
    pub(crate) fn access<'t>(
        &'t self,
        options: &AccessArgs,
        staged: bool,
        terminal: &'t mut Terminal,
    ) -> Access<'t> {
        let in_hook = staged || self.is_in_hook();
        let mut access = Access::default();
        access.key_commands = options.allow_key_cmd || !in_hook;
        access.plugins.clone_from(&options.plugins);
        access.time = Duration::from_secs(u64::from(options.key_timeout));
        access.watch = self
            .progress
            .as_ref()
            .map(|progress| progress as &dyn Watch);
        if self.attended && !in_hook && !options.no_input {
            access.ask = Some(terminal);
        }
        access
    }

    /// Who is asked whether to go on, where somebody is there.
    pub(crate) fn ask<'t>(
        &self,
        options: &AccessArgs,
        terminal: &'t mut Terminal,
    ) -> Option<&'t mut dyn Ask> {
        let is_asked = self.attended && !self.is_in_hook() && !options.no_input;
        is_asked.then_some(terminal as &mut dyn Ask)
    }

    /// Whether git started the process (all its hooks see some of these variables) or pre-commit did.
    fn is_in_hook(&self) -> bool {
        let signs = [
            "GIT_AUTHOR_DATE",
            "GIT_EXEC_PATH",
            "GIT_INDEX_FILE",
            "GIT_PREFIX",
            "PRE_COMMIT",
        ];
        signs.iter().any(|name| self.variable(name).is_some())
    }

    /// Whether the terminal says that it knows no more than ASCII.
    fn is_ascii_only(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .filter_map(|name| self.variable(name))
            .find(|value| !value.is_empty());
        let other = locale.is_some_and(|value| {
            let value = value.to_string_lossy().to_ascii_lowercase();
            !value.contains("utf-8") && !value.contains("utf8")
        });
        self.is_dumb() || self.terminal && cfg!(unix) && other
    }

    fn is_dumb(&self) -> bool {
        self.variable("TERM").is_some_and(|value| value == "dumb")
    }

    fn variable(&self, name: &str) -> Option<&OsStr> {
        let mut found = self.variables.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_os_str())
    }

    /// Whether to colour: what was asked for, else on a terminal that can and may.
    fn color(&self, choice: ColorChoice) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let forbidden = self
                    .variable("NO_COLOR")
                    .is_some_and(|value| !value.is_empty());
                self.terminal && !forbidden && !self.is_dumb()
            }
        }
    }
}

/// Says why a folder cannot be worked in, where it cannot.
fn enter(folder: &Path) -> io::Result<()> {
    if folder.metadata()?.is_dir() {
        return Ok(());
    }
    Err(io::ErrorKind::NotADirectory.into())
}

/// The columns of the terminal, at least as many as a sentence needs to be read.
fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0).max(40))
}

/// Gives `write` standard output, buffered. A reader that went away has read enough.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    match print_all(write) {
        Err(Failure::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

/// The same for what is nowhere else: all of it must be read.
pub(crate) fn print_all(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    written.map_err(|source| Failure::Io {
        doing: "cannot write to standard output".to_owned(),
        source,
    })
}

/// Writes `text` to standard error. Where that fails there is nobody left to tell.
pub(crate) fn warn(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether an argument stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether a word, such as `--jobs` or `--jobs=2`, is an option of a command.
pub(crate) fn is_option(command: &str, word: &str) -> bool {
    let name = word.split('=').next().unwrap_or(word);
    let mut program = Args::command();
    program.build();
    program.find_subcommand(command).is_some_and(|command| {
        let mut options = command.get_arguments().filter_map(clap::Arg::get_long);
        options.any(|option| name.strip_prefix("--") == Some(option))
    })
}

/// The name that standard input goes by: one that is given, or one that fits its type.
pub(crate) fn stdin_name(given: Option<&PathBuf>, input_type: Option<InputType>) -> PathBuf {
    let by_type = match input_type {
        None | Some(InputType::Yaml) => "stdin.yaml",
        Some(InputType::Json) => "stdin.json",
        Some(InputType::Dotenv) => "stdin.env",
        Some(InputType::Ini) => "stdin.ini",
        Some(InputType::Binary) => "stdin",
    };
    given.cloned().unwrap_or_else(|| PathBuf::from(by_type))
}

/// Refuses a name for standard input where none of `paths` stands for it.
pub(crate) fn refuse_idle_name(name: Option<&PathBuf>, paths: &[PathBuf]) -> Result<(), Failure> {
    if name.is_none() || paths.iter().any(|path| is_stdin(path)) {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "`--stdin-name` is given, and standard input is not read".to_owned(),
        help: "name `-` as the file".to_owned(),
    })
}

/// Refuses a type where no file is named that could be of it.
pub(crate) fn refuse_idle_type(given: Option<InputType>, paths: &[PathBuf]) -> Result<(), Failure> {
    if given.is_none() || !paths.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "`--input-type` is given, and no file is named".to_owned(),
        help: "name the files that are of this type: others are read as their names say".to_owned(),
    })
}

/// Reads standard input, at most one byte more than `limit`.
pub(crate) fn read_stdin(limit: usize) -> Result<Vec<u8>, Failure> {
    // Room for any file of identities: a buffer that grew would leave a copy of a key behind.
    let mut bytes = Vec::with_capacity(1 << 16);
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match io::stdin().lock().take(most).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(source) => Err(Failure::Io {
            doing: "cannot read standard input".to_owned(),
            source,
        }),
    }
}
