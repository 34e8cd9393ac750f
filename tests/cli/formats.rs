//! Files of every format that sops has, as `scripts/make-testdata formats` makes them.

use std::fmt::Write as _;

use crate::sandbox::{Sandbox, testdata};

const FILES: [&str; 4] = [
    "values.enc.json",
    "values.enc.env",
    "values.enc.ini",
    "values.enc.bin",
];

/// A sandbox with a sound file of each format, and their key as an argument.
fn with_formats() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    for file in FILES {
        let place = testdata(&format!("formats/{file}"));
        sandbox.write(file, std::fs::read(place).unwrap());
    }
    let key = testdata("rules/keys.txt").display().to_string();
    (sandbox, key)
}

/// What the command says of the one file that is checked: its verdict, then each finding's rule and
/// offset.
fn said(sandbox: &Sandbox, arguments: &[&str]) -> (String, Vec<(String, u64)>) {
    let all = [&["check", "--format", "json"], arguments].concat();
    let report = sandbox.run(all).json();
    let verdict = report["files"][0]["verification"].as_str().unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.filter_map(|finding| {
        let rule = finding["rule"].as_str().unwrap().to_owned();
        Some((rule, finding["start"]["offset"].as_u64()?))
    });
    (verdict.to_owned(), findings.collect())
}

#[test]
fn sound_files_of_every_format_are_verified() {
    let (sandbox, key) = with_formats();
    for walked in [&["."][..], &FILES] {
        let arguments = [&["check", "--identity", &key], walked].concat();
        let output = sandbox.run(arguments).expect_code(0);
        assert_eq!(output.stdout, "4 files: 4 verified\n");
    }
}

/// A file, what is edited in it and how, the rule that fires, and what stands right before the place.
type Edit = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const EDITS: &[Edit] = &[
    (FILES[0], "clear-name", "other", "mac-mismatch", "\"mac\": "),
    (
        FILES[0],
        "ENC[AES256_GCM,data:",
        "ENC[",
        "malformed-ciphertext",
        "\"password\": ",
    ),
    (
        FILES[0],
        "\"password\"",
        "\"pass\"",
        "unselected-ciphertext",
        "\"pass\": ",
    ),
    (FILES[0], "5432,", "5432", "unreadable-file", "5432\n\t\t"),
    (FILES[1], "clear-name", "other", "mac-mismatch", "sops_mac="),
    (
        FILES[1],
        "DB_PASSWORD=ENC[",
        "DB_PASSWORD=x[",
        "malformed-ciphertext",
        "DB_PASSWORD=",
    ),
    (FILES[1], "EMPTY=", "EMPTY", "unreadable-file", "str]\n"),
    (
        FILES[1],
        "list_0__map_enc",
        "list_2__map_enc",
        "unreadable-file",
        "EMPTY=\n",
    ),
    (
        FILES[2],
        "clear-name",
        "other",
        "mac-mismatch",
        "\nmac                        = ",
    ),
    (
        FILES[2],
        "password = ENC[",
        "password = x[",
        "malformed-ciphertext",
        "password = ",
    ),
    (
        FILES[2],
        "; port\n",
        ";\n; port\n",
        "unreadable-file",
        "str]\n",
    ),
    (
        FILES[2],
        "[database]",
        "[database",
        "unreadable-file",
        "owns it\n",
    ),
    (
        FILES[3],
        "\"data\"",
        "\"date\"",
        "undecryptable-value",
        "\"date\": ",
    ),
    (
        FILES[3],
        "type:str]\",\n\t\"sops\"",
        "type:int]\",\n\t\"sops\"",
        "unreadable-file",
        "{\n\t",
    ),
];

#[test]
fn problems_are_found_in_their_place() {
    let (sandbox, key) = with_formats();
    for &(file, old, new, rule, before) in EDITS {
        let text = String::from_utf8(sandbox.read(file)).unwrap();
        assert!(text.contains(old), "{file} {old}");
        let text = text.replacen(old, new, 1);
        let place = text.find(before).unwrap() + before.len();
        sandbox.write("edited.enc.x", &text);
        let kinds = FILES.iter().zip(["json", "dotenv", "ini", "binary"]);
        let (_, kind) = kinds.clone().find(|(name, _)| **name == file).unwrap();
        let arguments = ["edited.enc.x", "--identity", &key, "--input-type", kind];
        let (verdict, findings) = said(&sandbox, &arguments);
        assert_eq!(verdict, "failed", "{file} {old} -> {new}");
        let expected = (rule.to_owned(), u64::try_from(place).unwrap());
        assert!(
            findings.contains(&expected),
            "{file} {old} -> {new}: {findings:?} {expected:?}"
        );
        // The human report shows lines of the text; the sandbox looks for values in them.
        let shown = [&["check"], &arguments[..]].concat();
        let _ = sandbox.run(shown).expect_code(1);
    }
}

