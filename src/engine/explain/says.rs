//! What sops would say of a file, in a sentence.

use crate::engine::{FileReport, Reason, Verification};
use crate::finding::{Finding, Severity};

/// What `sops decrypt` would do with these identities, and whether the MAC is known not to be the values'.
pub(super) fn sops(file: &FileReport, findings: &[Finding], has_stale_mac: bool) -> String {
    let said = with_identities(file, findings);
    match &file.verification {
        Verification::NotVerified(_) if has_stale_mac => {
            format!("{said}; to whoever has a key, \"MAC mismatch\"")
        }
        _ => said,
    }
}

fn with_identities(file: &FileReport, findings: &[Finding]) -> String {
    match &file.verification {
        Verification::Verified => {
            "`sops decrypt` opens it: every value opens, and the MAC holds".to_owned()
        }
        Verification::Failed => {
            let mut errors = findings.iter().filter(|found| found.severity == Severity::Error);
            let said = errors.find_map(|found| found.consequence.clone());
            said.unwrap_or_else(|| "`sops decrypt` refuses it".to_owned())
        }
        Verification::NotVerified(Reason::SelectorsChanged) => {
            "not asked: its selectors changed since the base, and a verdict could answer a guess \
             (`--trust-changes` asks)"
                .to_owned()
        }
        Verification::NotVerified(Reason::Unsupported(what)) => {
            format!("not known: sopsguard does not read {what}")
        }
        Verification::NotVerified(
            Reason::NeedsOtherKeys(_)
            | Reason::NeedsInput(_)
            | Reason::NotAllowed(_)
            | Reason::KeyFailed(_),
        ) => "not known here: sops may have the key that it takes".to_owned(),
        Verification::NotVerified(_) => {
            "with these identities `sops decrypt` says \"Failed to get the data key required to decrypt \
             the SOPS file\""
                .to_owned()
        }
        Verification::NotEncrypted => {
            "`sops decrypt` says \"sops metadata not found\": sops did not encrypt it".to_owned()
        }
    }
}
