//! `recipients`: who can open what, on files that real sops made, and on those that mean harm.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

/// The repository before a handover, as testdata/handover/README.md tells it: for each file who has a key
/// (the safe, Ada, Bob, the cluster, Carol), and the bus factor. `o` opens it, `s` is a share of it, `!` is a
/// lone key.
const HANDOVER: [(&str, &str, u64); 6] = [
    ("apps/shop.enc.yaml", "oooo-", 4),
    ("apps/wiki.enc.yaml", "oo-oo", 4),
    ("infra/dns.enc.json", "-!---", 1),
    ("infra/registry.enc.env", "ooo--", 3),
    ("infra/vpn.enc.yaml", "-oo--", 2),
    ("vault/root.enc.yaml", "sss--", 2),
];

fn handover() -> Sandbox {
    let sandbox = Sandbox::new();
    for entry in walkdir::WalkDir::new(testdata("handover")) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(testdata("handover")).unwrap();
        if entry.file_type().is_file() {
            sandbox.write(path, std::fs::read(entry.path()).unwrap());
        }
    }
    sandbox.git(["init", "--quiet"]);
    sandbox
}

fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["recipients", "--format", "json"], arguments].concat();
    sandbox.run(arguments).expect_code(0).json()
}

fn paths(report: &Value) -> Vec<&str> {
    let files = report["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap()).collect()
}

/// An encrypted file with these lists in its metadata, which no key opens.
fn closed(lists: &str) -> String {
    format!(
        "password: ENC[AES256_GCM,data:AAAA,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,\
         tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\nsops:\n{lists}\n    \
         lastmodified: \"2026-11-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:AAAA]\n    \
         version: 3.13.3\n"
    )
}

fn age(number: usize) -> String {
    let digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let digit = |at: u32| digits.chars().nth(number / 32_usize.pow(at) % 32).unwrap();
    format!("age1{}{}{}", "q".repeat(56), digit(1), digit(0))
}

fn entry(number: usize) -> String {
    format!("{{recipient: {}, enc: x}}", age(number))
}

#[test]
fn the_example_is_right_in_every_row() {
    let report = json(&handover(), &[]);
    assert_eq!(report["schema"], "sopsguard.recipients/1");
    let recipients = report["recipients"].as_array().unwrap().iter();
    let who: Vec<_> = recipients
        .map(|it| (it["name"].as_str(), it["role"].as_str()))
        .collect();
    assert_eq!(
        who,
        [
            (Some("office safe"), Some("escrow")),
            (Some("Ada"), Some("maintainer")),
            (Some("Bob"), Some("maintainer")),
            (Some("cluster"), Some("machine")),
            (None, None),
        ]
    );
    assert_eq!(paths(&report), HANDOVER.map(|(path, _, _)| path));
    for (file, (path, row, bus_factor)) in report["files"].as_array().unwrap().iter().zip(HANDOVER)
    {
        assert_eq!(file["bus-factor"], bus_factor, "{path}");
        let mut marks = ['-'; 5];
        for access in file["recipients"].as_array().unwrap() {
            let at = usize::try_from(access["recipient"].as_u64().unwrap()).unwrap();
            marks[at] = match (access["lone"].as_bool(), access["opens"].as_bool()) {
                (Some(true), _) => '!',
                (_, Some(true)) => 'o',
                _ => 's',
            };
        }
        assert_eq!(marks.iter().collect::<String>(), row, "{path}");
    }
    assert_eq!(report["summary"]["lone"], 1);
    assert_eq!(report["summary"]["roles"]["escrow"], 4);
}

#[test]
fn the_table_for_people_says_the_same() {
    let output = handover().run(["recipients"]).expect_code(0);
    for (path, row, bus_factor) in HANDOVER {
        let marks: String = row
            .chars()
            .map(|mark| match mark {
                'o' => " ●",
                's' => " ◐",
                '!' => " !",
                _ => " ·",
            })
            .collect();
        let line = format!("{marks}    {bus_factor}  {path}");
        assert!(output.stdout.contains(&line), "{line}\n{}", output.stdout);
    }
    assert!(!output.stdout.contains('\u{1b}'));
    let output = handover().run(["recipients", "--color", "always"]);
    assert!(
        output.stdout.contains("\u{1b}[1;31m!\u{1b}[0m"),
        "{}",
        output.stdout
    );
}

#[test]
fn a_recipient_is_asked_for_by_name_and_by_key() {
    let sandbox = handover();
    let all = json(&sandbox, &[]);
    let key = all["recipients"][2]["key"].as_str().unwrap();
    let of_bob = [
        "apps/shop.enc.yaml",
        "infra/registry.enc.env",
        "infra/vpn.enc.yaml",
        "vault/root.enc.yaml",
    ];
    for wanted in ["Bob", "bob", key, &key[..12], &key[50..]] {
        let report = json(&sandbox, &["--recipient", wanted]);
        assert_eq!(paths(&report), of_bob, "{wanted}");
        let asked = usize::try_from(report["asked"][0].as_u64().unwrap()).unwrap();
        assert_eq!(report["recipients"][asked]["name"], "Bob");
        // Carol has a key of none of them.
        assert_eq!(report["recipients"].as_array().unwrap().len(), 4);
    }
    let carol = all["recipients"][4]["key"].as_str().unwrap();
    assert_eq!(
        paths(&json(&sandbox, &["--recipient", carol])),
        ["apps/wiki.enc.yaml"]
    );
    for wanted in ["Carol", "age1", "", "q"] {
        let output = sandbox
            .run(["recipients", "--recipient", wanted])
            .expect_code(2);
        let names = "the names are office safe, Ada, Bob, cluster";
        assert!(output.stderr.contains(names), "{}", output.stderr);
    }
}

#[test]
fn names_come_from_sops_yaml_where_the_policy_has_none() {
    let sandbox = handover();
    let carol = json(&sandbox, &[])["recipients"][4]["key"].clone();
    let carol = carol.as_str().unwrap();
    sandbox.write(
        "apps/.sops.yaml",
        format!("keys: [&carol {carol}]\ncreation_rules: []\n"),
    );
    std::fs::remove_file(sandbox.work().join(".sopsguard.toml")).unwrap();
    for arguments in [&[][..], &["apps"]] {
        let report = json(&sandbox, arguments);
        let recipients = report["recipients"].as_array().unwrap().iter();
        let names: Vec<_> = recipients.map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["ada", "bob", "carol", "cluster", "safe"]);
    }
    assert_eq!(
        paths(&json(&sandbox, &["--recipient", "carol"])),
        ["apps/wiki.enc.yaml"]
    );
}

