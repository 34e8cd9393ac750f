//! The programs that `scripts/peers` installs. (The library's own tests include this file, too.)

use std::ffi::OsString;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

/// Where one of them is; it is built where it is not there yet.
pub(crate) fn peer(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers");
    let found = Command::new(script).args(["--print", name]).output();
    let found = found.expect("a script can be run");
    assert!(found.status.success(), "scripts/peers failed");
    let path = String::from_utf8(found.stdout).expect("the path is UTF-8");
    path.trim().into()
}

/// What the oracle, which is sops's library in a process, answers to each of these questions.
pub(crate) fn ask(questions: Vec<Value>) -> Vec<Value> {
    ask_as(questions, &[])
}

/// The same with these variables, which say where it finds identities.
pub(crate) fn ask_as(questions: Vec<Value>, variables: &[(&str, OsString)]) -> Vec<Value> {
    let count = questions.len();
    let mut oracle = Command::new(peer("oracle"))
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the oracle starts");
    let mut into = BufWriter::new(oracle.stdin.take().expect("it is piped"));
    let from = BufReader::new(oracle.stdout.take().expect("it is piped"));
    let answers: Vec<Value> = thread::scope(|scope| {
        scope.spawn(move || {
            for question in questions {
                writeln!(into, "{question}").expect("the oracle listens");
            }
        });
        let answer = |line: String| serde_json::from_str(&line).expect("it answers in JSON");
        let lines = from.lines();
        lines
            .map(|line| answer(line.expect("it answers in UTF-8")))
            .collect()
    });
    assert!(oracle.wait().expect("it ends").success());
    assert_eq!(answers.len(), count);
    answers
}
