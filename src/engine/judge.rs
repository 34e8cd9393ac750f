//! The policies that judge a run: the present one, and that of the base.
//!
//! Otherwise a change could switch off the rule that would catch it. Where the user names a policy,
//! that one judges alone: whoever runs the check has the last word.

use std::path::Path;

use super::bases::{Bases, NO_BASE};
use super::policy::{MAX_LEN, Present, Search};
use super::{Error, NotEvaluated, Report};
use crate::config::{FILE_NAME, Loosening, Policy};
use crate::finding::{Finding, Severity};
use crate::repo::{self, BlobId, Kind, Unread};
use crate::rules::{Check, Command, ConfigContext, FileContext, Findings, POLICY_WEAKENED, RULES};
use crate::source::Source;

/// The policy that a run follows, and what there is to say about it.
#[derive(Default)]
pub(super) struct Judged {
    policy: Policy,
    findings: Vec<Finding>,
    not_evaluated: Option<NotEvaluated>,
    notice: Option<String>,
    /// The file of the present policy.
    present: Option<Present>,
}

/// A commit that the run compares with, and what it has in the place of the policy.
struct Point {
    /// The commit as git takes it.
    revision: String,
    policy: Result<Option<Kind>, repo::Error>,
}

/// Why the policy of the base does not judge.
const UNREADABLE: &str = "unreadable-base-policy";

impl Search<'_> {
    /// Loads the policies that judge.
    ///
    /// # Errors
    /// [`Error::Policy`] where the present one cannot be read or says what is not understood,
    /// [`Error::Git`] where git does not give it.
    pub(super) fn judge(&self, named: Option<&Path>) -> Result<Judged, Error> {
        if let Some(named) = named {
            let present = Some(self.named(named)?);
            return Ok(Judged {
                policy: self.parse(present.as_ref())?,
                present,
                ..Judged::default()
            });
        }
        let points = points(self.bases);
        let had_one = |point: &Point| matches!(point.policy, Ok(Some(Kind::File(_))));
        let had_one = points
            .as_ref()
            .is_ok_and(|points| points.iter().any(had_one));
        let present = self.found(had_one)?;
        let policy = self.parse(present.as_ref())?;
        let mut judged = match points {
            Ok(points) => self.together(policy, present.as_ref(), &points),
            Err(reason) => Judged {
                policy,
                not_evaluated: present
                    .as_ref()
                    .map(|present| lacking(&present.shown, reason)),
                ..Judged::default()
            },
        };
        judged.present = present;
        Ok(judged)
    }

    /// The present policy together with those of the base.
    fn together(&self, policy: Policy, present: Option<&Present>, points: &[Point]) -> Judged {
        let mut judged = Judged {
            policy,
            ..Judged::default()
        };
        if points.iter().any(|point| is_the_same(point, present)) {
            return judged;
        }
        if points.is_empty() {
            judged.not_evaluated = Some(lacking(&self.shown(), NO_BASE));
            return judged;
        }
        let mut before = Vec::new();
        for point in points {
            match self.policy_at(point) {
                Ok(policy) => before.push((policy, &point.revision)),
                Err(why) => judged.notice = Some(alone(&point.revision, &why)),
            }
        }
        let Some((_, revision)) = before.first() else {
            judged.not_evaluated = Some(lacking(&self.shown(), UNREADABLE));
            return judged;
        };
        let revision = revision.as_str();
        judged.notice = None;
        let before = before.into_iter().map(|(policy, _)| policy).collect();
        let loosenings = judged.policy.go_on_from(before, usual);
        let shown = self.shown();
        let source = present.map(|present| &present.source);
        let file = FileContext::of_text(&shown, source);
        judged.findings = weakened(&file, &loosenings, revision, self.command);
        judged
    }

    /// The policy that a commit has; the defaults where it has none.
    ///
    /// # Errors
    /// Why it cannot judge, in words.
    fn policy_at(&self, point: &Point) -> Result<Policy, String> {
        let id = match &point.policy {
            Ok(None) => return Ok(self.defaults()),
            Ok(Some(Kind::File(id))) => id,
            Ok(Some(_)) => return Err("no file stands in its place".to_owned()),
            Err(error) => return Err(error.reason.clone()),
        };
        let bytes = self.blob(id)?;
        let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        self.read(&text).map_err(|error| {
            let (line, column) = (error.at.line, error.at.column);
            format!("line {line}, column {column}: {}", error.fault)
        })
    }

    fn blob(&self, id: &BlobId) -> Result<Vec<u8>, String> {
        let bases = self.bases.ok_or("there is no repository")?;
        bases
            .blobs
            .read(id, MAX_LEN)
            .map_err(|unread| match unread {
                Unread::TooLarge => format!("it is larger than {MAX_LEN} bytes"),
                Unread::Failed(error) => error.reason,
            })
    }
}

