//! Which values of a document are encrypted.

use std::sync::atomic::{AtomicU64, Ordering};

use super::pattern::Pattern;

/// The one rule of a file (or of a creation rule) that picks the encrypted values, and whether the
/// MAC covers the others too.
pub(crate) struct Selectors {
    kind: SelectorKind,
    test: Test,
    mac_only_encrypted: bool,
    /// The bytes that a pattern went over, each as often as it did; all of [`MAX_WORK`] where it
    /// gave up.
    work: AtomicU64,
}

/// Which of sops's six selectors it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SelectorKind {
    UnencryptedSuffix,
    EncryptedSuffix,
    UnencryptedRegex,
    EncryptedRegex,
    UnencryptedCommentRegex,
    EncryptedCommentRegex,
}

/// How a key or a comment is compared.
enum Test {
    Suffix(Vec<u8>),
    Regex(Pattern),
    /// A pattern that Go refuses: sops ignores the error and takes it as matching nothing.
    Nothing,
    /// A pattern that Go takes and that is too large to be tried here.
    TooLarge,
}

/// The longest pattern that is tried, in bytes. Within Go's own limits a longer one can cost
/// milliseconds for each byte of a key.
const MAX_PATTERN: usize = 32 << 10;

/// The most bytes that a pattern goes over. Aliases can repeat a long key millions of times.
const MAX_WORK: u64 = 1 << 31;

/// The suffix that counts where no selector is set.
const DEFAULT_UNENCRYPTED_SUFFIX: &[u8] = b"_unencrypted";

impl Selectors {
    /// The selector `kind` with its `text`, a suffix or a regular expression.
    pub(crate) fn new(kind: SelectorKind, text: &[u8], mac_only_encrypted: bool) -> Self {
        let test = match kind {
            SelectorKind::UnencryptedSuffix | SelectorKind::EncryptedSuffix => {
                Test::Suffix(text.to_vec())
            }
            SelectorKind::UnencryptedRegex
            | SelectorKind::EncryptedRegex
            | SelectorKind::UnencryptedCommentRegex
            | SelectorKind::EncryptedCommentRegex => Test::regex(text),
        };
        Self {
            kind,
            test,
            mac_only_encrypted,
            work: AtomicU64::new(0),
        }
    }

    /// What counts where no selector is set: all but the keys that end in `_unencrypted`.
    pub(crate) fn default_with(mac_only_encrypted: bool) -> Self {
        let kind = SelectorKind::UnencryptedSuffix;
        Self::new(kind, DEFAULT_UNENCRYPTED_SUFFIX, mac_only_encrypted)
    }

    /// What counts in a document that sops did not encrypt: nothing is picked.
    pub(crate) fn nothing() -> Self {
        Self {
            kind: SelectorKind::EncryptedSuffix,
            test: Test::Nothing,
            mac_only_encrypted: false,
            work: AtomicU64::new(0),
        }
    }

    /// The name of the selector that counts where none is set, and its text.
    pub(crate) fn default_setting() -> (&'static str, &'static [u8]) {
        let kind = SelectorKind::UnencryptedSuffix;
        (kind.name(), DEFAULT_UNENCRYPTED_SUFFIX)
    }

