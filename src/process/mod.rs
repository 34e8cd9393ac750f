//! Running other programs: without a shell, within a time limit, with bounded output.
//!
//! A program is looked for in the absolute folders of `PATH` alone, so that none is ever taken from
//! the folder that is being checked. It sees the variables of the [`Environment`] and nothing else.
//! [`Program::run`] takes what a program prints; a `Dialogue` answers what it asks, line by line. What
//! passes through here may be a key: it is wiped wherever it stood.

#[cfg(feature = "plugin")]
mod dialogue;
mod stop;
mod stream;

#[cfg(feature = "plugin")]
pub(crate) use dialogue::Dialogue;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::environment::Environment;
use stop::{kill, set_alone, stop};
use stream::{Collected, collect};

/// A program that is to be run.
pub(crate) struct Program<'a> {
    /// Its name, without a folder, or an absolute path.
    pub(crate) name: &'a str,
    /// Its arguments, each passed as it is.
    pub(crate) arguments: Vec<OsString>,
    /// The folder that it runs in.
    pub(crate) directory: &'a Path,
    /// The variables that it sees.
    pub(crate) environment: &'a Environment,
    /// Variables that it sees beside them.
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// What it reads from standard input, which is closed after that.
    pub(crate) stdin: Vec<u8>,
    /// The most bytes of its standard output that are kept.
    pub(crate) limit: usize,
    /// How long it may take.
    pub(crate) time: Duration,
    /// Whether it is cut off from the terminal, and stopped together with all that it has started. At
    /// a terminal this must not be: it could not ask there, and Ctrl-C would not reach it.
    pub(crate) is_alone: bool,
}

/// How a program ended, and what it printed.
pub(crate) struct Ended {
    /// Its exit code; none where a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed, at most the limit.
    pub(crate) stdout: Vec<u8>,
    /// Whether it printed more than that. It was stopped then.
    pub(crate) truncated: bool,
    /// The beginning of what it complained about.
    pub(crate) stderr: Vec<u8>,
}

/// Why a program gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// No absolute folder of `PATH` holds it.
    #[error("`{name}` is not installed")]
    NotFound { name: String },
    /// It is named by a relative path, which leads to whatever lies in the folder that is checked.
    #[error("`{name}` is not run: it must be an absolute path")]
    Relative { name: String },
    /// It is there, and no program.
    #[error("`{}` is not executable", place.display())]
    NotExecutable { place: PathBuf },
    /// The system would not run it.
    #[error("`{name}` cannot be run: {kind}")]
    Io { name: String, kind: io::ErrorKind },
    /// It did not end in time, and was stopped.
    #[error("`{name}` did not end within {} seconds", time.as_secs())]
    TooSlow { name: String, time: Duration },
}

/// The most bytes of a complaint that are kept.
const COMPLAINT: usize = 1 << 16;

