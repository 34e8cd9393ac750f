//! Why files were not put in place.

use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was put in place. Whatever was there is there still, except as [`Error::Interrupted`] says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A link on the way leads out of the repository.
    #[error("`{}` leads out of the repository by a link", path.display())]
    LeadsOut { path: PathBuf },
    /// It lies in git's own folder, or in that of the journal.
    #[error("`{}` is in git's folder", path.display())]
    InGit { path: PathBuf },
    /// Something that is no file lies there.
    #[error("`{}` is not a file", path.display())]
    NotAFile { path: PathBuf },
    /// It was to be removed, and is a link.
    #[error("`{}` is a symbolic link, and only files are removed", path.display())]
    IsLink { path: PathBuf },
    /// Something lies there, where nothing was to be.
    #[error("`{}` is there already", path.display())]
    Exists { path: PathBuf },
    /// It is not what it was when it was read, or is gone.
    #[error("`{}` was changed by somebody else in the meantime", path.display())]
    Changed { path: PathBuf },
    /// Two changes are of one file.
    #[error("`{}` would be written twice", path.display())]
    Twice { path: PathBuf },
    /// The file or folder may not be written.
    #[error("`{}` is read-only", path.display())]
    ReadOnly { path: PathBuf },
    /// The disk has too little room for the new files beside the old ones.
    #[error("the disk of `{}` has room for {free} bytes, and {needed} are needed", folder.display())]
    NoSpace {
        folder: PathBuf,
        needed: u64,
        free: u64,
    },
    /// Somebody else is writing.
    #[error("another sopsguard is writing here{}", of_process(*process))]
    Locked { process: Option<u32> },
    /// A transaction was interrupted, and is to be finished or undone: one before, or this one, for the
    /// reason that is given.
    #[error("{}", interruption(why.as_deref()))]
    Interrupted { why: Option<Box<Self>> },
    /// What a transaction left behind cannot be trusted or used.
    #[error("the journal `{}` {fault}", path.display())]
    Journal { path: PathBuf, fault: Fault },
    /// The system refused.
    #[error("`{}` cannot be written: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// What is wrong with a journal.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Fault {
    /// It is not as it was written.
    #[error("is damaged")]
    Damaged,
    /// Another program, or another version, wrote it.
    #[error("is of another version of sopsguard")]
    OtherVersion,
    /// It is not the user's, or its folder is not.
    #[error("belongs to somebody else")]
    OtherOwner,
    /// It is about files in another folder: it was copied or moved here.
    #[error("is about files in `{}`", root.display())]
    OtherRoot { root: PathBuf },
    /// It names a place that no transaction writes to.
    #[error("names `{}`, which no change can be about", path.display())]
    Place { path: PathBuf },
    /// A file is neither what it was before the change nor what it is after it.
    #[error("does not fit: `{}` is neither as it was before the change nor as it is after it", path.display())]
    Stranger { path: PathBuf },
    /// The new text of a file is gone.
    #[error("cannot be finished: the new text of `{}` is gone", path.display())]
    NewGone { path: PathBuf },
    /// The old text of a file is gone.
    #[error("cannot be undone: the old text of `{}` is gone", path.display())]
    OldGone { path: PathBuf },
}

impl Error {
    /// The system's answer about a path.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// What helps, where anything does.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::LeadsOut { .. } => Some("nothing outside the repository is written".to_owned()),
            Self::Changed { .. } => Some("nothing was written; run it again".to_owned()),
            Self::IsLink { .. } => Some("name the file that it leads to".to_owned()),
            Self::Exists { .. } => Some("nothing was written over it".to_owned()),
            Self::ReadOnly { .. } => {
                Some("nothing was written; `chmod u+w` lets you write there".to_owned())
            }
            Self::NoSpace { .. } => Some("nothing was written; make room first".to_owned()),
            Self::Locked { .. } => Some("run it again when that is done".to_owned()),
            Self::Interrupted { .. } => Some(RECOVER.to_owned()),
            Self::Journal { path, fault } => Some(fault.help(path)),
            Self::InGit { .. } | Self::NotAFile { .. } | Self::Twice { .. } | Self::Io { .. } => {
                None
            }
        }
    }
}

impl Fault {
    fn help(&self, journal: &Path) -> String {
        let folder = journal.parent().unwrap_or(journal).display();
        match self {
            Self::Damaged | Self::Place { .. } => format!(
                "nothing was written; see with git which files are changed, then move `{folder}` away"
            ),
            Self::OtherVersion => "use the version that wrote it to recover".to_owned(),
            Self::OtherOwner => "whoever was interrupted has to recover".to_owned(),
            Self::OtherRoot { root } => format!(
                "recover there (`sopsguard -C {} recover`); if this is a copy, move `{folder}` away",
                root.display()
            ),
            Self::Stranger { path } => format!(
                "nothing was written; move your version aside (`mv {0} {0}.mine`) and run it again",
                path.display()
            ),
            Self::NewGone { .. } => "`sopsguard recover --undo` needs it not".to_owned(),
            Self::OldGone { .. } => "`sopsguard recover --finish` needs it not".to_owned(),
        }
    }
}

/// What to do after an interruption.
const RECOVER: &str = "`sopsguard recover` shows what happened; `sopsguard recover --finish` goes on \
                       with it, `sopsguard recover --undo` takes it back";

fn of_process(process: Option<u32>) -> String {
    process.map_or_else(String::new, |id| format!(" (process {id})"))
}

fn interruption(why: Option<&Error>) -> String {
    match why {
        Some(why) => format!("{why}; some files are changed and others are not"),
        None => "a change of several files was interrupted".to_owned(),
    }
}
