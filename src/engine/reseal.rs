//! `reseal`: a stale MAC made right, after showing what that would bless.
//!
//! What was changed is told by the history of the file, as `explain` tells it: every change since the last
//! version that sops would have accepted.

use std::path::Path;

use super::explain::History;
use super::rewriting::{
    Amendment, Blessed, ChangeOptions, ChangePlan, Draft, Keys, Opened, Refused, Rewritten, Stop,
    Survey, Task, now, rewrite,
};
use super::surroundings::Start;
use super::{At, Error, LogEntry, Request, Verification};
use crate::finding::Help;
use crate::rewrite::{Refusal, reseal as plan};
use crate::rules::argument;
use crate::sops::Time;

/// What `reseal` is asked to do.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct Reseal<'a> {
    /// Which files, with which identities.
    pub request: Request<'a>,
    /// What is allowed. What a new MAC would not make right is never changed.
    pub options: ChangeOptions,
    /// How many commits of the repository are looked at.
    pub history: usize,
    /// Whether files are resealed of which no version is found that verified.
    pub accept_unknown: bool,
}

impl<'a> Reseal<'a> {
    /// How many commits are looked at unless something else is said.
    pub const HISTORY: usize = 1_000;

    /// A request to reseal files.
    #[must_use]
    pub fn new(request: Request<'a>) -> Self {
        Self {
            request,
            options: ChangeOptions::default(),
            history: Self::HISTORY,
            accept_unknown: false,
        }
    }
}

/// The command.
const COMMAND: &str = "reseal";

/// Plans a new MAC for files whose MAC is stale. The plan has all that changed since the last version that
/// verified, with the commit that brought it. Files that verify are left as they are.
///
/// # Errors
/// Those of [`check`](super::check()) and of [`log`](super::log()), and [`Error::NotChanged`] where the
/// environment has no time.
pub fn reseal(asked: Reseal<'_>) -> Result<ChangePlan, Error> {
    let Reseal {
        mut request,
        mut options,
        history,
        accept_unknown,
    } = asked;
    options.even_if_unverified = true;
    let at = now(request.environment)?;
    let start = Start::of_audit(&request);
    start.run(|world, _| {
        let survey = Survey::to_write(&mut request, world)?;
        let (tasks, refused) = survey.tasks();
        let mut keys = Keys::of(request)?;
        let resealed = |task: &Task<'_, ()>, opened: &Opened<'_>| resealed(task, opened, at);
        let draft = rewrite(&tasks, &mut keys, options, resealed)?;
        let past = Past {
            survey: &survey,
            history,
            accept_unknown,
        };
        let draft = past.tell(draft, &mut keys)?;
        let mut plan = draft.prove(COMMAND, &survey, &mut keys)?;
        plan.refuse(refused);
        Ok(plan)
    })
}

fn resealed(task: &Task<'_, ()>, opened: &Opened<'_>, at: Time) -> Result<Rewritten, Box<Stop>> {
    if opened.verifies {
        return Ok(Rewritten::unchanged(opened));
    }
    let text = plan::reseal(opened.document, opened.file, opened.key, at);
    Ok(Rewritten {
        text: text.map_err(|refusal| refused(&task.facts.path, &refusal))?,
        amendments: vec![Amendment::NewMac],
        reading: None,
    })
}

/// Why a file is not resealed, and what to do about it.
fn refused(path: &Path, refusal: &Refusal) -> Refused {
    let refused = Refused::new(path.to_owned(), refusal.to_string());
    match refusal {
        Refusal::Unsound(_) => {
            let help = "a new MAC makes none of that right: bring back a version that sops accepts, or the values";
            let file = argument(path);
            let help = Help::new(help).then(format!("sopsguard log {file}"));
            refused.helped(help.then(format!("sopsguard check {file}")))
        }
        _ => refused,
    }
}

/// Where it is looked up what changed.
struct Past<'p, 'w> {
    survey: &'p Survey<'w>,
    history: usize,
    accept_unknown: bool,
}

