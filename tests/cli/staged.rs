//! `check --staged`, in real repositories made by the real git.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Output, Sandbox, testdata};

/// The file that most of these tests are about.
const FILE: &str = "healthy/apps/shop/database.enc.yaml";

/// The same file after an edit without sops.
fn damaged() -> Vec<u8> {
    fs::read(testdata("example/damaged/apps/shop/database.enc.yaml")).unwrap()
}

fn check(sandbox: &Sandbox, more: &[&str]) -> Output {
    let arguments = ["check", "--staged", "--identity", "key.txt"];
    sandbox.run(arguments.iter().chain(more))
}

/// The same through git, which has to be asked where libgit2 does not do.
fn check_with_git(sandbox: &Sandbox, more: &[&str]) -> Output {
    let arguments = ["check", "--staged", "--identity", "key.txt"];
    sandbox
        .command(arguments.iter().chain(more))
        .with_git()
        .run()
}

/// A repository whose healthy files are committed, and nothing else is.
fn committed() -> Sandbox {
    let sandbox = Sandbox::with_repository();
    sandbox.git(["add", "healthy"]);
    sandbox.git(["commit", "--quiet", "-m", "healthy"]);
    sandbox
}

#[test]
fn the_index_is_judged_whatever_the_work_tree_holds() {
    let sandbox = committed();
    sandbox.write(FILE, damaged());
    sandbox.git(["add", FILE]);
    sandbox.git(["restore", "--source=HEAD", "--worktree", FILE]);
    let output = check(&sandbox, &[]).expect_code(1);
    assert!(
        output.stdout.contains("error[mac-mismatch]"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains(FILE), "{}", output.stdout);
    sandbox.git(["restore", "--staged", FILE]);
    sandbox.write(FILE, damaged());
    let _ = check(&sandbox, &[]).expect_code(0);
    let _ = check(&sandbox, &[FILE]).expect_code(0);
    fs::remove_file(sandbox.work().join(FILE)).unwrap();
    let output = check(&sandbox, &[FILE]).expect_code(0);
    assert_eq!(output.stdout, "1 file: 1 verified\n");
}

#[test]
fn without_names_what_differs_from_head_is_checked_and_nothing_else() {
    let sandbox = committed();
    assert_eq!(
        check(&sandbox, &[]).expect_code(0).stdout,
        "no sops files found, nothing to verify\n"
    );
    sandbox.git(["mv", FILE, "moved.enc.yaml"]);
    sandbox.git(["rm", "--quiet", "healthy/infra/accounts.enc.yaml"]);
    let output = check(&sandbox, &["--verbose"]).expect_code(0);
    assert!(output.stdout.contains("moved.enc.yaml: verified\n"));
    assert!(
        output.stdout.ends_with("1 file: 1 verified\n"),
        "{}",
        output.stdout
    );
    sandbox.git([
        "update-index",
        "--chmod=+x",
        "healthy/apps/wiki/database.enc.yaml",
    ]);
    let output = check(&sandbox, &[]).expect_code(0);
    assert_eq!(output.stdout, "2 files: 2 verified\n");
}

#[test]
fn before_the_first_commit_everything_is_staged() {
    let sandbox = Sandbox::with_repository();
    let _ = check(&sandbox, &[]).expect_code(0);
    sandbox.git(["add", "healthy"]);
    let output = check(&sandbox, &[]).expect_code(0);
    assert_eq!(output.stdout, "4 files: 4 verified\n");
}

#[test]
fn packed_references_and_detached_heads_are_followed() {
    let sandbox = committed();
    sandbox.git(["gc", "--quiet"]);
    sandbox.git(["pack-refs", "--all"]);
    assert!(!sandbox.work().join(".git/refs/heads/main").exists());
    sandbox.write(FILE, damaged());
    sandbox.git(["add", FILE]);
    for _ in 0..2 {
        let output = check(&sandbox, &["--format", "json"]).expect_code(1).json();
        assert_eq!(output["summary"]["files"], 1);
        sandbox.git(["checkout", "--quiet", "--detach"]);
    }
    sandbox.git(["checkout", "--quiet", "--orphan", "other"]);
    let output = check(&sandbox, &["--format", "json"]).expect_code(1).json();
    assert_eq!(output["summary"]["files"], 4, "a branch without commits");
}

#[test]
fn names_are_looked_up_in_the_index_staged_or_not() {
    let sandbox = committed();
    assert_eq!(
        check(&sandbox, &[FILE]).expect_code(0).stdout,
        "1 file: 1 verified\n"
    );
    assert_eq!(
        check(&sandbox, &["healthy/apps"]).expect_code(0).stdout,
        "2 files: 2 verified\n"
    );
    assert_eq!(
        check(&sandbox, &["."]).expect_code(0).stdout,
        "4 files: 4 verified\n"
    );
    let output = check(&sandbox, &["key.txt", "nowhere", "../x", "/", FILE]).expect_code(0);
    assert_eq!(output.stdout, "1 file: 1 verified\n");
    assert_eq!(
        output.stderr,
        "note: `/`, `../x`, `key.txt` and 1 more are not in the index, so nothing was checked for \
         them\n"
    );
    let outside = sandbox.work().join(FILE);
    let output = check(&sandbox, &[outside.to_str().unwrap()]).expect_code(0);
    assert_eq!(output.stdout, "1 file: 1 verified\n");
}

#[test]
fn from_a_folder_below_the_names_start_there() {
    let sandbox = committed();
    sandbox.write(FILE, damaged());
    sandbox.git(["add", FILE]);
    let run = |more: &[&str]| {
        let arguments = [
            "check",
            "--staged",
            "-C",
            "healthy/infra",
            "--identity",
            "../../key.txt",
        ];
        sandbox.run(arguments.iter().chain(more))
    };
    for names in [&[][..], &["../apps/shop/database.enc.yaml"]] {
        let output = run(names).expect_code(1);
        let start = "../apps/shop/database.enc.yaml:22:10: ";
        assert!(
            output.stdout.contains(start.trim_end_matches(": ")),
            "{}",
            output.stdout
        );
    }
    assert_eq!(run(&["."]).expect_code(0).stdout, "2 files: 2 verified\n");
    assert_eq!(
        run(&["accounts.enc.yaml"]).expect_code(0).stdout,
        "1 file: 1 verified\n"
    );
}

#[test]
fn odd_names_are_names() {
    let sandbox = committed();
    let healthy = sandbox.read(FILE);
    let odd: [&[u8]; 5] = [
        b"with space.enc.yaml",
        b"-leading.enc.yaml",
        b"new\nline.enc.yaml",
        b"quote\"d.enc.yaml",
        b"not-\xff-text.enc.yaml",
    ];
    let odd = odd.map(|name| OsString::from_vec(name.to_vec()));
    for name in &odd {
        sandbox.write(Path::new(name), &healthy);
    }
    sandbox.git(["add", "--all", "--", ":(glob)*.enc.yaml"]);
    assert_eq!(
        check(&sandbox, &[]).expect_code(0).stdout,
        "5 files: 5 verified\n"
    );
    let arguments = ["check", "--staged", "--identity", "key.txt", "--"];
    let named = arguments
        .iter()
        .map(OsStr::new)
        .chain(odd.iter().map(OsString::as_os_str));
    assert_eq!(
        sandbox.run(named).expect_code(0).stdout,
        "5 files: 5 verified\n"
    );
}

#[test]
fn links_submodules_and_announced_files_have_no_content_of_their_own() {
    let sandbox = committed();
    symlink(
        "healthy/apps/shop/database.enc.yaml",
        sandbox.work().join("link.enc.yaml"),
    )
    .unwrap();
    sandbox.write("new.enc.yaml", damaged());
    sandbox.git(["add", "link.enc.yaml"]);
    sandbox.git(["add", "--intent-to-add", "new.enc.yaml"]);
    let commit = sandbox.git(["rev-parse", "HEAD"]);
    let info = format!("160000,{},sub.enc.yaml", commit.trim());
    sandbox.git(["update-index", "--add", "--cacheinfo", &info]);
    let names = ["link.enc.yaml", "new.enc.yaml", "sub.enc.yaml"];
    let _ = check(&sandbox, &[]).expect_code(0);
    let output = check(&sandbox, &names).expect_code(0);
    assert_eq!(
        output.stderr,
        "note: `link.enc.yaml` is a symbolic link in the index, so nothing was checked for it\n\
         note: `sub.enc.yaml` is a submodule, so nothing was checked for it\n\
         note: `new.enc.yaml` is in the index without content (`git add -N`), so nothing was \
         checked for it\n"
    );
}

#[test]
fn of_an_unmerged_file_the_text_with_the_markers_is_judged() {
    let sandbox = committed();
    let edit = |by: &str| {
        let text = String::from_utf8(sandbox.read(FILE)).unwrap();
        sandbox.write(FILE, text.replacen("ENC[", &format!("ENC[{by}"), 1));
        sandbox.git(["commit", "--quiet", "-am", by]);
    };
    sandbox.git(["checkout", "--quiet", "-b", "theirs"]);
    edit("theirs");
    sandbox.git(["checkout", "--quiet", "main"]);
    edit("ours");
    assert!(
        !sandbox
            .git_command()
            .args(["merge", "theirs"])
            .output()
            .unwrap()
            .status
            .success()
    );
    for names in [&[][..], &[FILE]] {
        let output = check(&sandbox, names).expect_code(1);
        assert!(output.stdout.contains(FILE), "{}", output.stdout);
        assert!(output.stdout.contains("1 failed"), "{}", output.stdout);
    }
}

/// Makes every commit run the command, with `key` to verify with, in the environment of a hook.
fn install_hook(sandbox: &Sandbox, arguments: &str) {
    let binary = env!("CARGO_BIN_EXE_sopsguard");
    let key = sandbox.work().join("key.txt");
    let script = format!(
        "#!/bin/sh\nexec '{binary}' check --staged --identity '{}' {arguments}\n",
        key.display()
    );
    sandbox.write(".git/hooks/pre-commit", script);
    let hook = sandbox.work().join(".git/hooks/pre-commit");
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_hook_judges_the_index_that_the_commit_is_made_of() {
    let sandbox = committed();
    install_hook(&sandbox, "");
    let commit = |arguments: &[&str], folder: &str| {
        let mut git = sandbox.git_command();
        git.current_dir(sandbox.work().join(folder));
        let output = git
            .args(["commit", "-m", "x"])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    // `-a` and names use an index of their own, which the plain one knows nothing of.
    let healthy = sandbox.read(FILE);
    sandbox.write(FILE, damaged());
    for (arguments, folder) in [
        (&["-a"][..], "."),
        (&["-a"], "healthy/infra"),
        (&["--", FILE], "."),
        (&["--", "database.enc.yaml"], "healthy/apps/shop"),
        (&["--amend", "-a"], "."),
    ] {
        let (passed, text) = commit(arguments, folder);
        assert!(!passed, "{arguments:?}: {text}");
        assert!(
            text.contains("error[mac-mismatch]"),
            "{arguments:?}: {text}"
        );
        assert!(text.contains(FILE), "{arguments:?}: {text}");
    }
    sandbox.write("note.txt", "1");
    sandbox.git(["add", "note.txt"]);
    let (passed, text) = commit(&[], ".");
    assert!(
        passed,
        "what is not staged is none of the commit's business: {text}"
    );
    sandbox.write(FILE, &healthy);
    sandbox.git(["add", FILE]);
    sandbox.write("healthy/note.txt", "1");
    sandbox.git(["add", "healthy/note.txt"]);
    let (passed, text) = commit(&["--", "healthy/note.txt"], ".");
    assert!(passed, "{text}");
}

#[test]
fn a_linked_work_tree_has_an_index_of_its_own() {
    let sandbox = committed();
    sandbox.git(["worktree", "add", "--quiet", "../other"]);
    install_hook(&sandbox, "");
    sandbox.write(format!("../other/{FILE}"), damaged());
    sandbox.git(["-C", "../other", "add", "."]);
    let _ = check(&sandbox, &[]).expect_code(0);
    let arguments = [
        "check",
        "--staged",
        "-C",
        "../other",
        "--identity",
        "../work/key.txt",
    ];
    let output = sandbox.run(arguments).expect_code(1);
    assert!(output.stdout.contains("1 failed"), "{}", output.stdout);
    for folder in ["../other", "../other/healthy/infra"] {
        let mut git = sandbox.git_command();
        let folder = sandbox.work().join(folder);
        let output = git
            .current_dir(folder)
            .args(["commit", "-m", "x"])
            .output()
            .unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("mac-mismatch"));
    }
}

#[test]
fn variables_name_the_repository_as_they_do_for_git() {
    let sandbox = committed();
    sandbox.write(FILE, damaged());
    sandbox.git(["add", FILE]);
    let work = sandbox.work();
    fs::create_dir(work.join("../elsewhere")).unwrap();
    fs::rename(work.join(".git"), work.join("../elsewhere/dir")).unwrap();
    let absolute = work.join("../elsewhere/dir").canonicalize().unwrap();
    for (folder, git_dir, work_tree) in [
        (".", OsStr::new("../elsewhere/dir"), None),
        (".", absolute.as_os_str(), None),
        ("healthy", absolute.as_os_str(), Some("..")),
        ("healthy", OsStr::new("../../elsewhere/dir"), Some("..")),
        ("../elsewhere", OsStr::new("dir"), Some("../work")),
    ] {
        let arguments = ["check", "--staged", "--format", "json", "-C", folder];
        let mut run = sandbox.command(arguments).env("GIT_DIR", git_dir);
        if let Some(work_tree) = work_tree {
            run = run.env("GIT_WORK_TREE", work_tree);
        }
        let report = run.run().json();
        assert_eq!(report["summary"]["files"], 1, "{folder} {git_dir:?}");
        let shown = Path::new(folder).join(report["files"][0]["path"].as_str().unwrap());
        assert!(work.join(shown).is_file(), "{folder} {report}");
    }
}

#[test]
fn the_index_and_the_objects_can_be_elsewhere() {
    let sandbox = committed();
    let work = sandbox.work();
    // What `git commit PATH` does, seen from a folder below: the name starts from the work tree.
    fs::copy(work.join(".git/index"), work.join(".git/other-index")).unwrap();
    let add = |file: &str| {
        let mut git = sandbox.git_command();
        git.env("GIT_INDEX_FILE", ".git/other-index");
        assert!(git.args(["add", file]).status().unwrap().success());
    };
    sandbox.write(FILE, damaged());
    add(FILE);
    let arguments = ["check", "--staged", "--format", "json", "-C", "healthy"];
    let other = || {
        sandbox
            .command(arguments)
            .env("GIT_INDEX_FILE", ".git/other-index")
    };
    assert_eq!(other().run().json()["summary"]["files"], 1);
    assert_eq!(sandbox.run(arguments).json()["summary"]["files"], 0);
    // A quarantine: new objects in one folder, the old ones in another.
    fs::create_dir(work.join("quarantine")).unwrap();
    let mut git = sandbox.git_command();
    git.env("GIT_OBJECT_DIRECTORY", "quarantine")
        .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", ".git/objects");
    sandbox.write(
        "new.enc.yaml",
        sandbox.read("healthy/infra/accounts.enc.yaml"),
    );
    sandbox.write(
        "new.enc.yaml",
        [sandbox.read("new.enc.yaml"), b"# x\n".to_vec()].concat(),
    );
    assert!(
        git.args(["add", "new.enc.yaml"])
            .status()
            .unwrap()
            .success()
    );
    let quarantined = sandbox
        .command(arguments)
        .env("GIT_OBJECT_DIRECTORY", "quarantine")
        .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", ".git/objects");
    let report = quarantined.run().json();
    assert_eq!(report["files"][0]["path"], "../new.enc.yaml");
    let output = sandbox.command(arguments).with_git().run().expect_code(3);
    assert!(
        output
            .stderr
            .starts_with("error: cannot read the repository: git says: ")
    );
}

#[test]
fn an_index_that_libgit2_cannot_read_is_asked_of_git() {
    let split = "update-index --split-index";
    let sparse = "sparse-checkout set --cone --sparse-index healthy/apps";
    for (name, change, help) in [
        ("split", split, "git update-index --no-split-index"),
        ("sparse", sparse, "git sparse-checkout disable"),
    ] {
        let sandbox = committed();
        sandbox.git(change.split(' '));
        assert!(
            git2_refuses(&sandbox),
            "{name}: libgit2 reads it by now, and this test proves nothing"
        );
        let output = check_with_git(&sandbox, &["healthy"]).expect_code(0);
        assert_eq!(output.stdout, "4 files: 4 verified\n", "{name}");
        let _ = check_with_git(&sandbox, &[]).expect_code(0);
        sandbox.write(FILE, damaged());
        sandbox.git(["add", FILE]);
        sandbox.git(["restore", "--source=HEAD", "--worktree", FILE]);
        for names in [&[][..], &[FILE], &["healthy/apps/shop"]] {
            let output = check_with_git(&sandbox, names).expect_code(1);
            assert!(
                output.stdout.contains("1 file: 0 verified, 1 failed"),
                "{}",
                output.stdout
            );
        }
        let output = check(&sandbox, &[]).expect_code(3);
        assert!(output.stdout.is_empty());
        assert!(output.stderr.contains(help), "{name}: {}", output.stderr);
        assert!(
            output.stderr.contains("`git` is not installed"),
            "{}",
            output.stderr
        );
    }
}

fn git2_refuses(sandbox: &Sandbox) -> bool {
    git2::Index::open(&sandbox.work().join(".git/index")).is_err()
}

#[test]
fn a_repository_with_other_ids_is_asked_of_git() {
    let sandbox = Sandbox::with_example();
    sandbox.git(["init", "--quiet", "--object-format=sha256"]);
    sandbox.git(["add", "healthy"]);
    let output = check_with_git(&sandbox, &[]).expect_code(0);
    assert_eq!(
        output.stdout, "4 files: 4 verified\n",
        "before the first commit"
    );
    sandbox.git(["commit", "--quiet", "-m", "healthy"]);
    sandbox.write(FILE, damaged());
    sandbox.git(["add", FILE]);
    for names in [&[][..], &[FILE]] {
        let output = check_with_git(&sandbox, names).expect_code(1);
        assert!(
            output.stdout.contains("1 file: 0 verified, 1 failed"),
            "{}",
            output.stdout
        );
    }
}

#[test]
fn outside_a_repository_there_is_no_index() {
    let sandbox = Sandbox::with_example();
    let output = check(&sandbox, &[]).expect_code(3);
    assert!(
        output.stderr.contains("no git repository"),
        "{}",
        output.stderr
    );
}

#[test]
fn in_the_index_a_dash_is_a_file_like_any_other() {
    let sandbox = Sandbox::with_repository();
    let envelope = r#"{"data": "ENC[x]", "sops": {"mac": "x", "lastmodified": "x"}}"#;
    sandbox.write("-", envelope);
    sandbox.git(["add", "--", "-"]);
    let output = check(&sandbox, &["--", "-"]).expect_code(0);
    assert!(
        output.stdout.contains("not verified: -: "),
        "{}",
        output.stdout
    );
    let name = ["--stdin-name", "a.yaml", "--", "-"];
    let output = check(&sandbox, &name).expect_code(2);
    assert!(
        output.stderr.contains("`--stdin-name`"),
        "{}",
        output.stderr
    );
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let sandbox = Sandbox::with_repository();
    sandbox.git(["add", "."]);
    let run = |jobs: &str| {
        let output = check(&sandbox, &["--verbose", "--jobs", jobs]);
        (output.code, output.stdout, output.stderr)
    };
    assert_eq!(run("1"), run("8"));
    assert!(
        run("1").1.contains("\n9 files: 4 verified"),
        "{}",
        run("1").1
    );
}

#[test]
fn a_repository_of_someone_else_is_read_and_git_decides_where_it_must_be_asked() {
    let sandbox = committed();
    sandbox.write(FILE, damaged());
    sandbox.git(["add", FILE]);
    let give_away = || {
        for entry in walkdir::WalkDir::new(sandbox.work()) {
            // Only root may give files away; there is nothing to see for others.
            if chown(entry.unwrap().path(), Some(12_345), Some(12_345)).is_err() {
                return false;
            }
        }
        true
    };
    if !give_away() {
        return println!("needs to be root: nothing was tried");
    }
    let mut git = sandbox.git_command();
    assert!(
        !git.arg("status").output().unwrap().status.success(),
        "git trusts it"
    );
    for names in [&[][..], &[FILE]] {
        let output = check(&sandbox, names).expect_code(1);
        assert!(output.stdout.contains("1 failed"), "{}", output.stdout);
    }
    let trusted = ["-c", "safe.directory=*", "update-index", "--split-index"];
    sandbox.git(trusted);
    assert!(give_away());
    let output = check_with_git(&sandbox, &[]).expect_code(3);
    assert!(
        output
            .stderr
            .contains("git says: detected dubious ownership"),
        "{}",
        output.stderr
    );
    let help = output.stderr.split_once("`git config").unwrap().1;
    let help = help.split_once('`').unwrap().0.trim_start();
    // The command in the help is one that helps.
    let mut shell = Command::new("sh");
    shell.env_clear().envs(sandbox.git_variables());
    let status = shell
        .args(["-c", &format!("git config {help}")])
        .status()
        .unwrap();
    assert!(status.success(), "{help}");
    let output = check_with_git(&sandbox, &[]).expect_code(1);
    assert!(output.stdout.contains("1 failed"), "{}", output.stdout);
}

#[test]
fn what_is_staged_is_what_git_says() {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet"]);
    let mut seed = 7_usize;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let folders = ["", "a/", "a/b/", "a/b/c/", "a-b/", "a.b/", "b/", "b/a/"];
    for step in 0..30 {
        for _ in 0..=random(3) {
            let name = format!("{}{}.enc.yaml", folders[random(8)], random(4));
            match random(5) {
                0 => drop(fs::remove_file(sandbox.work().join(&name))),
                1 => {
                    // A folder in the place of a file.
                    let _ = fs::remove_file(sandbox.work().join(&name));
                    let _ = fs::create_dir(sandbox.work().join(&name));
                    sandbox.write(format!("{name}/x.enc.yaml"), format!("a: {step}\n"));
                }
                _ => {
                    let _ = fs::remove_dir_all(sandbox.work().join(&name));
                    sandbox.write(&name, format!("a: {step}\n"));
                }
            }
        }
        sandbox.git(["add", "--all"]);
        let says = [
            "diff",
            "--cached",
            "--name-only",
            "--no-renames",
            "--diff-filter=d",
        ];
        let says = sandbox.git(says);
        let report = sandbox
            .run(["check", "--staged", "--format", "json"])
            .json();
        let files = report["files"].as_array().unwrap();
        let listed: String = files
            .iter()
            .map(|file| file["path"].as_str().unwrap().to_owned() + "\n")
            .collect();
        assert_eq!(listed, says, "step {step}");
        if random(3) == 0 {
            sandbox.git(["commit", "--quiet", "--allow-empty", "-m", "x"]);
        }
    }
}

#[test]
fn objects_that_are_still_at_the_remote_are_fetched_by_git() {
    let sandbox = committed();
    sandbox.git(["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", sandbox.work().display());
    let clone = ["clone", "--quiet", "--filter=blob:none", "--no-checkout"];
    sandbox.git(clone.iter().copied().chain([url.as_str(), "../partial"]));
    sandbox.git(["-C", "../partial", "read-tree", "HEAD"]);
    let arguments = [
        "check",
        "--staged",
        "-C",
        "../partial",
        "--identity",
        "../work/key.txt",
        ".",
    ];
    let output = sandbox.run(arguments).expect_code(3);
    assert!(
        output.stderr.contains("`git` is not installed"),
        "{}",
        output.stderr
    );
    let output = sandbox.command(arguments).with_git().run().expect_code(0);
    assert_eq!(output.stdout, "4 files: 4 verified\n");
    fs::rename(sandbox.work().join(".git"), sandbox.work().join("gone")).unwrap();
    let output = sandbox.run(arguments).expect_code(0);
    assert_eq!(output.stdout, "4 files: 4 verified\n", "they are here now");
    fs::remove_dir_all(sandbox.work().join("../partial/.git/objects")).unwrap();
    fs::create_dir(sandbox.work().join("../partial/.git/objects")).unwrap();
    let output = sandbox.command(arguments).with_git().run().expect_code(3);
    assert!(
        output
            .stderr
            .starts_with("error: cannot read the repository: git says: "),
        "{}",
        output.stderr
    );
}
