//! Tables that no repository has to be made for: many recipients, many files, names that mean harm.

use std::path::PathBuf;

use super::super::Style;
use super::{csv, html, human, json};
use crate::engine::{AccessMatrix, BusFactor, FileAccess, Grant, Keyholder};

/// A recipient with this name and role.
fn holder(name: Option<&str>, role: Option<&str>, number: usize) -> Keyholder {
    let mut holder = Keyholder::default();
    holder.kind = "x25519".to_owned();
    holder.key = format!("age1{number:0>58}");
    holder.name = name.map(str::to_owned);
    holder.role = role.map(str::to_owned);
    holder
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
#[test]
fn tmp_write() {
    let mut out = Vec::new();
    html(&large(), &mut out).unwrap();
    std::fs::write("/tmp/e-large.html", out).unwrap();
    let mut out = Vec::new();
    let mut style = Style::default();
    style.width = Some(80);
    human(&large(), style, &mut out).unwrap();
    std::fs::write("/tmp/e-large.txt", out).unwrap();
}
