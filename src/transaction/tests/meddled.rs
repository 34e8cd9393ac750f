//! Somebody else at work on a file while a transaction is.
#![cfg(unix)]

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::world::World;
use crate::transaction::disk::{Access, Disk, RealDisk};
use crate::transaction::{Error, Transaction};

/// What somebody does to the file `b`.
type Deed = fn(&Path) -> io::Result<()>;

/// A disk on which somebody else does something before call number `at`, counted from one.
struct Meddled<'w> {
    b: &'w Path,
    deed: Deed,
    at: usize,
    calls: AtomicUsize,
}

impl Meddled<'_> {
    /// Between the last look at the file and its move there is nothing left to look: this call is left out.
    fn step(&self, moves_b: bool) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if call == self.at && !moves_b {
            (self.deed)(self.b)?;
        }
        Ok(())
    }
}

impl Disk for Meddled<'_> {
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<()> {
        self.step(false)?;
        RealDisk.make_folder(path, access)
    }

    fn write(&self, path: &Path, bytes: &[&[u8]], access: Access) -> io::Result<()> {
        self.step(false)?;
        RealDisk.write(path, bytes, access)
    }

    fn sync_file(&self, _: &Path) -> io::Result<()> {
        self.step(false)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.step(false)
    }

    fn sync_file_system(&self, _: &Path) -> io::Result<bool> {
        self.step(false).map(|()| true)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(to == self.b)?;
        RealDisk.rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(false)?;
        RealDisk.rename_new(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(false)?;
        RealDisk.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step(false)?;
        RealDisk.remove_folder(path)
    }
}

#[test]
fn what_somebody_else_does_meanwhile_stays_and_nothing_else_is_changed() {
    let edit: Deed = |b| fs::write(b, "theirs");
    let edit_alike: Deed = |b| fs::write(b, "their");
    let delete: Deed = |b| fs::remove_file(b);
    let deeds = [
        (edit, Some("theirs")),
        (edit_alike, Some("their")),
        (delete, None),
    ];
    for (deed, theirs) in deeds {
        let (mut in_time, mut at) = (0, 1);
        while let Some((world, ended)) = meddled(deed, at) {
            let b = fs::read_to_string(world.root().join("b")).ok();
            match ended {
                Ok(()) => assert!(b.as_deref() == theirs || b.as_deref() == Some("new b")),
                Err(error) => {
                    in_time += 1;
                    assert!(matches!(error, Error::Changed { .. }), "{at}: {error}");
                    assert_eq!(b.as_deref(), theirs, "{at}");
                    let others = [("c", Some("old c")), ("n/a", None), ("d/e", Some("old e"))];
                    for (path, text) in others {
                        let now = fs::read_to_string(world.root().join(path)).ok();
                        assert_eq!(now.as_deref(), text, "{at}: {path}");
                    }
                }
            }
            world.assert_clean();
            drop(world.begin());
            at += 1;
        }
        assert!(
            in_time > 5,
            "only {in_time} of {at} points came before the file was moved"
        );
    }
}

/// Changes a new world while somebody does something there; none where the change was over before.
fn meddled(deed: Deed, at: usize) -> Option<(World, Result<(), Error>)> {
    let world = World::new();
    let b = world.root().join("b");
    let disk = Meddled {
        b: &b,
        deed,
        at,
        calls: AtomicUsize::new(0),
    };
    let ended = world.change_on(&disk).and_then(Transaction::commit);
    let is_reached = disk.calls.load(Ordering::SeqCst) >= at;
    is_reached.then_some((world, ended.map(|_| ())))
}
