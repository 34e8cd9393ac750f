//! Files that are not encrypted: which are an alarm, which are another program's, and what is
//! searched for private keys.

use std::fs;

use crate::sandbox::{Output, Sandbox, testdata};

fn fixture(path: &str) -> Vec<u8> {
    fs::read(testdata("rules").join(path)).unwrap()
}

#[test]
fn files_of_other_programs_are_named_with_their_reason_and_are_no_alarm() {
    let sandbox = Sandbox::new();
    sandbox.write("a.enc.yaml", "$ANSIBLE_VAULT;1.1;AES256\n6331\n");
    sandbox.write("b.enc.yaml", "kind: SealedSecret\nspec: {a: canary}\n");
    sandbox.write("plain.yaml", "kind: SealedSecret\nspec: {a: canary}\n");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(0)
        .json();
    let files = report["files"].as_array().unwrap();
    let reasons: Vec<_> = files.iter().map(|file| file["reason"].as_str()).collect();
    assert_eq!(reasons, [Some("ansible-vault"), Some("sealed-secret")]);
    assert_eq!(report["summary"]["not-encrypted"], 2);
    let text = sandbox.run(["check"]).expect_code(0).stdout;
    assert!(
        text.contains("not sops's: a.enc.yaml: an Ansible vault\n"),
        "{text}"
    );
}

#[test]
fn a_manifest_in_clear_is_an_alarm_where_its_name_or_the_user_says_so() {
    let secret = "kind: Secret\nstringData: {a: canary}\n";
    let sandbox = Sandbox::new();
    sandbox.write("manifest.yaml", secret);
    sandbox.write("settings.yaml", "a: canary\n");
    _ = sandbox.run(["check"]).expect_code(0);
    _ = sandbox.run(["check", "settings.yaml"]).expect_code(0);
    let named = sandbox
        .run(["check", "manifest.yaml"])
        .expect_code(1)
        .stdout;
    assert!(named.contains("error[not-encrypted]"), "{named}");
    sandbox.write("manifest.enc.yaml", secret);
    let walked = sandbox.run(["check"]).expect_code(1).stdout;
    assert!(
        walked.contains("manifest.enc.yaml:2:14: error[not-encrypted]"),
        "{walked}"
    );
}

const RULES: &str = "creation_rules:
  - path_regex: secrets/.*\\.ya?ml$
    encrypted_regex: ^(data|stringData)$
    age: age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du
  - encrypted_suffix: _secret
";

const SECRET: &str = "kind: Secret\nstringData: {a: canary}\n";

/// Files in clear, and whether a rule is for the Secret in them.
const CLEAR: [(&str, &str, bool); 14] = [
    ("secrets/db.yaml", SECRET, true),
    (
        "apps/secrets/db.yml",
        "a: b\n---\nkind: Secret\ndata: {a: Y2FuYXJ5}\n",
        true,
    ),
    (
        "secrets/list.yaml",
        "kind: List\nitems: [{kind: Secret, data: {a: Y2FuYXJ5}}]\n",
        true,
    ),
    ("apps/db.yaml", SECRET, false),
    (
        "secrets/db.json",
        "{\"kind\": \"Secret\", \"data\": {\"a\": \"Y2FuYXJ5\"}}",
        false,
    ),
    (
        "secrets/map.yaml",
        "kind: ConfigMap\ndata: {a: canary}\n",
        false,
    ),
    (
        "secrets/sealed.yaml",
        "kind: SealedSecret\nspec: {template: {kind: Secret}, data: {a: canary}}\n",
        false,
    ),
    (
        "secrets/external.yaml",
        "kind: ExternalSecret\nspec: {data: [{secretKey: canary}]}\n",
        false,
    ),
    (
        "secrets/values.yaml",
        "kind: Values\nsops: {enabled: true}\nSecret: {a: canary}\n",
        false,
    ),
    (
        "secrets/token.yaml",
        "kind: Secret\ntype: kubernetes.io/service-account-token\n",
        false,
    ),
    (
        "secrets/filled.yaml",
        "kind: Secret\nstringData: {a: '${CANARY}', b: ''}\n",
        false,
    ),
    (
        "secrets/chart.yaml",
        "kind: Secret\nstringData: {a: {{ .Values.a }}}\n",
        false,
    ),
    ("secrets/db.example.yaml", SECRET, false),
    ("elsewhere/secrets/db.yaml", SECRET, false),
];

#[test]
fn a_secret_in_clear_is_an_alarm_where_a_rule_of_sops_is_for_its_file() {
    for (path, text, is_found) in CLEAR {
        let sandbox = Sandbox::new();
        _ = sandbox.git(["init", "--quiet"]);
        sandbox.write(".sops.yaml", RULES);
        sandbox.write(
            "elsewhere/.sops.yaml",
            "creation_rules:\n  - path_regex: none\n",
        );
        sandbox.write(path, text);
        let code = i32::from(is_found);
        for staged in [false, true] {
            if staged {
                _ = sandbox.git(["add", "--all"]);
            }
            let arguments = if staged {
                &["check", "--staged"][..]
            } else {
                &["check"]
            };
            let told = sandbox.run(arguments).expect_code(code).stdout;
            let found = told.contains(&format!("{path}:")) && told.contains("error[not-encrypted]");
            assert_eq!(found, is_found, "{path}: {told}");
        }
        _ = sandbox.git(["commit", "--quiet", "--message", "All"]);
        let since = [
            "check",
            "--since",
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        ];
        _ = sandbox.run(since).expect_code(code);
        // A rule that is for all files by saying nothing says nothing of any; once it is committed.
        sandbox.write(".sops.yaml", RULES.replace("path_regex", "# path_regex"));
        _ = sandbox.run(["check"]).expect_code(code);
        _ = sandbox.git(["commit", "--quiet", "--all", "--message", "All"]);
        _ = sandbox.run(["check"]).expect_code(0);
    }
}

