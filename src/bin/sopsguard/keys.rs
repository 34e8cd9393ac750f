//! `sopsguard keys`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Request};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{Format, KeysArgs};
use crate::failure::Failure;
use crate::inputs;

/// Prints the identities and what they open. Returns the exit code.
pub(crate) fn run<'a>(
    options: &KeysArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    inputs::refuse_two_streams(options.paths.iter().chain(&options.access.identities))?;
    app::refuse_idle_type(options.input_type, &options.paths)?;
    let mut request = Request::new(environment);
    request.access = access;
    request.input_type = options.input_type.map(Into::into);
    request.jobs = options.jobs;
    request.identities = inputs::identities(&options.access.identities)?;
    request.targets = inputs::targets(&options.paths, options.input_type)?;
    let report = engine::keys(request)?;
    for warning in &report.warnings {
        app::warn(&format!("warning: {}\n", report::escape(warning)));
    }
    app::print(|out| match options.format {
        Format::Human => report::keys_human(&report, style.verbose, out),
        Format::Json => report::keys_json(&report, out),
    })?;
    Ok(0)
}
