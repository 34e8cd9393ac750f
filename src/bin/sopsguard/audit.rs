//! `sopsguard audit`.

use sopsguard::Environment;
use sopsguard::engine::{self, Request, Target};
use sopsguard::report::Style;

use crate::args::AuditArgs;
use crate::failure::Failure;
use crate::{check, printing};

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
    printing::print(&report, options.format, style)?;
    let lacks_base = options.require_base && check::tell_no_base(&report);
    Ok(u8::from(report.has_errors() || lacks_base))
}
