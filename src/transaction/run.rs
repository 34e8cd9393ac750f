//! The steps of a transaction, each of which may be the last one that the process makes.
//!
//! - Announce: what is to happen is written down under a name that says that not all of it is there yet.
//! - Stage: the new texts are written beside their places, the old ones into the home; the disk keeps them.
//! - Seal: what was written down gets the name `journal`. Until here a crash leaves temporary files, which
//!   [`Run::sweep`] deletes; from here on it can be finished as well as undone.
//! - Forward, or back: each file is moved into place, after one more look at what is there. Where that fails
//!   on the way, what was moved is taken back, and a file that somebody else changed in between is left alone.
//! - End: the journal gets its first name again, whatever lies around is deleted, and it goes.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::disk::{Access, Disk};
use super::journal::{Entry, Journal, Old};
use super::place::{Root, folder_of};
use super::plan::Planned;
use super::stage::{self, map, unless_absent};
use super::state::{File, Stands, State, each};
use super::{Digest, Error, Fault, Home};

/// A transaction at work.
pub(super) struct Run<'h> {
    pub(super) disk: &'h dyn Disk,
    pub(super) home: &'h Home,
    pub(super) root: Root,
    pub(super) journal: Journal,
    /// Which files this run has begun to move, in the order of the journal.
    begun: Vec<AtomicBool>,
    /// How many nanoseconds the disk took to keep things.
    syncing: AtomicU64,
}

impl<'h> Run<'h> {
    pub(super) fn new(disk: &'h dyn Disk, home: &'h Home, root: Root, journal: Journal) -> Self {
        let begun = journal.entries.iter().map(|_| AtomicBool::new(false));
        Self {
            begun: begun.collect(),
            disk,
            home,
            root,
            journal,
            syncing: AtomicU64::new(0),
        }
    }

