//! `sopsguard split`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, Ask, Split};
use sopsguard::report::Style;

use crate::args::SplitArgs;
use crate::changing;
use crate::failure::Failure;

/// Gives each document of files a file of its own. Returns the exit code.
pub(crate) fn run<'a>(
    options: &SplitArgs,
    environment: &'a Environment,
    access: Access<'a>,
    ask: Option<&mut dyn Ask>,
    style: Style,
) -> Result<u8, Failure> {
    let write = &options.write;
    let watch = changing::watch(&access, write);
    let request = changing::request(&options.files, write, environment, access)?;
    let mut asked = Split::new(request);
    asked.options = changing::options(write);
    asked.into.clone_from(&options.into);
    changing::carry_out(engine::split(asked)?, write, ask, watch, style)
}
