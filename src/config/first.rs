//! The text of a first policy, made of what a repository holds.

use std::fmt::Write;

use super::settings::USUAL_SECRETS;

/// What a first policy is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct First {
    /// The keys that are to be listed, in the order in which they are.
    pub(crate) recipients: Vec<FirstRecipient>,
    /// How many keys there are beside them that a policy cannot list.
    pub(crate) unlisted: usize,
    /// Patterns of the files that are encrypted and have no name that says so.
    pub(crate) secret_files: Vec<String>,
    /// Whether there are more than are listed.
    pub(crate) too_many: bool,
    /// How many sops files there are.
    pub(crate) files: usize,
}

/// A key that was found.
#[derive(Clone, Debug)]
pub(crate) struct FirstRecipient {
    /// The key, in a form in which a policy takes it.
    pub(crate) key: String,
    /// What `.sops.yaml` calls it.
    pub(crate) name: Option<String>,
    /// In how many files it is.
    pub(crate) files: usize,
    /// Whether a creation rule names it.
    pub(crate) in_rules: bool,
}

impl First {
    /// The text: what was found, and for what was not found an example.
    pub(crate) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        self.write_secret_files(&mut text);
        text.push_str(MIDDLE);
        if self.recipients.is_empty() {
            text.push_str(NOBODY);
        } else {
            self.write_recipients(&mut text);
        }
        text.push_str(END);
        text
    }

    fn write_secret_files(&self, text: &mut String) {
        if self.too_many {
            text.push_str(TOO_MANY);
        }
        if self.secret_files.is_empty() {
            text.push_str(USUAL_SECRET_FILES);
            return;
        }
        text.push_str("secret-files = [\n");
        let found = self.secret_files.iter().map(String::as_str);
        for pattern in USUAL_SECRETS.into_iter().chain(found) {
            let _ = writeln!(text, "    {},", quoted(pattern));
        }
        text.push_str("]\n");
    }

    fn write_recipients(&self, text: &mut String) {
        let mark = if self.unlisted == 0 { "" } else { "# " };
        text.push_str(SOMEBODY);
        if self.unlisted > 0 {
            let _ = write!(
                text,
                "# {} of the keys that were found cannot be listed",
                self.unlisted
            );
            text.push_str(UNLISTED);
        }
        let mut unknown = 0;
        for recipient in &self.recipients {
            let _ = write!(text, "\n{mark}[[recipient]]\n");
            let key = quoted(&recipient.key);
            let _ = writeln!(text, "{mark}key = {key} # {}", self.places(recipient));
            match &recipient.name {
                Some(name) => {
                    let _ = writeln!(text, "{mark}name = {} # as in .sops.yaml", quoted(name));
                    let role = guess(name);
                    if role != "maintainer" {
                        let _ = writeln!(text, "{mark}role = \"{role}\" # a guess, from the name");
                    }
                }
                None => {
                    unknown += 1;
                    let _ = writeln!(text, "{mark}name = \"unknown {unknown}\" # whose is it?");
                }
            }
        }
    }

    /// Where a key was found.
    fn places(&self, recipient: &FirstRecipient) -> String {
        let files = format!("in {} of {} files", recipient.files, self.files);
        match (recipient.files, recipient.in_rules) {
            (0, _) => "in .sops.yaml, and in no file".to_owned(),
            (_, true) => format!("{files}, and in .sops.yaml"),
            (_, false) => format!("{files}, and not in .sops.yaml"),
        }
    }

    /// How many keys nobody has given a name.
    pub(crate) fn unnamed(&self) -> usize {
        let unnamed = self.recipients.iter().filter(|one| one.name.is_none());
        unnamed.count()
    }
}

const HEAD: &str = "\
# The policy of this repository for sopsguard: what should be encrypted, and who may decrypt it.
#
# It was made of what the repository holds, which nobody has decided: look it through. Every key can be
# left out. `sopsguard init --schema` prints a JSON Schema for editors.

# How many keys must be lost before a file can no longer be decrypted.
min-recipients = 2

# The names of files that should be encrypted, beside those that sops has encrypted already.
";

const TOO_MANY: &str = "\
# More files are encrypted than are worth listing one by one. It helps to give them names that say so.
";

const USUAL_SECRET_FILES: &str = "\
# secret-files = [\"**/*.enc.*\", \"**/*.sops.*\"]
";

const MIDDLE: &str = "
# What is not looked at, even where it is named.
# exclude = [\"testdata\"]

# How old the last proof may be that an escrow key is there and opens the files.
escrow-proof-max-age = \"180d\"
";

const SOMEBODY: &str = "
# Who may decrypt. Once a key is listed, every other is an error (`untrusted-recipient`). What can be
# said of each:
#   role = \"escrow\"                        kept for the day when all others are gone; or \"machine\",
#                                          \"maintainer\" (the default)
#   paths = [\"apps/wiki/**\"]               the files that it may decrypt; all where nothing is said
#   held-by = [\"laptop\", \"cluster wiki\"]   where copies of the private key are
#   proved = 2026-11-22                    when somebody last proved that it opens the files
";

