//! The rule about the policy against its fixtures: see `testdata/rules/README.md`.

use std::path::Path;

use super::super::{ConfigContext, FileContext, Findings};
use super::stories::{MAX_LEN, fixtures};
use crate::config::Policy;
use crate::finding::{Finding, Severity};
use crate::fs;
use crate::rules::{Check, Command, RULES};
use crate::source::{Source, SourceId};

fn usual(id: &str) -> Severity {
    RULES.iter().find(|rule| rule.id == id).unwrap().severity
}

fn source(story: &Path, name: &str) -> Option<Source> {
    let bytes = fs::read(&story.join(name), MAX_LEN).ok()?;
    let id = SourceId::WorkTree(name.into());
    Some(Source::decode(id, bytes).unwrap())
}

fn policy(source: Option<&Source>) -> Policy {
    let root = Path::new("/r");
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    source.map_or_else(
        || Policy::defaults(root, root),
        |source| Policy::parse(source.text(), &rules, root, root).unwrap(),
    )
}

/// All that the rules about the policy find in a story.
fn told(story: &Path) -> Vec<Finding> {
    let now = source(story, "now.toml");
    let other = source(story, "other.toml");
    let mut before = vec![policy(source(story, "base.toml").as_ref())];
    before.extend(other.map(|other| policy(Some(&other))));
    let loosenings = policy(now.as_ref()).go_on_from(before, usual);
    let file = FileContext::of_text(Path::new(".sopsguard.toml"), now.as_ref());
    let context = ConfigContext {
        file: &file,
        loosenings: &loosenings,
        revision: "HEAD",
        command: Command::Check,
    };
    let mut found = Vec::new();
    for rule in RULES {
        if let Check::Config(check) = rule.check {
            check(&context, &mut Findings::new(rule, &file, &mut found));
        }
    }
    found
}

fn stories(side: &str) -> Vec<(String, Vec<Finding>)> {
    let folder = fixtures().join("policy-weakened").join(side);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{side}");
    names
        .into_iter()
        .map(|name| {
            let found = told(&folder.join(&name));
            (name, found)
        })
        .collect()
}

/// What each story of a looser policy has to tell: the place in the policy as it is now, and what is
/// looser.
const TOLD: [(&str, &str, &str); 20] = [
    (
        "deleted",
        "-",
        "`recipient-added` was \"error\" and is \"warning\"",
    ),
    ("excluded", "1:12", "`apps` is left out"),
    (
        "excluded-wider",
        "1:12",
        "`apps/*` is left out, which no pattern of before is certain to cover",
    ),
    (
        "ignored",
        "3:8",
        "`mac-mismatch` is ignored in `apps/wiki/**`",
    ),
    (
        "ignored-too",
        "7:8",
        "`unreadable-file` is ignored in `apps/wiki/**`",
    ),
    (
        "ignored-wider",
        "3:8",
        "`mac-mismatch` is ignored in `apps/**`, which no pattern of before is certain to cover",
    ),
    (
        "lowered",
        "2:16",
        "`mac-mismatch` was \"error\" and is \"note\"",
    ),
    ("merged", "1:12", "`old` is left out"),
    (
        "min-recipients",
        "2:18",
        "files need 2 recipients, and needed 3",
    ),
    ("new", "2:16", "`mac-mismatch` was \"error\" and is \"off\""),
    (
        "no-longer-raised",
        "-",
        "`recipient-added` was \"error\" and is \"warning\"",
    ),
    (
        "no-secret-files",
        "1:1",
        "names like `secrets/**` need not be encrypted",
    ),
    ("off", "3:16", "`mac-mismatch` was \"error\" and is \"off\""),
    (
        "proof-age",
        "1:24",
        "a proof of an escrow key may be 1y old, and might be 180d",
    ),
    (
        "recipient-listed",
        "6:7",
        "\"bob\" (`age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du`) \
         may decrypt files",
    ),
    (
        "recipient-paths",
        "4:23",
        "\"ada\" (`age18j75m3wustk3rv29qg94mjtqj8yjkqsdf9eg50gyh3ksmv4qr9ks505taf`) \
         may decrypt `apps/shop/**`, which no pattern of before is certain to cover",
    ),
    (
        "recipient-role",
        "2:7",
        "\"ada\" (`age18j75m3wustk3rv29qg94mjtqj8yjkqsdf9eg50gyh3ksmv4qr9ks505taf`) \
         is no escrow key any more, and needs no proof",
    ),
    (
        "recipients-gone",
        "-",
        "no recipients are listed any more, so that every key is trusted",
    ),
    (
        "secret-files",
        "1:1",
        "names like `**/*.enc.*` need not be encrypted: no pattern of now is certain to cover them",
    ),
    (
        "uncertain",
        "1:12",
        "`apps/wiki` is left out, which no pattern of before is certain to cover",
    ),
];

#[test]
fn each_looser_policy_is_told_with_its_place() {
    let stories = stories("fires");
    assert_eq!(stories.len(), TOLD.len());
    for ((name, found), (expected, place, what)) in stories.iter().zip(TOLD) {
        assert_eq!(name, expected);
        let [first, rest @ ..] = &found[..] else {
            panic!("{name} tells nothing");
        };
        let at = first.location.start;
        let at = at.map_or("-".to_owned(), |at| format!("{}:{}", at.line, at.column));
        assert_eq!(at, place, "{name}");
        let message = format!("the policy is looser than at `HEAD`: {what}");
        assert_eq!(first.message, message, "{name}");
        let more = usize::from(name == "secret-files");
        assert_eq!(rest.len(), more, "{name}: {rest:?}");
        assert!(found.iter().all(|found| found.severity == Severity::Error));
        assert!(found.iter().all(|found| found.snippet.is_none()));
        let commands = &first.help.commands;
        assert!(commands.iter().all(|command| command.contains("--config")));
        assert_eq!(commands.len(), 1, "{name}");
    }
}

#[test]
fn a_policy_that_is_no_looser_tells_nothing() {
    for (name, found) in stories("quiet") {
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
