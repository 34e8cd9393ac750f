//! `sopsguard init`.

use std::io::{self, Write};

use sopsguard::Environment;
use sopsguard::engine::{self, FirstPolicy};
use sopsguard::report::escape;

use crate::app;
use crate::args::InitArgs;
use crate::failure::Failure;

/// Writes or prints the first policy, or prints the schema. Returns the exit code.
pub(crate) fn run(options: &InitArgs, environment: &Environment) -> Result<u8, Failure> {
    if options.schema {
        let schema = engine::policy_schema();
        app::print(|out| out.write_all(schema.as_bytes()))?;
        return Ok(0);
    }
    let policy = engine::init(environment, options.dry_run)?;
    app::print(|out| match options.dry_run {
        true => out.write_all(policy.text.as_bytes()),
        false => tell(&policy, out),
    })?;
    Ok(0)
}

/// What was written, and what to do next.
fn tell(policy: &FirstPolicy, out: &mut dyn Write) -> io::Result<()> {
    let path = escape(&policy.path.display().to_string());
    let recipients = count(policy.recipients, "recipient");
    let files = count(policy.files, "secret file");
    writeln!(out, "wrote `{path}`: {recipients} of {files}")?;
    writeln!(out, "\nnext:")?;
    if policy.unlisted > 0 {
        let unlisted = count(policy.unlisted, "key");
        writeln!(
            out,
            "  {unlisted} cannot be listed, so all stand in comments: `sopsguard audit` shows where they are"
        )?;
    } else if policy.unnamed > 0 {
        let unnamed = count(policy.unnamed, "recipient");
        writeln!(
            out,
            "  name {unnamed} that nobody has named yet: `unknown …`"
        )?;
    }
    if policy.recipients > 0 {
        writeln!(
            out,
            "  strike out whoever should not be there, and set the roles"
        )?;
    }
    writeln!(out, "  see what it says of the repository: sopsguard audit")?;
    writeln!(out, "  share it: git add {path} && git commit")?;
    if policy.had_another {
        writeln!(
            out,
            "\nthe commit before has another policy: what this one is looser in is `policy-weakened`, and counts once\n\
             it is merged; to judge by it now: sopsguard check --config {path}"
        )?;
    }
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}
