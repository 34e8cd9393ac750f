//! `split`: each document of a secret file gets a file of its own, and what lists the old file lists the new ones.
//!
//! One MAC is over all documents of a file, so that whoever deletes one as text breaks all of them. Files of one
//! document cannot break so.

mod listing;
mod mentions;
mod placing;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::rewriting::{
    Amendment, ChangeOptions, ChangePlan, Draft, Keys, Opened, Piece, Refused, Stop, Survey, Task,
    now, open_all,
};
use super::surroundings::Start;
use super::{Error, Request, Target};
use crate::document::Format;
use crate::finding::Help;
use crate::fs;
use crate::paths;
use crate::repo::Repo;
use crate::rewrite::Refusal;
use crate::rewrite::split::{self as plan, Holds, Part};
use crate::rules::{FileFacts, argument};
use crate::sops::Time;
use listing::Listings;
use placing::{Placed, Placing};

/// What `split` is asked to do.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct Split<'a> {
    /// Which files, with which identities.
    pub request: Request<'a>,
    /// What is allowed. A file that does not verify is never split.
    pub options: ChangeOptions,
    /// The folder that the new files go to; that of the old one where it is not said.
    pub into: Option<PathBuf>,
}

impl<'a> Split<'a> {
    /// A request to split files.
    #[must_use]
    pub fn new(request: Request<'a>) -> Self {
        Self {
            request,
            options: ChangeOptions::default(),
            into: None,
        }
    }
}

/// The command.
const COMMAND: &str = "split";

/// Plans a file for each document of the files that are named, in the place of these. Values and recipients stay
/// byte for byte; each file gets a MAC of its own. The generators and kustomizations that list an old file list the
/// new ones instead.
///
/// # Errors
/// Those of [`check`](super::check()), [`Error::NotChanged`] where the environment has no time, and
/// [`Error::Interrupted`] where a change was interrupted before.
pub fn split(asked: Split<'_>) -> Result<ChangePlan, Error> {
    let Split {
        mut request,
        mut options,
        into,
    } = asked;
    options.even_if_unverified = true;
    let at = now(request.environment)?;
    let start = Start::of_audit(&request);
    start.run(|world, _| {
        world.refuse_interrupted()?;
        let named = named(&request, world.here);
        let survey = Survey::take(&mut request, world)?;
        let (tasks, mut refused) = tasks(&survey, &named);
        let jobs = request.jobs;
        let mut keys = Keys::of(request)?;
        let apart = open_all(&tasks, &mut keys, options, |task, opened| {
            taken_apart(task, opened, at)
        })?;
        let mut placing = Placing::new(&survey, into.as_deref());
        let mut placed = Vec::new();
        for file in apart {
            match file.and_then(|file| placing.place(file)) {
                Ok(file) => placed.push(file),
                Err(why) => refused.push(why),
            }
        }
        let listings = Listings::look(&survey, &placed, jobs)?;
        let relisted = listings.relist(&mut placed, &mut refused);
        let mut draft = Draft::default();
        for piece in placed.iter().flat_map(pieces) {
            draft.add_piece(piece, options);
        }
        for listing in relisted {
            draft.join(listing, options);
        }
        let mut plan = draft.prove(COMMAND, &survey, &mut keys)?;
        if plan
            .refused
            .iter()
            .any(|refused| is_of(&placed, &refused.path))
        {
            plan.withdraw();
        } else {
            plan.notices.extend(placed.iter().flat_map(notices));
            plan.notices.extend(ignored(survey.world.repo, &placed));
            plan.notices.extend(listings.still_named(&placed));
            for file in placed.into_iter().filter(|file| !file.keeps_path()) {
                plan.remove(file.path, (file.place, file.old), options);
            }
        }
        refused.retain(|why| !plan.refused.iter().any(|known| known.path == why.path));
        plan.refuse(refused);
        plan.sort();
        Ok(plan)
    })
}

/// A file whose documents have texts of their own.
struct Apart {
    path: PathBuf,
    place: PathBuf,
    old: Vec<u8>,
    parts: Vec<Part>,
}

/// The paths that were named, as they were and absolute, each once.
fn named(request: &Request<'_>, here: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut seen = HashSet::new();
    let paths = request.targets.iter().filter_map(|target| match target {
        Target::Path(path) => Some((path.clone(), paths::absolute(here, path))),
        Target::Text { .. } => None,
    });
    paths
        .filter(|(_, place)| seen.insert(place.clone()))
        .collect()
}

/// The files that are to be split, and those that cannot be.
fn tasks<'s>(
    survey: &'s Survey<'_>,
    named: &[(PathBuf, PathBuf)],
) -> (Vec<Task<'s, ()>>, Vec<Refused>) {
    let (mut tasks, mut refused) = (Vec::new(), Vec::new());
    for (path, place) in named {
        match task(survey, path, place) {
            Ok(task) => tasks.push(task),
            Err(why) => refused.push(why),
        }
    }
    (tasks, refused)
}

