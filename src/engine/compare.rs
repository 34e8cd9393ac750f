//! A file compared with what it was, before anything is opened.

use super::bases::{Before, Content, Earlier};
use super::file::Look;
use super::history::{Past, Since, Sound};
use crate::change::{Change, NotCompared, Tokens, Version};
use crate::document::{Document, Format};
use crate::repo::BlobId;
use crate::rules::{self, BaseName, Called, ChangeContext, Command, FileContext};
use crate::sops::SopsFile;
use crate::source::{Source, Span};

/// What is known of the versions before a file.
#[derive(Default)]
pub(super) enum Compared<'a> {
    /// Nothing is to be compared: the file is as it was, or nobody's concern.
    #[default]
    Same,
    /// Nothing can be compared, for this reason.
    Nothing(&'static str),
    /// What became of the version that the file goes on from, and of the others.
    With(Nearest<'a>),
}

/// The changes of one file, the nearest first.
pub(super) struct Nearest<'a> {
    change: Change<'a>,
    earlier: &'a Earlier,
    others: Vec<Change<'a>>,
}

/// What became of a file since sops wrote it, as its history has it.
pub(super) struct SinceWritten<'a> {
    change: Change<'a>,
    since: &'a Since,
}

impl<'a> SinceWritten<'a> {
    /// What became of the version `since`.
    pub(super) fn of(since: &'a Since, now: &'a Version) -> Self {
        Self {
            change: Change::between(&since.version, now),
            since,
        }
    }

    /// All that the rule about it may see.
    pub(super) fn context<'c>(
        &'c self,
        file: &'c FileContext<'c>,
        called: &'c Called<'c>,
    ) -> ChangeContext<'c> {
        ChangeContext {
            file,
            called,
            change: &self.change,
            others: &[],
            base: BaseName {
                revision: &self.since.revision,
                path: &self.since.path,
            },
            past: rules::Past::Since(&self.since.by),
        }
    }
}

/// The last version of a file that verified, and what became of it, as rules see it.
fn since_sound<'a>(sound: &'a Sound, now: &'a Version) -> rules::Sound<'a> {
    let steps = sound.by.iter().zip(&sound.last.steps);
    let steps = steps.map(|(name, step)| (name, Change::between(&step.before, &step.version)));
    rules::Sound {
        commit: &sound.commit,
        base: BaseName {
            revision: &sound.revision,
            path: &sound.path,
        },
        change: Change::between(&sound.last.version, now),
        steps: steps.collect(),
        has_uncommitted: sound.last.has_uncommitted,
        retyped: &sound.last.retyped,
        seals: sound.seals.as_ref().map(|(mac, time)| (mac, time)),
    }
}

/// The versions of a file that are compared, so that changes can borrow them.
pub(super) struct Versions {
    before: Before,
    now: Option<Version>,
}

impl Versions {
    /// No versions, for nothing is to be compared.
    pub(super) fn none() -> Self {
        Self {
            before: Before::Unchanged,
            now: None,
        }
    }

    /// The tokens of the file as it is now.
    pub(super) fn tokens(
        &self,
        file: &SopsFile<'_>,
        source: &Source,
        compared: &Compared<'_>,
    ) -> Option<Tokens> {
        let at = |span: Span| source.position(span.start());
        match (compared, &self.now) {
            (Compared::With(nearest), _) => Some(Tokens::of_change(&nearest.change, at)),
            (_, Some(now)) => Some(Tokens::of(now, at)),
            (_, None) => Some(Tokens::of(&Version::of(file).ok()?, at)),
        }
    }

    /// Compares them.
    pub(super) fn compared(&self) -> Compared<'_> {
        let earlier = match (&self.before, &self.now) {
            (Before::Unchanged, _) => return Compared::Same,
            (Before::Nothing(reason), _) => return Compared::Nothing(reason),
            (Before::Versions(_), None) => return Compared::Same,
            (Before::Versions(earlier), Some(now)) => {
                let changes = earlier.iter().map(|was| Change::between(&was.version, now));
                let changes: Vec<Change<'_>> = changes.collect();
                Nearest::of(changes, earlier)
            }
        };
        earlier.map_or(Compared::Same, Compared::With)
    }
}

impl<'a> Nearest<'a> {
    fn of(mut changes: Vec<Change<'a>>, earlier: &'a [Earlier]) -> Option<Self> {
        let at = Change::nearest(&changes)?;
        let change = changes.remove(at);
        Some(Self {
            change,
            earlier: earlier.get(at)?,
            others: changes,
        })
    }

