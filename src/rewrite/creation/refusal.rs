//! Why a configuration is not edited.

/// Why a recipient is not added or taken out. The configuration is as it was. Rules and groups are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("sops does not take this file")]
    Unreadable,
    #[error("it is written in UTF-16, and only UTF-8 is edited")]
    Transcoded,
    #[error("there is no rule {}: it has {count}", .rule + 1)]
    NoSuchRule { rule: usize, count: usize },
    #[error("sops refuses rule {}: {fault}", .rule + 1)]
    Refused { rule: usize, fault: String },
    #[error("rule {} has {groups} key groups", .rule + 1)]
    ManyGroups { rule: usize, groups: usize },
    #[error("rule {} has no key group {}: it has {groups}", .rule + 1, .group + 1)]
    NoSuchGroup {
        rule: usize,
        group: usize,
        groups: usize,
    },
    #[error("it is the last key of rule {}", .rule + 1)]
    LastOfRule { rule: usize },
    #[error("it is the last key of group {} of rule {}", .group + 1, .rule + 1)]
    LastOfGroup { rule: usize, group: usize },
    /// What is written once counts for a rule that was not chosen, too.
    #[error("the keys of rule {} are written in a place that rules use which were not chosen", .rule + 1)]
    Shared { rule: usize },
    #[error("the keys of rule {} are written in a way that is not edited here", .rule + 1)]
    NoWay { rule: usize },
    /// Rules of `recreation_rule` are told by their lines, from 1.
    #[error(
        "the `recreation_rule` in line {line} names it, too, in a way that is not edited here, or names nobody else"
    )]
    Recreation { line: usize },
    #[error("more than {most} rules would have to be changed one by one")]
    TooMany { most: usize },
}

impl Refusal {
    /// The rule that it is about.
    pub(crate) fn rule(&self) -> Option<usize> {
        match self {
            Self::NoSuchRule { rule, .. }
            | Self::Refused { rule, .. }
            | Self::ManyGroups { rule, .. }
            | Self::NoSuchGroup { rule, .. }
            | Self::LastOfRule { rule }
            | Self::LastOfGroup { rule, .. }
            | Self::Shared { rule }
            | Self::NoWay { rule } => Some(*rule),
            Self::Unreadable
            | Self::Transcoded
            | Self::Recreation { .. }
            | Self::TooMany { .. } => None,
        }
    }

    /// What to do about it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Unreadable => "`sopsguard audit` shows what is wrong with it",
            Self::Transcoded => "save it as UTF-8, without a byte order mark",
            Self::NoSuchRule { .. } => "rules are counted from 1, in the order of the file",
            Self::Refused { .. } => "mend the rule first: `sopsguard audit` shows where",
            Self::ManyGroups { .. } => {
                "say which with `--group N`, counted from 1: a file opens with enough groups, and any key opens its group"
            }
            Self::NoSuchGroup { .. } => "groups are counted from 1, in the order of the file",
            Self::LastOfRule { .. } | Self::LastOfGroup { .. } => {
                "without it nobody could open new files: add another recipient first, with `sopsguard escrow add-recipient`"
            }
            Self::Shared { .. } => {
                "choose all of them, or write the keys of the rule out where it stands"
            }
            Self::Recreation { .. } => {
                "`sops publish` encrypts to its keys: take it out there by hand first, or add another recipient there"
            }
            Self::NoWay { .. } | Self::TooMany { .. } => {
                "edit `.sops.yaml` by hand, then let the files follow: `sopsguard updatekeys`"
            }
        }
    }
}
