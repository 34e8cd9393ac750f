//! Names that somebody may have taken for that of sops's configuration.

use super::SOPS_CONFIG;
use crate::config::similar::distance;

/// How many characters may be other ones.
const MOST_OTHERS: usize = 2;

/// Names that are less like it, and mean it all the same.
const OTHERS: [&str; 10] = [
    ".sops",
    ".sops.json",
    ".sops.toml",
    ".sops.yaml.txt",
    ".sops.yaml.yaml",
    ".sops.yaml.yml",
    ".sops.yml.yaml",
    ".sopsrc",
    "sops.json",
    "sops.config.yaml",
];

/// Whether a name is like that of sops's configuration and another one: sops looks for exactly that.
/// What such a file holds says whether it was to be one.
pub(crate) fn is_like_its_name(name: &[u8]) -> bool {
    let longest = SOPS_CONFIG.len() + MOST_OTHERS;
    let Some(name) = str::from_utf8(name)
        .ok()
        .filter(|name| name.len() <= 2 * longest)
    else {
        return false;
    };
    let lower = name.to_lowercase();
    name != SOPS_CONFIG
        && (OTHERS.contains(&lower.as_str()) || distance(&lower, SOPS_CONFIG) <= MOST_OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sops_passes_over_are_told_from_its_own_and_from_others() {
        for (name, expected) in [
            (".sops.yaml", false),
            (".sops.yml", true),
            ("sops.yaml", true),
            ("sops.yml", true),
            (".SOPS.yaml", true),
            (".sops.yaml.txt", true),
            (".sops.ymal", true),
            (".spos.yaml", true),
            (".sops", true),
            (".sops.yaml.example", false),
            (".sops.prod.yaml", false),
            ("values.yaml", false),
            ("secret.sops.yaml", false),
        ] {
            assert_eq!(is_like_its_name(name.as_bytes()), expected, "{name}");
        }
    }
}
