//! Puts files in place: the only writer of files of the user's.
//!
//! One file is written beside its place and moved there in one step ([`create`], [`replace`]): whoever reads
//! it finds the old text or the new one, whole. Several files are a [`Transaction`]: all of them change or
//! none does, whatever ends the process in between. New texts are staged beside their places and kept by the
//! disk, then a journal says what is to happen, then everything is moved into place, and the journal goes. A
//! journal that is still there says that this was interrupted; [`Recovery`] finishes or undoes it.
//!
//! What another program is to change is copied first, into [`Copies`].
//!
//! Nothing is written through a link that leads out of the repository, because the link may be a
//! stranger's, and nothing is written over a file that is not what the caller has read.

mod change;
mod commit;
mod copies;
mod digest;
mod disk;
mod ending;
mod error;
mod home;
mod interrupted;
mod journal;
mod lock;
mod place;
mod plan;
mod recover;
mod room;
mod run;
mod single;
mod stage;
mod state;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own world")]
mod tests;

pub(crate) use change::Mode;
pub(crate) use commit::{Done, Transaction};
pub(crate) use copies::Copies;
pub(crate) use digest::Digest;
pub(crate) use error::{Error, Fault};
pub(crate) use home::Home;
pub(crate) use interrupted::interrupted;
pub(crate) use recover::{Direction, Recovered, Recovery};
pub(crate) use single::{create, create_private, replace};
pub(crate) use state::{Stands, State};
