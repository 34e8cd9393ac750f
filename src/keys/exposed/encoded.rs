//! Private keys as base64, the way `kubectl create secret` writes the `data` of a Secret.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Exposed, MAX_EXPOSED, from_base64, in_clear};

/// What every manifest of a Secret contains. Elsewhere base64 is not looked into.
static SECRET: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Secret"));

/// `AGE-SECRET-KEY-` behind 0, 1 and 2 other bytes, as far as base64 spells it the same whatever is
/// around it; and `-----BEGIN ` at the very beginning.
static BEGINNINGS: LazyLock<[Finder<'static>; 4]> = LazyLock::new(|| {
    [
        "QUdFLVNFQ1JFVC1LRVkt",
        "FHRS1TRUNSRVQtS0VZL",
        "BR0UtU0VDUkVULUtFWS",
        "LS0tLS1CRUdJTi",
    ]
    .map(Finder::new)
});

/// Whether the text could hold such a key.
pub(super) fn may_be_in(text: &[u8]) -> bool {
    SECRET.find(text).is_some() && BEGINNINGS.iter().any(|start| start.find(text).is_some())
}

/// The keys, each with the place of the base64 that holds it.
pub(super) fn find(text: &[u8]) -> Vec<Exposed> {
    let mut found = Vec::new();
    if !may_be_in(text) {
        return found;
    }
    let mut starts: Vec<usize> = BEGINNINGS
        .iter()
        .flat_map(|start| start.find_iter(text))
        .collect();
    starts.sort_unstable();
    let mut looked = 0;
    for at in starts {
        if at < looked || found.len() >= MAX_EXPOSED {
            continue;
        }
        let run = run_around(text, at);
        looked = run.end;
        let Some(decoded) = text.get(run.clone()).and_then(from_base64) else {
            continue;
        };
        found.extend(in_clear(&decoded).into_iter().map(|key| Exposed {
            range: run.clone(),
            is_encoded: true,
            ..key
        }));
    }
    found
}

/// The unbroken base64 around `at`, with its padding.
fn run_around(text: &[u8], at: usize) -> Range<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let (before, behind) = text.split_at(at.min(text.len()));
    let start = before.iter().rposition(|byte| !is_digit(byte));
    let digits = behind.iter().take_while(|byte| is_digit(byte)).count();
    let padding = behind.iter().skip(digits).take_while(|byte| **byte == b'=');
    start.map_or(0, |last| last + 1)..at + digits + padding.count()
}
