//! Where a rule puts what it finds.

use super::FileContext;
use crate::finding::{Finding, Location, Severity};
use crate::rules::Rule;
use crate::sops::Problem;
use crate::source::{Position, Span};

/// The findings of one rule on one file.
pub(crate) struct Findings<'a> {
    rule: &'a Rule,
    context: &'a FileContext<'a>,
    found: &'a mut Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// Collects the findings of `rule` on the file of `context` into `found`.
    pub(crate) fn new(
        rule: &'a Rule,
        context: &'a FileContext<'a>,
        found: &'a mut Vec<Finding>,
    ) -> Self {
        Self {
            rule,
            context,
            found,
        }
    }

    /// Adds a finding about the whole file, or about the place `at`.
    pub(in crate::rules) fn add(&mut self, at: Option<Position>, message: String, help: String) {
        self.push(self.rule.severity, (at, at), None, message, help);
    }

    /// Adds a finding about the place of `problem`, in the problem's own words.
    pub(in crate::rules) fn add_problem(&mut self, problem: &Problem, help: String) {
        let place = |offset| self.context.source.map(|source| source.position(offset));
        let start = problem.span.and_then(|span| place(span.start()));
        let end = problem.span.and_then(|span| place(span.end()));
        let key = (!problem.path.is_empty()).then(|| problem.path.to_string());
        let severity = self.rule.severity;
        self.push(severity, (start, end), key, problem.kind.to_string(), help);
    }

    /// Adds a warning, whatever the rule's own severity, about the key `key` at `span`.
    pub(in crate::rules) fn warn(&mut self, span: Span, key: &str, message: String, help: String) {
        let place = |offset| self.context.source.map(|source| source.position(offset));
        let places = (place(span.start()), place(span.end()));
        self.push(
            Severity::Warning,
            places,
            Some(key.to_owned()),
            message,
            help,
        );
    }

    fn push(
        &mut self,
        severity: Severity,
        (start, end): (Option<Position>, Option<Position>),
        key: Option<String>,
        message: String,
        help: String,
    ) {
        let location = Location {
            path: self.context.path.to_owned(),
            start,
            end,
        };
        self.found.push(Finding {
            rule: self.rule.id,
            severity,
            location,
            key,
            message,
            help,
        });
    }
}
