//! Patterns against Go's `regexp`: recorded answers, and limits under hostile patterns.

#![expect(clippy::disallowed_methods, reason = "tests read recorded answers")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Error, Pattern, Reason};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// `SOPSGUARD_REGEXP_ANSWERS` names another file of answers, to compare far more of them.
#[test]
fn answers_as_go_does() {
    let recorded = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/testdata/pattern/go-regexp.jsonl"
    );
    let path = std::env::var_os("SOPSGUARD_REGEXP_ANSWERS").unwrap_or(recorded.into());
    let answers = fs::read_to_string(PathBuf::from(path)).unwrap();
    let mut seen = Seen::default();
    for line in answers.lines().filter(|line| !line.starts_with('#')) {
        seen.compare(&serde_json::from_str(line).unwrap());
    }
    let Seen {
        refused,
        matched,
        unmatched,
        beyond,
        differences,
    } = seen;
    let pairs = matched + unmatched;
    println!("{pairs} pairs ({matched} match), {refused} patterns refused, {beyond} beyond us");
    let listed: Vec<_> = differences.iter().take(40).map(|d| shortened(d)).collect();
    assert!(
        listed.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        listed.join("\n")
    );
    assert!(matched > 50 && unmatched > 50 && refused > 20, "too few");
}

/// What was compared, and where we differ from Go.
#[derive(Default)]
struct Seen {
    refused: u32,
    matched: u32,
    unmatched: u32,
    beyond: u32,
    differences: Vec<String>,
}

impl Seen {
    fn compare(&mut self, answer: &Value) {
        let source = answer["pattern"].as_str().unwrap();
        match (Pattern::compile(source), answer["err"].as_str()) {
            (Ok(pattern), None) => self.compare_matches(&pattern, answer),
            (Err(e), None) if !e.is_go_error() => self.beyond += 1,
            (Err(e), Some(expected)) if agrees(&go_error(source, &e), expected) => {
                self.refused += 1;
            }
            (ours, go) => {
                let ours = ours.map_err(|e| go_error(source, &e));
                self.differences
                    .push(format!("{ours:?}, Go: {go:?} for {source:?}"));
            }
        }
    }

