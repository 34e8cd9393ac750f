//! Files whose names tell sops no format, or not that of their text.

use std::process::Command;

use crate::sandbox::{Sandbox, testdata};

/// Files that `scripts/make-testdata` made under a name that tells their format, a name that tells
/// none, and the format.
const FILES: [(&str, &str, &str); 3] = [
    ("formats/values.enc.env", ".env.production", "dotenv"),
    ("formats/values.enc.ini", "app.conf", "ini"),
    (
        "rules/undeclared-format/fires/values.yaml.enc",
        "values.yaml.enc",
        "yaml",
    ),
];

fn key() -> String {
    testdata("rules/keys.txt").display().to_string()
}

fn fixture(path: &str) -> String {
    String::from_utf8(std::fs::read(testdata(path)).unwrap()).unwrap()
}

/// A repository with these files under names that tell no format.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    for (file, name, _) in FILES {
        sandbox.write(name, fixture(file));
    }
    sandbox
}

/// The rules and levels of what is found, sorted.
fn rules(report: &serde_json::Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let mut rules: Vec<String> = findings
        .map(|found| format!("{} {}", found["severity"], found["rule"]).replace('"', ""))
        .collect();
    rules.sort();
    rules
}

/// Runs a command of a help in the work folder.
fn paste(sandbox: &Sandbox, command: &serde_json::Value) {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command.as_str().unwrap());
    let status = shell.current_dir(sandbox.work()).status().unwrap();
    assert!(status.success(), "{command}");
}

#[test]
fn the_text_tells_the_format_where_the_name_does_not() {
    let sandbox = repository();
    sandbox.git(["add", "."]);
    let walked = ["check", "--identity", &key(), "--format", "json"];
    let names = FILES.map(|(_, name, _)| name);
    for more in [&[][..], &["--staged"], &names, &["--staged", "app.conf"]] {
        let arguments = walked.iter().copied().chain(more.iter().copied());
        let report = sandbox.run(arguments).expect_code(0).json();
        let files = report["files"].as_array().unwrap();
        assert_eq!(files.len(), if more.len() == 2 { 1 } else { 3 }, "{more:?}");
        for file in files {
            let (_, name, format) = FILES.iter().find(|(_, n, _)| file["path"] == *n).unwrap();
            assert_eq!(file["verification"], "verified", "{more:?} {name}");
            assert_eq!(file["format"], *format, "{more:?} {name}");
        }
        let warning = "warning undeclared-format".to_owned();
        assert_eq!(rules(&report), vec![warning; files.len()], "{more:?}");
    }
    let keys = sandbox
        .run(["keys", "--identity", &key(), "--format", "json"])
        .json();
    assert_eq!(keys["files"].as_array().unwrap().len(), 3, "{keys}");
    for (file, name, _) in FILES {
        let tree = sandbox.run(["explain", "--tree", name]).expect_code(0);
        if let Some(told) = file.strip_prefix("formats/") {
            sandbox.write(told, fixture(file));
            let told = sandbox.run(["explain", "--tree", told]).expect_code(0);
            assert_eq!(tree.stdout.lines().count(), told.stdout.lines().count());
        }
        assert!(tree.stdout.contains(" selected "), "{}", tree.stdout);
    }
}

#[test]
fn a_value_pasted_in_clear_is_found_under_any_name() {
    let sandbox = repository();
    for (name, old) in [
        (".env.production", "DB_PASSWORD=ENC["),
        ("app.conf", "password = ENC["),
        ("values.yaml.enc", "password: ENC["),
    ] {
        let text = String::from_utf8(sandbox.read(name)).unwrap();
        assert!(text.contains(old), "{name}");
        let start = text.find(old).unwrap() + old.len() - "ENC[".len();
        let end = start + text[start..].find(']').unwrap() + 1;
        let edited = format!("{}canary-pasted{}", &text[..start], &text[end..]);
        sandbox.write(name, edited);
    }
    sandbox.git(["add", "."]);
    for more in [&[][..], &["--staged"]] {
        let arguments = ["check", "--format", "json"].into_iter();
        let report = sandbox.run(arguments.chain(more.iter().copied()));
        let report = report.expect_code(1).json();
        let expected = [
            ["error plaintext-value"; 3],
            ["warning undeclared-format"; 3],
        ]
        .concat();
        assert_eq!(rules(&report), expected, "{more:?}");
        let findings = report["findings"].as_array().unwrap().iter();
        for found in findings.filter(|found| found["rule"] == "plaintext-value") {
            let commands = found["commands"].to_string();
            assert!(commands.contains("--input-type"), "{found}");
        }
    }
}

#[test]
fn what_a_name_or_the_user_tells_is_taken_for_granted() {
    let sandbox = repository();
    for (_, name, format) in FILES {
        let told = ["check", "--identity", &key(), "--input-type", format, name];
        let output = sandbox.run(told).expect_code(0);
        assert_eq!(output.stdout, "1 file: 1 verified\n", "{name}");
    }
    // An envelope under the name of a text, and texts that only tell about sops.
    sandbox.write("store.txt", fixture("formats/values.enc.bin"));
    let output = sandbox.run(["check", "--identity", &key(), "store.txt"]);
    assert_eq!(output.expect_code(0).stdout, "1 file: 1 verified\n");
    sandbox.write(
        "README",
        "sops_mac= and sops_lastmodified=\nsops:\n    mac: x\n",
    );
    sandbox.write("settings.cfg", "[sops]\nversion = 3\n");
    sandbox.write("app.env.sample", "sops_version=3.13.3\nA=b\n");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(report["files"].as_array().unwrap().len(), 4, "{report}");
}

