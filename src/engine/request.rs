//! What a run of `check` is asked to do.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::{Error, Watch, manifest};
use crate::document::Format;
use crate::environment::Environment;
use crate::fs;
use crate::keys::{Ask, Given, Keyring, MAX_KEY_FILE, Means, Origin};
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
    /// What may be done for identities that ask somebody or run something.
    pub access: Access<'a>,
    /// The policy file to follow instead of `.sopsguard.toml` at the root of the repository.
    pub policy: Option<PathBuf>,
    /// The baseline to follow: findings that it has are suppressed.
    pub baseline: Option<PathBuf>,
    /// Whether to check what the index holds instead of the work tree: what differs from `HEAD`, or,
    /// where there are paths among the targets, all that the index has under them.
    pub staged: bool,
    /// The revision since which files are checked and compared: those that changed since the merge
    /// base of it and `HEAD`, as `HEAD` has them; or as the index has them, where that is checked. In
    /// `REV..TIP`, `TIP` stands for `HEAD`. An audit looks at all files, and compares them with that merge base.
    pub since: Option<String>,
    /// How many commits a search in history may look at; files that did not change are searched for
    /// only where something is said.
    pub history: Option<NonZeroUsize>,
    /// Whether an audit opens the files and compares their values: then a finding may answer a guess that
    /// somebody encrypted.
    pub compare_values: bool,
    /// Whether files are opened although their selectors are not those of before: then a verdict may
    /// answer a guess that somebody put into a file.
    pub trust_changes: bool,
    /// The format of the files that are named, and of text, whatever their names say.
    pub input_type: Option<Format>,
    /// How many threads to use at most; one a core where nothing is said. It never changes the
    /// report.
    pub jobs: Option<NonZeroUsize>,
}

/// What may be done for identities that cost more than time: nothing, where nobody says otherwise.
///
/// Such identities come last, one after the other on the thread that asked for the check, and only
/// for files that no other identity opens. Each is woken once.
#[expect(
    missing_debug_implementations,
    reason = "whoever is asked need not have it"
)]
#[non_exhaustive]
pub struct Access<'a> {
    /// Who is asked for passphrases; where there is nobody, such identities count as absent.
    pub ask: Option<&'a mut dyn Ask>,
    /// Whether `SOPS_AGE_KEY_CMD` and `SOPS_AGE_SSH_PRIVATE_KEY_CMD` may be run.
    pub key_commands: bool,
    /// The names of the age plugins that may be run.
    pub plugins: Vec<String>,
    /// How long a command may take, and a plugin may be silent.
    pub time: Duration,
    /// Who watches how far a run over many files is.
    pub watch: Option<&'a dyn Watch>,
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
pub struct IdentitySource(Place);

enum Place {
    Path(PathBuf),
    Stdin(Secret<Vec<u8>>),
}

impl IdentitySource {
    /// A file, a pipe or a device.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self(Place::Path(path))
    }

    /// What was read from standard input. It is wiped from memory after use.
    #[must_use]
    pub fn stdin(bytes: Vec<u8>) -> Self {
        Self(Place::Stdin(Secret::new(bytes)))
    }

    /// Reads it: one text, or one for each value of a Kubernetes Secret.
    fn read(self, environment: &Environment) -> Result<Vec<Given>, Error> {
        let given = match self.0 {
            Place::Stdin(text) => Given {
                origin: Origin::Stdin,
                text,
            },
            Place::Path(path) => {
                let place = environment.current_dir().join(&path);
                let text = fs::read_stream(&place, MAX_KEY_FILE);
                let text = text.map_err(|error| Error::identity(&error.about(&path)))?;
                let variable = None;
                Given {
                    origin: Origin::File { path, variable },
                    text: Secret::new(text),
                }
            }
        };
        Ok(manifest::unpack(given))
    }
}

impl Default for Access<'_> {
    fn default() -> Self {
        Self {
            ask: None,
            key_commands: false,
            plugins: Vec::new(),
            time: Duration::from_secs(60),
            watch: None,
        }
    }
}

impl<'a> Access<'a> {
    /// The means that this gives in an environment.
    pub(super) fn means<'m>(&'m mut self, environment: &'m Environment) -> Means<'m>
    where
        'a: 'm,
    {
        Means {
            environment,
            ask: match &mut self.ask {
                Some(ask) => Some(&mut **ask),
                None => None,
            },
            commands: self.key_commands,
            plugins: &self.plugins,
            time: self.time,
        }
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
            access: Access::default(),
            policy: None,
            baseline: None,
            staged: false,
            since: None,
            compare_values: false,
            trust_changes: false,
            history: None,
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
        let mut given = Vec::new();
        for source in identities {
            given.extend(source.read(environment)?);
        }
        Keyring::given(given).map_err(|error| Error::identity(&error))
    }
}