/// What the commits that the run compares with have in the place of the policy: the parents of the
/// next commit, or the merge base.
///
/// # Errors
/// Why there is no such commit, in a word.
fn points(bases: Option<&Bases<'_>>) -> Result<Vec<Point>, &'static str> {
    let bases = bases.ok_or("no-repository")?;
    let points = bases.parents()?.iter().map(|point| Point {
        revision: point.revision.clone(),
        policy: bases
            .commits()
            .behind_links(point.commit, FILE_NAME.as_bytes()),
    });
    Ok(points.collect())
}

/// What there is to say about the policy and the baseline that a run follows.
#[derive(Default)]
pub(super) struct Told {
    pub(super) findings: Vec<Finding>,
    pub(super) not_evaluated: Vec<NotEvaluated>,
    pub(super) notices: Vec<String>,
    /// The file of the present policy.
    present: Option<Present>,
}

impl Judged {
    /// The policy, and what there is to say about it.
    pub(super) fn into_parts(self) -> (Policy, Told) {
        let told = Told {
            findings: self.findings,
            not_evaluated: self.not_evaluated.into_iter().collect(),
            notices: self.notice.into_iter().collect(),
            present: self.present,
        };
        (self.policy, told)
    }
}

impl Told {
    /// The file of the present policy, where there is one.
    pub(super) fn policy_file(&self) -> Option<(&Path, &Source)> {
        let present = self.present.as_ref()?;
        Some((&present.shown, &present.source))
    }

    /// Puts it into a report, of which the findings are not settled yet.
    pub(super) fn tell(mut self, findings: &mut Vec<Finding>, report: &mut Report) {
        report.notices.append(&mut self.notices);
        if !self.not_evaluated.is_empty() {
            report.not_evaluated.append(&mut self.not_evaluated);
            let by_path = |lacking: &NotEvaluated| bytes(&lacking.path).to_owned();
            report.not_evaluated.sort_by_cached_key(by_path);
        }
        if !self.findings.is_empty() {
            findings.append(&mut self.findings);
            let by_path = |finding: &Finding| bytes(&finding.location.path).to_owned();
            findings.sort_by_cached_key(by_path);
        }
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Whether a commit has the same policy, or has none either.
fn is_the_same(point: &Point, present: Option<&Present>) -> bool {
    match (&point.policy, present) {
        (Ok(None), None) => true,
        (Ok(Some(Kind::File(id))), Some(present)) => id.is_of(present.source.bytes()),
        _ => false,
    }
}

/// The level of a rule of which no policy says anything.
fn usual(id: &str) -> Severity {
    let rule = RULES.iter().find(|rule| rule.id == id);
    rule.map_or(Severity::Error, |rule| rule.severity)
}

/// What the rules about configuration say of what is looser in `file`.
pub(super) fn weakened(
    file: &FileContext<'_>,
    loosenings: &[Loosening],
    revision: &str,
    command: Command,
) -> Vec<Finding> {
    let context = ConfigContext {
        file,
        loosenings,
        revision,
        command,
    };
    let mut findings = Vec::new();
    for rule in RULES {
        if let Check::Config(check) = rule.check {
            check(&context, &mut Findings::new(rule, file, &mut findings));
        }
    }
    findings
}

/// That nothing is said of what is looser, for this reason.
pub(super) fn lacking(shown: &Path, reason: &str) -> NotEvaluated {
    NotEvaluated {
        path: shown.to_owned(),
        rule: POLICY_WEAKENED,
        reason: reason.to_owned(),
    }
}

fn alone(revision: &str, why: &str) -> String {
    format!("the policy of `{revision}` cannot judge ({why}), so the present one judges alone")
}
