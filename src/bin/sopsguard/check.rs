//! `sopsguard check`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Report, Request, Target};
use sopsguard::report::{self, Style};

use crate::app::{self, is_stdin};
use crate::args::{CheckArgs, Format};
use crate::failure::Failure;
use crate::inputs;

/// Checks what `options` name and prints the report. Returns the exit code.
pub(crate) fn run<'a>(
    options: &CheckArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    refuse_two_streams(options)?;
    let mut request = Request::new(environment);
    request.access = access;
    request.jobs = options.jobs;
    request.staged = options.staged;
    request.identities = inputs::identities(&options.identities)?;
    request.targets = targets(options)?;
    let report = engine::check(request)?;
    tell_warnings(&report);
    match options.format {
        Format::Json => app::print(|out| report::json(&report, out))?,
        Format::Human => app::print(|out| report::human(&report, style, out))?,
    }
    let unmet = options.require_key && tell_lacking(&report);
    Ok(u8::from(report.has_errors() || unmet))
}

fn targets(options: &CheckArgs) -> Result<Vec<Target>, Failure> {
    options
        .paths
        .iter()
        .map(|path| {
            if is_stdin(path) {
                let bytes = app::read_stdin(engine::MAX_FILE_LEN)?;
                Ok(Target::Text {
                    name: app::stdin_name(options.stdin_name.as_ref()),
                    bytes,
                })
            } else {
                Ok(Target::Path(path.clone()))
            }
        })
        .collect()
}

/// Standard input can be read once.
fn refuse_two_streams(options: &CheckArgs) -> Result<(), Failure> {
    let streams = options
        .paths
        .iter()
        .chain(&options.identities)
        .filter(|path| is_stdin(path));
    if options.staged && options.paths.iter().any(|path| is_stdin(path)) {
        return Err(Failure::Usage {
            message: "`--staged` reads the index, and `-` standard input".to_owned(),
            help: "leave one of them away; `./-` is a file of that name".to_owned(),
        });
    }
    if streams.count() < 2 {
        return app::refuse_idle_name(options.stdin_name.as_ref(), &options.paths);
    }
    Err(Failure::Usage {
        message: "standard input can be read once, and `-` is given more than once".to_owned(),
        help: "name the file of the identities, or the file to check".to_owned(),
    })
}

/// Prints what was named for nothing, and what was wrong with the sources of identities.
fn tell_warnings(report: &Report) {
    for notice in &report.notices {
        app::warn(&format!("note: {}\n", report::escape(notice)));
    }
    for warning in &report.warnings {
        app::warn(&format!("warning: {}\n", report::escape(warning)));
    }
}

/// Says which files lacked a key, and whether any did.
fn tell_lacking(report: &Report) -> bool {
    let count = report.lacking_key().count();
    if count > 0 {
        app::warn(&format!(
            "error: --require-key: {count} not verified for want of a key\n"
        ));
    }
    count > 0
}