const UNLISTED: &str = ": they are none,
# or in a form that names no key. So nobody is listed yet: that would make an error of each of them.
# `sopsguard audit` shows where they are. Mend these first, then take the marks off.
";

const NOBODY: &str = "
# Who may decrypt. Once a key is listed, every other is an error (`untrusted-recipient`).
#
# [[recipient]]
# key = \"age1…\"
# name = \"lab escrow\"
# role = \"escrow\"                        # or \"maintainer\", \"machine\"
# paths = [\"apps/wiki/**\"]               # the files that it may decrypt; all where nothing is said
# held-by = [\"safe\"]                     # where copies of the private key are
# proved = 2026-11-22                    # when somebody last proved that it opens the files
";

const END: &str = "
# How much the findings of a rule matter: \"error\", \"warning\", \"note\" or \"off\". `sopsguard rules` lists them.
#
# [rules]
# single-recipient = \"error\"

# Findings that are known and accepted.
#
# [[ignore]]
# rule = \"single-recipient\"
# path = \"sandbox/**\"
# reason = \"throw-away cluster\"
";

/// The role that a name tells of.
fn guess(name: &str) -> &'static str {
    const MACHINES: [&str; 12] = [
        "argo", "argocd", "bot", "ci", "cluster", "flux", "github", "gitlab", "machine", "prod",
        "runner", "server",
    ];
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    if name.contains("escrow") {
        "escrow"
    } else if words.any(|word| MACHINES.contains(&word)) {
        "machine"
    } else {
        "maintainer"
    }
}

/// Whether a text, as that of a place where a key is kept, tells of a machine.
pub(crate) fn names_machine(text: &str) -> bool {
    guess(text) == "machine"
}

/// A text as a string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() || is_invisible(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character shows nothing, and can change how others show.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The path of a file as a pattern that matches nothing else.
pub(crate) fn literal(path: &str) -> String {
    let mut pattern = String::new();
    for c in path.chars() {
        if "*?[]{}\\!".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Policy;

    const ADA: &str = "age18j75m3wustk3rv29qg94mjtqj8yjkqsdf9eg50gyh3ksmv4qr9ks505taf";
    const BOB: &str = "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du";

    fn recipient(key: &str, name: Option<&str>) -> FirstRecipient {
        FirstRecipient {
            key: key.to_owned(),
            name: name.map(str::to_owned),
            files: 1,
            in_rules: true,
        }
    }

    fn parsed(text: &str) -> Policy {
        let root = Path::new("/r");
        Policy::parse(text, &[], root, root).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let odd = "a \\ \"b\" # 'c' [[x]] \u{202e}x";
        let first = First {
            recipients: vec![recipient(ADA, Some(odd)), recipient(BOB, None)],
            unlisted: 0,
            too_many: true,
            secret_files: vec![literal("a [1]/b*.yaml"), literal("é\u{7f}/{x}!.json")],
            files: 2,
        };
        let policy = parsed(&first.text());
        let names: Vec<&str> = policy.recipients().map(|one| &one.name[..]).collect();
        assert_eq!(names, [odd, "unknown 1"]);
        assert_eq!(first.unnamed(), 1);
        for (path, expected) in [
            ("a [1]/b*.yaml", true),
            ("a 1/b*.yaml", false),
            ("a [1]/bc.yaml", false),
            ("é\u{7f}/{x}!.json", true),
            ("x.enc.yaml", true),
        ] {
            assert_eq!(policy.is_secret_name(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn without_recipients_and_with_those_that_cannot_be_listed_nobody_is() {
        let listed = First {
            recipients: vec![recipient(ADA, Some("x"))],
            unlisted: 1,
            ..First::default()
        };
        for first in [First::default(), listed] {
            let mut policy = parsed(&first.text());
            assert!(!policy.lists_recipients());
            let looser = policy.go_on_from(vec![parsed("")], |_| unreachable!());
            assert!(looser.is_empty(), "{looser:?}");
        }
    }

    #[test]
    fn the_examples_are_right_once_their_marks_are_gone() {
        let text = First::default().text();
        let lines = text.lines().filter(|line| !line.contains('`'));
        let lines = lines.map(|line| {
            let example = line.strip_prefix("# ").unwrap_or(line);
            let is_code = example.starts_with(['[', '"']) || example.contains(" = ");
            if is_code && line != "#" { example } else { "" }
        });
        let text: Vec<&str> = lines.collect();
        let text = text.join("\n").replace("age1…", ADA);
        let text = text.replace("single-recipient", "x");
        let root = Path::new("/r");
        let policy = Policy::parse(&text, &["x"], root, root);
        let policy = policy.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        assert!(policy.lists_recipients());
    }

    #[test]
    fn roles_are_guessed_from_whole_words() {
        for (name, expected) in [
            ("alice", "maintainer"),
            ("lab_escrow", "escrow"),
            ("Escrow", "escrow"),
            ("cluster-wiki", "machine"),
            ("lucia", "maintainer"),
            ("CI", "machine"),
        ] {
            assert_eq!(guess(name), expected, "{name}");
        }
    }
}
