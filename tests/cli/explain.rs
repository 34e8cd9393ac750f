//! `sopsguard explain`, with `--tree` and without.

use serde_json::Value;

use crate::sandbox::{Sandbox, testdata};

#[test]
fn shows_the_leaves_of_clear_text_as_sops_types_them() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.yaml",
        "a: 012\nb:\n  - yes\n  - 1e3 # comment\n  - true\nc_unencrypted: 2001-12-14\nd: ~\ne: \"\"\n",
    );
    let output = sandbox.run(["explain", "--tree", "a.yaml"]).expect_code(0);
    insta::assert_snapshot!(output.stdout, @r"
    a.yaml:1:4: int    selected in-mac a
    a.yaml:3:5: string selected in-mac b
    a.yaml:4:5: float  selected in-mac b
    a.yaml:5:5: bool   selected in-mac b
    a.yaml:6:16: time   clear    in-mac c_unencrypted
    a.yaml:7:4: null   clear    -      d
    a.yaml:8:4: string selected in-mac e
    no sops metadata: shown as sops would take it with no selector set
    ");
    let output = sandbox
        .run(["explain", "--tree", "a.yaml", "--format", "json"])
        .expect_code(0);
    let leaves = output.json()["leaves"].as_array().unwrap().clone();
    assert_eq!(leaves[0]["path"], serde_json::json!(["a"]));
    assert_eq!(leaves[0]["kind"], "int");
    // printf 10 | sha256sum
    assert_eq!(
        leaves[0]["bytes-sha256"],
        "4a44dc15364204a80fe80e9039455cc1608281820fe2b24f1e5233ade6af1dd5"
    );
    assert!(
        leaves
            .iter()
            .find(|leaf| leaf["kind"] == "null")
            .unwrap()
            .get("bytes-sha256")
            .is_none()
    );
}

#[test]
fn shows_of_an_encrypted_file_what_is_selected_and_hashes_only_what_is_in_clear() {
    let sandbox = Sandbox::with_example();
    let file = "healthy/apps/shop/database.enc.yaml";
    let report = sandbox
        .run(["explain", "--tree", file, "--format", "json"])
        .expect_code(0)
        .json();
    for leaf in report["leaves"].as_array().unwrap() {
        let secret = leaf["path"][0] == "stringData";
        assert_eq!(leaf["selected"], secret, "{leaf}");
        assert_eq!(leaf.get("bytes-sha256").is_none(), secret, "{leaf}");
        assert_ne!(leaf["path"][0], "sops");
    }
}

#[test]
fn reads_standard_input_and_keys_that_are_no_text() {
    let sandbox = Sandbox::new();
    let run = sandbox.command(["explain", "--tree", "-", "--format", "json"]);
    let report = run.stdin("!!binary /w==: x\n").run().expect_code(0).json();
    assert_eq!(report["leaves"][0]["path"], serde_json::json!(["\u{fffd}"]));
    assert_eq!(report["leaves"][0]["path-hex"], serde_json::json!(["ff"]));
}

#[test]
fn says_why_sops_would_not_load_a_file() {
    let sandbox = Sandbox::new();
    for (text, reason) in [
        ("a: [\n", "error: sops would not load `stdin.yaml`"),
        ("8080: x\n", "key"),
        ("a: 18446744073709551615\n", "integer"),
        ("- a\n", "stdin.yaml"),
    ] {
        let output = sandbox
            .command(["explain", "--tree", "-"])
            .stdin(text)
            .run()
            .expect_code(1);
        assert!(
            output.stdout.is_empty() && output.stderr.contains(reason),
            "{}",
            output.stderr
        );
    }
}

/// A repository in which the file went through these versions of `testdata/log`, a commit each.
fn life(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "--quiet", "--initial-branch=main"]);
    for name in names {
        let version = std::fs::read(testdata("log").join(name)).unwrap();
        sandbox.write("shop.enc.yaml", version);
        sandbox.git(["add", "--all"]);
        sandbox.git(["commit", "--quiet", "--message=x"]);
    }
    sandbox
}

