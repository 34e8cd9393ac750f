//! `invalid-regex`: a regular expression that Go does not take. Of a `path_regex` sops says so; a selector it
//! takes as matching nothing, without a word.

use std::path::Path;

use super::{
    Check, FileFacts, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Ruled,
    SelectorFacts, some_of,
};
use crate::config::creation::CreationRule;
use crate::finding::{Help, Severity};
use crate::sops::{Pattern, PatternError, SelectorKind};
use crate::source::{Source, Span};

pub(super) static RULE: Rule = Rule {
    id: "invalid-regex",
    summary: "a regular expression that sops cannot use, or takes as matching nothing",
    page: include_str!("../../docs/rules/invalid-regex.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for ruled in context.ruled() {
        let mut found: Vec<Found> = Vec::new();
        for (at, rule) in ruled.rules() {
            found.extend(of_path(ruled, rule));
            found.extend(of_selector(context, ruled, at, rule));
            if found.len() >= MAX_FINDINGS || rule.path_regex.is_none() {
                // No file comes further.
                break;
            }
        }
        for found in found {
            findings.report_in_config(ruled.config, found);
        }
    }
    let told = told(context);
    for file in context.files {
        if let Some(selector) = &file.selector
            && (file.picks_nothing || !told.contains(&(selector.kind, selector.text.as_slice())))
            && let Some(error) = error_of(selector)
        {
            findings.report(&file.path, of_file(context, file, selector, &error));
        }
    }
}

/// The selectors of rules, which are told of there; a file that stands in clear is told of all the same.
fn told<'c>(context: &RepoContext<'c>) -> Vec<(SelectorKind, &'c [u8])> {
    let reads = context
        .configs
        .iter()
        .filter_map(|config| config.read.as_ref().ok());
    let selectors = reads
        .flat_map(|read| &read.rules)
        .filter_map(CreationRule::selector);
    let broken = selectors.filter(|setting| error(setting.value.0, &setting.value.1).is_some());
    broken
        .map(|setting| (setting.value.0, setting.value.1.as_bytes()))
        .collect()
}

fn of_path(ruled: &Ruled<'_>, rule: &CreationRule) -> Option<Found> {
    let regex = rule.path_regex.as_ref()?;
    let error = regex.error()?;
    let part = part(&regex.text, error);
    let found = Found::new(format!("`path_regex` is no regular expression that Go takes: {error}{part}"))
        .at(place(&ruled.config.source, regex.span, &regex.text, error))
        .says(
            "sops stops here for every file that no earlier rule takes: \"can not compile regexp\"; the rules \
             behind it are never reached",
        )
        .help(help(&regex.text, &part));
    Some(found)
}

fn of_selector(
    context: &RepoContext<'_>,
    ruled: &Ruled<'_>,
    at: usize,
    rule: &CreationRule,
) -> Option<Found> {
    let setting = rule.selector()?;
    let (kind, text) = &setting.value;
    let error = error(*kind, text)?;
    let part = part(text, &error);
    let name = kind.name();
    let found = Found::new(format!(
        "`{name}` is no regular expression that Go takes: {error}{part}"
    ))
    .at(place(&ruled.config.source, setting.span, text, &error));
    let followers = ruled.followers.get(at).map_or(&[][..], Vec::as_slice);
    let clear: Vec<&FileFacts> = followers
        .iter()
        .copied()
        .filter(|file| file.picks_nothing)
        .collect();
    let mut says = effect(*kind).to_owned();
    if !clear.is_empty() {
        let names = some_of(clear.iter().map(|file| -> &Path { &file.path }));
        says = format!("{says}; in clear already: {names}");
    }
    let files: &[&FileFacts] = match is_of_encrypted(*kind) {
        true => &clear,
        false => &[],
    };
    Some(
        found
            .says(says)
            .help(context.then_anew(help(text, &part), files)),
    )
}

fn of_file(
    context: &RepoContext<'_>,
    file: &FileFacts,
    selector: &SelectorFacts,
    error: &PatternError,
) -> Found {
    let name = selector.kind.name();
    let text = format!(
        "mend the selector in the rule of `{}` that fits the file, then encrypt the file anew",
        context.config_name(file)
    );
    let says = match file.picks_nothing {
        true => {
            "sops takes it as matching nothing, without a word: every value of this file stands in clear, and it \
                 looks encrypted"
        }
        false => effect(selector.kind),
    };
    Found::new(format!(
        "the file's `{name}` is no regular expression that Go takes: {error}"
    ))
    .at_position(Some(selector.at))
    .says(says)
    .help(context.encrypt_anew(text, file))
}

/// What sops makes of a selector that matches nothing.
fn effect(kind: SelectorKind) -> &'static str {
    match kind {
        SelectorKind::EncryptedRegex | SelectorKind::EncryptedCommentRegex => {
            "sops takes it as matching nothing, without a word: every value stays in clear, in files that have \
             sops's metadata and look encrypted"
        }
        SelectorKind::UnencryptedRegex | SelectorKind::UnencryptedCommentRegex => {
            "sops takes it as matching nothing, without a word: every value is encrypted, also those that are to \
             stay in clear"
        }
        SelectorKind::EncryptedSuffix | SelectorKind::UnencryptedSuffix => "",
    }
}

/// Why Go does not take the selector of a file.
pub(super) fn error_of(selector: &SelectorFacts) -> Option<PatternError> {
    error(selector.kind, std::str::from_utf8(&selector.text).ok()?)
}

/// The longest pattern that is tried, in bytes.
const MAX_PATTERN: usize = 32 << 10;

/// Why Go does not take a selector; none where it does, or that is not known.
pub(super) fn error(kind: SelectorKind, text: &str) -> Option<PatternError> {
    let is_suffix = matches!(
        kind,
        SelectorKind::EncryptedSuffix | SelectorKind::UnencryptedSuffix
    );
    if is_suffix || text.len() > MAX_PATTERN {
        return None;
    }
    Pattern::compile(text)
        .err()
        .filter(PatternError::is_go_error)
}

/// The part of a pattern that Go complains of, for a sentence.
fn part(text: &str, error: &PatternError) -> String {
    const MOST: usize = 40;
    let part = text.get(error.span()).unwrap_or_default();
    let is_plain = part
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if part.is_empty() || part.len() > MOST || !is_plain {
        return String::new();
    }
    format!(": `{part}`")
}

/// Where in the source that part stands, or the whole pattern.
fn place(source: &Source, whole: Span, text: &str, error: &PatternError) -> Span {
    let written = source.text().get(whole.range());
    let part = error.span();
    match written.and_then(|written| written.find(text)) {
        Some(at) if !part.is_empty() => {
            let start = whole.start() + at;
            Span::new(start + part.start, start + part.end)
        }
        _ => whole,
    }
}

fn help(text: &str, part: &str) -> Help {
    let text = if text.starts_with('*') || part.contains("`**") {
        "it looks like a pattern for names; in a regular expression any characters are `.*`, and a dot is `\\.`"
    } else if part.contains("(?") {
        "Go has no look-around and no back-references: say what is meant with several rules, the first that matches \
         counts"
    } else {
        "mend it; brackets that stand for themselves need a backslash, and in double quotes YAML takes backslashes \
         away: use single quotes"
    };
    Help::new(text).then("sopsguard audit")
}

/// Whether the selector is one of what is encrypted: with none of it, all stands in clear.
fn is_of_encrypted(kind: SelectorKind) -> bool {
    matches!(
        kind,
        SelectorKind::EncryptedRegex | SelectorKind::EncryptedCommentRegex
    )
}
