//! What recipients are called: the one place that knows whose a key is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::policy;
use super::Keyholder;
use crate::config::creation::{SOPS_CONFIG, SopsConfig};
use crate::config::{Policy, Trusted};
use crate::fs;
use crate::paths;
use crate::sops::Opener;
use crate::source::{Source, SourceId};

/// Names, roles and copies by the name under which keys are compared.
#[derive(Default)]
pub(in crate::engine) struct Names {
    listed: BTreeMap<String, Keyholder>,
    /// What the `.sops.yaml` of each folder call the others.
    called: BTreeMap<PathBuf, BTreeMap<String, String>>,
}

/// The most bytes of a `.sops.yaml` that is searched for names.
const MAX_LEN: usize = 1 << 20;

impl Names {
    /// The names that the policy gives, and for other keys those that the `.sops.yaml` files above these
    /// files give: by an anchor, or by a comment. Where several have one for a key, that of the
    /// nearest to the file counts.
    pub(in crate::engine) fn of<'p>(
        policy: &Policy,
        root: &Path,
        files: impl Iterator<Item = &'p Path>,
    ) -> Self {
        let listed = policy.recipients().map(|trusted| {
            let canonical = trusted.key.canonical.clone();
            (canonical, of_trusted(trusted))
        });
        let mut names = Self {
            listed: listed.collect(),
            called: BTreeMap::new(),
        };
        for folder in folders_above(root, files) {
            if let Some(config) = read(&folder, root) {
                let named = config.names.into_iter();
                let named = named.map(|named| (named.canonical, named.name));
                names.called.insert(folder, named.collect());
            }
        }
        names
    }

    /// The recipients that the policy lists, whether they can open a file or not.
    pub(in crate::engine) fn listed(&self) -> impl Iterator<Item = (&str, Keyholder)> {
        let listed = self.listed.iter();
        listed.map(|(canonical, holder)| (canonical.as_str(), holder.clone()))
    }

    /// The recipient with a key of the file at this place, absolute: as the policy lists it, else as the nearest
    /// `.sops.yaml` above the file calls it, or any.
    pub(in crate::engine) fn holder(
        &self,
        canonical: &str,
        opener: &Opener,
        place: &Path,
    ) -> Keyholder {
        if let Some(listed) = self.listed.get(canonical) {
            return Keyholder {
                kind: opener.kind.clone(),
                key: opener.name.clone(),
                ..listed.clone()
            };
        }
        let above = place
            .ancestors()
            .filter_map(|folder| self.called.get(folder));
        let mut nearest_first = above.chain(self.called.values());
        Keyholder {
            kind: opener.kind.clone(),
            key: opener.name.clone(),
            name: nearest_first
                .find_map(|names| names.get(canonical))
                .cloned(),
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

/// The folders that files lie in and those above, up to the root, which comes first.
fn folders_above<'p>(root: &Path, files: impl Iterator<Item = &'p Path>) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::from([root.to_owned()]);
    for file in files {
        let above = paths::absolute(root, file);
        let above = above.ancestors().skip(1);
        for folder in above.take_while(|folder| folder.starts_with(root)) {
            if !folders.insert(folder.to_owned()) {
                break;
            }
        }
    }
    folders
}

/// The `.sops.yaml` of a folder; none where it cannot be read, or is a link that leads out of the root.
fn read(folder: &Path, root: &Path) -> Option<SopsConfig> {
    let place = folder.join(SOPS_CONFIG);
    let bytes = fs::read(&place, MAX_LEN).ok()?;
    if policy::leads_out(&place, root) {
        return None;
    }
    let source = Source::decode(SourceId::WorkTree(place), bytes).ok()?;
    SopsConfig::read(&source).ok()
}
