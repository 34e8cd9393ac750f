//! The keys that lead to a value, made safe to print.

use std::collections::VecDeque;
use std::fmt;

use crate::source::is_plain_key;

/// What stands for a key that is not shown.
const MASK: &str = "…";

/// How many keys are kept at either end of a path.
const MAX_ENDS: usize = 8;

/// The keys from the top of a document to a place in it, as reports may print them.
///
/// Of a path of more than 16 keys it keeps the first 8 and the last 8: a document of a few kilobytes
/// can nest thousands of levels, each with problems of its own.
///
/// List indexes are not part of it, as they are not part of sops's paths. A key that does not look
/// like one (`[A-Za-z0-9_.\-/]`, at most 64 characters) is masked when the path is made: a pasted
/// password line becomes a key, and keys reach terminals and web pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyPath(Box<[Box<str>]>);

impl KeyPath {
    /// The path of these keys.
    pub(crate) fn new<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Self {
        let mut keys = keys.into_iter();
        let mut kept: Vec<Box<str>> = keys
            .by_ref()
            .take(MAX_ENDS)
            .map(|key| shown(key).into())
            .collect();
        let mut last = VecDeque::with_capacity(MAX_ENDS);
        let mut is_cut = false;
        for key in keys {
            if last.len() == MAX_ENDS {
                last.pop_front();
                is_cut = true;
            }
            last.push_back(key);
        }
        if is_cut {
            kept.push(MASK.into());
        }
        kept.extend(last.into_iter().map(|key| Box::from(shown(key))));
        Self(kept.into())
    }

    /// The first key, as it is shown.
    pub(crate) fn first(&self) -> Option<&str> {
        self.0.first().map(AsRef::as_ref)
    }

    /// Whether it is the top of the document.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The key as a report may print it.
fn shown(key: &[u8]) -> &str {
    match std::str::from_utf8(key) {
        Ok(text) if is_plain_key(key) => text,
        Ok(_) | Err(_) => MASK,
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            f.write_str(key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keys_that_do_not_look_like_keys() {
        let path = |keys: &[&str]| KeyPath::new(keys.iter().map(|key| key.as_bytes())).to_string();
        assert_eq!(
            path(&["stringData", "tls.crt", "a-b/c_d"]),
            "stringData.tls.crt.a-b/c_d"
        );
        assert_eq!(path(&["data", "hunter2 !"]), "data.…");
        assert_eq!(path(&["data", "é"]), "data.…");
        assert_eq!(path(&["", "x"]), "….x");
        assert_eq!(path(&[&"x".repeat(65)]), "…");
        assert_eq!(path(&[&"x".repeat(64)]), "x".repeat(64));
        assert_eq!(path(&[]), "");
        assert_eq!(KeyPath::new([b"\xff".as_slice()]).to_string(), "…");
    }
    #[test]
    fn keeps_both_ends_of_a_long_path() {
        let keys: Vec<String> = (0..10_000).map(|key| format!("k{key}")).collect();
        let path = |count: usize| {
            KeyPath::new(keys.iter().take(count).map(|key| key.as_bytes())).to_string()
        };
        let first = "k0.k1.k2.k3.k4.k5.k6.k7";
        assert_eq!(path(8), first);
        assert_eq!(path(16), format!("{first}.k8.k9.k10.k11.k12.k13.k14.k15"));
        assert_eq!(
            path(17),
            format!("{first}.….k9.k10.k11.k12.k13.k14.k15.k16")
        );
        assert!(path(10_000).ends_with("k7.….k9992.k9993.k9994.k9995.k9996.k9997.k9998.k9999"));
    }
}