#[test]
fn paths_narrow_it_down_and_a_repository_without_secrets_is_no_error() {
    let sandbox = handover();
    let report = json(&sandbox, &["infra"]);
    assert_eq!(paths(&report).len(), 3);
    let empty = Sandbox::new();
    empty.write("README.md", "sops:\n");
    let output = empty.run(["recipients"]).expect_code(0);
    assert_eq!(output.stdout, "no secret files here\n");
    for format in ["csv", "html", "json"] {
        let output = empty.run(["recipients", "--format", format]).expect_code(0);
        assert!(!output.stdout.is_empty(), "{format}");
    }
    let output = empty.run(["recipients", "gone"]).expect_code(3);
    assert!(output.stderr.contains("`gone`"), "{}", output.stderr);
}

#[test]
fn who_is_listed_and_has_no_file_is_told_too() {
    let sandbox = handover();
    let key = age(7);
    // It is a Bech32 text, and its checksum is wrong.
    let policy = |key: &str| format!("[[recipient]]\nkey = \"{key}\"\nname = \"Dora\"\n");
    sandbox.write(".sopsguard.toml", policy(&key));
    assert!(
        sandbox
            .run(["recipients"])
            .expect_code(2)
            .stderr
            .contains("recipient")
    );
    let key = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";
    sandbox.write("other.toml", policy(key));
    let report = json(&sandbox, &["--config", "other.toml", "--recipient", "dora"]);
    assert!(paths(&report).is_empty());
    assert_eq!(report["recipients"][0]["files"], 0);
    let arguments = [
        "recipients",
        "--config",
        "other.toml",
        "--recipient",
        "dora",
    ];
    let output = sandbox.run(arguments).expect_code(0);
    assert!(
        output.stdout.contains("Dora has a key of 0 files"),
        "{}",
        output.stdout
    );
}

