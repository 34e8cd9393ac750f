//! What only sops can do: encrypt to keys of PGP and of cloud services, and open what no age identity opens. The
//! installed `sops updatekeys` works on a copy of a file beside a copy of its `.sops.yaml`; what it made counts only
//! where it changed nothing but the keys, and these are those of the rule.
//!
//! The copies hold what the file holds, encrypted. sops finds keys as it always does: by the variables of the
//! environment, in the user's folders, by way of gpg and of cloud services.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::MAX_FILE_LEN;
use super::super::others::decode;
use super::super::watch::Count;
use super::opening::broken;
use super::{Amendment, ChangeOptions, Draft, FileChange, Keys, Refused, Survey, Task, difference};
use crate::apply::{NewText, Proof};
use crate::change::{Change, Version};
use crate::document::Document;
use crate::environment::Environment;
use crate::finding::Help;
use crate::fs;
use crate::keys;
use crate::paths;
use crate::process::{self, Ended, Program};
use crate::rules::{FileFacts, Follows, argument};
use crate::sops::SopsFile;
use crate::source::{Source, SourceId};
use crate::transaction::Copies;

/// A file that follows a rule and is to get the keys of that.
pub(in crate::engine) trait Follower {
    /// The rule.
    fn follows(&self) -> &Follows<'_>;
    /// What changes then.
    fn amendments(&self) -> &[Amendment];
    /// Whether another number of key groups is to be needed, as the rule says and sops leaves alone.
    fn has_threshold(&self) -> bool;
}

/// The sops that is installed.
struct Sops<'e> {
    environment: &'e Environment,
    time: Duration,
    is_alone: bool,
    version: String,
}

/// The oldest sops that takes all that it is told here.
const OLDEST: [u64; 3] = [3, 9, 3];
/// Up to how many files are named in a command.
const MAX_NAMED: usize = 3;
/// The most bytes that it may print.
const MAX_OUTPUT: usize = 1 << 20;
/// The most characters of its complaint that are shown.
const MAX_COMPLAINT: usize = 1000;

impl Draft {
    /// Lets sops do what was refused because only it can.
    pub(in crate::engine) fn by_sops<W: Follower>(
        &mut self,
        tasks: &[Task<'_, W>],
        survey: &Survey<'_>,
        keys: &Keys<'_, '_>,
        options: ChangeOptions,
    ) {
        let (wanted, refused) = std::mem::take(&mut self.refused)
            .into_iter()
            .partition(|refused| refused.with_sops);
        self.refused = refused;
        let wanted: Vec<Refused> = wanted;
        if wanted.is_empty() {
            return;
        }
        let of_path: HashMap<&Path, &Task<'_, W>> =
            tasks.iter().map(|task| (task.path(), task)).collect();
        let help = "install sops, or put it into `PATH`; `--skip-refused` leaves the file out";
        let sops = Sops::find(keys).map_err(|why| (why, Some(Help::new(help))));
        let ready = sops.and_then(|sops| {
            let home = survey
                .world
                .home()
                .map_err(|error| (error.to_string(), None))?;
            let copies = Copies::make(&home).map_err(|error| (error.to_string(), None))?;
            Ok((sops, copies))
        });
        let (sops, copies) = match ready {
            Ok(ready) => ready,
            Err((why, help)) => {
                let refused = wanted.into_iter().map(|refused| Refused {
                    reason: format!("{}; `--with-sops`: {why}", refused.reason),
                    help: help.clone(),
                    ..refused
                });
                self.refused.extend(refused);
                return;
            }
        };
        let count = Count::new(keys.access.watch, "changed by sops", wanted.len());
        for (number, refused) in wanted.into_iter().enumerate() {
            let Some(task) = of_path.get(refused.path.as_path()) else {
                self.refused.push(refused);
                continue;
            };
            match sops.change(task, &copies, number, survey.world.here, options) {
                Ok(Some((change, text))) => self.put(change, text),
                Ok(None) => self.unchanged += 1,
                Err(refused) => self.refused.push(refused),
            }
            count.one();
        }
    }
}

impl Draft {
    /// Names the option where only sops can do it.
    pub(in crate::engine) fn name_sops(&mut self) {
        let files = self.refused.iter().filter(|refused| refused.with_sops);
        let files: Vec<String> = files.map(|refused| argument(&refused.path)).collect();
        let mut command = "sopsguard updatekeys --with-sops".to_owned();
        if files.len() <= MAX_NAMED {
            files
                .iter()
                .for_each(|file| command.extend([" ", file.as_str()]));
        }
        let shut = self.refused.iter_mut().filter(|refused| refused.with_sops);
        for refused in shut {
            let help = refused.help.take();
            let help =
                help.unwrap_or_else(|| Help::new("let sops do it, with access to those keys"));
            refused.help = Some(help.then(&*command));
        }
    }
}

impl<'e> Sops<'e> {
    /// The one in `PATH`.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    fn find(keys: &Keys<'_, 'e>) -> Result<Self, String> {
        let mut sops = Self {
            environment: keys.environment,
            time: keys.access.time,
            is_alone: keys.access.ask.is_none(),
            version: String::new(),
        };
        let told = sops.run(["--disable-version-check", "--version"].map(OsString::from));
        let told = told.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        let version = text.lines().find_map(|line| line.strip_prefix("sops "));
        let version = version.and_then(|line| line.split_whitespace().next());
        let Some((version, numbers)) = version.and_then(|text| Some((text, numbers(text)?))) else {
            return Err("the `sops` in `PATH` does not tell its version".to_owned());
        };
        if numbers < OLDEST {
            let [major, minor, patch] = OLDEST;
            return Err(format!(
                "sops {version} is too old: {major}.{minor}.{patch} or a later one is needed"
            ));
        }
        version.clone_into(&mut sops.version);
        Ok(sops)
    }

