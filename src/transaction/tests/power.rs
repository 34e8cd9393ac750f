//! A disk that loses power: what it was not asked to keep may be lost, in part and in any order.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::broken::recovered;
use super::world::{Files, World, files};
use crate::transaction::disk::{Access, Disk, RealDisk};
use crate::transaction::{Direction, Recovered, Recovery, Transaction, interrupted};

/// A disk that loses power before its call number `at`, counted from one.
struct Power {
    root: PathBuf,
    at: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: usize,
    nodes: Vec<Node>,
    /// The names that are there now.
    now: Names,
    /// The names that are kept.
    kept: Names,
    /// What happened to names since, by folder.
    pending: Vec<(PathBuf, Names)>,
}

/// What a name stands for; nothing where it is deleted.
type Names = BTreeMap<PathBuf, Option<usize>>;

#[derive(Clone)]
struct Node {
    /// None for a folder.
    bytes: Option<Vec<u8>>,
    is_kept: bool,
}

/// What becomes of bytes that were not kept.
#[derive(Clone, Copy, Debug)]
enum Bytes {
    There,
    Missing,
    Half,
    Zeros,
}

impl Power {
    fn new(root: &Path, at: usize) -> Self {
        let mut state = State::default();
        for (path, bytes) in files(root) {
            // The lock is none of the disk's business.
            if path.ends_with("lock") {
                continue;
            }
            let is_kept = true;
            state.nodes.push(Node { bytes, is_kept });
            state.kept.insert(path, Some(state.nodes.len() - 1));
        }
        state.now = state.kept.clone();
        Self {
            root: root.to_owned(),
            at,
            state: Mutex::new(state),
        }
    }

    fn is_lost(&self) -> bool {
        self.state.lock().unwrap().calls >= self.at
    }

    fn inside(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap().to_owned()
    }

    fn step(
        &self,
        real: impl FnOnce() -> io::Result<()>,
        model: impl FnOnce(&mut State),
    ) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        if state.calls >= self.at {
            return Err(io::Error::other("no power"));
        }
        real()?;
        model(&mut state);
        Ok(())
    }

    /// Everything that may be found when power is back.
    fn outcomes(&self) -> BTreeSet<Files> {
        let state = self.state.lock().unwrap();
        let count = state.pending.len();
        let mut kept: Vec<Vec<bool>> = Vec::new();
        for first in 0..=count {
            kept.push((0..count).map(|at| at < first).collect());
            kept.push((0..count).map(|at| at == first).collect());
            kept.push((0..count).map(|at| at != first).collect());
            kept.push((0..count).map(|at| at >= first).collect());
        }
        let mut outcomes = BTreeSet::new();
        for (kept, bytes) in kept.iter().flat_map(|kept| {
            [Bytes::There, Bytes::Missing, Bytes::Half, Bytes::Zeros].map(|bytes| (kept, bytes))
        }) {
            outcomes.insert(state.outcome(kept, bytes));
        }
        outcomes
    }
}

impl State {
    fn rename(&mut self, folder: PathBuf, names: Names) {
        self.now.extend(names.clone());
        self.pending.push((folder, names));
    }

    fn keep(&mut self, folder: Option<&Path>) {
        for (of, names) in std::mem::take(&mut self.pending) {
            if folder.is_none_or(|folder| folder == of) {
                self.kept.extend(names);
            } else {
                self.pending.push((of, names));
            }
        }
    }

    fn outcome(&self, kept: &[bool], unkept: Bytes) -> Files {
        let mut names = self.kept.clone();
        for ((_, pending), _) in self.pending.iter().zip(kept).filter(|(_, kept)| **kept) {
            names.extend(pending.clone());
        }
        let mut files = Files::new();
        for (path, node) in names {
            let Some(node) = node else { continue };
            let Node { bytes, is_kept } = self.nodes[node].clone();
            let folder = path.parent().unwrap();
            // What is in a folder that is lost is lost, too.
            if folder != Path::new("") && files.get(folder) != Some(&None) {
                continue;
            }
            let bytes = bytes.map(|bytes| match unkept {
                _ if is_kept => bytes,
                Bytes::There => bytes,
                Bytes::Missing => Vec::new(),
                Bytes::Half => bytes[..bytes.len() / 2].to_vec(),
                Bytes::Zeros => vec![0; bytes.len()],
            });
            files.insert(path, bytes);
        }
        files
    }
}

