//! `rotate`: files get a new data key, and all that is in them is encrypted anew.

use std::collections::HashMap;
use std::path::Path;

use super::rewriting::{
    Amendment, ChangeOptions, ChangePlan, Keys, Opened, Refused, Rewritten, Stop, Survey, Task,
    now, rewrite,
};
use super::surroundings::Start;
use super::{Error, Request};
use crate::finding::Help;
use crate::rewrite::{Refusal, rotate as plan};
use crate::rules::{FileFacts, Follows, argument};
use crate::sops::Time;

/// What `rotate` is asked to do.
#[expect(missing_debug_implementations, reason = "the request can hold secrets")]
#[non_exhaustive]
pub struct Rotate<'a> {
    /// Which files, with which identities.
    pub request: Request<'a>,
    /// What is allowed. A file that does not verify is never rotated.
    pub options: ChangeOptions,
}

impl<'a> Rotate<'a> {
    /// A request to rotate all files.
    #[must_use]
    pub fn new(request: Request<'a>) -> Self {
        Self {
            request,
            options: ChangeOptions::default(),
        }
    }
}

/// The command.
const COMMAND: &str = "rotate";

/// Plans a new data key for files, under which all their values and their MACs are encrypted anew, as
/// `sops rotate` would. They keep their recipients; where these are not those of the rule, they are to get
/// them first.
///
/// # Errors
/// Those of [`check`](super::check()), and [`Error::NotChanged`] where the environment has no time.
pub fn rotate(asked: Rotate<'_>) -> Result<ChangePlan, Error> {
    let Rotate {
        mut request,
        mut options,
    } = asked;
    options.even_if_unverified = false;
    let at = now(request.environment)?;
    let start = Start::of_audit(&request);
    start.run(|world, _| {
        let survey = Survey::to_write(&mut request, world)?;
        let (tasks, refused) = tasks(&survey);
        let mut keys = Keys::of(request)?;
        let rotated = |task: &Task<'_, ()>, opened: &Opened<'_>| rotated(task, opened, at);
        let draft = rewrite(&tasks, &mut keys, options, rotated)?;
        let mut plan = draft.prove(COMMAND, &survey, &mut keys)?;
        plan.refuse(refused);
        Ok(plan)
    })
}

/// The files that are to be rotated, and those that are not.
fn tasks<'s>(survey: &'s Survey<'_>) -> (Vec<Task<'s, ()>>, Vec<Refused>) {
    let follows: HashMap<&Path, Follows<'_>> = survey
        .following()
        .map(|follows| (follows.file.path.as_path(), follows))
        .collect();
    let (mut tasks, mut refused) = (Vec::new(), survey.unread_configs());
    let files = survey.files.iter();
    for facts in files.filter(|file| survey.is_named(&file.path)) {
        match task(survey, facts, follows.get(facts.path.as_path())) {
            Ok(task) => tasks.push(task),
            Err(why) => refused.push(why),
        }
    }
    (tasks, refused)
}

fn task<'s>(
    survey: &Survey<'_>,
    facts: &'s FileFacts,
    follows: Option<&Follows<'_>>,
) -> Result<Task<'s, ()>, Refused> {
    let path = &facts.path;
    if let Some(follows) = follows.filter(|follows| follows.key_drift().is_some()) {
        let reason = format!("its recipients are not those of {}", follows.told());
        let help = "let it follow its rule first, or the new data key is theirs, too, whom the rule does not name";
        let help = Help::new(help).then(format!("sopsguard updatekeys {}", argument(path)));
        return Err(Refused::new(path.clone(), reason).helped(help));
    }
    survey.task(facts, ())
}

fn rotated(task: &Task<'_, ()>, opened: &Opened<'_>, at: Time) -> Result<Rewritten, Box<Stop>> {
    let path = &task.facts.path;
    let wrapped = opened.wrapped_for(plan::recipients(opened.file))?;
    let text = plan::rotate(opened.document, opened.file, opened.key, at, wrapped);
    Ok(Rewritten {
        text: text.map_err(|refusal| refused(path, &refusal, &sops_rotate("", path)))?,
        amendments: vec![Amendment::NewDataKey],
        reading: None,
    })
}

/// The command by which sops rotates a file, with more options.
pub(super) fn sops_rotate(options: &str, path: &Path) -> String {
    format!("sops rotate --in-place {options}{}", argument(path))
}

/// Why a file is not rotated, and what to do about it; `by_sops` where sops can do it.
pub(super) fn refused(path: &Path, refusal: &Refusal, by_sops: &str) -> Refused {
    let refused = Refused::new(path.to_owned(), refusal.to_string());
    match refusal {
        Refusal::NeedsSops { .. } | Refusal::Shared => {
            refused.helped(Help::new("let sops do it, with access to those keys").then(by_sops))
        }
        Refusal::Unsound(_) => {
            let help = Help::new("mend it first, or nobody could tell what was blessed");
            refused.helped(help.then(format!("sopsguard check {}", argument(path))))
        }
        _ => refused,
    }
}