fn key() -> String {
    testdata("rules/keys.txt").to_str().unwrap().to_owned()
}

fn page(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["explain", "--format", "json"], arguments].concat();
    let output = sandbox.command(arguments).with_git().run();
    output.expect_code(0).json()
}

fn told(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let arguments = [&["explain"], arguments].concat();
    let output = sandbox.command(arguments).with_git().run();
    output.expect_code(0).stdout
}

/// The recipient of the file of `testdata/log`.
fn ours(sandbox: &Sandbox) -> String {
    let text = String::from_utf8(sandbox.read("shop.enc.yaml")).unwrap();
    let line = text.lines().find(|line| line.contains("recipient: "));
    let name = line.unwrap().split("recipient: ").nth(1).unwrap();
    name.to_owned()
}

const ROTATED: &str = "6-rotated.enc.yaml";
const TEXT: &str = "7-text.enc.yaml";
const STRANGER: &str = "age1lf7n9f4k54ywhnj67v79z5dgl2fsqtalc70v4p5jcz9ucepa43gqljkj8r";

#[test]
fn a_page_says_which_rule_and_why_no_other_and_whose_the_keys_are() {
    let sandbox = life(&[ROTATED]);
    let ours = ours(&sandbox);
    sandbox.write(
        ".sops.yaml",
        format!(
            "keys:\n  - &ada {ours}\ncreation_rules:\n  - path_regex: ^infra/\n    age: {STRANGER}\n  \
             - path_regex: shop\\.enc\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: *ada\n  \
             - age: {STRANGER}\n"
        ),
    );
    let page = page(&sandbox, &["shop.enc.yaml", "--identity", &key()]);
    let rule = &page["rule"];
    assert_eq!(
        (&rule["config"], &rule["outcome"]),
        (&".sops.yaml".into(), &"applies".into())
    );
    assert_eq!(rule["asked"].as_array().unwrap().len(), 2);
    assert_eq!(rule["asked"][0]["path-regex"], "^infra/");
    assert_eq!(
        (&rule["asked"][1]["number"], &rule["asked"][1]["line"]),
        (&2.into(), &6.into())
    );
    assert_eq!(page["drift"]["updatekeys"], false);
    assert_eq!(page["drift"]["selectors"], Value::Null);
    let recipient = &page["groups"][0]["keys"][0];
    assert_eq!(
        (&recipient["name"], &recipient["mine"]),
        (&"ada".into(), &true.into())
    );
    assert_eq!(page["identities"][0]["opens"], true);
    assert_eq!(page["file"]["verification"], "verified");

    let told = told(&sandbox, &["shop.enc.yaml", "--identity", &key()]);
    for part in [
        "shop.enc.yaml: verified\n",
        "rule 1  line 4  path_regex: ^infra/              does not match\n",
        "rule 2  line 6  path_regex: shop\\.enc\\.yaml$  matches, and applies\n",
        "follows it",
        &format!("ada  {ours}  yours\n"),
        "opens it",
        "since HEAD  nothing: it is as committed\n",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&told).contains(&squeezed(part)), "{part}:\n{told}");
    }
}

#[test]
fn the_policy_has_the_last_word_on_what_a_recipient_is_called() {
    let sandbox = life(&[ROTATED]);
    let ours = ours(&sandbox);
    let policy = format!("[[recipient]]\nkey = \"{ours}\"\nname = \"the lab\"\n");
    sandbox.write(".sopsguard.toml", policy);
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {ours} # Ada\n"),
    );
    let page = page(&sandbox, &["shop.enc.yaml"]);
    assert_eq!(page["groups"][0]["keys"][0]["name"], "the lab");
}

