//! `misnamed-config`: a configuration for sops under a name that sops does not look for.

use super::{Check, ConfigFile, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::config::creation::SOPS_CONFIG;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "misnamed-config",
    summary: "a configuration for sops has a name that sops does not look for",
    page: include_str!("../../docs/rules/misnamed-config.md"),
    severity: Severity::Warning,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for config in context.misnamed {
        let Ok(read) = &config.read else { continue };
        let Some(at) = read.rules_span else { continue };
        let folder = &config.folder;
        let is_doubled = context.configs.iter().any(|other| other.folder == *folder);
        findings.report_in_config(config, found(config, is_doubled).at(at));
    }
}

fn found(config: &ConfigFile, is_doubled: bool) -> Found {
    let file = remedy::word(&config.path);
    let right = remedy::word(&config.path.with_file_name(SOPS_CONFIG));
    let message = "this is a configuration for sops, which looks for `.sops.yaml` alone";
    let says = "its rules count for no file, unless every command of sops is given it with `--config` or in \
                `SOPS_CONFIG`";
    let help = if is_doubled {
        Help::new(format!(
            "beside it lies `{SOPS_CONFIG}`, which counts: move there what is missing, and take this one away"
        ))
        .then(format!("git rm -- {file}"))
    } else {
        Help::new("rename it; if it is a template or is given by name, say so with an `[[ignore]]` in `.sopsguard.toml`")
            .then(format!("git mv -- {file} {right}"))
    };
    Found::new(message).says(says).help(help)
}
