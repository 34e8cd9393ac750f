//! The policy that a run follows.

use std::path::Path;

/// What the user has settled; the defaults where nothing is.
#[derive(Default)]
pub(crate) struct Policy {}

impl Policy {
    /// Whether a file's name says that it should be encrypted: `**/*.enc.*` or `**/*.sops.*` unless
    /// other patterns were set, but never sops's own configuration.
    #[expect(clippy::unused_self, reason = "names can be set in a policy file soon")]
    pub(crate) fn is_secret_name(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().map(|name| name.as_encoded_bytes()) else {
            return false;
        };
        let configuration: [&[u8]; 2] = [b".sops.yaml", b".sops.yml"];
        !configuration.contains(&name) && (contains(name, b".enc.") || contains(name, b".sops."))
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_sops_has_no_secret_name() {
        for (name, expected) in [
            ("a.enc.yaml", true),
            ("dir/a.sops.yaml", true),
            ("x.sops.yml", true),
            (".sops.yaml", false),
            ("dir/.sops.yml", false),
            ("a.enc", false),
            ("a.enc.d/b.yaml", false),
        ] {
            let policy = Policy::default();
            assert_eq!(policy.is_secret_name(Path::new(name)), expected, "{name}");
        }
    }
}