#[test]
fn what_differs_from_the_rule_is_what_updatekeys_would_change_and_what_it_leaves() {
    let sandbox = life(&[ROTATED]);
    let ours = ours(&sandbox);
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {STRANGER}\n"),
    );
    let drift = &page(&sandbox, &["shop.enc.yaml"])["drift"];
    assert_eq!(drift["updatekeys"], true);
    assert_eq!(drift["missing"][0]["recipient"], STRANGER);
    assert_eq!(drift["extra"][0]["recipient"], ours.as_str());
    assert_eq!(drift["selectors"][0]["selector"]["name"], "encrypted_regex");
    assert_eq!(drift["selectors"][1]["selector"]["default"], true);
    let told = told(&sandbox, &["shop.enc.yaml"]);
    assert!(
        told.contains("  sopsguard updatekeys shop.enc.yaml\n"),
        "{told}"
    );
}

#[test]
fn a_page_tells_what_changed_since_sops_last_would_have_opened_the_file() {
    let sandbox = life(&[ROTATED, TEXT]);
    let before = sandbox.git(["rev-parse", "HEAD~1"]);
    for identity in [&["--identity", &key()][..], &[]] {
        let page = page(&sandbox, &[&["shop.enc.yaml"], identity].concat());
        let changes = &page["changes"];
        assert_eq!(changes["since-sound"].as_array().unwrap().len(), 1);
        assert_eq!(changes["since-sound"][0]["edit"], "outside-sops");
        assert_eq!(changes["sound"]["commit"], before.trim());
        let says = page["sops-says"].as_str().unwrap();
        assert!(says.contains("MAC mismatch"), "{says}");
    }
    sandbox.write(
        "shop.enc.yaml",
        std::fs::read(testdata("log").join(ROTATED)).unwrap(),
    );
    let page = page(&sandbox, &["shop.enc.yaml", "--identity", &key()]);
    assert_eq!(page["changes"]["uncommitted"][0]["edit"], "restored");
    assert_eq!(page["changes"]["sound"], Value::Null);
}

#[test]
fn every_kind_of_file_has_a_page() {
    let sandbox = Sandbox::with_repository();
    sandbox.write("clear.enc.yaml", "password: canary\n");
    sandbox.write("broken.enc.yaml", "a: [\n");
    sandbox.write(
        "sealed.enc.yaml",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n",
    );
    sandbox.write("no-metadata.enc.yaml", "sops: {}\n");
    sandbox.write("empty.enc.yaml", "");
    for (file, verdict) in [
        ("clear.enc.yaml", "not-encrypted"),
        ("broken.enc.yaml", "failed"),
        ("sealed.enc.yaml", "not-encrypted"),
        ("no-metadata.enc.yaml", "failed"),
        ("empty.enc.yaml", "not-encrypted"),
        ("healthy/apps/shop/database.enc.yaml", "not-verified"),
        ("damaged/infra/registry.enc.yaml", "failed"),
        ("key.txt", "not-encrypted"),
    ] {
        assert_eq!(
            page(&sandbox, &[file])["file"]["verification"],
            verdict,
            "{file}"
        );
        let told = told(&sandbox, &[file, "--verbose"]);
        assert!(
            told.contains("\nRule\n") && told.contains("\nChanges\n"),
            "{told}"
        );
    }
    let text = sandbox.read("healthy/apps/shop/database.enc.yaml");
    let run = sandbox.command([
        "explain",
        "-",
        "--stdin-name",
        "healthy/apps/shop/new.enc.yaml",
    ]);
    let output = run.with_git().stdin(text).run().expect_code(0);
    assert!(
        output.stdout.contains("healthy/.sops.yaml"),
        "{}",
        output.stdout
    );
    for (path, code) in [("nowhere.yaml", 3), ("healthy", 3)] {
        let _ = sandbox
            .command(["explain", path])
            .with_git()
            .run()
            .expect_code(code);
    }
}

