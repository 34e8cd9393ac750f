//! `unused-rule`: a creation rule that none of the files in the repository follows.

use std::collections::HashSet;

use super::{
    Check, Fate, Found, MAX_FINDINGS, Needs, RepoContext, RepoFindings, Rule, Ruled,
    unreachable_rule,
};
use crate::config::creation::CreationRule;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unused-rule",
    summary: "no file of the repository follows this rule of `.sops.yaml`",
    page: include_str!("../../docs/rules/unused-rule.md"),
    severity: Severity::Note,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    let all = context.ruled().iter();
    for (ruled, covered) in all.zip(unreachable_rule::covered(context)) {
        if !context.has(&ruled.config.path) {
            // One from above the folder that is looked at, and of the files there nothing is known.
            continue;
        }
        let covered: HashSet<usize> = covered.iter().map(|covered| covered.at).collect();
        let fates = ruled.fates.iter();
        let unused = ruled.rules().zip(fates).filter_map(|((at, rule), fate)| {
            let is_told = covered.contains(&at) || is_for_others(ruled, rule);
            if is_told {
                None
            } else {
                Some((rule, words(ruled, *fate)?))
            }
        });
        for (rule, (message, says)) in unused.take(MAX_FINDINGS) {
            let found = Found::new(message).at(ruled.place(rule)).says(says).help(
                from_the_root(ruled, rule).unwrap_or_else(|| Help::new(
                    "if it is for files that are made later or elsewhere, leave it (`[[ignore]]` in \
                     `.sopsguard.toml` says so); if a folder was moved or the pattern mistyped, mend it; \
                     otherwise delete it. Which files there are says",
                )
                .then("git ls-files")),
            );
            findings.report_in_config(ruled.config, found);
        }
    }
}

fn words(ruled: &Ruled<'_>, fate: Fate<'_>) -> Option<(String, String)> {
    match fate {
        Fate::Used => None,
        Fate::Unmatched => Some((
            "no file of the repository matches this rule".to_owned(),
            "its keys and selectors count for no file that is there".to_owned(),
        )),
        Fate::Taken { by, example } => {
            let line = ruled.line(ruled.read.rules.get(by)?);
            let example = String::from_utf8_lossy(example);
            Some((
                format!("no file follows this rule: earlier rules take all that it matches, as line {line} does `{example}`"),
                "sops takes the first rule that matches: files that this rule seems to be for have other \
                 keys or selectors"
                    .to_owned(),
            ))
        }
    }
}

/// What to do about a pattern that begins with the path of the folder itself, as if paths counted from the
/// root of the repository.
fn from_the_root(ruled: &Ruled<'_>, rule: &CreationRule) -> Option<Help> {
    let written = rule.path_regex.as_ref()?.text.as_str();
    let folder = ruled.config.folder.to_str()?.replace('\\', "/");
    let (folder, rest) = behind(&folder, written)?;
    let text = format!(
        "paths count from the folder of this `.sops.yaml`, and not from the root of the repository: the \
         files in `{folder}/` have no `{folder}/` before them here"
    );
    let is_one = !rest.contains(['|', '`']) && !rest.chars().any(char::is_control);
    Some(Help::new(match rest.as_str() {
        "" | "^" | ".*" | "^.*" => {
            format!("{text}. Leave `path_regex` out: the rule is for all below")
        }
        _ if is_one => format!("{text}. Write `{rest}`"),
        _ => text,
    }))
}

/// The end of the path of a folder with which a pattern begins, the longest there is, and the pattern without
/// it.
fn behind<'f>(folder: &'f str, written: &str) -> Option<(&'f str, String)> {
    let (anchor, rest) = match written.strip_prefix('^') {
        Some(rest) => ("^", rest),
        None => ("", written),
    };
    let rest = [".*/", "./", "\\./", "/"]
        .iter()
        .find_map(|start| rest.strip_prefix(start))
        .unwrap_or(rest);
    let starts = folder.match_indices('/').map(|(at, _)| at + 1);
    starts
        .filter_map(|start| folder.get(start..))
        .find_map(|end| {
            let rest = strip_literal(rest, end)?;
            let rest = rest
                .strip_prefix("\\/")
                .or_else(|| rest.strip_prefix('/'))?;
            Some((end, format!("{anchor}{rest}")))
        })
}

/// The rest of a pattern that begins with this text, be it escaped or not.
fn strip_literal<'p>(pattern: &'p str, text: &str) -> Option<&'p str> {
    let mut rest = pattern;
    for letter in text.chars() {
        let plain = rest.strip_prefix(letter);
        rest = plain.or_else(|| rest.strip_prefix('\\')?.strip_prefix(letter))?;
    }
    (!text.is_empty()).then_some(rest)
}

/// Whether the rule is for what is no file of the repository: standard input, whatever a template puts
/// there, whatever no other rule takes; or for no file at all, which another rule tells.
fn is_for_others(ruled: &Ruled<'_>, rule: &CreationRule) -> bool {
    let Some(regex) = &rule.path_regex else {
        return true;
    };
    let Some(Ok(pattern)) = &regex.pattern else {
        return true;
    };
    let outside = ["/dev/stdin", "/dev/fd/63", "/proc/self/fd/0", "-"];
    let text = ruled.config.source.text().get(rule.span.range());
    let is_template = regex.text.contains("$(")
        || text.is_some_and(|text| text.contains("${") || text.contains("{{"));
    is_template
        || outside
            .iter()
            .any(|name| pattern.try_match(name.as_bytes()) != Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_begin_with_the_path_of_their_folder_are_known_with_what_is_behind_it() {
        for (written, expected) in [
            ("teams/blue/web/.*", Some(("teams/blue", "web/.*"))),
            ("^teams/blue/web/", Some(("teams/blue", "^web/"))),
            (
                r"^teams\/blue\/web\.yaml$",
                Some(("teams/blue", r"^web\.yaml$")),
            ),
            (r"^\./teams/blue/[^/]+$", Some(("teams/blue", "^[^/]+$"))),
            ("blue/", Some(("blue", ""))),
            ("^blue/.*", Some(("blue", "^.*"))),
            ("teams/blues/web", None),
            ("green/blue/web", None),
            ("web/.*", None),
            ("", None),
        ] {
            let found = behind("/home/ada/repo/teams/blue", written);
            let found = found.as_ref().map(|(end, rest)| (*end, rest.as_str()));
            assert_eq!(found, expected, "{written}");
        }
    }
}
