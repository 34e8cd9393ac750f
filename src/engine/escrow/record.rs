//! Notes in the policy that identities were proved.

use super::super::{Error, policy};
use super::verify::{ProofReport, Recorded};
use crate::config::{Day, FILE_NAME};
use crate::environment::Environment;
use crate::rewrite::policy::{Refusal, note_proof};
use crate::rules::RULES;
use crate::sops::KeyName;
use crate::transaction::{Home, Transaction};

/// Writes the day of the run below the keys of all identities that were proved, into `.sopsguard.toml` at the
/// root; without a `home` for the change it is only told.
///
/// # Errors
/// [`Error::NotRecorded`]; [`Error::NotChanged`], [`Error::Interrupted`].
pub(super) fn record(
    report: &ProofReport,
    search: &policy::Search<'_>,
    environment: &Environment,
    home: Option<&Home>,
) -> Result<Recorded, Error> {
    let refused = |reason: String| Error::NotRecorded { reason };
    let present = search.found(false)?;
    let present = present.ok_or_else(|| refused(format!("there is no `{FILE_NAME}` here")))?;
    let day = environment.now().map(Day::of);
    let day = day.ok_or_else(|| refused("nobody knows which day it is".to_owned()))?;
    let day = day.to_string();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    let mut text = present.source.text().to_owned();
    let mut names = Vec::new();
    for identity in &report.identities {
        let recipient = identity.recipient.as_deref();
        let Some(key) = recipient.and_then(KeyName::parse) else {
            let what = format!("nobody knows the recipient of the {}", identity.kind);
            return Err(refused(what));
        };
        text = note_proof(&text, &key.canonical, &day, &rules).map_err(|refusal| {
            refused(match refusal {
                Refusal::NotListed => format!(
                    "`{}` does not list `{}`",
                    present.shown.display(),
                    key.shown
                ),
                refusal => refusal.to_string(),
            })
        })?;
        names.extend(identity.name.clone());
    }
    if let Some(home) = home {
        let place = search.folder().join(FILE_NAME);
        let mut change = Transaction::begin(home)?;
        change.replace(&place, present.source.text().as_bytes(), text.as_bytes());
        change.commit()?;
    }
    Ok(Recorded {
        path: present.shown,
        day,
        names,
        is_written: home.is_some(),
    })
}
