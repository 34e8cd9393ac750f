//! `missing-escrow`: no key that is kept for the day when all others are gone opens the file.

use std::collections::BTreeSet;
use std::path::Path;

use super::remedy::{argument, word};
use super::{
    Check, FileContext, FileFacts, Follows, Found, Lacking, Needs, RepoContext, RepoFindings, Rule,
    some_of,
};
use crate::config::Trusted;
use crate::finding::{Help, Severity};
use crate::sops::KeyKind;

pub(super) static RULE: Rule = Rule {
    id: "missing-escrow",
    summary: "no escrow key of the policy can decrypt the file",
    page: include_str!("../../docs/rules/missing-escrow.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    if context.files.is_empty() {
        return;
    }
    if !context.policy.lists_recipients() {
        findings.cannot_decide(context.policy_name(), "no-recipients-listed");
        return;
    }
    if context.policy.escrows().next().is_none() {
        report_none(context, findings);
        return;
    }
    let lacks = |file: &FileFacts| {
        let groups = file.groups.iter().filter(|group| {
            let mut keys = group.iter();
            keys.any(|key| context.policy.is_escrow(&key.canonical))
        });
        let open = groups.count();
        (open < file.groups_needed).then_some((open, file.groups_needed))
    };
    for lacking in context.lacking(RULE.id, lacks) {
        match lacking {
            Lacking::File(file, lack) => {
                let found = found("the file", lack).at_position(Some(file.at));
                let help = help(context, "the file", file, &[file]);
                findings.report(&file.path, found.help(help));
            }
            Lacking::Rule(follows, files, lack) => {
                let names = some_of(files.iter().map(|file| -> &Path { &file.path }));
                let which = format!("{} files that follow this rule: {names}", files.len());
                let found = found(&which, lack).at(follows.config.place(follows.rule));
                let help = help(context, "the files", follows.file, &files);
                findings.report_in_config(follows.config, found.help(help));
            }
        }
    }
}

/// There is no such key at all: that is told once.
fn report_none(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let first = context.policy.recipients().next().map(|first| first.at);
    let text = "make a key that nobody works with (`sopsguard escrow keygen`), store it where it \
                outlives every laptop, and give it to the creation rules, the policy and all files: \
                `sopsguard escrow add-recipient RECIPIENT --name NAME --role escrow`";
    let found = Found::new("the policy lists recipients, and none of them is an escrow key")
        .key_named("recipient")
        .says("when the keys that people work with are gone, so are the values")
        .help(Help::new(text));
    match (context.policy_file, first) {
        (Some((path, source)), Some(at)) => findings.report_at(path, source, found.at(at)),
        (Some((path, source)), None) => {
            findings.report_in(&FileContext::of_text(path, Some(source)), found);
        }
        (None, _) => findings.report(context.policy_name(), found),
    }
}

/// What there is to say of `which` files, of whose groups the escrow keys open so many of those needed.
fn found(which: &str, (open, needed): (usize, usize)) -> Found {
    Found::new(match open {
        0 => format!("no escrow key can decrypt {which}"),
        _ => format!(
            "the escrow keys open {open} of the {needed} groups that it takes to decrypt {which}"
        ),
    })
    .says("when the keys that people work with are gone, so are the values")
}

/// How these files get an escrow key, all of which follow the rule of `file`.
fn help(context: &RepoContext<'_>, which: &str, file: &FileFacts, files: &[&FileFacts]) -> Help {
    let follows = context.follows(file);
    let has_one_group = |follows: &&Follows<'_>| follows.rule.groups.len() == 1;
    let grouped = follows.as_ref().filter(has_one_group);
    let is_named = |follows: &&Follows<'_>| {
        let mut keys = follows.rule.groups.iter().flatten();
        keys.any(|key| context.policy.is_escrow(&key.names.canonical))
    };
    if let Some(follows) = grouped.filter(is_named) {
        let text = format!(
            "{} names an escrow key already: `{}` is all that is missing",
            follows.told(),
            context.updatekeys_name(file)
        );
        return context.then_updatekeys(Help::new(text), files);
    }
    let config = context.config_name(file);
    let escrow = context
        .policy
        .escrows()
        .find_map(|escrow| Some((escrow, added(escrow)?)));
    if let Some((escrow, command)) = escrow.filter(|_| grouped.is_some_and(Follows::is_of_age)) {
        let text = format!(
            "add \"{}\" to the creation rule in `{config}` and to every file that follows it, in one go",
            escrow.name
        );
        return Help::new(text).then(format!("{command} {}", argument(&file.path)));
    }
    let text = format!(
        "add {} to the creation rule in `{config}`, then encrypt {which} to it",
        names(context)
    );
    context.then_updatekeys(Help::new(text), files)
}

/// The command that adds an escrow key to the rule of a file, which is to stand behind it; none where it is no key of age's.
fn added(escrow: &Trusted) -> Option<String> {
    let Trusted { key, name, .. } = escrow;
    let is_age = key.kind == KeyKind::Age;
    is_age.then(|| {
        format!(
            "sopsguard escrow add-recipient {} --name {} --role escrow",
            word(Path::new(&key.shown)),
            word(Path::new(name))
        )
    })
}

/// What the escrow keys of the policy are called.
fn names(context: &RepoContext<'_>) -> String {
    let escrows = context.policy.escrows();
    let names: BTreeSet<&str> = escrows.map(|recipient| recipient.name.as_str()).collect();
    let names = names.into_iter().take(MOST);
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    names.join(" or ")
}

/// How many escrow keys are named.
const MOST: usize = 3;
