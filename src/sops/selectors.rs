//! Which values of a document are encrypted.

use super::pattern::Pattern;

/// The one rule of a file (or of a creation rule) that picks the encrypted values, and whether the
/// MAC covers the others too.
pub(crate) struct Selectors {
    kind: SelectorKind,
    test: Test,
    mac_only_encrypted: bool,
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
        }
    }

    /// What counts where no selector is set: all but the keys that end in `_unencrypted`.
    pub(crate) fn default_with(mac_only_encrypted: bool) -> Self {
        let kind = SelectorKind::UnencryptedSuffix;
        Self::new(kind, DEFAULT_UNENCRYPTED_SUFFIX, mac_only_encrypted)
    }

    /// Whether the MAC covers encrypted values only.
    pub(crate) fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
    }

    /// Whether it cannot be said here what the selector picks.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.test, Test::TooLarge)
    }

    /// Whether the selector looks at comments, not at keys.
    pub(super) fn looks_at_comments(&self) -> bool {
        match self.kind {
            SelectorKind::UnencryptedCommentRegex | SelectorKind::EncryptedCommentRegex => true,
            SelectorKind::UnencryptedSuffix
            | SelectorKind::EncryptedSuffix
            | SelectorKind::UnencryptedRegex
            | SelectorKind::EncryptedRegex => false,
        }
    }

    /// Whether the selector matches this key, or this comment.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        match &self.test {
            Test::Suffix(suffix) => text.ends_with(suffix),
            Test::Regex(pattern) => pattern.is_match(text),
            Test::Nothing | Test::TooLarge => false,
        }
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
