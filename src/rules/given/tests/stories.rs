//! The rules that compare versions against their fixtures: see `testdata/rules/README.md`.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::{BaseName, ChangeContext, CommitName, FileContext, Findings, FormatFrom, Past};
use crate::change::{Change, Version};
use crate::document::{Document, Format};
use crate::finding::{Finding, Severity};
use crate::fs;
use crate::rules::{Check, RULES};
use crate::sops::SopsFile;
use crate::source::{Source, SourceId};

/// No fixture is longer.
pub(super) const MAX_LEN: usize = 1 << 20;

/// What is found beside the rule whose story it is.
const ALSO: [(&str, &[&str]); 5] = [
    (
        "downgraded-encryption/fires/guessed",
        &["edited-outside-sops", "unauthenticated-change"],
    ),
    (
        "edited-outside-sops/fires/after-updatekeys",
        &["recipient-added"],
    ),
    ("edited-outside-sops/quiet/respelled", &["recipient-added"]),
    ("replayed-version/fires/recipient", &["recipient-added"]),
    ("recipient-dropped/fires/swapped", &["recipient-added"]),
];

pub(super) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules")
}

fn read(path: &Path) -> Version {
    let bytes = fs::read(path, MAX_LEN).unwrap();
    let id = SourceId::WorkTree(path.to_owned());
    Version::read(id, bytes, Format::of_path(path)).unwrap()
}

/// All that the rules which compare versions find in a story.
fn told(story: &Path) -> Vec<Finding> {
    let mut bases = Vec::new();
    let (mut now, mut earlier) = (None, None);
    for entry in std::fs::read_dir(story).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match name.split('.').next().unwrap() {
            "now" => now = Some(path),
            "base" => bases.insert(0, read(&path)),
            "other" => bases.push(read(&path)),
            "earlier" => earlier = Some(read(&path)),
            other => panic!("{other}"),
        }
    }
    let path = now.unwrap();
    let format = Format::of_path(&path);
    let bytes = fs::read(&path, MAX_LEN).unwrap();
    let source = Document::decode(SourceId::WorkTree(path), bytes, format).unwrap();
    told_since(&bases, earlier.as_ref(), &source, format)
}

/// All that the rules which compare versions find in a text that goes on from these versions.
pub(super) fn told_of(bases: &[Version], source: &Source, format: Format) -> Vec<Finding> {
    told_since(bases, None, source, format)
}

/// The same where the history has an older version that the text may be again.
fn told_since(
    bases: &[Version],
    earlier: Option<&Version>,
    source: &Source,
    format: Format,
) -> Vec<Finding> {
    let document = Document::parse(source, format).unwrap();
    let file = SopsFile::of(&document).unwrap_or_else(|errors| panic!("{errors:?}"));
    let now = match &file {
        Some(file) => Version::of(file).unwrap(),
        None => Version::of_clear(&document).unwrap(),
    };
    let context = context(source, &document, file.as_ref());
    let mut changes: Vec<Change<'_>> = bases
        .iter()
        .map(|base| Change::between(base, &now))
        .collect();
    let nearest = changes.remove(Change::nearest(&changes).unwrap());
    let commit = CommitName::new("0a1b2c3d4e".to_owned(), "Ada", "2026-05-01".to_owned());
    let context = ChangeContext {
        called: &|_| None,
        file: &context,
        change: &nearest,
        others: &changes,
        base: BaseName {
            revision: "HEAD",
            path: context.path,
        },
        past: match earlier.filter(|earlier| nearest.is_replay_of(earlier)) {
            Some(earlier) => Past::Again(&commit, earlier),
            None => Past::Unknown,
        },
    };
    let mut found = Vec::new();
    for rule in RULES {
        if let Check::Change(check) = rule.check {
            check(&context, &mut Findings::new(rule, context.file, &mut found));
        }
    }
    found
}

