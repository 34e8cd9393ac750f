//! What of a `.sops.yaml` may be shown beside a finding.
//!
//! Patterns, thresholds and the names of public keys are no secrets, and a finding about them helps more where
//! they can be seen. Anything may have been pasted in their place, though. So only what was read as one of
//! them is shown; all else in the file stays behind the mask, comments too.

use std::collections::HashMap;

use super::{CreationRule, SopsConfig, Strange};
use crate::document::{self, Document, Format};
use crate::keys::Recipient;
use crate::source::{Part, PartKind, Source, Span, is_plain_key};

/// The most bytes of a pattern, of a recipient that stands alone, and of one of several that are shown.
const MOST_OF_PATTERN: usize = 100;
const MOST_OF_KEY: usize = 64;
const MOST_OF_MANY: usize = 24;

/// The places of the file for [`Masked`](crate::source::Masked); none where sops's reader of documents
/// refuses it.
pub(crate) fn shown(source: &Source, config: &SopsConfig) -> Vec<Part> {
    let Ok(document) = Document::parse(source, Format::Yaml) else {
        return Vec::new();
    };
    let public = public(source, config);
    let mut parts = Vec::new();
    for part in document::parts(&document) {
        if part.kind != PartKind::Hidden {
            parts.push(part);
            continue;
        }
        parts.extend(anchor(source, part.span));
        match inside(&public, part.span) {
            [] if is_alias(source, part.span) => parts.push(of(part.span, MOST_OF_KEY)),
            [] => parts.push(part),
            [(only, most)] if is_whole(source, part.span, *only) => {
                parts.push(of(part.span, *most))
            }
            pieces => {
                parts.extend(pieces.iter().map(|(span, _)| of(*span, MOST_OF_MANY)));
                parts.extend(quotes(source, part.span, pieces).into_iter().flatten());
            }
        }
    }
    parts.sort_unstable();
    parts
}

fn of(span: Span, most: usize) -> Part {
    let kind = PartKind::Public { most };
    Part { span, kind }
}

/// The values that are no secrets, each with how much of it is shown; sorted, each once.
fn public(source: &Source, config: &SopsConfig) -> Vec<(Span, usize)> {
    let text = |span: Span| source.text().get(span.range()).unwrap_or_default();
    let mut public = HashMap::new();
    for rule in &config.rules {
        public.extend(settings(rule));
        for key in rule.groups.iter().flatten() {
            let written = text(key.defined);
            // What is not known by its look to be the name of a key is shown nowhere.
            if key.names.shown == written || Recipient::parse(written).flaw().is_none() {
                public.insert(key.defined, MOST_OF_KEY);
            }
        }
    }
    for oddity in &config.oddities {
        if let Strange::BadKey { defined, .. } = &oddity.what
            && Recipient::parse(text(*defined)).is_public()
        {
            public.insert(*defined, MOST_OF_KEY);
        }
    }
    // A pasted key is a private one wherever it stands.
    let mut public: Vec<(Span, usize)> = public
        .into_iter()
        .filter(|(span, _)| !crate::keys::may_be_exposed(text(*span).as_bytes()))
        .collect();
    public.sort_unstable();
    public
}

/// What a rule sets beside its keys.
fn settings(rule: &CreationRule) -> Vec<(Span, usize)> {
    let regex = rule.path_regex.as_ref().map(|regex| regex.span);
    let selectors = rule.selectors.iter().map(|setting| setting.span);
    let threshold = rule.threshold.as_ref().map(|setting| setting.span);
    let mac = rule.mac_only_encrypted.as_ref().map(|setting| setting.span);
    let all = regex
        .into_iter()
        .chain(selectors)
        .chain(threshold)
        .chain(mac);
    all.map(|span| (span, MOST_OF_PATTERN)).collect()
}

/// The public values within a scalar.
fn inside(public: &[(Span, usize)], scalar: Span) -> &[(Span, usize)] {
    let start = public.partition_point(|(span, _)| span.start() < scalar.start());
    let rest = public.get(start..).unwrap_or_default();
    let count = rest
        .iter()
        .take_while(|(span, _)| span.end() <= scalar.end())
        .count();
    rest.get(..count).unwrap_or_default()
}

/// Whether a scalar holds no more than the value, and quotes.
fn is_whole(source: &Source, scalar: Span, value: Span) -> bool {
    let text = |start: usize, end: usize| source.text().get(start..end).unwrap_or_default();
    let before = text(scalar.start(), value.start());
    let after = text(value.end(), scalar.end());
    before == after && ["", "'", "\""].contains(&before)
}

