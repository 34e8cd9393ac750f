//! Many files at once: in several threads where that is worth it, and kept by the disk together.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Error;
use super::disk::Disk;
use super::room::device;

/// From how many things on it is worth starting threads.
const WORTH_THREADS: usize = 32;

/// How many threads there are: more than cores, for they wait for the disk. One that frees blocks at once lets
/// whoever moves files one by one wait for each.
const THREADS: usize = 4;

/// How many things a thread takes at once.
const MOST_AT_ONCE: usize = 8;

/// These threads, started when they are needed first; none where the system does not give them.
static POOL: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores.clamp(THREADS, 2 * THREADS);
    ThreadPoolBuilder::new().num_threads(threads).build().ok()
});

/// Does something with all things; the results have their order.
pub(super) fn map<T: Send, R: Send>(things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let work = &work;
    let pool = (things.len() >= WORTH_THREADS).then(|| POOL.as_ref());
    match pool.flatten() {
        Some(pool) => pool.install(|| {
            let things = things.into_par_iter().with_max_len(MOST_AT_ONCE);
            things.map(work).collect()
        }),
        None => things.into_iter().map(work).collect(),
    }
}

/// Up to how many files and folders are kept one by one: all else that the file system has to write would
/// be waited for, too.
const FEW: usize = 8;

/// Has the disk keep files, and which files these folders have.
///
/// # Errors
/// [`Error::Io`] for the first that it cannot keep.
pub(super) fn sync(
    disk: &dyn Disk,
    files: &[PathBuf],
    folders: &BTreeSet<PathBuf>,
) -> Result<(), Error> {
    if files.len() + folders.len() > FEW && sync_file_systems(disk, folders)? {
        return Ok(());
    }
    let files = map(files.iter().collect(), |file: &PathBuf| {
        disk.sync_file(file).map_err(Error::io(file))
    });
    files.into_iter().collect::<Result<(), _>>()?;
    let folders = map(folders.iter().collect(), |folder: &PathBuf| {
        disk.sync_folder(folder).map_err(Error::io(folder))
    });
    folders.into_iter().collect()
}

/// Has the disk keep all that is on the file systems of these folders; says whether it did.
fn sync_file_systems(disk: &dyn Disk, folders: &BTreeSet<PathBuf>) -> Result<bool, Error> {
    if cfg!(not(target_os = "linux")) {
        return Ok(false);
    }
    let mut systems: BTreeMap<u64, &Path> = BTreeMap::new();
    for folder in folders {
        systems.insert(device(folder).map_err(Error::io(folder))?, folder);
    }
    for folder in systems.values() {
        if !disk.sync_file_system(folder).map_err(Error::io(folder))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes it for done where what was to be deleted is not there.
pub(super) fn unless_absent(ended: io::Result<()>) -> io::Result<()> {
    match ended {
        Err(error) if super::state::is_absent(&error) => Ok(()),
        ended => ended,
    }
}
