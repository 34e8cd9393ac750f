//! One creation rule: which files, which keys, which values.

use super::fault::{Refusal, RuleFault};
use super::keys::{self, FLAT, RuleKey};
use super::names::{self, Named};
use super::odd::{Oddity, Strange};
use super::path_regex::PathRegex;
use crate::document::yaml::decode::{Content, Value};
use crate::keys::Recipient;
use crate::sops::{KeyKind, Pattern, SelectorKind};
use crate::source::Span;

/// A rule of `creation_rules`.
pub(crate) struct CreationRule {
    pub(crate) span: Span,
    /// Which files it is for; all where there is none.
    pub(crate) path_regex: Option<PathRegex>,
    /// The groups of keys as sops makes them: what they merge is in them, and what a group of
    /// `key_groups` has twice stands there once. Keys that are none are left out.
    pub(crate) groups: Vec<Vec<RuleKey>>,
    /// How many groups a file needs, as far as the rule says it; 0 says nothing.
    pub(crate) threshold: Option<Setting<i64>>,
    /// The selectors that are set, which may be one at most.
    pub(crate) selectors: Vec<Setting<(SelectorKind, String)>>,
    pub(crate) mac_only_encrypted: Option<Setting<bool>>,
    /// Why sops fails once the rule is chosen.
    pub(crate) refusal: Option<Refusal>,
}

/// A setting, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
    /// Where its key stands.
    pub(crate) key_span: Span,
}

impl CreationRule {
    /// The keys that it names, but those that sops does not take.
    pub(crate) fn sound_keys(&self) -> impl Iterator<Item = &RuleKey> {
        let keys = self.groups.iter().flatten();
        keys.filter(|key| {
            let is_age = key.names.kind == KeyKind::Age;
            !is_age || Recipient::parse(&key.names.shown).flaw().is_none()
        })
    }

    /// The selector that counts; `None` where none is set, and sops's default does.
    pub(crate) fn selector(&self) -> Option<&Setting<(SelectorKind, String)>> {
        self.selectors.first()
    }

    /// Whether files of the rule have a MAC over encrypted values only.
    pub(crate) fn mac_only_encrypted(&self) -> bool {
        self.mac_only_encrypted
            .as_ref()
            .is_some_and(|setting| setting.value)
    }

    /// How many groups a file needs as far as the rule says it; 0 where it does not.
    pub(crate) fn threshold(&self) -> i64 {
        self.threshold.as_ref().map_or(0, |setting| setting.value)
    }
}

/// The reading of the rules of one file.
pub(super) struct Reading<'r> {
    pub(super) text: &'r str,
    pub(super) oddities: &'r mut Vec<Oddity>,
    pub(super) names: &'r mut Vec<Named>,
    /// How many keys there are so far.
    pub(super) keys: usize,
    /// The rule that is read.
    pub(super) number: usize,
}

impl<'r> Reading<'r> {
    pub(super) fn new(
        text: &'r str,
        oddities: &'r mut Vec<Oddity>,
        names: &'r mut Vec<Named>,
    ) -> Self {
        Self {
            text,
            oddities,
            names,
            keys: 0,
            number: 0,
        }
    }

    /// Reads the next rule.
    pub(super) fn rule(&mut self, rule: &Value) -> CreationRule {
        let path_regex = text(rule, "path_regex").map(|setting| {
            let span = setting.span;
            PathRegex::new(setting.value, span)
        });
        let selectors = selectors(rule);
        let groups = rule
            .field("key_groups")
            .map_or(&[][..], |(_, list)| list.items());
        let is_grouped = !groups.is_empty();
        if is_grouped {
            self.note_flat(rule);
        }
        let mut refusals = many(&selectors);
        let groups = match is_grouped {
            true => groups
                .iter()
                .map(|group| keys::group(self, group, &mut refusals))
                .collect(),
            false => vec![keys::flat(self, rule, &mut refusals)],
        };
        let rule = CreationRule {
            span: rule.span,
            path_regex,
            groups,
            threshold: number(rule, "shamir_threshold"),
            selectors,
            mac_only_encrypted: flag(rule, "mac_only_encrypted"),
            refusal: refusals.into_iter().next(),
        };
        self.note(&rule);
        self.number += 1;
        rule
    }

