//! What a command that writes starts from: the secret files of the work tree, each with the rule that it follows.
//! No key is needed for it.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::super::configs;
use super::super::encrypted::{self, Encrypted, Unread, Why};
use super::super::inputs::{self, Content, Input};
use super::super::named::Named;
use super::super::surroundings::Surroundings;
use super::super::watch::Count;
use super::super::{Error, Request, map_all};
use super::opening::broken;
use super::{Refused, Task};
use crate::finding::Help;
use crate::fs::{self, Resolver};
use crate::paths;
use crate::rules::{ConfigFile, FileFacts, Follows, Governed, argument, following};

/// The secret files of a work tree.
pub(in crate::engine) struct Survey<'w> {
    pub(in crate::engine) world: Surroundings<'w>,
    /// All that was listed, sorted by the bytes of the paths.
    inputs: Vec<Input>,
    /// Where those of them lie, behind all links, that are secret files or configurations.
    places: Vec<Option<PathBuf>>,
    /// What the metadata say, sorted by the bytes of the paths.
    pub(in crate::engine) files: Vec<FileFacts>,
    /// What each of them follows.
    governed: Vec<Governed>,
    /// All `.sops.yaml`.
    pub(in crate::engine) configs: Vec<ConfigFile>,
    /// What may be a secret file, or hold some, and was not read.
    unread: Vec<Unread>,
    /// What was named for nothing, a sentence each.
    pub(in crate::engine) notices: Vec<String>,
    named: Named,
    /// Below which files can be changed, behind all links.
    root: Option<PathBuf>,
}

impl<'w> Survey<'w> {
    /// Looks at the whole repository; outside of one at what `request` names.
    ///
    /// # Errors
    /// [`Error::NoSuchPath`], [`Error::Git`], [`Error::Threads`].
    pub(in crate::engine) fn take(
        request: &mut Request<'_>,
        world: Surroundings<'w>,
    ) -> Result<Self, Error> {
        let named = Named::take(request, world)?;
        let (inputs, notices) = inputs::list(named.roots(), world.scope())?;
        let count = Count::new(request.access.watch, "read", inputs.len());
        let read = encrypted::read_counted(&inputs, request.jobs, &count, |sops| {
            FileFacts::of(sops.path, sops.format, sops.source, sops.file, 0)
        });
        drop(count);
        let Encrypted { files, unread } = read?;
        let files: Vec<FileFacts> = files.into_iter().map(|(_, facts)| facts).collect();
        let configs = configs::read(&inputs, world);
        let governed = configs::govern(&files, &configs, world.here);
        let known = files.iter().map(|file| &file.path);
        let known: HashSet<&PathBuf> = known.chain(configs.iter().map(|it| &it.path)).collect();
        let resolver = Resolver::default();
        let places = map_all(&inputs, request.jobs, |input| {
            let is_known = known.contains(&input.path);
            is_known
                .then(|| place_of(input, world, &resolver))
                .flatten()
        })?;
        Ok(Self {
            world,
            places,
            inputs,
            files,
            governed,
            configs,
            unread,
            notices: world.notices(notices),
            named,
            root: fs::resolved(world.root()),
        })
    }

    /// The same for a command that changes files, which it does not where a change before was interrupted.
    ///
    /// # Errors
    /// As of [`Survey::take`]; [`Error::Interrupted`].
    pub(in crate::engine) fn to_write(
        request: &mut Request<'_>,
        world: Surroundings<'w>,
    ) -> Result<Self, Error> {
        world.refuse_interrupted()?;
        Self::take(request, world)
    }

    /// Puts another text in the place of a configuration, as if it were written already.
    pub(in crate::engine) fn reconfigure(&mut self, number: usize, new: ConfigFile) {
        if let Some(old) = self.configs.get_mut(number) {
            *old = new;
            self.governed = configs::govern(&self.files, &self.configs, self.world.here);
        }
    }

    /// What was named and cannot be changed, as nobody knows what it is or holds.
    pub(super) fn unread(&self) -> impl Iterator<Item = Refused> {
        let here = self.world.here;
        let unread = self.unread.iter();
        let unread = unread.filter(move |unread| self.named.has_or_leads_to(here, &unread.path));
        let unread = unread.map(|Unread { path, why }| match why {
            Why::Metadata => broken(path, "sops could not read its metadata".to_owned()),
            Why::System(why) => not_given(path, why),
        });
        unread.chain(self.leading_out())
    }

    /// What was named itself and is a link that leads out, in the order of the paths: of others nothing is known, and
    /// nothing said.
    fn leading_out(&self) -> impl Iterator<Item = Refused> {
        let out = self.inputs.iter().filter(|input| {
            let is_out = matches!(input.content, Content::Outside);
            is_out && self.named.is(self.world.here, &input.path)
        });
        out.map(|input| Refused::new(input.path.clone(), LEADS_OUT))
    }

