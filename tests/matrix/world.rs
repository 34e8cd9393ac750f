//! The keys of the matrix, and the files that real sops writes for them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use age::secrecy::ExposeSecret;
use rayon::prelude::*;
use tempfile::TempDir;

use crate::peers::Peers;
use crate::table::{FORMATS, LAYOUTS, Layout, RINGS, SELECTORS};

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// The passphrase that age-plugin-batchpass is given.
const PASSPHRASE: &str = "canary-passphrase";

/// What the metadata of a file for a plugin name as its recipient.
const PLUGIN_RECIPIENT: &str = "age1batchpass1qypqxpq9";

/// The keys, and a folder for what is made with them.
pub(crate) struct World {
    pub(crate) peers: Peers,
    folder: TempDir,
    recipients: BTreeMap<char, String>,
    /// The key that sops encrypts to where a plugin is meant, which has identities alone.
    stand_in: age::x25519::Identity,
    stranger: String,
}

/// A combination of the table, by its places there, and what sops made of it.
pub(crate) struct File {
    pub(crate) format: usize,
    pub(crate) selector: usize,
    pub(crate) layout: usize,
    /// The file that sops wrote, or why it did not.
    pub(crate) written: Result<String, String>,
}

impl File {
    pub(crate) fn layout(&self) -> &'static Layout {
        &LAYOUTS[self.layout]
    }

    pub(crate) fn format(&self) -> &'static str {
        FORMATS[self.format].0
    }

    pub(crate) fn ending(&self) -> &'static str {
        FORMATS[self.format].1
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let kept = [('a', "age"), ('p', "pq"), ('e', "ed25519"), ('r', "rsa")];
        let kept = kept.into_iter().chain([('k', "ed25519-locked")]);
        let mut recipients: BTreeMap<char, String> = kept
            .map(|(kind, name)| (kind, recipient_in(&format!("{name}.enc.yaml"))))
            .collect();
        let stand_in = age::x25519::Identity::generate();
        let nobody = age::x25519::Identity::generate();
        recipients.insert('l', stand_in.to_public().to_string());
        recipients.insert('s', nobody.to_public().to_string());
        recipients.insert('g', fs::read_to_string(keys("pgp/fingerprint")).unwrap());
        let stranger = age::x25519::Identity::generate().to_string();
        let world = Self {
            peers: Peers::find(),
            folder: tempfile::tempdir().unwrap(),
            recipients,
            stand_in,
            stranger: stranger.expose_secret().to_owned(),
        };
        for ring in RINGS {
            world.furnish(ring);
        }
        world
    }

    /// Puts the keys of a ring that have their place in the home folder there.
    fn furnish(&self, ring: &str) {
        let home = self.folder(&format!("home-{ring}"));
        for (kind, key, place) in [
            ('p', "pq.txt", ".config/sops/age/keys.txt"),
            ('r', "rsa", ".ssh/id_rsa"),
        ] {
            if ring.contains(kind) {
                let place = home.join(place);
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                fs::copy(keys(&format!("keys/{key}")), place).unwrap();
            }
        }
    }

    /// A path in the folder of this world, which is there.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Lets real sops encrypt every combination, by a `.sops.yaml` as users have it.
    pub(crate) fn write_all(&self) -> Vec<File> {
        let rules = 0..LAYOUTS.len() * SELECTORS.len();
        rules
            .into_par_iter()
            .flat_map_iter(|rule| {
                let (layout, selector) = (rule / SELECTORS.len(), rule % SELECTORS.len());
                let folder = self.folder(&format!("rule-{rule}"));
                let rule = self.rule(&LAYOUTS[layout], SELECTORS[selector]);
                fs::write(folder.join(".sops.yaml"), rule).unwrap();
                (0..FORMATS.len()).map(move |format| File {
                    format,
                    selector,
                    layout,
                    written: self.write(&folder, format),
                })
            })
            .collect()
    }

    fn write(&self, folder: &Path, format: usize) -> Result<String, String> {
        let (_, ending, document) = FORMATS[format];
        let name = format!("x.{ending}");
        fs::write(folder.join(&name), document).unwrap();
        let output = Command::new(&self.peers.sops)
            .args(["encrypt", "--in-place", &name])
            .current_dir(folder)
            .env_clear()
            .envs(self.variables(""))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if output.status.success() {
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            return Ok(self.locked_for_the_plugin(text));
        }
        let error = String::from_utf8_lossy(&output.stderr);
        Err(error.lines().last().unwrap_or_default().to_owned())
    }

    /// The text of a `.sops.yaml`.
    fn rule(&self, layout: &Layout, selector: &str) -> String {
        let mut rule = "creation_rules:\n  - ".to_owned();
        for field in selector.split(", ").filter(|field| !field.is_empty()) {
            rule += &format!("{field}\n    ");
        }
        if let Some(threshold) = layout.threshold {
            rule += &format!("shamir_threshold: {threshold}\n    ");
        }
        let group = |kinds: &str| {
            let (pgp, age): (Vec<char>, Vec<char>) = kinds.chars().partition(|kind| *kind == 'g');
            let list = |kinds: &[char]| {
                let quoted = |kind| format!("\"{}\"", self.recipients[kind]);
                kinds.iter().map(quoted).collect::<Vec<_>>().join(", ")
            };
            let (age, pgp) = (list(&age), list(&pgp));
            format!("age: [{age}], pgp: [{pgp}]")
        };
        if layout.flat {
            return rule + &group(layout.groups).replace("], pgp", "]\n    pgp") + "\n";
        }
        rule += "key_groups:\n";
        for kinds in layout.groups.split('|') {
            rule += &format!("      - {{{}}}\n", group(kinds));
        }
        rule
    }

    /// The variables under which the identities of a ring are all that there is, and the GnuPG of
    /// these tests, without a private key. No program is found but the plugin.
    pub(crate) fn variables(&self, ring: &str) -> Vec<(OsString, OsString)> {
        let home = self.folder(&format!("home-{ring}"));
        let mut variables: Vec<(&str, OsString)> = vec![
            ("HOME", home.into()),
            ("GNUPGHOME", keys("pgp").into()),
            ("PATH", self.peers.plugin.parent().unwrap().into()),
        ];
        for kind in ring.chars() {
            match kind {
                't' => variables.push(("SOPS_AGE_KEY", self.stranger.clone().into())),
                'a' => variables.push(("SOPS_AGE_KEY_FILE", keys("keys/age.txt").into())),
                'e' => {
                    variables.push(("SOPS_AGE_SSH_PRIVATE_KEY_FILE", keys("keys/ed25519").into()))
                }
                'p' | 'r' => {} // in the home folder
                'l' => {
                    let plugin = fs::read_to_string(keys("keys/plugin.txt")).unwrap();
                    variables.push(("SOPS_AGE_KEY", plugin.into()));
                    variables.push(("AGE_PASSPHRASE", PASSPHRASE.into()));
                }
                _ => panic!("nobody has a key of kind `{kind}`"),
            }
        }
        let owned = variables.into_iter();
        owned.map(|(name, value)| (name.into(), value)).collect()
    }

    /// The recipients whose identities a ring has.
    pub(crate) fn own(&self, ring: &str) -> Vec<&str> {
        let known = ring.chars().filter(|kind| *kind != 'l');
        known
            .filter_map(|kind| self.recipients.get(&kind).map(String::as_str))
            .collect()
    }

    /// The recipients that a text names, each once, in the order of their kinds.
    pub(crate) fn named<'s>(&'s self, text: &str) -> Vec<&'s str> {
        let all = self.recipients.values().map(String::as_str);
        all.filter(|recipient| text.contains(recipient)).collect()
    }

    /// age-plugin-batchpass has identities and no recipients: what sops wrote for the stand-in is
    /// locked anew.
    fn locked_for_the_plugin(&self, mut text: String) -> String {
        if !text.contains(&self.recipients[&'l']) {
            return text;
        }
        let mut passphrase = age::scrypt::Recipient::new(PASSPHRASE.to_owned().into());
        passphrase.set_work_factor(10);
        for place in armors(&text).into_iter().rev() {
            let (lines, parting) = unfold(&text[place.clone()]);
            if let Ok(key) = age::decrypt(&self.stand_in, lines.as_bytes()) {
                let locked = age::encrypt_and_armor(&passphrase, &key).unwrap();
                text.replace_range(place, &locked.trim_end().replace('\n', &parting));
            }
        }
        text.replace(&self.recipients[&'l'], PLUGIN_RECIPIENT)
    }
}

/// Where the armored data keys of a text stand.
pub(crate) fn armors(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices(BEGIN);
    starts
        .map(|(start, _)| start..start + text[start..].find(END).unwrap() + END.len())
        .collect()
}

/// The lines of an armor as age prints them, and what stands between them in the file.
fn unfold(armor: &str) -> (String, String) {
    let rest = &armor[BEGIN.len()..];
    let parting = match rest.strip_prefix("\\n") {
        Some(_) => "\\n".to_owned(),
        None => {
            let indent = rest.len() - rest.trim_start().len();
            rest[..indent].to_owned()
        }
    };
    (armor.replace(&parting, "\n") + "\n", parting)
}

fn keys(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("testdata/identities").join(path)
}

/// The recipient that a file of `testdata/identities` is for.
fn recipient_in(file: &str) -> String {
    let text = fs::read_to_string(keys(file)).unwrap();
    let mut lines = text.lines().map(str::trim);
    let recipient = lines.find_map(|line| line.strip_prefix("recipient: "));
    recipient.unwrap().to_owned()
}
