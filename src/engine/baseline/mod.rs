//! The baseline that a run follows: which of its findings are accepted.
//!
//! With a base the stricter of both judges, as with the policy: an entry counts where the baseline of the
//! base has it, too, and those that are new are a finding of `policy-weakened`. Otherwise a change could
//! accept its own damage.

mod write;

pub use write::{Written, write_baseline};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::bases::{Bases, NO_BASE};
use super::judge::{self, Told};
use super::policy::{Search, leads_out};
use super::{Error, Report};
use crate::config::{Accepted, Baseline, Loosening, Looser};
use crate::finding::Finding;
use crate::repo::{BlobId, Kind, Repo, Unread};
use crate::rules::{self, Check, Command, FileContext, RULES};
use crate::source::{Source, SourceId, Span};
use crate::{fs, paths};

/// The most bytes of a baseline: about a hundred thousand findings.
const MAX_LEN: usize = 16 << 20;

/// A baseline, and what of it counts.
pub(super) struct Held {
    /// The file as the report prints it.
    shown: PathBuf,
    all: Baseline,
    /// The entries that the base does not have.
    new: BTreeSet<Accepted>,
}

impl Search<'_> {
    /// Loads the baseline that was named, and puts what there is to say about it into `told`. Where the user also
    /// names the policy, or the file lies outside of the repository, no base judges it.
    ///
    /// # Errors
    /// [`Error::Baseline`] where it cannot be read or is none, [`Error::Git`] where git does not give
    /// it.
    pub(super) fn baseline(
        &self,
        named: &Path,
        is_alone: bool,
        told: &mut Told,
    ) -> Result<Held, Error> {
        let place = paths::absolute(self.here, named);
        let inside = self.repo.and_then(|repo| repo.path_in_index(&place));
        let bytes = match &inside {
            Some(inside) => self.baseline_inside(inside, &place),
            None => fs::read_stream(&place, MAX_LEN).map_err(|error| self.refused(named, &error)),
        }?;
        let all = Baseline::parse(&bytes).map_err(|error| self.refused(named, &error))?;
        let mut held = Held {
            shown: named.to_owned(),
            all,
            new: BTreeSet::new(),
        };
        if let Some(inside) = inside.filter(|_| !is_alone) {
            self.compare_baseline(&mut held, &inside, bytes, told);
        }
        Ok(held)
    }

    /// What the run looks at has in the place of the baseline: the index or a commit, else the work tree.
    fn baseline_inside(&self, inside: &[u8], place: &Path) -> Result<Vec<u8>, Error> {
        let shown = paths::relative(self.here, place);
        let head = self.bases.and_then(Bases::head_of_range);
        let kind = match (self.index, head.filter(|_| self.since)) {
            (Some(index), _) => index.at(inside),
            (None, Some(head)) => {
                let bases = self
                    .bases
                    .map(|bases| bases.commits().behind_links(head, inside));
                bases.transpose()?.flatten()
            }
            (None, None) => None,
        };
        if let Some(Kind::File(id)) = kind {
            return self
                .baseline_blob(&id)
                .map_err(|why| self.refused(&shown, &why));
        }
        let root = self.repo.map_or(self.here, Repo::work_tree);
        if leads_out(place, root) {
            return Err(self.refused(&shown, &"it is a link that leads out of the repository"));
        }
        fs::read(place, MAX_LEN).map_err(|error| self.refused(&shown, &error))
    }

    fn baseline_blob(&self, id: &BlobId) -> Result<Vec<u8>, String> {
        let bases = self.bases.ok_or("there is no repository")?;
        let read = bases.blobs.read(id, MAX_LEN);
        read.map_err(|unread| match unread {
            Unread::TooLarge => format!("it is larger than {MAX_LEN} bytes"),
            Unread::Failed(error) => error.reason,
        })
    }

    /// Finds what the baselines of the base do not have. Of several, which a merge joins, one is enough.
    fn compare_baseline(&self, held: &mut Held, inside: &[u8], bytes: Vec<u8>, told: &mut Told) {
        let points = match self.bases.map(Bases::parents) {
            Some(Ok([])) => Err(NO_BASE),
            Some(points) => points,
            None => Err("no-repository"),
        };
        let points = match points {
            Ok(points) => points,
            Err(reason) => {
                told.not_evaluated.push(judge::lacking(&held.shown, reason));
                return;
            }
        };
        held.new = held.all.entries.clone();
        for point in points {
            let before = self.bases.map(|bases| {
                let there = bases.commits().behind_links(point.commit, inside);
                there.map_err(|error| error.reason)
            });
            let read = match before {
                Some(Ok(Some(Kind::File(id)))) if id.is_of(&bytes) => return held.new.clear(),
                Some(Ok(Some(Kind::File(id)))) => self.baseline_blob(&id),
                Some(Ok(_)) | None => continue,
                Some(Err(reason)) => Err(reason),
            };
            let parsed =
                read.and_then(|bytes| Baseline::parse(&bytes).map_err(|error| error.to_string()));
            match parsed {
                Ok(before) => held.new.retain(|entry| !before.entries.contains(entry)),
                Err(why) => told.notices.push(format!(
                    "the baseline of `{}` accepts nothing: {why}",
                    point.revision
                )),
            }
        }
        if let (Some(first), Some(point)) = (held.new.first(), points.first()) {
            let found = grown(held, first, bytes, &point.revision, self.command);
            told.findings.extend(found);
        }
    }

    fn refused(&self, file: &Path, why: &dyn std::fmt::Display) -> Error {
        Error::Baseline {
            path: file.to_owned(),
            reason: why.to_string(),
            help: format!(
                "`sopsguard {} --baseline {} --write-baseline` writes one",
                self.command.name(),
                rules::argument(file)
            ),
        }
    }
}

