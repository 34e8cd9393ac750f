//! `sopsguard keys`.

use std::path::PathBuf;

use sopsguard::engine::{self, Access, Request, Target};
use sopsguard::{Environment, report};

use crate::app;
use crate::args::{Format, KeysArgs};
use crate::failure::Failure;
use crate::inputs;

/// Prints the identities and what they open. Returns the exit code.
pub(crate) fn run<'a>(
    options: &KeysArgs,
    environment: &'a Environment,
    access: Access<'a>,
) -> Result<u8, Failure> {
    inputs::refuse_two_streams(options.paths.iter().chain(&options.identities))?;
    app::refuse_idle_type(options.input_type, &options.paths)?;
    let mut request = Request::new(environment);
    request.access = access;
    request.input_type = options.input_type.map(Into::into);
    request.jobs = options.jobs;
    request.identities = inputs::identities(&options.identities)?;
    request.targets = targets(options)?;
    let report = engine::keys(request)?;
    for warning in &report.warnings {
        app::warn(&format!("warning: {}\n", report::escape(warning)));
    }
    app::print(|out| match options.format {
        Format::Human => report::keys_human(&report, out),
        Format::Json => report::keys_json(&report, out),
    })?;
    Ok(0)
}

fn targets(options: &KeysArgs) -> Result<Vec<Target>, Failure> {
    let target = |path: &PathBuf| {
        if !app::is_stdin(path) {
            return Ok(Target::Path(path.clone()));
        }
        let bytes = app::read_stdin(engine::MAX_FILE_LEN)?;
        let name = app::stdin_name(None, options.input_type);
        Ok(Target::Text { name, bytes })
    };
    options.paths.iter().map(target).collect()
}