fn context<'a>(
    source: &'a Source,
    document: &'a Document<'a>,
    file: Option<&'a SopsFile<'a>>,
) -> FileContext<'a> {
    FileContext {
        path: Path::new("db.enc.yaml"),
        source: Some(source),
        document: Some(document),
        file,
        format: document.format(),
        format_from: FormatFrom::Name,
        looks_like: None,
        lacks_metadata: None,
        unreadable: None,
        problems: &[],
        refused_version: None,
        unreadable_by: &[],
        encrypted: 0,
        clear_comments: &[],
        unselected: &[],
        repeated_keys: &[],
        conflicts: &[],
        sound: None,
        shown: None,
        parts: OnceCell::new(),
    }
}

/// The stories of a side of all rules, with their names.
fn stories(side: &str) -> Vec<(&'static str, String, PathBuf)> {
    let mut stories = Vec::new();
    for rule in RULES {
        if !matches!(rule.check, Check::Change(_)) {
            continue;
        }
        let folder = fixtures().join(rule.id).join(side);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert!(!names.is_empty(), "{}", rule.id);
        for name in names {
            stories.push((
                rule.id,
                format!("{}/{side}/{name}", rule.id),
                folder.join(&name),
            ));
        }
    }
    stories
}

fn also(story: &str) -> BTreeSet<&'static str> {
    let found = ALSO.iter().filter(|(name, _)| *name == story);
    found.flat_map(|(_, rules)| rules.iter().copied()).collect()
}

fn rules(found: &[Finding]) -> BTreeSet<&'static str> {
    found.iter().map(|finding| finding.rule).collect()
}

#[test]
fn each_story_tells_what_its_rule_is_for_and_nothing_else() {
    let mut wrong = Vec::new();
    for (rule, name, folder) in stories("fires") {
        let found = told(&folder);
        let expected: BTreeSet<&str> = also(&name).into_iter().chain([rule]).collect();
        if rules(&found) != expected {
            wrong.push(format!("{name}: {found:#?}"));
        }
    }
    for (_, name, folder) in stories("quiet") {
        let found = told(&folder);
        if rules(&found) != also(&name) {
            wrong.push(format!("{name}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_sops_may_have_done_within_a_second_is_a_warning() {
    for (rule, name, folder) in stories("fires") {
        if rule != "edited-outside-sops" {
            continue;
        }
        let found = told(&folder);
        let expected = if name.ends_with("-within-a-second") {
            Severity::Warning
        } else {
            Severity::Error
        };
        let of_rule = found.iter().find(|finding| finding.rule == rule);
        assert_eq!(
            of_rule.map(|finding| finding.severity),
            Some(expected),
            "{name}"
        );
    }
}

#[test]
fn an_old_version_is_a_warning_where_it_brings_back_who_reads_it() {
    for (rule, name, folder) in stories("fires") {
        if rule != "replayed-version" {
            continue;
        }
        let found = told(&folder);
        let expected = match name.rsplit('/').next().unwrap() {
            "older" => Severity::Note,
            "recipient" | "data-key" => Severity::Warning,
            other => panic!("{other}"),
        };
        let of_rule = found.iter().find(|finding| finding.rule == rule);
        assert_eq!(
            of_rule.map(|finding| finding.severity),
            Some(expected),
            "{name}"
        );
    }
}

#[test]
fn findings_say_where_what_and_what_to_do() {
    for (_, name, folder) in stories("fires") {
        for finding in told(&folder) {
            let first = finding.message.chars().next().unwrap();
            assert!(first.is_lowercase() || first == '`', "{name}: {finding:?}");
            assert!(!finding.message.ends_with('.'), "{name}: {finding:?}");
            assert!(!finding.help.commands.is_empty(), "{name}: {finding:?}");
            assert!(finding.location.start.is_some(), "{name}: {finding:?}");
            let text = format!("{finding:?}");
            assert!(!text.contains("canary"), "{name}: {finding:?}");
        }
    }
}
