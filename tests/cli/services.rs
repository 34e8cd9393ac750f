//! `--format sarif`, `github`, `gitlab` and `junit`: what services read, whatever files are called.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sandbox::{Output, Sandbox, testdata};

/// Names of files, each of which is a trap for some format.
const TRAPS: [&str; 12] = [
    "::error file=x::y.enc.yaml",
    "a\n::error::b.enc.yaml",
    "a\r\n::set-env name=PATH::x.enc.yaml",
    "a%0A::warning::b%2Cline=7.enc.yaml",
    "a,line=1,title=x:y.enc.yaml",
    "]]><b a=\"1\">&amp;'.enc.yaml",
    "\u{202e}lmay.\u{200b}enc.enc.yaml",
    "\u{1b}[31m\u{1}\u{7f}\u{9b}.enc.yaml",
    "\u{ffff}\u{fffe}.enc.yaml",
    "[click](javascript:alert).enc.yaml",
    "{0}##[error]##vso[task].enc.yaml",
    "ä ü?#%2e%2e.enc.yaml",
];

fn traps() -> Sandbox {
    let sandbox = Sandbox::with_repository();
    sandbox.git(["rm", "-r", "--quiet", "--ignore-unmatch", "damaged"]);
    for name in TRAPS {
        sandbox.write(format!("traps/{name}"), "password: pasted-in-clear\n");
    }
    sandbox
}

fn check(sandbox: &Sandbox, format: &str, more: &[&str]) -> Output {
    sandbox.run(["check", "--format", format].iter().chain(more))
}

/// The command, its properties and its text.
type Annotation = (String, Vec<(String, String)>, String);

/// What a runner of GitHub takes from a line.
fn command(line: &str) -> Option<Annotation> {
    let (head, text) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
    let unescape = |text: &str| {
        text.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",")
            .replace("%25", "%")
    };
    let properties = properties
        .split(',')
        .filter_map(|part| part.split_once('='));
    let properties = properties.map(|(name, value)| (name.to_owned(), unescape(value)));
    Some((command.to_owned(), properties.collect(), unescape(text)))
}

