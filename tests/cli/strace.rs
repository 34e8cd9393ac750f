//! The command under strace, which lets the system fail at a call, or kills it there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use crate::sandbox::Sandbox;

/// How the command ended.
pub(crate) struct Ended {
    /// None where it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// All that it said.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Whether there is a strace that may be used; says so where there is none.
pub(crate) fn is_there() -> bool {
    let mut strace = Command::new("strace");
    let tried = strace.args(["-qq", "-o", "/dev/null", "true"]).status();
    let is_there = tried.is_ok_and(|status| status.success());
    if !is_there {
        println!("skipped: there is no strace here, or it may not be used");
    }
    is_there
}

/// Runs the command, with `injection` (`openat:error=EIO:when=3`) into the calls about these paths, or all;
/// none where it was not reached.
pub(crate) fn inject<A: AsRef<OsStr>>(
    sandbox: &Sandbox,
    injection: &str,
    paths: &[&Path],
    arguments: &[A],
) -> Option<Ended> {
    let log = sandbox.work().join(".git/strace");
    let call = injection.split(':').next().unwrap();
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-e", &format!("trace={call}"), "-o"])
        .arg(&log)
        .args(["-e", &format!("inject={injection}")]);
    for path in paths {
        strace.arg("-P").arg(path);
    }
    let output = strace
        .arg(env!("CARGO_BIN_EXE_sopsguard"))
        .args(arguments)
        .env_clear()
        .envs(sandbox.git_variables())
        .current_dir(sandbox.work())
        .output()
        .unwrap();
    let status = output.status;
    let is_killed = status.signal().is_some() || status.code() == Some(137);
    let log = fs::read_to_string(&log).unwrap_or_default();
    (is_killed || log.contains("INJECTED")).then(|| Ended {
        code: status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    })
}
