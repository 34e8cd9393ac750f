//! `--write-baseline`: what is found now is accepted from here on.

use sopsguard::engine::{self, Report, Written};

use crate::app;
use crate::args::BaselineArgs;
use crate::failure::Failure;

/// Writes the baseline where that was asked for, and says what is in it. Returns whether it was.
pub(crate) fn write(options: &BaselineArgs, report: &Report) -> Result<bool, Failure> {
    let Some(file) = options.file.as_ref().filter(|_| options.write) else {
        return Ok(false);
    };
    let written = engine::write_baseline(report, file)?;
    let name = sopsguard::report::escape(&file.display().to_string());
    app::print(|out| {
        writeln!(out, "`{name}` accepts {}", findings(written.accepted))?;
        tell_rest(written, out)
    })?;
    Ok(true)
}

fn tell_rest(written: Written, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    if written.kept > 0 {
        let kept = written.kept;
        writeln!(
            out,
            "{kept} of them stood there before, and were not looked for now"
        )?;
    }
    if written.left_out > 0 {
        let left_out = findings(written.left_out);
        writeln!(
            out,
            "not in it: {left_out} about changes that are not merged yet"
        )?;
    }
    Ok(())
}

fn findings(count: usize) -> String {
    match count {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    }
}
