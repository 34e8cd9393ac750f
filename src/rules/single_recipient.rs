//! `single-recipient`: too few lost keys make a file unreadable for ever.

use std::path::Path;

use super::{
    Check, FileFacts, Found, Lacking, Needs, RepoContext, RepoFindings, Rule, remedy, some_of,
};
use crate::finding::{Help, Severity};

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
    let lacks = |file: &FileFacts| {
        let factor = file.quorum().bus_factor().count();
        // What nobody can open as it is, is another matter.
        let is_few = (1..least).contains(&factor);
        is_few.then(|| Lack::of(context, file, factor))
    };
    for lacking in context.lacking(RULE.id, lacks) {
        match lacking {
            Lacking::File(file, lack) => {
                let update = format!("sops updatekeys {}", remedy::argument(&file.path));
                let found = lack.found("the file", least).at_position(Some(file.at));
                findings.report(&file.path, found.help(help("the file", update)));
            }
            Lacking::Rule(follows, files, lack) => {
                let names = some_of(files.iter().map(|file| -> &Path { &file.path }));
                let which = format!("{} files that follow this rule: {names}", files.len());
                let found = lack.found(&which, least);
                let found = found.at(follows.config.place(follows.rule));
                let (which, update) = remedy::update_all(&follows.config.path, &files);
                findings.report_in_config(follows.config, found.help(help(which, update)));
            }
        }
    }
}

/// By which loss files are lost.
#[derive(Clone, PartialEq, Eq)]
struct Lack {
    factor: usize,
    /// Without whom they are.
    lone: Option<String>,
    has_one_key: bool,
}

impl Lack {
    fn of(context: &RepoContext<'_>, file: &FileFacts, factor: usize) -> Self {
        Self {
            factor,
            lone: lone_holder(context, file),
            has_one_key: has_one_key(file),
        }
    }

    /// What there is to say of `which` files.
    fn found(&self, which: &str, least: usize) -> Found {
        let factor = self.factor;
        let message = match &self.lone {
            Some(lone) if self.has_one_key => format!("{lone} alone can decrypt {which}"),
            Some(lone) => format!("without {lone} nobody can decrypt {which}"),
            None => format!("the loss of {factor} keys is enough, and nobody can decrypt {which}"),
        };
        Found::new(message).says(consequence(factor, least))
    }
}

fn consequence(factor: usize, least: usize) -> String {
    if factor == 1 {
        "when that key is lost, so are the values; git has no other copy of them".to_owned()
    } else {
        format!("the policy asks for {least} (`min-recipients`)")
    }
}

fn help(files: &str, update: String) -> Help {
    let text = format!(
        "add the key of somebody else to the creation rule in `.sops.yaml`, or one that is kept apart for \
         that day; then encrypt {files} to it"
    );
    Help::new(text).then(update)
}

fn has_one_key(file: &FileFacts) -> bool {
    let mut keys = file.keys().map(|key| &key.canonical);
    let first = keys.next();
    keys.all(|other| Some(other) == first)
}

/// Without whom the file is lost: the first, where there are several.
fn lone_holder(context: &RepoContext<'_>, file: &FileFacts) -> Option<String> {
    let lone = file.quorum().holders().find(|holder| holder.is_lone)?.name;
    let key = file.keys().find(|key| key.canonical == lone)?;
    Some(context.name_of(&key.canonical, &key.shown, &file.path))
}