#[test]
fn keys_of_other_kinds_count_and_what_was_pasted_is_not_shown() {
    let sandbox = Sandbox::new();
    let created = "created_at: \"2026-11-01T00:00:00Z\", enc: x";
    sandbox.write(
        "a.enc.yaml",
        closed(&format!(
            "    kms: [{{arn: \"arn:aws:kms:eu-west-1:1:key/a\", {created}}}]\n    \
             pgp: [{{fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21, {created}}}]\n    \
             age: [{}]",
            entry(1)
        )),
    );
    sandbox.write(
        "b.enc.yaml",
        closed(&format!(
            "    pgp: [{{fp: BC17301B491B3F21, {created}}}]\n    \
             age: [{{recipient: hunter2, enc: x}}, {{recipient: hunter3, enc: x}}]"
        )),
    );
    let report = json(&sandbox, &[]);
    assert_eq!(report["files"][0]["bus-factor"], 3);
    assert_eq!(report["files"][1]["bus-factor"], 3);
    let recipients = report["recipients"].as_array().unwrap();
    let mut keys = BTreeMap::new();
    for recipient in recipients {
        *keys.entry(recipient["key"].as_str().unwrap()).or_insert(0) += 1;
    }
    // The key id of a fingerprint is the same key, and two that are hidden are two.
    assert_eq!(keys["85D77543B3D624B63CEA9E6DBC17301B491B3F21"], 1);
    assert_eq!(keys["…"], 2);
    assert_eq!(recipients.len(), 5);
    for format in ["human", "csv", "html", "json"] {
        let output = sandbox
            .run(["recipients", "--format", format])
            .expect_code(0);
        assert!(!output.stdout.contains("hunter"), "{format}");
    }
}

#[test]
fn what_is_not_certain_is_called_so_and_what_nobody_opens_as_well() {
    let sandbox = Sandbox::new();
    let group = |number| format!("{{age: [{}]}}", entry(number));
    let groups = format!("    key_groups: [{}, {}, {}]", group(1), group(2), group(3));
    sandbox.write("unsaid.enc.yaml", closed(&groups));
    sandbox.write(
        "lost.enc.yaml",
        closed(&format!("{groups}\n    shamir_threshold: 4")),
    );
    let report = json(&sandbox, &[]);
    assert_eq!(report["files"][0]["path"], "lost.enc.yaml");
    assert_eq!(report["files"][0]["bus-factor"], 0);
    assert_eq!(report["files"][0]["recipients"][0]["lone"], false);
    assert_eq!(report["files"][1]["bus-factor"], 2);
    assert_eq!(report["files"][1]["bus-factor-is-exact"], false);
    let output = sandbox.run(["recipients"]).expect_code(0);
    for words in [
        "  ≤2  unsaid.enc.yaml (2 of 3 key groups)",
        "1 file that nobody can open: lost.enc.yaml",
    ] {
        assert!(output.stdout.contains(words), "{}", output.stdout);
    }
    let output = sandbox
        .command(["recipients", "-q"])
        .env("TERM", "dumb")
        .run();
    assert_eq!(
        output.stdout,
        "1 file that nobody can open: lost.enc.yaml (4 of 3 key groups)\n"
    );
}

#[test]
fn damaged_files_are_told_and_sops_words_of_other_programs_are_not() {
    let sandbox = handover();
    let text = String::from_utf8(sandbox.read("infra/vpn.enc.yaml")).unwrap();
    sandbox.write(
        "infra/vpn.enc.yaml",
        text.replace("lastmodified", "<<<<<<< HEAD\nx"),
    );
    sandbox.write("values.yaml", "sops:\n    enabled: true\n");
    let report = json(&sandbox, &[]);
    assert_eq!(report["unread"], serde_json::json!(["infra/vpn.enc.yaml"]));
    assert_eq!(paths(&report).len(), 5);
    let output = sandbox.run(["recipients"]).expect_code(0);
    assert!(
        output
            .stdout
            .contains("infra/vpn.enc.yaml (`sopsguard check` says why)")
    );
}

/// Names that are a formula, markup, a command to a terminal, or a command to a CI service.
#[cfg(unix)]
const HOSTILE: [&str; 9] = [
    "=cmd|' !A0.enc.yaml",
    "-1+2.enc.yaml",
    "a;=1+2,@SUM(A1).enc.yaml",
    "\t=1.enc.yaml",
    "<script>alert(1)<!--.enc.yaml",
    "\"><img src=x onerror=alert(1)>.enc.yaml",
    "'&lt;&#60;.enc.yaml",
    "\u{1b}[31m\u{202e}x\r\n.enc.yaml",
    "::error::x.enc.yaml",
];

#[cfg(unix)]
fn hostile() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, number) in HOSTILE.iter().zip(1..) {
        sandbox.write(name, closed(&format!("    age: [{}]", entry(number))));
    }
    let name = "=<b onclick='x'>&\\\"";
    let policy =
        "[[recipient]]\nkey = \"age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du\"\n";
    sandbox.write(
        ".sopsguard.toml",
        format!("{policy}name = \"{name}\"\nheld-by = [\"{name}\"]\n"),
    );
    sandbox
}

