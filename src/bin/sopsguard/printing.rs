//! Prints the report of a run in the format that was asked for.

use sopsguard::engine::Report;
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::ReportFormat;
use crate::failure::Failure;

/// Prints `report`; for people in this style.
pub(crate) fn print(report: &Report, format: ReportFormat, style: Style) -> Result<(), Failure> {
    app::print(|out| match format {
        ReportFormat::Human => report::human(report, style, out),
        ReportFormat::Json => report::json(report, out),
        ReportFormat::Sarif => report::sarif(report, out),
        ReportFormat::Github => report::github(report, out),
        ReportFormat::Gitlab => report::gitlab(report, out),
        ReportFormat::Junit => report::junit(report, out),
    })
}
