//! `init`: a first policy, made of what the repository holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::super::surroundings::{Start, Surroundings};
use super::super::{Error, Report, Request, inputs};
use super::{configs, gather, look_at};
use crate::config::{FILE_NAME, First, FirstRecipient, MAX_NAME, Policy, literal};
use crate::environment::Environment;
use crate::repo::Repo;
use crate::rules::{ConfigFile, FileFacts, RULES};
use crate::sops::KeyName;
use crate::{fs, paths, transaction};

/// A first policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FirstPolicy {
    /// Where it is, or would be, as a report prints it.
    pub path: PathBuf,
    /// The text.
    pub text: String,
    /// How many sops files it was made of.
    pub files: usize,
    /// How many recipients were found that a policy can list.
    pub recipients: usize,
    /// How many of them nobody has given a name.
    pub unnamed: usize,
    /// How many keys were found that a policy cannot list; then none is listed.
    pub unlisted: usize,
    /// Whether the last commit has a policy, from which this one goes on.
    pub had_another: bool,
}

/// Makes a first policy of what the repository holds, and writes it to the root of the repository unless
/// it is `only_told`. What is there is never overwritten, whatever it is.
///
/// # Errors
/// [`Error::NotInRepository`], [`Error::PolicyExists`], [`Error::NotWritten`]; those of
/// [`audit`](super::audit()).
pub fn init(environment: &Environment, only_told: bool) -> Result<FirstPolicy, Error> {
    let here = paths::absolute(environment.current_dir(), Path::new(""));
    let root = match Repo::discover(environment, &here) {
        Some(repo) => repo.work_tree().to_owned(),
        None => return Err(Error::NotInRepository),
    };
    let place = root.join(FILE_NAME);
    let path = paths::relative(&here, &place);
    if !only_told && fs::kind(&place).is_some() {
        return Err(Error::PolicyExists { path });
    }
    let (first, had_another) = look_for_first(environment, &root)?;
    let text = first.text();
    // What this program does not take must not be written.
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    Policy::parse(&text, &rules, &root, &here).map_err(|error| Error::Policy {
        reason: format!("what would be written is none: {}", error.fault),
        help: error.fault.help(),
    })?;
    let not_written = |reason| Error::NotWritten {
        path: path.clone(),
        reason,
    };
    if !only_told {
        transaction::create(&place, text.as_bytes()).map_err(|error| match error {
            transaction::Error::Exists { .. } => Error::PolicyExists { path: path.clone() },
            transaction::Error::Io { source, .. } => not_written(source.to_string()),
            error => not_written(error.to_string()),
        })?;
    }
    Ok(FirstPolicy {
        path,
        text,
        files: first.files,
        recipients: first.recipients.len(),
        unnamed: first.unnamed(),
        unlisted: first.unlisted,
        had_another,
    })
}

/// Looks at the repository, without any key; says, too, whether there was a policy before.
pub(in crate::engine) fn look_for_first(
    environment: &Environment,
    root: &Path,
) -> Result<(First, bool), Error> {
    let request = Request::new(environment);
    Start::of(&request).run(|world, _| {
        let (inputs, _) = inputs::list(Vec::new(), world.scope())?;
        let looked = look_at(&inputs, &request, world)?;
        let facts = gather(looked, &mut Report::default())?.facts;
        let configs = configs::read(&inputs, world);
        let relative = |path: &Path| paths::relative(root, &paths::absolute(world.here, path));
        let names: Vec<PathBuf> = inputs.iter().map(|input| relative(&input.path)).collect();
        let secrets: BTreeSet<PathBuf> = facts.iter().map(|file| relative(&file.path)).collect();
        let (recipients, unlisted) = found_recipients(&facts, &configs);
        let (secret_files, too_many) = shortened(patterns(&names, &secrets));
        let first = First {
            recipients,
            unlisted,
            secret_files,
            too_many,
            files: facts.len(),
        };
        Ok((first, has_before(world)?))
    })
}

