//! `sopsguard rules`.

use sopsguard::report;

use crate::app;
use crate::args::{Format, RulesArgs};
use crate::failure::Failure;

/// Prints the catalogue, or the page of one rule. Returns the exit code.
pub(crate) fn run(options: &RulesArgs) -> Result<u8, Failure> {
    let wanted = options.id.as_deref();
    let page = wanted.and_then(|id| sopsguard::engine::catalogue().find(|rule| rule.id == id));
    app::print(|out| match (page, options.format) {
        (Some(rule), _) => out.write_all(rule.page.as_bytes()),
        (None, Format::Human) => report::rules_human(out),
        (None, Format::Json) => report::rules_json(out),
    })?;
    Ok(0)
}
