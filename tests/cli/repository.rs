//! Which files of a work tree are looked at, in real repositories made by the real git.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::sandbox::{Sandbox, testdata};

/// The paths in the report of `check` with these arguments.
fn files(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let arguments = ["check", "--format", "json"].iter().chain(arguments);
    let report = sandbox.run(arguments).json();
    let files = report["files"].as_array().unwrap();
    let path = |file: &serde_json::Value| file["path"].as_str().unwrap().to_owned();
    files.iter().map(path).collect()
}

/// A repository with a secret file under each of these names, none of them tracked.
fn with_files(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    for name in names {
        add_file(&sandbox, name);
    }
    sandbox
}

fn add_file(sandbox: &Sandbox, name: &str) {
    let text = fs::read(testdata("example/healthy/apps/shop/database.enc.yaml")).unwrap();
    sandbox.write(name, text);
}

#[test]
fn tracked_files_and_those_that_are_not_ignored_are_looked_at() {
    let sandbox = with_files(&[
        "a.enc.yaml",
        "tracked/b.enc.yaml",
        "ignored/c.enc.yaml",
        "ignored/tracked.enc.yaml",
        "sub/local.enc.yaml",
        "sub/kept.enc.yaml",
        "excluded.enc.yaml",
        "everywhere.enc.yaml",
        "gone.enc.yaml",
        ".hidden/d.enc.yaml",
        "bits.d/e.enc.yaml",
    ]);
    sandbox.git([
        "add",
        "--force",
        "tracked",
        "ignored/tracked.enc.yaml",
        "gone.enc.yaml",
    ]);
    fs::remove_file(sandbox.work().join("gone.enc.yaml")).unwrap();
    sandbox.write(".gitignore", "ignored/\n*.d\n");
    sandbox.write("sub/.gitignore", "*.enc.yaml\n!kept.enc.yaml\n/x[\n");
    sandbox.write(".git/info/exclude", "/excluded.enc.yaml\n");
    sandbox.write("../home/.config/git/ignore", "everywhere.*\n");
    // What git itself calls neither tracked nor ignored, and what it tracks.
    let listed = sandbox.git(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let mut expected: Vec<&str> = listed
        .lines()
        .filter(|name| name.ends_with(".enc.yaml") && *name != "gone.enc.yaml")
        .collect();
    expected.sort_unstable();
    assert_eq!(expected.len(), 5, "{listed}");
    assert_eq!(files(&sandbox, &[]), expected);
    assert_eq!(files(&sandbox, &["."]), expected);
    assert_eq!(files(&sandbox, &["--jobs", "1"]), expected);
    // A file that is named is looked at, and so is a folder.
    let named = files(&sandbox, &["ignored/c.enc.yaml", "sub"]);
    assert_eq!(named, ["ignored/c.enc.yaml", "sub/kept.enc.yaml"]);
}

#[test]
fn the_users_own_excludes_file_is_honoured_wherever_it_is_set() {
    let sandbox = with_files(&["a.enc.yaml", "b.enc.yaml"]);
    sandbox.write("../home/.gitconfig", "[include]\npath = more\n");
    sandbox.write("../home/more", "[core]\nexcludesFile = ~/mine\n");
    sandbox.write("../home/mine", "b.*\n");
    let listed = || sandbox.git(["ls-files", "--others", "--exclude-standard"]);
    assert_eq!(listed(), "a.enc.yaml\n");
    assert_eq!(files(&sandbox, &[]), ["a.enc.yaml"]);
    sandbox.git(["config", "core.excludesFile", "own"]);
    sandbox.write("own", "own\na.*\n");
    assert_eq!(listed(), "b.enc.yaml\n");
    assert_eq!(files(&sandbox, &[]), ["b.enc.yaml"]);
}

#[test]
fn from_a_folder_below_the_whole_repository_is_looked_at_and_paths_start_there() {
    let sandbox = with_files(&["a.enc.yaml", "sub/b.enc.yaml", "sub/deep/c.enc.yaml"]);
    sandbox.write(".gitignore", "/sub/ignored.enc.yaml\n");
    add_file(&sandbox, "sub/ignored.enc.yaml");
    let all = ["../a.enc.yaml", "b.enc.yaml", "deep/c.enc.yaml"];
    assert_eq!(files(&sandbox, &["-C", "sub"]), all);
    assert_eq!(
        files(&sandbox, &["-C", "sub", "."]),
        ["b.enc.yaml", "deep/c.enc.yaml"]
    );
    assert_eq!(files(&sandbox, &["-C", "sub", "deep"]), ["deep/c.enc.yaml"]);
    symlink("sub", sandbox.work().join("link")).unwrap();
    assert_eq!(files(&sandbox, &["-C", "link"]), all);
}

#[test]
fn repositories_inside_the_repository_are_not_entered() {
    let sandbox = with_files(&["a.enc.yaml", "inner/b.enc.yaml"]);
    sandbox.git(["-C", "inner", "init", "--quiet"]);
    sandbox.git(["-C", "inner", "add", "."]);
    sandbox.git(["-C", "inner", "commit", "--quiet", "-m", "x"]);
    let url = sandbox.work().join("inner");
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
    ];
    sandbox.git(
        add.iter()
            .copied()
            .chain([url.to_str().unwrap(), "submodule"]),
    );
    assert!(sandbox.work().join("submodule/b.enc.yaml").is_file());
    assert_eq!(files(&sandbox, &[]), ["a.enc.yaml"]);
    assert_eq!(files(&sandbox, &["-C", "submodule"]), ["b.enc.yaml"]);
    assert_eq!(
        files(&sandbox, &["inner", "submodule"]),
        ["inner/b.enc.yaml", "submodule/b.enc.yaml"]
    );
    // In the submodule's hooks this is set.
    let git_dir = sandbox.work().join(".git/modules/submodule");
    let output = sandbox
        .command(["check", "--format", "json", "-C", "submodule"])
        .env("GIT_DIR", git_dir)
        .run();
    assert_eq!(output.json()["files"][0]["path"], "b.enc.yaml");
}

