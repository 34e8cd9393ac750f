//! What brings secrets into a cluster, and which files it refers to: KSOPS generators,
//! kustomizations, Flux and Argo CD.
//!
//! A secret that nothing lists is never deployed, and a generator that lists a missing file breaks
//! all that is built with it. What a file says is read by itself ([`read`]) into [`Deployment`]s; what
//! that comes to is seen with all of them side by side ([`References::resolve`]). Only that is taken
//! for a reference which certainly names a file of this repository: URLs, patterns, placeholders of
//! templates and paths that lead elsewhere are none.

mod manifest;
mod places;
mod resolve;
mod target;

use std::path::{Path, PathBuf};

use memchr::memmem;

pub(crate) use resolve::{Reference, References};

use crate::source::{Position, Source};

/// What one file says about what is deployed.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// The file, from the root that all paths start from.
    pub(crate) path: PathBuf,
    parts: Vec<Part>,
}

/// What one document says.
#[derive(Debug)]
enum Part {
    /// A generator of KSOPS, which whatever lists it runs.
    Ksops(Vec<Mention>),
    /// What a kustomization lists, and the generators that are written out in it.
    Kustomization {
        lists: Vec<Mention>,
        inline: Vec<Vec<Mention>>,
    },
    /// Flux or Argo CD deploys this folder, from the root of a repository.
    Folder(String),
}

/// A file or a folder that a document names.
#[derive(Clone, Debug)]
struct Mention {
    role: Role,
    written: String,
    place: Place,
}

/// Where a mention stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its first character.
    pub(crate) start: Position,
    /// What is behind its last one.
    pub(crate) end: Position,
    /// Whether it has its line for itself, as an item of a list.
    pub(crate) is_item: bool,
}

/// What a file is named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// To be run.
    Generator,
    /// To be deployed as the manifests that it holds.
    Manifest,
    /// As the content of a Secret or a ConfigMap.
    Data,
    /// To change what others deploy, or how.
    Patch,
}

/// Who names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    Ksops,
    Kustomization,
}

/// The most bytes of a file that is read: nobody writes such a long one by hand.
const MAX_LEN: usize = 1 << 18;

/// The most files that one file is taken to name.
const MAX_MENTIONS: usize = 10_000;

/// The words one of which such a file holds, unless its name tells what it is.
const MARKS: [&[u8]; 3] = [
    manifest::KSOPS_GROUP.as_bytes(),
    manifest::FLUX_GROUP.as_bytes(),
    manifest::ARGO_GROUP.as_bytes(),
];

/// Whether a file may say something about what is deployed, by its name and its bytes. Cheap, as it is
/// asked of every file.
pub(crate) fn may_tell(path: &Path, bytes: &[u8]) -> bool {
    if bytes.len() > MAX_LEN {
        return false;
    }
    is_kustomization(path)
        || is_yaml(path) && MARKS.iter().any(|mark| memmem::find(bytes, mark).is_some())
}

/// What a file says about what is deployed; none where that is nothing.
///
/// `path` starts from the same root as those of all other files, and has no `..`.
pub(crate) fn read(path: &Path, source: &Source) -> Option<Deployment> {
    if source.text().len() > MAX_LEN {
        return None;
    }
    let parts = manifest::parts(source, is_kustomization(path));
    (!parts.is_empty()).then(|| Deployment {
        path: path.to_owned(),
        parts,
    })
}

/// Whether kustomize takes a file of this name for a kustomization.
fn is_kustomization(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    matches!(
        name,
        Some("kustomization.yaml" | "kustomization.yml" | "Kustomization")
    )
}

fn is_yaml(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    matches!(end, Some("yaml" | "yml" | "json"))
}

#[cfg(test)]
mod tests;
