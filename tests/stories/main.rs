//! Stories: real repositories, in which real sops and git do what people do, and what is said of it
//! without any key.
//!
//! A story makes its repository, changes something, and says all that must be found; whatever else is
//! found fails it. Where nothing is found that makes a file unreadable, real sops has to open the file,
//! and where something is, it has to refuse it, so that no story can expect what is not true.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails where its world does"
)]

/// A story: its name says what happens, its body makes it happen.
macro_rules! story {
    ($name:ident, $play:expr) => {
        #[test]
        #[ignore = "asks real sops"]
        fn $name() {
            let play: fn(&$crate::repo::Repo) = $play;
            play(&$crate::repo::Repo::new());
        }
    };
}

mod as_text;
mod at_a_terminal;
mod at_random;
mod audit;
mod by_sops;
mod check;
mod choosing;
mod ci;
mod documented;
mod documents;
mod formats;
mod handover;
mod hostile;
mod keyed;
mod layout;
mod leaks;
mod leavings;
mod merges;
mod moves;
mod older;
mod places;
mod policy;
mod recipients;
mod remedies;
mod repairs;
mod repo;
mod rewritten;
mod selectors;
mod split;
mod stale;
mod updatekeys;
mod with_sops;
