//! Work on many things at once.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Error;

/// From how many files on it is worth starting threads: that takes as long as a few files do.
const WORTH_THREADS: usize = 4;

/// How many files a thread takes at once: with more, the last one works on while all others wait.
const MOST_AT_ONCE: usize = 8;

/// One thread for each core, started when they are needed first.
static ALL_CORES: OnceLock<ThreadPool> = OnceLock::new();

/// Does something with all things, in parallel where that is worth it; the results have their order.
///
/// # Errors
/// [`Error::Threads`].
pub(super) fn map_all<T: Sync, R: Send>(
    things: &[T],
    jobs: Option<NonZeroUsize>,
    map: impl Fn(&T) -> R + Sync + Send,
) -> Result<Vec<R>, Error> {
    let one_thread = jobs.is_some_and(|jobs| jobs.get() == 1);
    if one_thread || things.len() < WORTH_THREADS {
        return Ok(things.iter().map(map).collect());
    }
    let work = || {
        let things = things.par_iter().with_max_len(MOST_AT_ONCE);
        things.map(map).collect()
    };
    if let Some(pool) = ALL_CORES.get().filter(|_| jobs.is_none()) {
        return Ok(pool.install(work));
    }
    let number = jobs.map_or(0, NonZeroUsize::get);
    let pool = ThreadPoolBuilder::new().num_threads(number).build();
    let pool = pool.map_err(|_| Error::Threads { jobs: number })?;
    match jobs {
        Some(_) => Ok(pool.install(work)),
        None => Ok(ALL_CORES.get_or_init(|| pool).install(work)),
    }
}