#[test]
fn new_versions_that_are_about_to_be_put_in_place_are_left_alone() {
    let sandbox = with_files(&["a.enc.yaml", ".a.enc.yaml.sopsguard-x1Y2"]);
    assert_eq!(files(&sandbox, &[]), ["a.enc.yaml"]);
    sandbox.git(["add", "--all"]);
    assert_eq!(files(&sandbox, &["--staged"]), ["a.enc.yaml"]);
    fs::remove_dir_all(sandbox.work().join(".git")).unwrap();
    assert_eq!(files(&sandbox, &[]), ["a.enc.yaml"]);
}

#[test]
fn a_git_folder_that_leads_nowhere_makes_no_repository() {
    let sandbox = with_files(&["a.enc.yaml", "sub/b.enc.yaml"]);
    sandbox.write(".gitignore", "sub\n");
    fs::remove_dir_all(sandbox.work().join(".git")).unwrap();
    sandbox.write(".git", "gitdir: ../nowhere\n");
    assert_eq!(files(&sandbox, &[]), ["a.enc.yaml", "sub/b.enc.yaml"]);
    fs::remove_file(sandbox.work().join(".git")).unwrap();
    fs::create_dir(sandbox.work().join(".git")).unwrap();
    assert_eq!(files(&sandbox, &[]), ["a.enc.yaml", "sub/b.enc.yaml"]);
}

#[test]
fn links_are_not_followed_out_of_the_repository() {
    let sandbox = with_files(&["a.enc.yaml", "../outside.enc.yaml"]);
    symlink("a.enc.yaml", sandbox.work().join("inside.enc.yaml")).unwrap();
    symlink("../outside.enc.yaml", sandbox.work().join("out.enc.yaml")).unwrap();
    symlink("nowhere", sandbox.work().join("broken.enc.yaml")).unwrap();
    sandbox.git(["add", "--all"]);
    for tracked in [true, false] {
        if !tracked {
            fs::remove_dir_all(sandbox.work().join(".git")).unwrap();
        }
        let report = sandbox.run(["check", "--format", "json"]).json();
        let verdicts: Vec<(&str, &str)> = report["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| {
                (
                    file["path"].as_str().unwrap(),
                    file["verification"].as_str().unwrap(),
                )
            })
            .collect();
        let expected = [
            ("a.enc.yaml", "not-verified"),
            ("broken.enc.yaml", "failed"),
            ("out.enc.yaml", "not-verified"),
        ];
        assert_eq!(verdicts, expected);
        let reason = report["files"][2]["reason"].as_str().unwrap();
        assert!(reason.contains("unsupported"), "{reason}");
    }
}

#[test]
fn a_split_index_is_asked_of_git_and_one_that_nobody_reads_is_an_error() {
    let sandbox = with_files(&["a.enc.yaml", "b.enc.yaml"]);
    sandbox.git(["add", "--all"]);
    sandbox.git(["update-index", "--split-index"]);
    sandbox.write(".gitignore", "*.enc.yaml");
    let output = sandbox
        .command(["check", "--format", "json"])
        .with_git()
        .run();
    assert_eq!(output.json()["summary"]["files"], 2);
    let output = sandbox.run(["check"]).expect_code(3);
    assert!(
        output.stderr.contains("git update-index --no-split-index"),
        "{}",
        output.stderr
    );
    assert_eq!(output.stderr.lines().count(), 2, "{}", output.stderr);
    assert!(!Path::new(&output.stdout).is_absolute());
}