    /// Whether the MAC covers encrypted values only.
    pub(crate) fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
    }

    /// Whether it cannot be said here what the selector picks.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.test, Test::TooLarge)
    }

    /// Whether matching took so much that it was given up: some answers of
    /// [`matches`](Self::matches) mean nothing then.
    pub(super) fn is_too_costly(&self) -> bool {
        self.work.load(Ordering::Relaxed) >= MAX_WORK
    }

    /// Whether it is certain what the selector picks.
    pub(crate) fn is_certain(&self) -> bool {
        !self.is_too_large() && !self.is_too_costly()
    }

    /// Whether values stay in clear because of marks in the file itself, be they there or left out:
    /// comments, or the ends of keys.
    pub(crate) fn goes_by_marks(&self) -> bool {
        self.looks_at_comments() || self.kind == SelectorKind::UnencryptedSuffix
    }

    /// Whether the selector is a pattern that Go does not take: it matches nothing, which sops does not say.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.test, Test::Nothing)
    }

    /// Whether the selector looks at comments, not at keys.
    pub(crate) fn looks_at_comments(&self) -> bool {
        match self.kind {
            SelectorKind::UnencryptedCommentRegex | SelectorKind::EncryptedCommentRegex => true,
            SelectorKind::UnencryptedSuffix
            | SelectorKind::EncryptedSuffix
            | SelectorKind::UnencryptedRegex
            | SelectorKind::EncryptedRegex => false,
        }
    }

    /// Whether the selector matches this key, or this comment; anything where the selector
    /// [is too costly](Self::is_too_costly).
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match &self.test {
            Test::Suffix(suffix) => text.ends_with(suffix),
            Test::Regex(pattern) => self.try_pattern(pattern, text),
            Test::Nothing | Test::TooLarge => false,
        }
    }

    fn try_pattern(&self, pattern: &Pattern, text: &[u8]) -> bool {
        if self.is_too_costly() {
            return false;
        }
        let work = text.len().saturating_mul(pattern.passes());
        let work = u64::try_from(work).unwrap_or(MAX_WORK).min(MAX_WORK);
        self.work.fetch_add(work, Ordering::Relaxed);
        let found = pattern.try_match(text);
        if found.is_none() {
            self.work.fetch_max(MAX_WORK, Ordering::Relaxed);
        }
        found.unwrap_or(false)
    }

    /// Whether a place is encrypted where something that counts for it matched, or nothing did.
    pub(super) fn select(&self, matched: bool) -> bool {
        match self.kind {
            SelectorKind::EncryptedSuffix
            | SelectorKind::EncryptedRegex
            | SelectorKind::EncryptedCommentRegex => matched,
            SelectorKind::UnencryptedSuffix
            | SelectorKind::UnencryptedRegex
            | SelectorKind::UnencryptedCommentRegex => !matched,
        }
    }

    /// Whether a comment line counts for itself: one that `encrypted_comment_regex` matches is the
    /// mark, and stays in clear unless an earlier one matches too.
    pub(super) fn comment_counts_for_itself(&self) -> bool {
        self.kind != SelectorKind::EncryptedCommentRegex
    }
}

impl Test {
    fn regex(pattern: &[u8]) -> Self {
        if pattern.len() > MAX_PATTERN {
            return Self::TooLarge;
        }
        match std::str::from_utf8(pattern).map(Pattern::compile) {
            Ok(Ok(pattern)) => Self::Regex(pattern),
            Ok(Err(error)) if !error.is_go_error() => Self::TooLarge,
            Ok(Err(_)) | Err(_) => Self::Nothing,
        }
    }
}

impl SelectorKind {
    /// All of them, in the order in which sops looks.
    pub(crate) const ALL: [Self; 6] = [
        Self::UnencryptedSuffix,
        Self::EncryptedSuffix,
        Self::UnencryptedRegex,
        Self::EncryptedRegex,
        Self::UnencryptedCommentRegex,
        Self::EncryptedCommentRegex,
    ];

    /// The field's name, in a file's metadata and in `.sops.yaml`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnencryptedSuffix => "unencrypted_suffix",
            Self::EncryptedSuffix => "encrypted_suffix",
            Self::UnencryptedRegex => "unencrypted_regex",
            Self::EncryptedRegex => "encrypted_regex",
            Self::UnencryptedCommentRegex => "unencrypted_comment_regex",
            Self::EncryptedCommentRegex => "encrypted_comment_regex",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encrypted(pattern: &[u8]) -> Selectors {
        Selectors::new(SelectorKind::EncryptedRegex, pattern, false)
    }

    #[test]
    fn gives_up_where_every_byte_takes_a_state_of_its_own() {
        let costly = encrypted(b"(?:x?){1000}$");
        let key = [&[b'x'; 1_000][..], b"0"].concat();
        (0..100).for_each(|_| _ = costly.matches(&key));
        assert!(costly.is_too_costly());
    }

    #[test]
    fn gives_up_on_a_long_key_that_aliases_repeat() {
        let costly = encrypted(b"^(a|b)$");
        let key = vec![b'x'; 1 << 20];
        let count = (0..1 << 20).take_while(|_| {
            costly.matches(&key);
            !costly.is_too_costly()
        });
        assert!(count.count() < 1 << 11);
    }

    #[test]
    fn never_gives_up_on_what_people_write() {
        for pattern in [
            "^(data|stringData)$",
            "^.*_secret$",
            r"(?i)^[\pL_]+[0-9]*key$",
        ] {
            let usual = encrypted(pattern.as_bytes());
            for key in 0..50_000 {
                usual.matches(format!("service.{key}.settings_password_{key}").as_bytes());
            }
            assert!(!usual.is_too_costly(), "{pattern}");
        }
    }
}
