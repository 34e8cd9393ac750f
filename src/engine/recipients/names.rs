//! What recipients are called: the one place that knows whose a key is.

use std::collections::BTreeMap;

use super::Keyholder;
use crate::config::Policy;
use crate::sops::Opener;

/// Names, roles and copies by the name under which keys are compared.
#[derive(Default)]
pub(super) struct Names {
    listed: BTreeMap<String, Keyholder>,
}

impl Names {
    /// The names that the policy gives.
    pub(super) fn of(_policy: &Policy) -> Self {
        Self::default()
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