/// A repository with filters that stand in for git-crypt and transcrypt: they write what those write
/// first.
fn repository_with_filters() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet"]);
    sandbox.write("a/db.enc.yaml", "password: canary\n");
    sandbox.write("a/id", fixture("private-key-committed/fires/id_ed25519"));
    sandbox.write("b/db.enc.yaml", "password: canary\n");
    sandbox.write(
        ".gitattributes",
        "a/** filter=git-crypt-team diff=git-crypt\nb/** filter=crypt\n",
    );
    sandbox
}

fn configure_filters(sandbox: &Sandbox) {
    let git_crypt = r"printf '\0GITCRYPT\0\1\2\3'";
    sandbox.git(["config", "filter.git-crypt-team.clean", git_crypt]);
    sandbox.git(["config", "filter.crypt.clean", "echo U2FsdGVkX1+abc="]);
}

fn check_with_git(sandbox: &Sandbox) -> Output {
    let arguments = ["check", "--format", "json"];
    sandbox.command(arguments).with_git().run()
}

#[test]
fn what_git_encrypts_on_its_way_into_the_index_may_stand_in_clear() {
    let sandbox = repository_with_filters();
    configure_filters(&sandbox);
    let reasons = || {
        let report = check_with_git(&sandbox).expect_code(0).json();
        let files = report["files"].as_array().unwrap().clone();
        files
            .iter()
            .map(|file| file["reason"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons(), ["git-crypt", "transcrypt"], "not in the index");
    sandbox.git(["add", "."]);
    assert_eq!(reasons(), ["git-crypt", "transcrypt"], "in the index");
    sandbox.git(["config", "--remove-section", "filter.crypt"]);
    assert_eq!(
        reasons(),
        ["git-crypt", "transcrypt"],
        "git has it encrypted"
    );
    sandbox.write(".gitattributes", "a/** filter=lfs\n");
    _ = check_with_git(&sandbox).expect_code(1);
}

#[test]
fn what_git_will_encrypt_once_a_merge_is_done_may_stand_in_clear() {
    let sandbox = repository_with_filters();
    configure_filters(&sandbox);
    sandbox.git(["add", "."]);
    let commit = |name: &str| {
        // The filter of this test writes the same of any text.
        let salted = format!("echo U2FsdGVkX1+{name}=");
        sandbox.git(["config", "filter.crypt.clean", &salted]);
        sandbox.write("b/db.enc.yaml", format!("password: canary-{name}\n"));
        sandbox.git(["commit", "--quiet", "--all", "--message", name]);
    };
    commit("base");
    sandbox.git(["branch", "other"]);
    commit("ours");
    sandbox.git(["checkout", "--quiet", "--force", "other"]);
    commit("theirs");
    let mut merge = sandbox.git_command();
    let merged = merge.args(["merge", "--quiet", "-"]).output().unwrap();
    assert!(!merged.status.success(), "a conflict");
    sandbox.write("b/db.enc.yaml", "password: canary\n");
    _ = check_with_git(&sandbox).expect_code(0);
    sandbox.git(["config", "--remove-section", "filter.crypt"]);
    _ = check_with_git(&sandbox).expect_code(1);
}

#[test]
fn a_line_in_gitattributes_alone_forgives_nothing() {
    let sandbox = repository_with_filters();
    let alarms = || {
        let report = check_with_git(&sandbox).expect_code(1).json();
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!(alarms(), 3, "no program is set up");
    sandbox.git(["add", "."]);
    assert_eq!(alarms(), 3, "git has the files in clear");
    configure_filters(&sandbox);
    assert_eq!(alarms(), 3, "git has them in clear still");
}

#[test]
fn a_broken_file_is_a_template_only_where_its_placeholders_break_it() {
    let sandbox = Sandbox::new();
    sandbox.write("a.enc.yaml", "user: canary\npassword: {{ .Values.a }}\n");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(report["files"][0]["reason"], "template");
    assert_eq!(report["findings"][0]["severity"], "warning");
    let help = report["findings"][0]["help"].to_string();
    assert!(
        help.contains("path from the top of the repository") && !help.contains("a.enc.yaml"),
        "{help}"
    );
    sandbox.write("a.enc.yaml", "a: [1\npassword: canary {{\n");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(1)
        .json();
    assert_eq!(report["files"][0]["verification"], "failed");
    // It was never encrypted, whatever else is wrong with it.
    assert_eq!(report["findings"][0]["rule"], "not-encrypted");
    assert_eq!(report["findings"][1]["rule"], "unreadable-file");
}

#[test]
fn files_that_are_not_searched_for_private_keys_are_counted() {
    let key = fixture("private-key-committed/fires/age.txt");
    let sandbox = Sandbox::new();
    let binary = [&b"\0"[..], &key].concat();
    sandbox.write("picture", binary);
    let long = [&key[..], &vec![b'.'; 1 << 20]].concat();
    sandbox.write("long.txt", long);
    sandbox.write("empty", "");
    let report = sandbox
        .run(["check", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(report["unsearched"], 2);
    assert_eq!(report["files"].as_array().unwrap().len(), 0);
    let text = sandbox.run(["check", "--verbose"]).expect_code(0).stdout;
    let line = "did not search 2 of them for private keys: binary, or larger than 1 MiB\n";
    assert!(text.contains(line), "{text}");
    sandbox.write("key.txt", key);
    let text = sandbox.run(["check"]).expect_code(1).stdout;
    assert!(
        text.contains("key.txt:3:1: error[private-key-committed]"),
        "{text}"
    );
    assert!(!text.contains("AGE-SECRET-KEY-1"), "{text}");
}
