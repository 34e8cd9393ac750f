//! The keys of a policy file: what each is called, what it is for, and which shape it has.
//!
//! The reader takes from here what it knows, and the JSON Schema is made of nothing else.

/// One key of a table.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What it says, in a sentence or two for whoever writes a policy.
    pub(super) what: &'static str,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

/// What can stand behind a key.
pub(super) enum Shape {
    /// A whole number from one to a thousand.
    Count,
    /// A length of time.
    Days,
    /// A day.
    Date,
    /// A text that says something.
    Text,
    /// A name: a short text in one line.
    Name,
    /// Some of them.
    Names,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The id of a rule that can be ignored.
    Rule,
    /// A pattern of paths.
    Pattern,
    /// Some of them.
    Patterns,
    /// A public key.
    PublicKey,
    /// Levels by rule.
    Levels,
    /// Tables with these keys.
    Tables(&'static [Key]),
}

/// The most that [`Shape::Count`] can be.
pub(super) const MAX_COUNT: i64 = 1_000;

/// The most characters of a [`Shape::Name`].
pub(crate) const MAX_NAME: usize = 80;

/// The words for the levels of a rule.
pub(super) const LEVELS: [&str; 4] = ["error", "warning", "note", "off"];

/// The keys of the file.
pub(super) const POLICY: [Key; 7] = [
    optional(
        "min-recipients",
        "How many recipients must be lost before a file can no longer be decrypted. Where it takes \
         fewer, `single-recipient` warns. 2 where nothing is said.",
        Shape::Count,
    ),
    optional(
        "secret-files",
        "Patterns of the names of files that should be encrypted, beside what sops's metadata in a \
         file says. `**/*.enc.*` and `**/*.sops.*` where nothing is said.",
        Shape::Patterns,
    ),
    optional(
        "exclude",
        "Patterns of what is not looked at, even where it is named. One that matches a folder covers \
         all below it.",
        Shape::Patterns,
    ),
    optional(
        "escrow-proof-max-age",
        "How old the last proof may be that an escrow key is there and opens the files: days, weeks \
         or years, such as \"180d\", \"26w\" or \"1y\". Where nothing is said, no proofs are asked for.",
        Shape::Days,
    ),
    optional(
        "recipient",
        "A recipient: a key that may decrypt files. Where any is listed, all others are \
         `untrusted-recipient`.",
        Shape::Tables(&RECIPIENT),
    ),
    optional(
        "rules",
        "How much the findings of a rule matter, by its id.",
        Shape::Levels,
    ),
    optional(
        "ignore",
        "Findings that are known and accepted.",
        Shape::Tables(&IGNORE),
    ),
];

/// The keys of a `[[recipient]]`.
pub(super) const RECIPIENT: [Key; 6] = [
    required(
        "key",
        "The public key, in the form in which sops takes it: an age or SSH recipient, a PGP \
         fingerprint, or the ARN, resource or URL of a key in a KMS or vault.",
        Shape::PublicKey,
    ),
    required("name", "Whom or what the key belongs to.", Shape::Name),
    optional(
        "role",
        "What the key is for: `escrow` is kept for the day when all others are gone, `maintainer` is \
         a person's, `machine` a cluster's or a job's. `maintainer` where nothing is said.",
        Shape::Word(&["escrow", "maintainer", "machine"]),
    ),
    optional(
        "paths",
        "Patterns of the files that the key may decrypt; all where nothing is said.",
        Shape::Patterns,
    ),
    optional(
        "held-by",
        "Where copies of the private key are, so that they can be found when it is to go.",
        Shape::Names,
    ),
    optional(
        "proved",
        "The day on which somebody last proved that the private key is there and opens the files.",
        Shape::Date,
    ),
];

/// The keys of an `[[ignore]]`.
pub(super) const IGNORE: [Key; 3] = [
    required("rule", "The id of the rule.", Shape::Rule),
    required("path", "A pattern of the files.", Shape::Pattern),
    required(
        "reason",
        "Why it is accepted, for whoever reads it next year.",
        Shape::Text,
    ),
];

/// The names of keys.
pub(super) fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.name).collect()
}

const fn optional(name: &'static str, what: &'static str, shape: Shape) -> Key {
    Key {
        name,
        what,
        shape,
        is_required: false,
    }
}

const fn required(name: &'static str, what: &'static str, shape: Shape) -> Key {
    Key {
        name,
        what,
        shape,
        is_required: true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::recipients::Role;
    use super::*;

    #[test]
    fn the_roles_are_those_that_are_read() {
        let role = RECIPIENT.iter().find(|key| key.name == "role").unwrap();
        let Shape::Word(words) = role.shape else {
            panic!("a role is a word");
        };
        assert_eq!(words, Role::ALL.map(Role::name));
    }
}
