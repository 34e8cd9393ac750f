//! The ways to add a recipient to a rule.

use super::NewKey;
use super::lines::{Lines, NewPair};
use super::naming::{Naming, like};
use super::reading::{Place, Reading};
use super::splices::Splices;
use crate::config::creation::RuleKey;
use crate::document::yaml::outline::{Kind, Node};
use crate::source::Span;

/// One key for any rule of one text.
pub(super) struct Adding<'r> {
    reading: &'r Reading<'r>,
    lines: Lines<'r>,
    key: NewKey<'r>,
    group: Option<usize>,
    naming: Option<Naming<'r, 'r>>,
}

/// The key as it can be written in a list.
#[derive(Clone, Copy)]
enum Spelling<'n> {
    Alias(&'n Naming<'n, 'n>),
    Literal,
}

/// A way to add a key where it fits.
type Way<'r> = fn(&Adding<'r>, &Place<'r, 'r>, Spelling<'_>) -> Option<Splices>;

/// The keys of which a new pair is a neighbour, the best first.
const NEIGHBOURS: [&str; 9] = [
    "pgp",
    "kms",
    "gcp_kms",
    "hckms",
    "azure_keyvault",
    "hc_vault_transit_uri",
    "hc_vault",
    "merge",
    "path_regex",
];

impl<'r> Adding<'r> {
    pub(super) fn new(reading: &'r Reading<'r>, key: &NewKey<'r>, group: Option<usize>) -> Self {
        Self {
            reading,
            lines: Lines(reading.text),
            key: *key,
            group,
            naming: Naming::of(reading, key),
        }
    }

    /// The ways to add it to a rule, the best first.
    pub(super) fn ways(&self, rule: usize) -> Vec<Splices> {
        let Some(place) = self.reading.place(rule, self.group) else {
            return Vec::new();
        };
        let spellings = self.spellings(&place);
        let ways: [Way<'r>; 4] = [
            Self::in_place,
            Self::written_out,
            Self::as_pair,
            Self::in_merging_group,
        ];
        let mut found = Vec::new();
        for way in ways {
            found.extend(
                spellings
                    .iter()
                    .filter_map(|spelling| way(self, &place, *spelling)),
            );
        }
        found
    }

