//! Where the files of documents go: names that are free and that follow the same creation rule as before.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::configs;
use super::super::rewriting::{Refused, Survey};
use super::Apart;
use crate::config::creation::Choice;
use crate::finding::Help;
use crate::rewrite::split::{self, Holds, naming};
use crate::rules::argument;
use crate::{fs, paths};

/// A file that is to be split, and where all of it goes.
pub(super) struct Placed {
    pub(super) path: PathBuf,
    pub(super) place: PathBuf,
    pub(super) old: Vec<u8>,
    /// What gets a file.
    pub(super) parts: Vec<Part>,
    /// The numbers of the documents that hold nothing.
    pub(super) empty: Vec<usize>,
}

/// A document and its file.
pub(super) struct Part {
    pub(super) part: split::Part,
    /// The path as reports print it, and the place on the disk, absolute.
    pub(super) path: PathBuf,
    pub(super) place: PathBuf,
}

impl Placed {
    /// Whether one of the new files lies where the old one does.
    pub(super) fn keeps_path(&self) -> bool {
        self.parts.iter().any(|part| part.place == self.place)
    }

    /// Whether it stays, without the documents that hold nothing.
    pub(super) fn is_only_trimmed(&self) -> bool {
        self.parts.len() == 1 && self.keeps_path()
    }
}

/// Finds places, none of them twice.
pub(super) struct Placing<'p, 'w> {
    survey: &'p Survey<'w>,
    into: Option<&'p Path>,
    taken: HashSet<PathBuf>,
}

impl<'p, 'w> Placing<'p, 'w> {
    /// Into the folder `into`, or into those of the old files.
    pub(super) fn new(survey: &'p Survey<'w>, into: Option<&'p Path>) -> Self {
        Self {
            survey,
            into,
            taken: HashSet::new(),
        }
    }

    /// Finds a place for each document of a file.
    ///
    /// # Errors
    /// [`Refused`] where there is none, or something lies there.
    pub(super) fn place(&mut self, file: Apart) -> Result<Placed, Refused> {
        let Apart {
            path,
            place,
            old,
            parts,
        } = file;
        let (parts, empty): (Vec<_>, Vec<_>) = parts
            .into_iter()
            .partition(|part| part.holds != Holds::Nothing);
        if parts.is_empty() {
            return Err(Refused::new(path, "none of its documents holds anything"));
        }
        let folder = self.folder(&path)?;
        let place_of = self.places(&path, &place, &folder, &parts)?;
        let parts = parts.into_iter().zip(place_of);
        let parts = parts.map(|(part, (path, place))| Part { part, path, place });
        Ok(Placed {
            parts: parts.collect(),
            empty: empty.iter().map(|part| part.number).collect(),
            path,
            place,
            old,
        })
    }

    /// The folder that the documents of a file go to, as reports print it.
    fn folder(&self, path: &Path) -> Result<PathBuf, Refused> {
        let Some(into) = self.into else {
            return Ok(path.parent().unwrap_or(Path::new("")).to_owned());
        };
        let refuse = |reason: String| Err(Refused::new(path.to_owned(), reason));
        let world = self.survey.world;
        let place = paths::absolute(world.here, into);
        if !place.starts_with(world.ground().root) {
            let into = into.display();
            return refuse(format!(
                "`{into}` is not in the repository, and nothing else is written"
            ));
        }
        // The nearest that is there has to be one.
        let there = place
            .ancestors()
            .find_map(|folder| Some((folder, fs::kind(folder)?)));
        match there {
            Some((_, fs::Kind::Folder | fs::Kind::Link)) | None => {}
            Some((folder, fs::Kind::File | fs::Kind::Other)) => {
                let shown = paths::relative(world.here, folder);
                return refuse(format!("`{}` is no folder", shown.display()));
            }
        }
        Ok(paths::relative(world.here, &place))
    }

