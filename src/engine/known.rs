//! What is known of a file, and what the rules say of that.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::compare::{Compared, Nearest, SinceWritten};
use super::file::{Look, Looked};
use super::{FileReport, NotEvaluated, guess};
use crate::change::Tokens;
use crate::document::{Document, Foreign, Format, RepeatedKey};
use crate::finding::Finding;
use crate::keys::Shut;
use crate::rules::{
    Check, Command, Due, EDITED, FileContext, FileFacts, Findings, Needs, RULES, Rule, Sound,
    UNDECRYPTABLE, Unreadable,
};
use crate::sops::{ClearComment, Opener, Place, Problem, SopsFile, Verification};
use crate::source::{Conflict, Position, Source, Span};

/// What reading and verifying a file gave.
#[derive(Default)]
pub(super) struct Known<'a> {
    pub(super) source: Option<&'a Source>,
    pub(super) document: Option<&'a Document<'a>>,
    pub(super) file: Option<&'a SopsFile<'a>>,
    pub(super) unreadable: Option<&'a Unreadable>,
    pub(super) lacks_metadata: Option<Due>,
    /// The format that its text is of, where that is another one.
    pub(super) looks_like: Option<Format>,
    pub(super) foreign: Option<Foreign>,
    pub(super) problems: Vec<Problem>,
    pub(super) documents: Option<usize>,
    pub(super) openers: Vec<Opener>,
    pub(super) groups_needed: usize,
    pub(super) unreadable_by: Vec<String>,
    pub(super) refused_version: Option<Span>,
    pub(super) encrypted: usize,
    pub(super) clear_comments: Vec<ClearComment>,
    pub(super) unselected: Vec<Place>,
    pub(super) repeated_keys: Vec<RepeatedKey>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) shut: Option<Shut>,
    pub(super) tokens: Option<Tokens>,
    /// What it was.
    pub(super) compared: Compared<'a>,
    /// What became of it since sops wrote it.
    pub(super) since: Option<SinceWritten<'a>>,
    /// What became of it since it last verified.
    pub(super) sound: Option<Sound<'a>>,
}

impl Look<'_> {
    /// Runs all rules. `lacking` says why those that need more than was reached tell nothing.
    pub(super) fn report(
        self,
        mut known: Known<'_>,
        verification: Verification,
        reached: Needs,
        lacking: &str,
    ) -> Looked {
        let is_sound = matches!(
            verification,
            Verification::Verified | Verification::NotVerified(_)
        );
        if let Some(source) = known.source.filter(|_| !is_sound) {
            known.looks_like = guess::other_than(self.format, source.bytes());
        }
        let (findings, not_evaluated) = self.run(&RULES, &known, reached, lacking);
        let shut = known.shut.take();
        let is_older = match &known.compared {
            Compared::With(nearest) => nearest.may_be_older(),
            Compared::Same | Compared::Nothing(_) => false,
        };
        let tokens = known.tokens.take();
        let facts = self.facts(&known);
        Looked::At {
            file: self.file(known, verification),
            findings,
            not_evaluated,
            is_older,
            shut,
            tokens,
            facts,
            deployment: None,
        }
    }

    /// What the rules about all files may see of it, where they are asked.
    fn facts(&self, known: &Known<'_>) -> Option<Box<FileFacts>> {
        let is_wanted = self.command == Command::Audit;
        let (file, source) = known.file.zip(known.source).filter(|_| is_wanted)?;
        let facts = FileFacts::of(&self.path, self.format, source, file, known.encrypted);
        Some(Box::new(facts))
    }

    /// All that a rule about one file may see.
    fn context<'c>(&'c self, known: &'c Known<'_>) -> FileContext<'c> {
        FileContext {
            path: &self.path,
            source: known.source,
            document: known.document,
            file: known.file,
            format: self.format,
            format_from: self.format_from,
            looks_like: known.looks_like,
            lacks_metadata: known.lacks_metadata,
            unreadable: known.unreadable,
            problems: &known.problems,
            refused_version: known.refused_version,
            unreadable_by: &known.unreadable_by,
            encrypted: known.encrypted,
            clear_comments: &known.clear_comments,
            unselected: &known.unselected,
            repeated_keys: &known.repeated_keys,
            conflicts: &known.conflicts,
            sound: known.sound.as_ref(),
            shown: None,
            parts: OnceCell::new(),
        }
    }

    pub(super) fn run(
        &self,
        rules: &[&Rule],
        known: &Known<'_>,
        reached: Needs,
        lacking: &str,
    ) -> (Vec<Finding>, Vec<NotEvaluated>) {
        let context = self.context(known);
        let called = |canonical: &str| self.names?.called(&self.path, canonical);
        let mut findings = Vec::new();
        let mut not_evaluated = Vec::new();
        let mut skip = |rule: &Rule, reason: &str| {
            not_evaluated.push(NotEvaluated {
                path: self.path.clone(),
                rule: rule.id,
                reason: reason.to_owned(),
            });
        };
        for rule in rules.iter().filter(|rule| rule.is_of(self.command)) {
            let before = findings.len();
            match (&rule.check, &known.compared) {
                (Check::Change(check), _) if rule.id == EDITED && known.since.is_some() => {
                    let change = known
                        .since
                        .as_ref()
                        .map(|since| since.context(&context, &called));
                    if let Some(change) = change {
                        check(&change, &mut Findings::new(rule, &context, &mut findings));
                    }
                }
                (Check::File(check), _) => {
                    check(&context, &mut Findings::new(rule, &context, &mut findings));
                    if rule.needs > reached && findings.len() == before {
                        skip(rule, lacking);
                    }
                }
                (Check::Change(check), Compared::With(nearest)) => {
                    let change = nearest.context(&context, self.past(), &called);
                    check(&change, &mut Findings::new(rule, &context, &mut findings));
                }
                (Check::Change(_), Compared::Nothing(reason)) => skip(rule, reason),
                // What cannot be read cannot be compared.
                (Check::Change(_), Compared::Same) if reached < rule.needs => skip(rule, lacking),
                (Check::Change(_) | Check::Config(_) | Check::Repo(_), _) => {}
            }
        }
        if let Compared::With(nearest) = &known.compared {
            told_once(&mut findings, nearest, known.source);
        }
        findings.sort_by(|a, b| (a.location.start, a.rule).cmp(&(b.location.start, b.rule)));
        (findings, not_evaluated)
    }

    fn file(self, known: Known<'_>, verification: Verification) -> Box<FileReport> {
        Box::new(FileReport {
            path: self.path,
            format: self.format,
            documents: known.documents,
            verification,
            foreign: known.foreign,
            recipients: known.openers.iter().map(|key| key.name.clone()).collect(),
            openers: known.openers,
            groups_needed: known.groups_needed,
            unreadable_by: known.unreadable_by,
        })
    }
}

/// Takes away that a token does not open where another finding says that it was moved.
fn told_once(findings: &mut Vec<Finding>, nearest: &Nearest<'_>, source: Option<&Source>) {
    let Some(source) = source else { return };
    let moved: HashSet<Position> = nearest
        .moved()
        .map(|span| source.position(span.start()))
        .collect();
    let is_moved = |finding: &Finding| finding.location.start.is_some_and(|at| moved.contains(&at));
    findings.retain(|finding| finding.rule != UNDECRYPTABLE || !is_moved(finding));
}
