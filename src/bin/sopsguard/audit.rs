//! `sopsguard audit`.

use sopsguard::Environment;
use sopsguard::engine::{self, Request, Target};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{AuditArgs, Format};
use crate::check;
use crate::failure::Failure;

/// Audits the repository and prints the report. Returns the exit code.
pub(crate) fn run(
    options: &AuditArgs,
    environment: &Environment,
    style: Style,
) -> Result<u8, Failure> {
    let mut request = Request::new(environment);
    request.jobs = options.jobs;
    request.staged = options.staged;
    request.policy.clone_from(&options.config);
    request.targets = options.paths.iter().cloned().map(Target::Path).collect();
    let report = engine::audit(request)?;
    check::tell_warnings(&report);
    match options.format {
        Format::Json => app::print(|out| report::json(&report, out))?,
        Format::Human => app::print(|out| report::human(&report, style, out))?,
    }
    let lacks_base = options.require_base && check::tell_no_base(&report);
    Ok(u8::from(report.has_errors() || lacks_base))
}