    /// Notes what is strange about the whole rule.
    fn note(&mut self, rule: &CreationRule) {
        if let Some(regex) = &rule.path_regex {
            if regex.error().is_some() {
                self.strange(regex.span, Strange::BadPathRegex);
            }
            if regex.text.contains("/dev/stdin") {
                self.strange(regex.span, Strange::StandardInput);
            }
        }
        for selector in &rule.selectors {
            let (kind, text) = &selector.value;
            let is_regex = !matches!(
                kind,
                SelectorKind::EncryptedSuffix | SelectorKind::UnencryptedSuffix
            );
            let error = |text: &str| Pattern::compile(text).err();
            if is_regex && error(text).is_some_and(|error| error.is_go_error()) {
                self.strange(selector.span, Strange::BadSelector { kind: *kind });
            }
        }
        if let Some(refusal) = &rule.refusal {
            self.strange(refusal.span, Strange::Refused(refusal.fault.clone()));
        }
        if rule.groups.iter().all(Vec::is_empty) && rule.refusal.is_none() {
            self.strange(rule.span, Strange::NoKeys);
        }
    }

    pub(super) fn strange(&mut self, span: Span, what: Strange) {
        let rule = Some(self.number);
        self.oddities.push(Oddity { rule, span, what });
    }

    /// Notes the names that comments give a key that stands alone in its scalar.
    pub(super) fn name(&mut self, value: &Value, key: &RuleKey) {
        names::by_comment(self.text, value, key, self.names);
    }

    /// Notes the fields that say which keys, beside `key_groups`.
    pub(super) fn note_flat(&mut self, rule: &Value) {
        for (field, _) in FLAT {
            if let Some((member, _)) = rule.field(field) {
                self.strange(member.span, Strange::FlatAndGrouped { field });
            }
        }
    }
}

/// More than one selector: sops refuses the rule.
fn many(selectors: &[Setting<(SelectorKind, String)>]) -> Vec<Refusal> {
    let Some(second) = selectors.get(1) else {
        return Vec::new();
    };
    let kinds = selectors.iter().map(|setting| setting.value.0.name());
    vec![Refusal {
        span: second.key_span,
        fault: RuleFault::ManySelectors(kinds.collect()),
    }]
}

fn selectors(rule: &Value) -> Vec<Setting<(SelectorKind, String)>> {
    let kinds = SelectorKind::ALL.into_iter();
    kinds
        .filter_map(|kind| {
            let Setting {
                value,
                span,
                key_span,
            } = text(rule, kind.name())?;
            let value = (kind, value);
            Some(Setting {
                value,
                span,
                key_span,
            })
        })
        .collect()
}

/// A field that holds text; `None` where that is empty, too.
pub(super) fn text(record: &Value, name: &str) -> Option<Setting<String>> {
    let (member, value) = record.field(name)?;
    let text = value.as_text().filter(|text| !text.is_empty())?;
    Some(Setting {
        value: text.to_owned(),
        span: value.at,
        key_span: member.span,
    })
}

fn number(record: &Value, name: &str) -> Option<Setting<i64>> {
    let (member, value) = record.field(name)?;
    let Content::Int(number) = value.content else {
        return None;
    };
    Some(Setting {
        value: number,
        span: value.at,
        key_span: member.span,
    })
}

fn flag(record: &Value, name: &str) -> Option<Setting<bool>> {
    let (member, value) = record.field(name)?;
    let Content::Bool(flag) = value.content else {
        return None;
    };
    Some(Setting {
        value: flag,
        span: value.at,
        key_span: member.span,
    })
}
