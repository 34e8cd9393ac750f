//! What the rules of a configuration say, wherever and however it is written; and what they are to say.

use std::collections::BTreeSet;

use super::{Aim, Reading, Refusal};
use crate::config::creation::{CreationRule, RuleFault, SopsConfig};
use crate::sops::{KeyKind, KeyNames, SelectorKind};

/// What rules say, in their order; those of `recreation_rule` behind the creation rules.
#[derive(Clone, PartialEq)]
pub(super) struct Effects(Vec<Effect>);

/// Which rules an edit is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The creation rules. Where a `recreation_rule` shares a list with one, it follows.
    Creation,
    /// Those of `recreation_rule`, too.
    All,
}

#[derive(Clone, PartialEq)]
struct Effect {
    groups: Vec<BTreeSet<(KeyKind, String)>>,
    threshold: i64,
    path_regex: Option<String>,
    selectors: Vec<(SelectorKind, String)>,
    mac_only_encrypted: bool,
    fault: Option<RuleFault>,
}

/// What the rules are to say.
pub(super) struct Wanted {
    pub(super) effects: Effects,
    /// The rules that say something else now.
    pub(super) rules: Vec<usize>,
}

impl Effects {
    pub(super) fn of(config: &SopsConfig, scope: Scope) -> Self {
        let count = match scope {
            Scope::Creation => config.rules.len(),
            Scope::All => usize::MAX,
        };
        Self(config.all_rules().take(count).map(Effect::of).collect())
    }

    /// What an edited text says; none where sops would not take it.
    pub(super) fn of_text(text: &str, scope: Scope) -> Option<Self> {
        Reading::of(text).map(|reading| Self::of(&reading.config, scope))
    }

    pub(super) fn has_rule_as(&self, other: &Self, rule: usize) -> bool {
        self.0.get(rule) == other.0.get(rule)
    }

    /// Whether each rule says what it said before or what it is to say.
    pub(super) fn is_between(&self, before: &Self, wanted: &Self) -> bool {
        self.0.len() == wanted.0.len()
            && before.0.len() == wanted.0.len()
            && (0..self.0.len())
                .all(|rule| self.has_rule_as(before, rule) || self.has_rule_as(wanted, rule))
    }
}

impl Effect {
    fn of(rule: &CreationRule) -> Self {
        let keys = |group: &Vec<_>| -> BTreeSet<_> {
            let names = group
                .iter()
                .map(|key: &crate::config::creation::RuleKey| &key.names);
            names
                .map(|names| (names.kind, names.spelled.clone()))
                .collect()
        };
        Self {
            groups: rule.groups.iter().map(keys).collect(),
            threshold: rule.threshold(),
            path_regex: rule.path_regex.as_ref().map(|regex| regex.text.clone()),
            selectors: rule
                .selectors
                .iter()
                .map(|selector| selector.value.clone())
                .collect(),
            mac_only_encrypted: rule.mac_only_encrypted(),
            fault: rule.refusal.as_ref().map(|refusal| refusal.fault.clone()),
        }
    }
}

impl Wanted {
    /// The chosen rules with a recipient more.
    pub(super) fn with(config: &SopsConfig, key: &str, aim: &Aim<'_>) -> Result<Self, Refusal> {
        let names = KeyNames::new(KeyKind::Age, key, &[], "");
        let mut wanted = Self::as_it_is(config, Scope::Creation);
        for &rule in aim.rules {
            let known = chosen(config, rule)?;
            let groups = known.groups.len();
            let group = match aim.group {
                Some(group) if group >= groups => {
                    return Err(Refusal::NoSuchGroup {
                        rule,
                        group,
                        groups,
                    });
                }
                Some(group) => group..group + 1,
                None => 0..groups,
            };
            let here = known.groups.get(group.clone()).unwrap_or_default();
            let is_in =
                |key: &crate::config::creation::RuleKey| key.names.canonical == names.canonical;
            if here.iter().flatten().any(is_in) {
                continue;
            }
            if group.len() > 1 {
                return Err(Refusal::ManyGroups { rule, groups });
            }
            let effect = wanted.effects.0.get_mut(rule);
            let into = effect.and_then(|effect| effect.groups.get_mut(group.start));
            if let Some(into) = into {
                into.insert((KeyKind::Age, names.spelled.clone()));
                wanted.rules.push(rule);
            }
        }
        Ok(wanted.settled())
    }

    /// The chosen rules without a key.
    pub(super) fn without(
        config: &SopsConfig,
        canonical: &str,
        rules: &[usize],
    ) -> Result<Self, Refusal> {
        let mut wanted = Self::as_it_is(config, Scope::All);
        for &rule in rules {
            let known = chosen(config, rule)?;
            for (number, group) in known.groups.iter().enumerate() {
                let (gone, kept): (Vec<_>, Vec<_>) = group
                    .iter()
                    .partition(|key| key.names.canonical == canonical);
                if gone.is_empty() {
                    continue;
                }
                if kept.is_empty() {
                    return Err(match known.groups.len() {
                        1 => Refusal::LastOfRule { rule },
                        _ => Refusal::LastOfGroup {
                            rule,
                            group: number,
                        },
                    });
                }
                let effect = wanted.effects.0.get_mut(rule);
                let from = effect.and_then(|effect| effect.groups.get_mut(number));
                if let Some(from) = from {
                    for key in gone {
                        from.remove(&(key.names.kind, key.names.spelled.clone()));
                    }
                    wanted.rules.push(rule);
                }
            }
        }
        Ok(wanted.settled())
    }

    fn as_it_is(config: &SopsConfig, scope: Scope) -> Self {
        Self {
            effects: Effects::of(config, scope),
            rules: Vec::new(),
        }
    }

    fn settled(mut self) -> Self {
        self.rules.sort_unstable();
        self.rules.dedup();
        self
    }
}

/// A rule that is to be changed, and can be.
fn chosen(config: &SopsConfig, rule: usize) -> Result<&CreationRule, Refusal> {
    let count = config.rules.len();
    let found = config.all_rules().nth(rule);
    let found = found.ok_or(Refusal::NoSuchRule { rule, count })?;
    match &found.refusal {
        Some(refusal) => Err(Refusal::Refused {
            rule,
            fault: refusal.fault.to_string(),
        }),
        None => Ok(found),
    }
}