    /// Writes down what is to happen.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn announce(&self) -> Result<(), Error> {
        let draft = self.home.draft();
        let text = self.journal.to_text();
        let written = self.disk.write(&draft, &[text.as_bytes()], Access::PRIVATE);
        written.map_err(Error::io(&draft))?;
        self.sync(&[draft], [self.home.folder()])
    }

    /// Writes the new texts beside their places, and the old ones into the home.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn stage(&self, files: &[Planned<'_>]) -> Result<(), Error> {
        let mut folders = self.folders()?;
        for folder in &self.journal.folders {
            let path = self.root.path().join(folder.as_path());
            let made = self.disk.make_folder(&path, Access::Usual);
            made.map_err(Error::io(&path))?;
            folders.insert(folder_of(&path).to_owned());
            folders.insert(path);
        }
        let new = files.iter().filter(|file| file.entry.new.is_some());
        // Where several write, one has the old texts to do while the others write the new ones.
        let all: Vec<Option<&Planned<'_>>> = std::iter::once(None).chain(new.map(Some)).collect();
        let mut staged = map(all, |file| match file {
            Some(file) => self.stage_new(file),
            None => self.keep_old(files),
        });
        // What is wrong with a file of the user's is said first.
        staged.rotate_left(1);
        let staged: Vec<PathBuf> = staged.into_iter().collect::<Result<_, Error>>()?;
        folders.insert(self.home.folder().to_owned());
        self.sync(&staged, folders)
    }

    fn stage_new(&self, file: &Planned<'_>) -> Result<PathBuf, Error> {
        let temporary = self.journal.temporary(&file.target);
        let written = self.disk.write(&temporary, &[file.new], file.access);
        written.map_err(Error::io(&file.target))?;
        Ok(temporary)
    }

    /// Writes the old texts of all files into the home, one behind the other.
    fn keep_old(&self, files: &[Planned<'_>]) -> Result<PathBuf, Error> {
        let old: Vec<&[u8]> = files.iter().map(|file| file.old).collect();
        let place = self.home.old();
        let kept = self.disk.write(&place, &old, Access::PRIVATE);
        kept.map_err(Error::io(&place))?;
        Ok(place)
    }

    /// Makes what was written down count.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn seal(&self) -> Result<(), Error> {
        let journal = self.home.journal();
        let sealed = self.disk.rename_new(&self.home.draft(), &journal);
        sealed.map_err(Error::io(&journal))?;
        self.sync(&[], [self.home.folder()])
    }

    /// How each file stands.
    ///
    /// # Errors
    /// [`Fault::Place`] where a file is not where a transaction writes to, [`Error::Io`].
    pub(super) fn states(&self) -> Result<Vec<Stands>, Error> {
        let files = self.files(|_, entry, target| State::of(entry, target))?;
        Ok(files.into_iter().map(|file| file.stands()).collect())
    }

    /// Moves all new texts into place, after the first look at all files, and one more at each. The first time
    /// nothing may have happened to any of them since they were `planned` and read: the first look is a glance then.
    ///
    /// # Errors
    /// [`Error::Changed`] (the first time), [`Fault::Stranger`], [`Fault::NewGone`], [`Error::Io`].
    pub(super) fn forward(&self, planned: Option<&[Planned<'_>]>) -> Result<(), Error> {
        let first = planned.is_some();
        let mut moves = self.files(|at, entry, target| match planned {
            Some(planned) => {
                let known = planned.get(at).and_then(|file| file.found.as_ref());
                State::at_a_glance(entry, target, known)
            }
            None => State::of(entry, target),
        })?;
        for file in &moves {
            self.refuse(file.state, first, file)?;
        }
        moves.retain(|file| file.state != State::New);
        if !first {
            moves.iter().try_for_each(|file| self.find_new(file))?;
        }
        each(&moves, |file| {
            self.look_again(file, first)?;
            self.begin(file);
            let target = &file.target;
            let temporary = self.journal.temporary(target);
            let moved = match (&file.entry.old, &file.entry.new) {
                (_, None) => self.disk.remove(target),
                (Some(_), Some(_)) if file.state == State::Old => {
                    self.disk.rename(&temporary, target)
                }
                (_, Some(_)) => self.disk.rename_new(&temporary, target),
            };
            moved.map_err(Error::io(target))
        })?;
        self.sync(&[], self.folders()?)
    }

    /// Moves all old texts back into place, and deletes what was not there.
    ///
    /// # Errors
    /// [`Fault::Stranger`], [`Fault::OldGone`], [`Error::Io`].
    pub(super) fn back(&self) -> Result<(), Error> {
        self.put_back(self.files(|_, entry, target| State::of(entry, target))?)
    }

    /// The same, but only with files that this very run has begun to move: others are as they were, or as
    /// somebody else wants them.
    ///
    /// # Errors
    /// As of [`Run::back`].
    pub(super) fn take_back(&self) -> Result<(), Error> {
        let mut moved = self.files(|_, entry, target| State::of(entry, target))?;
        moved.retain(|file| {
            let begun = self.begun.get(file.at);
            begun.is_some_and(|begun| begun.load(Ordering::SeqCst))
        });
        self.put_back(moved)
    }

    fn put_back(&self, mut moves: Vec<File<'_>>) -> Result<(), Error> {
        for file in &moves {
            self.refuse(file.state, false, file)?;
        }
        moves.retain(|file| file.state != State::Old);
        self.stage_old(&moves)?;
        each(&moves, |file| {
            self.look_again(file, false)?;
            let target = &file.target;
            let temporary = self.journal.temporary_of_old(target);
            let moved = match (&file.entry.old, &file.entry.new) {
                // The new text is kept, in case that this is interrupted and then finished.
                (None, _) => self.disk.rename(target, &self.journal.temporary(target)),
                (Some(_), Some(_)) if file.state == State::New => {
                    self.disk.rename(&temporary, target)
                }
                (Some(_), _) => self.disk.rename_new(&temporary, target),
            };
            moved.map_err(Error::io(target))
        })?;
        self.sync(&[], self.folders()?)
    }

    /// Notes that a file is about to be moved.
    fn begin(&self, file: &File<'_>) {
        if let Some(begun) = self.begun.get(file.at) {
            begun.store(true, Ordering::SeqCst);
        }
    }

    /// Whether the new text of a file is where it was staged.
    fn find_new(&self, file: &File<'_>) -> Result<(), Error> {
        let Some(new) = &file.entry.new else {
            return Ok(());
        };
        let temporary = self.journal.temporary(&file.target);
        let is_file = temporary
            .symlink_metadata()
            .is_ok_and(|found| found.is_file());
        let bytes = super::state::read(&temporary, new.length).unwrap_or_default();
        if is_file && Digest::of(&bytes) == new.hash {
            return Ok(());
        }
        let path = file.path();
        Err(self.fault(Fault::NewGone { path }))
    }

    /// Writes the old texts of these files beside their places.
    fn stage_old(&self, moves: &[File<'_>]) -> Result<(), Error> {
        let mut staged = Vec::new();
        let mut folders = BTreeSet::new();
        for file in moves {
            let (entry, target) = (file.entry, &file.target);
            let Some(old) = &entry.old else {
                continue;
            };
            if file.state == State::New {
                staged.extend(self.stage_new_again(entry, target)?);
            }
            let bytes = self.old_bytes(old).ok_or_else(|| {
                let path = file.path();
                self.fault(Fault::OldGone { path })
            })?;
            let temporary = self.journal.temporary_of_old(target);
            // Of a recovery that was interrupted, too.
            unless_absent(self.disk.remove(&temporary)).map_err(Error::io(&temporary))?;
            let written = self.disk.write(&temporary, &[&bytes], old.access());
            written.map_err(Error::io(target))?;
            folders.insert(folder_of(target).to_owned());
            staged.push(temporary);
        }
        self.sync(&staged, folders)
    }

    /// Writes the new text of a file beside it once more, before the old one takes its place: so an
    /// interruption can still be finished. Where there is no room for that it is done without.
    fn stage_new_again(&self, entry: &Entry, target: &Path) -> Result<Option<PathBuf>, Error> {
        let (Some(new), Some(old)) = (&entry.new, &entry.old) else {
            return Ok(None);
        };
        let bytes = super::state::read(target, new.length).map_err(Error::io(target))?;
        let temporary = self.journal.temporary(target);
        unless_absent(self.disk.remove(&temporary)).map_err(Error::io(&temporary))?;
        let written = self.disk.write(&temporary, &[&bytes], old.access());
        Ok(written.is_ok().then_some(temporary))
    }

    /// The bytes that a file had, if they are what they were.
    fn old_bytes(&self, old: &Old) -> Option<Vec<u8>> {
        let mut file = fs::File::open(self.home.old()).ok()?;
        file.seek(SeekFrom::Start(old.at)).ok()?;
        let mut bytes = Vec::new();
        file.take(old.length).read_to_end(&mut bytes).ok()?;
        (Digest::of(&bytes) == old.hash).then_some(bytes)
    }

    /// Refuses to go on with a file that is not as it must be.
    fn refuse(&self, state: State, first: bool, file: &File<'_>) -> Result<(), Error> {
        let fine = match state {
            State::Old => true,
            State::New | State::Gone => !first,
            State::Strange => false,
        };
        if fine {
            return Ok(());
        }
        if first {
            let path = file.target.clone();
            return Err(Error::Changed { path });
        }
        let path = file.path();
        Err(self.fault(Fault::Stranger { path }))
    }

    /// Refuses to go on with a file that somebody has changed since the first look.
    fn look_again(&self, file: &File<'_>, first: bool) -> Result<(), Error> {
        let now = State::of(file.entry, &file.target).map_err(Error::io(&file.target))?;
        if now == file.state {
            return Ok(());
        }
        self.refuse(State::Strange, first, file)
    }

    fn fault(&self, fault: Fault) -> Error {
        let path = self.home.journal();
        Error::Journal { path, fault }
    }

    /// All files and how they stand.
    fn files(
        &self,
        look: impl Fn(usize, &Entry, &Path) -> io::Result<State> + Sync,
    ) -> Result<Vec<File<'_>>, Error> {
        let entries = self.journal.entries.iter().enumerate();
        let files: Vec<_> = entries.zip(self.targets()?).collect();
        let files = map(files, |((at, entry), target)| {
            let state = look(at, entry, &target).map_err(Error::io(&target))?;
            Ok(File {
                at,
                entry,
                target,
                state,
            })
        });
        files.into_iter().collect()
    }

    pub(super) fn targets(&self) -> Result<Vec<PathBuf>, Error> {
        let places = self.journal.entries.iter().map(|entry| &entry.path);
        self.root.again(places, &self.home.journal())
    }

    /// The folders of all files.
    pub(super) fn folders(&self) -> Result<BTreeSet<PathBuf>, Error> {
        let mut last = None;
        let entries = self.journal.entries.iter().map(|entry| &entry.path);
        // Files of one folder mostly follow each other.
        let first = entries.filter(|path| {
            let folder = folder_of(path.as_path());
            last.replace(folder) != Some(folder)
        });
        let targets = self.root.again(first, &self.home.journal())?.into_iter();
        Ok(targets
            .map(|target| folder_of(&target).to_owned())
            .collect())
    }

    pub(super) fn sync<P: Into<PathBuf>>(
        &self,
        files: &[PathBuf],
        folders: impl IntoIterator<Item = P>,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let folders = folders.into_iter().map(Into::into).collect();
        let kept = stage::sync(self.disk, files, &folders);
        let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.syncing.fetch_add(took, Ordering::Relaxed);
        kept
    }

    /// How long the disk took to keep things.
    pub(super) fn syncing(&self) -> Duration {
        Duration::from_nanos(self.syncing.load(Ordering::Relaxed))
    }
}
