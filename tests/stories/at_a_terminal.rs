//! What somebody at a terminal sees and is asked: how far a long run is, which key group is meant, and the plan where
//! no key is at hand or it is too early. The terminal is python's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::repo::{ONLY_DATA, Repo, SECRET};

const FILE: &str = "apps/db.enc.yaml";
/// So many that opening them with an RSA key takes a second and more on any machine.
const COUNT: usize = 60;

/// Runs a command at a terminal of its own, types each answer when something is asked, and gives all that was shown.
const TYPIST: &str = r#"
import os, pty, sys
answers = sys.argv[1].split("|")
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen, asked = b"", 0
try:
    while part := os.read(terminal, 4096):
        seen += part
        if seen.endswith(b": "):
            answer = answers[asked] if asked < len(answers) else "\x04"
            os.write(terminal, answer.encode())
            seen += b"\n"
            asked += 1
except OSError:
    pass
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(seen)
print("ended:", code)
"#;

impl Repo {
    /// What is shown at a terminal where the answers are typed; `|` stands between them.
    fn at_a_terminal(&self, term: &str, answers: &str, arguments: &[&str]) -> String {
        let mut python = self.command("python3");
        python
            .env("SOPS_AGE_KEY", self.alice.key())
            .env("TERM", term)
            .args(["-c", TYPIST, answers, env!("CARGO_BIN_EXE_sopsguard")])
            .args(arguments);
        let output = python.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        for secret in self.secrets() {
            assert!(!text.contains(secret), "{text}");
        }
        text
    }

    /// Many files that take long to open, by an RSA key, which is given: and that Carol cannot open yet.
    fn with_slow_files(&self, count: usize) -> PathBuf {
        let identity = self.beside("rsa");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "rsa", "-b", "4096", "-N", "", "-C", "", "-f"])
            .arg(&identity)
            .status();
        assert!(made.unwrap().success());
        let recipient = fs::read_to_string(identity.with_extension("pub")).unwrap();
        let recipient = recipient.trim();
        self.rule(&format!("age: {recipient}"), ONLY_DATA);
        self.add(FILE, SECRET);
        let text = self.read(FILE);
        for at in 1..count {
            self.write(format!("apps/{at}.enc.yaml"), &text);
        }
        // Each gets a data key of its own: what is the same everywhere is opened once.
        let mut rotate = self.command(env!("CARGO_BIN_EXE_sopsguard"));
        rotate
            .args(["rotate", "--yes", "--identity"])
            .arg(&identity);
        assert!(rotate.output().unwrap().status.success());
        self.rule(
            &format!("age: {recipient},{}", self.carol.recipient),
            ONLY_DATA,
        );
        identity
    }

    /// Many files, which Carol cannot open yet.
    fn with_files(&self, count: usize) {
        self.encrypt(FILE, SECRET);
        let text = self.read(FILE);
        for at in 1..count {
            self.write(format!("apps/{at}.enc.yaml"), &text);
        }
        self.rule(&self.for_alice_and(&self.carol), ONLY_DATA);
    }
}

/// The lines that stand on a terminal in the end.
fn shown(text: &str) -> Vec<String> {
    let line = |text: &str| {
        let mut cells: Vec<char> = Vec::new();
        for part in text.trim_end_matches('\r').split('\r') {
            for (at, c) in part.chars().enumerate() {
                match cells.get_mut(at) {
                    Some(cell) => *cell = c,
                    None => cells.push(c),
                }
            }
        }
        String::from_iter(cells).trim_end().to_owned()
    };
    text.split('\n').map(line).collect()
}

