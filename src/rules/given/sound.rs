//! What a key and the history tell of a file whose MAC does not hold.

use super::past::MAX_COMMITS;
use super::{BaseName, CommitName, FileContext, Names, Tale, change, remedy};
use crate::change::{Change, LeafId};
use crate::finding::Help;

/// The last version of a file that verified, and what became of the file since.
pub(crate) struct Sound<'a> {
    /// The commit that has it.
    pub(crate) commit: &'a CommitName,
    /// How it is named in commands.
    pub(crate) base: BaseName<'a>,
    /// What became of it until now.
    pub(crate) change: Change<'a>,
    /// The commits that changed what the MAC covers since, or the MAC, the oldest first.
    pub(crate) steps: Vec<(&'a CommitName, Change<'a>)>,
    /// Whether something was changed that is not committed yet.
    pub(crate) has_uncommitted: bool,
    /// The values that look as they did and are of another type.
    pub(crate) retyped: &'a [LeafId],
    /// Whose `mac` the file has, and whose `lastmodified`, where those are not one version's.
    pub(crate) seals: Option<(&'a CommitName, &'a CommitName)>,
}

impl Sound<'_> {
    /// What changed since, by whom and when.
    pub(in crate::rules) fn told(&self) -> String {
        let what = self.seals().unwrap_or_else(|| what(&self.change));
        let retyped = Names::of(self.retyped.iter().map(|id| self.change.now().path(*id)));
        let retyped = match self.retyped {
            [] => String::new(),
            _ => format!(
                " ({retyped} only in type: it looks as it did, and sops reads another value)"
            ),
        };
        format!(
            "since {}, when it last verified, {what}{retyped}{}",
            self.commit,
            self.by()
        )
    }

    fn seals(&self) -> Option<String> {
        let (mac, time) = self.seals?;
        Some(format!(
            "`mac` became that of {mac} and `lastmodified` that of {time}"
        ))
    }

    fn by(&self) -> String {
        let mut by = match self.steps.as_slice() {
            [] => String::new(),
            [(commit, _)] => format!("; by {commit}"),
            steps => {
                let steps = steps.iter().take(MAX_COMMITS);
                let told = steps.map(|(commit, change)| format!("; by {commit}: {}", what(change)));
                told.collect()
            }
        };
        match self.steps.len().saturating_sub(MAX_COMMITS) {
            0 => {}
            more => by.push_str(&format!("; by {more} more")),
        }
        match (self.has_uncommitted, self.steps.is_empty()) {
            (false, _) => {}
            (true, true) => by.push_str("; not committed yet"),
            (true, false) => by.push_str("; and more that is not committed yet"),
        }
        by
    }

    /// How to bring back the version that verified.
    pub(in crate::rules) fn bring_back(&self, file: &FileContext<'_>) -> Help {
        let text = "bring back the version that verified, then make the same edits inside sops, which \
                    writes `mac` anew";
        let text = format!("{text}{}", remedy::or_reseal(file.path));
        change::bring_back(self.base, file.path, text)
    }
}

/// What changed of what the MAC covers.
fn what(change: &Change<'_>) -> String {
    let mut tale = Tale::of(change, change.covered_differences());
    for id in change.reordered() {
        tale.add(change.now().path(id), "moved");
    }
    match (tale.into_words(), change.has_other_selectors()) {
        (Some(what), false) => what,
        (Some(what), true) => format!("{what}; the selectors changed"),
        (None, true) => "the selectors changed".to_owned(),
        (None, false) if !change.has_same_mac() => "`mac` or `lastmodified` changed".to_owned(),
        (None, false) => "what its values hold changed".to_owned(),
    }
}
