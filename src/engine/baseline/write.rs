//! Writes a baseline of what a run found.

use std::path::Path;

use super::{MAX_LEN, Unknown, entry};
use crate::config::Baseline;
use crate::engine::{Error, Report};
use crate::{fs, paths, rules, transaction};

/// What became of a baseline that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// How many findings it accepts.
    pub accepted: usize,
    /// How many of them are of before, because this run does not know of them: of rules of the other
    /// command, or not evaluated.
    pub kept: usize,
    /// How many findings of this run it does not hold, because they are of a change.
    pub left_out: usize,
}

/// Writes what `report` found into the baseline `file`: a report of the whole repository, made without any
/// baseline. What the run did not evaluate stays as it is there.
///
/// # Errors
/// [`Error::Baseline`] where something else lies there, or a link leads out of the repository;
/// [`Error::NotWritten`] where the system refuses.
pub fn write_baseline(report: &Report, file: &Path) -> Result<Written, Error> {
    let place = paths::absolute(&report.ground.here, file);
    let former = match fs::read(&place, MAX_LEN) {
        Ok(bytes) => Baseline::parse(&bytes).map_err(|error| in_the_way(file, &error))?,
        Err(fs::Error::NotFound { .. }) => Baseline::default(),
        Err(error) => return Err(in_the_way(file, &error.about(file))),
    };
    let mut baseline = Baseline::default();
    let found = report.findings.iter();
    let found = found.filter_map(|finding| entry(report, finding));
    baseline.entries.extend(found);
    let written = baseline.entries.len();
    let unknown = Unknown::of(report);
    let kept = former.entries.into_iter();
    baseline
        .entries
        .extend(kept.filter(|entry| unknown.covers(entry)));
    let text = baseline.to_text();
    transaction::replace(&place, &report.ground.root, text.as_bytes()).map_err(
        |error| match error {
            transaction::Error::Io { source, .. } => Error::NotWritten {
                path: file.to_owned(),
                reason: source.to_string(),
            },
            other => in_the_way(file, &other),
        },
    )?;
    Ok(Written {
        accepted: baseline.entries.len(),
        kept: baseline.entries.len() - written,
        left_out: report.findings.len() - written,
    })
}

fn in_the_way(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::Baseline {
        path: file.to_owned(),
        reason: why.to_string(),
        help: format!(
            "nothing was written over it; name another file: `--baseline {}`",
            rules::argument(Path::new("sopsguard-baseline.json"))
        ),
    }
}
