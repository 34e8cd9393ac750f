//! `sopsguard reseal`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Ask, Reseal};
use sopsguard::report::Style;

use crate::args::ResealArgs;
use crate::changing;
use crate::failure::Failure;

/// Makes stale MACs right. Returns the exit code.
pub(crate) fn run<'a>(
    options: &ResealArgs,
    environment: &'a Environment,
    access: Access<'a>,
    ask: Option<&mut dyn Ask>,
    style: Style,
) -> Result<u8, Failure> {
    let write = &options.write;
    let watch = changing::watch(&access, write);
    let request = changing::request(&options.files, write, environment, access)?;
    let mut asked = Reseal::new(request);
    asked.options = changing::options(write);
    asked.history = options.history;
    asked.accept_unknown = options.accept_unknown;
    changing::carry_out(engine::reseal(asked)?, write, ask, watch, style)
}