impl Program<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// [`Error`] where it could not be run, or not to its end. An exit code is no error.
    pub(crate) fn run(mut self) -> Result<Ended, Error> {
        let place = self.find()?;
        let deadline = Instant::now() + self.time;
        let mut child = self.spawn(&place).map_err(|error| self.io(&error))?;
        let ended = self.attend(&mut child, deadline);
        if ended.is_err() {
            stop(&mut child, self.is_alone);
        }
        ended
    }

    /// Starts it, to talk with it. What it complains about is not kept.
    ///
    /// # Errors
    /// [`Error`] where it could not be run.
    #[cfg(feature = "plugin")]
    pub(crate) fn talk(self) -> Result<Dialogue, Error> {
        let place = self.find()?;
        let mut command = self.command(&place);
        let child = command
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| self.io(&error))?;
        Ok(Dialogue::new(child, &self))
    }

    /// The program's file.
    fn find(&self) -> Result<PathBuf, Error> {
        let named = Path::new(self.name);
        if !named.is_absolute() && named.components().count() != 1 {
            return Err(Error::Relative {
                name: self.name.to_owned(),
            });
        }
        let places = self.places();
        if let Some(place) = places.iter().find(|place| is_program(place)) {
            return Ok(place.clone());
        }
        match places.into_iter().find(|place| place.is_file()) {
            Some(place) => Err(Error::NotExecutable { place }),
            None => Err(Error::NotFound {
                name: self.name.to_owned(),
            }),
        }
    }

    /// Where it may be: at its absolute path, or in any absolute folder of `PATH`.
    fn places(&self) -> Vec<PathBuf> {
        let named = Path::new(self.name);
        if named.is_absolute() {
            return vec![named.to_owned()];
        }
        let Some(path) = self.environment.variable("PATH") else {
            return Vec::new();
        };
        let file = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&file))
            .collect()
    }

    fn spawn(&self, place: &Path) -> io::Result<Child> {
        let stdin = if self.stdin.is_empty() {
            Stdio::null()
        } else {
            Stdio::piped()
        };
        let mut command = self.command(place);
        command.stdin(stdin).stderr(Stdio::piped()).spawn()
    }

    fn command(&self, place: &Path) -> Command {
        let mut command = Command::new(place);
        command
            .args(&self.arguments)
            .current_dir(self.directory)
            .env_clear()
            .envs(self.environment.variables())
            .envs(self.variables.iter().copied())
            .stdout(Stdio::piped());
        if self.is_alone {
            set_alone(&mut command);
        }
        command
    }

    /// Feeds it, and takes what it prints.
    fn attend(&mut self, child: &mut Child, deadline: Instant) -> Result<Ended, Error> {
        if let Some(mut input) = child.stdin.take() {
            let bytes = std::mem::take(&mut self.stdin);
            // A program that does not read to the end has its reasons.
            thread::spawn(move || input.write_all(&Zeroizing::new(bytes)));
        }
        let stdout = child.stdout.take().map(|out| collect(out, self.limit));
        let stderr = child.stderr.take().map(|out| collect(out, COMPLAINT));
        let stdout = self.receive(stdout.as_ref(), deadline)?;
        if stdout.more {
            kill(child, self.is_alone);
        }
        let stderr = self.receive(stderr.as_ref(), deadline)?;
        let status = self.wait(child, deadline)?;
        Ok(Ended {
            code: status.code(),
            stdout: stdout.bytes.into_inner(),
            truncated: stdout.more,
            stderr: stderr.bytes.into_inner(),
        })
    }

    fn receive(
        &self,
        from: Option<&Receiver<Collected>>,
        deadline: Instant,
    ) -> Result<Collected, Error> {
        let Some(from) = from else {
            return Err(self.too_slow());
        };
        let left = deadline.saturating_duration_since(Instant::now());
        from.recv_timeout(left).map_err(|_| self.too_slow())
    }

    /// Waits for a program that has closed its output: nearly always, for no time at all.
    fn wait(&self, child: &mut Child, deadline: Instant) -> Result<ExitStatus, Error> {
        let mut pause = Duration::from_micros(50);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() >= deadline => return Err(self.too_slow()),
                Ok(None) => thread::sleep(pause),
                Err(error) => return Err(self.io(&error)),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    fn too_slow(&self) -> Error {
        let (name, time) = (self.name.to_owned(), self.time);
        Error::TooSlow { name, time }
    }

    fn io(&self, error: &io::Error) -> Error {
        let (name, kind) = (self.name.to_owned(), error.kind());
        Error::Io { name, kind }
    }
}

