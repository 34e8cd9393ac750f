//! `ambiguous-config`: of two `.sops.yaml` above a file it depends on the current folder which counts.

use super::{Check, Found, Needs, RepoContext, RepoFindings, Rule, remedy};
use crate::config::creation::Effect;
use crate::finding::{Help, Severity};

pub(super) static RULE: Rule = Rule {
    id: "ambiguous-config",
    summary: "two `.sops.yaml` above a file disagree about its keys or selectors",
    page: include_str!("../../docs/rules/ambiguous-config.md"),
    severity: Severity::Warning,
    needs: Needs::Metadata,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for (file, governed) in context.files.iter().zip(context.governed) {
        let mut effects = governed.above.iter().filter_map(|above| {
            let config = context.configs.get(above.config)?;
            let read = config.read.as_ref().ok()?;
            Some((config, read.effect(&above.relative)))
        });
        // A single one is the usual case, and says nothing.
        if governed.above.len() < 2 {
            continue;
        }
        let Some((nearest, Effect::Encrypts(first))) = effects.next() else {
            continue;
        };
        for (other, effect) in effects {
            match effect {
                Effect::Encrypts(second) if first != second => {
                    let (near, far) = (remedy::word(&nearest.path), remedy::word(&other.path));
                    let what = first.difference(&second);
                    let found = Found::new(format!("`{far}` gives this file other {what} than `{near}`"))
                        .at_position(Some(file.at))
                        .says("sops takes the one that it finds from the current folder upwards, not from the file: it depends on where somebody stands")
                        .help(Help::new(format!(
                            "make both agree, or leave one; until then name it with `sops --config {near}`"
                        )));
                    findings.report(&file.path, found);
                    break;
                }
                Effect::Encrypts(_) | Effect::Fails => {}
                Effect::Unknown => findings.cannot_decide(&file.path, "undecidable"),
            }
        }
    }
}