/// A file, the name that it gets, and what the help says of it.
const RENAMED: [(&str, &str, &str); 11] = [
    (
        "formats/values.enc.env",
        "a.enc.yaml",
        "YAML because of its name, and it looks like dotenv",
    ),
    (
        "formats/values.enc.env",
        "b.ini",
        "ini because of its name, and it looks like dotenv",
    ),
    (
        "formats/values.enc.env",
        "c.json",
        "JSON because of its name, and it looks like dotenv",
    ),
    (
        "formats/values.enc.ini",
        "d.env",
        "dotenv because of its name, and it looks like ini",
    ),
    (
        "formats/values.enc.ini",
        "e.yml",
        "YAML because of its name, and it looks like ini",
    ),
    (
        "formats/values.enc.json",
        "f.enc.env",
        "dotenv because of its name, and it looks like JSON",
    ),
    (
        "formats/values.enc.bin",
        "g.env",
        "dotenv because of its name, and it looks like binary",
    ),
    (
        "formats/values.enc.json",
        "h.ini",
        "ini because of its name, and it looks like JSON",
    ),
    (
        FILES[2].0,
        "i.json",
        "JSON because of its name, and it looks like YAML",
    ),
    (
        FILES[2].0,
        "j.env",
        "dotenv because of its name, and it looks like YAML",
    ),
    (
        FILES[2].0,
        "k.ini",
        "ini because of its name, and it looks like YAML",
    ),
];

#[test]
fn a_renamed_file_is_told_by_its_text_and_the_command_mends_it() {
    let sandbox = Sandbox::new();
    for (file, name, looks) in RENAMED {
        sandbox.write(name, fixture(file));
        let check = || sandbox.run(["check", "--identity", &key(), "--format", "json"]);
        let report = check().expect_code(1).json();
        assert_ne!(report["files"][0]["verification"], "verified", "{name}");
        let finding = &report["findings"][0];
        assert!(
            finding["help"].to_string().contains(looks),
            "{name}: {finding}"
        );
        paste(&sandbox, &finding["commands"][0]);
        let report = check().expect_code(0).json();
        assert_eq!(report["files"][0]["verification"], "verified", "{name}");
        let renamed = sandbox
            .work()
            .join(report["files"][0]["path"].as_str().unwrap());
        std::fs::remove_file(renamed).unwrap();
    }
}

#[test]
fn utf_16_in_which_no_metadata_is_found_is_not_called_clear() {
    let sandbox = Sandbox::new();
    let text = fixture("formats/values.enc.env");
    // In this order every line has its `=`, as long as none is a comment.
    let (_, text) = text.split_once('\n').unwrap();
    let mark = std::iter::once(0xFEFF);
    let marked = mark.chain(text.encode_utf16()).flat_map(u16::to_be_bytes);
    sandbox.write("a.enc.env", marked.collect::<Vec<u8>>());
    let plain = text.encode_utf16().flat_map(u16::to_be_bytes);
    sandbox.write("b.enc.env", plain.collect::<Vec<u8>>());
    let check = || sandbox.run(["check", "--format", "json"]);
    let report = check().expect_code(1).json();
    assert_eq!(rules(&report), ["error not-encrypted"; 2]);
    for finding in report["findings"].as_array().unwrap() {
        assert!(
            finding["message"].to_string().contains("UTF-16"),
            "{finding}"
        );
        let commands = finding["commands"].as_array().unwrap();
        assert!(commands.len() == 1, "{finding}");
        paste(&sandbox, &commands[0]);
    }
    let report = check().json();
    let files = report["files"].as_array().unwrap();
    assert!(
        files
            .iter()
            .all(|file| file["verification"] != "not-encrypted"),
        "{report}"
    );
}

#[test]
fn utf_16_without_its_mark_is_told_and_the_command_mends_it() {
    for file in ["env", "ini", "json"] {
        for order in ["UTF-16BE", "UTF-16LE"] {
            let sandbox = Sandbox::new();
            let name = format!("values.enc.{file}");
            let text = fixture(&format!("formats/{name}"));
            let unit = match order {
                "UTF-16BE" => u16::to_be_bytes,
                _ => u16::to_le_bytes,
            };
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            sandbox.write(&name, bytes);
            let check = || sandbox.run(["check", "--identity", &key(), "--format", "json"]);
            let report = check().expect_code(1).json();
            let finding = &report["findings"][0];
            assert!(
                finding["help"].to_string().contains("UTF-16"),
                "{name} {order}: {finding}"
            );
            let command = &finding["commands"][0];
            assert!(command.to_string().contains(order), "{name}: {command}");
            paste(&sandbox, command);
            let report = check().expect_code(0).json();
            assert_eq!(
                report["files"][0]["verification"], "verified",
                "{name} {order}"
            );
        }
    }
}
