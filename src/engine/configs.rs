//! The `.sops.yaml` files of a repository, and which of them a file follows.
//!
//! sops looks from the current folder upwards; here the nearest to the file counts, which is the one that sops
//! finds for whoever stands beside the file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::creation::MAX_LEN;
use super::inputs::{Content, Input};
use super::surroundings::Surroundings;
use crate::config::creation::{Choice, Error, SOPS_CONFIG, SopsConfig, is_like_its_name};
use crate::fs;
use crate::paths;
use crate::rules::{Above, ConfigFile, FileFacts, Governed};
use crate::source::{Source, SourceId};

/// How far up sops looks.
const MOST_FOLDERS: usize = 100;

/// Reads all of them, in the order of the inputs; outside of a repository, where there is none in the
/// current folder, the next above it, too.
pub(super) fn read(inputs: &[Input], world: Surroundings<'_>) -> Vec<ConfigFile> {
    let is_config = |input: &&Input| name(input) == SOPS_CONFIG.as_bytes();
    let inputs = inputs.iter().filter(is_config);
    let mut configs: Vec<ConfigFile> = inputs.filter_map(|input| read_one(input, world)).collect();
    let is_covered = configs.iter().any(|config| config.folder == world.here);
    if world.repo.is_none() && !is_covered {
        configs.extend(above_folder(world.here));
    }
    configs
}

/// The configuration that is next above a folder.
fn above_folder(here: &Path) -> Option<ConfigFile> {
    let mut folders = here.ancestors().take(MOST_FOLDERS).skip(1);
    folders.find_map(|folder| {
        let place = folder.join(SOPS_CONFIG);
        let shown = paths::relative(here, &place);
        let bytes = fs::read(&place, MAX_LEN).ok()?;
        config_file(folder, SourceId::WorkTree(shown), bytes)
    })
}

/// Reads the files whose names are like that of a configuration and that hold one.
pub(super) fn misnamed(inputs: &[Input], world: Surroundings<'_>) -> Vec<ConfigFile> {
    let inputs = inputs.iter().filter(|input| is_like_its_name(name(input)));
    let files = inputs.filter_map(|input| read_one(input, world));
    let has_rules = |file: &ConfigFile| {
        let read = file.read.as_ref();
        read.is_ok_and(|read| !read.rules.is_empty())
    };
    files.filter(has_rules).collect()
}

fn name(input: &Input) -> &[u8] {
    let name = input.path.file_name();
    name.map(|name| name.as_encoded_bytes()).unwrap_or_default()
}

fn read_one(input: &Input, world: Surroundings<'_>) -> Option<ConfigFile> {
    let on_disk = || SourceId::WorkTree(input.path.clone());
    let (id, bytes) = match &input.content {
        Content::Disk(place) => (on_disk(), fs::read(place, MAX_LEN).map_err(why_unread)),
        Content::Blob(blob) => {
            let read = world.bases?.blobs.read(blob, MAX_LEN);
            let id = SourceId::Index(input.path.clone());
            (id, read.map_err(|_| "a file that git does not give"))
        }
        Content::Outside => (on_disk(), Err("a link out of the folder")),
        Content::Lost(_) => (on_disk(), Err("a file that cannot be read")),
        Content::Given(_) => return None,
    };
    let absolute = paths::absolute(world.here, &input.path);
    match bytes {
        Ok(bytes) => config_file(absolute.parent()?, id, bytes),
        // It counts for its folder all the same: what is further up does not.
        Err(what) => {
            let mut unread = config_file(absolute.parent()?, id, Vec::new())?;
            unread.read = Err(Error::unread(&unread.source, what));
            Some(unread)
        }
    }
}

fn why_unread(error: fs::Error) -> &'static str {
    match error {
        fs::Error::TooLarge { .. } => "a file of more than 16 MiB",
        _ => "a file that cannot be read",
    }
}

/// The one that lies in `folder`, under the path that reports have for it.
pub(super) fn config_file(folder: &Path, id: SourceId, bytes: Vec<u8>) -> Option<ConfigFile> {
    let (SourceId::WorkTree(path) | SourceId::Index(path)) = &id else {
        return None;
    };
    let path = path.clone();
    let source = Source::decode(id.clone(), bytes.clone());
    let source = source.or_else(|_| Source::of_bytes(id, bytes)).ok()?;
    Some(ConfigFile {
        path,
        folder: folder.to_owned(),
        read: SopsConfig::read(&source),
        source,
        parts: OnceLock::new(),
    })
}

/// The configuration that counts for a file at `place`, there or not, and what sops makes of the file's path.
pub(super) fn choice<'c>(
    configs: &'c [ConfigFile],
    place: &Path,
) -> Option<(&'c ConfigFile, Option<Choice>)> {
    let folders = place.ancestors().skip(1);
    let mut nearest = folders.filter_map(|folder| {
        let mut configs = configs.iter();
        configs.find(|config| config.folder == folder)
    });
    let config = nearest.next()?;
    let relative = paths::below(&config.folder, place)?;
    let read = config.read.as_ref().ok();
    Some((config, read.map(|read| read.rule_for(&relative))))
}

/// What each file follows.
pub(super) fn govern(files: &[FileFacts], configs: &[ConfigFile], here: &Path) -> Vec<Governed> {
    let by_folder: HashMap<&Path, usize> = configs
        .iter()
        .enumerate()
        .map(|(at, config)| (config.folder.as_path(), at))
        .collect();
    // Files of one folder follow each other, and have the same above them.
    let mut last: (PathBuf, Vec<usize>) = Default::default();
    let mut of_file = |file: &FileFacts| {
        let place = paths::absolute(here, &file.path);
        let folder = place.parent().unwrap_or(Path::new(""));
        if last.0 != folder {
            let above = folder.ancestors();
            let above = above.filter_map(|folder| by_folder.get(folder).copied());
            last = (folder.to_owned(), above.collect());
        }
        let above = last.1.iter().filter_map(|config| {
            let relative = paths::below(&configs.get(*config)?.folder, &place)?;
            let config = *config;
            Some(Above { config, relative })
        });
        let above: Vec<Above> = above.collect();
        let choice = above.first().and_then(|nearest| {
            let config = configs.get(nearest.config)?.read.as_ref().ok()?;
            Some(config.rule_for(&nearest.relative))
        });
        Governed { above, choice }
    };
    files.iter().map(&mut of_file).collect()
}
