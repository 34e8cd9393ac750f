//! All that a rule about the repository may see, and where it puts what it finds.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{
    Covered, Departed, Deployed, FileContext, FileFacts, Findings, Found, MAX_FINDINGS, Places,
    Ruled, Values, remedy,
};
use crate::config::creation::{self, Choice, CreationRule, RuleKey, SopsConfig};
use crate::config::{Day, FILE_NAME, Policy};
use crate::finding::Finding;
use crate::keys::IdentityFile;
use crate::rules::Rule;
use crate::source::{Part, Source, Span};

/// All files and the configuration.
pub(crate) struct RepoContext<'a> {
    /// The sops files, sorted by the bytes of their paths.
    pub(crate) files: &'a [FileFacts],
    /// All `.sops.yaml`, sorted by the bytes of their paths.
    pub(crate) configs: &'a [ConfigFile],
    /// Files of other names that say what a `.sops.yaml` would, sorted likewise.
    pub(crate) misnamed: &'a [ConfigFile],
    /// For each of the files what it follows.
    pub(crate) governed: &'a [Governed],
    /// All files there are, as reports print them, sorted by bytes.
    pub(crate) names: &'a [PathBuf],
    /// The same, absolute.
    pub(crate) places: &'a Places,
    /// What manifests bring into a cluster.
    pub(crate) deployed: &'a Deployed,
    /// What the user has settled.
    pub(crate) policy: &'a Policy,
    /// The file of the policy, where there is one.
    pub(crate) policy_file: Option<(&'a Path, &'a Source)>,
    /// The files in which sops would look for identities here, as far as they are there.
    pub(crate) key_files: &'a [IdentityFile],
    /// What is told of, absolute: all below these; everything where there are none.
    pub(crate) told: &'a [PathBuf],
    /// The day of the run, where that is known.
    pub(crate) today: Option<Day>,
    /// The current folder, absolute, which the paths start from.
    pub(crate) here: &'a Path,
    /// The files that somebody can open no more, where histories were searched.
    pub(crate) departed: &'a [Departed],
    /// What was found by comparing values, where they were.
    pub(crate) values: &'a Values,
    /// All `.sops.yaml` that sops loads; filled when the first rule asks.
    pub(crate) ruled: OnceLock<Vec<Ruled<'a>>>,
    /// Which of their rules are out of reach, in this order; likewise.
    pub(crate) covered: OnceLock<Vec<Vec<Covered>>>,
}

impl<'a> RepoContext<'a> {
    /// A key of a file as findings name it: as it is printed, and as it is called: by the policy, else by the
    /// nearest `.sops.yaml` above the file that has a name for it, else by any.
    pub(in crate::rules) fn name_of(&self, canonical: &str, shown: &str, file: &Path) -> String {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_owned();
        let of_file = self
            .files
            .binary_search_by_key(&bytes(file), |facts| bytes(&facts.path));
        let above = of_file.ok().and_then(|at| self.governed.get(at));
        let above = above.into_iter().flat_map(|governed| &governed.above);
        let above = above.filter_map(|above| self.configs.get(above.config));
        let in_configs = above.chain(self.configs).find_map(|config| {
            let read = config.read.as_ref().ok()?;
            Some(read.name_of(canonical)?.name.as_str())
        });
        told_key(shown, self.policy.name_of(canonical).or(in_configs))
    }

    /// A key of a creation rule as findings name it.
    pub(in crate::rules) fn name_in(&self, config: &Ruled<'_>, key: &RuleKey) -> String {
        let canonical = &key.names.canonical;
        let in_config = || Some(config.read.name_of(canonical)?.name.as_str());
        let called = self.policy.name_of(canonical).or_else(in_config);
        told_key(&key.names.shown, called)
    }

    /// Whether the file is one of those that are looked at.
    pub(in crate::rules) fn has(&self, path: &Path) -> bool {
        let wanted = path.as_os_str().as_encoded_bytes();
        let names = self.names;
        names
            .binary_search_by(|name| name.as_os_str().as_encoded_bytes().cmp(wanted))
            .is_ok()
    }

    /// How the policy is called: as reports print it, or as it would be called.
    pub(in crate::rules) fn policy_name(&self) -> &Path {
        self.policy_file
            .map_or(Path::new(FILE_NAME), |(path, _)| path)
    }

    /// Whether a `.sops.yaml` is the nearest one above any sops file. One that is not may be a template,
    /// from which another program makes the configuration that sops reads.
    pub(in crate::rules) fn is_nearest_to_any(&self, config: &ConfigFile) -> bool {
        let nearest = self.governed.iter().filter_map(|of| of.above.first());
        nearest
            .filter_map(|above| self.configs.get(above.config))
            .any(|nearest| std::ptr::eq(nearest, config))
    }

    /// The files that follow a rule, each with it.
    pub(crate) fn following(&self) -> impl Iterator<Item = Follows<'a>> + use<'a> {
        following(self.files, self.governed, self.configs)
    }
}

/// A key in a sentence, and whose it is.
pub(in crate::rules) fn told_key(shown: &str, called: Option<&str>) -> String {
    let key = remedy::cut(shown, MAX_KEY);
    match called {
        // Brackets in brackets are hard to read.
        Some(name) if name.contains(['(', ')']) => format!("`{key}` (\"{name}\")"),
        Some(name) => format!("`{key}` ({name})"),
        None => format!("`{key}`"),
    }
}

/// The most characters of a key that are told: a post-quantum one has two thousand.
const MAX_KEY: usize = 100;

