//! Where a rule puts what it finds.

use super::{FileContext, remedy};
use crate::document::KeyPath;
use crate::finding::{Finding, Help, Location, Severity, Snippet};
use crate::rules::Rule;
use crate::sops::Problem;
use crate::source::{Position, Source, SourceId, Span};

/// The findings of one rule on one file.
pub(crate) struct Findings<'a> {
    rule: &'a Rule,
    context: &'a FileContext<'a>,
    found: &'a mut Vec<Finding>,
}

/// What a rule found: a finding without what the rule need not say.
pub(in crate::rules) struct Found {
    message: String,
    at: At,
    key: Option<String>,
    consequence: Option<String>,
    help: Help,
    related: Vec<(Position, String)>,
    severity: Option<Severity>,
    subject: Option<String>,
    /// Whether it may be told where the place ends.
    has_end: bool,
}

/// Where something was found.
enum At {
    File,
    /// A place in a text that could not be read as a document.
    Position(Position),
    /// All between two places in a text that is not kept.
    Between(Position, Position),
    /// A place in a text.
    Span(Span),
}

impl Found {
    /// Something about the whole file: what was found, in one sentence without values.
    pub(in crate::rules) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at: At::File,
            key: None,
            consequence: None,
            help: Help::default(),
            related: Vec::new(),
            severity: None,
            subject: None,
            has_end: true,
        }
    }

    /// What `problem` says, where it is.
    pub(in crate::rules) fn problem(problem: &Problem) -> Self {
        let found = Self::new(problem.kind.to_string()).key(&problem.path);
        match problem.span {
            Some(span) => found.at(span),
            None => found,
        }
    }

    /// The same place with these words.
    pub(in crate::rules) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// It stands at `span`, from which the snippet is made.
    pub(in crate::rules) fn at(mut self, span: Span) -> Self {
        self.at = At::Span(span);
        self
    }

    /// It stands at `span`, which holds something in clear: where it ends would tell its length.
    pub(in crate::rules) fn at_clear(self, span: Span) -> Self {
        let mut found = self.at(span);
        found.has_end = false;
        found
    }

    /// It stands at `position`, or somewhere.
    pub(in crate::rules) fn at_position(mut self, position: Option<Position>) -> Self {
        self.at = position.map_or(At::File, At::Position);
        self
    }

    /// It stands between `start` and `end`, in a text that is not kept.
    pub(in crate::rules) fn at_place(mut self, start: Position, end: Position) -> Self {
        self.at = At::Between(start, end);
        self
    }

    /// It is about the leaf that these keys lead to.
    pub(in crate::rules) fn key(mut self, path: &KeyPath) -> Self {
        self.key = (!path.is_empty()).then(|| path.to_string());
        self
    }

    /// It is about the leaf of this name, a text of ours.
    pub(in crate::rules) fn key_named(mut self, key: &'static str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// What sops, or what deploys with it, will do about it.
    pub(in crate::rules) fn says(mut self, consequence: impl Into<String>) -> Self {
        self.consequence = Some(consequence.into());
        self
    }

    /// What to do next.
    pub(in crate::rules) fn help(mut self, help: Help) -> Self {
        self.help = help;
        self
    }

    /// Another place that it is about, and what is there.
    pub(in crate::rules) fn related(mut self, at: Position, what: impl Into<String>) -> Self {
        self.related.push((at, what.into()));
        self
    }

    /// It is about these keys, by the names that may be printed, in whatever order: another finding where
    /// the keys are others.
    pub(in crate::rules) fn keys<'k>(mut self, shown: impl IntoIterator<Item = &'k str>) -> Self {
        let mut shown: Vec<&str> = shown.into_iter().collect();
        shown.sort_unstable();
        shown.dedup();
        self.subject = Some(shown.join("\n"));
        self
    }

    /// It matters this much, whatever the rule's other findings do.
    pub(in crate::rules) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
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

    /// Adds what was found.
    pub(in crate::rules) fn report(&mut self, found: Found) {
        let place = |offset| self.context.source.map(|source| source.position(offset));
        let (start, end, snippet) = match found.at {
            At::File => (None, None, None),
            At::Position(at) => (Some(at), Some(at), None),
            At::Between(start, end) => (Some(start), Some(end), None),
            At::Span(span) => {
                let snippet = self.snippet(span);
                let end = if found.has_end {
                    span.end()
                } else {
                    span.start()
                };
                (place(span.start()), place(end), snippet)
            }
        };
        self.found.push(Finding {
            rule: self.rule.id,
            severity: found.severity.unwrap_or(self.rule.severity),
            location: Location {
                path: self.context.path.to_owned(),
                start,
                end,
            },
            key: found.key,
            message: found.message,
            consequence: found.consequence,
            help: self.fitting(found.help),
            related: found.related,
            snippet,
            subject: found.subject,
            fingerprint: String::new(),
        });
    }

    /// The help with the commands that fit where the text came from: what was mended in the work tree
    /// has to be staged again, and there is no file behind standard input.
    fn fitting(&self, help: Help) -> Help {
        match self.context.source.map(Source::id) {
            Some(SourceId::Stdin(_)) => Help::new(help.text),
            Some(SourceId::Index(_)) => self.staged_again(help),
            _ => help,
        }
    }

    /// The help with a last command that stages what was mended.
    fn staged_again(&self, mut help: Help) -> Help {
        let otherwise = help.otherwise.take();
        let add = format!("git add -- {}", remedy::word(self.context.path));
        let is_added = help.commands.iter().any(|command| command.contains(&add));
        if !help.commands.is_empty() && !is_added {
            help = help.then(add);
        }
        match otherwise {
            Some(otherwise) => help.or(self.staged_again(*otherwise)),
            None => help,
        }
    }

    fn snippet(&self, span: Span) -> Option<Snippet> {
        Snippet::new(&self.context.masked()?, span)
    }
}
