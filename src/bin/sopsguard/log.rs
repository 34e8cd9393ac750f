//! `sopsguard log`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, LogRequest};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{Format, LogArgs};
use crate::failure::Failure;
use crate::inputs;

/// Prints the history of a file. Returns the exit code.
pub(crate) fn run<'a>(
    options: &LogArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    if app::is_stdin(&options.file) {
        return Err(Failure::Usage {
            message: "standard input has no history".to_owned(),
            help: "name a file of a repository; one that is called `-` is `./-`".to_owned(),
        });
    }
    inputs::refuse_two_streams(options.access.identities.iter())?;
    let mut request = LogRequest::new(environment, options.file.clone());
    request.identities = inputs::identities(&options.access.identities)?;
    request.access = access;
    request.input_type = options.input_type.map(Into::into);
    request.max_count = options.max_count;
    request.history = options.history.unwrap_or(LogRequest::HISTORY);
    request.trust_changes = options.trust_changes;
    request.jobs = options.jobs;
    let log = engine::log(request)?;
    for warning in &log.warnings {
        app::warn(&format!("warning: {}\n", report::escape(warning)));
    }
    app::print(|out| match options.format {
        Format::Human => report::log_human(&log, style, out),
        Format::Json => report::log_json(&log, out),
    })?;
    Ok(0)
}
