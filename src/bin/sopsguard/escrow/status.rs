//! `sopsguard escrow status`.

use sopsguard::Environment;
use sopsguard::engine::{self, Request};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{Format, StatusArgs};
use crate::failure::Failure;

/// Prints where the handover stands. Returns the exit code.
pub(crate) fn run(
    options: &StatusArgs,
    environment: &Environment,
    style: Style,
) -> Result<u8, Failure> {
    let mut request = Request::new(environment);
    request.jobs = options.jobs;
    request.policy.clone_from(&options.config);
    let status = engine::escrow_status(request, options.leaving.as_deref())?;
    for notice in &status.notices {
        app::warn(&format!("note: {}\n", report::escape(notice)));
    }
    app::print(|out| match options.format {
        Format::Human => report::status_human(&status, style.verbose, out),
        Format::Json => report::status_json(&status, out),
    })?;
    Ok(0)
}
