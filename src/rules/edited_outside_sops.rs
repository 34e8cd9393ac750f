//! `edited-outside-sops`: what the MAC covers was changed, and the MAC was not.

use super::{ChangeContext, Check, Findings, Found, Needs, Rule, Tale, mixed_merge};
use crate::change::{Change, Difference, LeafId};
use crate::finding::{Help, Severity};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "edited-outside-sops",
    summary: "values changed since the base, and the MAC is that of the base",
    page: include_str!("../../docs/rules/edited-outside-sops.md"),
    severity: Severity::Error,
    needs: Needs::Metadata,
    check: Check::Change(check),
};

fn check(context: &ChangeContext<'_>, findings: &mut Findings<'_>) {
    let change = context.change;
    if !change.has_same_mac() || change.has_same_inputs() {
        return;
    }
    if is_explained(change) || mixed_merge::mixed(context).is_some() {
        return;
    }
    let revision = context.base.revision;
    let what = tale(change).into_words();
    let what = what.unwrap_or_else(|| "what its values hold changed".to_owned());
    let found = match place(change) {
        Some(Place {
            span,
            is_clear: true,
        }) => Found::new("").at_clear(span),
        Some(Place {
            span,
            is_clear: false,
        }) => Found::new("").at(span),
        None => Found::new("").key_named("sops.mac"),
    };
    findings.report(if change.may_be_within_a_second() {
        found
            .message(format!("edited outside sops since `{revision}`, or twice within one second: {what}"))
            .says(
                "`mac` and `lastmodified` are those of before; sops keeps them where it renames a key \
                 within the second in which it wrote the file, and an editor always does",
            )
            .severity(Severity::Warning)
            .help(proof(context))
    } else {
        found
            .message(format!("edited outside sops since `{revision}`: {what}"))
            .says(
                "`mac` is still that of before: `sops decrypt`, `sops edit`, KSOPS, helm-secrets and \
                 sops-nix refuse the whole file, \"MAC mismatch\"",
            )
            .help(way_back(context))
    });
}

/// Whether other rules say all that differs: tokens stand under other keys, or the selectors pick
/// other values.
fn is_explained(change: &Change<'_>) -> bool {
    let is_move = |difference: Difference| match difference {
        Difference::Moved { base, now } => change.is_moved_token(base, now),
        Difference::Changed { .. } | Difference::Added { .. } | Difference::Removed { .. } => false,
    };
    let was_moved = |id: &LeafId| change.moved_tokens().any(|(_, now)| now == *id);
    let has_reason = change.moved_tokens().next().is_some() || change.has_other_selectors();
    has_reason
        && concerned(change).all(is_move)
        && change.documents().is_unchanged()
        && change.out_of_order().iter().all(was_moved)
}

/// The differences that are not left to whoever edits the file as text.
fn concerned<'c>(change: &'c Change<'_>) -> impl Iterator<Item = Difference> + 'c {
    change
        .differences()
        .filter(|difference| change.is_covered(*difference))
}

/// What happened. A document that came or went is told as one.
fn tale(change: &Change<'_>) -> Tale {
    let documents = change.documents();
    let is_told = |difference: &Difference| match *difference {
        Difference::Added { now } => documents.added.contains(&change.now().document(now)),
        Difference::Removed { base } => documents.removed.contains(&change.base().document(base)),
        Difference::Moved { .. } | Difference::Changed { .. } => false,
    };
    let mut tale = Tale::of(
        change,
        concerned(change).filter(|difference| !is_told(difference)),
    );
    let moved: Vec<LeafId> = change
        .differences()
        .filter_map(|difference| match difference {
            Difference::Moved { now, .. } => Some(now),
            _ => None,
        })
        .collect();
    for id in change.out_of_order() {
        let in_moved = documents.moved.contains(&change.now().document(id));
        if !in_moved && moved.binary_search(&id).is_err() {
            tale.add(change.now().path(id), "moved");
        }
    }
    tale.add_documents(&documents.removed, "of the base removed");
    tale.add_documents(&documents.added, "added");
    tale.add_documents(&documents.moved, "moved");
    tale
}

struct Place {
    span: Span,
    is_clear: bool,
}

/// The first place that differs, else that of the MAC.
fn place(change: &Change<'_>) -> Option<Place> {
    let first = concerned(change).find_map(|difference| match difference {
        Difference::Moved { now, .. }
        | Difference::Changed { now, .. }
        | Difference::Added { now } => Some(now),
        Difference::Removed { .. } => None,
    });
    let first = first.or_else(|| change.out_of_order().into_iter().next());
    match first {
        Some(id) => Some(Place {
            span: change.now().span(id),
            is_clear: !change.now().is_token(id),
        }),
        None => change.mac_span().map(|span| Place {
            span,
            is_clear: false,
        }),
    }
}

fn way_back(context: &ChangeContext<'_>) -> Help {
    let change = context.change;
    let only_clear = concerned(change).all(|difference| !change.is_of_token(difference));
    let text = "bring the version of before back, then make the edit inside sops";
    if only_clear {
        context.bring_back_then_edit(format!(
            "{text}; where people edit such values by hand, encrypt the file anew under a rule with \
             `mac_only_encrypted: true`"
        ))
    } else {
        context.bring_back_then_edit(text)
    }
}

fn proof(context: &ChangeContext<'_>) -> Help {
    let file = super::remedy::argument(context.file.path);
    Help::new("only a key tells: where sops decrypts the file, sops wrote it")
        .then(format!("sopsguard check --require-key {file}"))
}