    /// By an alias first, where the rule has aliases itself, or no keys of which to learn.
    fn spellings(&self, place: &Place<'r, 'r>) -> Vec<Spelling<'_>> {
        let has_alias = place.keys.iter().any(|key| key.span != key.defined);
        let alias = self.naming.as_ref().map(Spelling::Alias);
        let alias = alias.filter(|_| has_alias || place.keys.is_empty());
        alias.into_iter().chain([Spelling::Literal]).collect()
    }

    /// Where the keys are: in the list or the text, be it the one that an alias leads to.
    fn in_place(&self, place: &Place<'r, 'r>, spelling: Spelling<'_>) -> Option<Splices> {
        let value = place.value?;
        let target = value.target();
        match target.kind() {
            Kind::Sequence => self.in_list(target, spelling),
            Kind::Scalar => {
                let is_name = value != target && !self.reading.is_in_rules(target);
                let keys = spans_within(self.reading, target);
                let is_one = place.is_group || (is_name && keys.len() == 1);
                match spelling {
                    Spelling::Literal if !is_one => self.lines.piece(target, &keys, self.key.key),
                    Spelling::Literal | Spelling::Alias(_) => None,
                }
            }
            Kind::Mapping | Kind::Alias => None,
        }
    }

    fn in_list(&self, list: Node<'r, 'r>, spelling: Spelling<'_>) -> Option<Splices> {
        if let Spelling::Alias(naming) = spelling
            && naming.list == Some(list)
        {
            return Some(naming.entry.clone());
        }
        let Some(last) = list.items().last() else {
            let splices = self.lines.first_item(list, &self.spelled(spelling, None));
            return splices.map(|splices| splices.and(entry(spelling)));
        };
        let new = self.spelled(spelling, Some(last));
        let splices = self.lines.item(list, last, &new, self.key.name)?;
        Some(splices.and(entry(spelling)))
    }

    /// In the rule alone, with all keys that it has from elsewhere.
    fn written_out(&self, place: &Place<'r, 'r>, spelling: Spelling<'_>) -> Option<Splices> {
        let value = place.value?;
        if place.is_own && value.kind() != Kind::Alias {
            return None;
        }
        let mut items = written_out(self.reading, value, &place.keys, &|_| true);
        items.push(self.spelled(spelling, None));
        let is_text = value.target().kind() == Kind::Scalar && value.kind() == Kind::Scalar;
        let is_plain = is_text && !place.is_group && matches!(spelling, Spelling::Literal);
        let new = match is_plain {
            true => items.join(","),
            false => format!("[{}]", items.join(", ")),
        };
        let splices = match place.is_own {
            true => Splices::replace(value.span(), new),
            false => self.pair(place, &new, false)?,
        };
        Some(splices.and(entry(spelling)))
    }

    /// As a field of its own, where the rule has keys of other kinds only.
    fn as_pair(&self, place: &Place<'r, 'r>, spelling: Spelling<'_>) -> Option<Splices> {
        if place.value.is_some() {
            return None;
        }
        let new = self.spelled(spelling, None);
        let splices = self.pair(place, &new, place.is_group)?;
        Some(splices.and(entry(spelling)))
    }

    /// In a group that merges the one which stands there by an alias.
    fn in_merging_group(&self, place: &Place<'r, 'r>, spelling: Spelling<'_>) -> Option<Splices> {
        if !place.is_group || place.item.kind() != Kind::Alias {
            return None;
        }
        let (alias, new) = (place.item.written(), self.spelled(spelling, None));
        let group = format!("{{merge: [{alias}], age: [{new}]}}");
        Some(Splices::replace(place.item.span(), group).and(entry(spelling)))
    }

    fn pair(&self, place: &Place<'r, 'r>, value: &str, is_item: bool) -> Option<Splices> {
        let pairs: Vec<_> = place.holder.pairs().collect();
        let new = NewPair {
            key: "age",
            value,
            is_item,
        };
        let named = |name: &str| {
            let pair = pairs.iter().rfind(|(key, _)| key.says() == name);
            pair.copied()
        };
        let neighbour = NEIGHBOURS.into_iter().find_map(named);
        match neighbour.or_else(|| pairs.last().copied()) {
            Some(last) => self.lines.pair(place.holder, last, &new),
            None => {
                let item = if is_item {
                    format!("[{value}]")
                } else {
                    value.to_owned()
                };
                self.lines.first_item(place.holder, &format!("age: {item}"))
            }
        }
    }

    fn spelled(&self, spelling: Spelling<'_>, beside: Option<Node<'r, 'r>>) -> String {
        match (spelling, beside) {
            (Spelling::Alias(naming), _) => format!("*{}", naming.anchor),
            (Spelling::Literal, Some(other)) => like(other, self.key.key),
            (Spelling::Literal, None) => self.key.key.to_owned(),
        }
    }
}

/// What gives the key its name, where it is referred to by that.
fn entry(spelling: Spelling<'_>) -> Splices {
    match spelling {
        Spelling::Alias(naming) => naming.entry.clone(),
        Spelling::Literal => Splices::default(),
    }
}

/// Where the keys stand that a text lists, in its order, each once.
pub(super) fn spans_within(reading: &Reading<'_>, scalar: Node<'_, '_>) -> Vec<Span> {
    let whole = scalar.span();
    let rules = reading.config.all_rules();
    let keys = rules.flat_map(|rule| rule.groups.iter().flatten());
    let within = |span: &Span| whole.start() <= span.start() && span.end() <= whole.end();
    let mut spans: Vec<Span> = keys.map(|key| key.defined).filter(within).collect();
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// The keys of `age` as items of a list that stands elsewhere: by an alias where there is one, else as they are written.
pub(super) fn written_out(
    reading: &Reading<'_>,
    value: Node<'_, '_>,
    keys: &[&RuleKey],
    is_kept: &dyn Fn(&RuleKey) -> bool,
) -> Vec<String> {
    let target = value.target();
    let anchors: Vec<_> = reading.outline.anchored().collect();
    let spelled = |key: &RuleKey| {
        let is_alias = key.span != key.defined;
        let span = if is_alias { key.span } else { key.defined };
        let named = anchors.iter().find(|(node, _)| {
            node.kind() == Kind::Scalar && node.span() == key.defined && node != &target
        });
        match named {
            Some((_, name)) if !is_alias => format!("*{name}"),
            Some(_) | None => reading
                .text
                .get(span.range())
                .unwrap_or_default()
                .to_owned(),
        }
    };
    let mut items: Vec<String> = keys
        .iter()
        .filter(|key| is_kept(key))
        .map(|key| spelled(key))
        .collect();
    items.dedup();
    items
}
