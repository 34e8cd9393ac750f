//! How a program is stopped, together with all that it has started.

use std::process::{Child, Command};

/// Ends a program, and what it has started where it is alone, and waits until it is gone.
pub(super) fn stop(child: &mut Child, is_alone: bool) {
    kill(child, is_alone);
    // It was told to end; there is nothing else to be done.
    let _ = child.wait();
}

/// Ends a program that nobody has waited for yet, and what it has started where it is alone.
pub(super) fn kill(child: &mut Child, is_alone: bool) {
    if is_alone {
        kill_group(child);
    }
    // Whether it was still there to be stopped makes no difference.
    let _ = child.kill();
}

/// Makes a program the leader of a group of processes, which is not the terminal's.
#[cfg(unix)]
pub(super) fn set_alone(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn kill_group(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(leader) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may be gone already.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

/// Windows has no groups that a program could be made to lead without more.
#[cfg(not(unix))]
pub(super) fn set_alone(_: &mut Command) {}

#[cfg(not(unix))]
fn kill_group(_: &Child) {}
