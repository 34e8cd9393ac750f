//! Where the engine's transactions are kept, and whether one was interrupted: whoever writes refuses to
//! begin then, whoever reads says so and goes on.

use std::path::{Path, PathBuf};

use super::Error;
use crate::environment::Environment;
use crate::repo::Repo;
use crate::transaction::{self, Digest, Home};

/// Where transactions on the files of a repository are kept; where there is none, on those below `root`.
///
/// # Errors
/// [`Error::NotChanged`] where there is no repository, and the user has no folder for such things either.
pub(super) fn home(
    environment: &Environment,
    repo: Option<&Repo<'_>>,
    root: &Path,
) -> Result<Home, Error> {
    if let Some(repo) = repo {
        return Ok(of_repo(repo));
    }
    outside_git(environment, root).ok_or_else(|| Error::NotChanged {
        reason: "there is no git repository here, and no folder for what a change needs to be safe"
            .to_owned(),
        help: Some("set `HOME` or `XDG_STATE_HOME`".to_owned()),
    })
}

/// The home of a transaction that was interrupted and is about files here: in the repository, or outside
/// of one in this folder or one around it.
pub(super) fn find(
    environment: &Environment,
    repo: Option<&Repo<'_>>,
    here: &Path,
) -> Option<Home> {
    let homes: Vec<Home> = match repo {
        Some(repo) => vec![of_repo(repo)],
        None => here
            .ancestors()
            .filter_map(|folder| outside_git(environment, folder))
            .collect(),
    };
    homes.into_iter().find(transaction::interrupted)
}

/// Refuses to write where a transaction was interrupted.
///
/// # Errors
/// [`Error::Interrupted`].
pub(super) fn refuse(
    environment: &Environment,
    repo: Option<&Repo<'_>>,
    here: &Path,
) -> Result<(), Error> {
    match find(environment, repo, here) {
        Some(_) => Err(transaction::Error::Interrupted { why: None }.into()),
        None => Ok(()),
    }
}

/// What a reader says of it.
pub(super) fn notice(
    environment: &Environment,
    repo: Option<&Repo<'_>>,
    here: &Path,
) -> Option<String> {
    find(environment, repo, here)?;
    Some(
        "a change of several files was interrupted: some may be as before, others as after it; \
         `sopsguard recover` shows which"
            .to_owned(),
    )
}

fn of_repo(repo: &Repo<'_>) -> Home {
    Home::new(repo.own_folder(), repo.work_tree().to_owned())
}

/// Outside of git a folder's own among those of the user.
fn outside_git(environment: &Environment, root: &Path) -> Option<Home> {
    let state = environment.state_dir()?;
    let hash = Digest::of(root.as_os_str().as_encoded_bytes()).to_string();
    let name: PathBuf = hash.chars().take(20).collect::<String>().into();
    Some(Home::new(
        state.join("sopsguard").join(name),
        root.to_owned(),
    ))
}
