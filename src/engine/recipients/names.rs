//! What recipients are called: the one place that knows whose a key is.

use std::collections::BTreeMap;

use super::Keyholder;
use crate::config::{Policy, Trusted};
use crate::sops::Opener;

/// Names, roles and copies by the name under which keys are compared.
#[derive(Default)]
pub(super) struct Names {
    listed: BTreeMap<String, Keyholder>,
}

impl Names {
    /// The names that the policy gives.
    pub(super) fn of(policy: &Policy) -> Self {
        let listed = policy.recipients().map(|trusted| {
            let canonical = trusted.key.canonical.clone();
            (canonical, of_trusted(trusted))
        });
        Self {
            listed: listed.collect(),
        }
    }

    /// The recipients that the policy lists, whether they can open a file or not.
    pub(super) fn listed(&self) -> impl Iterator<Item = (&str, Keyholder)> {
        let listed = self.listed.iter();
        listed.map(|(canonical, holder)| (canonical.as_str(), holder.clone()))
    }

    /// The recipient with a key that the policy does not list.
    pub(super) fn holder(&self, _canonical: &str, opener: &Opener) -> Keyholder {
        Keyholder {
            kind: opener.kind.clone(),
            key: opener.name.clone(),
            ..Keyholder::default()
        }
    }
}

fn of_trusted(trusted: &Trusted) -> Keyholder {
    Keyholder {
        kind: trusted.key.kind_name(),
        key: trusted.key.shown.clone(),
        name: Some(trusted.name.clone()),
        role: Some(trusted.role.name().to_owned()),
        held_by: trusted.held_by.clone(),
    }
}
