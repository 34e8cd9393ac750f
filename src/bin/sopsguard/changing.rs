//! What the commands that change files have in common: show the plan, ask, carry it out, say what was done.

use std::path::PathBuf;

use sopsguard::Environment;
use sopsguard::engine::{Access, Ask, ChangeOptions, ChangePlan, Request, Target, Watch};
use sopsguard::report::{self, PlanStage, Style};

use crate::args::{Format, WriteArgs};
use crate::failure::Failure;
use crate::{app, inputs};

/// What the user named, and with which identities.
pub(crate) fn request<'a>(
    paths: &[PathBuf],
    write: &WriteArgs,
    environment: &'a Environment,
    access: Access<'a>,
) -> Result<Request<'a>, Failure> {
    let mut request = Request::new(environment);
    request.jobs = write.jobs;
    request.identities = inputs::identities(&write.access.identities)?;
    request.access = access;
    request.access.watch = watch(&request.access, write);
    request.policy.clone_from(&write.config);
    request.targets = paths.iter().cloned().map(Target::Path).collect();
    Ok(request)
}

/// Who watches: nobody where a program reads.
pub(crate) fn watch<'a>(access: &Access<'a>, write: &WriteArgs) -> Option<&'a dyn Watch> {
    access.watch.filter(|_| write.format == Format::Human)
}

/// What the user allows.
pub(crate) fn options(write: &WriteArgs) -> ChangeOptions {
    let mut options = ChangeOptions::default();
    options.with_diff = write.diff;
    options
}

/// Shows a plan and carries it out, unless that is only to be seen, something stands against it, or
/// nobody says yes. Returns the exit code.
pub(crate) fn carry_out(
    plan: ChangePlan,
    write: &WriteArgs,
    ask: Option<&mut dyn Ask>,
    watch: Option<&dyn Watch>,
    style: Style,
) -> Result<u8, Failure> {
    let is_refused = !plan.refused.is_empty() && !write.skip_refused;
    let is_blocked = is_refused || plan.too_early.is_some();
    // What stands against it is never kept back.
    let is_quiet = style.quiet && write.yes && plan.refused.is_empty();
    let is_shown = write.format == Format::Human && !is_quiet;
    if is_shown {
        app::print(|out| report::plan_human(&plan, PlanStage::Planned, style, out))?;
    }
    let would_change = !plan.files.is_empty();
    if write.dry_run || is_blocked || !would_change {
        print_json(&plan, write, PlanStage::Planned)?;
        if is_refused && would_change {
            app::warn(
                "nothing was changed: all files change, or none (`--skip-refused` leaves these out)\n",
            );
        }
        return Ok(u8::from(is_blocked));
    }
    if !write.yes && !says_yes(&plan, ask)? {
        print_json(&plan, write, PlanStage::Planned)?;
        app::warn("nothing was changed\n");
        return Ok(1);
    }
    let applied = PlanStage::Applied(plan.apply_watched(watch)?);
    print_json(&plan, write, applied)?;
    if write.format == Format::Human && !style.quiet {
        app::print(|out| report::plan_human(&plan, applied, style, out))?;
    }
    if !plan.refused.is_empty() {
        app::warn(&left_out(&plan));
    }
    Ok(u8::from(!plan.refused.is_empty()))
}

/// What was left out, for whoever did not see the plan.
fn left_out(plan: &ChangePlan) -> String {
    let paths = plan.refused.iter().map(|refused| &refused.path);
    let paths: Vec<String> = paths
        .map(|path| report::escape(&path.to_string_lossy()))
        .collect();
    format!("left out, and as before: {}\n", paths.join(", "))
}

fn print_json(plan: &ChangePlan, write: &WriteArgs, stage: PlanStage) -> Result<(), Failure> {
    match write.format {
        Format::Json => app::print(|out| report::plan_json(plan, stage, out)),
        Format::Human => Ok(()),
    }
}

/// Asks whether to go on. The end of the input is no.
fn says_yes(plan: &ChangePlan, ask: Option<&mut dyn Ask>) -> Result<bool, Failure> {
    let Some(ask) = ask else {
        return Err(Failure::Usage {
            message: "nobody is there to be asked whether to go on".to_owned(),
            help: format!(
                "look at it with `sopsguard {0} --dry-run`, and give `--yes`",
                plan.command
            ),
        });
    };
    let question = match plan.files.len() {
        1 => "change this file?".to_owned(),
        count => format!("change these {count} files?"),
    };
    Ok(ask.confirm(&question, "yes", Some("no")) == Some(true))
}
