//! `unanchored-path-regex`: a rule for a folder that also takes files of another folder of that name.

use std::path::Path;

use super::{Check, FileFacts, Found, Needs, RepoContext, RepoFindings, Rule, Ruled, some_of};
use crate::config::creation::CreationRule;
use crate::finding::{Help, Severity};
use crate::paths;
use crate::sops::Pattern;

pub(super) static RULE: Rule = Rule {
    id: "unanchored-path-regex",
    summary: "a `path_regex` without `^` takes files in another folder of that name",
    page: include_str!("../../docs/rules/unanchored-path-regex.md"),
    severity: Severity::Note,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    findings.report_of_rules(context, |ruled, at, rule| found(context, ruled, at, rule));
}

fn found(
    context: &RepoContext<'_>,
    ruled: &Ruled<'_>,
    at: usize,
    rule: &CreationRule,
) -> Option<Found> {
    let regex = rule
        .path_regex
        .as_ref()
        .filter(|regex| names_a_folder(&regex.text))?;
    let anchored = Pattern::compile(&format!("^(?:{})", regex.text)).ok()?;
    let relative = |file: &FileFacts| {
        let place = paths::absolute(context.here, &file.path);
        let relative = place.strip_prefix(&ruled.config.folder).ok()?.to_owned();
        Some(relative.into_os_string().into_encoded_bytes())
    };
    let is_meant = |file: &FileFacts| {
        let matched = relative(file).and_then(|name| anchored.try_match(&name));
        // Where that is not known, nothing is said.
        matched.unwrap_or(true)
    };
    let (meant, others): (Vec<&FileFacts>, Vec<&FileFacts>) = ruled
        .followers
        .get(at)?
        .iter()
        .partition(|file| is_meant(file));
    let example = others.first().filter(|_| !meant.is_empty())?;
    let later = ruled.read.rules.get(at + 1..).unwrap_or_default();
    let next = relative(example).and_then(|name| {
        later.iter().find(
            |rule| match rule.path_regex.as_ref().map(|regex| &regex.pattern) {
                None => true,
                Some(Some(Ok(pattern))) => pattern.try_match(&name) == Some(true),
                Some(_) => false,
            },
        )
    });
    let then = match next {
        Some(next) => format!(
            "with `^` they would follow the rule in line {}",
            ruled.line(next)
        ),
        None => "with `^` no rule would match them".to_owned(),
    };
    let names = some_of(others.iter().map(|file| -> &Path { &file.path }));
    let them = if others.len() == 1 { "it" } else { "them" };
    let found = Found::new(format!("`path_regex` may begin anywhere in a path: it takes {names}, too"))
        .at(regex.span)
        .says(format!("sops encrypts {them} with the keys and selectors of this rule; {then}"))
        .help(context.then_updatekeys(
            Help::new(
                "if only the folder beside this `.sops.yaml` is meant, begin the pattern with `^`, look what \
                 that changes, and have the files follow their new rule; if any folder of that name is \
                 meant, begin it with `(^|/)`, which says so",
            )
            .then("sopsguard audit"),
            &others,
        ));
    Some(found)
}

/// Whether the pattern begins with the name of a folder, and says neither that it has to stand at the
/// start nor that it may stand anywhere. One without a `/`, such as `\.enc\.yaml$`, is about names.
fn names_a_folder(regex: &str) -> bool {
    // `[^/]` is neither an anchor nor a folder.
    let outside = regex.replace("[^/]", "").replace("[^", "[");
    if outside.contains('^') || outside.contains(r"\A") {
        return false;
    }
    let name = regex.trim_start_matches(['(', '?', ':']);
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && outside.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patterns_that_name_a_folder_are_looked_at() {
        for (regex, expected) in [
            ("secrets/.*", true),
            (r"apps/prod/[a-z]+\.yaml$", true),
            ("(dev|prod)/secrets", true),
            (r"secrets/[^/]+\.yaml$", true),
            (r"^secrets/", false),
            (r"(^|/)secrets/", false),
            (r"/secrets/", false),
            (r".*/secrets/", false),
            (r".*.yaml", false),
            (r"\.enc\.yaml$", false),
            ("secret", false),
            (r"[^/]*\.yaml", false),
        ] {
            assert_eq!(names_a_folder(regex), expected, "{regex}");
        }
    }
}
