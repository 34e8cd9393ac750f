//! The table: what the files of the matrix are combined from, and who looks at them.

/// The name of a format, what its files end with, and a document in it with values of every kind, some
/// of which every selector picks and some not.
pub(crate) const FORMATS: [(&str, &str, &[u8]); 5] = [
    ("yaml", "yaml", YAML),
    ("json", "json", JSON),
    ("dotenv", "env", DOTENV),
    ("ini", "ini", INI),
    ("binary", "bin", b"\x00first\nline \xc3\xa9 two\n"),
];

const YAML: &[u8] = b"# sops:plain, and a remark
kind: Secret
metadata_plain:
    name: example # sops:enc
    count: 3
    ready: true
# a note
data:
    password: first-value
    user_enc: second-value
    ratio: 1.5
    nothing: null
    empty: \"\"
list_enc:
    - one
    # sops:enc
    - two
    - 3
note: clear-word
";

const JSON: &[u8] = br#"{"kind": "Secret", "metadata_plain": {"name": "example", "count": 3, "ready": true},
"data": {"password": "first-value", "user_enc": "second-value", "ratio": 1.5, "nothing": null, "empty": ""},
"list_enc": ["one", "two", 3], "note": "clear-word"}"#;

const DOTENV: &[u8] = b"# sops:plain, and a remark
kind=Secret
name_plain=example
# sops:enc
data=first-value
user_enc=second-value
empty=
note=clear-word
";

const INI: &[u8] = b"; a remark before all
kind = Secret

[metadata_plain]
name = example

[data]
; sops:enc
password = first-value
user_enc = second-value

[clear]
; sops:plain
note = clear-word
";

/// What a creation rule says beside its keys.
pub(crate) const SELECTORS: [&str; 11] = [
    "",
    "encrypted_suffix: _enc",
    "unencrypted_suffix: _plain",
    "encrypted_regex: ^(data|list)",
    "unencrypted_regex: ^(kind|note|metadata)",
    "encrypted_comment_regex: sops:enc",
    "unencrypted_comment_regex: sops:plain",
    "mac_only_encrypted: true",
    "mac_only_encrypted: true, encrypted_regex: ^(data|list)",
    "mac_only_encrypted: true, unencrypted_suffix: _plain",
    "mac_only_encrypted: true, encrypted_comment_regex: sops:enc",
];

/// The kinds of keys, each by a letter.
pub(crate) const KINDS: [(char, &str); 8] = [
    ('a', "X25519"),
    ('p', "post-quantum"),
    ('e', "SSH ed25519"),
    ('r', "SSH RSA"),
    ('l', "a plugin"),
    ('k', "SSH with a passphrase"),
    ('g', "PGP"),
    ('s', "a stranger's X25519"),
];

/// How the keys of a file are laid out.
pub(crate) struct Layout {
    /// The kinds of the keys, by their letters; `|` parts groups.
    pub(crate) groups: &'static str,
    /// Whether the rule lists the keys without a group.
    pub(crate) flat: bool,
    /// How many groups a file needs, where the rule says.
    pub(crate) threshold: Option<u8>,
}

const fn flat(groups: &'static str) -> Layout {
    Layout {
        groups,
        flat: true,
        threshold: None,
    }
}

const fn groups(groups: &'static str) -> Layout {
    Layout {
        groups,
        flat: false,
        threshold: None,
    }
}

const fn some(threshold: u8, of: &'static str) -> Layout {
    Layout {
        groups: of,
        flat: false,
        threshold: Some(threshold),
    }
}

/// Every kind alone; several beside one another; groups with every threshold, with groups of mixed
/// kinds, with one recipient in several, and with groups that nobody here opens.
pub(crate) const LAYOUTS: [Layout; 36] = [
    flat("a"),
    flat("p"),
    flat("e"),
    flat("r"),
    flat("l"),
    flat("k"),
    flat("g"),
    flat("s"),
    flat("apelr"),
    flat("sa"),
    flat("ga"),
    flat("gpr"),
    flat("skge"),
    groups("a"),
    groups("a|e"),
    some(0, "a|e"),
    some(1, "a|e"),
    some(2, "p|r"),
    some(3, "a|e"),
    groups("a|p|e"),
    some(0, "a|e|r"),
    some(1, "a|p|e"),
    some(2, "a|p|e"),
    some(3, "a|p|e"),
    some(4, "a|p|e"),
    some(2, "a|r|s"),
    some(2, "ae|pr|s"),
    some(2, "a|ae|p"),
    some(2, "a|a|a"),
    some(2, "s|sa|e"),
    some(2, "l|a|s"),
    groups("l|p"),
    some(2, "g|a|e"),
    groups("g|a"),
    some(2, "k|a|e"),
    some(2, "a||e"),
];

/// Who looks at a file, by the letters of the keys; `t` is a key that no file is for. Between them they
/// have what a file needs, less, and more. The last has all, and the one before all but the plugin.
pub(crate) const RINGS: [&str; 10] = ["", "t", "a", "p", "e", "r", "ae", "l", "aper", "aperl"];
