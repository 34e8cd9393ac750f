//! `init`: the first policy of a repository, and the schema of all policies.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, testdata};

const ADA: &str = "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38";
const BOB: &str = "age1ge2dkqxku6gcfxf2k0672wsfd4gavrtqu8w5gww0ydp0n9vhhgyqdm0vwm";
const CAROL: &str = "age1lf7n9f4k54ywhnj67v79z5dgl2fsqtalc70v4p5jcz9ucepa43gqljkj8r";

const POLICY: &str = ".sopsguard.toml";

/// A repository in which two recipients have names and a third has none; it is in a file alone.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let config = format!(
        "keys:\n  - &ada_escrow {ADA}\n  - &ci-bot {BOB}\n\
         creation_rules:\n  - encrypted_regex: ^(data|stringData)$\n    key_groups:\n      \
         - age: [*ada_escrow, *ci-bot]\n"
    );
    sandbox.write(".sops.yaml", config);
    let secret = testdata("rules/recipient-drift/quiet/anchors/shop.enc.yaml");
    let secret = fs::read(secret).unwrap();
    for name in ["plain.yaml", "secrets/a.yaml", "db.enc.yaml"] {
        sandbox.write(name, &secret);
    }
    let stranger = testdata("rules/recipient-drift/fires/left/apps/wiki.enc.yaml");
    sandbox.write("other/db.enc.yaml", fs::read(stranger).unwrap());
    sandbox.write("values.yaml", "a: b\n");
    commit(&sandbox);
    sandbox
}

fn commit(sandbox: &Sandbox) {
    _ = sandbox.git(["add", "--all"]);
    _ = sandbox.git(["commit", "--quiet", "--message", "All"]);
}

/// The findings at error level, as `RULE PATH`.
fn errors(sandbox: &Sandbox, command: &str) -> Vec<String> {
    let report = sandbox.run([command, "--format", "json"]).json();
    let found = report["findings"].as_array().unwrap().iter();
    let errors = found.filter(|found| found["severity"] == "error");
    errors
        .map(|found| {
            let text = |key: &str| found[key].as_str().unwrap().to_owned();
            format!("{} {}", text("rule"), text("path"))
        })
        .collect()
}

