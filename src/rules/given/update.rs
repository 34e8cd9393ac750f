//! How a file comes to follow its rule: which `.sops.yaml` that is, and the commands, which name it wherever
//! sops would find another one.

use std::path::Path;

use super::{ConfigFile, FileContext, FileFacts, Follows, Governed, KeyFacts, RepoContext, remedy};
use crate::config::creation::{Choice, CreationRule, RuleKey};
use crate::document::Format;
use crate::finding::Help;
use crate::sops::Quorum;

impl<'a> RepoContext<'a> {
    /// The place of a path among the files.
    fn place_of(&self, path: &Path) -> Option<usize> {
        let path = path.as_os_str().as_encoded_bytes();
        let order = |known: &FileFacts| known.path.as_os_str().as_encoded_bytes().cmp(path);
        self.files.binary_search_by(order).ok()
    }

    /// The file of this path.
    pub(super) fn file(&self, path: &Path) -> Option<&'a FileFacts> {
        self.files.get(self.place_of(path)?)
    }

    /// What one of the files follows.
    fn governed_of(&self, file: &FileFacts) -> Option<&'a Governed> {
        self.governed.get(self.place_of(&file.path)?)
    }

    /// The `.sops.yaml` that is nearest to one of the files.
    pub(in crate::rules) fn config_of(&self, file: &FileFacts) -> Option<&'a ConfigFile> {
        let nearest = self.governed_of(file)?.above.first()?;
        self.configs.get(nearest.config)
    }

    /// One of the files with the rule that it follows.
    pub(in crate::rules) fn follows<'s>(&'s self, file: &'s FileFacts) -> Option<Follows<'s>> {
        let Some(Choice::Rule(number)) = self.governed_of(file)?.choice else {
            return None;
        };
        let config = self.config_of(file)?;
        let rule = config.read.as_ref().ok()?.rules.get(number)?;
        Some(Follows {
            file,
            config,
            number,
            rule,
        })
    }

    /// How the `.sops.yaml` of a file is called in words: the nearest, or the one that it is to get.
    pub(in crate::rules) fn config_name(&self, file: &FileFacts) -> String {
        let path = self.config_of(file).map(|config| config.path.as_path());
        remedy::word(path.unwrap_or(Path::new(".sops.yaml")))
    }

    /// The command that gives a file the keys of its rule.
    pub(in crate::rules) fn updatekeys(&self, file: &FileFacts) -> String {
        let command = format!("updatekeys {}", remedy::argument(&file.path));
        match self.is_of_age(file) {
            true => format!("sopsguard {command}"),
            false => self.sops_by(file, &command),
        }
    }

    /// What the command is called that gives a file the keys of its rule.
    pub(in crate::rules) fn updatekeys_name(&self, file: &FileFacts) -> &'static str {
        match self.is_of_age(file) {
            true => "sopsguard updatekeys",
            false => "sops updatekeys",
        }
    }

    /// The help with the commands that give these files the keys of their rule; where sops has to do it, the first few of them.
    pub(in crate::rules) fn then_updatekeys(&self, help: Help, files: &[&FileFacts]) -> Help {
        let (ours, others): (Vec<&FileFacts>, Vec<&FileFacts>) =
            files.iter().partition(|file| self.is_of_age(file));
        let help = match ours.as_slice() {
            [] => help,
            files if files.len() > MOST_FILES => help.then("sopsguard updatekeys"),
            files => help.then(remedy::ours("updatekeys", files)),
        };
        let others = others.into_iter().take(MOST_FILES);
        others.fold(help, |help, file| help.then(self.updatekeys(file)))
    }

    /// The help with the commands that give these files a new data key, once they have the keys of their rule.
    pub(in crate::rules) fn then_rotate(&self, help: Help, files: &[&FileFacts]) -> Help {
        let files = files.iter().take(MOST_FILES);
        let (ours, others): (Vec<&FileFacts>, Vec<&FileFacts>) =
            files.partition(|file| self.can_be_rotated(file));
        let help = match ours.as_slice() {
            [] => help,
            files => help.then(remedy::ours("rotate", files)),
        };
        others.into_iter().fold(help, |help, file| {
            help.then(format!(
                "sops rotate --in-place {}",
                remedy::argument(&file.path)
            ))
        })
    }

    /// The help with the commands that give a file a new data key; first the keys of its rule, where it has others.
    pub(in crate::rules) fn then_rotate_text(&self, help: Help, text: &FileContext<'_>) -> Help {
        let file = self.file(text.path);
        let file = file.filter(|_| Format::of_path(text.path) == text.format);
        let Some(file) = file.filter(|file| self.can_be_rotated(file)) else {
            return help.then(remedy::sops("rotate --in-place", text));
        };
        let strays = |follows: Follows<'_>| follows.key_drift().is_some();
        match self.follows(file).is_some_and(strays) {
            true => self.then_rotate(help.then(self.updatekeys(file)), &[file]),
            false => self.then_rotate(help, &[file]),
        }
    }

    /// Whether a file comes to follow its rule without sops. One without a rule is to get one like others.
    fn is_of_age(&self, file: &FileFacts) -> bool {
        match self.follows(file) {
            Some(follows) => follows.is_of_age(),
            None => file.is_of_age(),
        }
    }

    /// Whether a file that follows its rule gets a new data key without sops: its keys are all age's.
    fn can_be_rotated(&self, file: &FileFacts) -> bool {
        self.is_of_age(file) && file.is_of_age()
    }

    /// How to encrypt a file anew by its `.sops.yaml`, for the reason `text`.
    pub(in crate::rules) fn encrypt_anew(&self, text: impl Into<String>, file: &FileFacts) -> Help {
        Help::new(text).then(self.anew(file))
    }

    /// How to give a file the threshold of its rule, too, where the rule is meant; `before` and `else_` are what the sentence
    /// begins and ends with.
    pub(in crate::rules) fn apply_threshold(
        &self,
        before: &str,
        else_: &str,
        file: &FileFacts,
    ) -> Help {
        if !self.can_be_rotated(file) {
            let text = format!("{before}: encrypt the file anew where the rule is meant, {else_}");
            return self.encrypt_anew(text, file);
        }
        let text =
            format!("{before}: where the rule is meant, give the file its threshold, {else_}");
        let command = format!(
            "sopsguard updatekeys --apply-threshold {}",
            remedy::argument(&file.path)
        );
        Help::new(text).then(command)
    }

    /// The help with that command for the first few of these files.
    pub(in crate::rules) fn then_anew(&self, help: Help, files: &[&FileFacts]) -> Help {
        let files = files.iter().take(MOST_FILES);
        files.fold(help, |help, file| help.then(self.anew(file)))
    }

    /// How to take a key out of a file. `before` is the sentence that this goes on with.
    pub(in crate::rules) fn removal(&self, before: &str, file: &FileFacts, key: &KeyFacts) -> Help {
        let name = remedy::argument(&file.path);
        let config = self.config_name(file);
        let by_rule = |first: &str| {
            Help::new(format!(
                "{before} {first}; then let the file follow it, give the file a new data key, and change the \
                 values at their source"
            ))
        };
        let is_it = |canonical: &str| canonical == key.canonical;
        if let Some(follows) = self.follows(file) {
            let groups = || follows.rule.groups.iter();
            let is_in = |group: &Vec<RuleKey>| group.iter().any(|of| is_it(&of.names.canonical));
            let is_all = |group: &Vec<RuleKey>| group.iter().all(|of| is_it(&of.names.canonical));
            let first = match follows.rule_first() {
                Some(first) => return by_rule(&format!("{first}, and leave this key out of it")),
                None if groups().any(|group| is_in(group) && is_all(group)) => format!(
                    "put another key into its place in the creation rule in `{config}`, where it is alone in its group"
                ),
                None if groups().any(is_in) => {
                    format!("take it out of the creation rule in `{config}`")
                }
                None => format!("leave it out of the creation rule in `{config}`, as it is"),
            };
            let help = by_rule(&first).then(self.updatekeys(file));
            return self.then_rotate(help, &[file]);
        }
        let is_alone = |group: &Vec<KeyFacts>| group.iter().all(|of| is_it(&of.canonical));
        match option(key).filter(|_| !file.groups.iter().any(is_alone)) {
            Some(option) => Help::new(format!(
                "{before} take it out of the file, which gets a new data key, and change the values at their source"
            ))
            .then(format!("sops rotate --in-place {option} {name}")),
            None => {
                let first = format!("give the file a creation rule in `{config}` that names other keys");
                let help = by_rule(&first).then(self.updatekeys(file));
                self.then_rotate(help, &[file])
            }
        }
    }

    fn anew(&self, file: &FileFacts) -> String {
        let config = self.config_of(file).map(|config| config.path.as_path());
        remedy::anew(config.unwrap_or(Path::new(".sops.yaml")), &file.path)
    }

    fn sops_by(&self, file: &FileFacts, command: &str) -> String {
        match self.config_of(file) {
            Some(config) => remedy::sops_by(&config.path, command),
            None => format!("sops {command}"),
        }
    }
}

