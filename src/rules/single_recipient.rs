//! `single-recipient`: too few lost keys make a file unreadable for ever.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::{
    Check, FileFacts, Follows, Found, Lacking, Needs, RepoContext, RepoFindings, Rule, some_of,
};
use crate::finding::{Help, Severity};
use crate::sops::BusFactors;

pub(super) static RULE: Rule = Rule {
    id: "single-recipient",
    summary: "fewer lost keys than `min-recipients` make a file unreadable",
    page: include_str!("../../docs/rules/single-recipient.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let least = context.policy.min_recipients();
    let mut factors = BusFactors::default();
    let mut few: HashMap<&Path, usize> = HashMap::new();
    for file in context.files {
        let factor = factors.of(file.quorum());
        // What nobody can open as it is, is another matter.
        if (1..least).contains(&factor.count()) {
            few.insert(&file.path, factor.count());
        } else if !factor.is_exact() {
            findings.cannot_decide(&file.path, "cannot-decide");
        }
    }
    let lacks = |file: &FileFacts| {
        let factor = few.get(file.path.as_path());
        factor.map(|factor| Lack::of(context, file, *factor))
    };
    for lacking in context.lacking(RULE.id, lacks) {
        match lacking {
            Lacking::File(file, lack) => {
                let found = lack.found("the file", least).at_position(Some(file.at));
                let help = first(context, file).unwrap_or_else(|| {
                    let help = lack.help(context, "the file", file, least);
                    help.then(context.updatekeys(file))
                });
                findings.report(&file.path, found.help(help));
            }
            Lacking::Rule(follows, files, lack) => {
                let names = some_of(files.iter().map(|file| -> &Path { &file.path }));
                let which = format!("{} files that follow this rule: {names}", files.len());
                let found = lack.found(&which, least);
                let found = found.at(follows.config.place(follows.rule));
                let help = first(context, follows.file).unwrap_or_else(|| {
                    let help = lack.help(context, "the files", follows.file, least);
                    context.then_updatekeys(help, &files)
                });
                findings.report_in_config(follows.config, found.help(help));
            }
        }
    }
}

/// What is to be mended in the rule of a file before anything else.
fn first(context: &RepoContext<'_>, file: &FileFacts) -> Option<Help> {
    let first = context
        .follows(file)
        .as_ref()
        .and_then(Follows::rule_first)?;
    Some(Help::new(first).then("sopsguard audit"))
}

/// By which loss files are lost.
#[derive(Clone, PartialEq, Eq)]
struct Lack {
    factor: usize,
    /// Without whom they are, each by itself: the first few.
    lone: Vec<String>,
    has_one_key: bool,
    has_one_group: bool,
}

impl Lack {
    fn of(context: &RepoContext<'_>, file: &FileFacts, factor: usize) -> Self {
        Self {
            factor,
            lone: lone_holders(context, file),
            has_one_key: has_one_key(file),
            has_one_group: file.groups.len() < 2,
        }
    }

    /// What there is to say of `which` files.
    fn found(&self, which: &str, least: usize) -> Found {
        let factor = self.factor;
        let message = match self.lone.split_last() {
            Some((only, _)) if self.has_one_key => format!("{only} alone can decrypt {which}"),
            Some((only, [])) => format!("without {only} nobody can decrypt {which}"),
            Some((last, before)) => format!(
                "{} and {last} are all needed: without any one of them nobody can decrypt {which}",
                before.join(", ")
            ),
            None => format!("with {factor} keys lost nobody can decrypt {which}"),
        };
        Found::new(message).says(self.consequence(least))
    }

    fn consequence(&self, least: usize) -> String {
        if self.lone.len() > 1 && !self.has_one_key {
            "when one of them is lost, so are the values; git has no other copy of them".to_owned()
        } else if self.factor == 1 {
            "when that key is lost, so are the values; git has no other copy of them".to_owned()
        } else {
            format!("the policy asks for {least} (`min-recipients`)")
        }
    }

    /// What to do about `which` files, of which this is one; then they are to be given the keys.
    fn help(&self, context: &RepoContext<'_>, which: &str, file: &FileFacts, least: usize) -> Help {
        let config = context.config_name(file);
        let follows = context.follows(file);
        let by_rule = follows.as_ref().map_or(0, Follows::bus_factor_by_rule);
        Help::new(
            if let Some(follows) = follows.filter(|_| by_rule >= least) {
                let keys = follows.rule.groups.iter().flatten();
                let keys: BTreeSet<&str> = keys.map(|key| key.names.canonical.as_str()).collect();
                let (told, count) = (follows.told(), keys.len());
                format!(
                    "{told} names {count} keys already: `{}` is all that is missing",
                    context.updatekeys_name(file)
                )
            } else if self.has_one_group {
                format!(
                    "add the key of somebody else to the creation rule in `{config}`, or one that is kept apart for that \
                 day; then encrypt {which} to it"
                )
            } else {
                format!(
                    "add the key of somebody else to each group of the creation rule in `{config}` that has one only, or \
                 put all keys into one group where each is to be enough; then encrypt {which} to them"
                )
            },
        )
    }
}

fn has_one_key(file: &FileFacts) -> bool {
    let mut keys = file.keys().map(|key| &key.canonical);
    let first = keys.next();
    keys.all(|other| Some(other) == first)
}

/// How many keys a message names.
const MOST: usize = 3;

/// Without whom the file is lost, each by itself: the first few.
fn lone_holders(context: &RepoContext<'_>, file: &FileFacts) -> Vec<String> {
    let quorum = file.quorum();
    let lone: HashSet<&str> = quorum
        .holders()
        .filter(|holder| holder.is_lone)
        .map(|holder| holder.name)
        .collect();
    let keys = file
        .distinct_keys()
        .filter(|key| lone.contains(key.canonical.as_str()));
    let mut named: Vec<String> = keys
        .map(|key| context.name_of(&key.canonical, &key.shown, &file.path))
        .collect();
    let more = named.len().saturating_sub(MOST);
    named.truncate(MOST);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named
}
