//! What is said of a change of recipients where the file has just the keys of its rule: bringing the version
//! of before back would undo what the rule asks for.

use super::RepoContext;
use crate::finding::{Finding, Help};

/// Words the findings of `rules`, which are about changed recipients, for files that follow their rule.
pub(crate) fn fit_to_rule(context: &RepoContext<'_>, rules: &[&str], findings: &mut [Finding]) {
    let about = findings
        .iter_mut()
        .filter(|found| rules.contains(&found.rule));
    for found in about {
        let file = context.file(&found.location.path);
        let Some(follows) = file.and_then(|file| context.follows(file)) else {
            continue;
        };
        let drift = follows.key_drift();
        if drift.is_some() || drift.is_open {
            continue;
        }
        let rule = follows.told();
        let commands = &mut found.help.commands;
        let rotates = commands.iter().any(|command| command.contains(" rotate "));
        let mut help = Help::new(match rotates {
            true => format!(
                "the file has just the keys of {rule}: where the rule is right, rotate the data key; else mend \
                 the rule"
            ),
            false => format!(
                "the file has just the keys of {rule}: nothing is to be done where the rule is right; else mend \
                 the rule"
            ),
        });
        if rotates {
            help.commands = std::mem::take(commands);
        }
        found.help = help;
    }
}
