//! Files that a commit has and that are gone: one of them may be what a new file was called.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bases::{Bases, Before, NO_BASE};
use super::sign;
use crate::change::Version;
use crate::document::Format;
use crate::repo::{BlobId, Blobs};
use crate::source::{Source, SourceId};

/// The secret files that are gone, by commit of the base.
#[derive(Default)]
pub(super) struct Former {
    gone: Vec<Gone>,
}

/// A secret file that is gone.
struct Gone {
    /// Which commit of the base has it.
    point: usize,
    path: PathBuf,
    id: BlobId,
    version: Arc<Version>,
}

/// The most secret files that are gone and compared with.
pub(super) const MOST: usize = 2_000;

/// The most files that are gone and read, to see whether they are secret.
const MOST_READ: usize = 20_000;

/// The most bytes of one.
const MAX_LEN: usize = 1 << 20;

impl Former {
    /// The file of before that is `now` under its former path: the same content, else the same MAC,
    /// else the same data key for all that can be seen.
    fn of(&self, now: &Version, name: &BlobId) -> Option<&Gone> {
        let find =
            |test: &dyn Fn(&Version) -> bool| self.gone.iter().find(|gone| test(&gone.version));
        let same = self.gone.iter().find(|gone| gone.id == *name);
        same.or_else(|| find(&|was| now.has_mac_of(was)))
            .or_else(|| find(&|was| now.shares_stanza(was)))
    }
}

impl Bases<'_> {
    /// The version of before of a new file that was renamed, as far as that can be told.
    pub(super) fn former(&self, source: &Source, now: &Version) -> Before {
        let former = self.former.get_or_init(|| self.gone());
        // Hashed once, however many files are gone.
        let any = former.gone.first();
        let name = any.and_then(|gone| gone.id.named_alike(source.bytes()));
        let Some((gone, name)) = name.and_then(|name| Some((former.of(now, &name)?, name))) else {
            return Before::Nothing(NO_BASE);
        };
        if gone.id == name {
            return Before::Unchanged;
        }
        match self.points().get(gone.point) {
            Some(point) => {
                let version = Arc::clone(&gone.version);
                Before::Versions(vec![point.version(gone.path.clone(), version)])
            }
            None => Before::Nothing(NO_BASE),
        }
    }

    /// Reads the secret files that the commits of the base have and the index has not.
    fn gone(&self) -> Former {
        let Some(index) = self.index() else {
            return Former::default();
        };
        let mut gone = Vec::new();
        for (point, at) in self.points().iter().zip(0..) {
            let vanished = index.vanished(&mut self.commits(), point.commit);
            let vanished = vanished.unwrap_or_default().into_iter().take(MOST_READ);
            let secret = vanished.filter_map(|(inside, id)| self.read_gone(at, &inside, id));
            gone.extend(secret.take(MOST));
        }
        Former { gone }
    }

    fn read_gone(&self, point: usize, inside: &[u8], id: BlobId) -> Option<Gone> {
        let path = self.shown(inside);
        let version = Arc::new(read_secret(&self.blobs, &path, &id)?);
        Some(Gone {
            point,
            path,
            id,
            version,
        })
    }
}

/// The content of a file of this name as a version, where sops encrypted it.
pub(super) fn read_secret(blobs: &Blobs<'_>, path: &Path, id: &BlobId) -> Option<Version> {
    let format = Format::of_path(path);
    let bytes = blobs.read(id, MAX_LEN).ok()?;
    if !sign::looks_encrypted(format, &bytes) {
        return None;
    }
    let version = Version::read(SourceId::Index(path.to_owned()), bytes, format).ok()?;
    version.is_encrypted().then_some(version)
}