    /// What sops makes of one file; none where it leaves it as it is.
    fn change<W: Follower>(
        &self,
        task: &Task<'_, W>,
        copies: &Copies,
        number: usize,
        here: &Path,
        options: ChangeOptions,
    ) -> Result<Option<(FileChange, Arc<NewText>)>, Refused> {
        let path = task.path();
        let old =
            fs::read(&task.place, MAX_FILE_LEN).map_err(|error| broken(path, error.to_string()))?;
        let new = self.updated(task, copies, number, here, &old)?;
        let text = accepted(task, old.clone(), new)?;
        if text.as_bytes() == old {
            return Ok(None);
        }
        let mut amendments = task.what.amendments().to_vec();
        amendments.push(Amendment::BySops {
            version: self.version.clone(),
        });
        let diff = match std::str::from_utf8(&old) {
            Ok(old) if options.with_diff => difference::between(old, &text),
            Ok(_) | Err(_) => Vec::new(),
        };
        let format = task.facts.format;
        let change = FileChange {
            path: path.to_owned(),
            amendments,
            diff,
        };
        let text = NewText {
            place: task.place.clone(),
            path: path.to_owned(),
            old: Some(old),
            new: text,
            proof: match options.even_if_unverified {
                true => Proof::Opens(format),
                false => Proof::Verifies(format),
            },
            like: None,
        };
        Ok(Some((change, Arc::new(text))))
    }

    /// The bytes of the file after `sops updatekeys` changed a copy of it.
    fn updated<W: Follower>(
        &self,
        task: &Task<'_, W>,
        copies: &Copies,
        number: usize,
        here: &Path,
        old: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        let path = task.path();
        let refuse = |reason: String| Refused::new(path.to_owned(), reason);
        if task.what.has_threshold() {
            let reason = "`sops updatekeys` has no way to change how many key groups are needed";
            let help = Help::new("leave out `--apply-threshold`");
            return Err(refuse(reason.to_owned()).helped(help));
        }
        let config = task.what.follows().config;
        let named = paths::absolute(here, path);
        // sops chooses the rule by the path from the folder of the configuration.
        let below = named.strip_prefix(&config.folder).map_err(|_| {
            refuse("it does not lie below the folder of its `.sops.yaml`".to_owned())
        })?;
        let root = Path::new(&number.to_string()).join("copy");
        let put = |inside: &Path, bytes: &[u8]| {
            let put = copies.put(&root.join(inside), bytes);
            put.map_err(|error| refuse(error.to_string()))
        };
        let rules = put(Path::new(".sops.yaml"), config.source.bytes())?;
        let copy = put(below, old)?;
        let mut arguments: Vec<OsString> = vec!["--config".into(), rules.clone().into()];
        let kind = task.facts.format.name();
        arguments.extend(["updatekeys", "--yes", "--input-type", kind].map(OsString::from));
        arguments.push(copy.clone().into());
        let ended = self.run(arguments);
        let ended = ended.map_err(|error| refuse(error.to_string()))?;
        if ended.code != Some(0) {
            let folder = rules.parent().unwrap_or(&rules);
            return Err(self.failed(path, &ended, folder));
        }
        fs::read(&copy, MAX_FILE_LEN)
            .map_err(|_| refuse("sops left nothing where its copy was".to_owned()))
    }

    /// Runs it where the user is: its variables may name files from there.
    fn run(&self, arguments: impl IntoIterator<Item = OsString>) -> Result<Ended, process::Error> {
        let program = Program {
            name: "sops",
            arguments: arguments.into_iter().collect(),
            directory: self.environment.current_dir(),
            environment: self.environment,
            variables: &[],
            stdin: Vec::new(),
            limit: MAX_OUTPUT,
            time: self.time,
            is_alone: self.is_alone,
        };
        program.run()
    }

