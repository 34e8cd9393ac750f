//! How far a long run is: one line at the end of standard error that is written over, and goes.
//!
//! Short runs show nothing, and nothing but spaces and a carriage return is written beside the words.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sopsguard::engine::Watch;

use crate::app;

/// The line.
#[derive(Default)]
pub(crate) struct Progress(Mutex<State>);

/// What stands there.
#[derive(Default)]
struct State {
    /// When something began that is not done yet.
    since: Option<Instant>,
    /// When the line was written last.
    told: Option<Instant>,
    /// How many characters it has.
    width: usize,
}

/// What is done in so short a time is not told.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often the line changes at most.
const PACE: Duration = Duration::from_millis(100);

impl Watch for Progress {
    fn see(&self, what: &'static str, done: usize, all: usize) {
        // Where another thread is telling, it has something as new to tell.
        let Ok(mut state) = self.0.try_lock() else {
            return;
        };
        if let Some(text) = state.see(Instant::now(), what, done, all) {
            app::warn(&text);
        }
    }

    fn rest(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = state.rest() {
            app::warn(&text);
        }
    }
}

impl State {
    /// What to write, where it is time to.
    fn see(&mut self, now: Instant, what: &str, done: usize, all: usize) -> Option<String> {
        let since = *self.since.get_or_insert(now);
        let is_early = now.duration_since(since) < PATIENCE;
        let is_fresh = |told: Instant| now.duration_since(told) < PACE;
        if is_early || self.told.is_some_and(is_fresh) {
            return None;
        }
        let line = format!("{done} of {all} files {what}");
        let width = std::mem::replace(&mut self.width, line.len());
        self.told = Some(now);
        Some(format!("\r{line:width$}"))
    }

    /// What to write so that nothing is left.
    fn rest(&mut self) -> Option<String> {
        let Self { width, .. } = std::mem::take(self);
        (width > 0).then(|| format!("\r{:width$}\r", ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_show_nothing() {
        let start = Instant::now();
        let mut state = State::default();
        for at in 0..29 {
            let now = start + Duration::from_millis(10 * at);
            assert_eq!(state.see(now, "read", 1, 2), None);
        }
        assert_eq!(state.rest(), None);
        // What comes next is another short one.
        let now = start + Duration::from_millis(400);
        assert_eq!(state.see(now, "proved", 1, 2), None);
    }

    #[test]
    fn long_runs_show_a_line_that_goes() {
        let start = Instant::now();
        let mut state = State::default();
        let mut see = |millis, done| {
            let now = start + Duration::from_millis(millis);
            state.see(now, "read", done, 2000)
        };
        assert_eq!(see(0, 1), None);
        assert_eq!(see(300, 1000).unwrap(), "\r1000 of 2000 files read");
        assert_eq!(see(350, 1200), None);
        // A shorter line covers a longer one.
        assert_eq!(see(400, 9).unwrap(), "\r9 of 2000 files read   ");
        assert_eq!(state.rest().unwrap(), format!("\r{}\r", " ".repeat(20)));
        assert_eq!(state.rest(), None);
    }
}