impl Disk for Power {
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<()> {
        let name = self.inside(path);
        self.step(
            || RealDisk.make_folder(path, access),
            |state| {
                state.nodes.push(Node {
                    bytes: None,
                    is_kept: true,
                });
                let node = state.nodes.len() - 1;
                let folder = name.parent().unwrap().to_owned();
                state.rename(folder, Names::from([(name, Some(node))]));
            },
        )
    }

    fn write(&self, path: &Path, bytes: &[&[u8]], access: Access) -> io::Result<()> {
        let name = self.inside(path);
        self.step(
            || RealDisk.write(path, bytes, access),
            |state| {
                state.nodes.push(Node {
                    bytes: Some(bytes.concat()),
                    is_kept: false,
                });
                let node = state.nodes.len() - 1;
                let folder = name.parent().unwrap().to_owned();
                state.rename(folder, Names::from([(name, Some(node))]));
            },
        )
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let name = self.inside(path);
        self.step(
            || Ok(()),
            |state| {
                let node = state.now[&name].unwrap();
                state.nodes[node].is_kept = true;
            },
        )
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let folder = self.inside(path);
        self.step(|| Ok(()), |state| state.keep(Some(&folder)))
    }

    fn sync_file_system(&self, _: &Path) -> io::Result<bool> {
        let keep = |state: &mut State| {
            state.keep(None);
            state.nodes.iter_mut().for_each(|node| node.is_kept = true);
        };
        self.step(|| Ok(()), keep).map(|()| true)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (source, target) = (self.inside(from), self.inside(to));
        self.step(
            || RealDisk.rename(from, to),
            |state| {
                let node = state.now[&source];
                let folder = source.parent().unwrap().to_owned();
                assert_eq!(Some(folder.as_path()), target.parent(), "beside it");
                state.rename(folder, Names::from([(source, None), (target, node)]));
            },
        )
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        assert!(to.symlink_metadata().is_err());
        self.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let name = self.inside(path);
        self.step(
            || RealDisk.remove(path),
            |state| {
                let folder = name.parent().unwrap().to_owned();
                state.rename(folder, Names::from([(name, None)]));
            },
        )
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let name = self.inside(path);
        self.step(
            || RealDisk.remove_folder(path),
            |state| {
                let folder = name.parent().unwrap().to_owned();
                state.rename(folder, Names::from([(name, None)]));
            },
        )
    }
}

#[test]
fn files_are_wholly_old_or_new_whenever_power_is_lost() {
    let (mut points, mut states) = (0, 0);
    for more in [0, 9] {
        for at in 1.. {
            let world = World::with_more(more);
            let disk = Power::new(world.root(), at);
            let ended = world.change_on(&disk).and_then(Transaction::commit);
            points += 1;
            for outcome in disk.outcomes() {
                states += 1;
                for direction in [Direction::Finish, Direction::Undo] {
                    world.put(&outcome);
                    recovered(&world, direction);
                }
                // What was said to be done stays done.
                if ended.is_ok() && !disk.is_lost() {
                    world.put(&outcome);
                    assert!(!interrupted(world.home()));
                    assert!(world.is_new());
                }
            }
            if !disk.is_lost() {
                assert!(ended.is_ok() && at > 20, "only {at} calls");
                break;
            }
        }
    }
    println!("power is lost: {points} points, {states} states of the disk");
}

#[test]
fn power_can_be_lost_in_a_recovery_too() {
    let (mut points, mut states) = (0, 0);
    for first in 1.. {
        let world = World::new();
        let disk = Power::new(world.root(), first);
        let _ = world.change_on(&disk).and_then(Transaction::commit);
        if !disk.is_lost() {
            break;
        }
        if !interrupted(world.home()) {
            continue;
        }
        let before = files(world.root());
        for direction in [Direction::Finish, Direction::Undo] {
            for at in 1.. {
                world.put(&before);
                let disk = Power::new(world.root(), at);
                let found = Recovery::find_on(&disk, world.home()).unwrap();
                let Recovered::Interrupted(recovery) = found else {
                    panic!("it was interrupted");
                };
                let gone = recovery.go(direction);
                points += 1;
                for outcome in disk.outcomes() {
                    states += 1;
                    for then in [Direction::Finish, Direction::Undo] {
                        world.put(&outcome);
                        recovered(&world, then);
                    }
                    if gone.is_ok() && !disk.is_lost() {
                        world.put(&outcome);
                        assert!(!interrupted(world.home()));
                    }
                }
                if !disk.is_lost() {
                    break;
                }
            }
        }
    }
    println!("power is lost in a recovery: {points} points, {states} states of the disk");
}
