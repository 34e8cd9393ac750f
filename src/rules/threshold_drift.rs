//! `threshold-drift`: a file needs another number of key groups than its creation rule says.

use super::{Check, FileFacts, Found, Needs, RepoContext, RepoFindings, Rule};
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "threshold-drift",
    summary: "a file needs another number of key groups than its rule says",
    page: include_str!("../../docs/rules/threshold-drift.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for follows in context.following() {
        let Some((file, rule)) = follows.threshold_drift() else {
            continue;
        };
        let groups = follows.file.groups.len();
        let told = follows.told();
        let place = follows.file.threshold.as_ref();
        let place = place.map_or(follows.file.at, |(_, at)| *at);
        let consequence = match file < rule {
            true => "fewer people together open the file than the rule wants",
            false => {
                "more people have to come together than the rule wants, or nobody opens the file"
            }
        };
        findings.report(
            &follows.file.path,
            Found::new(format!(
                "{file} of {groups} key groups open this file, and by {told} {rule} have to"
            ))
            .at_position(Some(place))
            .says(consequence)
            .help(help(context, follows.file, rule)),
        );
    }
}

fn help(context: &RepoContext<'_>, file: &FileFacts, by_rule: usize) -> Help {
    let groups = file.groups.len();
    if !(LEAST..=groups).contains(&by_rule) {
        let text = format!(
            "mend the rule first: sops encrypts nothing by it, for of {groups} key groups it takes at least {LEAST} and at \
             most all; where one key is to be enough, put all keys into one group"
        );
        return Help::new(text).then("sopsguard audit");
    }
    context.apply_threshold(
        "`sops updatekeys` leaves the threshold alone",
        "else mend the rule",
        file,
    )
}

/// The least threshold by which sops splits a data key among several groups.
const LEAST: usize = 2;