story!(
    a_long_run_tells_how_far_it_is_and_leaves_nothing_behind,
    |repo| {
        let identity = repo.with_slow_files(COUNT);
        let identity = identity.to_str().unwrap();
        let asked = [
            "updatekeys",
            "--dry-run",
            "--jobs",
            "1",
            "--identity",
            identity,
        ];
        let text = repo.at_a_terminal("xterm", "", &asked);
        assert!(text.contains("ended: 0"), "{text}");
        let opened = format!(" of {COUNT} files opened");
        assert!(text.contains(&opened), "{}", text.len());
        let verify = ["escrow", "verify", "--jobs", "1", "--identity", identity];
        let verified = repo.at_a_terminal("xterm", "", &verify);
        assert!(verified.contains(" files tried\r") || verified.contains(" files tried "));
        let lines = shown(&verified);
        assert!(!lines.iter().any(|line| line.contains("files tried")));
        let lines = shown(&text);
        let left: Vec<_> = lines
            .iter()
            .filter(|line| line.contains(&format!(" of {COUNT} files")))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(lines.iter().any(|line| line.contains("+ age1")));
        let update = ["updatekeys", "--identity", identity];
        let done = repo.at_a_terminal("xterm", "y\n", &update);
        assert!(done.contains("ended: 0"), "{done}");
        let left = shown(&done);
        assert!(!left.iter().any(|line| line.contains("files written")));
        let recipient = fs::read_to_string(repo.beside("rsa.pub")).unwrap();
        repo.rule(&format!("age: {}", recipient.trim()), ONLY_DATA);
        for (term, more) in [
            ("dumb", &[][..]),
            ("xterm", &["--quiet"]),
            ("xterm", &["--format", "json"]),
        ] {
            let arguments = [&asked[..], more].concat();
            let text = repo.at_a_terminal(term, "", &arguments);
            assert!(
                text.contains("ended: 0") && !text.contains(" files opened"),
                "{arguments:?}"
            );
        }
        // Who reads a pipe is told nothing of it.
        let mut piped = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
        piped.env("SOPS_AGE_KEY", repo.alice.key());
        let output = piped.args(asked).output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
);

story!(a_short_run_tells_nothing, |repo| {
    repo.with_files(3);
    let text = repo.at_a_terminal("xterm", "n\n", &["updatekeys"]);
    assert!(
        text.contains("change these 3 files?") && text.contains("ended: 1"),
        "{text}"
    );
    assert!(!text.contains("files opened"), "{text}");
});

story!(
    whoever_adds_a_recipient_is_asked_for_the_key_group,
    |repo| {
        let (alice, bob) = (&repo.alice.recipient, &repo.bob.recipient);
        let groups = format!("key_groups: [{{age: [{alice}]}}, {{age: [{alice}, {bob}]}}]");
        repo.rule(&groups, &format!("shamir_threshold: 2\n{ONLY_DATA}"));
        repo.add(FILE, SECRET);
        let before = repo.read(".sops.yaml");
        let carol = repo.carol.recipient.clone();
        let add = ["escrow", "add-recipient", &carol, "--name", "carol"];
        for nothing in ["\x04", "\n", "3\n|0\n|two\n"] {
            let text = repo.at_a_terminal("xterm", nothing, &add);
            assert!(
                text.contains("ended: 2") && text.contains("--group N"),
                "{text}"
            );
            assert_eq!(repo.read(".sops.yaml"), before);
        }
        // Who says yes to everything, and who is not there, says the group.
        for more in ["--yes", "--no-input"] {
            let text = repo.at_a_terminal("xterm", "1\n|y\n", &[&add[..], &[more]].concat());
            assert!(
                text.contains("ended: 2") && !text.contains("into which"),
                "{text}"
            );
        }
        let text = repo.at_a_terminal("xterm", "9\n|2\n|y\n", &add);
        for part in [
            "has 2 key groups, and a file opens with 2 of them",
            "group 1: age1",
            "opens nothing alone",
            "there is no such group",
            "into which key group does `carol` come, 1 to 2?",
            "ended: 0",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let first = format!("{{age: [{alice}]}}, {{age: [{alice}, {bob}, {carol}]}}");
        assert!(
            repo.read(".sops.yaml").contains(&first),
            "{}",
            repo.read(".sops.yaml")
        );
    }
);

#[track_caller]
fn json_of(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

story!(a_plan_is_shown_without_a_key, |repo| {
    repo.with_files(15);
    let mut command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
    let output = command.args(["updatekeys", "--dry-run"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains(&format!("+ {}", repo.carol.recipient)),
        "{text}"
    );
    assert!(text.contains("it is not proved"), "{text}");
    assert_eq!(text.matches("cannot be changed: ").count(), 1, "{text}");
    assert!(text.contains("15 files cannot be changed: "), "{text}");
    assert!(text.contains("and 5 more"), "{text}");

    let planned = repo.run_with_json("updatekeys", &["--dry-run"]).run();
    let plan = planned.json();
    assert_eq!(
        (planned.code, plan["files"].as_array().unwrap().len()),
        (1, 0)
    );
    assert_eq!(plan["unproved"].as_array().unwrap().len(), 15);
    assert_eq!(
        plan["unproved"][0]["changes"][0]["recipient"],
        repo.carol.recipient
    );
    // With the key nothing is left unproved.
    let keyed = repo.run_with_json("updatekeys", &["--dry-run"]);
    let plan = keyed.with_key_of(&repo.alice).run().json();
    assert_eq!(plan.get("unproved"), None);
});

story!(
    what_is_too_early_to_be_done_is_planned_all_the_same,
    |repo| {
        repo.rule(&repo.for_alice_and(&repo.bob), ONLY_DATA);
        repo.add(FILE, SECRET);
        let run = |arguments: &[&str]| {
            let mut command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
            command.env("SOPS_AGE_KEY", repo.alice.key());
            let remove = ["escrow", "remove-recipient", &repo.bob.recipient];
            command
                .args([&remove[..], arguments].concat())
                .output()
                .unwrap()
        };
        let refused = run(&["--yes"]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            said.contains("too early") && refused.stdout.is_empty(),
            "{said}"
        );

        let planned = run(&["--dry-run", "--format", "json"]);
        let plan = json_of(&planned.stdout);
        assert_eq!(planned.status.code(), Some(1), "{plan}");
        let reason = plan["too-early"]["reason"].as_str().unwrap();
        assert!(reason.contains("nobody has proved"), "{reason}");
        assert_eq!(plan["applied"], json!(false));
        let files = plan["files"].as_array().unwrap();
        let paths: Vec<&str> = files
            .iter()
            .map(|file| file["path"].as_str().unwrap())
            .collect();
        assert_eq!(paths, [".sops.yaml", FILE]);
        let shown = run(&["--dry-run"]);
        let text = String::from_utf8(shown.stdout).unwrap();
        assert!(
            text.contains("it is too early: nobody has proved"),
            "{text}"
        );
        assert!(text.contains("stringData.password"), "{text}");
        assert_eq!(shown.status.code(), Some(1));
        assert_eq!(repo.git(["status", "--short"]), "");
        assert_eq!(
            run(&["--dry-run", "--without-proof"]).status.code(),
            Some(0)
        );
    }
);

/// A plugin that keeps data keys in clear, and its keys.
const MIRROR: &str = r#"#!/bin/sh
at=0
case $1 in
*recipient-v1)
    while read -r line; do
        case $line in
        '-> wrap-file-key') read -r key && keys="$keys $at:$key" && at=$((at + 1)) ;;
        '-> done') read -r _ && break ;;
        esac
    done
    format='-> recipient-stanza %s mirror\n%s\n'
    ;;
*identity-v1)
    while read -r line; do
        case $line in
        '-> recipient-stanza '*' mirror')
            line=${line#-> recipient-stanza }
            read -r key && keys="$keys ${line%% *}:$key"
            ;;
        '-> done') read -r _ && break ;;
        esac
    done
    format='-> file-key %s\n%s\n'
    ;;
