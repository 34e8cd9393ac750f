//! Which values say something when they are compared: those that look like secrets, and dummies.
//!
//! Two places with the same port, user name or address are nothing to tell; nor is a value that every second file
//! has. What counts is written in `docs/rules/reused-value.md` and `docs/rules/placeholder-value.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::sops::{OpenValue, ValueType};

/// The fewest characters of a value that is compared.
const MIN_LEN: usize = 8;

/// The longest word of lower-case letters that is taken for a name.
const MAX_WORD: usize = 16;

/// The longest text that is looked at as a dummy.
const MAX_DUMMY: usize = 64;

/// Values that stand for one that was never put in, in lower case and without what stands between the words.
const DUMMIES: [&str; 30] = [
    "changeme",
    "changeit",
    "changethis",
    "changemenow",
    "changemeplease",
    "pleasechangeme",
    "replaceme",
    "replacethis",
    "setme",
    "fillme",
    "fillmein",
    "todo",
    "fixme",
    "tbd",
    "tobedefined",
    "placeholder",
    "dummy",
    "dummyvalue",
    "insecure",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "password1",
    "password123",
    "secret",
    "supersecret",
    "mypassword",
    "mysecret",
    "letmein",
    "qwerty",
];

/// What numbers and rows of one character are no secret, from so many characters on.
const MIN_ROW: usize = 3;

/// Shows a value to `look` as what it is for whoever uses it: without white space around it, and without the base64 that
/// Kubernetes wants below `data`. Other kinds than texts and whole numbers are not shown.
pub(super) fn with_text(value: &OpenValue<'_>, look: impl FnOnce(&[u8])) {
    if !matches!(value.kind, ValueType::Str | ValueType::Int) {
        return;
    }
    let text = value.text.trim_ascii();
    let decoded = match value.is_data {
        true => STANDARD.decode(text).ok().map(Zeroizing::new),
        false => None,
    };
    look(
        decoded
            .as_ref()
            .map_or(text, |decoded| decoded.trim_ascii()),
    );
}

/// Whether a value is a known dummy.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    if text.is_empty() || text.len() > MAX_DUMMY {
        return false;
    }
    let between = |byte: &u8| b" _-.!".contains(byte);
    let plain: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.iter()
            .filter(|byte| !between(byte))
            .map(u8::to_ascii_lowercase)
            .collect(),
    );
    let is_dummy = DUMMIES
        .iter()
        .any(|dummy| plain.as_slice() == dummy.as_bytes());
    is_dummy || is_row(&plain) || is_template(text) || is_yours(&plain)
}

/// `xxx`, `***`, `12345678`.
fn is_row(text: &[u8]) -> bool {
    let mut pairs = text.windows(2);
    let is_one = text.first().is_some_and(|byte| b"x*?#".contains(byte));
    let is_row = is_one && pairs.all(|pair| pair[0] == pair[1]);
    text.len() >= MIN_ROW && (is_row || text.len() >= 6 && b"1234567890".starts_with(text))
}

/// `<password>`, `${PASSWORD}`, `{{ password }}`: what a tool should have filled in.
fn is_template(text: &[u8]) -> bool {
    let ends = [(&b"<"[..], &b">"[..]), (b"${", b"}"), (b"{{", b"}}")];
    let inner = ends.iter().find_map(|(start, end)| {
        let inner = text.strip_prefix(*start)?.strip_suffix(*end)?;
        (!inner.is_empty()).then_some(inner)
    });
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" _-.".contains(byte);
    inner.is_some_and(|inner| inner.iter().all(is_plain))
}

/// `your-password`, `your_api_key_here`.
fn is_yours(plain: &[u8]) -> bool {
    let Some(rest) = plain.strip_prefix(b"your") else {
        return false;
    };
    let rest = rest.strip_suffix(b"here").unwrap_or(rest);
    ["password", "secret", "token", "key", "value"]
        .iter()
        .any(|word| rest.ends_with(word.as_bytes()))
}

/// Whether a value may be a secret: long enough, and neither a number nor a name or address of something.
pub(super) fn is_telling(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return text.len() >= MIN_LEN;
    };
    text.chars().count() >= MIN_LEN && !is_name(text) && !is_address(text)
}

/// A short number, one character all along, or one word of lower-case letters: a user, a database.
fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    let is_row = chars.all(|c| Some(c) == first);
    let is_number = text.len() < 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-');
    is_row || is_number || is_word && text.len() <= MAX_WORD
}

/// A host, an address of mail or of the web, a path: one line without white space that has no password in it.
fn is_address(text: &str) -> bool {
    if text.contains(char::is_whitespace) {
        return false;
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let has_secret = authority.contains('@') || rest.contains(['?', '#']);
        // A path can be a secret too, as that of a webhook.
        let is_long = rest
            .split('/')
            .any(|part| part.len() > 20 && !part.contains('.'));
        return scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !has_secret && !is_long;
    }
    let (user, host) = text.split_once('@').unwrap_or(("", text));
    let host = host.split_once(':').map_or(host, |(host, port)| {
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if is_port { host } else { text }
    });
    is_user(user) && is_host(host) || is_path(text)
}

fn is_user(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
    text.bytes().all(is_plain)
}

/// Labels with points between them, of which none is as long as a token's parts are.
fn is_host(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = |label: &str| (1..=30).contains(&label.len()) && label.bytes().all(is_plain);
    text.contains('.') && text.split('.').all(is_label)
}

fn is_path(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || b"/._-".contains(&byte);
    (text.starts_with('/') || text.starts_with("./")) && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_compared() {
        for text in [
            "hunter2hunter2",
            "8f14e45fceea167a5a36dedd4bea2543",
            "correct horse battery staple",
            "correct-horse-battery-staple",
            "Tr0ub4dor&3",
            "123456789012345",
            "postgres://app:pa55w0rd@db.example.org/app",
            "https://hooks.example.org/services/T0/B0/XXXXXXXXXXXXXXXXXXXXXXXX",
            "eyJhbGciOi.eyJzdWIiOi.SflKxwRJSM",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIE\n-----END PRIVATE KEY-----",
        ] {
            assert!(is_telling(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn short_values_numbers_names_and_addresses_are_not() {
        for text in [
            "",
            "true",
            "5432",
            "s3cret!",
            "20261122",
            "postgres",
            "administrator",
            "my-service",
            "db.shop.svc.cluster.local",
            "db.example.org:5432",
            "10.0.0.12",
            "ada@example.org",
            "https://example.org/api/v1",
            "/var/lib/app/data",
            "aaaaaaaaaaaa",
        ] {
            assert!(!is_telling(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn dummies_are_known_however_they_are_spelled() {
        for text in [
            "changeme",
            "CHANGE_ME",
            "change-me!",
            "Change Me",
            "TODO",
            "xxx",
            "XXXXXXXX",
            "****",
            "12345678",
            "<password>",
            "${DB_PASSWORD}",
            "your-password-here",
            "your_api_key",
            "P@ssw0rd",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "admin",
            "test",
            "42",
            "12345",
            "hunter2",
            "changeme-8f14e45f",
            "<html>\n</html>",
            "<<>>",
            "yourselves",
            "$ecret",
        ] {
            assert!(!is_placeholder(text.as_bytes()), "{text}");
        }
    }
}