#[test]
fn snippets_show_keys_and_no_values() {
    let (sandbox, key) = with_formats();
    for file in FILES {
        let text = String::from_utf8(sandbox.read(file)).unwrap();
        let damaged = text.replacen("ENC[AES256_GCM,data:", "ENC[AES256_GCM,data:*", 1);
        sandbox.write(file, damaged);
    }
    let mut shown = String::new();
    for file in FILES {
        let output = sandbox
            .run(["check", "--identity", &key, file])
            .expect_code(1);
        let drawn = output.stdout.lines().filter(|line| line.contains('│'));
        for line in drawn {
            writeln!(shown, "{line}").unwrap();
        }
    }
    insta::assert_snapshot!(shown, @r#"
    2 │   "name": ********,
    3 │   "database": {
    4 │     "password": ********,
    5 │     "port": ********,
    6 │     "on": ********
    1 │ ********
    2 │ NAME=********
    3 │ DB_PASSWORD=********
    4 │ EMPTY=
    5 │ sops_age__list_0__map_enc=********
    2 │ [database]
    3 │ name     = ********
    4 │ password = ********
    5 │ ********
    6 │ port     = ********
    1 │ {
    2 │   "data": ********,
    3 │   "sops": {
    4 │     "age": [
    "#);
}

#[test]
fn the_input_type_wins_over_the_name() {
    let (sandbox, key) = with_formats();
    for (file, kind) in FILES.iter().zip(["json", "dotenv", "ini", "binary"]) {
        sandbox.write("secret", sandbox.read(file));
        let arguments = ["check", "--identity", &key, "--input-type", kind, "secret"];
        let output = sandbox.run(arguments).expect_code(0);
        assert_eq!(output.stdout, "1 file: 1 verified\n", "{kind}");
        let tree = ["explain", "--tree", "secret", "--input-type", kind];
        let named = sandbox
            .run(["explain", "--tree", file])
            .expect_code(0)
            .stdout;
        let typed = sandbox.run(tree).expect_code(0).stdout;
        assert_eq!(typed.replace("secret:", &format!("{file}:")), named);
    }
    // A file that the walk meets keeps the format of its name.
    let arguments = ["check", "--identity", &key, "--input-type", "yaml", "."];
    let output = sandbox.run(arguments).expect_code(0);
    assert_eq!(output.stdout, "5 files: 5 verified\n");
    let arguments = ["check", "--input-type", "toml", "secret"];
    let _ = sandbox.run(arguments).expect_code(2);
}

#[test]
fn the_input_type_counts_on_standard_input_in_the_index_and_for_keys() {
    let (sandbox, key) = with_formats();
    sandbox.git(["init", "--quiet"]);
    for (file, kind) in FILES.iter().zip(["json", "dotenv", "ini", "binary"]) {
        let with_type = ["--input-type", kind, "--identity", &key];
        let text = sandbox.read(file);
        let stdin = |more: &[&str]| {
            let arguments = [&["check", "-"], &with_type[..], more].concat();
            let run = sandbox.command(arguments).stdin(&*text);
            run.run().expect_code(0).stdout
        };
        assert_eq!(stdin(&[]), "1 file: 1 verified\n", "{kind}");
        assert_eq!(
            stdin(&["--stdin-name", "x"]),
            "1 file: 1 verified\n",
            "{kind}"
        );
        let tree = ["explain", "--tree", "-", "--input-type", kind];
        let tree = sandbox
            .command(tree)
            .stdin(&*text)
            .run()
            .expect_code(0)
            .stdout;
        assert!(tree.starts_with("stdin"), "{tree}");
        assert!(!tree.starts_with("stdin.yaml"), "{tree}");
        sandbox.write("secret", &text);
        sandbox.git(["add", "secret"]);
        sandbox.write("secret", "not what is staged");
        let staged = [&["check", "--staged", "secret"], &with_type[..]].concat();
        let output = sandbox.run(staged).expect_code(0);
        assert_eq!(output.stdout, "1 file: 1 verified\n", "{kind}");
        sandbox.write("secret", &text);
        let keys = [&["keys", "secret", "--format", "json"], &with_type[..]].concat();
        let keys = sandbox.run(keys).expect_code(0).json();
        assert!(keys.to_string().contains("\"secret\""), "{kind}: {keys}");
    }
}

#[test]
fn commands_of_the_help_say_the_type_where_the_name_does_not() {
    let (sandbox, _) = with_formats();
    let text = String::from_utf8(sandbox.read("values.enc.env")).unwrap();
    sandbox.write("secret", format!("DB_PASSWORD=canary\n{text}"));
    let arguments = ["check", "secret", "--input-type", "dotenv"];
    let output = sandbox.run(arguments).expect_code(1);
    let command = "sops edit --input-type dotenv --output-type dotenv secret\n";
    assert!(output.stdout.contains(command), "{}", output.stdout);
    let text = sandbox.read("values.enc.env");
    let output = sandbox
        .command(["check", "-"])
        .stdin(&*text)
        .run()
        .expect_code(1);
    assert!(
        output
            .stdout
            .contains("`--input-type dotenv` says that it is"),
        "{}",
        output.stdout
    );
}

#[test]
fn leaves_are_told_as_sops_types_them() {
    let (sandbox, _) = with_formats();
    let mut shown = String::new();
    for file in FILES {
        shown += &sandbox
            .run(["explain", "--tree", file])
            .expect_code(0)
            .stdout;
    }
    insta::assert_snapshot!(shown, @r"
    values.enc.json:2:10: string clear    in-mac name
    values.enc.json:4:15: string selected in-mac database.password
    values.enc.json:5:11: int    clear    in-mac database.port
    values.enc.json:6:9: bool   clear    in-mac database.on
    values.enc.json:9:3: string selected in-mac hosts
    values.enc.json:10:3: null   clear    -      hosts
    values.enc.json:11:3: string selected in-mac hosts
    values.enc.env:2:6: string clear    in-mac NAME
    values.enc.env:3:13: string selected in-mac DB_PASSWORD
    values.enc.env:4:7: string clear    in-mac EMPTY
    values.enc.ini:3:12: string clear    in-mac database.name
    values.enc.ini:4:12: string selected in-mac database.password
    values.enc.ini:6:12: string clear    in-mac database.port
    values.enc.bin:2:10: string selected in-mac data
    ");
    sandbox.write("content", b"\xff\x00");
    let output = sandbox.run(["explain", "--tree", "content"]).expect_code(0);
    insta::assert_snapshot!(output.stdout, @r"
    content:1:1: string selected in-mac data
    no sops metadata: shown as sops would take it with no selector set
    ");
}

#[test]
fn files_that_are_not_sopss_are_passed_over() {
    let sandbox = Sandbox::new();
    for (name, text) in [
        (
            "package.json",
            "{\"name\": \"sops\", \"sops\": {\"version\": \"1\"}}",
        ),
        ("tsconfig.json", "// comment\n{\"a\": 1,}\n"),
        ("list.json", "[\"sops\"]"),
        (".env", "SOPS_AGE_KEY_FILE=x\nexport A\n"),
        ("setup.ini", "[sops]\nenabled = true\n"),
        ("README.md", "# sops\n`ENC[AES256_GCM,data:`\n"),
        ("empty.json", ""),
    ] {
        sandbox.write(name, text);
    }
    let output = sandbox.run(["check", "--format", "json"]).expect_code(0);
    assert_eq!(output.json()["summary"]["files"], 0, "{}", output.stdout);
    // Hooks name all files; that is no reason to complain of them.
    for name in ["tsconfig.json", "list.json", "README.md", "empty.json"] {
        let _ = sandbox.run(["check", name]).expect_code(0);
    }
}

#[test]
fn bad_input_of_every_format_is_a_finding() {
    let (sandbox, key) = with_formats();
    for file in FILES {
        let text = sandbox.read(file);
        let (stem, ending) = file.rsplit_once('.').unwrap();
        for (at, cut) in (0..40).map(|step| (step, step * text.len() / 40)) {
            sandbox.write(format!("cut/{stem}-{at}.{ending}"), &text[..cut]);
        }
        let nul = [&text[..20], b"\0", &text[20..]].concat();
        sandbox.write(format!("nul/{file}"), nul);
        let mixed: Vec<u8> = text
            .split_inclusive(|&byte| byte == b'\n')
            .enumerate()
            .fold(Vec::new(), |mut all, (at, line)| {
                all.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
                all.extend_from_slice(if at % 2 == 0 { b"\r\n" } else { b"\n" });
                all
            });
        sandbox.write(format!("mixed/{file}"), mixed);
    }
    let huge = "9".repeat(1 << 20);
    let deep = "[".repeat(200_000);
    let keys: Vec<String> = (0..100_000).map(|key| format!("\"k{key}\": 1")).collect();
    let keys = keys.join(",");
    let names: String = (0..100_000).map(|key| format!("k{key}=x\n")).collect();
    sandbox.write("bad/huge.enc.json", format!("{{\"sops\": {huge}}}"));
    sandbox.write("bad/deep.enc.json", format!("{{\"sops\": {deep}"));
    sandbox.write(
        "bad/keys.enc.json",
        format!("{{{keys}, \"sops\": {{\"a\": 1}}}}"),
    );
    sandbox.write("bad/keys.enc.env", format!("{names}sops_mac=x\n"));
    sandbox.write("bad/keys.enc.ini", format!("[sops]\n{names}"));
    for folder in ["cut", "nul", "mixed", "bad"] {
        let arguments = ["check", "--format", "json", "--identity", &key, folder];
        let report = sandbox.run(arguments).json();
        for file in report["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            let is_failed = file["verification"] == "failed";
            let has_finding = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|finding| finding["path"] == file["path"]);
            assert!(!is_failed || has_finding, "{path} failed without a word");
            assert!(
                folder != "bad" || path.ends_with("deep.enc.json") || is_failed,
                "{path}: {file}"
            );
        }
    }
}

#[test]
fn an_input_type_without_a_file_is_refused() {
    let sandbox = Sandbox::new();
    for command in ["check", "keys"] {
        let output = sandbox.run([command, "--input-type", "dotenv"]);
        let said = output.expect_code(2).stderr;
        assert!(said.contains("no file is named"), "{said}");
    }
}
