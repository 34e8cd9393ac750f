//! What is certain of a text that sops would not load.
//!
//! A file seldom has one problem only, and the first that stops a reader must not hide the others. A
//! text can be refused and still leave no doubt about what stands where (a key written twice); and
//! where git could not merge two sides, each side is a text of its own.

use std::collections::HashSet;

use super::sign;
use crate::document::{self, Document, Format, METADATA_KEY, RepeatedKey, Tree, Value};
use crate::sops::{self, ClearComment, Inspection, MetadataErrors, Place, Problem, SopsFile};
use crate::source::{self, Blank, Conflict, Side, Source, Span};

/// What is known of a refused text without any doubt.
#[derive(Default)]
pub(super) struct Certain {
    pub(super) problems: Vec<Problem>,
    pub(super) clear_comments: Vec<ClearComment>,
    pub(super) unselected: Vec<Place>,
    pub(super) repeated_keys: Vec<RepeatedKey>,
    /// Whether both sides of a merge are documents without metadata.
    pub(super) is_clear: bool,
    /// Why sops could load neither side of a merge.
    pub(super) error: Option<document::Error>,
}

impl Certain {
    /// What stands in a document that was read although sops refuses it.
    pub(super) fn of_document(document: &Document<'_>, repeated_keys: Vec<RepeatedKey>) -> Self {
        let mut certain = Self {
            repeated_keys,
            ..Self::default()
        };
        let repeats_metadata =
            |key: &RepeatedKey| key.in_first_document && key.path.first() == Some(METADATA_KEY);
        // Which of two entries counts, nobody can say.
        if !certain.repeated_keys.iter().any(repeats_metadata) {
            if let Err(MetadataErrors(problems)) = SopsFile::of(document)
                && has_marks(document.tree())
            {
                certain.problems = problems;
            }
            certain.add(values(document), &HashSet::new());
        }
        certain
    }

    /// The keys that stand twice before the place where the reader stopped.
    pub(super) fn of_keys(repeated_keys: Vec<RepeatedKey>) -> Self {
        Self {
            repeated_keys,
            ..Self::default()
        }
    }

    /// What stands in the sides of a merge that git left to the user.
    pub(super) fn of_conflicts(source: &Source, format: Format, conflicts: &[Conflict]) -> Self {
        let mut certain = Self::default();
        let mut seen = HashSet::new();
        let (mut loaded, mut clear) = (false, 0);
        // A line of spaces is one without `=` to a dotenv file.
        let blank = match format {
            Format::Dotenv => Blank::LineFeed,
            _ => Blank::Space,
        };
        for side in [Side::Ours, Side::Theirs] {
            let text = source::side_of_conflicts(source.text(), conflicts, side, blank);
            let Ok(view) = Source::decode(source.id().clone(), text.into_bytes()) else {
                continue;
            };
            let reading = Document::read(&view, format);
            if let Some(document) = &reading.document {
                loaded = true;
                clear += usize::from(matches!(SopsFile::of(document), Ok(None)));
                certain.add(values(document), &seen);
            } else {
                certain.error = certain.error.or(reading.error);
            }
            let new = |key: &RepeatedKey| !seen.contains(&key.span);
            certain
                .repeated_keys
                .extend(reading.repeated_keys.into_iter().filter(new));
            seen.extend(certain.spans());
        }
        if loaded {
            certain.error = None;
        }
        certain.is_clear = clear == 2;
        certain
    }

    fn add(&mut self, inspection: Inspection, seen: &HashSet<Span>) {
        let new = |span: Option<Span>| span.is_none_or(|span| !seen.contains(&span));
        let problems = inspection.problems.into_iter();
        self.problems
            .extend(problems.filter(|problem| new(problem.span)));
        let comments = inspection.clear_comments.into_iter();
        self.clear_comments
            .extend(comments.filter(|comment| new(Some(comment.span))));
        let unselected = inspection.unselected.into_iter();
        self.unselected
            .extend(unselected.filter(|place| new(Some(place.span))));
    }

    /// The places of everything.
    fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        let problems = self.problems.iter().filter_map(|problem| problem.span);
        let comments = self.clear_comments.iter().map(|comment| comment.span);
        let unselected = self.unselected.iter().map(|place| place.span);
        let keys = self.repeated_keys.iter().map(|key| key.span);
        problems.chain(comments).chain(unselected).chain(keys)
    }
}

/// What the values of a document show without a key, as far as its metadata says which of them are
/// encrypted.
pub(super) fn values(document: &Document<'_>) -> Inspection {
    let tree = document.tree();
    match SopsFile::of(document) {
        Ok(Some(file)) => sops::verify_values(tree, document.format(), file.selectors()),
        Ok(None) => Inspection::default(),
        Err(_) if !has_marks(tree) => Inspection::default(),
        Err(_) => match SopsFile::certain_selectors(document) {
            Some(selectors) => sops::verify_values(tree, document.format(), &selectors),
            None => Inspection::default(),
        },
    }
}

/// Whether a top-level `sops` mapping is the metadata of a secret file.
pub(super) fn has_marks(tree: &Tree<'_>) -> bool {
    tree.metadata().next().is_some_and(|metadata| {
        let has = |mark: &&&str| {
            let pair = tree.pair(metadata.value, mark);
            // Where sops has lists and texts, a chart may have settings: `age: {existingSecret: …}`.
            pair.is_some_and(|pair| !matches!(tree.resolved(pair.value).value, Value::Map(_)))
        };
        sign::MARKS.iter().filter(has).count() >= 2
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    /// How many values are known to be in clear beside metadata that sops refuses.
    fn clear_values(metadata: &str) -> usize {
        let text = format!("kind: x\na: 1\nsops:\n{metadata}");
        let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes()).unwrap();
        let reading = Document::read(&source, Format::Yaml);
        values(&reading.document.unwrap()).problems.len()
    }

    #[test]
    fn values_are_told_beside_broken_metadata_where_the_selectors_are_certain() {
        let marks = "  mac: x\n  age: 5\n";
        for (more, expected) in [
            ("  encrypted_regex: ^a$\n", 1),
            ("  encrypted_regex: ^a$\n  version: 3.13.3\n", 1),
            ("  version: 3.13.3\n", 2),
            // The line of the selector may be lost.
            ("", 0),
            ("  encrypted_regex: ^a$\n  encrypted_suffix: _x\n", 0),
            ("  encrypted_regex: [^a$]\n", 0),
        ] {
            assert_eq!(
                clear_values(&format!("{marks}{more}")),
                expected,
                "{more:?}"
            );
        }
        assert_eq!(clear_values("  enabled: true\n  encrypted_regex: ^a$\n"), 0);
        let of_a_chart = "  version: 3.13.3\n  age: {existingSecret: x}\n  encrypted_regex: ^a$\n";
        assert_eq!(clear_values(of_a_chart), 0);
    }
}
