//! What was written, against real sops: it decrypts to the same, `sops updatekeys` finds nothing left to do,
//! and where that would have done the work, its metadata have the same form.
//!
//! It needs what `scripts/peers` installs, and is ignored unless asked for. Beside the files of the project it
//! takes those of the corpus that `SOPSGUARD_CORPUS` names.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::peers::peer;

/// A file of real sops.
struct Sample {
    name: String,
    format: Format,
    text: String,
    /// The files of identities that open it, together.
    identities: Vec<PathBuf>,
}

/// What a sample is to become, and what was done to get there.
struct Story {
    what: &'static str,
    wanted: Wanted,
    /// Whether entries come and none goes.
    only_adds: bool,
}

/// A program and the samples' folder.
struct Sops {
    program: PathBuf,
    folder: tempfile::TempDir,
    runs: AtomicUsize,
}

#[test]
#[ignore = "asks real sops"]
fn sops_reads_every_file_with_other_recipients_and_has_nothing_to_update() {
    let sops = Sops::new();
    let samples = samples();
    assert!(samples.len() > 8, "{}", samples.len());
    let next = AtomicUsize::new(0);
    let told: Vec<(BTreeMap<&str, usize>, Vec<&str>)> = std::thread::scope(|scope| {
        let work = || {
            let (mut told, mut failed) = (BTreeMap::new(), Vec::new());
            while let Some(sample) = samples.get(next.fetch_add(1, Ordering::Relaxed)) {
                let play = || sops.play(sample, &mut told);
                if catch_unwind(AssertUnwindSafe(play)).is_err() {
                    failed.push(sample.name.as_str());
                }
            }
            (told, failed)
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for (what, count) in told.iter().flat_map(|(told, _)| told) {
        *tally.entry(what).or_default() += count;
    }
    let failed: Vec<&str> = told.into_iter().flat_map(|(_, failed)| failed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    println!("{} files: {tally:?}", samples.len());
    assert!(tally["add"] > 8 && tally["to groups"] > 8, "{tally:?}");
}

/// The files of the project that sops itself reads, and those of the corpus.
fn samples() -> Vec<Sample> {
    let data = testdata();
    let mut samples = Vec::new();
    let mut add = |path: PathBuf, identities: Vec<PathBuf>| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        samples.push(Sample {
            format: Format::of_path(&path),
            text: std::fs::read_to_string(&path).unwrap(),
            name,
            identities,
        });
    };
    for ending in ["json", "env", "ini", "bin"] {
        let path = data.join(format!("formats/values.enc.{ending}"));
        add(path, vec![data.join("rules/keys.txt")]);
    }
    for (name, key) in [
        ("age", "age.txt"),
        ("pq", "pq.txt"),
        ("ed25519", "ed25519"),
        ("rsa", "rsa"),
    ] {
        let path = data.join(format!("identities/{name}.enc.yaml"));
        add(path, vec![data.join("identities/keys").join(key)]);
    }
    let keys = ["age.txt", "ed25519"].map(|key| data.join("identities/keys").join(key));
    add(data.join("identities/groups.enc.yaml"), keys.to_vec());
    if let Some(corpus) = std::env::var_os("SOPSGUARD_CORPUS") {
        let corpus = PathBuf::from(corpus).join("sops");
        let manifest = std::fs::read_to_string(corpus.join("manifest.jsonl")).unwrap();
        for line in manifest.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let is_read = case["verdict"]["3.13.3"]["ok"] == true;
            if let (Some(file), true) = (case["file"].as_str(), is_read) {
                let keys = ["all.txt", "ssh_ed25519", "ssh_rsa"];
                add(
                    corpus.join(file),
                    keys.map(|key| corpus.join("keys").join(key)).to_vec(),
                );
            }
        }
    } else {
        println!("SOPSGUARD_CORPUS names no corpus: only files of the project were taken");
    }
    samples
}

/// All that is tried with a sample of these groups.
fn stories(groups: &[Vec<String>]) -> Vec<Story> {
    let names: Vec<Vec<&str>> = groups
        .iter()
        .map(|group| group.iter().map(String::as_str).collect())
        .collect();
    let story = |what, groups: &[Vec<&str>]| {
        let groups: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
        Story {
            what,
            wanted: wanted(&groups),
            only_adds: what == "add",
        }
    };
    let changed = |change: &dyn Fn(&mut Vec<&str>)| {
        let mut names = names.clone();
        names.iter_mut().for_each(change);
        names
    };
    let mut stories = vec![
        story("add", &changed(&|group| group.push(NEW[0]))),
        story(
            "add another kind",
            &changed(&|group| group.extend([NEW[1], NEW[2]])),
        ),
        story(
            "replace the first",
            &changed(&|group| {
                group.remove(0);
                group.push(NEW[2]);
            }),
        ),
    ];
    if names.iter().all(|group| group.len() > 1) {
        stories.push(story(
            "remove the first",
            &changed(&|group| _ = group.remove(0)),
        ));
        stories.push(story("remove the last", &changed(&|group| _ = group.pop())));
        stories.push(story(
            "thin out and add",
            &changed(&|group| {
                group.remove(0);
                group.extend([NEW[0], NEW[1]]);
            }),
        ));
    }
    stories.extend(stories_of_groups(&names));
    stories
}

/// To groups and back, and to other groups.
fn stories_of_groups(names: &[Vec<&str>]) -> Vec<Story> {
    let story = |what, groups: &[Vec<&str>]| {
        let groups: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
        Story {
            what,
            wanted: wanted(&groups),
            only_adds: false,
        }
    };
    let mut told = Vec::new();
    if let [group] = names {
        let both = [group.clone(), vec![group[0], NEW[0]]];
        told.push(story("to groups", &both));
        let three = [group.clone(), vec![NEW[0], NEW[1]], vec![group[0]]];
        told.push(story("to groups", &three));
    } else {
        told.push(story("from groups", &names[..1]));
        told.push(story("a group less", &names[1..]));
        let mut more = names.to_vec();
        more.insert(1, vec![NEW[0], NEW[1]]);
        told.push(story("a group more", &more));
        let mut needed = story("all groups needed", names);
        needed.wanted.threshold = i64::try_from(names.len()).ok();
        told.push(needed);
    }
    told
}

impl Sops {
    fn new() -> Self {
        Self {
            program: peer("sops-3.13.3"),
            folder: tempfile::tempdir().unwrap(),
            runs: AtomicUsize::new(0),
        }
    }

    fn play(&self, sample: &Sample, told: &mut BTreeMap<&str, usize>) {
        let paths: Vec<&Path> = sample.identities.iter().map(PathBuf::as_path).collect();
        let keyring = keyring(&paths);
        let groups = recipients(&sample.text, sample.format);
        let plain = self.decrypt(sample, &sample.text);
        let opens_all = opens_all_groups(sample, &keyring);
        for mut story in stories(&groups) {
            story.only_adds &= opens_all;
            let what = format!("{}: {}", sample.name, story.what);
            let new = rekeyed(&sample.text, sample.format, &keyring, &story.wanted);
            let new = match new {
                Ok(new) => new,
                Err(refusal) => panic!("{what}: {refusal}"),
            };
            self.judge(sample, &story, &what, &new, &plain);
            *told.entry(story.what).or_default() += 1;
            // And back again.
            let groups: Vec<Vec<&str>> = groups
                .iter()
                .map(|group| group.iter().map(String::as_str).collect())
                .collect();
            let groups: Vec<&[&str]> = groups.iter().map(Vec::as_slice).collect();
            let mut back = Story {
                what: "back",
                wanted: wanted(&groups),
                only_adds: false,
            };
            if story.what == "all groups needed" {
                back.wanted.threshold = Some(2);
            }
            if verification(&new, sample.format, &keyring) != Verification::Verified {
                continue;
            }
            let old = rekeyed(&new, sample.format, &keyring, &back.wanted);
            let old = old.unwrap_or_else(|refusal| panic!("{what}, and back: {refusal}"));
            if story.what.starts_with("add") && opens_all {
                assert_eq!(old, sample.text, "{what}, and back");
            } else {
                self.judge(sample, &back, &format!("{what}, and back"), &old, &plain);
                *told.entry(back.what).or_default() += 1;
            }
        }
    }

    /// Holds a new text against sops, and against the old text.
    fn judge(
        &self,
        sample: &Sample,
        story: &Story,
        what: &str,
        new: &str,
        plain: &Option<Vec<u8>>,
    ) {
        let (old, format) = (&sample.text, sample.format);
        assert_eq!(outside(old, format), outside(new, format), "{what}\n{new}");
        if story.only_adds {
            assert!(is_within(old, new), "{what}\n{new}");
        }
        let mut asked: Vec<Vec<&str>> = Vec::new();
        for group in &story.wanted.groups {
            let mut group: Vec<&str> = group.iter().map(|key| key.names.spelled.as_str()).collect();
            group.sort_unstable();
            group.dedup();
            asked.push(group);
        }
        let mut have = recipients(new, format);
        for group in &mut have {
            group.sort_unstable();
            group.dedup();
        }
        assert_eq!(have, asked, "{what}");
        let keyring_opens = self.decrypt(sample, new);
        if keyring_opens.is_some() {
            assert!(&keyring_opens == plain, "{what}: other plaintext\n{new}");
        } else {
            // Nobody is left whose identity is here.
            let ours = recipients(old, format);
            let left = have
                .iter()
                .flatten()
                .any(|name| ours.iter().flatten().any(|our| our == name));
            assert!(
                !left || have.len() > 1,
                "{what}: sops does not read it\n{new}"
            );
        }
        let updated = self.update(sample, story, new);
        let said = String::from_utf8_lossy(&updated.stderr);
        assert!(said.contains("already up to date"), "{what}: {said}\n{new}");
    }

    /// What `sops decrypt` prints, where it does.
    fn decrypt(&self, sample: &Sample, text: &str) -> Option<Vec<u8>> {
        let (folder, file) = self.place(sample, text);
        let output = self
            .command(sample, &folder)
            .arg("decrypt")
            .arg(&file)
            .output()
            .unwrap();
        output.status.success().then_some(output.stdout)
    }

    /// What `sops updatekeys` says of a file whose rule wants these keys.
    fn update(&self, sample: &Sample, story: &Story, text: &str) -> Output {
        let (folder, file) = self.place(sample, text);
        let group = |group: &Vec<WantedKey>| {
            let keys: Vec<&str> = group.iter().map(|key| key.names.spelled.as_str()).collect();
            serde_json::json!({"age": keys})
        };
        let groups: Vec<_> = story.wanted.groups.iter().map(group).collect();
        let rules = serde_json::json!({"creation_rules": [{"key_groups": groups}]});
        std::fs::write(folder.join(".sops.yaml"), rules.to_string()).unwrap();
        self.command(sample, &folder)
            .args(["updatekeys", "--yes"])
            .arg(&file)
            .output()
            .unwrap()
    }

    fn place(&self, sample: &Sample, text: &str) -> (PathBuf, PathBuf) {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().join(run.to_string());
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join(&sample.name);
        std::fs::write(&file, text).unwrap();
        (folder, file)
    }

    fn command(&self, sample: &Sample, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).env_clear().env("HOME", folder);
        let ssh = folder.join(".ssh");
        std::fs::create_dir_all(&ssh).unwrap();
        for identities in &sample.identities {
            let text = std::fs::read_to_string(identities).unwrap();
            if !text.contains("PRIVATE KEY-----") {
                command.env("SOPS_AGE_KEY_FILE", identities);
            } else if identities.to_string_lossy().contains("rsa") {
                std::fs::write(ssh.join("id_rsa"), text).unwrap();
            } else {
                std::fs::write(ssh.join("id_ed25519"), text).unwrap();
            }
        }
        command
    }
}

/// Whether the identities open every group, so that all of them keep their shares.
fn opens_all_groups(sample: &Sample, keyring: &Keyring) -> bool {
    let source = source(&sample.text, sample.format);
    let document = Document::parse(&source, sample.format).unwrap();
    let file = SopsFile::of(&document).unwrap().unwrap();
    let Ok(key) = unlock(&file, keyring) else {
        panic!("no identity opens {}", sample.name)
    };
    let groups = file.metadata().groups.len();
    groups == 1 || (0..groups).all(|at| key.share(at).is_some())
}

/// The lists of the metadata that say who opens a file.
const LISTS: [&str; 3] = ["age", "key_groups", "shamir_threshold"];

/// A text without the lines that say who opens it, as sops lays texts out.
fn outside(text: &str, format: Format) -> String {
    let mut out = String::new();
    let mut in_metadata = false;
    let mut skipped: Option<usize> = None;
    let depth = |line: &str| line.len() - line.trim_start().len();
    let top = match format {
        Format::Json | Format::Binary => text.lines().nth(1).map_or(0, depth),
        Format::Yaml | Format::Dotenv | Format::Ini => 0,
    };
    for line in text.split_inclusive('\n') {
        let word = line.trim_start().trim_start_matches('"');
        let is_list = |names: &[&str]| {
            let named = |name: &&str| {
                let rest = word.strip_prefix(*name);
                rest.is_some_and(|rest| rest.starts_with([':', '"', '_', ' ', '=']))
            };
            names.iter().any(named)
        };
        match format {
            Format::Dotenv => {
                if LISTS
                    .iter()
                    .any(|name| word.starts_with(&format!("sops_{name}")))
                {
                    continue;
                }
            }
            Format::Ini => {
                in_metadata |= word.starts_with("[sops]");
                if in_metadata && is_list(&LISTS) {
                    continue;
                }
            }
            Format::Yaml | Format::Json | Format::Binary => {
                if depth(line) <= top {
                    in_metadata = word.starts_with("sops");
                    skipped = None;
                } else if let Some(list) = skipped {
                    let closes = depth(line) == list && word.starts_with([']', '}']);
                    if depth(line) > list || closes || line.trim().is_empty() {
                        continue;
                    }
                    skipped = None;
                }
                let is_member = in_metadata && depth(line) > top && skipped.is_none();
                if is_member && is_list(&LISTS) {
                    skipped = Some(depth(line));
                    continue;
                }
            }
        }
        out.push_str(line);
    }
    out
}
