//! All that a rule about the repository may see, and where it puts what it finds.

use std::path::{Path, PathBuf};

use super::{Deployed, FileContext, FileFacts, Findings, Found};
use crate::config::Policy;
use crate::finding::Finding;
use crate::rules::Rule;
use crate::source::Source;

/// All files and the configuration.
#[expect(dead_code, reason = "no rule looks at the whole repository yet")]
pub(crate) struct RepoContext<'a> {
    /// The sops files, sorted by the bytes of their paths.
    pub(crate) files: &'a [FileFacts],
    /// All files there are, as reports print them, sorted by bytes.
    pub(crate) names: &'a [PathBuf],
    /// What manifests bring into a cluster.
    pub(crate) deployed: &'a Deployed,
    /// What the user has settled.
    pub(crate) policy: &'a Policy,
}

/// A rule that could not decide something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecided {
    /// The rule's id.
    pub(crate) rule: &'static str,
    /// The file.
    pub(crate) path: PathBuf,
    /// What was lacking, in a word.
    pub(crate) reason: String,
}

/// The findings of one rule on all files.
pub(crate) struct RepoFindings<'a> {
    rule: &'a Rule,
    found: &'a mut Vec<Finding>,
    undecided: &'a mut Vec<Undecided>,
}

#[expect(dead_code, reason = "no rule looks at the whole repository yet")]
impl<'a> RepoFindings<'a> {
    /// Collects what `rule` finds into `found`, and what it cannot say into `undecided`.
    pub(crate) fn new(
        rule: &'a Rule,
        found: &'a mut Vec<Finding>,
        undecided: &'a mut Vec<Undecided>,
    ) -> Self {
        Self {
            rule,
            found,
            undecided,
        }
    }

    /// Adds what was found in the file that reports call `path`, of which no text is kept: it stands
    /// at a position.
    pub(in crate::rules) fn report(&mut self, path: &Path, found: Found) {
        self.report_in(&FileContext::of_text(path, None), found);
    }

    /// Adds what was found in a text, such as a configuration, which may stand at a span.
    pub(in crate::rules) fn report_at(&mut self, path: &Path, source: &Source, found: Found) {
        self.report_in(&FileContext::of_text(path, Some(source)), found);
    }

    /// Adds what was found in a file of which all is known.
    pub(in crate::rules) fn report_in(&mut self, file: &FileContext<'_>, found: Found) {
        Findings::new(self.rule, file, self.found).report(found);
    }

    /// Adds that the rule cannot decide about a file, for this reason.
    pub(in crate::rules) fn cannot_decide(&mut self, path: &Path, reason: impl Into<String>) {
        self.undecided.push(Undecided {
            rule: self.rule.id,
            path: path.to_owned(),
            reason: reason.into(),
        });
    }
}
