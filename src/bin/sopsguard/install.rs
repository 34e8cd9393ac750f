//! `sopsguard install`.

use sopsguard::Environment;
use sopsguard::install::{Hook, HooksFolder, Manager, Outcome, Reason};
use sopsguard::report::{Style, escape};

use crate::app;
use crate::args::InstallArgs;
use crate::failure::Failure;

/// Puts the hooks into the repository, or takes them away. Returns the exit code.
pub(crate) fn run(
    options: &InstallArgs,
    environment: &Environment,
    style: Style,
) -> Result<u8, Failure> {
    if let Some(hook) = options.print {
        app::print(|out| out.write_all(hook.script().as_bytes()))?;
        return Ok(0);
    }
    let folder = HooksFolder::find(environment)?;
    let hooks = match options.hooks.as_slice() {
        [] => &Hook::ALL,
        hooks => hooks,
    };
    let mut left = false;
    for &hook in hooks {
        let outcome = if options.uninstall {
            folder.uninstall(hook)?
        } else {
            folder.install(hook)?
        };
        left |= tell(hook, &outcome, style)?;
    }
    tell_place(&folder, environment, style)?;
    Ok(if left { 2 } else { 0 })
}

/// Says what became of a hook, and returns whether it was left as it is.
fn tell(hook: Hook, outcome: &Outcome, style: Style) -> Result<bool, Failure> {
    let name = hook.name();
    let words = match outcome {
        Outcome::Installed => "installed".to_owned(),
        Outcome::Chained { kept } => {
            let kept = kept.file_name().unwrap_or(kept.as_os_str());
            let kept = escape(&kept.to_string_lossy());
            format!("installed; the hook that was there runs first, and is kept as `{kept}`")
        }
        Outcome::Updated => "brought up to date".to_owned(),
        Outcome::Unchanged => "there already, and up to date".to_owned(),
        Outcome::Removed => "removed".to_owned(),
        Outcome::Restored => "removed; the hook that was there before is back".to_owned(),
        Outcome::Left(reason) => {
            let (why, help) = reason_words(hook, reason);
            app::warn(&format!(
                "error: {name} is left as it is: {why}\n  help: {help}\n"
            ));
            return Ok(true);
        }
        Outcome::Absent => "not there".to_owned(),
    };
    if !style.quiet {
        app::print(|out| writeln!(out, "{name}: {words}"))?;
    }
    Ok(false)
}

/// Why a hook was left, and what to do instead.
fn reason_words(hook: Hook, reason: &Reason) -> (String, String) {
    match reason {
        Reason::Managed(manager) => (
            format!("{} manages this hook", manager.name()),
            manager_help(hook, *manager),
        ),
        Reason::Edited => (
            "it is sopsguard's own, and was changed or put there by hand".to_owned(),
            "save your changes elsewhere, remove the file, and run `sopsguard install` again"
                .to_owned(),
        ),
        Reason::NameTaken { kept } => {
            let kept = escape(&kept.to_string_lossy());
            (
                format!("it would be kept as `{kept}`, which is there already"),
                "move one of the two away, and run `sopsguard install` again".to_owned(),
            )
        }
    }
}

fn manager_help(hook: Hook, manager: Manager) -> String {
    let name = hook.name();
    match manager {
        Manager::PreCommit | Manager::Prek => {
            let program = manager.name();
            format!(
                "add the hook `sopsguard-check` to `.pre-commit-config.yaml`, and run `{program} \
                 install --hook-type {name}`"
            )
        }
        Manager::Lefthook => {
            format!(
                "add `run: sopsguard check --staged` to the commands of `{name}` in `lefthook.yml`"
            )
        }
        Manager::Hk => {
            format!("add a step with `sopsguard check --staged` to `{name}` in `hk.pkl`")
        }
    }
}

/// Says where the hooks lie, and whom they serve.
fn tell_place(
    folder: &HooksFolder,
    environment: &Environment,
    style: Style,
) -> Result<(), Failure> {
    if style.quiet {
        return Ok(());
    }
    let here = environment.current_dir();
    let path = folder.path().strip_prefix(here).unwrap_or(folder.path());
    let path = escape(&path.to_string_lossy());
    let whom = if folder.serves_all() {
        ", which serves every repository for which `core.hooksPath` names it"
    } else {
        ""
    };
    app::print(|out| writeln!(out, "the hooks are in {path}{whom}"))
}