#[cfg(unix)]
#[test]
fn no_name_becomes_a_formula_or_a_second_row_of_a_spreadsheet() {
    let output = hostile()
        .run(["recipients", "--format", "csv"])
        .expect_code(0);
    let rows = rows_of_csv(&output.stdout);
    assert_eq!(rows.len(), HOSTILE.len() + 1);
    for row in &rows {
        assert_eq!(row.len(), 4 + 1 + HOSTILE.len(), "{row:?}");
        for field in row {
            let parts = field.split(['\t', ',', ';', '|', '"', '\r', '\n']);
            for part in parts {
                let start = part.trim_start().chars().next();
                assert!(!matches!(start, Some('=' | '+' | '-' | '@')), "{field:?}");
            }
        }
    }
}

/// Reads what RFC 4180 describes.
#[cfg(unix)]
fn rows_of_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                row.last_mut().unwrap().push(chars.next().unwrap());
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => {
                assert_eq!(chars.next(), Some('\n'));
                rows.push(vec![String::new()]);
            }
            c => row.last_mut().unwrap().push(c),
        }
    }
    assert!(!is_quoted);
    assert_eq!(rows.pop(), Some(vec![String::new()]), "every row is ended");
    rows
}

#[cfg(unix)]
#[test]
fn no_name_becomes_markup() {
    let page = hostile()
        .run(["recipients", "--format", "html"])
        .expect_code(0)
        .stdout;
    assert!(page.contains("default-src 'none'"));
    assert!(
        !page
            .chars()
            .any(|c| c.is_control() && c != '\n' || c == '\u{202e}')
    );
    let (head, body) = page.split_once("</style>").unwrap();
    assert_eq!(head.matches("<style>").count(), 1);
    let mut open = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("{part}"));
        assert!(!text.contains('>'), "{part}");
        let mut attributes = attributes_of(tag);
        let name = attributes.remove(0);
        for attribute in attributes {
            let (attribute, value) = attribute.split_once('=').unwrap();
            let known = ["class", "id", "scope", "title", "href", "tabindex"];
            assert!(known.contains(&attribute), "{tag}");
            assert!(attribute != "href" || value.starts_with("\"#"), "{tag}");
        }
        match name.strip_prefix('/') {
            Some(name) if ["body", "html", "head"].contains(&name) => {}
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "{tag}"),
            None if ["wbr", "body"].contains(&&*name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for word in ["http:", "https:", "url(", "@import", "<!--"] {
        assert!(!page.contains(word), "{word}");
    }
}

/// The name of a tag, then its attributes, whose values are in quotes.
#[cfg(unix)]
fn attributes_of(tag: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for c in tag.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                parts.last_mut().unwrap().push(c);
            }
            ' ' if !is_quoted => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    assert!(!is_quoted, "{tag}");
    parts
}

#[cfg(unix)]
#[test]
fn no_name_reaches_the_terminal_or_a_ci_log_raw() {
    for format in ["human", "json"] {
        let output = hostile()
            .run(["recipients", "--format", format])
            .expect_code(0);
        assert!(
            !output.stdout.contains(['\u{1b}', '\u{202e}', '\r']),
            "{format}"
        );
        let is_command = |line: &str| line.trim_start().starts_with("::");
        assert!(!output.stdout.lines().any(is_command), "{}", output.stdout);
    }
}

#[test]
fn the_same_bytes_come_out_whatever_the_number_of_threads() {
    let sandbox = handover();
    for format in ["human", "json", "csv", "html"] {
        let run = |jobs| {
            let arguments = ["recipients", "--format", format, "--jobs", jobs];
            sandbox.run(arguments).expect_code(0).stdout
        };
        assert_eq!(run("1"), run("8"), "{format}");
    }
}

#[test]
fn a_file_of_very_many_recipients_is_told_in_time() {
    let sandbox = Sandbox::new();
    let entries: Vec<String> = (0..1_000).map(entry).collect();
    sandbox.write(
        "many.enc.yaml",
        closed(&format!("    age: [{}]", entries.join(", "))),
    );
    let groups = (0..300).map(|at| {
        let entries = (0..20).map(|next| entry((at * 7 + next * next) % 1_000));
        format!("{{age: [{}]}}", entries.collect::<Vec<_>>().join(", "))
    });
    let groups: Vec<String> = groups.collect();
    let lists = format!(
        "    key_groups: [{}]\n    shamir_threshold: 150",
        groups.join(", ")
    );
    sandbox.write("groups.enc.yaml", closed(&lists));
    let started = std::time::Instant::now();
    let report = json(&sandbox, &[]);
    assert!(started.elapsed().as_secs() < 60);
    assert_eq!(report["files"][0]["bus-factor-is-exact"], false);
    assert_eq!(report["files"][1]["bus-factor"], 1_000);
    let output = sandbox.run(["recipients"]).expect_code(0);
    assert!(output.stdout.contains("RECIPIENTS"), "{}", output.stdout);
}
