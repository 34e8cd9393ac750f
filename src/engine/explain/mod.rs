//! `explain`: all that people ask about one file, on one page; with `--tree`, its leaves as sops sees
//! them.
//!
//! Nothing is judged here that another command does not judge: the verdict and the findings are those of `check`,
//! the changes those of `log`, the identities those of `keys`.

mod changes;
mod leaves;
mod looking;
mod mine;
mod page;
mod rule;
mod says;
mod seal;
mod tree;

pub use leaves::{Explanation, KeyName, Leaf};
pub use page::{Changes, GroupReport, Mine, Page, RecipientReport, SealReport, SelectorReport};
pub use rule::Governing;
pub use tree::explain_tree;

use std::path::{Path, PathBuf};

use super::bases::Bases;
use super::inputs::{Content, Origin, Scope};
use super::{Access, Error, IdentitySource, Request, Target, policy};
use crate::document::Format;
use crate::environment::Environment;
use crate::fs;
use crate::paths;
use crate::repo::Repo;
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
    let ExplainRequest {
        environment,
        target,
        identities,
        mut access,
        policy,
        input_type,
        history,
        trust_changes,
    } = request;
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let (named, content) = named(target, &here)?;
    let place = paths::absolute(&here, &named);
    let folder = place.parent().unwrap_or(&here);
    let repo = Repo::discover(environment, folder);
    let bases = repo.as_ref();
    let bases = bases
        .map(|repo| Bases::find(repo, &here, None))
        .transpose()?;
    let search = policy::Search {
        here: &here,
        repo: repo.as_ref(),
        index: None,
        bases: bases.as_ref(),
        since: false,
    };
    let (policy, _) = search.judge(policy.as_deref())?.into_parts();
    let scope = Scope {
        environment,
        policy: &policy,
        input_type,
        repo: repo.as_ref(),
        index: None,
        since: None,
        jobs: None,
    };
    let shown = paths::without_dots(&named);
    let Some(input) = scope.input(shown, content, Origin::Named) else {
        return Err(Error::NoSuchPath { path: named });
    };
    let mut keyring = Request::keyring(identities, environment)?;
    let looking = Looking {
        input: &input,
        scope,
        here: &here,
        bases: bases.as_ref(),
        trusts_changes: trust_changes,
    };
    let Seen { report, file } = looking.look(&mut keyring, &mut access)?;
    let sheet = Sheet::read(&input, file.format);
    let mut identities = mine::identities(sheet.as_ref(), &file, &mut keyring);
    let history = changes::History {
        repo: repo.as_ref(),
        here: &here,
        named: &named,
        place: &place,
        is_text: matches!(input.content, Content::Given(_)),
        format: input_type,
        commits: history,
        trust_changes,
    };
    let means = &mut access.means(environment);
    let changes = history.tell(&file, &mut keyring, means)?;
    identities.retain(|key| !key.is_used_up);
    let identities: Vec<Mine> = identities.into_iter().map(|key| key.mine).collect();
    let governing = rule::Governing::of(&place, &named, folder);
    Ok(Page {
        sops_says: says::sops(&file, &report.findings),
        groups: mine::groups(&file, &identities, &governing),
        seal: sheet.map(|sheet| sheet.seal),
        rule: governing,
        identities,
        changes: Changes {
            compared_with: bases.as_ref().map(Bases::told),
            ..changes
        },
        is_excluded: policy.is_excluded(&file.path),
        findings: report.findings,
        warnings: report.warnings,
        searched: report.searched,
        file,
    })
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
