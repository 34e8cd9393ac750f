//! `install`: what it puts where, what it leaves alone, and what it says.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::sandbox::{Output, Sandbox};

const NAMES: [&str; 3] = ["pre-commit", "pre-merge-commit", "pre-push"];

/// A hook of somebody's.
const FORMER: &str = "#!/bin/sh\n# somebody's\nexit 0\n";

/// A repository without any hook.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--template="]);
    sandbox
}

/// Installs, which has to end well, and gives what is said.
#[track_caller]
fn install(sandbox: &Sandbox, arguments: &[&str]) -> String {
    run(sandbox, arguments).expect_code(0).stdout
}

/// The same where it has to end with this code; gives what is complained about.
#[track_caller]
fn fails(sandbox: &Sandbox, code: i32, arguments: &[&str]) -> String {
    run(sandbox, arguments).expect_code(code).stderr
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let arguments = [&["install"], arguments].concat();
    sandbox.command(arguments).with_git().run()
}

/// The files of the hooks folder with mode and text.
fn hooks(sandbox: &Sandbox) -> Vec<(String, u32, String)> {
    files(&sandbox.work().join(".git/hooks"))
}

fn files(folder: &Path) -> Vec<(String, u32, String)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
            (name, mode, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn write_hook(sandbox: &Sandbox, name: &str, text: &str, mode: u32) {
    let path = format!(".git/hooks/{name}");
    sandbox.write(&path, text);
    let mode = fs::Permissions::from_mode(mode);
    fs::set_permissions(sandbox.work().join(path), mode).unwrap();
}

#[test]
fn three_hooks_are_put_there_once_and_taken_away_without_a_trace() {
    let sandbox = repository();
    let said = install(&sandbox, &[]);
    insta::assert_snapshot!(said, @r"
    pre-commit: installed
    pre-merge-commit: installed
    pre-push: installed
    the hooks are in .git/hooks
    ");
    let first = hooks(&sandbox);
    let modes: Vec<_> = first
        .iter()
        .map(|(name, mode, _)| (name.as_str(), *mode))
        .collect();
    assert_eq!(modes, NAMES.map(|name| (name, 0o755)));

    let said = install(&sandbox, &[]);
    assert_eq!(said.matches("up to date").count(), 3, "{said}");
    assert_eq!(hooks(&sandbox), first);

    let said = install(&sandbox, &["--quiet"]);
    assert_eq!(said, "");

    let said = install(&sandbox, &["--uninstall"]);
    assert_eq!(said.matches("removed").count(), 3, "{said}");
    assert_eq!(hooks(&sandbox), []);
    let said = install(&sandbox, &["--uninstall"]);
    assert_eq!(said.matches("not there").count(), 3, "{said}");
}

#[test]
fn only_the_hooks_that_are_named_change() {
    let sandbox = repository();
    install(&sandbox, &["--hook", "pre-push", "--hook", "pre-commit"]);
    let names: Vec<_> = hooks(&sandbox)
        .into_iter()
        .map(|(name, _, _)| name)
        .collect();
    assert_eq!(names, ["pre-commit", "pre-push"]);
    install(&sandbox, &["--uninstall", "--hook", "pre-push"]);
    assert_eq!(hooks(&sandbox).len(), 1);
    let why = fails(&sandbox, 2, &["--hook", "pre-comit"]);
    assert!(why.contains("'pre-commit'"), "{why}");
}

#[test]
fn a_hook_of_somebody_is_kept_to_the_byte_and_comes_back() {
    for mode in [0o755, 0o644, 0o700] {
        let sandbox = repository();
        write_hook(&sandbox, "pre-commit", FORMER, mode);
        let before = hooks(&sandbox);
        let said = install(&sandbox, &[]);
        assert!(
            said.contains("kept as `pre-commit.before-sopsguard`"),
            "{said}"
        );
        let kept = (
            "pre-commit.before-sopsguard".to_owned(),
            mode,
            FORMER.to_owned(),
        );
        assert!(hooks(&sandbox).contains(&kept));
        let installed = hooks(&sandbox);
        install(&sandbox, &[]);
        assert_eq!(hooks(&sandbox), installed);
        install(&sandbox, &["--uninstall"]);
        assert_eq!(hooks(&sandbox), before);
    }
}

#[test]
fn a_hook_that_is_a_link_is_kept_as_a_link() {
    let sandbox = repository();
    sandbox.write("tools/hook", FORMER);
    let place = sandbox.work().join(".git/hooks/pre-commit");
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    for target in ["../../tools/hook", "nowhere"] {
        symlink(target, &place).unwrap();
        install(&sandbox, &["--hook", "pre-commit"]);
        assert!(!place.is_symlink() && place.is_file());
        assert_eq!(sandbox.read("tools/hook"), FORMER.as_bytes());
        install(&sandbox, &["--uninstall"]);
        assert_eq!(fs::read_link(&place).unwrap(), Path::new(target));
        fs::remove_file(&place).unwrap();
    }
}

#[test]
fn a_name_that_is_taken_is_never_written_over() {
    let sandbox = repository();
    write_hook(&sandbox, "pre-push", FORMER, 0o755);
    write_hook(&sandbox, "pre-push.before-sopsguard", "older", 0o755);
    let before = hooks(&sandbox);
    let why = fails(&sandbox, 2, &["--hook", "pre-push"]);
    assert!(why.contains("there already"), "{why}");
    assert_eq!(hooks(&sandbox), before);
}

#[test]
fn a_run_that_was_cut_short_after_keeping_the_hook_is_finished_by_the_next() {
    let sandbox = repository();
    write_hook(&sandbox, "pre-push", FORMER, 0o755);
    let place = sandbox.work().join(".git/hooks/pre-push");
    fs::hard_link(&place, place.with_extension("before-sopsguard")).unwrap();
    install(&sandbox, &["--hook", "pre-push"]);
    install(&sandbox, &["--uninstall"]);
    let restored = ("pre-push".to_owned(), 0o755, FORMER.to_owned());
    assert_eq!(hooks(&sandbox), [restored]);
}

#[test]
fn an_edited_hook_of_ours_stays_and_one_that_lost_its_mode_is_mended() {
    let sandbox = repository();
    install(&sandbox, &["--hook", "pre-commit"]);
    let (_, _, text) = hooks(&sandbox).remove(0);
    write_hook(&sandbox, "pre-commit", &text, 0o644);
    let said = install(&sandbox, &["--hook", "pre-commit"]);
    assert!(said.contains("brought up to date"), "{said}");
    assert_eq!(hooks(&sandbox)[0].1, 0o755);

    write_hook(&sandbox, "pre-commit", &format!("{text}# mine\n"), 0o755);
    let edited = hooks(&sandbox);
    for arguments in [&["--hook", "pre-commit"][..], &["--uninstall"]] {
        let why = fails(&sandbox, 2, arguments);
        assert!(why.contains("by hand"), "{why}");
        assert_eq!(hooks(&sandbox), edited);
    }
}

#[test]
fn hooks_that_a_program_manages_are_left_to_it() {
    for (line, manager) in [
        (
            "# File generated by pre-commit: https://pre-commit.com",
            "pre-commit",
        ),
        (
            "# File generated by prek: https://github.com/j178/prek",
            "prek",
        ),
        ("call_lefthook run \"pre-commit\" \"$@\"", "lefthook"),
        ("exec hk run pre-commit \"$@\"", "hk"),
    ] {
        let sandbox = repository();
        write_hook(
            &sandbox,
            "pre-commit",
            &format!("#!/bin/sh\n{line}\n"),
            0o755,
        );
        let before = hooks(&sandbox);
        let why = fails(&sandbox, 2, &[]);
        let words = format!("{manager} manages this hook");
        assert!(why.contains(&words), "{why}");
        assert_eq!(hooks(&sandbox)[0], before[0], "{manager}");
        assert_eq!(hooks(&sandbox).len(), 3, "the others are there");
    }
}

#[test]
fn core_hooks_path_is_honoured_but_not_in_the_work_tree() {
    let sandbox = repository();
    let outside = sandbox.work().join("../hooks");
    sandbox.git(["config", "core.hooksPath", outside.to_str().unwrap()]);
    install(&sandbox, &[]);
    assert_eq!(files(&outside).len(), 3);

    for folder in [".githooks", ".husky/_"] {
        sandbox.git(["config", "core.hooksPath", folder]);
        sandbox.write("below/a", "");
        for here in [".", "below"] {
            let why = fails(&sandbox, 2, &["-C", here]);
            assert!(why.contains(&format!("`{folder}`")), "{why}");
            assert!(why.contains("sopsguard check --staged"), "{why}");
            assert!(!sandbox.work().join(folder).exists());
            assert!(!sandbox.work().join(here).join(folder).exists());
        }
    }

    sandbox.git(["config", "core.hooksPath", "/dev/null"]);
    let why = fails(&sandbox, 2, &[]);
    assert!(why.contains("switched off"), "{why}");
}

#[test]
fn a_folder_for_all_repositories_is_named_as_such() {
    let sandbox = repository();
    sandbox.git(["config", "--global", "core.hooksPath", "~/hooks"]);
    let said = install(&sandbox, &[]);
    assert!(said.contains("every repository"), "{said}");
    assert_eq!(files(&sandbox.work().join("../home/hooks")).len(), 3);
}

#[test]
fn a_linked_work_tree_and_git_dir_lead_to_the_hooks_that_git_runs() {
    let sandbox = repository();
    sandbox.git(["commit", "--quiet", "--allow-empty", "--message=a"]);
    sandbox.git(["worktree", "add", "--quiet", "../tree"]);
    install(&sandbox, &["-C", "../tree"]);
    assert_eq!(hooks(&sandbox).len(), 3);
    install(&sandbox, &["--uninstall"]);

    let git_dir = sandbox.work().join(".git");
    let run = sandbox.command(["install", "-C", "../home"]).with_git();
    let said = run.env("GIT_DIR", git_dir).run().expect_code(0).stdout;
    assert!(said.contains("pre-push: installed"), "{said}");
    assert_eq!(hooks(&sandbox).len(), 3);
}

#[test]
fn without_a_repository_or_git_there_is_an_error_with_a_way_out() {
    let sandbox = Sandbox::new();
    let why = fails(&sandbox, 3, &[]);
    assert!(why.contains("not a git repository"), "{why}");
    let why = sandbox.run(["install"]).expect_code(3).stderr;
    assert!(why.contains("`git` is not installed"), "{why}");
}

#[test]
fn a_script_can_be_printed_for_a_shared_folder() {
    for name in NAMES {
        let printed = Sandbox::new()
            .run(["install", "--print", name])
            .expect_code(0);
        let script = format!("{}/hooks/{name}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(printed.stdout, fs::read_to_string(script).unwrap());
    }
}
