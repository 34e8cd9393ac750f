//! What is deployed and what is not, as `sopsguard audit` tells it in repositories that change.

use std::fs;

use crate::sandbox::{Sandbox, testdata};

const KUSTOMIZATION: &str = "generators:\n  - generator.yaml\n";
const GENERATOR: &str =
    "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: x}\nfiles:\n  - ./a.enc.yaml\n";

/// A repository with `app/a.enc.yaml` and what deploys it, all committed.
fn deployed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    let secret = testdata("rules/unreferenced-secret/fires/forgotten/apps/shop/cache.enc.yaml");
    sandbox.write("app/a.enc.yaml", fs::read(secret).unwrap());
    sandbox.write("app/generator.yaml", GENERATOR);
    sandbox.write("app/kustomization.yaml", KUSTOMIZATION);
    commit(&sandbox);
    sandbox
}

fn commit(sandbox: &Sandbox) {
    sandbox.git(["add", "--all"]);
    sandbox.git(["commit", "--quiet", "--message", "All"]);
}

/// What the two rules find: where, which rule, and the message.
#[track_caller]
fn found(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let arguments = ["audit", "--format", "json"].iter().chain(arguments);
    let output = sandbox.run(arguments);
    assert!(output.code < 2, "{}", output.stderr);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let ours = findings.filter(|one| {
        ["dangling-reference", "unreferenced-secret"].contains(&one["rule"].as_str().unwrap())
    });
    ours.map(|one| {
        let line = &one["start"]["line"];
        let (path, rule, message) = (
            text(&one["path"]),
            text(&one["rule"]),
            text(&one["message"]),
        );
        format!("{path}:{line} {rule}: {message}")
    })
    .collect()
}

/// Runs the command that the help has.
#[track_caller]
fn follow_help(sandbox: &Sandbox) {
    let report = sandbox.run(["audit"]);
    let mut lines = report.stdout.lines();
    let command = lines.find(|line| line.contains("sed ")).unwrap();
    let shell = std::process::Command::new("sh")
        .args(["-c", command.trim()])
        .current_dir(sandbox.work())
        .status();
    assert!(shell.unwrap().success());
}

#[test]
fn a_secret_that_is_deleted_renamed_or_listed_too_early_breaks_the_build() {
    let sandbox = deployed();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    let at = "app/generator.yaml:5 dangling-reference: there is no file `./a.enc.yaml`, which is listed here: KSOPS \
              looks for `app/a.enc.yaml`";
    sandbox.git(["mv", "app/a.enc.yaml", "app/a.sops.yaml"]);
    assert_eq!(found(&sandbox, &[]), [at]);
    commit(&sandbox);
    assert_eq!(found(&sandbox, &[]), [at]);
    assert_eq!(found(&sandbox, &["app"]), [at]);
    let below = "\ngenerator.yaml:5:5: ";
    sandbox.write("other/x", "");
    let report = sandbox.run(["-C", "app", "audit"]);
    assert!(
        format!("\n{}", report.stdout).contains(below),
        "{}",
        report.stdout
    );
    follow_help(&sandbox);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    assert!(!sandbox.work().join("app/generator.yaml.bak").exists());
}

#[test]
fn the_line_that_is_missing_is_told_as_a_command_that_adds_it() {
    let sandbox = deployed();
    sandbox.write("app/b.enc.yaml", sandbox.read("app/a.enc.yaml"));
    let line = found(&sandbox, &[]);
    assert_eq!(line.len(), 1, "{line:?}");
    assert!(line[0].starts_with("app/b.enc.yaml:"), "{line:?}");
    follow_help(&sandbox);
    let expected = format!("{GENERATOR}  - ./b.enc.yaml\n");
    assert_eq!(
        String::from_utf8(sandbox.read("app/generator.yaml")).unwrap(),
        expected
    );
    assert_eq!(found(&sandbox, &[]), [""; 0]);
}

#[test]
fn a_file_that_git_ignores_or_that_is_not_staged_is_not_there_for_others() {
    let sandbox = deployed();
    sandbox.write(".gitignore", "local.enc.yaml\n");
    sandbox.write("app/local.enc.yaml", "a: b\n");
    sandbox.write(
        "app/generator.yaml",
        format!("{GENERATOR}  - local.enc.yaml\n"),
    );
    let ignored = "app/generator.yaml:6 dangling-reference: git ignores the file that is listed as \
                   `local.enc.yaml`: `app/local.enc.yaml` is in no commit";
    assert_eq!(found(&sandbox, &[]), [ignored]);
    sandbox.git(["add", "app/generator.yaml"]);
    let unstaged = "app/generator.yaml:6 dangling-reference: the file that is listed as `local.enc.yaml` is not \
                    staged: `app/local.enc.yaml` is in the work tree alone";
    assert_eq!(found(&sandbox, &["--staged"]), [unstaged]);
    sandbox.git(["add", "--force", "app/local.enc.yaml"]);
    assert_eq!(found(&sandbox, &["--staged"]), [""; 0]);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    sandbox.git(["rm", "--quiet", "--cached", "app/a.enc.yaml"]);
    assert_eq!(found(&sandbox, &["--staged"]).len(), 1);
}