    fn compare_matches(&mut self, pattern: &Pattern, answer: &Value) {
        let expected = answer["matches"].as_array().into_iter().flatten();
        for (text, expected) in texts(answer).iter().zip(expected) {
            let expected = expected.as_bool().unwrap();
            *(if expected {
                &mut self.matched
            } else {
                &mut self.unmatched
            }) += 1;
            if pattern.is_match(text) != expected {
                let text = String::from_utf8_lossy(text);
                self.differences
                    .push(format!("Go: {expected} for {pattern:?} on {text:?}"));
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

fn texts(answer: &Value) -> Vec<Vec<u8>> {
    let bytes = |text: &Value| match text.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(text["b64"].as_str().unwrap()).unwrap(),
    };
    answer["texts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(bytes)
        .collect()
}

/// An error in the form that Go gives it.
fn go_error(pattern: &str, error: &Error) -> String {
    format!("{}: `{}`", error.reason(), &pattern[error.span()])
}

/// For these, Go names the whole pattern or nothing, where a span can say more.
fn agrees(found: &str, go: &str) -> bool {
    let vague = [
        Reason::MissingParen,
        Reason::UnexpectedParen,
        Reason::TrailingBackslash,
    ];
    let is_vague = |reason: &Reason| found.starts_with(&format!("{reason}: "));
    match found.split_once(": `") {
        Some((reason, _)) if vague.iter().any(is_vague) || !go.contains('`') => {
            go.split(": `").next() == Some(reason)
        }
        _ => found == go,
    }
}

#[test]
fn refusals_say_what_is_wrong_and_where() {
    for (pattern, reason, fragment) in [
        ("a**", Reason::NestedRepeat, "**"),
        ("a*?{2}?b", Reason::NestedRepeat, "*?{2}?"),
        ("x|*", Reason::MissingRepeatArgument, "*"),
        ("(+?a)", Reason::MissingRepeatArgument, "+?"),
        ("é{2,1}", Reason::InvalidRepeatCount, "{2,1}"),
        ("a{1001}", Reason::InvalidRepeatCount, "{1001}"),
        (
            "a{2,99999999999}",
            Reason::InvalidRepeatCount,
            "{2,99999999999}",
        ),
        ("((a{100}){10}){2}b", Reason::InvalidRepeatCount, "{2}"),
        ("[b-a]", Reason::InvalidClassRange, "b-a"),
        ("[a-\\d]", Reason::InvalidEscape, "\\d"),
        ("[[:letter:]]", Reason::InvalidClassRange, "[:letter:]"),
        ("a\\p{Klingon}", Reason::InvalidClassRange, "\\p{Klingon}"),
        ("a\\pé", Reason::InvalidClassRange, "\\pé"),
        ("\\Z", Reason::InvalidEscape, "\\Z"),
        ("\\C", Reason::InvalidEscape, "\\C"),
        ("\\1", Reason::InvalidEscape, "\\1"),
        ("\\x{110000}", Reason::InvalidEscape, "\\x{110000"),
        ("(?=a)", Reason::InvalidPerlSyntax, "(?="),
        ("(?i-)", Reason::InvalidPerlSyntax, "(?i-)"),
        ("(?P<a b>c)", Reason::InvalidNamedCapture, "(?P<a b>"),
        ("(?<a", Reason::InvalidNamedCapture, "(?<a"),
        ("x[a", Reason::MissingBracket, "[a"),
        ("x[]", Reason::MissingBracket, "[]"),
        ("a(b(c)", Reason::MissingParen, "("),
        ("(a))b", Reason::UnexpectedParen, ")"),
        ("é\\", Reason::TrailingBackslash, "\\"),
    ] {
        let error = Pattern::compile(pattern).unwrap_err();
        assert_eq!(
            (error.reason(), &pattern[error.span()]),
            (reason, fragment),
            "{pattern}"
        );
        assert!(error.is_go_error());
    }
    let deep = "(".repeat(1000) + &")".repeat(1000);
    assert_eq!(
        Pattern::compile(&deep).unwrap_err().reason(),
        Reason::NestsTooDeeply
    );
    assert_eq!(Pattern::compile(&deep).unwrap_err().span(), 0..2000);
}

/// The difference that `src/sops/pattern/mod.rs` names: Go says true to the second.
#[test]
fn an_escaped_surrogate_never_matches() {
    for pattern in [r"\x{D800}", r"^\x{D800}$", r"[\x{D800}-\x{DFFF}]"] {
        assert!(
            !Pattern::compile(pattern)
                .unwrap()
                .is_match("\u{FFFD}".as_bytes()),
            "{pattern}"
        );
    }
}

/// Compiles, matches and measures.
fn hostile(pattern: &str) -> Result<bool, Reason> {
    let start = Instant::now();
    let result = Pattern::compile(pattern);
    let compiled = start.elapsed();
    let answer = result.map(|pattern| pattern.is_match("aaaaaaaaaaaaaaaaaaaab".as_bytes()));
    let head: String = pattern.chars().take(30).collect();
    println!(
        "{compiled:?} {:?} {head:?} {:?}",
        start.elapsed(),
        answer.as_ref().map_err(Error::reason)
    );
    assert!(start.elapsed() < Duration::from_secs(20), "{head}");
    answer.map_err(|e| e.reason())
}

#[test]
fn hostile_patterns_take_bounded_time_and_memory() {
    let big = |unit: &str| unit.repeat((1 << 20) / unit.len());
    let small = |unit: &str| unit.repeat((1 << 15) / unit.len());
    let around = |left: &str, n: usize, right: &str| left.repeat(n) + "a" + &right.repeat(n);
    for pattern in [
        "((a{100}){100}){100}".to_owned(),
        "(((((a{2}){5}){10}){10}){10})".to_owned(),
        "(?:(?:(?:(?:a?){10}){10}){10})*b".to_owned(),
        r"\pL{1000}".to_owned(),
        r"(?:\pL{1000}\pN{1000}){3}".to_owned(),
        "(.*)".repeat(200) + "x",
        big("a"),
        big("a") + "[b]",
        big("a*"),
        big("a|"),
        big("ab|"),
        big("("),
        big("(?:"),
        big(")"),
        big("["),
        big("{"),
        big("{1"),
        big("[[:"),
        "[".to_owned() + &big("[:"),
        big(r"\Q"),
        small(r"\pL"),
        small(r"[\pL]"),
        "[".to_owned() + &small(r"\pL") + "]",
        "(?i)[".to_owned() + &small(r"a-\x{1e943}") + "]",
        big("(?i)"),
        big("a{1000}"),
        big("(?:)"),
        big("()"),
        big("^"),
        around("(", 300_000, ")"),
        around("(?:", 250_000, ")"),
        around("a(?:", 200_000, ")"),
        around("a*(?:", 150_000, ")"),
        around("a*|(?:", 150_000, ")"),
        around("a|(?:", 150_000, ")"),
        around("(?:", 200_000, ")?"),
        around("(?i)(", 150_000, ")"),
    ] {
        let _ = hostile(&pattern);
    }
}

#[test]
fn time_is_linear_in_the_text() {
    let text = "a".repeat(1 << 20);
    for (pattern, expected) in [
        ("(a*)*b", false),
        ("(a|aa)+$", true),
        ("^(a?){30}b", false),
        (".*.*.*=.*", false),
        (r"(\w+)+!", false),
        ("a{64}[bc]", false),
        (r"[ab][bc]|\Bb\B", false),
    ] {
        let start = Instant::now();
        let pattern = Pattern::compile(pattern).unwrap();
        assert_eq!(pattern.is_match(text.as_bytes()), expected, "{pattern:?}");
        assert!(start.elapsed() < Duration::from_secs(20), "{pattern:?}");
    }
}
