//! Which key is meant: by itself, or by what the policy or a `.sops.yaml` calls it. What was typed is never
//! shown unless it is public: a private key may have been pasted.

use std::collections::BTreeMap;

use super::super::super::Error;
use super::super::super::recipients::Keyholder;
use super::super::super::rewriting::Survey;
use super::refused;
use crate::config::{MAX_NAME, is_same_name};
use crate::keys::{self, Flaw, Recipient};
use crate::sops::{self, KeyKind, KeyName};

/// A key that is meant.
pub(super) struct Meant {
    /// The name by which keys are compared.
    pub(super) canonical: String,
    /// As reports show it.
    pub(super) shown: String,
    /// What it is called.
    pub(super) name: Option<String>,
}

impl Meant {
    /// Its name where it has one, else the key.
    pub(super) fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.shown)
    }

    /// As a plan shows it.
    pub(super) fn holder(&self, role: Option<&str>) -> Keyholder {
        Keyholder {
            kind: sops::kind_of(KeyKind::Age, &self.shown),
            key: self.shown.clone(),
            name: self.name.clone(),
            role: role.map(str::to_owned),
            held_by: Vec::new(),
        }
    }
}

/// Reads a new recipient.
///
/// # Errors
/// [`Error::Recipients`] where it is none.
pub(super) fn new_key(text: &str, name: &str) -> Result<Meant, Error> {
    refuse_private(text)?;
    refuse_private(name)?;
    let name = name.trim();
    let is_name =
        !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    if !is_name {
        let reason = format!("a name is a line of at most {MAX_NAME} characters");
        return Err(refused(
            reason,
            "say whose the key is: `--name \"lab escrow\"`",
        ));
    }
    let text = text.trim();
    if let Some(flaw) = Recipient::parse(text).flaw() {
        let reason = format!("this is no recipient that age takes: it {flaw}");
        let help =
            "recipients of age are added: `age1…`, `ssh-ed25519 …` or `ssh-rsa …`; copy it again";
        return Err(refused(reason, help));
    }
    let key =
        KeyName::parse(text).ok_or_else(|| refused("this is no recipient", "copy it again"))?;
    Ok(Meant {
        canonical: key.canonical,
        shown: key.shown,
        name: Some(name.to_owned()),
    })
}

/// Finds the recipient that is meant: its key, or its name.
///
/// # Errors
/// [`Error::Recipients`] where none or several have that name.
pub(super) fn known_key(text: &str, survey: &Survey<'_>) -> Result<Meant, Error> {
    refuse_private(text)?;
    let text = text.trim();
    let policy = survey.world.policy;
    let configs = survey.configs.iter();
    let read = configs.filter_map(|config| config.read.as_ref().ok());
    if let Some(key) = KeyName::parse(text) {
        let of_config = |config: &crate::config::creation::SopsConfig| {
            let named = config.name_of(&key.canonical)?;
            Some(named.name.clone())
        };
        let name = policy.name_of(&key.canonical).map(str::to_owned);
        return Ok(Meant {
            name: name.or_else(|| read.clone().find_map(of_config)),
            canonical: key.canonical,
            shown: key.shown,
        });
    }
    let listed = policy.recipients();
    let listed = listed.filter(|one| is_same_name(&one.name, text));
    let listed = listed.map(|one| {
        (
            one.key.canonical.clone(),
            (one.key.shown.clone(), &one.name),
        )
    });
    let mut found: BTreeMap<String, (String, &String)> = listed.collect();
    if found.is_empty() {
        let named = read.flat_map(|config| &config.names);
        let named = named.filter(|one| is_same_name(&one.name, text));
        found.extend(named.map(|one| (one.canonical.clone(), (one.shown.clone(), &one.name))));
    }
    let help = "`sopsguard recipients` shows all of them";
    match found.len() {
        0 => Err(refused("no recipient has this key or this name", help)),
        1 => {
            let found = found.pop_first();
            let (canonical, (shown, name)) =
                found.ok_or_else(|| refused("no recipient has this name", help))?;
            let name = Some(name.clone());
            Ok(Meant {
                canonical,
                shown,
                name,
            })
        }
        count => {
            let keys: Vec<&str> = found.values().map(|(key, _)| key.as_str()).collect();
            let reason = format!("{count} recipients have this name: {}", keys.join(", "));
            Err(refused(reason, "give the key"))
        }
    }
}

fn refuse_private(text: &str) -> Result<(), Error> {
    let flaw = Recipient::parse(text).flaw();
    let known = match &flaw {
        Some(Flaw::PrivateKey(public)) => public.as_deref(),
        Some(Flaw::PluginIdentity) => None,
        _ if keys::may_be_exposed(text.as_bytes()) => None,
        _ => return Ok(()),
    };
    let help = match known {
        Some(public) => format!(
            "the recipient that belongs to it is `{public}`; the key has been on a command line now: think about a new one"
        ),
        None => "give the recipient, its public half; the key has been on a command line now: think about a new one"
            .to_owned(),
    };
    Err(refused("this is a private key, and is not shown", help))
}
