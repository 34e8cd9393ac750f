//! `explain`: all that people ask about one file, on one page; with `--tree`, its leaves as sops sees
//! them.
//!
//! Nothing is judged here that another command does not judge: the verdict and the findings are those of `check`,
//! the changes those of `log`, the identities those of `keys`.

mod changes;
mod drift;
mod leaves;
mod looking;
mod mine;
mod page;
mod rule;
mod says;
mod seal;
mod tree;

pub(super) use changes::History;
pub use drift::{Drift, MovedKey};
pub use leaves::{Explanation, KeyName, Leaf};
pub use page::{Changes, GroupReport, Mine, Page, RecipientReport, SealReport, SelectorReport};
use rule::Above;
pub use rule::{AskedRule, Governing, Outcome, RuleReport};
pub use tree::explain_tree;

use std::path::{Path, PathBuf};

use super::bases::Bases;
use super::inputs::{Content, Input, Origin};
use super::surroundings::{Start, Surroundings};
use super::{Access, Error, FileReport, IdentitySource, Request, Target};
use crate::config::creation::SOPS_CONFIG;
use crate::document::Format;
use crate::environment::Environment;
use crate::fs;
use crate::keys::{Keyring, Means};
use crate::paths;
use looking::{Looking, Seen};
use seal::Sheet;

/// Which file to explain, with which identities, and how far back.
#[expect(
    missing_debug_implementations,
    reason = "identities, standard input and the environment hold secrets"
)]
#[non_exhaustive]
pub struct ExplainRequest<'a> {
    /// The world around the process. Relative paths start from its current folder.
    pub environment: &'a Environment,
    /// The file. A text is told of as if it stood where its name says.
    pub target: Target,
    /// Where identities come from; where there is none, from all places that sops looks at.
    pub identities: Vec<IdentitySource>,
    /// What may be done for identities that ask somebody or run something.
    pub access: Access<'a>,
    /// The policy file to follow instead of `.sopsguard.toml` at the root of the repository.
    pub policy: Option<PathBuf>,
    /// The format, whatever the name says.
    pub input_type: Option<Format>,
    /// The most commits of the repository that are looked at.
    pub history: usize,
    /// Whether the file is opened although its selectors are not those of before.
    pub trust_changes: bool,
}

impl<'a> ExplainRequest<'a> {
    /// How many commits are looked at unless something else is said.
    pub const HISTORY: usize = 1_000;

    /// A request for the page of a file, with the identities that are found.
    #[must_use]
    pub fn new(environment: &'a Environment, target: Target) -> Self {
        Self {
            environment,
            target,
            identities: Vec::new(),
            access: Access::default(),
            policy: None,
            input_type: None,
            history: Self::HISTORY,
            trust_changes: false,
        }
    }
}

/// Puts together what there is to say about a file, be it sops's or not, sound or broken.
///
/// # Errors
/// [`Error::NoSuchPath`] and [`Error::NotRead`] where there is no such file, [`Error::Identity`] where a
/// named identity cannot be used, [`Error::Policy`] where the policy is wrong, [`Error::Git`] where
/// the repository cannot be read.
pub fn explain(request: ExplainRequest<'_>) -> Result<Page, Error> {
    let environment = request.environment;
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let (named, content) = named(request.target, &here)?;
    let place = paths::absolute(&here, &named);
    let mut around = Request::new(environment);
    around.policy = request.policy;
    around.input_type = request.input_type;
    let start = Start::of_file_in(&around, place.parent().unwrap_or(&here));
    let keyring = Request::keyring(request.identities, environment)?;
    let asked = Asked {
        named,
        place,
        history: request.history,
        input_type: request.input_type,
        trusts_changes: request.trust_changes,
    };
    start.run(|world, _| asked.explain(content, world, keyring, request.access))
}

/// A file to explain, and how.
struct Asked {
    /// As the user named it.
    named: PathBuf,
    /// Where it stands.
    place: PathBuf,
    history: usize,
    input_type: Option<Format>,
    trusts_changes: bool,
}

impl Asked {
    fn explain(
        &self,
        content: Content,
        world: Surroundings<'_>,
        mut keyring: Keyring,
        mut access: Access<'_>,
    ) -> Result<Page, Error> {
        let (scope, shown) = (world.scope(), paths::without_dots(&self.named));
        let Some(input) = scope.input(shown, content, Origin::Named) else {
            let path = self.named.clone();
            return Err(Error::NoSuchPath { path });
        };
        let looking = Looking {
            input: &input,
            world,
            trusts_changes: self.trusts_changes,
        };
        let Seen { report, file } = looking.look(&mut keyring, &mut access)?;
        let sheet = Sheet::read(&input, file.format);
        let identities = mine::identities(sheet.as_ref(), &file, &mut keyring);
        let means = &mut access.means(scope.environment);
        let changes = self.changes(&input, &file, world, &mut keyring, means)?;
        let above = Above::of(&self.place, world.here, world.policy);
        Ok(Page {
            is_config: self
                .place
                .file_name()
                .is_some_and(|name| name == SOPS_CONFIG),
            sops_says: says::sops(&file, &report.findings, changes.sound.is_some()),
            groups: mine::groups(&file, sheet.as_ref(), &identities, &above),
            drift: sheet
                .as_ref()
                .and_then(|sheet| Drift::of(&sheet.facts, &above)),
            seal: sheet.map(|sheet| sheet.seal),
            rule: above.governing(),
            identities,
            changes,
            is_excluded: world.policy.is_excluded(&file.path),
            findings: report.findings,
            warnings: report.warnings,
            searched: report.searched,
            file,
        })
    }

    /// What changed in the file.
    fn changes(
        &self,
        input: &Input,
        file: &FileReport,
        world: Surroundings<'_>,
        keyring: &mut Keyring,
        means: &mut Means<'_>,
    ) -> Result<Changes, Error> {
        let history = changes::History {
            repo: world.repo,
            here: world.here,
            named: &self.named,
            place: &self.place,
            is_text: matches!(input.content, Content::Given(_)),
            format: self.input_type,
            commits: self.history,
            trust_changes: self.trusts_changes,
        };
        Ok(Changes {
            compared_with: world.bases.map(Bases::told),
            ..history.tell(&file.verification, keyring, means)?
        })
    }
}

/// The name of the file, and where its bytes are.
///
/// # Errors
/// [`Error::NoSuchPath`] where nothing is there, [`Error::NotRead`] where it is a folder.
fn named(target: Target, here: &Path) -> Result<(PathBuf, Content), Error> {
    let path = match target {
        Target::Text { name, bytes } => return Ok((name, Content::Given(bytes))),
        Target::Path(path) => path,
    };
    let place = here.join(&path);
    match fs::kind(&place) {
        None => Err(Error::NoSuchPath { path }),
        Some(fs::Kind::Folder) => Err(Error::NotRead {
            path,
            reason: "it is a folder: name one file, such as `sopsguard check` lists".to_owned(),
        }),
        Some(_) => Ok((path, Content::Disk(place))),
    }
}
