//! Tables that no repository has to be made for: many recipients, many files, names that mean harm.

use std::path::PathBuf;

use super::super::Style;
use super::{csv, html, human, json};
use crate::engine::{AccessMatrix, BusFactor, FileAccess, Grant, Keyholder};

/// A recipient with this name and role.
fn holder(name: Option<&str>, role: Option<&str>, number: usize) -> Keyholder {
    Keyholder {
        kind: "x25519".to_owned(),
        key: format!("age1{number:0>58}"),
        name: name.map(str::to_owned),
        role: role.map(str::to_owned),
        ..Keyholder::default()
    }
}

/// A file that each of these recipients opens.
fn file(path: &str, recipients: &[usize]) -> FileAccess {
    let is_lone = recipients.len() == 1;
    let grant = |recipient: &usize| Grant {
        recipient: *recipient,
        groups: vec![1],
        opens_alone: true,
        is_lone,
    };
    FileAccess {
        path: PathBuf::from(path),
        grants: recipients.iter().map(grant).collect(),
        groups: 1,
        groups_needed: 1,
        bus_factor: BusFactor::Exact(recipients.len()),
    }
}

/// Twelve recipients and three hundred files, as a company has them.
fn large() -> AccessMatrix {
    let names = [
        (Some("safe"), Some("escrow")),
        (Some("Ada Lovelace"), Some("maintainer")),
        (Some("bob"), Some("maintainer")),
        (Some("carol"), Some("maintainer")),
        (Some("dave from the platform team"), Some("maintainer")),
        (Some("argocd production"), Some("machine")),
        (Some("argocd staging"), Some("machine")),
        (Some("ci"), Some("machine")),
        (Some("backup"), Some("machine")),
        (Some("eve"), None),
        (None, None),
        (None, None),
    ];
    let recipients = names.iter().zip(1..);
    let recipients = recipients.map(|((name, role), number)| holder(*name, *role, number));
    let files = (0..300).map(|number| {
        let path = format!(
            "clusters/production/apps/team-{:02}/service-{number:03}.enc.yaml",
            number % 17
        );
        match number % 50 {
            7 => file(&path, &[3]),
            13 => file(&path, &[10]),
            21 => FileAccess {
                groups: 3,
                groups_needed: 2,
                bus_factor: BusFactor::Exact(2),
                ..file(&path, &[0, 1, 2])
            },
            n if n % 3 == 0 => file(&path, &[0, 1, 2, 5]),
            n if n % 3 == 1 => file(&path, &[0, 1, 2, 3, 4, 5, 7]),
            _ => file(&path, &[0, 1, 6, 8, 9, 11]),
        }
    });
    let mut files: Vec<FileAccess> = files.collect();
    for file in files.iter_mut().filter(|file| file.groups > 1) {
        for (grant, group) in file.grants.iter_mut().zip(1..) {
            (grant.opens_alone, grant.groups) = (false, vec![group]);
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    AccessMatrix {
        folder: "infrastructure".to_owned(),
        recipients: recipients.collect(),
        files,
        ..AccessMatrix::default()
    }
}

fn printed(matrix: &AccessMatrix, width: Option<usize>, change: impl Fn(&mut Style)) -> String {
    let mut style = Style {
        width,
        ..Style::default()
    };
    change(&mut style);
    let mut out = Vec::new();
    human(matrix, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_large_table_fits_every_terminal_by_what_files_have_in_common() {
    for width in [80, 100, 160] {
        let text = printed(&large(), Some(width), |_| {});
        for line in text.lines() {
            assert!(line.chars().count() <= width + 20, "{width}: {line}");
        }
        let table: Vec<&str> = text.lines().skip_while(|it| !it.contains("BUS")).collect();
        // Six ways to be encrypted, the files in danger first.
        assert!(
            table[1].starts_with(" · · · ! · · · · · · · ·    1  6 files: "),
            "{text}"
        );
        assert!(
            table[2].contains(" !  ") || table[2].contains(" ! ·    1"),
            "{text}"
        );
        assert!(table[3].starts_with(" ◐ ◐ ◐ · ·"), "{text}");
        assert!(table[7].starts_with("  ● opens"), "{text}");
    }
}

#[test]
fn who_wants_every_row_gets_it_whole() {
    let text = printed(&large(), Some(80), |style| style.verbose = true);
    let path = "clusters/production/apps/team-14/service-014.enc.yaml";
    assert!(text.lines().any(|line| line.ends_with(path)), "{text}");
    assert_eq!(
        text.lines()
            .filter(|line| line.ends_with(".enc.yaml"))
            .count(),
        300 - 6 + 2
    );
}

#[test]
fn recipients_are_numbers_where_columns_do_not_fit() {
    let text = printed(&large(), Some(50), |_| {});
    assert!(text.contains("RECIPIENTS"), "{text}");
    assert!(text.contains("\n4!          "), "{text}");
    assert!(text.contains("\n1 2 7 9 10 12 "), "{text}");
}

#[test]
fn a_terminal_without_unicode_gets_ascii_and_no_colour_none() {
    let ascii = printed(&large(), Some(60), |style| style.ascii = true);
    assert!(ascii.is_ascii(), "{ascii}");
    assert!(!ascii.contains('\u{1b}'));
    let coloured = printed(&large(), None, |style| style.color = true);
    assert!(coloured.contains("\u{1b}[1;31m!\u{1b}[0m"));
    let quiet = printed(&large(), None, |style| style.quiet = true);
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
}

#[test]
fn csv_has_a_row_for_each_file_and_a_column_for_each_recipient() {
    let mut out = Vec::new();
    csv(&large(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.split_terminator("\r\n").count(), 301);
    let header = text.lines().next().unwrap();
    assert_eq!(header.split(',').count(), 4 + 12);
    assert!(
        header.contains("Ada Lovelace (maintainer) age1"),
        "{header}"
    );
    assert_eq!(text.matches(",lone").count(), 12);
}

#[test]
fn the_page_tells_the_dangers_before_the_table() {
    let mut out = Vec::new();
    html(&large(), &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}"));
    assert!(at("12 of 300 files are lost if one key is lost.") < at("id=\"matrix\""));
    assert!(at("lost if the key of <a href=\"#r4\">carol</a> is lost") < at("id=\"matrix\""));
    assert!(at("<b class=\"bad\">12 files</b> without an escrow key") < at("id=\"matrix\""));
    assert_eq!(page.matches("<td class=\"l\">").count(), 12);
    assert!(page.contains("A key of 288 of 300 files, all but these:"));
    // Nobody is told 300 times of what she has, nor does the style need anything from elsewhere.
    assert!(page.len() < 250_000, "{}", page.len());
}

#[test]
fn json_refers_to_recipients_by_their_place() {
    let mut out = Vec::new();
    json(&large(), &mut out).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
    for file in report["files"].as_array().unwrap() {
        for access in file["recipients"].as_array().unwrap() {
            let at = usize::try_from(access["recipient"].as_u64().unwrap()).unwrap();
            assert_eq!(report["recipients"][at]["key"], access["key"]);
        }
    }
    assert_eq!(report["summary"]["bus-factor"]["1"], 12);
    assert_eq!(report["summary"]["roles"]["escrow"], 288);
}
