//! Plans held against files that real sops made, in every format.

mod by_sops;
mod reseal;
mod rotate;
mod split;

use std::path::{Path, PathBuf};

use crate::document::{Document, Format};
use crate::keys::{Given, Keyring, Origin};
use crate::secret::Secret;
use crate::sops::{self, DataKey, SopsFile, Time, Verification};
use crate::source::SourceId;

/// A file of sops's.
#[derive(Clone)]
struct Case {
    name: String,
    format: Format,
    text: Vec<u8>,
}

fn testdata(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    folder.join(path)
}

#[expect(clippy::disallowed_methods, reason = "tests read files")]
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn keyring<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Keyring {
    let given = paths.into_iter().map(|path| Given {
        origin: Origin::Stdin,
        text: Secret::new(read(path)),
    });
    Keyring::given(given.collect::<Vec<_>>()).unwrap()
}

/// The identities that open all of [`packaged`].
fn packaged_keys() -> Keyring {
    keyring([testdata("rules/keys.txt").as_path()])
}

/// A file in each format.
fn packaged() -> Vec<Case> {
    let files = [
        (Format::Json, "formats/values.enc.json"),
        (Format::Dotenv, "formats/values.enc.env"),
        (Format::Ini, "formats/values.enc.ini"),
        (Format::Binary, "formats/values.enc.bin"),
        (Format::Yaml, "rules/mac-mismatch/quiet/sound.enc.yaml"),
    ];
    let case = |(format, path): (Format, &str)| Case {
        name: path.to_owned(),
        format,
        text: read(&testdata(path)),
    };
    files.into_iter().map(case).collect()
}

impl Case {
    fn with(&self, text: &str) -> Self {
        Self {
            text: text.as_bytes().to_vec(),
            ..self.clone()
        }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap()
    }

    /// Shows the file with its data key to `look`; `None` where there is none or it does not open.
    fn open<R>(
        &self,
        keyring: &Keyring,
        look: impl FnOnce(&Document<'_>, &SopsFile<'_>, &DataKey) -> R,
    ) -> Option<R> {
        let id = SourceId::Stdin("x".into());
        let source = Document::decode(id, self.text.clone(), self.format).ok()?;
        let document = Document::parse(&source, self.format).ok()?;
        let file = SopsFile::of(&document).ok()??;
        let key = sops::unlock(&file, keyring).ok()?;
        Some(look(&document, &file, &key))
    }

    fn is_verified(&self, keyring: &Keyring) -> bool {
        let look = |_: &Document<'_>, file: &SopsFile<'_>, _: &DataKey| {
            sops::check(file, keyring).verification == Verification::Verified
        };
        self.open(keyring, look) == Some(true)
    }
}

/// A day in 2031.
fn later() -> Time {
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_940_000_000);
    Time::utc(moment).unwrap()
}
const LATER: &str = "2031-06-23T16:53:20Z";