fn task<'s>(survey: &'s Survey<'_>, path: &Path, place: &Path) -> Result<Task<'s, ()>, Refused> {
    let refuse = |reason: &str, help: Help| Err(Refused::new(path.to_owned(), reason).helped(help));
    match fs::kind(place) {
        Some(fs::Kind::Folder) => {
            let help = Help::new("name the files: `check` tells which hold several documents");
            return refuse(
                "it is a folder",
                help.then(format!("sopsguard check {}", argument(path))),
            );
        }
        Some(fs::Kind::Link) => {
            let help = "name the file that it leads to: that is the one that would go";
            return refuse("it is a symbolic link", Help::new(help));
        }
        Some(fs::Kind::File | fs::Kind::Other) | None => {}
    }
    let here = survey.world.here;
    let is_it = |facts: &&FileFacts| paths::absolute(here, &facts.path) == place;
    let Some(facts) = survey.files.iter().find(is_it) else {
        let help = Help::new(
            "`explain` tells what it is; what git ignores or `exclude` names is left out",
        );
        let help = help.then(format!("sopsguard explain {}", argument(path)));
        return refuse("it is no secret file of sops's here", help);
    };
    if facts.format != Format::Yaml {
        let help = "only YAML files hold several documents";
        return refuse("it is no YAML: there is nothing to split", Help::new(help));
    }
    survey.task(facts, ())
}

fn taken_apart(task: &Task<'_, ()>, opened: &Opened<'_>, at: Time) -> Result<Apart, Box<Stop>> {
    let path = &task.facts.path;
    if !opened.verifies {
        return Err(stale(path).into());
    }
    let parts = plan::split(opened.document, opened.file, opened.key, at);
    Ok(Apart {
        path: path.clone(),
        place: task.place.clone(),
        old: opened.old.to_owned(),
        parts: parts.map_err(|refusal| undivided(path, &refusal))?,
    })
}

/// A file that does not verify: new MACs would bless whatever is wrong with it.
fn stale(path: &Path) -> Refused {
    let file = argument(path);
    let help = Help::new(
        "new MACs would bless whatever was done to it: see what that is, then bring the old version back from \
         git, or bless it with `reseal`",
    );
    let help = help.then(format!("sopsguard explain {file}"));
    let help = help.then(format!("sopsguard reseal {file}"));
    Refused::new(path.to_owned(), "it does not verify as it is").helped(help)
}

/// Why a file is not taken apart, and what to do about it.
fn undivided(path: &Path, refusal: &Refusal) -> Refused {
    let refused = Refused::new(path.to_owned(), refusal.to_string());
    match refusal {
        Refusal::Dependent { .. } | Refusal::Metadata { .. } | Refusal::Tangled => {
            let help = "let sops write the file anew, which gives each document what it needs: change any value and \
                        save, then split it";
            refused.helped(Help::new(help).then(format!("sops edit {}", argument(path))))
        }
        _ => refused,
    }
}

/// Whether a path is that of one of the files, or of one of theirs.
fn is_of(placed: &[Placed], path: &Path) -> bool {
    let mut files = placed.iter();
    files.any(|file| file.path == path || file.parts.iter().any(|part| part.path == path))
}

/// The new files that an old one becomes.
fn pieces(file: &Placed) -> impl Iterator<Item = Piece> {
    file.parts.iter().map(|part| Piece {
        path: part.path.clone(),
        place: part.place.clone(),
        format: Format::Yaml,
        text: part.part.text.clone(),
        amendments: amendments(file, part),
        of: file.place.clone(),
        old: (part.place == file.place).then(|| file.old.clone()),
    })
}

fn amendments(file: &Placed, part: &placing::Part) -> Vec<Amendment> {
    if file.is_only_trimmed() {
        return vec![Amendment::Other(
            "documents that hold nothing go".to_owned(),
        )];
    }
    let number = part.part.number;
    let but = match part.part.holds {
        Holds::Comments => ", which holds nothing but comments",
        Holds::Values | Holds::Nothing => "",
    };
    let (first, what) = match part.place == file.place {
        true => (
            Amendment::NewMac,
            format!("holds document {number} alone{but}"),
        ),
        false => {
            let of = file.path.display();
            (
                Amendment::Created,
                format!("document {number} of `{of}`{but}"),
            )
        }
    };
    vec![first, Amendment::Other(what)]
}

/// What there is to say of documents that get no file.
fn notices(file: &Placed) -> impl Iterator<Item = String> {
    file.empty.iter().map(|number| {
        let path = file.path.display();
        format!("document {number} of `{path}` holds nothing, and gets no file")
    })
}

/// What there is to say of new files that git would pass over.
fn ignored(repo: Option<&Repo<'_>>, placed: &[Placed]) -> Vec<String> {
    let parts = || placed.iter().flat_map(|file| &file.parts);
    let places: Vec<PathBuf> = parts().map(|part| part.place.clone()).collect();
    // Where git does not say, it is left at that.
    let ignored = repo.and_then(|repo| repo.ignored(&places).ok());
    let ignored = ignored.unwrap_or_default();
    let parts = parts().filter(|part| ignored.contains(&part.place));
    let told = parts.map(|part| {
        let path = part.path.display();
        format!("git ignores `{path}`: add it with `git add --force`, or let `.gitignore` leave it alone")
    });
    told.collect()
}
