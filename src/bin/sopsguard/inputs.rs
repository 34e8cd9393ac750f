//! What several commands read in the same way.

use std::path::PathBuf;

use sopsguard::engine::{self, IdentitySource};

use crate::app;
use crate::failure::Failure;

/// The identities that the user names.
pub(crate) fn identities(paths: &[PathBuf]) -> Result<Vec<IdentitySource>, Failure> {
    let source = |path: &PathBuf| {
        if app::is_stdin(path) {
            app::read_stdin(engine::MAX_FILE_LEN).map(IdentitySource::stdin)
        } else {
            Ok(IdentitySource::file(path.clone()))
        }
    };
    paths.iter().map(source).collect()
}
