//! Which key group a recipient comes into, where somebody can be asked.

use super::super::super::Access;
use super::super::super::rewriting::Survey;
use super::choosing::Chosen;
use super::naming::Meant;
use crate::config::creation::{CreationRule, RuleKey};
use crate::keys::Ask;
use crate::rules::ConfigFile;

/// How often an answer that is none may be mended.
const TRIES: usize = 3;

/// Asks for the group, after saying what each rule has and what it means; none where no rule has several, or
/// where nobody says one.
pub(super) fn ask_group(
    survey: &Survey<'_>,
    chosen: &[Chosen],
    meant: &Meant,
    access: &mut Access<'_>,
) -> Option<usize> {
    let ask = access.ask.as_deref_mut()?;
    let rules = chosen.iter().flat_map(|chosen| grouped(survey, chosen));
    let rules: Vec<(&ConfigFile, usize, &CreationRule)> = rules.collect();
    let most = rules.iter().map(|(_, _, rule)| rule.groups.len()).max()?;
    for (config, number, rule) in &rules {
        tell(survey, config, *number, rule, ask);
    }
    let name = meant.called();
    for _ in 0..TRIES {
        let question = format!("into which key group does `{name}` come, 1 to {most}?");
        let answer = ask.value(&question)?;
        match answer.expose().trim() {
            "" => return None,
            text => match text.parse() {
                Ok(number) if (1..=most).contains(&number) => return Some(number),
                Ok(_) | Err(_) => ask.tell("there is no such group"),
            },
        }
    }
    None
}

/// The chosen rules of one configuration that have several groups.
fn grouped<'s>(
    survey: &'s Survey<'_>,
    chosen: &Chosen,
) -> Vec<(&'s ConfigFile, usize, &'s CreationRule)> {
    let config = survey.configs.get(chosen.config);
    let read = config.and_then(|config| Some((config, config.read.as_ref().ok()?)));
    let Some((config, read)) = read else {
        return Vec::new();
    };
    let rules = chosen.rules.iter();
    let rules = rules.filter_map(|number| Some((config, *number, read.rules.get(*number)?)));
    rules.filter(|(_, _, rule)| rule.groups.len() > 1).collect()
}

/// Says what groups a rule has, and what it takes to open its files.
fn tell(
    survey: &Survey<'_>,
    config: &ConfigFile,
    number: usize,
    rule: &CreationRule,
    ask: &mut dyn Ask,
) {
    let (groups, needed) = (rule.groups.len(), rule.groups_needed());
    ask.tell(&format!(
        "rule {} of `{}` has {groups} key groups, and a file opens with {needed} of them; any key opens its group:",
        number + 1,
        config.path.display()
    ));
    for (at, group) in rule.groups.iter().enumerate() {
        let names: Vec<&str> = group
            .iter()
            .map(|key| called(survey, config, key))
            .collect();
        ask.tell(&format!("  group {}: {}", at + 1, names.join(", ")));
    }
    ask.tell(match needed {
        0 | 1 => "  a key in any group opens the files alone",
        _ => "  a key in one group opens nothing alone: it counts as the others of its group do",
    });
}

/// Whose key it is, else the key.
fn called<'s>(survey: &'s Survey<'_>, config: &'s ConfigFile, key: &'s RuleKey) -> &'s str {
    let canonical = &key.names.canonical;
    let listed = survey.world.policy.name_of(canonical);
    let read = config.read.as_ref().ok();
    let named = || Some(read?.name_of(canonical)?.name.as_str());
    listed.or_else(named).unwrap_or(&key.names.shown)
}
