//! `sopsguard rotate`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Ask, Rotate};
use sopsguard::report::Style;

use crate::args::RotateArgs;
use crate::changing;
use crate::failure::Failure;

/// Gives files new data keys. Returns the exit code.
pub(crate) fn run<'a>(
    options: &RotateArgs,
    environment: &'a Environment,
    access: Access<'a>,
    ask: Option<&mut dyn Ask>,
    style: Style,
) -> Result<u8, Failure> {
    let write = &options.write;
    let watch = changing::watch(&access, write);
    let request = changing::request(&options.paths, write, environment, access)?;
    let mut asked = Rotate::new(request);
    asked.options = changing::options(write);
    changing::carry_out(engine::rotate(asked)?, write, ask, watch, style)
}