    /// What sops complained about.
    fn failed(&self, path: &Path, ended: &Ended, folder: &Path) -> Refused {
        let said = complaint(&ended.stderr, folder);
        let how = match ended.code {
            Some(code) => format!("exit code {code}"),
            None => "a signal".to_owned(),
        };
        let reason = format!("sops {} refused ({how}): {said}", self.version);
        let help = Help::new(
            "it needs a key that opens the file now, and access to each key that is to open it",
        );
        let command = format!("sops updatekeys {}", argument(path));
        Refused::new(path.to_owned(), reason).helped(help.then(command))
    }
}

/// The text that sops made, where nothing but the keys is another.
fn accepted<W: Follower>(
    task: &Task<'_, W>,
    old: Vec<u8>,
    new: Vec<u8>,
) -> Result<String, Refused> {
    let path = task.path();
    let format = task.facts.format;
    let refuse = |what: &str| {
        let reason = format!("what sops made of it is not taken: {what}");
        Refused::new(path.to_owned(), reason)
    };
    let id = SourceId::WorkTree(path.to_owned());
    let (Some(source), None) = decode(id.clone(), new, format) else {
        return Err(refuse("it is no text"));
    };
    let unread = || refuse("it cannot be read");
    let document = Document::parse(&source, format).map_err(|_| unread())?;
    let file = SopsFile::of(&document).map_err(|_| unread())?;
    let file = file.ok_or_else(unread)?;
    if !follows(task, &source, &file) {
        return Err(refuse("its keys are not those of the rule"));
    }
    let before = Version::read(id, old, format);
    let before = before.map_err(|_| broken(path, "sops could not read it".to_owned()))?;
    let after = Version::of(&file).map_err(|_| refuse("it is too large to be compared"))?;
    if changes_values(&Change::between(&before, &after)) {
        return Err(refuse("more than its keys would change"));
    }
    Ok(source.text().to_owned())
}

/// Whether a text has the keys that the rule names.
fn follows<W: Follower>(task: &Task<'_, W>, source: &Source, file: &SopsFile<'_>) -> bool {
    let facts = FileFacts::of(task.path(), task.facts.format, source, file, 0);
    let follows = Follows {
        file: &facts,
        ..task.what.follows().clone()
    };
    !follows.key_drift().is_some()
}

/// Whether anything is another that is no key: a value, the order of values, the MAC, the selectors, or an
/// encrypted comment.
fn changes_values(change: &Change<'_>) -> bool {
    let comments = change.comments();
    change.differences().next().is_some()
        || !change.documents().is_unchanged()
        || !change.is_same_to_the_mac()
        || change.has_mac_of_other_time()
        || change.has_other_selectors()
        || comments.removed_tokens > 0
        || !comments.copied.is_empty()
}

/// What a program said, in one line, without the names of its copies.
fn complaint(said: &[u8], folder: &Path) -> String {
    if keys::may_be_exposed(said) {
        return "what it said looks like a private key, and is not shown".to_owned();
    }
    let folder = format!("{}/", folder.display());
    let text = String::from_utf8_lossy(said).replace(&folder, "");
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.contains("Syncing keys for file"));
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() {
        return "it did not say why".to_owned();
    }
    let line = lines.join(" ");
    match line.char_indices().nth(MAX_COMPLAINT) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// The numbers of a version, such as `3.13.3` or `3.10.0-rc.1`.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let version = version.trim_start_matches('v');
    let plain = version.split(['-', '+']).next()?;
    let mut parts = plain.split('.').map(|part| part.parse().ok());
    let mut next = || parts.next().flatten();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, expected) in [
            ("3.13.3", Some(true)),
            ("3.9.3", Some(true)),
            ("3.9.2", Some(false)),
            ("v4.0.0-rc.1", Some(true)),
            ("3.8", None),
            ("latest", None),
        ] {
            let is_new = numbers(version).map(|numbers| numbers >= OLDEST);
            assert_eq!(is_new, expected, "{version}");
        }
    }

    #[test]
    fn a_complaint_names_no_copies_and_shows_no_key() {
        let folder = Path::new("/repo/.git/sopsguard/copies/0/copy");
        let said = format!(
            "2026/11/22 Syncing keys for file {0}/a.yaml\nno key for\n {0}/a.yaml\n",
            folder.display()
        );
        assert_eq!(complaint(said.as_bytes(), folder), "no key for a.yaml");
        assert_eq!(complaint(b" \n", folder), "it did not say why");
        let key = format!("bad key AGE-SECRET-KEY-1{}", "Q".repeat(58));
        assert!(!complaint(key.as_bytes(), folder).contains("QQ"));
        assert!(
            complaint("ü".repeat(9000).as_bytes(), folder)
                .chars()
                .count()
                < 1100
        );
    }
}