/// The finding that the baseline accepts more than that of the base.
fn grown(
    held: &Held,
    first: &Accepted,
    bytes: Vec<u8>,
    revision: &str,
    command: Command,
) -> Vec<Finding> {
    let id = SourceId::WorkTree(held.shown.clone());
    let source = Source::of_bytes(id, bytes).ok();
    let at = source.as_ref().and_then(|source| {
        let start = source.text().find(&first.fingerprint)?;
        Some(Span::new(start, start + first.fingerprint.len()))
    });
    let more = held.new.len();
    let what = Looser::Accepted { more };
    let file = FileContext::of_text(&held.shown, source.as_ref());
    judge::weakened(&file, &[Loosening { what, at }], revision, command)
}

impl Held {
    /// Takes the accepted findings out of a report, and says which entries match nothing any more; that
    /// only where `is_whole`, so that all was looked at.
    pub(super) fn suppress(&self, is_whole: bool, report: &mut Report) {
        let mut met = BTreeSet::new();
        let before = report.findings.len();
        let findings = std::mem::take(&mut report.findings);
        let is_left = |finding: &Finding| {
            let Some(entry) = entry(report, finding) else {
                return true;
            };
            let is_accepted = self.all.entries.contains(&entry) && !self.new.contains(&entry);
            met.insert(entry);
            !is_accepted
        };
        let left: Vec<Finding> = findings.into_iter().filter(is_left).collect();
        report.suppressed += before - left.len();
        report.findings = left;
        if !is_whole {
            return;
        }
        let unknown = Unknown::of(report);
        let mut stale = self.all.entries.difference(&met);
        let stale = stale
            .by_ref()
            .filter(|entry| !unknown.covers(entry))
            .count();
        if stale > 0 {
            report.notices.push(self.outdated(stale, report));
        }
    }

    fn outdated(&self, stale: usize, report: &Report) -> String {
        let file = rules::argument(&self.shown);
        let command = report.command.name();
        let (entries, match_) = if stale == 1 {
            ("entry", "matches")
        } else {
            ("entries", "match")
        };
        format!(
            "{stale} {entries} of the baseline {match_} nothing any more; \
             `sopsguard {command} --baseline {file} --write-baseline` takes them out"
        )
    }
}

/// What a finding is called in a baseline; none where it is of a change, which no baseline holds.
fn entry(report: &Report, finding: &Finding) -> Option<Accepted> {
    let rule = RULES.iter().find(|rule| rule.id == finding.rule)?;
    let of_change = match rule.check {
        Check::File(_) | Check::Repo(_) => false,
        Check::Change(_) | Check::Config(_) => true,
    };
    (!of_change).then(|| Accepted {
        path: paths::with_slashes(&report.path_in_root(&finding.location.path)),
        rule: finding.rule.to_owned(),
        fingerprint: finding.fingerprint.clone(),
    })
}

/// What a run says nothing about: rules of the other command, and those that were not evaluated.
struct Unknown {
    rules: BTreeSet<&'static str>,
    files: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Unknown {
    fn of(report: &Report) -> Self {
        let others = RULES.iter().filter(|rule| !rule.is_of(report.command));
        let of_all = report.not_evaluated.iter();
        let of_all = of_all.filter(|skipped| skipped.is_of_all());
        let rules = others.map(|rule| rule.id);
        let mut files: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for skipped in &report.not_evaluated {
            let path = paths::with_slashes(&report.path_in_root(&skipped.path));
            files.entry(skipped.rule).or_default().insert(path);
        }
        Self {
            rules: rules.chain(of_all.map(|skipped| skipped.rule)).collect(),
            files,
        }
    }

    fn covers(&self, entry: &Accepted) -> bool {
        let (rule, path) = (entry.rule.as_str(), &entry.path);
        let files = self.files.get(rule);
        self.rules.contains(rule) || files.is_some_and(|files| files.contains(path))
    }
}
