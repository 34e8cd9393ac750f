//! One finding as miette draws it: what and where, what will come of it, the masked lines around it,
//! and what to do next.

use std::error::Error;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents, ThemeStyles,
};

use super::{Style, escape};
use crate::finding::{Finding, Severity, Snippet};

/// Draws `finding`, with what to do about it or without, as text that ends in an empty line.
pub(super) fn draw(finding: &Finding, with_help: bool, style: Style) -> String {
    let mut drawing = Drawing::of(finding);
    if !with_help {
        drawing.help.clear();
    }
    let mut text = String::new();
    // Writing to a string cannot fail, and the snippet covers its own label.
    if handler(style).render_report(&mut text, &drawing).is_err() {
        text = format!("{}: {}\n", drawing.header, drawing.message);
    }
    for command in finding.help.commands.iter().filter(|_| with_help) {
        text.push_str("          ");
        text.push_str(&escape::text(command));
        text.push('\n');
    }
    for (at, what) in &finding.related {
        let path = escape::path(&finding.location.path);
        let what = escape::text(what);
        text.push_str(&format!(
            "  see: {path}:{}:{}: {what}\n",
            at.line, at.column
        ));
    }
    text.push('\n');
    text
}

fn handler(style: Style) -> GraphicalReportHandler {
    let mut theme = if style.ascii {
        GraphicalTheme::ascii()
    } else {
        GraphicalTheme::unicode()
    };
    if !style.color {
        theme.styles = ThemeStyles::none();
    }
    GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_context_lines(2)
        .without_primary_span_start()
        .with_wrap_lines(style.width.is_some())
        .with_break_words(false)
        .with_width(style.width.unwrap_or(usize::MAX))
}

/// A finding in the words that miette asks for, all of them safe to print.
#[derive(Debug)]
struct Drawing {
    /// The place and the rule, as compilers print them: `a.yaml:7:15: error[mac-mismatch]`.
    header: String,
    severity: Severity,
    message: String,
    consequence: Option<Consequence>,
    help: String,
    label: Option<LabeledSpan>,
    lines: Option<Lines>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Consequence(String);

/// A snippet as a source of lines whose first has a number of its own.
#[derive(Debug)]
struct Lines {
    text: String,
    first_line: usize,
}

impl Drawing {
    fn of(finding: &Finding) -> Self {
        let path = escape::path(&finding.location.path);
        let place = match finding.location.start {
            Some(start) => format!("{path}:{}:{}", start.line, start.column),
            None => path,
        };
        let key = finding.key.as_deref().map(escape::text);
        let mut header = format!("{place}: {}[{}]", finding.severity.name(), finding.rule);
        if let (Some(key), None) = (&key, &finding.snippet) {
            header = format!("{header} at {key}");
        }
        let lines = finding.snippet.as_ref().map(Lines::of);
        let consequence = finding.consequence.as_deref();
        Self {
            header,
            severity: finding.severity,
            message: escape::text(&finding.message),
            consequence: consequence.map(|text| Consequence(escape::text(text))),
            help: escape::text(&finding.help.text),
            label: finding.snippet.as_ref().map(|snippet| label(snippet, key)),
            lines,
        }
    }
}

fn label(snippet: &Snippet, text: Option<String>) -> LabeledSpan {
    let (line, place) = snippet.label();
    let before = snippet.lines().iter().take(line).map(|line| line.len() + 1);
    let start = before.sum::<usize>() + place.start;
    LabeledSpan::new(text, start, place.len())
}

impl Lines {
    fn of(snippet: &Snippet) -> Self {
        Self {
            text: snippet.lines().join("\n"),
            first_line: snippet.first_line(),
        }
    }
}

impl SourceCode for Lines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        behind: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.as_str().read_span(span, before, behind)?;
        let line = found.line() + self.first_line - 1;
        Ok(Box::new(MietteSpanContents::new(
            found.data(),
            *found.span(),
            line,
            found.column(),
            found.line_count(),
        )))
    }
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Drawing {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.consequence
            .as_ref()
            .map(|consequence| consequence as _)
    }
}

impl Diagnostic for Drawing {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.header))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.lines.as_ref().map(|lines| lines as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.label
            .clone()
            .map(|label| Box::new(std::iter::once(label)) as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Help, Location, Position};

    fn finding() -> Finding {
        let command = "git restore --source=REV -- a/folder/with/a/long/name/file.enc.yaml";
        let at = |line| Position {
            line,
            column: 3,
            offset: 0,
        };
        Finding {
            rule: "mac-mismatch",
            severity: Severity::Error,
            location: Location {
                path: "a\u{1b}[31m.yaml".into(),
                start: Some(at(7)),
                end: None,
            },
            key: Some("data.key".to_owned()),
            message: "a sentence that is longer than any narrow terminal has columns".to_owned(),
            consequence: Some("sops refuses the file in words that do not fit a line".to_owned()),
            help: Help::new("go back to a sound version of the file and edit it in sops")
                .then(command),
            related: vec![(at(3), "here it stands first".to_owned())],
            snippet: None,
            subject: None,
            fingerprint: String::new(),
        }
    }

    #[test]
    fn sentences_are_wrapped_and_commands_are_not() {
        let mut style = Style::default();
        let wide = draw(&finding(), true, style);
        assert!(wide.contains(&finding().message) && wide.contains(&finding().help.text));
        style.width = Some(40);
        let narrow = draw(&finding(), true, style);
        assert!(narrow.contains(&format!("\n          {}\n", finding().help.commands[0])));
        let sentences = narrow.lines().filter(|line| {
            !line.contains("git restore") && !line.contains("error[") && !line.contains("see:")
        });
        for line in sentences {
            assert!(line.chars().count() <= 40, "{line:?}");
        }
    }

    #[test]
    fn nothing_reaches_the_terminal_raw_and_ascii_means_ascii() {
        let style = Style {
            ascii: true,
            ..Style::default()
        };
        let text = draw(&finding(), true, style);
        assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text:?}");
        assert!(text.starts_with("a\\u{1b}[31m.yaml:7:3: error[mac-mismatch] at data.key\n"));
        assert!(text.contains("a\\u{1b}[31m.yaml:3:3: here it stands first\n"));
    }
}
