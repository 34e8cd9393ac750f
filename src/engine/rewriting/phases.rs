//! Trying something with all files and the identities that cost nothing; then, with those that ask somebody or
//! run something, for the files that need it.

use std::num::NonZeroUsize;

use super::super::{Access, Error, Request, map_all};
use crate::environment::Environment;
use crate::keys::{Keyring, Shut};

/// What came of one thing.
pub(super) enum Attempt<T> {
    Done(T),
    /// Something is shut that more identities may open; else this is what came of it.
    Shut(Shut, T),
}

/// The identities of a run, and what may be done for more.
pub(in crate::engine) struct Keys<'k, 'e> {
    pub(in crate::engine) keyring: Keyring,
    pub(in crate::engine) access: Access<'k>,
    pub(in crate::engine) environment: &'e Environment,
    pub(in crate::engine) jobs: Option<NonZeroUsize>,
}

impl<'k> Keys<'k, 'k> {
    /// Those of a request.
    ///
    /// # Errors
    /// [`Error::Identity`] where one that was named cannot be used.
    pub(in crate::engine) fn of(request: Request<'k>) -> Result<Self, Error> {
        let environment = request.environment;
        Ok(Self {
            keyring: Request::keyring(request.identities, environment)?,
            access: request.access,
            environment,
            jobs: request.jobs,
        })
    }
}

impl Keys<'_, '_> {
    /// Tries something with all of `things`, in parallel; the results have their order.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn with_all<I: Sync, T: Send>(
        &mut self,
        things: &[I],
        attempt: impl Fn(&I, &Keyring) -> Attempt<T> + Sync + Send,
    ) -> Result<Vec<T>, Error> {
        let first = map_all(things, self.jobs, |thing| attempt(thing, &self.keyring))?;
        let (mut shut, mut again) = (Vec::new(), Vec::new());
        let mut done = Vec::with_capacity(first.len());
        for (at, result) in first.into_iter().enumerate() {
            match result {
                Attempt::Done(result) => done.push(result),
                Attempt::Shut(what, result) => {
                    done.push(result);
                    shut.push(what);
                    again.push(at);
                }
            }
        }
        let has_woken = !shut.is_empty()
            && self
                .keyring
                .wake(&shut, &mut self.access.means(self.environment));
        if !has_woken {
            return Ok(done);
        }
        let second = map_all(&again, self.jobs, |at| {
            things.get(*at).map(|thing| attempt(thing, &self.keyring))
        })?;
        for (at, result) in again.into_iter().zip(second) {
            if let (Some(place), Some(Attempt::Done(result) | Attempt::Shut(_, result))) =
                (done.get_mut(at), result)
            {
                *place = result;
            }
        }
        Ok(done)
    }
}
