//! `sopsguard explain`.

use sopsguard::engine::{self, Target};
use sopsguard::{Environment, report};

use crate::app;
use crate::args::{ExplainArgs, Format};
use crate::failure::Failure;

/// Prints what sops makes of a file. Returns the exit code.
pub(crate) fn run(options: &ExplainArgs, environment: &Environment) -> Result<u8, Failure> {
    if !options.tree {
        return Err(Failure::Usage {
            message: "`explain` needs to know what to explain".to_owned(),
            help: "`sopsguard explain --tree FILE` lists the values as sops sees them".to_owned(),
        });
    }
    let name = options.stdin_name.as_ref();
    app::refuse_idle_name(name, std::slice::from_ref(&options.file))?;
    let target = if app::is_stdin(&options.file) {
        let bytes = app::read_stdin(engine::MAX_FILE_LEN)?;
        Target::Text {
            name: app::stdin_name(name, options.input_type),
            bytes,
        }
    } else {
        Target::Path(options.file.clone())
    };
    let explanation =
        engine::explain_tree(&target, environment, options.input_type.map(Into::into))?;
    app::print(|out| match options.format {
        Format::Human => report::tree_human(&explanation, out),
        Format::Json => report::tree_json(&explanation, out),
    })?;
    Ok(0)
}