#[test]
fn the_first_policy_lists_who_can_decrypt_now_and_makes_no_error() {
    let sandbox = repository();
    let before = ["check", "audit"].map(|command| errors(&sandbox, command));
    let output = sandbox.run(["init"]).expect_code(0);
    assert!(
        output
            .stdout
            .starts_with("wrote `.sopsguard.toml`: 3 recipients of 4 secret files\n"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains("name 1 recipient that nobody"));
    let text = String::from_utf8(sandbox.read(POLICY)).unwrap();
    for line in [
        format!("key = \"{ADA}\" # in 4 of 4 files, and in .sops.yaml"),
        "name = \"ada_escrow\" # as in .sops.yaml".to_owned(),
        "role = \"escrow\" # a guess, from the name".to_owned(),
        "name = \"ci-bot\" # as in .sops.yaml".to_owned(),
        "role = \"machine\" # a guess, from the name".to_owned(),
        format!("key = \"{CAROL}\" # in 1 of 4 files, and not in .sops.yaml"),
        "name = \"unknown 1\" # whose is it?".to_owned(),
        "    \"plain.yaml\",".to_owned(),
        "    \"secrets/**/*.yaml\",".to_owned(),
        "    \"**/*.enc.*\",".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(text.matches("\n[[recipient]]").count(), 3);
    let after = ["check", "audit"].map(|command| errors(&sandbox, command));
    assert_eq!(after, before);
    commit(&sandbox);
    assert_eq!(
        ["check", "audit"].map(|command| errors(&sandbox, command)),
        before
    );
    // It is followed: another stranger is one now.
    sandbox.write(POLICY, text.replace(CAROL, &other_key()));
    assert!(
        errors(&sandbox, "audit")
            .iter()
            .any(|error| error == "untrusted-recipient other/db.enc.yaml")
    );
}

/// A key that opens nothing here.
fn other_key() -> String {
    "age168eavpk32nkhrhg7tyapkg0xupgxcdk823wuahnezdlz4j28uphsqpn5q5".to_owned()
}

#[test]
fn nothing_is_written_when_dry_and_it_is_the_same_text_from_any_folder() {
    let sandbox = repository();
    let told = sandbox.run(["init", "--dry-run"]).expect_code(0).stdout;
    assert!(!sandbox.work().join(POLICY).exists());
    let below = sandbox.run(["-C", "secrets", "init"]).expect_code(0).stdout;
    assert!(below.starts_with("wrote `../.sopsguard.toml`"), "{below}");
    assert_eq!(String::from_utf8(sandbox.read(POLICY)).unwrap(), told);
    assert!(!sandbox.work().join("secrets").join(POLICY).exists());
    let again = sandbox.run(["init", "--dry-run"]).expect_code(0).stdout;
    assert_eq!(again, told);
}

#[test]
fn what_is_there_stays_whatever_it_is() {
    let sandbox = repository();
    let place = sandbox.work().join(POLICY);
    let refused = || {
        let output = sandbox.run(["init"]).expect_code(2);
        assert!(
            output.stderr.contains("is there already"),
            "{}",
            output.stderr
        );
        assert_eq!(output.stdout, "");
    };
    sandbox.write(POLICY, "min-recipients = 1\n");
    refused();
    assert_eq!(sandbox.read(POLICY), b"min-recipients = 1\n");
    fs::remove_file(&place).unwrap();
    symlink("nowhere", &place).unwrap();
    refused();
    assert!(!sandbox.work().join("nowhere").exists());
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    refused();
}

#[test]
fn a_policy_belongs_to_a_repository() {
    let sandbox = Sandbox::with_example();
    let output = sandbox.run(["init"]).expect_code(3);
    assert!(
        output.stderr.contains("no git repository"),
        "{}",
        output.stderr
    );
    assert!(!sandbox.work().join(POLICY).exists());
}

#[test]
fn a_repository_without_secrets_gets_examples() {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    let output = sandbox.run(["init"]).expect_code(0);
    assert!(output.stdout.contains("0 recipients of 0 secret files"));
    let text = String::from_utf8(sandbox.read(POLICY)).unwrap();
    let set: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(
        set,
        ["min-recipients = 2", "escrow-proof-max-age = \"180d\""]
    );
    for command in ["check", "audit"] {
        assert_eq!(errors(&sandbox, command), [""; 0]);
    }
}

#[test]
fn a_policy_that_goes_on_from_another_says_so() {
    let sandbox = repository();
    sandbox.write(POLICY, "min-recipients = 3\n");
    commit(&sandbox);
    fs::remove_file(sandbox.work().join(POLICY)).unwrap();
    let output = sandbox.run(["init"]).expect_code(0);
    assert!(
        output.stdout.contains("has another policy"),
        "{}",
        output.stdout
    );
    let found = errors(&sandbox, "audit");
    assert!(
        found.contains(&format!("policy-weakened {POLICY}")),
        "{found:?}"
    );
}

#[test]
fn no_private_key_gets_into_a_policy() {
    let mut sandbox = repository();
    let keys = fs::read_to_string(testdata("rules/keys.txt")).unwrap();
    let private = keys
        .lines()
        .find_map(|line| Some(&line[line.find("AGE-SECRET-KEY-1")?..]))
        .unwrap();
    sandbox.know_secret(private);
    let config = format!(
        "keys:\n  - &{private} {ADA}\n  - {BOB} # {private}\ncreation_rules:\n  \
         - age: [{ADA}, {private}]\n"
    );
    sandbox.write(".sops.yaml", config);
    sandbox.write(format!("{private}.yaml"), sandbox.read("plain.yaml"));
    for arguments in [&["init", "--dry-run"][..], &["init"]] {
        let output = sandbox.run(arguments);
        assert!(!output.stdout.contains(private) && !output.stderr.contains(private));
    }
    let written = fs::read_to_string(sandbox.work().join(POLICY)).unwrap_or_default();
    assert!(!written.contains("AGE-SECRET"));
}

/// Policies, one a line (`~` ends a line of them), after what becomes of each: `+` is taken, `-` refused by
/// the reader and by the schema.
const POLICIES: &str = r#"
+
+ min-recipients = 1000
- min-recipients = 1001
- min-recipients = 0
- min-recipients = '2'
- min-recipient = 2
+ escrow-proof-max-age = '26w'
- escrow-proof-max-age = '6m'
- escrow-proof-max-age = '0d'
- escrow-proof-max-age = 180
+ secret-files = ['**/*.enc.*', 'a [1]/{b,c}']
- secret-files = 'a'
- secret-files = ['/a']
- exclude = ['a/../b']
- exclude = ['..']
- exclude = ['']
+ exclude = ['..a', 'b..']
- excludes = []
+ [rules]~mac-mismatch = 'off'~policy-weakened = 'error'
- [rules]~policy-weakened = 'warning'
- [rules]~mac-mismach = 'off'
- [rules]~mac-mismatch = 'of'
- [rules]~mac-mismatch = false
- rules = 'off'
+ [[ignore]]~rule = 'mac-mismatch'~path = 'a/**'~reason = 'b'
- [[ignore]]~rule = 'mac-mismatch'~path = 'a/**'~reason = ' '
- [[ignore]]~rule = 'mac-mismatch'~path = 'a/**'
- [[ignore]]~rule = 'mac-mismatch'~reason = 'b'
- [[ignore]]~rule = 'policy-weakened'~path = 'a'~reason = 'b'
- [ignore]~rule = 'mac-mismatch'
- recipient = 'ADA'
- [[recipient]]~name = 'a'
- [[recipient]]~key = 'ADA'
+ OWNER~role = 'escrow'~paths = []~held-by = ['laptop']~proved = 2026-11-22
- OWNER~role = 'boss'
- OWNER~rol = 'escrow'
- OWNER~paths = 'a'
- OWNER~held-by = ['']
- OWNER~proved = 2026-11-22T10:00:00Z
- [[recipient]]~key = 'ADA'~name = ' '
- [[recipient]]~key = 'ADA'~name = "a\nb"
- [[recipient]]~key = 'ADA'~name = 'LONG'
- KEY 'age1x'
- KEY 'hunter2'
- KEY 'AGE-SECRET-KEY-1QQQQ'
+ KEY 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdtHtDL+rRkXjWXHYfPEYkHjpmdKCkmYkHCT2rXbbWk me@home'
- KEY 'ssh-dss AAAA'
+ KEY '85D77543B3D624B63CEA9E6DBC17301B491B3F21'
+ KEY 'bc17 301b 491b 3f21'
- KEY '85D77543'
+ KEY 'arn:aws:kms:us-east-1:656532927350:key/920aff2e-c5f1-4040-943a-047fa387b27e'
+ KEY 'projects/p/locations/global/keyRings/r/cryptoKeys/k'
- KEY 'projects/p/locations/global/keyRings/r'
+ KEY 'https://v.example.org:8200/v1/sops/keys/first'
+ KEY 'https://x.vault.azure.net/keys/k/0123456789abcdef'
- KEY 'https://x.example.org/k'
"#;

/// Whether each policy is to be taken, and its text.
fn policies() -> Vec<(bool, String)> {
    let lines = POLICIES.trim().lines();
    lines
        .map(|line| {
            let text = line[1..].trim();
            let text = match text.strip_prefix("KEY ") {
                Some(key) => format!("[[recipient]]~key = {key}~name = 'a'"),
                None => text.replace("OWNER", "[[recipient]]~key = 'ADA'~name = 'a'"),
            };
            let text = text.replace("ADA", ADA).replace("LONG", &"é".repeat(81));
            (line.starts_with('+'), text.replace('~', "\n"))
        })
        .collect()
}

#[test]
fn the_reader_takes_what_the_table_of_policies_says() {
    let sandbox = Sandbox::new();
    _ = sandbox.git(["init", "--quiet"]);
    for (is_taken, text) in policies() {
        sandbox.write("policy.toml", &text);
        let output = sandbox.run(["check", "--config", "policy.toml"]);
        let code = if is_taken { 0 } else { 2 };
        assert_eq!(output.code, code, "{text}\n{}", output.stderr);
    }
}

const ASK: &str = "
import json, sys, tomllib
from jsonschema import Draft202012Validator as Validator
asked = json.load(sys.stdin)
Validator.check_schema(asked['schema'])
validator = Validator(asked['schema'], format_checker=Validator.FORMAT_CHECKER)
plain = lambda text: json.loads(json.dumps(tomllib.loads(text), default=lambda date: date.isoformat()))
print(json.dumps([validator.is_valid(plain(text)) for text in asked['policies']]))
";

#[test]
#[ignore = "needs scripts/peers; asks jsonschema"]
fn the_schema_takes_what_the_table_of_policies_says() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/peers");
    let mut peers = Command::new(script);
    let peer = peers.args(["--print", "sarif-check"]).output().unwrap();
    let peer = String::from_utf8(peer.stdout).unwrap();
    let python = std::path::Path::new(peer.trim()).with_file_name("python");
    let sandbox = repository();
    let mut all = policies();
    let first = sandbox.run(["init", "--dry-run"]).stdout;
    all.push((true, first));
    let texts: Vec<&str> = all.iter().map(|(_, text)| text.as_str()).collect();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let asked = json!({"schema": schema, "policies": texts}).to_string();
    let mut command = Command::new(python);
    command.args(["-c", ASK]);
    let (fine, said) = crate::services::pipe(command, &asked);
    assert!(fine, "{said}");
    let taken: Vec<bool> = serde_json::from_str(&said).unwrap();
    for ((is_taken, text), taken) in all.iter().zip(taken) {
        assert_eq!(taken, *is_taken, "{text}");
    }
}

fn schema() -> String {
    let sandbox = Sandbox::new();
    sandbox.run(["init", "--schema"]).expect_code(0).stdout
}

/// With `SOPSGUARD_BLESS=1` it is written.
#[test]
fn the_schema_in_the_docs_is_the_present_one() {
    let schema = schema();
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sopsguard.schema.json");
    if std::env::var_os("SOPSGUARD_BLESS").is_some() {
        fs::write(place, &schema).unwrap();
    }
    assert_eq!(
        fs::read_to_string(place).unwrap_or_default(),
        schema,
        "stale; SOPSGUARD_BLESS=1 cargo test --test cli the_schema_in"
    );
}