/// The quotes of a scalar that has nothing else before its first public value and behind its last.
fn quotes(source: &Source, scalar: Span, pieces: &[(Span, usize)]) -> Option<[Part; 2]> {
    let ((first, _), (last, _)) = (pieces.first()?, pieces.last()?);
    let whole = Span::new(first.start(), last.end());
    let has_some = first.start() > scalar.start() && is_whole(source, scalar, whole);
    let (start, end) = (scalar.start(), last.end());
    has_some.then(|| {
        [
            of(Span::new(start, start + 1), 1),
            of(Span::new(end, end + 1), 1),
        ]
    })
}

/// Whether the text is `*name`.
fn is_alias(source: &Source, span: Span) -> bool {
    let text = source.text().get(span.range()).unwrap_or_default();
    text.strip_prefix('*')
        .is_some_and(|name| is_plain_key(name.as_bytes()))
}

/// The anchor before a value: `&name`.
fn anchor(source: &Source, value: Span) -> Option<Part> {
    let line = source.text().get(..value.start())?.rsplit('\n').next()?;
    let end = value.start() - (line.len() - line.trim_end().len());
    let word = line.split_whitespace().next_back()?;
    let name = word.strip_prefix('&')?;
    is_plain_key(name.as_bytes()).then(|| of(Span::new(end - word.len(), end), MOST_OF_KEY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Masked, SourceId};

    const ALICE: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn lines(text: &str) -> Vec<String> {
        let id = SourceId::Stdin(".sops.yaml".into());
        let source = Source::decode(id, text.as_bytes().to_vec()).unwrap();
        let config = SopsConfig::read(&source).unwrap_or_else(|error| panic!("{error}"));
        let parts = shown(&source, &config);
        let masked = Masked::new(&source, &parts);
        let lines = (1..).map_while(|number| masked.line_of_problem(number, 1_000));
        lines.map(|line| line.text).collect()
    }

    #[test]
    fn patterns_recipients_and_names_of_anchors_are_shown() {
        let text = format!(
            "keys:\n  - &alice {ALICE} # hunter2\ncreation_rules:\n  - path_regex: ^secrets/.*\\.yaml$\n    \
             encrypted_regex: '^data$'\n    mac_only_encrypted: true\n    age: *alice\n  - path_regex: \"a b\"\n    \
             age: {ALICE}, {ALICE}\n  - age: \"{ALICE}, {ALICE}\"\n    pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n    note: hunter2\n"
        );
        let short = "age1ql3z7hjy54...qmcac8p";
        let shown = lines(&text);
        let expected = [
            "keys:".to_owned(),
            format!("  - &alice {ALICE} ********"),
            "creation_rules:".to_owned(),
            r"  - path_regex: ^secrets/.*\.yaml$".to_owned(),
            "    encrypted_regex: '^data$'".to_owned(),
            "    mac_only_encrypted: true".to_owned(),
            "    age: *alice".to_owned(),
            "  - path_regex: \"a b\"".to_owned(),
            format!("    age: {short}, {short}"),
            format!("  - age: \"{short}, {short}\""),
            "    pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21".to_owned(),
            "    note: ********".to_owned(),
        ];
        for (shown, expected) in shown.iter().zip(&expected) {
            assert_eq!(shown.trim_end(), expected.trim_end());
        }
        assert_eq!(shown.len(), expected.len());
    }

    #[test]
    fn what_was_pasted_where_a_key_belongs_is_not_shown() {
        let keys = include_str!("../../../testdata/rules/keys.txt");
        let private = keys
            .lines()
            .find(|line| line.starts_with("AGE-SECRET-KEY-"))
            .unwrap();
        for pasted in [
            private,
            &private[..30],
            "hunter2",
            "alice pass",
            "'hunter2'",
        ] {
            for text in [
                format!("creation_rules:\n  - age: {pasted}\n"),
                format!("creation_rules:\n  - age: [{ALICE}, {pasted}]\n"),
                format!("creation_rules:\n  - age: {ALICE},{pasted}\n"),
                format!("creation_rules:\n  - pgp: {pasted}\n"),
                format!("creation_rules:\n  - kms: {pasted}\n"),
                format!("x: &a {pasted}\ncreation_rules:\n  - key_groups:\n    - age: [*a]\n"),
                format!("creation_rules:\n  - path_regex: {private}\n    age: {ALICE}\n"),
            ] {
                let shown = lines(&text).join("\n");
                let word = pasted.trim_matches('\'').split(' ').next_back().unwrap();
                assert!(!shown.contains(word), "{shown}");
                assert!(!shown.contains(private), "{shown}");
            }
        }
    }
}
