//! `sopsguard audit`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Request, Target};
use sopsguard::report::Style;

use crate::args::AuditArgs;
use crate::failure::Failure;
use crate::{baseline, check, inputs, printing};

/// Audits the repository and prints the report. Returns the exit code.
pub(crate) fn run<'a>(
    options: &AuditArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    let mut request = Request::new(environment);
    request.jobs = options.jobs;
    request.staged = options.staged;
    request.since.clone_from(&options.compared.since);
    request.history = options.compared.history;
    request.compare_values = options.compare_values;
    request.trust_changes = options.trust_changes;
    request.identities = inputs::identities(&options.access.identities)?;
    request.access = access;
    request.policy.clone_from(&options.config);
    request.baseline = options.baseline.to_follow();
    request.targets = options.paths.iter().cloned().map(Target::Path).collect();
    let report = engine::audit(request)
        .map_err(|error| inputs::with_help_on_history(error, options.compared.history.is_some()))?;
    check::tell_warnings(&report);
    if baseline::write(&options.baseline, &report)? {
        return Ok(0);
    }
    printing::print(&report, options.format, style)?;
    let lacks_base = options.compared.require_base && check::tell_no_base(&report);
    if options.compared.since.is_some() && !options.compared.require_base {
        check::tell_not_compared(&report);
    }
    Ok(u8::from(report.has_errors() || lacks_base))
}
