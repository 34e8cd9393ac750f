//! `sopsguard keys`.

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
    let mut request = Request::new(environment);
    request.access = access;
    request.input_type = options.input_type.map(Into::into);
    request.identities = inputs::identities(&options.identities)?;
    request.targets = options.paths.iter().cloned().map(Target::Path).collect();
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
