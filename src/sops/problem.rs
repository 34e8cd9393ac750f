//! What makes sops refuse a file, one typed problem a place.

use std::fmt;

use crate::document::KeyPath;
use crate::source::Span;

/// The most problems that are told of one file.
pub(super) const MAX_PROBLEMS: usize = 1_000;

/// One reason for which sops refuses the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: ProblemKind,
    /// The place in the text, where there is one.
    pub(crate) span: Option<Span>,
    /// The keys that lead there.
    pub(crate) path: KeyPath,
}

/// What is wrong, grouped as the rules are. `Display` is one sentence without values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProblemKind {
    /// `unreadable-file`: sops loads the document and cannot walk it.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// `malformed-metadata`: sops cannot make sense of the `sops` mapping.
    #[error(transparent)]
    Metadata(#[from] MalformedMetadata),
    /// `plaintext-value`: the value should be encrypted, and is not.
    #[error(transparent)]
    Plaintext(#[from] PlaintextValue),
    /// `copied-ciphertext`: the value's token is another value's.
    #[error("{0}")]
    Copied(Box<CopiedCiphertext>),
    /// `malformed-ciphertext`: no data key could open the value.
    #[error(transparent)]
    Ciphertext(#[from] MalformedCiphertext),
    /// `undecryptable-value`: the data key does not open it.
    #[error(transparent)]
    Undecryptable(#[from] Undecryptable),
    /// `mac-mismatch`: the values are not those that sops wrote the MAC for.
    #[error(transparent)]
    Mac(#[from] MacMismatch),
}

/// What sops loads and cannot walk, or cannot write again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// A key that is no string.
    #[error("a key is of type {found}, and sops only knows strings")]
    NonStringKey { found: &'static str },
    /// An integer above the largest that sops knows.
    #[error("an integer is larger than sops can hold")]
    IntegerTooLarge,
    /// A time zone 24 hours or more away.
    #[error("a time's zone is 24 hours or more away, which sops cannot write")]
    TimeOffset,
    /// Aliases of aliases: the document has more values than anyone can read.
    #[error("too many alias expansions")]
    TooManyAliases,
    /// Nested deeper than a reader may be expected to follow, or than sops can write.
    #[error("nested too deeply")]
    TooDeep,
    /// A comment with an empty line, where the comment of an ini file stands.
    #[error("the comment has an empty line, on which sops crashes when it writes an ini file")]
    EmptyCommentLine,
    /// A binary file without its content.
    #[error("a binary file has its content under `data`, as a string, and there is none")]
    NoContent,
}

/// What is wrong with the `sops` mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedMetadata {
    #[error("`sops` is of type {found}, not a mapping")]
    NotAMapping { found: &'static str },
    #[error("`sops` stands here twice")]
    Duplicate,
    #[error("a key in the metadata is of type {found}, not a string")]
    NonStringKey { found: &'static str },
    #[error("`{field}` is of type {found}, where a {expected} is due")]
    WrongType {
        field: &'static str,
        expected: &'static str,
        found: &'static str,
    },
    #[error("`{field}` is no number")]
    NotANumber { field: &'static str },
    #[error("`{field}` is neither true nor false")]
    NotABool { field: &'static str },
    #[error("`{field}` is missing or empty")]
    Missing { field: &'static str },
    #[error("`{field}` is no RFC 3339 time")]
    NotATime { field: &'static str },
    #[error("the metadata names no keys")]
    NoKeys,
    #[error("`shamir_threshold` asks for {needed} key groups, and there are {exist}")]
    Threshold { needed: i64, exist: usize },
    #[error("a key group is empty")]
    EmptyGroup,
    #[error("`{first}` and `{second}` are both set, and sops allows one of the selectors")]
    SeveralSelectors {
        first: &'static str,
        second: &'static str,
    },
    #[error("`key_id` is not of the form `region:key`")]
    KeyId,
    #[error("`enc` is no age file")]
    NotAnAgeFile,
}

/// A value in clear that the selectors say is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlaintextValue {
    #[error(
        "the value should be encrypted and stands in clear, as {}",
        with_article(found)
    )]
    NotAString { found: &'static str },
    #[error("the value should be encrypted and stands in clear")]
    Text,
}

/// A token that also stands under another key. The key is authenticated with the value, so that at
/// most one of the two opens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token of this value is that of `{path}`, copied")]
pub(crate) struct CopiedCiphertext {
    /// Where the token stands besides.
    pub(crate) span: Span,
    /// The keys that lead there.
    pub(crate) path: KeyPath,
}

impl From<CopiedCiphertext> for ProblemKind {
    fn from(copied: CopiedCiphertext) -> Self {
        Self::Copied(Box::new(copied))
    }
}

/// The name of a scalar's type in a sentence.
fn with_article(kind: &str) -> &'static str {
    match kind {
        "bool" => "true or false",
        "time" => "a date or time",
        _ => "a number",
    }
}

/// What is wrong with a value that the selectors say is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedCiphertext {
    #[error("the token is not of the form `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`")]
    NotAToken,
    #[error("the token's `{part}` is not valid base64")]
    Base64 { part: TokenPart },
    #[error("the token's `iv` is empty")]
    EmptyIv,
    #[error("the token's `data` and `tag` together are shorter than a tag")]
    TooShort,
    #[error("the token's `type` is none that sops knows")]
    UnknownType,
    #[error("the token's `type` is `bytes`, on which sops crashes")]
    BytesType,
}

/// The parts of a token that are base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenPart {
    Data,
    Iv,
    Tag,
}

impl fmt::Display for TokenPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Data => "data",
            Self::Iv => "iv",
            Self::Tag => "tag",
        })
    }
}

/// What the identities or the data key do not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undecryptable {
    /// The value was changed, or stood under another key, or belongs to another file.
    #[error("the file's data key does not open the value: it was changed, or moved from elsewhere")]
    Rejected,
    /// The plaintext is not of the type that the token says.
    #[error("the value opens, but is no {declared}, which its token says it is")]
    NotOfItsType { declared: &'static str },
    /// A comment that opens to a value which sops cannot put where a comment stands.
    #[error("the comment opens, but its token says that it is a {declared}")]
    CommentOfOtherType { declared: &'static str },
    /// A comment that opens to bytes at which sops crashes when it writes them.
    #[error("the comment opens to bytes that are no text, on which sops crashes")]
    CommentNotText,
    /// An infinite number, or none.
    #[error("the value opens to a number that JSON cannot hold")]
    NotFinite,
    /// The stanza names one of our identities, and that identity does not open it.
    #[error("the identity that `recipient` names does not open `enc`")]
    DataKey,
    /// The shares of the data key that opened contradict each other.
    #[error("the key groups' shares do not make one data key")]
    Shares,
    /// The shares make a data key, and it opens nothing.
    #[error("the key groups' shares make a data key that opens no value: one is of another file")]
    WrongShare,
    /// What `enc` holds is no AES-256 key.
    #[error("the data key has {bytes} bytes, not 32")]
    DataKeyLength { bytes: usize },
}

/// What is wrong with the MAC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MacMismatch {
    #[error("the file has no `mac`")]
    Absent,
    #[error("the data key does not open `mac`: `mac` or `lastmodified` was changed")]
    Rejected,
    #[error("`mac` is encrypted as a {declared}, not as a string")]
    NotAString { declared: &'static str },
    #[error("the values are not those that `mac` was written for")]
    Differs,
    /// Nobody edited the file: sops wrote negative zeros as another value.
    #[error("sops wrote a `-0.0` as `-0`, which is another value, and cannot read its own file")]
    NegativeZero,
}
