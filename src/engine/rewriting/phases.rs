//! Trying something with all files and the identities that cost nothing; then, with those that ask somebody or
//! run something, for the files that need it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::super::watch::Count;
use super::super::{Access, Error, Request, map_all};
use crate::environment::Environment;
use crate::keys::{Keyring, Recipient, Shut, Wrapped};

/// What came of one thing.
pub(super) enum Attempt<T> {
    Done(T),
    /// Something is shut that more identities may open; else this is what came of it.
    Shut(Shut, T),
    /// Plugins have to be asked ahead for these recipients; else this is what came of it.
    Ahead(Vec<Recipient>, T),
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
            keyring: Request::keyring(request.identities, environment)?.remembering(),
            access: request.access,
            environment,
            jobs: request.jobs,
        })
    }
}

impl Keys<'_, '_> {
    /// Tries something with all of `things`, in parallel; the results have their order. What plugins were asked
    /// for ahead is there once something needs it. Whoever watches is told that each is `what`.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub(super) fn with_all<I: Sync, T: Send>(
        &mut self,
        things: &[I],
        what: &'static str,
        attempt: impl Fn(&I, &Keyring, Option<&Wrapped>) -> Attempt<T> + Sync + Send,
    ) -> Result<Vec<T>, Error> {
        let all: Vec<usize> = (0..things.len()).collect();
        let mut results = Results::default();
        let mut wrapped = None;
        let mut again = all;
        // Identities are woken once, and plugins asked once; whatever needs more than that has an answer then.
        for _ in 0..3 {
            let count = Count::new(self.access.watch, what, again.len());
            let tried = map_all(&again, self.jobs, |at| {
                let thing = things.get(*at)?;
                let tried = attempt(thing, &self.keyring, wrapped.as_ref());
                count.one();
                Some((*at, tried))
            })?;
            // Somebody may be asked next.
            drop(count);
            results.take(tried.into_iter().flatten());
            again = self.prepare(&mut results, &mut wrapped);
            if again.is_empty() {
                break;
            }
        }
        Ok(results.done.into_values().collect())
    }

    /// Makes ready for what could not be done, and says what that is: first what is shut, then what plugins are
    /// to be asked for.
    fn prepare<T>(
        &mut self,
        results: &mut Results<T>,
        wrapped: &mut Option<Wrapped>,
    ) -> Vec<usize> {
        let mut means = self.access.means(self.environment);
        let (shut, mut again): (Vec<Shut>, Vec<usize>) = results.shut.drain(..).unzip();
        if !shut.is_empty() && !self.keyring.wake(&shut, &mut means) {
            again.clear();
        }
        if again.is_empty() && wrapped.is_none() {
            let mut counts: BTreeMap<&Recipient, usize> = BTreeMap::new();
            for recipient in results.ahead.iter().flat_map(|(recipients, _)| recipients) {
                *counts.entry(recipient).or_default() += 1;
            }
            if !counts.is_empty() {
                *wrapped = Some(Wrapped::ahead(counts, &mut means));
            }
            again = results.ahead.drain(..).map(|(_, at)| at).collect();
        }
        again
    }
}

/// What came of things, by their number.
struct Results<T> {
    done: BTreeMap<usize, T>,
    shut: Vec<(Shut, usize)>,
    ahead: Vec<(Vec<Recipient>, usize)>,
}

impl<T> Default for Results<T> {
    fn default() -> Self {
        Self {
            done: BTreeMap::new(),
            shut: Vec::new(),
            ahead: Vec::new(),
        }
    }
}

impl<T> Results<T> {
    fn take(&mut self, tried: impl Iterator<Item = (usize, Attempt<T>)>) {
        for (at, attempt) in tried {
            let result = match attempt {
                Attempt::Done(result) => result,
                Attempt::Shut(shut, result) => {
                    self.shut.push((shut, at));
                    result
                }
                Attempt::Ahead(recipients, result) => {
                    self.ahead.push((recipients, at));
                    result
                }
            };
            self.done.insert(at, result);
        }
    }
}
