//! A baseline: the findings that were there when a repository took the tool in use, and are accepted until
//! somebody mends them.
//!
//! It holds no value and no line, so it stays right while files move on, and a line a finding, so that a
//! change of it can be read. What a change does is in no baseline: the next one like it would be accepted,
//! too.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::finding::Position;

/// Accepted findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Baseline {
    pub(crate) entries: BTreeSet<Accepted>,
}

/// One accepted finding. A reader goes by the path and the rule, so they have to be right, too.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    /// The file, from the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) rule: String,
    pub(crate) fingerprint: String,
}

/// Why a text is no baseline. It may be any text, so nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBaseline {
    #[error("it is no JSON from line {} on, column {}", .0.line, .0.column)]
    NotJson(Position),
    #[error("it is JSON and no baseline: line {}, column {}", .0.line, .0.column)]
    OtherJson(Position),
    #[error("it is no baseline of this version of sopsguard: its `schema` is not `{SCHEMA}`")]
    OtherSchema,
    #[error("it has a fingerprint that is none")]
    Fingerprint,
}

/// What the file says that it is.
const SCHEMA: &str = "sopsguard.baseline/1";

/// How many hexadecimal digits a fingerprint has.
const DIGITS: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    findings: Vec<Accepted>,
}

impl Baseline {
    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// [`NoBaseline`] where it is none, be it in one entry: a line that does nothing would be taken for
    /// one that does.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, NoBaseline> {
        let file: File = serde_json::from_slice(text).map_err(|error| {
            let at = Position {
                line: error.line(),
                column: error.column(),
                offset: 0,
            };
            if error.is_data() {
                NoBaseline::OtherJson(at)
            } else {
                NoBaseline::NotJson(at)
            }
        })?;
        if file.schema != SCHEMA {
            return Err(NoBaseline::OtherSchema);
        }
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_fingerprint = |entry: &Accepted| {
            entry.fingerprint.len() == DIGITS && entry.fingerprint.bytes().all(is_digit)
        };
        if !file.findings.iter().all(is_fingerprint) {
            return Err(NoBaseline::Fingerprint);
        }
        Ok(Self {
            entries: file.findings.into_iter().collect(),
        })
    }

    /// The text of the baseline: sorted, and a line an entry.
    pub(crate) fn to_text(&self) -> String {
        let lines = self.entries.iter().map(|entry| {
            let Accepted {
                path,
                rule,
                fingerprint,
            } = entry;
            let (path, rule) = (quoted(path), quoted(rule));
            format!(r#"    {{"path": {path}, "rule": {rule}, "fingerprint": "{fingerprint}"}}"#)
        });
        let lines: Vec<String> = lines.collect();
        let findings = if lines.is_empty() {
            "[]".to_owned()
        } else {
            format!("[\n{}\n  ]", lines.join(",\n"))
        };
        format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"findings\": {findings}\n}}\n")
    }
}

/// A text as JSON has it, with all escaped that could deceive a reader.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut units = [0; 2];
    for c in text.chars() {
        if c.is_ascii_graphic() && c != '"' && c != '\\' || c == ' ' || c.is_alphanumeric() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "0123456789abcdef0123456789abcdef";

    fn entry(path: &str) -> Accepted {
        Accepted {
            path: path.to_owned(),
            rule: "mac-mismatch".to_owned(),
            fingerprint: FINGERPRINT.to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_again_whatever_files_are_called() {
        let paths = ["a/b.yaml", "\"\\\n\u{1b}\u{202e}\u{feff}\u{1f600}", "ä ü"];
        let entries: BTreeSet<Accepted> = paths.map(entry).into();
        let baseline = Baseline { entries };
        let text = baseline.to_text();
        let is_plain = |c: char| c == '\n' || !c.is_control() && c != '\u{202e}';
        assert!(text.chars().all(is_plain), "{text}");
        assert_eq!(Baseline::parse(text.as_bytes()), Ok(baseline));
        assert_eq!(text.lines().count(), 3 + paths.len() + 2);
        let none = Baseline::default();
        assert_eq!(Baseline::parse(none.to_text().as_bytes()), Ok(none));
    }

    #[test]
    fn what_is_no_baseline_is_refused_and_nothing_of_it_is_told() {
        let entry = format!(r#"{{"path": "a", "rule": "b", "fingerprint": "{FINGERPRINT}"}}"#);
        let file = |schema: &str, findings: &str| {
            format!(r#"{{"schema": "sopsguard.{schema}", "findings": {findings}}}"#)
        };
        for (text, expected) in [
            (String::new(), "no JSON"),
            ("password: hunter2".to_owned(), "no JSON"),
            (r#"{"password": "hunter2"}"#.to_owned(), "no baseline"),
            ("\"hunter2\"".to_owned(), "no baseline"),
            ("[".repeat(100_000), "no "),
            (file("baseline/1", "\"hunter2\""), "no baseline"),
            (file("baseline/1", "[[]]"), "no baseline"),
            (file("baseline/1", "[{\"hunter2\": 1}]"), "no baseline"),
            (file("hunter2/1", &format!("[{entry}]")), "`schema`"),
            (
                file("baseline/1", &format!("[{entry}]")).replace("0123456789abcdef0", "hunter2"),
                "fingerprint",
            ),
            (file("baseline/1", &format!("[{entry}]")) + " x", "no JSON"),
            (
                file("baseline/1", "[]").replace("[]", "[], \"findings\": []"),
                "no baseline",
            ),
        ] {
            let said = Baseline::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(Baseline::parse(file("baseline/1", &format!("[{entry}]")).as_bytes()).is_ok());
        assert!(Baseline::parse(b"\xff\xfe").is_err());
    }
}
