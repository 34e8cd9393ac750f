//! A disk that fails at one of its calls, or at which the process ends.
#![cfg(unix)]

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::world::World;
use crate::transaction::disk::{Access, Disk, RealDisk};
use crate::transaction::{Direction, Error, Recovered, Recovery, Transaction, interrupted};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It fails, and nothing was done.
    Fails,
    /// It fails, and was done in part: half of the bytes, or all that is no matter of bytes.
    FailsLate,
    /// The process ends before it.
    Dies,
    /// The process ends in it.
    DiesLate,
}

const ALL: [How; 4] = [How::Fails, How::FailsLate, How::Dies, How::DiesLate];

/// A disk at whose call number `at`, counted from one, something happens.
struct Broken {
    calls: AtomicUsize,
    at: usize,
    how: How,
}

impl Broken {
    fn new(at: usize, how: How) -> Self {
        let calls = AtomicUsize::new(0);
        Self { calls, at, how }
    }

    /// Whether so many calls were made that something happened.
    fn is_reached(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.at
    }

    fn step(
        &self,
        all: impl FnOnce() -> io::Result<()>,
        part: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let failure = io::Error::from_raw_os_error(28);
        let is_dead = call > self.at && matches!(self.how, How::Dies | How::DiesLate);
        if is_dead {
            return Err(failure);
        }
        if call != self.at {
            return all();
        }
        if matches!(self.how, How::FailsLate | How::DiesLate) {
            part()?;
        }
        Err(failure)
    }

    fn whole(&self, all: impl Fn() -> io::Result<()>) -> io::Result<()> {
        self.step(&all, &all)
    }
}

impl Disk for Broken {
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<()> {
        self.whole(|| RealDisk.make_folder(path, access))
    }

    fn write(&self, path: &Path, bytes: &[&[u8]], access: Access) -> io::Result<()> {
        let half = bytes.concat();
        let half = &half[..half.len() / 2];
        self.step(
            || RealDisk.write(path, bytes, access),
            || RealDisk.write(path, &[half], access),
        )
    }

    fn sync_file(&self, _: &Path) -> io::Result<()> {
        self.whole(|| Ok(()))
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.whole(|| Ok(()))
    }

    fn sync_file_system(&self, _: &Path) -> io::Result<bool> {
        self.whole(|| Ok(())).map(|()| true)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.whole(|| RealDisk.rename(from, to))
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.whole(|| RealDisk.rename_new(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.whole(|| RealDisk.remove(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.whole(|| RealDisk.remove_folder(path))
    }
}

/// Changes a new world on such a disk. None where that ended before anything happened.
fn changed(more: usize, at: usize, how: How) -> Option<(World, Result<(), Error>)> {
    let world = World::with_more(more);
    let disk = Broken::new(at, how);
    let ended = world
        .change_on(&disk)
        .and_then(Transaction::commit)
        .map(|_| ());
    disk.is_reached().then_some((world, ended))
}

/// Recovers on a disk that works, or finds that there is nothing to recover.
pub(super) fn recovered(world: &World, direction: Direction) {
    world.assert_whole();
    let was_interrupted = interrupted(world.home());
    if was_interrupted {
        let writer = Transaction::begin(world.home());
        assert!(matches!(writer, Err(Error::Interrupted { .. })));
    }
    match Recovery::find(world.home()).unwrap() {
        Recovered::Interrupted(recovery) => {
            assert!(was_interrupted);
            recovery.go(direction).unwrap();
            let is_there = match direction {
                Direction::Finish => world.is_new(),
                Direction::Undo => world.is_old(),
            };
            assert!(is_there, "{direction:?}: {:?}", world.files());
        }
        Recovered::Swept | Recovered::Nothing => assert!(!was_interrupted),
    }
    assert!(world.is_old() || world.is_new(), "{:?}", world.files());
    world.assert_clean();
    drop(world.begin());
}

#[test]
fn files_are_wholly_old_or_new_whichever_call_fails() {
    let mut points = 0;
    for (more, how) in [0, 9]
        .into_iter()
        .flat_map(|more| ALL.map(|how| (more, how)))
    {
        for at in 1.. {
            let Some((world, ended)) = changed(more, at, how) else {
                assert!(at > 20, "only {at} calls");
                break;
            };
            points += 1;
            world.assert_whole();
            let is_alive = matches!(how, How::Fails | How::FailsLate);
            match ended {
                Ok(()) => assert!(world.is_new()),
                Err(Error::Interrupted { .. }) => assert!(interrupted(world.home())),
                // The process lives, so it has cleared up.
                Err(_) if is_alive => {
                    assert!(world.is_old(), "{how:?} {at}: {:?}", world.files());
                    drop(world.begin());
                    world.assert_clean();
                }
                Err(_) => {}
            }
            for direction in [Direction::Finish, Direction::Undo] {
                let (world, _) = changed(more, at, how).unwrap();
                recovered(&world, direction);
            }
        }
    }
    println!("a disk that fails: {points} points");
}

#[test]
fn a_recovery_can_fail_anywhere_too_and_be_tried_again() {
    let mut points = 0;
    for first in 1.. {
        let Some((world, _)) = changed(0, first, How::DiesLate) else {
            break;
        };
        if !interrupted(world.home()) {
            continue;
        }
        let directions = [Direction::Finish, Direction::Undo];
        for (direction, then) in directions
            .into_iter()
            .flat_map(|one| directions.map(|then| (one, then)))
        {
            for (how, at) in ALL
                .into_iter()
                .flat_map(|how| (1..60).map(move |at| (how, at)))
            {
                let (world, _) = changed(0, first, How::DiesLate).unwrap();
                let disk = Broken::new(at, how);
                if let Ok(Recovered::Interrupted(recovery)) = Recovery::find_on(&disk, world.home())
                {
                    let _ = recovery.go(direction);
                }
                if !disk.is_reached() {
                    break;
                }
                points += 1;
                recovered(&world, then);
            }
        }
    }
    println!("a recovery on a disk that fails: {points} points");
}
