//! Real sops: its command, and its library in the process of the oracle.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The programs that `scripts/peers` installs, built or brought up to date where they are not.
pub(crate) struct Peers {
    pub(crate) sops: PathBuf,
    pub(crate) plugin: PathBuf,
    oracle: PathBuf,
}

/// What sops does with a text, and what is to be said of it for that.
pub(crate) struct Expectation {
    /// The verification.
    pub(crate) want: String,
    /// Whether "failed" is as good, since what is wrong shows without a key.
    pub(crate) certain: bool,
    /// Whether sops opens the file.
    pub(crate) opens: bool,
    /// The step in which sops failed, and with what words.
    pub(crate) stage: String,
    pub(crate) error: String,
}

impl Peers {
    pub(crate) fn find() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers");
        let output = Command::new(script)
            .args(["--print", "sops-3.13.3", "age-plugin-batchpass", "oracle"])
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "scripts/peers failed");
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut paths = printed.lines().map(PathBuf::from);
        let mut next = || paths.next().unwrap();
        let (sops, plugin, oracle) = (next(), next(), next());
        Self {
            sops,
            plugin,
            oracle,
        }
    }

    /// Whether the command decrypts a file.
    pub(crate) fn decrypts(&self, file: &Path, variables: &[(OsString, OsString)]) -> bool {
        let mut sops = Command::new(&self.sops);
        sops.arg("decrypt").arg(file).env_clear();
        sops.envs(variables.iter().cloned());
        sops.stdin(Stdio::null());
        sops.output().unwrap().status.success()
    }

    /// Asks sops's library, in one process, about texts in formats, with the identities that these
    /// variables name. `own` are their recipients.
    pub(crate) fn expect(
        &self,
        texts: &[(&str, &str)],
        variables: &[(OsString, OsString)],
        own: &[&str],
    ) -> Vec<Expectation> {
        let mut oracle = Command::new(&self.oracle)
            .env_clear()
            .envs(variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = std::thread::scope(|scope| {
            let mut questions = BufWriter::new(oracle.stdin.take().unwrap());
            scope.spawn(move || {
                for (text, format) in texts {
                    let b64 = STANDARD.encode(text);
                    let question =
                        json!({"op": "expect", "b64": b64, "format": format, "own": own});
                    writeln!(questions, "{question}").unwrap();
                }
            });
            answers(&mut oracle)
        });
        assert!(oracle.wait().unwrap().success());
        assert_eq!(answers.len(), texts.len());
        answers
    }
}

fn answers(oracle: &mut Child) -> Vec<Expectation> {
    let lines = BufReader::new(oracle.stdout.take().unwrap()).lines();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines
        .map(|line| {
            let answer: Value = serde_json::from_str(&line.unwrap()).unwrap();
            Expectation {
                want: text(&answer["want"]),
                certain: answer["certain"] == true,
                opens: answer["ok"] == true,
                stage: text(&answer["stage"]),
                error: text(&answer["err"]),
            }
        })
        .collect()
}