#[test]
fn github_shows_ten_annotations_errors_first_and_counts_the_rest() {
    let sandbox = traps();
    sandbox.write(
        ".sopsguard.toml",
        "exclude = [\"damaged\", \"key.txt\"]\n[rules]\nnot-encrypted = \"warning\"\n",
    );
    let fires = testdata("rules/malformed-metadata/fires");
    for entry in std::fs::read_dir(fires).unwrap().take(2) {
        let entry = entry.unwrap();
        sandbox.write(entry.file_name(), std::fs::read(entry.path()).unwrap());
    }
    let output = check(&sandbox, "github", &["--config", ".sopsguard.toml"]);
    let commands: Vec<_> = output.stdout.lines().filter_map(command).collect();
    assert_eq!(commands.len(), 10, "{}", output.stdout);
    let levels: Vec<&str> = commands.iter().map(|(level, ..)| level.as_str()).collect();
    assert!(levels[0] == "error" && levels[9] == "warning", "{levels:?}");
    assert!(levels.is_sorted(), "{levels:?}");
    let report = check(&sandbox, "json", &["--config", ".sopsguard.toml"]).json();
    let found = report["findings"].as_array().unwrap().len();
    let rest = format!("{} more findings not shown here (", found - 10);
    assert!(output.stdout.contains(&rest), "{}", output.stdout);
    for (_, properties, text) in &commands {
        let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
        let known = ["file", "line", "col", "endLine", "endColumn", "title"];
        assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
        let file = &properties[0].1;
        assert!(!file.starts_with('/') && !file.contains(char::is_control));
        assert!(!text.is_empty() && !text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn no_name_of_a_file_begins_a_command() {
    let sandbox = traps();
    for name in TRAPS {
        let path = format!("traps/{name}");
        let output = check(&sandbox, "github", &[&path]).expect_code(1);
        let commands: Vec<_> = output.stdout.lines().filter_map(command).collect();
        let [(level, properties, _)] = &commands[..] else {
            panic!("{name:?}:\n{}", output.stdout);
        };
        let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["file", "line", "col", "endColumn", "title"],
            "{name:?}"
        );
        assert_eq!(
            (level.as_str(), properties[4].1.as_str()),
            ("error", "not-encrypted")
        );
        let is_plain = !name.contains(['\n', '\u{202e}', '\u{1b}']) && !name.contains("##");
        assert!(
            !is_plain || properties[0].1 == path,
            "{name:?}: {properties:?}"
        );
        assert!(!output.stdout.contains("##"), "{}", output.stdout);
        assert!(!output.stderr.lines().any(|line| command(line).is_some()));
    }
}

#[test]
fn paths_and_fingerprints_are_the_same_from_wherever_the_check_runs() {
    let sandbox = traps();
    let from = |folder: &str, format: &str| check(&sandbox, format, &["-C", folder]).json();
    let set = |all: &Value, of: fn(&Value) -> [&Value; 2]| -> BTreeSet<String> {
        let all = all.as_array().unwrap().iter();
        all.map(|one| format!("{:?}", of(one))).collect()
    };
    let of_sarif = |folder| {
        set(&from(folder, "sarif")["runs"][0]["results"], |result| {
            let place = &result["locations"][0]["physicalLocation"];
            let fingerprints = &result["partialFingerprints"];
            [
                &place["artifactLocation"]["uri"],
                &fingerprints["sopsguard/v1"],
            ]
        })
    };
    let of_gitlab = |folder| {
        set(&from(folder, "gitlab"), |issue| {
            [&issue["location"]["path"], &issue["fingerprint"]]
        })
    };
    let of_json = |folder| {
        set(&from(folder, "json")["findings"], |found| {
            [&found["rule"], &found["fingerprint"]]
        })
    };
    for (root, folder) in [
        (of_sarif("."), of_sarif("healthy/apps")),
        (of_gitlab("."), of_gitlab("healthy/apps")),
        (of_json("."), of_json("healthy/apps")),
    ] {
        assert!(root.len() > TRAPS.len());
        assert_eq!(root, folder);
    }
    // The files of the suites, from an empty folder below a folder.
    let files = |folder: &str| -> BTreeSet<String> {
        let xml = check(&sandbox, "junit", &["-C", folder]).stdout;
        let suites = xml.lines().filter(|line| line.contains("<testsuite "));
        suites.map(str::to_owned).collect()
    };
    assert_eq!(files("."), files("healthy/apps"));
}

#[test]
fn gitlab_gets_issues_of_its_kind() {
    let sandbox = traps();
    let issues = check(&sandbox, "gitlab", &["-C", "traps"])
        .expect_code(1)
        .json();
    let issues = issues.as_array().unwrap();
    let fingerprints: BTreeSet<&str> = issues
        .iter()
        .map(|issue| issue["fingerprint"].as_str().unwrap())
        .collect();
    assert_eq!(fingerprints.len(), issues.len());
    for name in TRAPS {
        let path = format!("traps/{name}");
        let mut same = issues.iter();
        assert!(
            same.any(|issue| issue["location"]["path"] == *path),
            "{name:?}"
        );
    }
    for issue in issues {
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
        let severity = issue["severity"].as_str().unwrap();
        assert!(["info", "minor", "critical"].contains(&severity));
        assert!(!issue["description"].as_str().unwrap().contains('\n'));
        let names: Vec<&String> = issue.as_object().unwrap().keys().collect();
        let known = [
            "description",
            "check_name",
            "fingerprint",
            "severity",
            "location",
        ];
        assert_eq!(names, known);
    }
    let clean = check(&sandbox, "gitlab", &["healthy"]).expect_code(0);
    assert_eq!(clean.stdout, "[]\n");
}

#[test]
fn sarif_names_each_place_and_what_was_not_evaluated() {
    let sandbox = traps();
    let log = check(&sandbox, "sarif", &[]).expect_code(1).json();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > TRAPS.len());
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let uri = place["uri"].as_str().unwrap();
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
        assert!(uri.chars().all(is_safe) && !uri.starts_with('/'), "{uri}");
        assert_eq!(place["uriBaseId"], "%SRCROOT%");
    }
    // Columns count characters, not bytes.
    sandbox.write("ä.enc.yaml", "ä: {ö: pasted-in-clear}\n");
    let log = check(&sandbox, "sarif", &["ä.enc.yaml"]).json();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["region"]["startColumn"],
        "ä: {ö: ".chars().count() + 1
    );
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let stated = |format: &str| check(&sandbox, format, &["damaged/infra"]).json();
    let (sarif, json) = (stated("sarif"), stated("json"));
    let (sarif, json) = (&sarif["runs"][0], &json);
    for (result, finding) in sarif["results"]
        .as_array()
        .unwrap()
        .iter()
        .zip(json["findings"].as_array().unwrap())
    {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], finding["start"]["line"]);
        assert_eq!(region["startColumn"], finding["start"]["column"]);
        assert_eq!(
            result["partialFingerprints"]["sopsguard/v1"],
            finding["fingerprint"]
        );
    }
    let said = sarif["invocations"][0]["toolExecutionNotifications"].as_array();
    let skipped: usize = said
        .unwrap()
        .iter()
        .filter(|said| said["descriptor"]["id"] == "not-evaluated")
        .map(|said| said["locations"].as_array().unwrap().len())
        .sum();
    assert_eq!(skipped, json["not-evaluated"].as_array().unwrap().len());
    assert!(skipped > 0);
}