/// The option of `sops rotate` that takes a key out; none where the key is not fit to be printed.
fn option(key: &KeyFacts) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/_.-+=".contains(&byte);
    let option = key.kind.removal()?;
    let is_word = !key.shown.is_empty() && key.shown.bytes().all(plain);
    is_word.then(|| format!("{option} {}", key.shown))
}

/// How many files get a command of their own.
const MOST_FILES: usize = 3;

impl Follows<'_> {
    /// How many keys a file of the rule can lose at least, once it follows it: see
    /// [`Quorum::bus_factor`].
    pub(in crate::rules) fn bus_factor_by_rule(&self) -> usize {
        let groups = &self.rule.groups;
        let count = i64::try_from(groups.len()).unwrap_or(i64::MAX);
        let kept = self.file.threshold.as_ref().map(|(kept, _)| *kept);
        let kept = kept.filter(|kept| *kept != 0).unwrap_or(count);
        let names = groups
            .iter()
            .map(|group| group.iter().map(|key| key.names.canonical.as_str()));
        Quorum::new(names, Some(kept.min(count)))
            .bus_factor()
            .count()
    }

    /// What is to be mended in the rule before any file follows it: what would need several keys
    /// together by an accident.
    pub(crate) fn rule_first(&self) -> Option<String> {
        is_accidental(self.rule).then(|| {
            let count = self.rule.groups.len();
            format!(
                "mend the rule first: it makes {count} key groups of one key each, and a file that follows it \
                 takes all {count} keys together (`accidental-key-groups`)"
            )
        })
    }
}

/// Whether the rule has several groups of one key each, and nothing says that all are to be needed: who
/// sets a threshold knows what groups are.
pub(in crate::rules) fn is_accidental(rule: &CreationRule) -> bool {
    rule.threshold() == 0 && has_lone_groups(&rule.groups)
}

/// Whether there are several groups, and one key in each.
pub(in crate::rules) fn has_lone_groups<K>(groups: &[Vec<K>]) -> bool {
    groups.len() > 1 && groups.iter().all(|group| group.len() == 1)
}
