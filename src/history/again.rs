//! Whether a file is again what it was in an older version.

use std::sync::Arc;

use super::origin::{Present, Search};
use super::reader::Reader;
use crate::change::Version;
use crate::repo::{self, CommitId};

/// The youngest of these versions that the file at hand is again: sops wrote its MAC there, over the
/// same. `versions` are those before the version that the file goes on from, which may be among them.
pub(crate) fn again(
    reader: &mut Reader<'_>,
    present: &Present<'_>,
    versions: &[repo::Version],
) -> Option<(CommitId, Arc<Version>)> {
    let mut search = Search::new(reader, present);
    let (holders, _) = search.holders(versions);
    holders.into_iter().find_map(|holder| {
        let version = search.version(holder.blob.as_ref(), &holder.path).ok()?;
        let is_same = version.has_inputs_of(present.version);
        is_same.then_some((holder.commit, version))
    })
}