    /// All that a rule about changes may see.
    pub(super) fn context<'c>(
        &'c self,
        file: &'c FileContext<'c>,
        past: Option<&'c Past>,
        called: &'c Called<'c>,
    ) -> ChangeContext<'c> {
        let again = past.and_then(|past| past.again.as_ref());
        let again = again.filter(|(_, older)| self.change.is_replay_of(older));
        ChangeContext {
            file,
            called,
            change: &self.change,
            others: &self.others,
            base: BaseName {
                revision: &self.earlier.revision,
                path: &self.earlier.path,
            },
            past: again.map_or(rules::Past::Unknown, |(commit, older)| {
                rules::Past::Again(commit, older)
            }),
        }
    }

    /// Whether sops may have written the file before all versions that it goes on from.
    pub(super) fn may_be_older(&self) -> bool {
        let is_older = |change: &Change<'_>| !change.has_same_mac() && change.is_of_earlier_time();
        is_older(&self.change) && self.others.iter().all(is_older)
    }

    /// Whether what a key says of the file may answer a guess, whichever version it goes on from.
    pub(super) fn may_be_guess(&self) -> bool {
        self.change.may_be_guess() && self.others.iter().all(Change::may_be_guess)
    }

    /// Where tokens stand that were moved.
    pub(super) fn moved(&self) -> impl Iterator<Item = Span> + '_ {
        let moved = self.change.moved_tokens();
        moved.map(|(_, now)| self.change.now().span(now))
    }
}

impl<'a> Look<'a> {
    /// What the history says of the file.
    pub(super) fn past(&self) -> Option<&'a Past> {
        self.bases?.pasts.get()?.get(&self.path)
    }

    /// The version that the file is, where the history has something to say of it.
    pub(super) fn now_of(&self, file: &SopsFile<'_>) -> Option<Version> {
        self.past().and_then(|_| Version::of(file).ok())
    }

    /// What the history says of the version that the file is.
    pub(super) fn told_by_history<'n>(
        &self,
        now: Option<&'n Version>,
    ) -> (Option<SinceWritten<'n>>, Option<rules::Sound<'n>>)
    where
        'a: 'n,
    {
        let Some((past, now)) = self.past().zip(now) else {
            return (None, None);
        };
        let since = past.since.as_ref();
        let sound = past.sound.as_ref();
        (
            since.map(|since| SinceWritten::of(since, now)),
            sound.map(|sound| since_sound(sound, now)),
        )
    }
}

impl Look<'_> {
    /// The versions of a file of sops's.
    pub(super) fn versions(&self, source: &Source, file: &SopsFile<'_>) -> Versions {
        let Some(bases) = self.bases else {
            return Versions {
                before: Before::Nothing("no-repository"),
                now: None,
            };
        };
        let is = |id: &BlobId| self.is(id, source);
        let before = bases.before(&self.path, self.format, is);
        let is_new = matches!(before, Before::Nothing(super::bases::NO_BASE));
        if !is_new && !matches!(before, Before::Versions(_)) {
            return Versions { before, now: None };
        }
        let now = match Version::of(file) {
            Ok(now) => now,
            Err(refused) => {
                let before = Before::Nothing(NotCompared::reason(refused));
                return Versions { before, now: None };
            }
        };
        let before = match before {
            Before::Versions(versions) => encrypted(versions),
            _ => bases.former(source, &now),
        };
        Versions {
            before,
            now: Some(now),
        }
    }

    /// The versions of a file in clear that was encrypted.
    pub(super) fn versions_of_clear(&self, document: &Document<'_>) -> Versions {
        let source = document.source();
        let Some(bases) = self.bases else {
            return Versions::none();
        };
        let before = bases.before(&self.path, self.format, |id| self.is(id, source));
        let before = match before {
            Before::Versions(versions) => encrypted(versions),
            Before::Unchanged | Before::Nothing(_) => Before::Unchanged,
        };
        match (before, Version::of_clear(document)) {
            (before @ Before::Versions(_), Ok(now)) => Versions {
                before,
                now: Some(now),
            },
            _ => Versions::none(),
        }
    }

    /// The versions of a file that was encrypted and is empty.
    pub(super) fn versions_of_blank(&self, source: &Source) -> Versions {
        let before = self
            .bases
            .map(|bases| bases.before(&self.path, self.format, |id| self.is(id, source)));
        match before {
            Some(Before::Versions(versions)) => Versions {
                before: encrypted(versions),
                now: Some(Version::empty()),
            },
            Some(Before::Unchanged | Before::Nothing(_)) | None => Versions::none(),
        }
    }

    /// Whether a text that nobody would take for a secret was one.
    pub(super) fn was_encrypted(&self, bytes: &[u8]) -> bool {
        let content = match &self.blob {
            Some(blob) => Content::Blob(blob),
            None => Content::Bytes(bytes),
        };
        // Any file can be binary to sops, and most are no secrets.
        self.command == Command::Check
            && self.format != Format::Binary
            && self
                .bases
                .is_some_and(|bases| bases.was_encrypted(&self.path, self.format, content))
    }

    /// Whether a blob is the content that is looked at.
    fn is(&self, id: &BlobId, source: &Source) -> bool {
        match &self.blob {
            Some(blob) => blob == id,
            None => id.is_of(source.bytes()),
        }
    }
}

/// Those versions that were encrypted.
fn encrypted(mut versions: Vec<Earlier>) -> Before {
    versions.retain(|earlier| earlier.version.is_encrypted());
    if versions.is_empty() {
        return Before::Nothing("base-not-encrypted");
    }
    Before::Versions(versions)
}