#[cfg(unix)]
fn is_program(place: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    place
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(place: &Path) -> bool {
    place.is_file()
}

/// A folder in which nobody expects anything.
#[cfg(feature = "plugin")]
pub(crate) fn neutral_folder() -> PathBuf {
    std::env::temp_dir()
}

/// Arguments from words.
pub(crate) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<OsString> {
    words
        .into_iter()
        .map(|word| OsStr::new(word).to_owned())
        .collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::environment::Platform;

    fn environment(path: &str) -> Environment {
        let variables = [("PATH", path), ("GREETING", "hello")]
            .map(|(name, value)| (name.into(), value.into()));
        Environment::new(variables, "/".into(), Platform::Unix)
    }

    fn shell<'a>(environment: &'a Environment, script: &str) -> Program<'a> {
        Program {
            name: "sh",
            arguments: words(["-c", script]),
            directory: Path::new("/"),
            environment,
            variables: &[("WHO", "world")],
            stdin: Vec::new(),
            limit: 100,
            time: Duration::from_secs(20),
            is_alone: true,
        }
    }

    #[test]
    fn tells_what_was_printed_and_how_it_ended() {
        let environment = environment("/usr/bin:/bin");
        let script = "cat; echo $GREETING $WHO; echo no >&2; exit 3";
        let mut program = shell(&environment, script);
        program.stdin = b"given ".to_vec();
        let ended = program.run().unwrap();
        assert_eq!(ended.stdout, b"given hello world\n");
        assert_eq!(ended.stderr, b"no\n");
        assert_eq!((ended.code, ended.truncated), (Some(3), false));
    }

    #[test]
    fn standard_input_is_closed_where_nothing_is_given() {
        let environment = environment("/usr/bin:/bin");
        let ended = shell(&environment, "cat").run().unwrap();
        assert_eq!((ended.code, ended.stdout.as_slice()), (Some(0), &b""[..]));
    }

    #[test]
    fn a_program_that_prints_without_end_is_stopped_at_the_limit() {
        let environment = environment("/usr/bin:/bin");
        let ended = shell(&environment, "while :; do echo aaaaaaaaa; done")
            .run()
            .unwrap();
        assert_eq!((ended.stdout.len(), ended.truncated), (100, true));
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped_in_time() {
        let environment = environment("/usr/bin:/bin");
        for script in [
            "sleep 30",
            "exec >&- 2>&-; sleep 30",
            "trap '' TERM INT HUP; sleep 30",
            "sleep 30 & exit 0",
        ] {
            let mut program = shell(&environment, script);
            program.time = Duration::from_millis(200);
            let started = Instant::now();
            assert!(
                matches!(program.run(), Err(Error::TooSlow { .. })),
                "{script}"
            );
            assert!(started.elapsed() < Duration::from_secs(10), "{script}");
        }
    }

    #[test]
    fn what_a_program_has_started_is_stopped_with_it() {
        let environment = environment("/usr/bin:/bin");
        let folder = tempfile::tempdir().unwrap();
        let sign = folder.path().join("sign");
        for ending in ["wait", "exit 0", "while :; do echo aaaaaaaaa; done"] {
            let script = format!("(sleep 2; echo >'{}') & {ending}", sign.display());
            let mut program = shell(&environment, &script);
            program.time = Duration::from_millis(300);
            let started = Instant::now();
            let _ = program.run();
            assert!(started.elapsed() < Duration::from_secs(20), "{ending}");
            thread::sleep(Duration::from_millis(2500).saturating_sub(started.elapsed()));
            assert!(!sign.exists(), "{ending}");
        }
    }

    #[test]
    fn what_is_no_program_is_told_from_what_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("tool");
        std::fs::File::create(&place).unwrap();
        let environment = environment(folder.path().to_str().unwrap());
        let program = Program {
            name: "tool",
            ..shell(&environment, "")
        };
        let ended = program.run().map(|ended| ended.code);
        assert_eq!(ended, Err(Error::NotExecutable { place }));
    }

    #[test]
    fn programs_are_taken_from_absolute_folders_of_the_path_only() {
        let missing = Err(Error::NotFound {
            name: "sh".to_owned(),
        });
        for path in ["", "bin", ".:usr/bin", "/nowhere"] {
            let environment = environment(path);
            let found = shell(&environment, "").run();
            assert_eq!(found.map(|ended| ended.code), missing, "{path}");
        }
        let environment = environment("bin:/nowhere:/usr/bin:/bin");
        assert!(shell(&environment, "").run().is_ok());
    }

    #[test]
    fn a_program_with_a_folder_is_taken_from_there_if_its_path_is_absolute() {
        let environment = environment("/bin:/usr/bin");
        for (name, is_there) in [("/bin/sh", true), ("./sh", false), ("../bin/sh", false)] {
            let program = Program {
                name,
                ..shell(&environment, "")
            };
            assert_eq!(program.run().is_ok(), is_there, "{name}");
        }
    }
}
