//! Where and how people work: worktrees, submodules, bare repositories, other indexes, shallow clones.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::check::error;
use crate::repo::{Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// A secret, committed, and then edited as text in the work tree.
fn broken(repo: &Repo) {
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
}

/// A clone of the repository beside it, as deep as told.
fn clone(repo: &Repo, options: &[&str]) -> std::path::PathBuf {
    let (from, to) = (
        format!("file://{}", repo.at("").display()),
        repo.beside("clone"),
    );
    let clone = ["clone", "--quiet"].iter().chain(options).copied();
    repo.git(clone.chain([from.as_str(), to.to_str().unwrap()]));
    to
}

/// The letters that are needed to put a text into a file of the shell's.
fn script(repo: &Repo, path: &str, text: &str) {
    fs::create_dir_all(repo.at(path).parent().unwrap()).unwrap();
    repo.write(path, text);
    fs::set_permissions(repo.at(path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A hook that keeps what a check of the index says.
fn hook(repo: &Repo) {
    let program = env!("CARGO_BIN_EXE_sopsguard");
    let said = repo.beside("said");
    let line = format!(
        "exec {program} check --staged --format json >'{}'",
        said.display()
    );
    script(
        repo,
        ".git/hooks/pre-commit",
        &format!("#!/bin/sh\n{line}\n"),
    );
}

/// The rules that the hook found something of, with the paths.
fn hook_said(repo: &Repo) -> Vec<(String, String)> {
    let text = fs::read_to_string(repo.beside("said")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let text = |found: &serde_json::Value, name: &str| found[name].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|found| (text(found, "rule"), text(found, "path")))
        .collect()
}

story!(
    before_the_first_commit_there_is_nothing_to_compare_with,
    |repo| {
        repo.encrypt(FILE, SECRET);
        repo.git(["checkout", "--quiet", "--orphan", "unborn"]);
        repo.git(["add", "--all"]);
        for arguments in [&[][..], &["--staged"]] {
            let said = repo.check(arguments).finds_nothing();
            assert!(
                said.not_evaluated().contains("no-commits"),
                "{}",
                said.stdout
            );
            let said = repo.check(&[arguments, &["--require-base"]].concat()).run();
            assert_eq!(said.code, 1, "{}", said.stderr);
        }
    }
);

story!(a_new_file_has_no_version_before, |repo| {
    repo.encrypt(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    // Nobody knows that this was edited; and nobody is told that it was not.
    for arguments in [&[][..], &["--staged"]] {
        let said = repo.check(arguments).finds_nothing();
        repo.git(["add", "--all"]);
        assert_eq!(
            said.not_evaluated().contains("no-base"),
            said.stdout.contains(FILE)
        );
    }
});

story!(the_head_is_detached, |repo| {
    broken(repo);
    repo.git(["checkout", "--quiet", "--detach"]);
    repo.finds([error(EDITED, FILE)]);
});

story!(references_and_objects_are_packed, |repo| {
    broken(repo);
    repo.git(["gc", "--quiet"]);
    repo.git(["pack-refs", "--all"]);
    repo.finds([error(EDITED, FILE)]);
});

story!(work_is_done_in_a_worktree, |repo| {
    repo.add(FILE, SECRET);
    let tree = repo.beside("tree");
    repo.git([
        "worktree",
        "add",
        "--quiet",
        "-b",
        "topic",
        tree.to_str().unwrap(),
    ]);
    let text = repo.read(FILE).replace("production", "staging");
    fs::write(tree.join(FILE), text).unwrap();
    repo.check(&[]).at(&tree).finds([error(EDITED, FILE)]);
    repo.git(["-C", tree.to_str().unwrap(), "add", FILE]);
    repo.check(&["--staged"])
        .at(&tree)
        .finds([error(EDITED, FILE)]);
    repo.git([
        "-C",
        tree.to_str().unwrap(),
        "commit",
        "--quiet",
        "-m",
        "Break it",
    ]);
    repo.check(&["--since", "main"])
        .at(&tree)
        .finds([error(EDITED, FILE)]);
    repo.check(&[]).finds_nothing();
});

story!(work_is_done_in_a_submodule, |repo| {
    repo.add(FILE, SECRET);
    let outer = repo.beside("outer");
    let outer = outer.to_str().unwrap();
    repo.git(["init", "--quiet", outer]);
    let from = repo.at("").display().to_string();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &from,
        "inner",
    ];
    repo.git(["-C", outer].iter().chain(&add));
    repo.git(["-C", outer, "commit", "--quiet", "-m", "Add the submodule"]);
    let inner = repo.beside("outer/inner");
    let text = repo.read(FILE).replace("production", "staging");
    fs::write(inner.join(FILE), text).unwrap();
    repo.check(&[]).at(&inner).finds([error(EDITED, FILE)]);
    repo.git(["-C", inner.to_str().unwrap(), "add", FILE]);
    repo.check(&["--staged"])
        .at(&inner)
        .finds([error(EDITED, FILE)]);
    repo.check(&[]).at(outer).finds_nothing();
});

story!(work_is_done_in_a_folder_below, |repo| {
    repo.add("apps/db.enc.yaml", SECRET);
    repo.add(FILE, SECRET);
    repo.replace("apps/db.enc.yaml", "production", "staging");
    let below = repo.at("apps");
    for arguments in [&[][..], &["db.enc.yaml"], &["."]] {
        let found = error(EDITED, FILE).says("git restore --source=HEAD -- db.enc.yaml");
        repo.check(arguments).at(&below).finds([found]);
    }
    repo.git(["add", "--all"]);
    repo.check(&["--staged"])
        .at(&below)
        .finds([error(EDITED, FILE)]);
    repo.check(&["-C", "apps"]).finds([error(EDITED, FILE)]);
});

story!(a_file_is_named_by_its_whole_path, |repo| {
    broken(repo);
    let path = repo.at(FILE).display().to_string();
    repo.check(&[&path]).finds([error(EDITED, &path)]);
    // The repository is the one around the current folder; whoever is elsewhere is told.
    let said = repo.check(&[&path]).at(repo.beside("")).finds_nothing();
    assert!(said.not_evaluated().contains("no-repository"));
});

story!(a_bare_repository_has_no_work_tree, |repo| {
    repo.add(FILE, SECRET);
    let bare = clone(repo, &["--bare"]);
    let said = repo.check(&["--since", "main"]).at(bare).run();
    assert!([0, 3].contains(&said.code), "{}", said.stderr);
    assert!(
        said.code == 3 && said.stderr.contains("bare"),
        "{}",
        said.stderr
    );
});

story!(all_is_committed_at_once, |repo| {
    broken(repo);
    hook(repo);
    repo.git_fails(["commit", "--quiet", "--all", "-m", "Break it"]);
    assert_eq!(hook_said(repo), [(EDITED.to_owned(), FILE.to_owned())]);
});

story!(one_path_is_committed, |repo| {
    repo.add("other.enc.yaml", SECRET);
    broken(repo);
    hook(repo);
    repo.git_fails(["commit", "--quiet", "-m", "Break it", FILE]);
    assert_eq!(hook_said(repo), [(EDITED.to_owned(), FILE.to_owned())]);
    repo.set("other.enc.yaml", "[\"stringData\"][\"port\"]", "canary-1");
    repo.git([
        "commit",
        "--quiet",
        "-m",
        "Change the other",
        "other.enc.yaml",
    ]);
    assert_eq!(hook_said(repo), []);
});

story!(another_index_is_named, |repo| {
    broken(repo);
    let index = repo.beside("index");
    fs::copy(repo.at(".git/index"), &index).unwrap();
    let mut git = repo.command("git");
    assert!(
        git.args(["add", FILE])
            .env("GIT_INDEX_FILE", &index)
            .status()
            .unwrap()
            .success()
    );
    repo.check(&["--staged"]).finds_nothing();
    let other = repo.check(&["--staged"]).env("GIT_INDEX_FILE", &index);
    other.finds([error(EDITED, FILE)]);
});

story!(a_clone_is_shallow, |repo| {
    repo.add(FILE, SECRET);
    let first = repo.id("HEAD");
    for number in 0..5 {
        repo.write("README", format!("{number}\n"));
        repo.commit("Do something else");
    }
    repo.replace(FILE, "production", "staging");
    repo.commit("Break it");
    let shallow = clone(repo, &["--depth=2"]);
    // What is there is compared with.
    repo.check(&["--since", "HEAD~1"])
        .at(&shallow)
        .finds([error(EDITED, FILE)]);
    // What is not there is said, with what helps.
    let lacking = |more: &[&str], variable: &str, help: &str| {
        let arguments = [&["--since", first.as_str()], more].concat();
        let said = repo
            .check(&arguments)
            .at(&shallow)
            .env(variable, "true")
            .run();
        assert_eq!(said.code, 2, "{}", said.stderr);
        assert!(said.stderr.contains(help), "{}", said.stderr);
    };
    for more in [&[][..], &["--require-base"]] {
        lacking(more, "CI", "git fetch --unshallow");
        lacking(more, "GITHUB_ACTIONS", "fetch-depth: 0");
        lacking(more, "GITLAB_CI", "GIT_DEPTH: 0");
    }
    repo.git([
        "-C",
        shallow.to_str().unwrap(),
        "fetch",
        "--quiet",
        "--unshallow",
    ]);
    repo.check(&["--since", &first, "--require-base"])
        .at(&shallow)
        .finds([error(EDITED, FILE)]);
});

story!(a_clone_has_two_branches_and_nothing_between_them, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.replace(FILE, "production", "staging");
    repo.commit("Break it");
    repo.checkout("main");
    repo.write("README", "other work\n");
    repo.commit("On main");
    let options = ["--depth=1", "--branch=topic", "--no-single-branch"];
    let shallow = clone(repo, &options);
    let check = |more: &[&str]| {
        let arguments = [&["--since", "origin/main"], more].concat();
        let check = repo.check(&arguments).at(&shallow);
        check.env("GITHUB_ACTIONS", "true").run()
    };
    let said = check(&[]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("fetch-depth: 0"), "{}", said.stderr);
    let said = check(&["--require-base"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(said.stderr.contains("fetch-depth: 0"), "{}", said.stderr);
});

story!(histories_have_nothing_in_common, |repo| {
    repo.add(FILE, SECRET);
    repo.git(["checkout", "--quiet", "--orphan", "other"]);
    repo.commit("Begin anew");
    let said = repo.check(&["--since", "main", "--require-base"]).run();
    assert_eq!(said.code, 1, "{}", said.stderr);
});

story!(the_target_went_on_in_the_meantime, |repo| {
    repo.add(FILE, SECRET);
    repo.branch("topic");
    repo.write("README", "other work\n");
    repo.commit("On topic");
    repo.checkout("main");
    repo.replace(FILE, "production", "staging");
    repo.commit("Break it on main");
    repo.checkout("topic");
    // Only what this branch did since it left is looked at.
    repo.check(&["--since", "main"]).finds_nothing();
});

story!(ids_are_longer, |repo| {
    let folder = repo.beside("sha256");
    let folder = folder.to_str().unwrap();
    repo.git(["init", "--quiet", "--object-format=sha256", folder]);
    repo.encrypt(FILE, SECRET);
    let sound = repo.read(FILE);
    fs::write(repo.beside("sha256").join(FILE), &sound).unwrap();
    repo.git(["-C", folder, "add", FILE]);
    repo.git(["-C", folder, "commit", "--quiet", "-m", "Add it"]);
    fs::write(
        repo.beside("sha256").join(FILE),
        sound.replace("production", "staging"),
    )
    .unwrap();
    let said = repo.check(&[]).at(folder).run();
    // Compared, or said that it was not; never passed over.
    let compared = said.findings(EDITED).len() == 1;
    assert!(
        compared || !said.not_evaluated().is_empty(),
        "{}{}",
        said.stdout,
        said.stderr
    );
});