#[test]
#[ignore = "needs scripts/peers"]
fn sarif_is_what_its_schema_asks_for() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/peers");
    let peer = Command::new(script)
        .args(["--print", "sarif-check"])
        .output();
    let peer = String::from_utf8(peer.unwrap().stdout).unwrap();
    let validate = |log: &str| {
        let (fine, complaint) = pipe(Command::new(peer.trim()), log);
        assert!(fine, "{complaint}");
    };
    let sandbox = traps();
    for more in [&[][..], &["healthy"], &["damaged", "--identity", "key.txt"]] {
        validate(&check(&sandbox, "sarif", more).stdout);
    }
    let all = testdata("rules");
    validate(&check(&sandbox, "sarif", &[all.to_str().unwrap()]).stdout);
    validate(&sandbox.run(["audit", "--format", "sarif"]).stdout);
    let broken = check(&sandbox, "sarif", &[])
        .stdout
        .replace("\"warning\"", "\"bad\"");
    assert!(
        !pipe(Command::new(peer.trim()), &broken).0,
        "it validates nothing"
    );
}

#[test]
#[ignore = "needs python3"]
fn junit_is_xml_that_says_what_was_found() {
    let sandbox = traps();
    let count = "
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
assert root.tag == 'testsuites', root.tag
for level in [root, *root]:
    cases = list(level.iter('testcase'))
    of = lambda tag: sum(case.find(tag) is not None for case in cases)
    assert int(level.get('tests')) == len(cases)
    assert int(level.get('failures')) == of('failure')
    assert int(level.get('skipped')) == of('skipped')
for suite in root:
    names = [case.get('name') for case in suite]
    assert len(set(names)) == len(names) > 0, names
    for case in suite:
        assert case.get('file') == suite.get('name')
        assert all(child.tag in ('failure', 'skipped', 'system-out') for child in case)
print(root.get('tests'), root.get('failures'))
";
    let parse = |more: &[&str]| {
        let xml = check(&sandbox, "junit", more).stdout;
        let mut python = Command::new("python3");
        python.args(["-c", count]);
        let (fine, said) = pipe(python, &xml);
        assert!(fine, "{said}\n{xml}");
        said
    };
    let key = ["--identity", "key.txt"];
    for more in [&["healthy/apps", key[0], key[1]][..], &["traps"], &[]] {
        let report = check(&sandbox, "json", more).json();
        let count = |name: &str| report[name].as_array().unwrap().len();
        let findings = report["findings"].as_array().unwrap().iter();
        let cases = |of: &dyn Fn(&&Value) -> bool| {
            let of_rule = |found: &Value| format!("{} {}", found["rule"], found["path"]);
            let cases: BTreeSet<String> = findings.clone().filter(of).map(of_rule).collect();
            cases.len()
        };
        let all = count("files") + count("not-evaluated") + cases(&|_| true);
        let failed = cases(&|found| found["severity"] == "error");
        assert_eq!(parse(more).trim_end(), format!("{all} {failed}"));
    }
}

/// Gives a program a text, and says whether it ended well and what it said.
pub(crate) fn pipe(mut program: Command, text: &str) -> (bool, String) {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}
