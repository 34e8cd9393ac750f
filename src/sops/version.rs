//! The `version` of the metadata, which only the `sops` command looks at.

use std::cmp::Ordering;

/// Whether the `sops` command refuses a file for its `version`, which sops's library does not look
/// at.
///
/// The command compares it with 3.3.0, to work around an old bug. Whatever begins with `1.` counts
/// as older; the rest must be a semantic version, perhaps behind a `v`.
pub(super) fn is_refused_by_command(version: &[u8]) -> bool {
    let Ok(version) = std::str::from_utf8(version) else {
        return true;
    };
    !version.starts_with("1.") && !is_semantic(version.strip_prefix('v').unwrap_or(version))
}

/// Whether the command takes the version for one before 3.3.0.
pub(super) fn is_before_3_3_0(version: &[u8]) -> bool {
    is_before(version, (3, 3, 0))
}

/// Whether the version left comments in clear everywhere.
pub(super) fn is_before_3_0_0(version: &[u8]) -> bool {
    is_before(version, (3, 0, 0))
}

fn is_before(version: &[u8], limit: (u64, u64, u64)) -> bool {
    let Ok(version) = std::str::from_utf8(version) else {
        return false;
    };
    if version.starts_with("1.") {
        return true;
    }
    let version = version.strip_prefix('v').unwrap_or(version);
    let (version, _) = split_at(version, '+');
    let (numbers, prerelease) = split_at(version, '-');
    let mut numbers = numbers
        .split('.')
        .map_while(|word| word.parse::<u64>().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(major), Some(minor), Some(patch)) => match (major, minor, patch).cmp(&limit) {
            Ordering::Less => true,
            Ordering::Equal => prerelease.is_some(),
            Ordering::Greater => false,
        },
        _ => false,
    }
}

fn is_semantic(version: &str) -> bool {
    let (version, build) = split_at(version, '+');
    let (numbers, prerelease) = split_at(version, '-');
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_identifier = |word: &str| {
        is_word(word) && (!word.bytes().all(|byte| byte.is_ascii_digit()) || is_number(word))
    };
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && prerelease.is_none_or(|words| words.split('.').all(is_identifier))
        && build.is_none_or(|words| words.split('.').all(is_word))
}

/// The text before a separator, and what is behind it where there is one.
fn split_at(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// Digits without a leading zero that fit 64 bits.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
        && text.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // What `sops decrypt` 3.13.3 does with files that carry these versions.
    #[test]
    fn takes_the_versions_that_the_command_takes() {
        for version in [
            "3.13.3",
            "v3.13.3",
            "99.0.0",
            "3.2.9",
            "1.2.3.4",
            "1.2.x",
            "3.13.3-rc.1+a",
        ] {
            assert!(!is_refused_by_command(version.as_bytes()), "{version}");
        }
        let refused = [
            "",
            "3.13",
            "3",
            "abc",
            "03.1.2",
            "3.13.3 ",
            "3.13.3-",
            "3.13.3-01",
            "3.13.3+a_b",
        ];
        for version in refused {
            assert!(is_refused_by_command(version.as_bytes()), "{version}");
        }
    }
}
