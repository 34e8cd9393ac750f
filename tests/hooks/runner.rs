//! Who runs the hook.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A program that runs hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// git itself, with the scripts that `sopsguard install` puts there.
    Git,
    PreCommit,
    Prek,
}

impl Runner {
    pub(crate) const ALL: [Self; 3] = [Self::Git, Self::PreCommit, Self::Prek];
    pub(crate) const MANAGERS: [Self; 2] = [Self::PreCommit, Self::Prek];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::PreCommit => "pre-commit",
            Self::Prek => "prek",
        }
    }

    /// Where the program is that manages the hooks.
    pub(crate) fn program(self) -> Option<&'static Path> {
        let [pre_commit, prek] = peers();
        match self {
            Self::Git => None,
            Self::PreCommit => Some(pre_commit),
            Self::Prek => Some(prek),
        }
    }
}

/// pre-commit and prek, installed where they are not yet.
fn peers() -> &'static [PathBuf; 2] {
    static PEERS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    PEERS.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/peers");
        let output = Command::new(script)
            .args(["--print", "pre-commit", "prek"])
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "scripts/peers failed: {words}");
        let paths = String::from_utf8(output.stdout).unwrap();
        let paths: Vec<PathBuf> = paths.lines().map(PathBuf::from).collect();
        paths.try_into().unwrap()
    })
}

/// The folder that `scripts/peers` installs into.
pub(crate) fn peers_folder() -> PathBuf {
    let program = Runner::PreCommit.program().unwrap();
    program.ancestors().nth(3).unwrap().to_owned()
}
