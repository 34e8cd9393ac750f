//! How a transaction ends: what lies around is deleted, and the journal goes.

use super::Error;
use super::place::folder_of;
use super::run::Run;
use super::stage::unless_absent;

impl Run<'_> {
    /// Deletes what lies beside the files, and the folders that were made and are empty.
    ///
    /// # Errors
    /// [`Error::Io`], [`Fault::Place`](super::Fault::Place).
    pub(super) fn sweep(&self) -> Result<(), Error> {
        for (entry, target) in self.journal.entries.iter().zip(self.targets()?) {
            let mut temporaries = Vec::new();
            temporaries.extend(entry.new.as_ref().map(|_| self.journal.temporary(&target)));
            temporaries.extend(
                entry
                    .old
                    .as_ref()
                    .map(|_| self.journal.temporary_of_old(&target)),
            );
            for temporary in temporaries {
                if temporary.symlink_metadata().is_ok() {
                    let removed = unless_absent(self.disk.remove(&temporary));
                    removed.map_err(Error::io(&temporary))?;
                }
            }
        }
        let mut folders = self.folders()?;
        for folder in self.journal.folders.iter().rev() {
            let path = self.root.path().join(folder.as_path());
            // It is not empty where the change was finished, or somebody else put something into it.
            if path.symlink_metadata().is_ok() && self.disk.remove_folder(&path).is_ok() {
                folders.remove(&path);
                folders.insert(folder_of(&path).to_owned());
            }
        }
        folders.retain(|folder| folder.is_dir());
        self.sync(&[], folders)
    }

    /// Ends what was finished or undone: it counts as not begun from here on, and what lies around is
    /// deleted.
    ///
    /// # Errors
    /// [`Error::Io`], [`Fault::Place`](super::Fault::Place).
    pub(super) fn end(&self) -> Result<(), Error> {
        let (journal, draft) = (self.home.journal(), self.home.draft());
        if self.has_journal() {
            let unsealed = self.disk.rename(&journal, &draft);
            unsealed.map_err(Error::io(&journal))?;
            self.sync(&[], [self.home.folder()])?;
        }
        self.sweep()?;
        self.close()
    }

    /// Deletes the journal, and what belongs to it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn close(&self) -> Result<(), Error> {
        for path in [self.home.journal(), self.home.draft()] {
            if path.symlink_metadata().is_ok() {
                unless_absent(self.disk.remove(&path)).map_err(Error::io(&path))?;
            }
        }
        self.sync(&[], [self.home.folder()])?;
        // Without a journal it means nothing, and the next writer deletes it.
        let _ = self.disk.remove(&self.home.old());
        Ok(())
    }

    /// Whether the journal is there still.
    pub(super) fn has_journal(&self) -> bool {
        self.home.journal().symlink_metadata().is_ok()
    }
}
