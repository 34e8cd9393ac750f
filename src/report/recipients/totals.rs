//! What is counted in a table of who can open what.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{AccessMatrix, BusFactor, FileAccess};

/// What one recipient can do.
#[derive(Clone, Copy, Default)]
pub(super) struct Reach {
    /// The files of which she has a key.
    pub(super) files: usize,
    /// Those that she opens by herself.
    pub(super) opens: usize,
    /// Those that nobody can open without her.
    pub(super) lone: usize,
}

/// What each recipient can do, in their order.
pub(super) fn reaches(matrix: &AccessMatrix) -> Vec<Reach> {
    let mut reaches = vec![Reach::default(); matrix.recipients.len()];
    for grant in matrix.files.iter().flat_map(|file| &file.grants) {
        if let Some(reach) = reaches.get_mut(grant.recipient) {
            reach.files += 1;
            reach.opens += usize::from(grant.opens_alone);
            reach.lone += usize::from(grant.is_lone);
        }
    }
    reaches
}

/// How many files somebody of each role has a key of.
pub(super) fn by_role(matrix: &AccessMatrix) -> BTreeMap<&str, usize> {
    let roles: Vec<Option<&str>> = matrix
        .recipients
        .iter()
        .map(|holder| holder.role.as_deref())
        .collect();
    let mut counts: BTreeMap<&str, usize> = roles.iter().flatten().map(|role| (*role, 0)).collect();
    for file in &matrix.files {
        let grants = file.grants.iter();
        let met = grants.filter_map(|grant| *roles.get(grant.recipient)?);
        for role in met.collect::<BTreeSet<&str>>() {
            *counts.entry(role).or_default() += 1;
        }
    }
    counts
}

/// How many files have each bus factor.
pub(super) fn by_bus_factor(matrix: &AccessMatrix) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for file in &matrix.files {
        *counts.entry(file.bus_factor.count()).or_default() += 1;
    }
    counts
}

/// The files that are lost with one key.
pub(super) fn lone_files(matrix: &AccessMatrix) -> usize {
    let is_lone = |file: &&FileAccess| file.lone_keys().next().is_some();
    matrix.files.iter().filter(is_lone).count()
}

/// The files that nobody can open.
pub(super) fn lost_files(matrix: &AccessMatrix) -> impl Iterator<Item = &FileAccess> {
    let is_lost = |file: &&FileAccess| file.bus_factor == BusFactor::Exact(0);
    matrix.files.iter().filter(is_lost)
}

/// The files that the same recipients open in the same way, those in danger first.
#[cfg(feature = "cli")]
pub(super) fn alike(matrix: &AccessMatrix) -> Vec<Vec<&FileAccess>> {
    type Key<'m> = (usize, usize, &'m [crate::engine::Grant]);
    let mut sets: BTreeMap<Key<'_>, Vec<&FileAccess>> = BTreeMap::new();
    for file in &matrix.files {
        let key = (file.groups, file.groups_needed, file.grants.as_slice());
        sets.entry(key).or_default().push(file);
    }
    let mut sets: Vec<Vec<&FileAccess>> = sets.into_values().collect();
    sets.sort_by_key(|files| {
        let first = files.first();
        first.map(|file| {
            (
                file.bus_factor.count(),
                file.path.as_os_str().as_encoded_bytes(),
            )
        })
    });
    sets
}