/// A `.sops.yaml`.
pub(crate) struct ConfigFile {
    /// The path as reports print it.
    pub(crate) path: PathBuf,
    /// The folder that it lies in, absolute.
    pub(crate) folder: PathBuf,
    pub(crate) source: Source,
    /// What it says, or why sops refuses to load it.
    pub(crate) read: Result<SopsConfig, creation::Error>,
    /// What may be shown of it; filled when the first finding needs it.
    pub(crate) parts: OnceLock<Vec<Part>>,
}

impl ConfigFile {
    /// Where a rule of it is pointed at: at its `path_regex`, or at its first line.
    pub(in crate::rules) fn place(&self, rule: &CreationRule) -> Span {
        if let Some(regex) = &rule.path_regex {
            return regex.span;
        }
        let rest = self.source.text().get(rule.span.range());
        let line = rest.unwrap_or_default().lines().next().unwrap_or_default();
        let start = rule.span.start();
        Span::new(start, start + line.trim_end().len())
    }

    /// What may be shown of it; nothing of one that sops refuses to load.
    fn parts(&self) -> Option<&[Part]> {
        let config = self.read.as_ref().ok()?;
        let parts = self
            .parts
            .get_or_init(|| creation::shown(&self.source, config));
        (!parts.is_empty()).then_some(parts)
    }
}

/// What a file follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Governed {
    /// The `.sops.yaml` on the way up from the file, the nearest first, which counts.
    pub(crate) above: Vec<Above>,
    /// What the nearest makes of the file; none where there is none, or sops refuses to load it.
    pub(crate) choice: Option<Choice>,
}

/// A `.sops.yaml` on the way up from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Above {
    /// Which of them.
    pub(crate) config: usize,
    /// The file's path from its folder, with `/`, as sops matches it.
    pub(crate) relative: Vec<u8>,
}

/// A file and the rule that it follows.
#[derive(Clone)]
pub(crate) struct Follows<'a> {
    pub(crate) file: &'a FileFacts,
    pub(crate) config: &'a ConfigFile,
    /// The number of the rule, from 0.
    pub(crate) number: usize,
    pub(crate) rule: &'a CreationRule,
}

/// The files that follow a rule, each with it; `governed` says what each of them follows.
pub(crate) fn following<'a>(
    files: &'a [FileFacts],
    governed: &'a [Governed],
    configs: &'a [ConfigFile],
) -> impl Iterator<Item = Follows<'a>> + use<'a> {
    let files = files.iter().zip(governed);
    files.filter_map(move |(file, governed)| {
        let Some(Choice::Rule(number)) = governed.choice else {
            return None;
        };
        let config = configs.get(governed.above.first()?.config)?;
        let rule = config.read.as_ref().ok()?.rules.get(number)?;
        Some(Follows {
            file,
            config,
            number,
            rule,
        })
    })
}

/// A rule that could not decide something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undecided {
    /// The rule's id.
    pub(crate) rule: &'static str,
    /// The file.
    pub(crate) path: PathBuf,
    /// What was lacking, in a word.
    pub(crate) reason: String,
}

/// The findings of one rule on all files.
pub(crate) struct RepoFindings<'a> {
    rule: &'a Rule,
    found: &'a mut Vec<Finding>,
    undecided: &'a mut Vec<Undecided>,
}

impl<'a> RepoFindings<'a> {
    /// Collects what `rule` finds into `found`, and what it cannot say into `undecided`.
    pub(crate) fn new(
        rule: &'a Rule,
        found: &'a mut Vec<Finding>,
        undecided: &'a mut Vec<Undecided>,
    ) -> Self {
        Self {
            rule,
            found,
            undecided,
        }
    }

    /// Adds what was found in the file that reports call `path`, of which no text is kept: it stands
    /// at a position.
    pub(in crate::rules) fn report(&mut self, path: &Path, found: Found) {
        self.report_in(&FileContext::of_text(path, None), found);
    }

    /// Adds what was found in a text, such as a configuration, which may stand at a span.
    pub(in crate::rules) fn report_at(&mut self, path: &Path, source: &Source, found: Found) {
        self.report_in(&FileContext::of_text(path, Some(source)), found);
    }

    /// Adds what was found in a configuration, which is shown as far as it holds no secrets.
    pub(in crate::rules) fn report_in_config(&mut self, config: &ConfigFile, found: Found) {
        let mut file = FileContext::of_text(&config.path, Some(&config.source));
        file.shown = config.parts();
        self.report_in(&file, found);
    }

    /// Adds what is found of the rules of each configuration that sops loads, as far as that goes.
    pub(in crate::rules) fn report_of_rules(
        &mut self,
        context: &RepoContext<'_>,
        found: impl Fn(&Ruled<'_>, usize, &CreationRule) -> Option<Found>,
    ) {
        for ruled in context.ruled() {
            let rules = ruled.rules();
            let found = rules.filter_map(|(at, rule)| found(ruled, at, rule));
            for found in found.take(MAX_FINDINGS) {
                self.report_in_config(ruled.config, found);
            }
        }
    }

    /// Adds what was found in a file of which all is known.
    pub(in crate::rules) fn report_in(&mut self, file: &FileContext<'_>, found: Found) {
        Findings::new(self.rule, file, self.found).report(found);
    }

    /// Adds that the rule cannot decide about a file, for this reason.
    pub(in crate::rules) fn cannot_decide(&mut self, path: &Path, reason: impl Into<String>) {
        self.undecided.push(Undecided {
            rule: self.rule.id,
            path: path.to_owned(),
            reason: reason.into(),
        });
    }
}
