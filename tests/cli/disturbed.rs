//! What comes in between while files are changed: somebody edits or deletes one, another writer, a full disk, what is
//! read-only, a link that leads out. It is said, and nothing is changed.
#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::recover::{FILES, UPDATE, files, opened, strayed};
use crate::sandbox::{Sandbox, testdata};

/// Whether a program is here and does this.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn can(program: &str, arguments: &[&str]) -> bool {
    let tried = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        println!("skipped: `{program}` is not here, or may not do this");
    }
    can
}

/// Waits until something is so.
#[track_caller]
fn wait_for(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "it never is");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs `updatekeys` on a terminal, does something between the question and a "yes", and gives what was printed.
fn disturbed(sandbox: &Sandbox, disturb: impl FnOnce()) -> Option<(i32, String)> {
    if !can("script", &["-qec", "true", "/dev/null"]) {
        return None;
    }
    let command = env!("CARGO_BIN_EXE_sopsguard");
    let line = format!("{command} updatekeys --identity key.txt");
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .envs(sandbox.git_variables())
        .env("TERM", "dumb")
        .current_dir(sandbox.work())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = read_until(&mut child, "change these 3 files?");
    disturb();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"yes\n").unwrap();
    let mut rest = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut rest)
        .unwrap();
    printed.push_str(&rest);
    let status = child.wait().unwrap();
    Some((status.code().unwrap(), printed))
}

/// Reads what a child prints up to a text.
fn read_until(child: &mut Child, text: &str) -> String {
    let out = child.stdout.as_mut().unwrap();
    let mut printed = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&printed).contains(text) {
        let count = out.read(&mut byte).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&printed));
        printed.push(byte[0]);
    }
    String::from_utf8(printed).unwrap()
}

#[test]
fn a_file_that_was_edited_after_the_plan_is_not_written_over_and_no_other_is() {
    let sandbox = strayed();
    let edited = sandbox.work().join(FILES[1]);
    let before = files(&sandbox);
    let edit = || {
        let text = fs::read_to_string(&edited).unwrap();
        fs::write(&edited, format!("{text}# mine\n")).unwrap();
    };
    let Some((code, printed)) = disturbed(&sandbox, edit) else {
        return;
    };
    assert_eq!(code, 3, "{printed}");
    assert!(printed.contains(FILES[1]), "{printed}");
    let mut expected = before;
    expected.get_mut(&edited).unwrap().extend(b"# mine\n");
    assert_eq!(files(&sandbox), expected);
    assert!(!sandbox.work().join(".git/sopsguard").exists());
}

#[test]
fn a_file_that_vanished_after_the_plan_does_not_come_back_and_no_other_is_changed() {
    let sandbox = strayed();
    let vanished = sandbox.work().join(FILES[2]);
    let mut expected = files(&sandbox);
    let Some((code, printed)) = disturbed(&sandbox, || fs::remove_file(&vanished).unwrap()) else {
        return;
    };
    assert_eq!(code, 3, "{printed}");
    assert!(printed.contains(FILES[2]), "{printed}");
    expected.remove(&vanished);
    assert_eq!(files(&sandbox), expected);
    assert!(!sandbox.work().join(".git/sopsguard").exists());
}

#[test]
fn all_files_are_changed_where_nothing_comes_in_between() {
    let sandbox = strayed();
    let Some((code, printed)) = disturbed(&sandbox, || ()) else {
        return;
    };
    assert_eq!(code, 0, "{printed}");
    assert_eq!(opened(&sandbox), [true; 3]);
}

#[test]
fn what_is_read_only_is_named_and_nothing_is_changed() {
    for (path, mode) in [(FILES[1], 0o444), ("sub", 0o555)] {
        let sandbox = strayed();
        let before = files(&sandbox);
        let place = sandbox.work().join(path);
        let old = fs::metadata(&place).unwrap().permissions();
        fs::set_permissions(&place, Permissions::from_mode(mode)).unwrap();
        let output = sandbox.command(UPDATE).with_git().run().expect_code(3);
        assert!(output.stderr.contains(path), "{}", output.stderr);
        fs::set_permissions(&place, old).unwrap();
        assert_eq!(files(&sandbox), before);
        assert!(!sandbox.work().join(".git/sopsguard").exists());
    }
}