/// Whether one of the commits that files are compared with has a policy.
fn has_before(world: Surroundings<'_>) -> Result<bool, Error> {
    let Some(bases) = world.bases else {
        return Ok(false);
    };
    for point in bases.parents().unwrap_or_default() {
        let found = bases
            .commits()
            .behind_links(point.commit, FILE_NAME.as_bytes())?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A key that was found.
#[derive(Default)]
struct Seen {
    shown: String,
    name: Option<String>,
    files: usize,
    in_rules: bool,
}

/// The keys of the files and of the creation rules, those that open most files first; and how many of
/// them a policy cannot list.
pub(in crate::engine) fn found_recipients(
    files: &[FileFacts],
    configs: &[ConfigFile],
) -> (Vec<FirstRecipient>, usize) {
    let mut all: BTreeMap<&str, Seen> = BTreeMap::new();
    for file in files {
        for key in file.distinct_keys() {
            let seen = all.entry(&key.canonical).or_default();
            seen.shown.clone_from(&key.shown);
            seen.files += 1;
        }
    }
    let read = configs
        .iter()
        .filter_map(|config| config.read.as_ref().ok());
    for config in read.clone() {
        let rules = config.rules.iter();
        for key in rules.flat_map(|rule| rule.groups.iter().flatten()) {
            let seen = all.entry(&key.names.canonical).or_default();
            seen.shown.clone_from(&key.names.shown);
            seen.in_rules = true;
        }
    }
    for (canonical, seen) in &mut all {
        let named = read.clone().find_map(|config| config.name_of(canonical));
        seen.name = named.and_then(|named| plain(&named.name));
    }
    let found = all.len();
    let mut recipients: Vec<FirstRecipient> = all
        .into_iter()
        .filter_map(|(canonical, seen)| {
            Some(FirstRecipient {
                key: KeyName::spelling(canonical, &seen.shown)?,
                name: seen.name,
                files: seen.files,
                in_rules: seen.in_rules,
            })
        })
        .collect();
    recipients.sort_by_key(|one| std::cmp::Reverse(one.files));
    let unlisted = found - recipients.len();
    (recipients, unlisted)
}

/// The name as a policy takes it; none where nothing is left of it.
fn plain(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let may_be_private = ["SECRET-KEY", "AGE-PLUGIN", "PRIVATE KEY"];
    if may_be_private.iter().any(|mark| upper.contains(mark)) {
        return None;
    }
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    let plain: String = plain.trim().chars().take(MAX_NAME).collect();
    let plain = plain.trim().to_owned();
    (!plain.is_empty()).then_some(plain)
}

/// The most patterns that are listed.
const MOST: usize = 50;

/// The patterns, or those of them that stand for whole folders where they are too many; and whether they
/// were.
fn shortened(mut patterns: Vec<String>) -> (Vec<String>, bool) {
    let too_many = patterns.len() > MOST;
    if too_many {
        patterns.retain(|pattern| pattern.contains("/**/"));
        patterns.truncate(MOST);
    }
    (patterns, too_many)
}

/// How many encrypted files a folder must have before its others are expected to be so, too.
const ENOUGH: usize = 3;

/// The patterns of the encrypted files whose names do not say that they are: a whole folder where all
/// files of the kind in it are encrypted and there are several or it is called so, else the file.
fn patterns(names: &[PathBuf], secrets: &BTreeSet<PathBuf>) -> Vec<String> {
    // Capital and small letters are the same where a policy names files.
    let lower = |text: &Path| text.to_string_lossy().to_lowercase();
    let mut counts: HashMap<(String, String), (usize, usize)> = HashMap::new();
    for name in names {
        let Some(end) = extension(name) else { continue };
        let is_secret = secrets.contains(name);
        if !is_secret && name.file_name().is_some_and(|name| name == ".sops.yaml") {
            continue;
        }
        for folder in folders(name) {
            let (all, encrypted) = counts
                .entry((lower(folder), end.to_lowercase()))
                .or_default();
            *all += 1;
            *encrypted += usize::from(is_secret);
        }
    }
    let is_called_so = |folder: &Path| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.to_ascii_lowercase().contains("secret"))
    };
    let pattern = |path: &PathBuf| -> Option<String> {
        let folder = extension(path).and_then(|end| {
            let mut folders: Vec<&Path> = folders(path).collect();
            folders.reverse();
            let whole = folders.into_iter().find(|folder| {
                let (all, encrypted) = counts
                    .get(&(lower(folder), end.to_lowercase()))
                    .copied()
                    .unwrap_or_default();
                all == encrypted && (encrypted >= ENOUGH || is_called_so(folder))
            });
            let folder = literal(whole?.to_str()?);
            Some(format!("{folder}/**/*.{}", literal(end)))
        });
        folder.or_else(|| Some(literal(path.to_str()?)))
    };
    let usual = Policy::default();
    let unnamed = secrets.iter().filter(|path| !usual.is_secret_name(path));
    let patterns: BTreeSet<String> = unnamed.filter_map(pattern).collect();
    patterns.into_iter().collect()
}

fn extension(path: &Path) -> Option<&str> {
    path.extension()?.to_str()
}

/// The folders that a file is in, the nearest first, without the root.
fn folders(path: &Path) -> impl Iterator<Item = &Path> {
    let folders = path.ancestors().skip(1);
    folders.take_while(|folder| !folder.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_in_which_all_is_encrypted_become_patterns() {
        let paths = |texts: &[&str]| texts.iter().map(PathBuf::from).collect::<Vec<_>>();
        let secrets = [
            "a/db.enc.yaml",
            "b/secrets/x.yaml",
            "c/1.yaml",
            "c/d/2.yaml",
            "c/d/3.yaml",
            "e/1.json",
            "e/2.json",
            "root.yaml",
            "f[1]/x.yaml",
            "secrets/y",
        ];
        let clear = [
            "b/secrets/x.md",
            "b/y.yaml",
            "c/x.json",
            "e/3.json",
            ".sops.yaml",
            "c/.sops.yaml",
        ];
        let names = paths(&[&secrets[..], &clear[..]].concat());
        let secrets = paths(&secrets).into_iter().collect();
        let found = patterns(&names, &secrets);
        assert_eq!(
            found,
            [
                "b/secrets/**/*.yaml",
                "c/**/*.yaml",
                "e/1.json",
                "e/2.json",
                r"f\[1\]/x.yaml",
                "root.yaml",
                "secrets/y",
            ]
        );
        assert_eq!(patterns(&[], &BTreeSet::new()), [""; 0]);
    }
}
