//! `edited-outside-sops`: what the MAC covers was changed, and the MAC was not.

use super::{
    ChangeContext, Check, CommitNames, Findings, Found, Needs, Past, Rule, Tale, mixed_merge,
    remedy,
};
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
    let is_told = || is_explained(change) || mixed_merge::mixed(context).is_some();
    if !matches!(context.past, Past::Since(_)) && is_told() {
        return;
    }
    let revision = context.base.revision;
    let what = what(context);
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
    let moved: Vec<LeafId> = change.moved_tokens().map(|(_, now)| now).collect();
    let was_moved = |id: &LeafId| moved.binary_search(id).is_ok();
    let has_reason = !moved.is_empty() || change.has_other_selectors();
    has_reason
        && !change.has_other_mac_scope()
        && change.covered_differences().all(is_move)
        && change.documents().is_unchanged()
        && change.out_of_order().iter().all(was_moved)
}

/// What happened, and who did it where that is known.
fn what(context: &ChangeContext<'_>) -> String {
    let change = context.change;
    let scope = change.has_other_mac_scope();
    let scope = scope.then(|| "`sops.mac_only_encrypted` changed".to_owned());
    let parts: Vec<String> = scope.into_iter().chain(tale(change).into_words()).collect();
    let what = match parts.as_slice() {
        [] => "what its values hold changed".to_owned(),
        parts => parts.join("; "),
    };
    match context.past {
        Past::Since(commits) => {
            let selectors = match change.has_other_selectors() {
                true => ", and the selectors",
                false => "",
            };
            let by = match commits {
                [] => String::new(),
                commits => format!("; by {}", CommitNames(commits)),
            };
            format!("{what}{selectors}{by}")
        }
        Past::Unknown | Past::Again(..) => what,
    }
}

/// What happened. A document that came, went or moved is told as one.
fn tale(change: &Change<'_>) -> Tale {
    let mut tale = Tale::of(change, change.covered_differences());
    for id in change.reordered() {
        tale.add(change.now().path(id), "moved");
    }
    tale
}

struct Place {
    span: Span,
    is_clear: bool,
}

/// The first place that differs, else that of the MAC.
fn place(change: &Change<'_>) -> Option<Place> {
    let first = change
        .covered_differences()
        .find_map(|difference| match difference {
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
    let is_clear = |id: &LeafId| !change.now().is_token(*id);
    let only_clear = change
        .covered_differences()
        .all(|difference| !change.is_of_token(difference))
        && change.out_of_order().iter().all(is_clear)
        && change.documents().is_unchanged();
    let text = "bring the version of before back, then make the edit inside sops";
    let text = format!("{text}{}", remedy::or_reseal(context.file.path));
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
    // Else it would not be opened.
    let trusting = match context.change.may_be_guess() {
        true => " --trust-changes",
        false => "",
    };
    Help::new("only a key tells: where sops decrypts the file, sops wrote it")
        .then(format!("sopsguard check --require-key{trusting} {file}"))
}
