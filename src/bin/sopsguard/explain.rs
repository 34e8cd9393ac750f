//! `sopsguard explain`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, ExplainRequest, Target};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::inputs;

/// Prints a file's page, or what sops makes of its values. Returns the exit code.
pub(crate) fn run<'a>(
    options: &ExplainArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    let name = options.stdin_name.as_ref();
    let file = &options.file;
    app::refuse_idle_name(name, std::slice::from_ref(file))?;
    inputs::refuse_two_streams(std::iter::once(file).chain(&options.access.identities))?;
    let target = if app::is_stdin(file) {
        let bytes = app::read_stdin(engine::MAX_FILE_LEN)?;
        Target::Text {
            name: app::stdin_name(name, options.input_type),
            bytes,
        }
    } else {
        Target::Path(file.clone())
    };
    if options.tree {
        return tree(options, &target, environment);
    }
    let mut request = ExplainRequest::new(environment, target);
    request.identities = inputs::identities(&options.access.identities)?;
    request.access = access;
    request.policy.clone_from(&options.config);
    request.input_type = options.input_type.map(Into::into);
    request.history = options.history.unwrap_or(ExplainRequest::HISTORY);
    request.trust_changes = options.trust_changes;
    let page = engine::explain(request)?;
    for warning in &page.warnings {
        app::warn(&format!("warning: {}\n", report::escape(warning)));
    }
    app::print(|out| match options.format {
        Format::Human => report::explain_human(&page, style, out),
        Format::Json => report::explain_json(&page, out),
    })?;
    Ok(0)
}

fn tree(options: &ExplainArgs, target: &Target, environment: &Environment) -> Result<u8, Failure> {
    let input_type = options.input_type.map(Into::into);
    let explanation = engine::explain_tree(target, environment, input_type)?;
    app::print(|out| match options.format {
        Format::Human => report::tree_human(&explanation, out),
        Format::Json => report::tree_json(&explanation, out),
    })?;
    Ok(0)
}
