//! `sopsguard escrow add-recipient` and `remove-recipient`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, AddRecipient, Ask, RemoveRecipient, WhichRules};
use sopsguard::report::Style;

use crate::args::{AddRecipientArgs, Format, RemoveRecipientArgs, WriteArgs};
use crate::failure::Failure;
use crate::{app, changing};

use super::keygen::quoted;

/// The longest key that is written into a command.
const MAX_KEY: usize = 100;

/// Adds a recipient. Returns the exit code.
pub(crate) fn add<'a>(
    options: &AddRecipientArgs,
    environment: &'a Environment,
    access: Access<'a>,
    ask: Option<&mut dyn Ask>,
    style: Style,
) -> Result<u8, Failure> {
    let write = &options.write;
    let watch = changing::watch(&access, write);
    let request = changing::request(&options.paths, write, environment, access)?;
    let mut asked = AddRecipient::new(request, options.key.clone(), options.name.clone());
    asked.options = changing::options(write);
    asked.role = options.role.map(|role| role.word().to_owned());
    asked.held_by.clone_from(&options.held_by);
    asked.paths.clone_from(&options.only_paths);
    asked.rules = WhichRules::default();
    asked.rules.numbers.clone_from(&options.rules);
    asked.rules.path_regexes.clone_from(&options.path_regexes);
    asked.groups.clone_from(&options.groups);
    asked.asks_group = !write.yes && write.format == Format::Human;
    let plan = engine::add_recipient(asked)?;
    let changes = !plan.files.is_empty();
    let code = changing::carry_out(plan, write, ask, watch, style)?;
    if code == 0 && changes && is_told(write, style) {
        // A post-quantum key fills half a screen, and has a name by now.
        let only = match options.key.len() <= MAX_KEY {
            true => quoted(options.key.trim()),
            false => quoted(&options.name),
        };
        let prove = format!("  sopsguard escrow verify --identity - --only {only} --record");
        tell(&[
            "prove that the private key opens every file, from where it is kept:",
            &prove,
            "commit all of it together, then rebase open branches onto it: git add -A && git commit",
        ])?;
    }
    Ok(code)
}

/// Takes a recipient out. Returns the exit code.
pub(crate) fn remove<'a>(
    options: &RemoveRecipientArgs,
    environment: &'a Environment,
    access: Access<'a>,
    ask: Option<&mut dyn Ask>,
    style: Style,
) -> Result<u8, Failure> {
    let write = &options.write;
    let watch = changing::watch(&access, write);
    let request = changing::request(&[], write, environment, access)?;
    let mut asked = RemoveRecipient::new(request, options.recipient.clone());
    asked.options = changing::options(write);
    asked.without_proof = options.without_proof;
    asked.only_plan = write.dry_run;
    let plan = engine::remove_recipient(asked)?;
    let changes = !plan.files.is_empty();
    let code = changing::carry_out(plan, write, ask, watch, style)?;
    if code == 0 && changes && is_told(write, style) {
        tell(&[
            "commit all of it together, and let what deploys it sync: git add -A && git commit",
            "then change the values that the key could read where they come from, and encrypt the new ones",
        ])?;
    }
    Ok(code)
}

/// Whether what comes next is told: where something was done, to people.
fn is_told(write: &WriteArgs, style: Style) -> bool {
    write.format == Format::Human && !write.dry_run && !style.quiet
}

fn tell(next: &[&str]) -> Result<(), Failure> {
    app::print(|out| {
        writeln!(out, "\nnext:")?;
        next.iter().try_for_each(|line| writeln!(out, "  {line}"))
    })
}