#[test]
fn configurations_that_do_not_help_are_told_too() {
    let sandbox = life(&[ROTATED]);
    for (config, outcome) in [
        (None, "no-config"),
        (Some("creation_rules: [\n"), "unreadable"),
        (Some("stores: {}\n"), "no-rules"),
        (
            Some("creation_rules:\n  - path_regex: ^other$\n    age: x\n"),
            "no-match",
        ),
        (
            Some("creation_rules:\n  - path_regex: '('\n    age: x\n"),
            "refused",
        ),
    ] {
        if let Some(config) = config {
            sandbox.write(".sops.yaml", config);
        }
        let page = page(&sandbox, &["shop.enc.yaml"]);
        assert_eq!(page["rule"]["outcome"], outcome, "{config:?}");
        assert_eq!(page["drift"], Value::Null);
        let _ = told(&sandbox, &["shop.enc.yaml"]);
    }
}

#[test]
fn a_page_recommends_nothing_that_sops_refuses_or_that_leaves_all_in_clear() {
    let sandbox = life(&[ROTATED]);
    sandbox.write("new.enc.yaml", "password: x\n");
    sandbox.write(".sops.yaml", "creation_rules:\n  - ages: x\n");
    for file in ["shop.enc.yaml", "new.enc.yaml"] {
        let page = told(&sandbox, &[file]);
        assert!(page.contains("empty key group provided"), "{page}");
        assert!(
            !page.contains("updatekeys ") && !page.contains("encrypt -i"),
            "{page}"
        );
    }
    let broken = format!("creation_rules:\n  - encrypted_regex: '(?=a)'\n    age: {STRANGER}\n");
    sandbox.write(".sops.yaml", broken);
    let page = told(&sandbox, &["new.enc.yaml"]);
    assert!(
        page.contains("Go does not take it: it matches nothing, all stays in clear"),
        "{page}"
    );
    assert!(!page.contains("encrypt -i"), "{page}");
    let page = told(&sandbox, &[".sops.yaml"]);
    assert!(page.contains("sops's own configuration"), "{page}");
    assert!(
        page.contains("sopsguard audit") && !page.contains("encrypt -i"),
        "{page}"
    );
}

#[test]
fn a_key_in_another_group_is_told_as_moved_and_as_nothing_else() {
    let (alice, bob, carol) = (
        "age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38",
        "age1ge2dkqxku6gcfxf2k0672wsfd4gavrtqu8w5gww0ydp0n9vhhgyqdm0vwm",
        "age1lf7n9f4k54ywhnj67v79z5dgl2fsqtalc70v4p5jcz9ucepa43gqljkj8r",
    );
    let sandbox = Sandbox::new();
    let two = testdata("rules/single-recipient/quiet/two/db.enc.yaml");
    sandbox.write("db.enc.yaml", std::fs::read(two).unwrap());
    sandbox.write(
        ".sops.yaml",
        format!("creation_rules:\n  - key_groups:\n      - age: [{alice}]\n      - age: [{carol}, {bob}]\n"),
    );
    let page = sandbox.run(["explain", "--format", "json", "db.enc.yaml"]);
    let drift = &page.json()["drift"];
    let names = |list: &str| {
        let keys = drift[list].as_array().unwrap().iter();
        keys.map(|key| key["recipient"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(drift["updatekeys"], true);
    let (mut known, mut file) = (names("moved"), names("extra"));
    known.append(&mut file);
    assert_eq!(known, [carol], "{drift}");
    assert_eq!(names("missing"), [bob], "{drift}");
    let moved = &drift["moved"][0];
    assert_eq!(
        (&moved["group"], &moved["group-by-rule"]),
        (&1.into(), &2.into())
    );
    let told = sandbox.run(["explain", "db.enc.yaml"]).stdout;
    assert!(told.contains("group 1 here, 2 by the rule"), "{told}");
    assert!(!told.contains("too many"), "{told}");
}
