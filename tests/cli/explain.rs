//! `sopsguard explain --tree`.

use crate::sandbox::Sandbox;

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