esac
for key in $keys; do
    printf -- "$format" "${key%%:*}" "${key#*:}"
    read -r _ && read -r _
done
printf -- '-> done\n\n'
"#;
const MIRRORED: &str = "age1mirror10q3xztpk";
const MIRROR_KEY: &str = "AGE-PLUGIN-MIRROR-10QTHER3K";

story!(a_recipient_of_a_plugin_comes_and_is_proved, |repo| {
    let bin = repo.beside("bin");
    fs::create_dir(&bin).unwrap();
    let plugin = bin.join("age-plugin-mirror");
    fs::write(&plugin, MIRROR).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let identity = repo.beside("mirror.txt");
    fs::write(&identity, MIRROR_KEY).unwrap();
    let identity = identity.to_str().unwrap();
    let files = [FILE, "apps/wiki.enc.yaml", "env.enc.env"];
    for file in files {
        let text = if file == files[2] {
            "A=canary-1\n"
        } else {
            SECRET
        };
        repo.encrypt(file, text);
    }
    repo.commit("Add secrets");
    let run = |arguments: &[&str]| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_sopsguard"));
        command
            .env("PATH", &path)
            .env("SOPS_AGE_KEY", repo.alice.key());
        let output = command.args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let theirs = |file: &str| {
        let mut sops = repo.sops_command();
        sops.env("PATH", &path).env("SOPS_AGE_KEY", MIRROR_KEY);
        let output = sops.args(["decrypt", file]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let add = [
        "escrow",
        "add-recipient",
        MIRRORED,
        "--name",
        "token",
        "--yes",
    ];
    let (code, said) = run(&add);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--allow-plugin mirror"), "{said}");
    assert_eq!(repo.git(["status", "--short"]), "");
    let (code, said) = run(&[&add[..], &["--allow-plugin", "mirror"]].concat());
    assert_eq!(code, Some(0), "{said}");
    files.iter().for_each(|file| theirs(file));

    let verify = ["escrow", "verify", "--identity", identity];
    let (code, said) = run(&verify);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--allow-plugin mirror"), "{said}");
    let (code, said) = run(&[&verify[..], &["--allow-plugin", "mirror"]].concat());
    assert_eq!(code, Some(0), "{said}");

    // One goes and comes back, by the rule alone.
    repo.rule(&repo.for_alice(), ONLY_DATA);
    let (code, said) = run(&["updatekeys", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!repo.read(FILE).contains(MIRRORED));
    let rule = format!("age: {},{MIRRORED}", repo.alice.recipient);
    repo.rule(&rule, ONLY_DATA);
    let before = repo.read(FILE);
    let (code, said) = run(&["updatekeys", "--yes", "--allow-plugin", "mirror"]);
    assert_eq!(code, Some(0), "{said}");
    files.iter().for_each(|file| theirs(file));
    let after = repo.read(FILE);
    assert!(
        before
            .lines()
            .all(|line| after.lines().any(|it| it == line))
    );
});