impl Past<'_, '_> {
    /// Adds to each change what it would bless.
    ///
    /// # Errors
    /// Those of [`log`](super::log()).
    fn tell(&self, draft: Draft, keys: &mut Keys<'_, '_>) -> Result<Draft, Error> {
        let mut told = Draft {
            refused: draft.refused,
            unchanged: draft.unchanged,
            changes: Vec::new(),
        };
        for (mut change, text) in draft.changes {
            match self.blessed(&change.path, keys)? {
                Ok(blessed) => {
                    change.amendments.extend(blessed);
                    told.changes.push((change, text));
                }
                Err(refused) => told.refused.push(refused),
            }
        }
        Ok(told)
    }

    /// What a new MAC would bless in a file.
    fn blessed(
        &self,
        path: &Path,
        keys: &mut Keys<'_, '_>,
    ) -> Result<Result<Vec<Amendment>, Refused>, Error> {
        let world = self.survey.world;
        let place = self
            .survey
            .place(path)
            .unwrap_or_else(|| world.here.join(path));
        let history = History {
            repo: world.repo,
            here: world.here,
            named: path,
            place: &place,
            is_text: false,
            format: None,
            commits: self.history,
            trust_changes: true,
        };
        let means = &mut keys.access.means(keys.environment);
        let changes = history.tell(&Verification::Failed, &mut keys.keyring, means)?;
        let Some(sound) = changes.sound else {
            let lacking = changes.lacking.map(|(reason, _)| reason);
            let why =
                lacking.unwrap_or_else(|| "no version of it that verified was found".to_owned());
            if self.accept_unknown {
                return Ok(Ok(vec![Amendment::Other(format!(
                    "all that it holds is blessed as it stands: {why}"
                ))]));
            }
            return Ok(Err(unknown(path, &why)));
        };
        let blessed = changes.since_sound.iter().flat_map(blessed);
        let last = Amendment::Other(format!("it verified last {}", when(&sound)));
        Ok(Ok(blessed.chain([last]).collect()))
    }
}

/// A file of which it cannot be told what was changed.
fn unknown(path: &Path, why: &str) -> Refused {
    let reason = format!("it cannot be told what was changed in it: {why}");
    let file = argument(path);
    let help = Help::new(
        "look through all that it holds; `--accept-unknown` then blesses it as it stands, and `--history N` looks \
         further back",
    );
    let help = help
        .then(format!("sopsguard explain --tree {file}"))
        .then(format!("sopsguard reseal --accept-unknown {file}"));
    Refused::new(path.to_owned(), reason).helped(help)
}

/// What one commit changed that the MAC covers.
fn blessed(entry: &LogEntry) -> Vec<Amendment> {
    let step = &entry.step;
    let bless = |subject: String, what: &'static str| {
        Amendment::Blesses(Blessed {
            subject,
            what,
            at: entry.at.clone(),
            author: entry.author.clone(),
            date: entry.date.clone(),
        })
    };
    let documents = [
        (&step.documents_removed, "removed"),
        (&step.documents_added, "added"),
        (&step.documents_moved, "moved"),
    ];
    let documents = documents.into_iter().flat_map(|(numbers, what)| {
        let bless = &bless;
        numbers
            .iter()
            .map(move |number| bless(format!("document {number}"), what))
    });
    let values = step.values.iter();
    let values = values.map(|value| bless(value.path.clone(), value.what.name()));
    let settings = step.settings.iter();
    let settings = settings.map(|setting| bless((*setting).to_owned(), "changed"));
    let more = (step.more_values > 0)
        .then(|| bless(format!("{} more values", step.more_values), "changed"));
    let unread = step
        .reason
        .map(|reason| bless(format!("all of it ({reason})"), "changed"));
    documents
        .chain(values)
        .chain(more)
        .chain(settings)
        .chain(unread)
        .collect()
}

/// Where a version is, and of whom.
fn when(entry: &LogEntry) -> String {
    match &entry.at {
        At::Index => "as it is staged".to_owned(),
        At::WorkTree => "in the work tree".to_owned(),
        At::Commit(_) => {
            let by = [&entry.author, &entry.date];
            let by: Vec<&str> = by.into_iter().flatten().map(String::as_str).collect();
            format!("in {} ({})", entry.at.name(), by.join(", "))
        }
    }
}