    /// The configurations that are not read and that count for a file that was named: nobody can tell which rule
    /// it follows.
    pub(in crate::engine) fn unread_configs(&self) -> Vec<Refused> {
        let all = self.files.iter().zip(&self.governed);
        let named = all.filter(|(file, _)| self.is_named(&file.path));
        let nearest: BTreeSet<usize> = named
            .filter_map(|(_, governed)| Some(governed.above.first()?.config))
            .collect();
        let nearest = nearest.into_iter().filter_map(|at| self.configs.get(at));
        let unread = nearest.filter_map(|config| {
            let error = config.read.as_ref().err()?;
            let reason = format!("sops could not load it: {error}");
            let help = Help::new("mend it first: nobody can tell which rule a file follows");
            let help = help.then("sopsguard audit");
            Some(Refused::new(config.path.clone(), reason).helped(help))
        });
        unread.collect()
    }

    /// Whether the user named a file, or a folder above it, or nothing at all.
    pub(in crate::engine) fn is_named(&self, path: &Path) -> bool {
        self.named.has(self.world.here, path)
    }

    /// The files that follow a rule, each with it.
    pub(in crate::engine) fn following(&self) -> impl Iterator<Item = Follows<'_>> {
        following(&self.files, &self.governed, &self.configs)
    }

    /// The place of a file on the disk, absolute and behind all links; none of what a link leads out to.
    pub(in crate::engine) fn place(&self, path: &Path) -> Option<PathBuf> {
        let path = path.as_os_str().as_encoded_bytes();
        let order = |input: &Input| input.path.as_os_str().as_encoded_bytes().cmp(path);
        let at = self.inputs.binary_search_by(order).ok()?;
        let known = self.places.get(at)?.clone();
        known.or_else(|| place_of(self.inputs.get(at)?, self.world, &Resolver::default()))
    }

    /// All that was listed, sorted by the bytes of the paths.
    pub(in crate::engine) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.inputs.iter().map(|input| input.path.as_path())
    }

    /// A task for one of the files.
    ///
    /// # Errors
    /// [`Refused`] where it is a link that leads out, or lies outside.
    pub(in crate::engine) fn task<'s, W>(
        &self,
        facts: &'s FileFacts,
        what: W,
    ) -> Result<Task<'s, W>, Refused> {
        let place = self.place_to_write(&facts.path)?;
        Ok(Task { facts, place, what })
    }

    /// The place of a file that is to be changed.
    ///
    /// # Errors
    /// [`Refused`] where it is a link that leads out, or lies outside.
    pub(in crate::engine) fn place_to_write(&self, path: &Path) -> Result<PathBuf, Refused> {
        let refuse = |reason: &str| Refused::new(path.to_owned(), reason);
        let place = self.place(path);
        let place = place.ok_or_else(|| refuse(LEADS_OUT))?;
        if self
            .root
            .as_ref()
            .is_some_and(|root| !place.starts_with(root))
        {
            let reason = "it lies outside of what a change can keep safe: the repository, or the current folder";
            let help = Help::new("go there, or start there with `sopsguard -C DIR`");
            return Err(refuse(reason).helped(help));
        }
        Ok(place)
    }

    /// A task for each file that was named, and why some have none.
    pub(in crate::engine) fn tasks(&self) -> (Vec<Task<'_, ()>>, Vec<Refused>) {
        let named = self.files.iter().filter(|file| self.is_named(&file.path));
        let (mut tasks, mut refused) = (Vec::new(), Vec::new());
        for facts in named {
            match self.task(facts, ()) {
                Ok(task) => tasks.push(task),
                Err(why) => refused.push(why),
            }
        }
        (tasks, refused)
    }
}

/// Why nothing is written through a link.
const LEADS_OUT: &str = "it is a link that leads out of the folder";

fn place_of(input: &Input, world: Surroundings<'_>, resolver: &Resolver) -> Option<PathBuf> {
    match &input.content {
        Content::Disk(place) => {
            let found = resolver.resolve(&paths::absolute(world.here, place));
            found.ok().map(|(place, _)| place)
        }
        Content::Blob(_) | Content::Given(_) | Content::Outside | Content::Lost(_) => None,
    }
}

/// A file or a folder that the system does not give.
fn not_given(path: &Path, why: &str) -> Refused {
    let help = Help::new(
        "it may be a secret file, or hold some: see to it that it can be read, name the paths that are to change, or \
         leave it out by `exclude` in `.sopsguard.toml`",
    );
    let help = help.then(format!("ls -ld -- {}", argument(path)));
    Refused::new(path.to_owned(), why).helped(help)
}
