//! Repositories that somebody made to do harm, and accidents that look like it. Whatever they hold, a
//! check ends soon, does not crash, and does not call fine what it could not look at.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::check::{Said, error};
use crate::repo::{Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const EDITED: &str = "edited-outside-sops";

/// All the ways in which the repository is looked at.
const WAYS: [&[&str]; 5] = [
    &[],
    &["--staged"],
    &["--since", "HEAD~1"],
    &["--history"],
    &["--since", "HEAD~1", "--staged", "--require-base"],
];

/// How long a check may take, of a build without optimisation on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks at the repository in one way, which ends soon and in order.
#[track_caller]
fn looks(repo: &Repo, arguments: &[&str]) -> Said {
    let started = Instant::now();
    let said = repo.check(arguments).run();
    let took = started.elapsed();
    assert!(took < PATIENCE, "{arguments:?} took {took:?}");
    assert!(
        (0..=3).contains(&said.code),
        "{arguments:?}: {}",
        said.stderr
    );
    if said.code > 1 {
        assert!(
            said.stderr.starts_with("error: "),
            "{arguments:?}: {}",
            said.stderr
        );
        assert!(
            said.stderr.contains("help: "),
            "{arguments:?}: {}",
            said.stderr
        );
    }
    said
}

/// Looks at it in all ways; none of them says that all is well.
#[track_caller]
fn is_never_called_fine(repo: &Repo) {
    for way in WAYS {
        let said = looks(repo, way);
        let silent =
            said.code == 0 && said.not_evaluated().is_empty() && said.warnings().is_empty();
        assert!(!silent, "{way:?}: {}", said.stdout);
    }
}

/// Looks at it in all ways; whatever they say, they end.
#[track_caller]
fn is_looked_at(repo: &Repo) {
    for way in WAYS {
        looks(repo, way);
    }
}

/// Runs git with an input, and gives what it prints.
#[track_caller]
fn feed(repo: &Repo, arguments: &[&str], input: &[u8]) -> String {
    let mut git = repo.command("git");
    let mut git = git
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    git.stdin.take().unwrap().write_all(input).unwrap();
    let output = git.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

/// A tree as it could never be made by adding files: modes, names, and ids.
fn tree(repo: &Repo, entries: &[(&str, &[u8], &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        let digits = id
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        bytes.extend(digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()));
    }
    feed(
        repo,
        &["hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        &bytes,
    )
}

/// Makes a tree the one of the last commit, whatever the work tree holds.
fn commit_tree(repo: &Repo, tree: &str) {
    let commit = repo.git(["commit-tree", tree, "-p", "HEAD", "-m", "Do harm"]);
    repo.git(["update-ref", "HEAD", commit.trim_end()]);
}

/// Where an object lies.
fn object(repo: &Repo, id: &str) -> PathBuf {
    let (folder, name) = id.split_at(2);
    repo.at(".git/objects").join(folder).join(name)
}

/// A secret that was edited as text in the work tree, and in the index.
fn broken(repo: &Repo) {
    repo.write("README", "begin\n");
    repo.add(FILE, SECRET);
    repo.replace(FILE, "production", "staging");
    repo.git(["add", FILE]);
}

fn spoil(path: &Path, how: impl FnOnce(&Path)) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "git makes objects read-only"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
    how(path);
}

story!(objects_of_the_base_are_missing_or_broken, |repo| {
    broken(repo);
    let sound = repo.beside("sound");
    let copy = |from: &Path, to: &Path| {
        let mut copy = repo.command("cp");
        assert!(copy.arg("-R").args([from, to]).status().unwrap().success());
    };
    copy(&repo.at(".git"), &sound);
    let (blob, tree) = (repo.id(&format!("HEAD:{FILE}")), repo.id("HEAD^{tree}"));
    let commit = repo.id("HEAD");
    for id in [&blob, &tree, &commit] {
        for spoilt in [None, Some(&b""[..]), Some(b"garbage"), Some(b"x\x9c")] {
            fs::remove_dir_all(repo.at(".git")).unwrap();
            copy(&sound, &repo.at(".git"));
            spoil(&object(repo, id), |path| match spoilt {
                None => fs::remove_file(path).unwrap(),
                Some(bytes) => fs::write(path, bytes).unwrap(),
            });
            is_never_called_fine(repo);
        }
    }
});

story!(an_object_is_of_another_kind_than_is_said, |repo| {
    broken(repo);
    let blob = repo.id(&format!("HEAD:{FILE}"));
    let (secret, other) = (FILE.as_bytes(), b"folder".as_slice());
    let folder = repo.id("HEAD^{tree}");
    let harm = tree(
        repo,
        &[("100644", secret, &folder), ("40000", other, &blob)],
    );
    commit_tree(repo, &harm);
    is_never_called_fine(repo);
});

story!(
    trees_have_entries_that_leave_them_or_stand_there_twice,
    |repo| {
        broken(repo);
        let blob = repo.id(&format!("HEAD:{FILE}"));
        let root = repo.id("HEAD^{tree}");
        let secret = FILE.as_bytes();
        let names: [&[u8]; 8] = [
            b"..",
            b".",
            b"",
            b".git",
            b"/etc/passwd",
            b"../x.enc.yaml",
            b"a/b.enc.yaml",
            b"\n::x",
        ];
        for name in names {
            for (mode, id) in [("100644", &blob), ("40000", &root), ("120000", &blob)] {
                let harm = tree(repo, &[(mode, name, id), ("100644", secret, &blob)]);
                commit_tree(repo, &harm);
                let said = looks(repo, &[]);
                assert_eq!(said.findings(EDITED).len(), 1, "{}", said.stdout);
                is_looked_at(repo);
            }
        }
        let twice = tree(
            repo,
            &[("100644", secret, &blob), ("100644", secret, &blob)],
        );
        commit_tree(repo, &twice);
        is_looked_at(repo);
        let both = tree(repo, &[("40000", secret, &root), ("100644", secret, &blob)]);
        commit_tree(repo, &both);
        is_looked_at(repo);
        assert!(!repo.beside("x.enc.yaml").exists());
    }
);

story!(a_folder_holds_itself_as_often_as_git_lets_it, |repo| {
    broken(repo);
    let blob = repo.id(&format!("HEAD:{FILE}"));
    // Twice two folders on each of sixty levels: more paths than anybody can walk.
    let mut folder = tree(repo, &[("100644", FILE.as_bytes(), &blob)]);
    for _ in 0..60 {
        folder = tree(repo, &[("40000", b"a", &folder), ("40000", b"b", &folder)]);
    }
    let secret = FILE.as_bytes();
    let harm = tree(
        repo,
        &[("40000", b"bomb", &folder), ("100644", secret, &blob)],
    );
    commit_tree(repo, &harm);
    let said = looks(repo, &[]);
    assert_eq!(said.findings(EDITED).len(), 1, "{}", said.stdout);
    is_looked_at(repo);
});

story!(folders_are_very_deep, |repo| {
    broken(repo);
    let path = "a/".repeat(1_900) + FILE;
    let blob = repo.id(&format!("HEAD:{FILE}"));
    let stream = format!(
        "commit refs/heads/main\ncommitter A <a@example.org> 1 +0000\ndata 0\nfrom {}\nM 100644 {blob} {path}\n",
        repo.id("HEAD")
    );
    feed(repo, &["fast-import", "--quiet"], stream.as_bytes());
    let said = looks(repo, &[]);
    assert_eq!(said.findings(EDITED).len(), 1, "{}", said.stdout);
    is_looked_at(repo);
});

story!(the_history_is_very_long, |repo| {
    repo.add(FILE, SECRET);
    let (first, blob) = (repo.id("HEAD"), repo.id(&format!("HEAD:{FILE}")));
    let mut stream = String::new();
    for number in 0..30_000 {
        let from = if number == 0 {
            format!("from {first}\n")
        } else {
            String::new()
        };
        write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.org> {number} +0000\ndata 0\n{from}\
             M 100644 inline n\ndata {}\n{number}\n",
            number.to_string().len() + 1
        )
        .unwrap();
    }
    feed(repo, &["fast-import", "--quiet"], stream.as_bytes());
    repo.replace(FILE, "production", "staging");
    assert_eq!(repo.id(&format!("HEAD:{FILE}")), blob);
    for way in [&[][..], &["--history"], &["--history=100000"]] {
        let said = looks(repo, way);
        assert_eq!(
            said.findings(EDITED).len(),
            1,
            "{way:?}: {}{}",
            said.stdout,
            said.stderr
        );
    }
});

story!(head_stands_for_nothing, |repo| {
    broken(repo);
    let nowhere = [
        "ref: refs/heads/gone\n",
        "0000000000000000000000000000000000000000\n",
    ];
    for head in nowhere.into_iter().chain([
        "garbage",
        "",
        "ref: ../../../etc/passwd\n",
        "ref: refs/heads/\n",
    ]) {
        fs::write(repo.at(".git/HEAD"), head).unwrap();
        is_never_called_fine(repo);
    }
    fs::write(repo.at(".git/HEAD"), "ref: refs/heads/a\n").unwrap();
    fs::write(repo.at(".git/refs/heads/a"), "ref: refs/heads/b\n").unwrap();
    fs::write(repo.at(".git/refs/heads/b"), "ref: refs/heads/a\n").unwrap();
    is_never_called_fine(repo);
});

story!(what_git_keeps_beside_the_objects_is_garbage, |repo| {
    broken(repo);
    for name in [
        "MERGE_HEAD",
        "CHERRY_PICK_HEAD",
        "shallow",
        "packed-refs",
        "info/grafts",
        "objects/info/alternates",
    ] {
        let path = repo.at(".git").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let before = fs::read(&path).ok();
        for garbage in [
            &b"garbage\n"[..],
            b"",
            &[0xff; 100],
            b"0123456789012345678901234567890123456789\n",
        ] {
            fs::write(&path, garbage).unwrap();
            is_looked_at(repo);
        }
        match before {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
});

story!(a_git_file_leads_elsewhere, |repo| {
    broken(repo);
    fs::rename(repo.at(".git"), repo.beside("git")).unwrap();
    for place in [
        "nowhere",
        "/dev/null",
        "/proc/self/fd",
        ".",
        "../repo/.git",
        "\u{1b}[31m",
    ] {
        fs::write(repo.at(".git"), format!("gitdir: {place}\n")).unwrap();
        is_looked_at(repo);
    }
    fs::write(repo.at(".git"), "garbage\n").unwrap();
    is_looked_at(repo);
    fs::remove_file(repo.at(".git")).unwrap();
    symlink(".git", repo.at(".git")).unwrap();
    is_looked_at(repo);
    fs::remove_file(repo.at(".git")).unwrap();
    // One that leads to the repository's own folder is as good as any.
    fs::write(repo.at(".git"), "gitdir: ../git\n").unwrap();
    repo.check(&[]).finds([error(EDITED, FILE)]);
});

story!(links_go_round_and_out_of_the_tree, |repo| {
    broken(repo);
    repo.git(["reset", "--quiet"]);
    symlink("loop.enc.yaml", repo.at("loop.enc.yaml")).unwrap();
    symlink("..", repo.at("up")).unwrap();
    symlink("/etc/passwd", repo.at("out.enc.yaml")).unwrap();
    symlink(".", repo.at("here")).unwrap();
    repo.git(["add", "up", "out.enc.yaml", "here", "loop.enc.yaml"]);
    repo.git(["commit", "--quiet", "-m", "Add links"]);
    for way in [&[][..], &["--history"]] {
        let said = looks(repo, way);
        assert_eq!(said.findings(EDITED).len(), 1, "{way:?}: {}", said.stdout);
        assert!(!said.stdout.contains("root:"), "{}", said.stdout);
    }
    is_looked_at(repo);
    // What was a link becomes a file, and the other way round.
    fs::remove_file(repo.at("out.enc.yaml")).unwrap();
    fs::rename(repo.at(FILE), repo.at("out.enc.yaml")).unwrap();
    symlink("out.enc.yaml", repo.at(FILE)).unwrap();
    is_looked_at(repo);
    repo.git(["add", "--all"]);
    is_looked_at(repo);
});

story!(names_are_no_text, |repo| {
    repo.encrypt(FILE, SECRET);
    let name = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9\n\x1b[31m.enc.yaml"));
    fs::rename(repo.at(FILE), repo.at(name)).unwrap();
    repo.commit("Add it");
    let text = fs::read_to_string(repo.at(name)).unwrap();
    fs::write(repo.at(name), text.replace("production", "staging")).unwrap();
    let found = |way: &[&str]| {
        let said = looks(repo, way);
        let findings = said.findings(EDITED);
        assert_eq!(findings.len(), 1, "{way:?}: {}", said.stdout);
        assert!(!said.stdout.contains('\u{1b}'), "{}", said.stdout);
    };
    found(&[]);
    repo.git(["add", "--all"]);
    found(&["--staged"]);
    repo.commit("Break it");
    found(&["--since", "HEAD~1"]);
    found(&["--history"]);
});

story!(revisions_are_no_revisions, |repo| {
    broken(repo);
    for revision in [
        "",
        "-",
        "--output=x",
        "-x",
        "HEAD~99999999999",
        "@{upstream}",
        "main..gone",
        "HEAD^{/x}",
        ":/x",
        "HEAD:db.enc.yaml",
        "HEAD^{tree}",
        "\u{1b}[31m",
        "../../etc/passwd",
        "0",
        "x\ny",
        "::error::x",
    ] {
        let said = looks(repo, &[&format!("--since={revision}"), "--require-base"]);
        assert_ne!(said.code, 0, "{revision}: {}", said.stdout);
        let all = [said.stdout.as_str(), &said.stderr].concat();
        assert!(!all.contains('\u{1b}'), "{all}");
        assert!(!all.lines().any(|line| line.starts_with("::")), "{all}");
        assert!(!repo.at("x").exists());
    }
});

story!(the_version_before_does_harm, |repo| {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let deep = "[".repeat(200_000);
    for (at, harm) in [
        bomb,
        deep,
        "\u{0}".repeat(1000),
        "sops: {mac: 1, age: 2}\n".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let file = format!("{at}.enc.yaml");
        repo.write(&file, harm);
        repo.commit("Do harm");
        repo.encrypt(&file, SECRET);
        let said = looks(repo, &[]);
        assert!(said.findings(EDITED).is_empty(), "{}", said.stdout);
        is_looked_at(repo);
        repo.commit("Mend it");
    }
});

story!(the_policy_of_the_base_is_broken, |repo| {
    repo.write(".sopsguard.toml", "[rules\n");
    repo.add(FILE, SECRET);
    fs::remove_file(repo.at(".sopsguard.toml")).unwrap();
    repo.replace(FILE, "production", "staging");
    let said = looks(repo, &[]);
    assert!(
        said.code == 2 || said.findings(EDITED).len() == 1,
        "{}{}",
        said.stdout,
        said.stderr
    );
});
