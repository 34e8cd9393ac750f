//! What a run of `check` is asked to do.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::Error;
use crate::document::Format;
use crate::environment::Environment;
use crate::keys::{Given, Keyring};
use crate::secret::Secret;

/// What to check, with which identities, and how.
#[expect(
    missing_debug_implementations,
    reason = "standard input and the environment hold secrets"
)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The world around the process. Relative paths start from its current folder.
    pub environment: &'a Environment,
    /// The inputs; the current folder where there are none.
    pub targets: Vec<Target>,
    /// Where identities come from; where there is none, from all places that sops looks at.
    pub identities: Vec<IdentitySource>,
    /// The policy file to follow instead of `.sopsguard.toml` at the root of the repository.
    pub policy: Option<PathBuf>,
    /// Whether to check what the index holds instead of the work tree: what differs from `HEAD`, or,
    /// where there are paths among the targets, all that the index has under them.
    pub staged: bool,
    /// The format of the files that are named, and of text, whatever their names say.
    pub input_type: Option<Format>,
    /// How many threads to use at most; one a core where nothing is said. It never changes the
    /// report.
    pub jobs: Option<NonZeroUsize>,
}

/// One input.
#[expect(
    missing_debug_implementations,
    reason = "standard input can hold secrets"
)]
pub enum Target {
    /// A file, or a folder to walk.
    Path(PathBuf),
    /// Text that was read already.
    Text {
        /// The name that its format is judged by, and that the report prints.
        name: PathBuf,
        /// The text as bytes.
        bytes: Vec<u8>,
    },
}

/// A place of age identities that is used instead of those that sops looks at.
#[expect(missing_debug_implementations, reason = "it can hold private keys")]
pub struct IdentitySource(Given);

impl IdentitySource {
    /// A file, a pipe or a device.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self(Given::Path(path))
    }

    /// What was read from standard input. It is wiped from memory after use.
    #[must_use]
    pub fn stdin(bytes: Vec<u8>) -> Self {
        Self(Given::Stdin(Secret::new(bytes)))
    }
}

impl<'a> Request<'a> {
    /// A request to check the current folder of `environment` with the identities found there.
    #[must_use]
    pub fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            targets: Vec::new(),
            identities: Vec::new(),
            policy: None,
            staged: false,
            input_type: None,
            jobs: None,
        }
    }

    /// The identities of this request.
    ///
    /// # Errors
    /// [`Error::Identity`] where one that was named cannot be used.
    pub(super) fn keyring(
        identities: Vec<IdentitySource>,
        environment: &Environment,
    ) -> Result<Keyring, Error> {
        if identities.is_empty() {
            return Ok(Keyring::discover(environment));
        }
        let given = identities.into_iter().map(|source| source.0);
        Keyring::given(given, environment).map_err(|error| Error::Identity {
            reason: error.to_string(),
        })
    }
}
