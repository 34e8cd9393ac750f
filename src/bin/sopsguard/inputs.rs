//! What several commands read in the same way.

use std::path::PathBuf;

use sopsguard::engine::{self, IdentitySource, Target};

use crate::app;
use crate::args::InputType;
use crate::failure::Failure;

/// Refuses to read standard input, which can be read once, for two of these names.
pub(crate) fn refuse_two_streams<'p>(
    names: impl Iterator<Item = &'p PathBuf>,
) -> Result<(), Failure> {
    if names.filter(|path| app::is_stdin(path)).count() < 2 {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "standard input can be read once, and `-` is given more than once".to_owned(),
        help: "name the file of the identities, or the file to check".to_owned(),
    })
}

/// The identities that the user names.
pub(crate) fn identities(paths: &[PathBuf]) -> Result<Vec<IdentitySource>, Failure> {
    let source = |path: &PathBuf| {
        if app::is_stdin(path) {
            app::read_stdin(engine::MAX_FILE_LEN).map(IdentitySource::stdin)
        } else {
            Ok(IdentitySource::file(path.clone()))
        }
    };
    paths.iter().map(source).collect()
}

/// The files and folders that the user names, of which `-` is standard input.
pub(crate) fn targets(
    paths: &[PathBuf],
    input_type: Option<InputType>,
) -> Result<Vec<Target>, Failure> {
    let target = |path: &PathBuf| {
        if !app::is_stdin(path) {
            return Ok(Target::Path(path.clone()));
        }
        let bytes = app::read_stdin(engine::MAX_FILE_LEN)?;
        let name = app::stdin_name(None, input_type);
        Ok(Target::Text { name, bytes })
    };
    paths.iter().map(target).collect()
}

/// Says of a number that is no file, where `--history` is given, how that takes its number.
pub(crate) fn with_help_on_history(error: engine::Error, has_history: bool) -> Failure {
    let number = match &error {
        engine::Error::NoSuchPath { path } if has_history => path.to_str(),
        _ => None,
    };
    match number.filter(|text| text.parse::<usize>().is_ok()) {
        Some(number) => Failure::Usage {
            message: format!("`{number}` does not exist, and is taken for a path"),
            help: format!(
                "the number of commits stands behind `=`: `--history={number}`; a file of that name is \
                 `./{number}`"
            ),
        },
        None => error.into(),
    }
}
