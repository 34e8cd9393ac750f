//! A new identity for programs.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::engine::NewIdentity;

/// Where a private key went, or would go.
#[derive(Clone, Copy, Debug)]
pub struct KeyPlaces<'p> {
    /// The file of the key.
    pub output: Option<&'p Path>,
    /// The file of the sheet.
    pub paper: Option<&'p Path>,
    /// Whether it is printed, here too.
    pub is_shown: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told<'t> {
    schema: &'static str,
    recipient: Option<&'t str>,
    fingerprint: Option<String>,
    output: Option<String>,
    paper: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'t str>,
}

/// Writes a new identity, or where one would go, as one JSON object. The private key is in it only where it
/// is printed.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn keygen(
    identity: Option<&NewIdentity>,
    places: &KeyPlaces<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let path = |path: &Path| path.display().to_string();
    let told = Told {
        schema: "sopsguard.escrow-keygen/1",
        recipient: identity.map(NewIdentity::recipient),
        fingerprint: identity.map(NewIdentity::fingerprint),
        output: places.output.map(path),
        paper: places.paper.map(path),
        private_key: identity
            .filter(|_| places.is_shown)
            .map(NewIdentity::expose),
    };
    serde_json::to_writer_pretty(&mut *out, &told)?;
    writeln!(out)
}
