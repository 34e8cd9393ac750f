//! `sopsguard check`.

use std::path::PathBuf;

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Lacking, Report, Request, Target};
use sopsguard::report::{self, Style};

use crate::app::{self, is_stdin};
use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::{baseline, inputs, printing};

/// Checks what `options` name and prints the report. Returns the exit code.
pub(crate) fn run<'a>(
    options: &CheckArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    refuse_two_streams(options)?;
    refuse_options_as_paths(options, environment)?;
    let mut request = Request::new(environment);
    request.access = access;
    request.jobs = options.jobs;
    request.input_type = options.input_type.map(Into::into);
    request.staged = options.staged;
    request.since.clone_from(&options.compared.since);
    request.trust_changes = options.trust_changes;
    request.history = options.compared.history;
    request.policy.clone_from(&options.config);
    request.baseline = options.baseline.to_follow();
    request.identities = inputs::identities(&options.access.identities)?;
    request.targets = targets(options)?;
    let report = engine::check(request)
        .map_err(|error| inputs::with_help_on_history(error, options.compared.history.is_some()))?;
    tell_warnings(&report);
    if baseline::write(&options.baseline, &report)? {
        return Ok(0);
    }
    printing::print(&report, options.format, style)?;
    let lacks_key = options.require_key && tell_lacking(&report);
    let lacks_base = options.compared.require_base && tell_no_base(&report);
    if !options.compared.require_base {
        tell_not_compared(&report);
    }
    Ok(u8::from(report.has_errors() || lacks_key || lacks_base))
}

fn targets(options: &CheckArgs) -> Result<Vec<Target>, Failure> {
    options
        .paths
        .iter()
        .map(|path| {
            if is_stdin(path) && !options.staged {
                let bytes = app::read_stdin(engine::MAX_FILE_LEN)?;
                Ok(Target::Text {
                    name: app::stdin_name(options.stdin_name.as_ref(), options.input_type),
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
    // In the index `-` is a file like any other: hooks pass whatever names there are.
    let paths: &[PathBuf] = if options.staged { &[] } else { &options.paths };
    inputs::refuse_two_streams(paths.iter().chain(&options.access.identities))?;
    app::refuse_idle_type(options.input_type, &options.paths)?;
    app::refuse_idle_name(options.stdin_name.as_ref(), paths)
}

/// Refuses an option that stands behind `--`: so do the arguments of a hook whose entry ends in it.
fn refuse_options_as_paths(options: &CheckArgs, environment: &Environment) -> Result<(), Failure> {
    let is_there = |path: &str| environment.current_dir().join(path).symlink_metadata();
    let words = options.paths.iter().filter_map(|path| path.to_str());
    for word in words.filter(|word| word.starts_with("--")) {
        if app::is_option("check", word) && is_there(word).is_err() {
            return Err(Failure::Usage {
                message: format!("`{word}` stands behind `--`, where it is the name of a file"),
                help: format!(
                    "put it before: in `.pre-commit-config.yaml` with `entry: sopsguard check \
                     --staged {word} --` instead of `args`"
                ),
            });
        }
    }
    Ok(())
}

/// Prints what was named for nothing, and what was wrong with the sources of identities.
pub(crate) fn tell_warnings(report: &Report) {
    for notice in &report.notices {
        app::warn(&format!("note: {}\n", report::escape(notice)));
    }
    for warning in &report.warnings {
        app::warn(&format!("warning: {}\n", report::escape(warning)));
    }
}

/// Says why no file was compared with a version before; not where nothing was ever committed.
pub(crate) fn tell_not_compared(report: &Report) {
    let with = report.compared_with.as_ref();
    let lacking = with.and_then(|with| with.lacking.as_ref());
    let is_news = |lacking: &&Lacking| lacking.reason != "no-commits" && !report.files.is_empty();
    if let Some(Lacking { message, help, .. }) = lacking.filter(is_news) {
        app::warn(&format!(
            "note: compared with no version before: {}\n  help: {}\n",
            report::escape(message),
            report::escape(help)
        ));
    }
}

/// Says that there was nothing to compare with, and whether there was not.
pub(crate) fn tell_no_base(report: &Report) -> bool {
    let (message, help) = match &report.compared_with {
        None => ("there is no git repository here", "run it inside one"),
        Some(with) => match &with.lacking {
            None => return false,
            Some(lacking) => (lacking.message.as_str(), lacking.help.as_str()),
        },
    };
    app::warn(&format!(
        "error: --require-base: {}\n  help: {}\n",
        report::escape(message),
        report::escape(help)
    ));
    true
}

/// Says which files lacked a key, and whether any did.
fn tell_lacking(report: &Report) -> bool {
    let count = report.lacking_key().count();
    if count > 0 {
        app::warn(&format!("error: --require-key: {count} not verified\n"));
    }
    count > 0
}
