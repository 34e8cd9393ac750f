//! A configuration as it is written, beside what it says.

use std::path::Path;

use crate::config::creation::{CreationRule, RuleKey, SOPS_CONFIG, SopsConfig};
use crate::document::yaml::outline::{Kind, Node, Outline};
use crate::sops::KeyKind;
use crate::source::{Source, SourceId};

/// A text, what sops makes of it, and the nodes that it is written in.
pub(super) struct Reading<'t> {
    pub(super) text: &'t str,
    pub(super) config: SopsConfig,
    pub(super) outline: Outline<'t>,
}

/// Where the keys of a rule, or of one of its groups, are written.
pub(super) struct Place<'o, 't> {
    /// The mapping that says them.
    pub(super) holder: Node<'o, 't>,
    /// What stands in its place in the list: the mapping, or an alias of it.
    pub(super) item: Node<'o, 't>,
    /// The value of `age`, of its own or of a mapping that it merges.
    pub(super) value: Option<Node<'o, 't>>,
    /// Whether `age` is its own.
    pub(super) is_own: bool,
    pub(super) is_group: bool,
    /// Its age recipients.
    pub(super) keys: Vec<&'o RuleKey>,
}

impl<'t> Reading<'t> {
    /// Reads a configuration; none where sops does not take it, or where it cannot be said.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let id = SourceId::Stdin(Path::new(SOPS_CONFIG).into());
        let source = Source::decode(id, text.as_bytes().to_vec()).ok()?;
        Some(Self {
            text,
            config: SopsConfig::read(&source).ok()?,
            outline: Outline::read(text)?,
        })
    }

    /// A rule by its number; those of `recreation_rule` count on behind the creation rules.
    pub(super) fn rule(&self, rule: usize) -> Option<&CreationRule> {
        self.config.all_rules().nth(rule)
    }

    /// The list of the rules.
    pub(super) fn rules(&self) -> Option<Node<'_, 't>> {
        Some(self.outline.root().field("creation_rules")?.target())
    }

    /// Where a rule says its recipients: in its fields, or in one of its groups.
    pub(super) fn place(&self, rule: usize, group: Option<usize>) -> Option<Place<'_, 't>> {
        let item = listed(self.rules()?, rule)?;
        let own = item.target();
        let groups = own.field("key_groups").map(Node::target);
        let groups = groups.filter(|groups| groups.items().any(is_something));
        let keys = self.rule(rule)?.groups.get(group.unwrap_or_default())?;
        let item = match groups {
            Some(groups) => listed(groups, group.unwrap_or_default())?,
            None => item,
        };
        let holder = item.target();
        let own = holder.own("age");
        Some(Place {
            holder,
            item,
            value: holder.field("age"),
            is_own: own.is_some(),
            is_group: groups.is_some(),
            keys: keys
                .iter()
                .filter(|key| key.names.kind == KeyKind::Age)
                .collect(),
        })
    }

    /// Whether a node is part of what the rules are.
    pub(super) fn is_in_rules(&self, node: Node<'_, 't>) -> bool {
        self.rules().is_some_and(|rules| is_within(rules, node))
    }

    /// The same, of the rules of destinations, too.
    pub(super) fn is_in_any_rules(&self, node: Node<'_, 't>) -> bool {
        let destinations = self.outline.root().field("destination_rules");
        let is_there = destinations.is_some_and(|rules| is_within(rules.target(), node));
        is_there || self.is_in_rules(node)
    }
}

fn is_within(whole: Node<'_, '_>, node: Node<'_, '_>) -> bool {
    let (whole, node) = (whole.span(), node.span());
    whole.start() <= node.start() && node.end() <= whole.end()
}

/// An item of a list, of which those that are null do not count.
fn listed<'o, 't>(list: Node<'o, 't>, number: usize) -> Option<Node<'o, 't>> {
    list.items().filter(|item| is_something(*item)).nth(number)
}

/// Whether an item is a mapping: what else stands where one belongs is null, or sops refuses the file.
fn is_something(item: Node<'_, '_>) -> bool {
    item.target().kind() != Kind::Scalar
}
