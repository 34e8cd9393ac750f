//! `malformed-config`: sops cannot load a `.sops.yaml`, or fails at one of its rules.

use super::{Check, ConfigFile, Found, Needs, RepoContext, RepoFindings, Rule};
use crate::config::creation::{Error, Oddity, RuleFault, Strange};
use crate::document;
use crate::document::yaml::decode::Fault;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "malformed-config",
    summary: "sops refuses a `.sops.yaml`, or one of its rules",
    page: include_str!("../../docs/rules/malformed-config.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for config in context.configs {
        match &config.read {
            Ok(read) => {
                let refused = read.oddities.iter().filter_map(refused);
                for (oddity, fault) in refused {
                    findings.report_in_config(config, of_rule(oddity, fault));
                }
            }
            Err(error) if error.is_undecidable() => report_unread(config, error, findings),
            Err(_) if is_template(context, config) => {}
            Err(_) => report_unloaded(config, findings),
        }
    }
}

/// Whether a configuration that no sops file needs is the template of one.
fn is_template(context: &RepoContext<'_>, config: &ConfigFile) -> bool {
    document::is_template(config.source.text()) && !context.is_nearest_to_any(config)
}

/// What makes sops fail at a rule and no other rule of ours tells of.
fn refused(oddity: &Oddity) -> Option<(&Oddity, &RuleFault)> {
    match &oddity.what {
        Strange::Refused(fault @ (RuleFault::ManySelectors(_) | RuleFault::NotText { .. })) => {
            Some((oddity, fault))
        }
        _ => None,
    }
}

fn of_rule(oddity: &Oddity, fault: &RuleFault) -> Found {
    Found::new(fault.to_string())
        .at(oddity.span)
        .says("sops fails for every file that comes to this rule, and encrypts none of them")
        .help(Help::new(match fault {
            RuleFault::ManySelectors(_) => {
                "leave the one selector that is meant; `sopsguard explain --tree FILE` shows what it picks"
            }
            _ => "write the keys as one text with commas, or as a list of texts",
        }))
}

/// What to write where a pattern is no YAML as it stands: the two mistakes that nearly everybody makes.
fn unquoted(config: &ConfigFile, fault: &Fault) -> Option<&'static str> {
    let Fault::Syntax(error) = fault else {
        return None;
    };
    let told = error.to_string();
    if told.contains("unknown escape") {
        return Some(
            "write the pattern between single quotes: between double ones a backslash begins an escape of YAML \
             (`'\\.env$'`, not `\"\\.env$\"`)",
        );
    }
    let text = config.source.text();
    let is_star = ["path_regex: *", "_regex: *", "path_regex: [*"]
        .iter()
        .any(|start| text.contains(start));
    let is_alias = told.contains("anchor") || told.contains("alias") || told.contains("alphabetic");
    (is_alias && is_star).then_some(
        "write the pattern between single quotes, and as a regular expression: a `*` at the start of a value is an \
         alias of YAML (`'\\.enc\\.yaml$'`, not `*.enc.yaml`)",
    )
}

/// A configuration that sops may load, and of which nothing is known here.
fn report_unread(config: &ConfigFile, error: &Error, findings: &mut RepoFindings<'_>) {
    findings.cannot_decide(&config.path, "unsupported");
    let found = Found::new(format!("the configuration is not followed: {error}"))
        .severity(Severity::Warning)
        .says(
            "whether sops loads it is not known, nor whether the files below the folder follow it",
        )
        .help(Help::new(
            "make it a plain file of less than 16 MiB, in the folder that it is for",
        ));
    findings.report_at(&config.path, &config.source, found);
}

fn report_unloaded(config: &ConfigFile, findings: &mut RepoFindings<'_>) {
    let Err(error) = &config.read else { return };
    let found = Found::new(format!("sops cannot load the configuration: {error}"))
        .at_position(Some(error.at))
        .says(
            "`sops encrypt`, `sops edit` of new files and `sops updatekeys` fail below this folder",
        )
        .help(Help::new(format!(
            "{}; until then nothing can be said of the files below the folder",
            unquoted(config, &error.fault).unwrap_or("mend what stands there")
        )));
    findings.report_at(&config.path, &config.source, found);
}
