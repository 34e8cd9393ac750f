//! `invalid-recipient`: what stands in a creation rule as a key is none, or is a private one.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ptr;

use super::{
    Check, ConfigFile, FileFacts, Found, Governed, MAX_FINDINGS, Needs, RepoContext, RepoFindings,
    Rule, not_encrypted,
};
use crate::config::creation::{Choice, KeyFault, Oddity, Strange};
use crate::finding::{Help, Severity};
use crate::keys::{Flaw, Recipient};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "invalid-recipient",
    summary: "a rule of `.sops.yaml` names a recipient that is none, or a private key",
    page: include_str!("../../docs/rules/invalid-recipient.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::Repo(check),
};

fn check(context: &RepoContext<'_>, findings: &mut RepoFindings<'_>) {
    for config in context.configs {
        let Ok(read) = &config.read else { continue };
        let mut seen = HashSet::new();
        let is_template = OnceCell::new();
        let is_template = || *is_template.get_or_init(|| !context.is_nearest_to_any(config));
        let bad = read
            .oddities
            .iter()
            .filter_map(|oddity| match &oddity.what {
                Strange::BadKey {
                    field,
                    fault,
                    defined,
                } => Some((oddity, *field, fault, *defined)),
                _ => None,
            });
        // Aliases lead to one text from many rules.
        let each = bad
            .filter(|(.., defined)| seen.insert(*defined))
            .filter(|(.., defined)| !(is_placeholder(config, *defined) && is_template()));
        for (oddity, field, fault, defined) in each.take(MAX_FINDINGS) {
            let mut found = found(config, oddity, (field, fault), defined);
            if let KeyFault::Age(Flaw::PrivateKey(recipient)) = fault {
                let files = followers(context, config, oddity.rule);
                found = found.help(leaked(context, recipient.as_deref(), &files));
            }
            findings.report_in_config(config, found);
        }
    }
}

/// Whether `${KEY}` or `{{ key }}` stands where a recipient belongs. sops fills in neither; another program may.
fn is_placeholder(config: &ConfigFile, defined: Span) -> bool {
    let text = config.source.text().get(defined.range());
    text.is_some_and(|text| not_encrypted::is_filled(text.as_bytes()))
}

fn found(
    config: &ConfigFile,
    oddity: &Oddity,
    (field, fault): (&str, &KeyFault),
    defined: Span,
) -> Found {
    let (message, says, help) = match fault {
        KeyFault::Age(flaw) => (message(flaw), says(flaw), help(flaw)),
        KeyFault::HcKms
        | KeyFault::Azure
        | KeyFault::Vault
        | KeyFault::Empty
        | KeyFault::Unsure => (
            format!("this key of `{field}` is none: {fault}"),
            REFUSED,
            Help::new("write it as the service that keeps the key shows it, then look again")
                .then(AGAIN),
        ),
    };
    let found = Found::new(message).says(says).help(help);
    let text = config.source.text().get(defined.range());
    let is_public = text.is_some_and(|text| Recipient::parse(text).is_public());
    // Where a private key ends would tell its length.
    let found = if is_public {
        found.at(defined)
    } else {
        found.at_clear(defined)
    };
    if oddity.span == defined {
        return found;
    }
    found.related(
        config.source.position(oddity.span.start()),
        "a rule uses it here",
    )
}

const REFUSED: &str =
    "sops does nothing with the files of the rule: `sops encrypt` and `sops updatekeys` fail";
const REVEALED: &str = "whoever can read this file has the key, and so has all of its history in git; sops refuses \
                        the rule, and its error message shows the key whole";
const AGAIN: &str = "sopsguard audit";
const NEW_KEY: &str = "age-keygen -o ~/new-age-key.txt";

fn message(flaw: &Flaw) -> String {
    match flaw {
        Flaw::PrivateKey(_) => "a private key stands where a recipient belongs".to_owned(),
        flaw => format!("this recipient is none: it {flaw}"),
    }
}

fn says(flaw: &Flaw) -> &'static str {
    match flaw {
        Flaw::PrivateKey(_) => REVEALED,
        _ => REFUSED,
    }
}

fn help(flaw: &Flaw) -> Help {
    let text = match flaw {
        // Its help needs the files of the rule.
        Flaw::PrivateKey(_) => return Help::default(),
        Flaw::Empty => "take out the comma that is too many",
        Flaw::PluginIdentity => {
            "write the recipient instead, which begins with `age1`: the plugin printed it beside the identity"
        }
        Flaw::Spaced => {
            "put commas between recipients, or make a list of them; in quotes and behind `>-` a `#` begins no \
             comment"
        }
        Flaw::UpperCase => "write it in lower case",
        Flaw::Character(..) | Flaw::Length | Flaw::Checksum => {
            "copy it anew, whole, from whoever holds the key; `age-keygen` prints it there"
        }
        Flaw::PluginName | Flaw::Unknown => {
            "sops takes `age1…`, `ssh-ed25519 …` and `ssh-rsa …` here; a name stands for a recipient only as a \
             YAML alias (`*name`)"
        }
        Flaw::SshType(_) | Flaw::WeakRsa(_) => {
            "take an age recipient, an `ssh-ed25519` key, or an `ssh-rsa` key of 2048 bits or more; an age key is \
             made by"
        }
        Flaw::SshKey | Flaw::Undecided => {
            "copy the line of the `.pub` file anew, whole: the type and the key in base64"
        }
    };
    let help = Help::new(text);
    let help = match flaw {
        Flaw::Character(..) | Flaw::Length | Flaw::Checksum => help.then("age-keygen -y KEYFILE"),
        Flaw::SshType(_) | Flaw::WeakRsa(_) => help.then(NEW_KEY),
        _ => help,
    };
    help.then(AGAIN)
}

/// The files for which sops comes to a stop at the rule, or follows it.
fn followers<'a>(
    context: &RepoContext<'a>,
    config: &ConfigFile,
    number: Option<usize>,
) -> Vec<&'a FileFacts> {
    let is_of = |governed: &Governed| {
        let nearest = governed.above.first();
        let nearest = nearest.and_then(|above| context.configs.get(above.config));
        let chosen = match governed.choice {
            Some(Choice::Rule(rule) | Choice::Refused { rule, .. }) => Some(rule),
            _ => None,
        };
        chosen.is_some()
            && chosen == number
            && nearest.is_some_and(|nearest| ptr::eq(nearest, config))
    };
    let files = context.files.iter().zip(context.governed);
    files
        .filter(|(_, governed)| is_of(governed))
        .map(|(file, _)| file)
        .collect()
}

fn leaked(context: &RepoContext<'_>, recipient: Option<&str>, files: &[&FileFacts]) -> Help {
    let public = match recipient {
        Some(recipient) => format!("its recipient is `{recipient}`"),
        None => "`age-keygen -y` tells its recipient".to_owned(),
    };
    let help = Help::new(format!(
        "take it for known to others: make another key, put the recipient that this prints in its place ({public}), \
         then give every file of the rule its new keys and a new data key, and change the values"
    ))
    .then(NEW_KEY);
    let help = context.then_updatekeys(help, files);
    context.then_rotate(help, files)
}