    /// The paths of the new files, and their places.
    fn places(
        &mut self,
        path: &Path,
        place: &Path,
        folder: &Path,
        parts: &[split::Part],
    ) -> Result<Vec<(PathBuf, PathBuf)>, Refused> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Refused::new(path.to_owned(), "its name is no text"))?;
        let own = paths::absolute(self.survey.world.here, path);
        if parts.len() == 1 && self.into.is_none() {
            return Ok(vec![(path.to_owned(), place.to_owned())]);
        }
        let documents: Vec<_> = parts
            .iter()
            .map(|part| (part.number, &part.title))
            .collect();
        let sets = naming::names(&documents, name);
        let placed = |set: Vec<String>| -> Vec<(PathBuf, PathBuf)> {
            let paths = set.into_iter().map(|name| folder.join(name));
            paths
                .map(|path| (path.clone(), self.absolute(&path, &own, place)))
                .collect()
        };
        let sets: Vec<Vec<(PathBuf, PathBuf)>> = sets.into_iter().map(placed).collect();
        let follow = |set: &&Vec<(PathBuf, PathBuf)>| {
            set.iter()
                .all(|(path, _)| self.rule(path) == self.rule(&own))
        };
        let Some(set) = sets.iter().find(follow) else {
            return Err(self.strayed(path, &own, sets.first().map_or(&[], Vec::as_slice)));
        };
        for (new, at) in set {
            self.refuse_taken(path, place, (new, at))?;
        }
        self.taken
            .extend(set.iter().map(|(_, place)| place.clone()));
        Ok(set.clone())
    }

    /// The place of a new file: the old one's where that has its path.
    fn absolute(&self, path: &Path, own: &Path, place: &Path) -> PathBuf {
        let absolute = paths::absolute(self.survey.world.here, path);
        if absolute == own {
            place.to_owned()
        } else {
            absolute
        }
    }

    fn refuse_taken(
        &self,
        path: &Path,
        place: &Path,
        (new, at): (&Path, &Path),
    ) -> Result<(), Refused> {
        let shown = new.display();
        let refuse = |reason: String| {
            let help = "nothing is written over it: move it away, or choose another folder";
            let command = format!("sopsguard split {} --into DIR", argument(path));
            Err(Refused::new(path.to_owned(), reason).helped(Help::new(help).then(command)))
        };
        if at != place && fs::kind(at).is_some() {
            return refuse(format!("`{shown}` is there already"));
        }
        if self.taken.contains(at) {
            return refuse(format!("`{shown}` would come of another file, too"));
        }
        Ok(())
    }

    /// The rule that a file of this path follows, and the configuration that has it.
    fn rule(&self, path: &Path) -> Option<(&'p Path, Option<Choice>)> {
        let place = paths::absolute(self.survey.world.here, path);
        let (config, choice) = configs::choice(&self.survey.configs, &place)?;
        Some((&config.path, choice))
    }

    /// A file whose documents would follow another rule.
    fn strayed(&self, path: &Path, own: &Path, set: &[(PathBuf, PathBuf)]) -> Refused {
        let old = self.rule(own);
        let stray = set.iter().find(|(path, _)| self.rule(path) != old);
        let new = stray.map_or(path, |(path, _)| path);
        let told = |rule: Option<(&Path, Option<Choice>)>| match rule {
            Some((config, Some(Choice::Rule(number)))) => {
                format!("rule {} of `{}`", number + 1, config.display())
            }
            Some(_) | None => "no rule".to_owned(),
        };
        let reason = format!(
            "`{}` would follow {}, and this file follows {}",
            new.display(),
            told(self.rule(new)),
            told(old),
        );
        let help = Help::new(
            "let the `path_regex` of that rule match the new name as well, or choose a folder where it does: who can \
             open the values, and what is encrypted, would change with the next edit",
        );
        let help = help.then(format!("sopsguard explain {}", argument(new)));
        Refused::new(path.to_owned(), reason).helped(help)
    }
}
