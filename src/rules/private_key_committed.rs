//! `private-key-committed`: a private key that whoever reads the repository can take.

use std::path::Path;

use super::{Check, FileContext, Findings, Found, Needs, Rule, remedy};
use crate::finding::{Help, Severity};
use crate::keys::{self, Exposed};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    id: "private-key-committed",
    summary: "a private key stands in a file in clear",
    page: include_str!("../../docs/rules/private-key-committed.md"),
    severity: Severity::Error,
    needs: Needs::Nothing,
    check: Check::File(check),
};

fn check(context: &FileContext<'_>, findings: &mut Findings<'_>) {
    let Some(source) = context.source else {
        return;
    };
    for key in keys::exposed(source.text().as_bytes()) {
        let place = Span::new(key.range.start, key.range.end);
        let found = Found::new(message(&key)).at(place).says(says(&key));
        findings.report(found.help(help(context.path, &key)));
    }
}

fn message(key: &Exposed) -> String {
    let kind = key.kind.name();
    if key.is_encoded {
        format!("{kind} stands here in base64, which anyone can decode")
    } else {
        format!("{kind} stands here in clear")
    }
}

fn says(key: &Exposed) -> String {
    match &key.recipient {
        Some(recipient) => format!(
            "whoever can read the repository can decrypt every file that is encrypted for \
             {recipient}, in every commit"
        ),
        None => "whoever can read the repository can use the key, now and later".to_owned(),
    }
}

fn help(path: &Path, key: &Exposed) -> Help {
    let log = format!("git log --oneline --all -- {}", remedy::word(path));
    let Some(recipient) = &key.recipient else {
        return Help::new(
            "if git ever held it (`git log --all` tells), it stays in the history: make a new key, \
             put it in this one's place wherever that is used, and revoke this one; otherwise taking \
             it out of the file is enough",
        )
        .then(log);
    };
    Help::new(
        "if git never held it (`git log --all` tells), moving the key out of the repository is \
         enough; otherwise it stays in the history: make a new identity outside of the repository, put it where sops looks \
         for keys, give each file its recipient instead while the old one still opens them, and \
         change the values where they are used",
    )
    .then(log)
    .then("age-keygen -o ~/new-age-key.txt")
    .then(format!(
        "sops rotate --in-place --rm-age {recipient} --add-age NEW FILE"
    ))
}