#[test]
fn what_is_excluded_not_checked_out_or_behind_a_link_or_a_submodule_is_no_gap() {
    let sandbox = deployed();
    sandbox.write(".sopsguard.toml", "exclude = [\"left-out\"]\n");
    sandbox.write("left-out/a.enc.yaml", sandbox.read("app/a.enc.yaml"));
    sandbox.write("sparse/a.enc.yaml", sandbox.read("app/a.enc.yaml"));
    let files = "- ../left-out/a.enc.yaml\n- ../sparse/a.enc.yaml\n- ../sub/a.enc.yaml\n";
    sandbox.write(
        "app/generator.yaml",
        format!("{GENERATOR}  {}", files.replace("\n-", "\n  -")),
    );
    sandbox.git(["init", "--quiet", "sub"]);
    sandbox.write("sub/x", "");
    sandbox.write(".git/info/exclude", "/sub\n");
    commit(&sandbox);
    sandbox.git(["update-index", "--skip-worktree", "sparse/a.enc.yaml"]);
    fs::remove_dir_all(sandbox.work().join("sparse")).unwrap();
    assert_eq!(found(&sandbox, &[]), [""; 0]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../elsewhere", sandbox.work().join("app/link")).unwrap();
        std::os::unix::fs::symlink("a.enc.yaml", sandbox.work().join("app/z.enc.yaml")).unwrap();
        sandbox.write(
            "app/generator.yaml",
            format!("{GENERATOR}  - link/a.enc.yaml\n"),
        );
        assert_eq!(found(&sandbox, &[]), [""; 0]);
    }
}

#[test]
fn the_policy_says_how_much_it_matters() {
    let sandbox = deployed();
    sandbox.write("app/b.enc.yaml", sandbox.read("app/a.enc.yaml"));
    let ignore = "[[ignore]]\nrule = 'unreferenced-secret'\npath = 'app/**'\nreason = 'by hand'\n";
    sandbox.write(".sopsguard.toml", ignore);
    commit(&sandbox);
    assert_eq!(found(&sandbox, &[]), [""; 0]);
}

#[test]
fn hostile_manifests_are_read_in_bounded_time_and_printed_as_text() {
    let sandbox = deployed();
    let bomb = "[".repeat(200_000);
    sandbox.write("bomb/kustomization.yaml", format!("resources: {bomb}"));
    let laughs = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [*a{0},*a{0},*a{0}]\n", n - 1)
    });
    sandbox.write(
        "laughs/kustomization.yaml",
        format!("{laughs}resources: *a29\n"),
    );
    let odd = "  - \"x\\e[31m\\n::error::y.enc.yaml\"\n  - \"\\u202Ez.enc.yaml\"\n  - '::error::a.enc.yaml'\n";
    sandbox.write("app/generator.yaml", format!("{GENERATOR}{odd}"));
    let start = std::time::Instant::now();
    let report = sandbox.run(["audit"]);
    assert!(start.elapsed().as_secs() < 120);
    assert_eq!(report.code, 1);
    for format in ["human", "github"] {
        let report = sandbox.run(["audit", "--format", format]);
        assert!(
            !report.stdout.contains(['\u{1b}', '\u{202e}']),
            "{}",
            report.stdout
        );
        let lines = report.stdout.lines();
        let injected = lines.filter(|line| line.starts_with("::error::"));
        assert_eq!(injected.count(), 0, "{}", report.stdout);
    }
}

#[test]
fn many_missing_files_are_told_of_up_to_a_number_and_soon() {
    let sandbox = deployed();
    let lines: String = (0..1_500)
        .map(|at| format!("  - ./gone-{at}.enc.yaml\n"))
        .collect();
    sandbox.write("app/generator.yaml", format!("{GENERATOR}{lines}"));
    assert_eq!(found(&sandbox, &[]).len(), 1_000);
}

#[test]
fn no_other_secret_is_taken_for_one_that_is_gone() {
    let sandbox = deployed();
    let generator = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: x}\nsecretFrom:\n  - metadata: {name: x}\n    \
                     files: [gone.enc.yaml, database.enc.yaml]\n";
    sandbox.write("app/generator.yaml", generator);
    let secret = sandbox.read("app/a.enc.yaml");
    for name in ["e", "databse", "database-1"] {
        sandbox.write(format!("app/{name}.enc.yaml"), &secret);
    }
    let others = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: y}\nfiles: [a.enc.yaml, e.enc.yaml, \
                  databse.enc.yaml]\n";
    sandbox.write("app/others.yaml", others);
    sandbox.write(
        "app/kustomization.yaml",
        format!("{KUSTOMIZATION}  - others.yaml\n"),
    );
    commit(&sandbox);
    let told = sandbox.run(["audit"]).expect_code(1).stdout;
    assert_eq!(told.matches("dangling-reference").count(), 2, "{told}");
    assert!(!told.contains("almost that name"), "{told}");
    // Once nothing else lists it, a slip of the pen is one.
    sandbox.write("app/others.yaml", others.replace(", databse.enc.yaml", ""));
    commit(&sandbox);
    let told = sandbox.run(["audit"]).expect_code(1).stdout;
    assert!(
        told.contains("there is one of almost that name: write `databse.enc.yaml`"),
        "{told}"
    );
}
