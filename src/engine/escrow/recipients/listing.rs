//! The policy with the change made.

use std::path::{Path, PathBuf};

use super::super::super::Error;
use super::super::super::audit::{found_recipients, look_for_first};
use super::super::super::rewriting::{Amendment, ChangeOptions, Draft, Plain, Survey};
use super::naming::Meant;
use super::refused;
use crate::config::{FILE_NAME, FirstRecipient};
use crate::environment::Environment;
use crate::fs;
use crate::paths;
use crate::rewrite::policy::{self, Listing};
use crate::rules::RULES;

/// The policy file.
pub(super) struct PolicyFile {
    path: PathBuf,
    place: PathBuf,
    /// What it holds; none where it is not there.
    old: Option<String>,
}

/// What is said of a recipient that is to be listed.
pub(super) struct Said<'s> {
    pub(super) key: &'s str,
    pub(super) meant: &'s Meant,
    pub(super) role: Option<&'s str>,
    pub(super) held_by: &'s [String],
    pub(super) paths: &'s [String],
}

/// The most bytes of a policy.
const MAX_LEN: usize = 1 << 20;

impl PolicyFile {
    /// The one that was named, or that at the root of the repository.
    ///
    /// # Errors
    /// [`Error::NotRead`].
    pub(super) fn read(survey: &Survey<'_>, named: Option<&Path>) -> Result<Self, Error> {
        let here = survey.world.here;
        let place = match named {
            Some(named) => paths::absolute(here, named),
            None => survey.world.ground().root.join(FILE_NAME),
        };
        let path = paths::relative(here, &place);
        let unread = |reason: String| Error::NotRead {
            path: path.clone(),
            reason,
        };
        let old = match fs::kind(&place) {
            None => None,
            Some(_) => {
                let bytes = fs::read(&place, MAX_LEN).map_err(|error| unread(error.to_string()))?;
                let text = String::from_utf8(bytes);
                Some(text.map_err(|_| unread("it is no UTF-8".to_owned()))?)
            }
        };
        Ok(Self { path, place, old })
    }

    /// As reports print it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The text that lists a recipient, too. Where none is listed yet, all that are there are: once one is, every
    /// other is untrusted.
    ///
    /// # Errors
    /// [`Error::Recipients`] where it cannot be edited so.
    pub(super) fn with(
        &self,
        survey: &Survey<'_>,
        environment: &Environment,
        said: &Said<'_>,
        notices: &mut Vec<String>,
    ) -> Result<Option<String>, Error> {
        let new = Listing {
            key: said.key,
            name: said.meant.name.as_deref().unwrap_or_default(),
            role: said.role.filter(|role| *role != "maintainer"),
            paths: said.paths,
            held_by: said.held_by,
        };
        let path = self.path.display();
        if let Some(known) = survey.world.policy.listed(&said.meant.canonical) {
            notices.push(format!(
                "`{path}` lists this key already, as `{}`: what it says there stays",
                known.name
            ));
            return Ok(None);
        }
        let mut others = Vec::new();
        let text = match &self.old {
            Some(text) if survey.world.policy.recipients().next().is_some() => text.clone(),
            Some(text) => {
                let (found, unlisted) = found_recipients(&survey.files, &survey.configs);
                if unlisted > 0 {
                    notices.push(not_listed(&self.path, unlisted));
                    return Ok(None);
                }
                others = named(found, &said.meant.canonical);
                text.clone()
            }
            None => {
                let root = survey.world.ground().root;
                let (mut first, _) = look_for_first(environment, &root)?;
                if first.unlisted > 0 {
                    notices.push(not_listed(&self.path, first.unlisted));
                    return Ok(None);
                }
                others = named(std::mem::take(&mut first.recipients), &said.meant.canonical);
                first.text()
            }
        };
        if !others.is_empty() {
            notices.push(format!(
                "`{path}` listed nobody: it lists all recipients now, because once one is listed every other is untrusted; \
                 look the names and roles through"
            ));
        }
        let others = others.iter().map(|(key, name)| Listing {
            key,
            name,
            ..Listing::default()
        });
        let all: Vec<Listing<'_>> = others.chain([new]).collect();
        let text = policy::list(&text, &all, &ids()).map_err(|error| self.refused(&error))?;
        Ok(Some(text))
    }

    /// The text that does not list a recipient; none where it did not.
    ///
    /// # Errors
    /// [`Error::Recipients`] where it cannot be edited so.
    pub(super) fn without(&self, canonical: &str) -> Result<Option<String>, Error> {
        let Some(old) = &self.old else {
            return Ok(None);
        };
        match policy::strike(old, canonical, &ids()) {
            Ok(text) => Ok(Some(text)),
            Err(policy::Refusal::NotListed) => Ok(None),
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn refused(&self, error: &policy::Refusal) -> Error {
        let reason = format!("`{}`: {error}", self.path.display());
        refused(
            reason,
            "edit the policy by hand first: docs/policy.md says what can stand in it",
        )
    }

    /// Adds the new text to what is written.
    pub(super) fn join(
        self,
        draft: &mut Draft,
        new: String,
        amendment: Amendment,
        options: ChangeOptions,
    ) {
        let mut amendments = vec![amendment];
        if self.old.is_none() {
            amendments.insert(0, Amendment::Created);
        }
        let plain = Plain {
            path: self.path,
            place: self.place,
            old: self.old.map(String::into_bytes),
            new,
            amendments,
        };
        draft.join(plain, options);
    }
}

fn ids() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.id).collect()
}

/// The other recipients with names, as a first policy gives them.
fn named(found: Vec<FirstRecipient>, except: &str) -> Vec<(String, String)> {
    let mut unknown = 0;
    let is_other = |one: &FirstRecipient| {
        let key = crate::sops::KeyName::parse(&one.key);
        key.is_some_and(|key| key.canonical != except)
    };
    let mut name = |name: Option<String>| {
        name.unwrap_or_else(|| {
            unknown += 1;
            format!("unknown {unknown}")
        })
    };
    found
        .into_iter()
        .filter(is_other)
        .map(|one| (one.key, name(one.name)))
        .collect()
}

fn not_listed(path: &Path, unlisted: usize) -> String {
    format!(
        "`{}` lists nobody, and stays so: {unlisted} of the keys that are there cannot be listed, and would be untrusted \
         once another is (`sopsguard audit` shows them)",
        path.display()
    )
}
