//! `sopsguard updatekeys`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Ask, UpdateKeys};
use sopsguard::report::{self, PlanStage, Style};

use crate::args::{Format, UpdateKeysArgs};
use crate::failure::Failure;
use crate::{app, changing};

/// Lets files follow their rules. Returns the exit code.
pub(crate) fn run<'a>(
    options: &UpdateKeysArgs,
    environment: &'a Environment,
    access: Access<'a>,
    ask: Option<&mut dyn Ask>,
    style: Style,
) -> Result<u8, Failure> {
    let write = &options.write;
    let watch = changing::watch(&access, write);
    let request = changing::request(&options.paths, write, environment, access)?;
    let mut asked = UpdateKeys::new(request);
    asked.options = changing::options(write);
    asked.options.even_if_unverified = options.even_if_unverified;
    asked.apply_threshold = options.apply_threshold;
    asked.with_sops = options.with_sops;
    asked.only_compare = options.check;
    let plan = engine::update_keys(asked)?;
    if !options.check {
        return changing::carry_out(plan, write, ask, watch, style);
    }
    app::print(|out| match write.format {
        Format::Human => report::plan_human(&plan, PlanStage::Planned, style, out),
        Format::Json => report::plan_json(&plan, PlanStage::Planned, out),
    })?;
    Ok(u8::from(!plan.is_empty()))
}
