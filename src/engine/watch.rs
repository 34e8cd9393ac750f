//! Somebody who watches a run that takes long, and how far it is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Somebody who watches how far a run is. The library says nothing by itself: who runs it says who watches.
///
/// It is told of each file by whichever thread is done with it: often, and not always in order.
pub trait Watch: Sync {
    /// So many of all files are through this: `read`, `opened`, `proved`, `changed by sops`.
    fn see(&self, what: &'static str, done: usize, all: usize);

    /// All are, or something else is about to be said: what is shown goes.
    fn rest(&self);
}

/// How far one part of a run is. Whoever watches rests when it is dropped.
pub(super) struct Count<'w> {
    watch: Option<&'w dyn Watch>,
    what: &'static str,
    done: AtomicUsize,
    all: usize,
}

impl<'w> Count<'w> {
    /// None of so many files are through yet.
    pub(super) fn new(watch: Option<&'w dyn Watch>, what: &'static str, all: usize) -> Self {
        let done = AtomicUsize::new(0);
        Self {
            watch,
            what,
            done,
            all,
        }
    }

    /// One more is.
    pub(super) fn one(&self) {
        if let Some(watch) = self.watch {
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            watch.see(self.what, done, self.all);
        }
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        if let Some(watch) = self.watch {
            watch.rest();
        }
    }
}

/// Does something that can only be waited for, while whoever watches sees that none of so many files are through.
pub(super) fn while_waiting<T>(
    watch: Option<&dyn Watch>,
    what: &'static str,
    all: usize,
    work: impl FnOnce() -> T,
) -> T {
    let Some(watch) = watch else {
        return work();
    };
    let _rests = Count::new(Some(watch), what, all);
    thread::scope(|scope| {
        let (done, waiting) = mpsc::channel::<()>();
        scope.spawn(move || {
            watch.see(what, 0, all);
            while waiting.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                watch.see(what, 0, all);
            }
        });
        let worked = work();
        drop(done);
        worked
    })
}

/// How often whoever watches is told that something takes long.
const PACE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl Watch for Seen {
        fn see(&self, what: &'static str, done: usize, all: usize) {
            let told = format!("{done} of {all} {what}");
            self.0.lock().unwrap().push(told);
        }

        fn rest(&self) {
            self.0.lock().unwrap().push("rest".to_owned());
        }
    }

    #[test]
    fn whoever_watches_rests_when_all_is_done_or_given_up() {
        let seen = Seen::default();
        let count = Count::new(Some(&seen), "read", 3);
        count.one();
        count.one();
        drop(count);
        let told = seen.0.into_inner().unwrap();
        assert_eq!(told, ["1 of 3 read", "2 of 3 read", "rest"]);
        Count::new(None, "read", 1).one();
    }

    #[test]
    fn what_can_only_be_waited_for_is_seen_until_it_is_done() {
        let seen = Seen::default();
        let work = || thread::sleep(4 * PACE);
        while_waiting(Some(&seen), "written", 7, work);
        let told = seen.0.into_inner().unwrap();
        assert!(told.len() > 2, "{told:?}");
        let (last, before) = told.split_last().unwrap();
        assert_eq!(last, "rest");
        assert!(before.iter().all(|told| told == "0 of 7 written"));
        assert_eq!(while_waiting(None, "written", 7, || 1), 1);
    }
}
