//! `sopsguard recipients`.

use sopsguard::Environment;
use sopsguard::engine::{self, AccessMatrix, Request};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{RecipientsArgs, TableFormat};
use crate::failure::Failure;
use crate::inputs;

/// Prints who can open what. Returns the exit code.
pub(crate) fn run(
    options: &RecipientsArgs,
    environment: &Environment,
    style: Style,
) -> Result<u8, Failure> {
    inputs::refuse_two_streams(options.paths.iter())?;
    app::refuse_idle_type(options.input_type, &options.paths)?;
    let mut request = Request::new(environment);
    request.input_type = options.input_type.map(Into::into);
    request.jobs = options.jobs;
    request.policy.clone_from(&options.config);
    request.targets = inputs::targets(&options.paths, options.input_type)?;
    let mut matrix = engine::recipients(request)?;
    for notice in &matrix.notices {
        app::warn(&format!("note: {}\n", report::escape(notice)));
    }
    if let Some(wanted) = &options.recipient {
        let names = names(&matrix);
        matrix = matrix.of(wanted).map_err(|_| nobody(wanted, &names))?;
    }
    app::print(|out| match options.format {
        TableFormat::Human => report::recipients_human(&matrix, style, out),
        TableFormat::Json => report::recipients_json(&matrix, out),
        TableFormat::Csv => report::recipients_csv(&matrix, out),
        TableFormat::Html => report::recipients_html(&matrix, out),
    })?;
    Ok(0)
}

/// How many names are told where one is wrong.
const NAMED: usize = 20;

/// The names that there are, each once.
fn names(matrix: &AccessMatrix) -> Vec<String> {
    let recipients = matrix.recipients.iter();
    let mut names: Vec<String> = recipients.filter_map(|it| it.name.clone()).collect();
    names.dedup();
    names
}

fn nobody(wanted: &str, names: &[String]) -> Failure {
    let help = match names {
        [] => {
            "no recipient has a name here, and `sopsguard recipients` lists the keys; names come \
               from `[[recipient]]` in .sopsguard.toml, and from .sops.yaml"
                .to_owned()
        }
        names => {
            let told = names.get(..NAMED).unwrap_or(names).join(", ");
            let more = if names.len() > NAMED { " and more" } else { "" };
            format!("the names are {told}{more}; a key, or its beginning, can be given, too")
        }
    };
    Failure::Usage {
        message: format!("there is no recipient `{wanted}` here"),
        help,
    }
}