#[test]
fn nothing_is_written_through_a_link_that_leads_out() {
    let sandbox = strayed();
    let outside = sandbox.work().join("../outside.enc.yaml");
    let bytes = sandbox.read(FILES[0]);
    fs::write(&outside, &bytes).unwrap();
    symlink(&outside, sandbox.work().join("link.enc.yaml")).unwrap();
    symlink("../outside.enc.yaml", sandbox.work().join("other.enc.yaml")).unwrap();
    for link in ["link.enc.yaml", "other.enc.yaml"] {
        let before = files(&sandbox);
        let named = [&UPDATE[..], &[link]].concat();
        let output = sandbox.command(named).with_git().run();
        assert_ne!(output.code, 0, "{}{}", output.stdout, output.stderr);
        let said = [output.stdout, output.stderr].concat();
        assert!(said.contains(link), "{said}");
        assert_eq!(fs::read(&outside).unwrap(), bytes);
        assert_eq!(files(&sandbox), before);
    }
}

/// The calls at which a writer is held up.
const SYNCS: &str = "syncfs,fsync,fdatasync";

#[test]
fn the_second_of_two_writers_is_told_and_changes_nothing() {
    if !can("strace", &["-qq", "-o", "/dev/null", "true"]) {
        return;
    }
    let sandbox = strayed();
    let mut first = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={SYNCS}"),
        ])
        .args(["-e", &format!("inject={SYNCS}:delay_enter=500000")])
        .arg(env!("CARGO_BIN_EXE_sopsguard"))
        .args(UPDATE)
        .env_clear()
        .envs(sandbox.git_variables())
        .current_dir(sandbox.work())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(|| sandbox.work().join(".git/sopsguard/lock").exists());
    let second = sandbox.command(UPDATE).with_git().run();
    let told = [second.stdout, second.stderr].concat();
    assert!([3, 4].contains(&second.code), "{}: {told}", second.code);
    assert!(
        told.contains("another") || told.contains("is writing"),
        "{told}"
    );
    assert!(first.wait().unwrap().success());
    assert_eq!(opened(&sandbox), [true; 3]);
    let _ = sandbox.command(UPDATE).with_git().run().expect_code(0);
    assert!(!sandbox.work().join(".git/sopsguard").exists());
}

/// Copies a repository onto a disk of its own, fills that, and has the command change the files there.
const FULL: &str = "
mount -t tmpfs -o size=512k none \"$DISK\" && cp -a . \"$DISK/work\" && cd \"$DISK/work\" || exit 99
dd if=/dev/zero of=\"$DISK/fill\" bs=1k 2>/dev/null
\"$SOPSGUARD\" \"$@\"
code=$?
diff -r --exclude=.git \"$WORK\" . && test ! -e .git/sopsguard || exit 98
exit $code
";

#[test]
fn on_a_full_disk_nothing_is_changed_and_nothing_is_left() {
    let sandbox = strayed();
    let disk = sandbox.work().join("../disk");
    fs::create_dir(&disk).unwrap();
    let mount = format!("mount -t tmpfs none {}", disk.display());
    if !can("unshare", &["-rm", "sh", "-c", &mount]) {
        return;
    }
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", FULL, "sh"])
        .args(UPDATE)
        .env_clear()
        .envs(sandbox.git_variables())
        .env("DISK", &disk)
        .env("WORK", sandbox.work())
        .env("SOPSGUARD", env!("CARGO_BIN_EXE_sopsguard"))
        .current_dir(sandbox.work())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{said}{printed}");
    assert!(said.contains("space") || said.contains("room"), "{said}");
}

#[test]
fn a_key_that_is_no_longer_there_after_the_change_was_planned_changes_nothing() {
    // The identity opens the files, and is not among those that are to open them afterwards.
    let sandbox = strayed();
    let text = fs::read_to_string(testdata("rules/keys.txt")).unwrap();
    let public = text
        .lines()
        .find_map(|line| line.split("public key: ").nth(1));
    let rules = format!("creation_rules:\n  - age: {}\n", public.unwrap());
    sandbox.write(".sops.yaml", rules);
    let before = files(&sandbox);
    let output = sandbox.command(UPDATE).with_git().run().expect_code(1);
    assert!(output.stdout.contains("proved"), "{}", output.stdout);
    assert_eq!(files(&sandbox), before);
}
