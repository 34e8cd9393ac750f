#![expect(
    clippy::disallowed_methods,
    reason = "a test fails where its world does"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{AgeFile, Given, Keyring, Origin, bech32};
use super::*;
use crate::environment::{Environment, Platform};

const SECRET: &[u8; 32] = b"canary-data-key-canary-data-key-";

/// The kinds of keys in testdata that open without asking.
const KEYS: [&str; 6] = [
    "age.txt",
    "pq.txt",
    "ed25519",
    "ed25519-pkcs8",
    "rsa",
    "rsa-pem",
];

fn key_file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("testdata/identities/keys").join(name)
}

fn keyring_of(text: &[u8]) -> Keyring {
    let origin = Origin::Stdin;
    let text = Secret::new(text.to_vec());
    Keyring::given([Given { origin, text }]).unwrap()
}

fn keyring(name: &str) -> Keyring {
    keyring_of(&std::fs::read(key_file(name)).unwrap())
}

fn recipient(keyring: &Keyring) -> Recipient {
    Recipient::parse(keyring.identities().next().unwrap().recipient())
}

/// What `keyring` finds in an age file.
fn open(keyring: &Keyring, locked: &str, recipient: &Recipient) -> Option<Vec<u8>> {
    let file = AgeFile::from_armor(locked.as_bytes()).unwrap();
    assert!(file.is_well_formed());
    let opened = keyring.open(&file, recipient)?;
    Some(opened.into_inner())
}

#[test]
fn what_is_locked_for_a_recipient_its_identity_alone_opens() {
    let rings: Vec<Keyring> = KEYS.iter().map(|name| keyring(name)).collect();
    for (at, ring) in rings.iter().enumerate() {
        let recipient = recipient(ring);
        let locked = recipient.lock(SECRET, &Wrapped::default()).unwrap();
        for (other, ring) in rings.iter().enumerate() {
            let opened = open(ring, &locked, &recipient);
            let expected = (at == other).then(|| SECRET.to_vec());
            assert_eq!(opened, expected, "{} {}", KEYS[at], KEYS[other]);
        }
    }
}

#[test]
fn a_comment_behind_an_ssh_key_locks_nobody_out() {
    let ring = keyring("ed25519");
    let plain = recipient(&ring);
    let commented = Recipient::parse(&format!("{}  alice@host", plain.as_str()));
    let locked = commented.lock(SECRET, &Wrapped::default()).unwrap();
    assert!(open(&ring, &locked, &commented).is_some());
}

#[test]
fn a_locked_file_is_spelled_as_sops_spells_it_and_holds_one_stanza() {
    for name in KEYS {
        let recipient = recipient(&keyring(name));
        let locked = recipient.lock(SECRET, &Wrapped::default()).unwrap();
        let lines: Vec<&str> = locked.split_terminator('\n').collect();
        let [first, body @ .., last] = lines.as_slice() else {
            panic!("{locked}")
        };
        assert_eq!(*first, "-----BEGIN AGE ENCRYPTED FILE-----");
        assert_eq!(*last, "-----END AGE ENCRYPTED FILE-----");
        assert!(locked.ends_with("-----\n") && !locked.contains('\r'));
        let (end, full) = body.split_last().unwrap();
        assert!(full.iter().all(|line| line.len() == 64) && (1..=64).contains(&end.len()));
        let file = AgeFile::from_armor(locked.as_bytes()).unwrap();
        assert_eq!(file.stanzas().count(), 1, "{name}");
    }
}

#[test]
fn no_two_locked_files_have_anything_random_in_common() {
    let recipient = recipient(&keyring("age.txt"));
    let lock = || recipient.lock(SECRET, &Wrapped::default()).unwrap();
    let (first, second) = (lock(), lock());
    let lines = |locked: &str| -> Vec<Vec<u8>> {
        let file = AgeFile::from_armor(locked.as_bytes()).unwrap();
        let lines = file.bytes().split(|byte| *byte == b'\n');
        lines.map(<[u8]>::to_vec).collect()
    };
    let (first, second) = (lines(&first), lines(&second));
    assert_eq!(first[0], second[0]);
    for (one, other) in first.iter().zip(&second).skip(1) {
        assert_ne!(one, other);
    }
}

#[test]
fn secrets_of_any_length_come_back() {
    let ring = keyring("age.txt");
    let recipient = recipient(&ring);
    for length in [0, 1, 33, 47, 48, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let secret: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let locked = recipient.lock(&secret, &Wrapped::default()).unwrap();
        assert_eq!(open(&ring, &locked, &recipient), Some(secret), "{length}");
    }
}

/// Points that lead everyone to the same secret, as recipients.
fn weak() -> [Recipient; 4] {
    use base64::Engine;
    let order_eight: [u8; 32] = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let string = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[..], bytes].concat()
    };
    let ssh = [string(b"ssh-ed25519"), string(&neutral)].concat();
    let ssh = base64::prelude::BASE64_STANDARD.encode(ssh);
    [
        bech32::encode("age", &[0; 32]),
        bech32::encode("age", &order_eight),
        bech32::encode("age1pq", &[0; 1_216]),
        format!("ssh-ed25519 {ssh}"),
    ]
    .map(|text| Recipient::parse(&text))
}

#[test]
fn a_key_that_protects_nothing_is_refused() {
    for recipient in weak() {
        let locked = recipient.lock(SECRET, &Wrapped::default());
        assert_eq!(locked, Err(LockError::Weak), "{}", recipient.as_str());
    }
}

#[test]
fn what_age_takes_for_no_recipient_is_refused_with_its_flaw() {
    let sound = recipient(&keyring("age.txt"));
    for text in [
        "",
        "alice",
        &sound.as_str()[..40],
        &sound.as_str().to_uppercase(),
        "ssh-ed25519 AAAA",
        "ssh-dss AAAA",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAwEAAQ==",
        "age1pq1qqqq",
        "age1yubikey1qqqq",
        &bech32::encode("age1pq", &[0xFF; 1_216]),
        &bech32::encode("age", &[0; 31]),
    ] {
        let recipient = Recipient::parse(text);
        let flaw = recipient.flaw().unwrap();
        let locked = recipient.lock(SECRET, &Wrapped::default());
        assert_eq!(locked, Err(LockError::Flawed(flaw)), "{text}");
    }
}

fn environment(path: &str) -> Environment {
    let variables = [("PATH".into(), path.into())];
    Environment::new(variables, "/".into(), Platform::Unix)
}

fn means<'m>(environment: &'m Environment, plugins: &'m [String]) -> Means<'m> {
    Means {
        environment,
        ask: None,
        commands: false,
        plugins,
        time: Duration::from_secs(20),
    }
}

fn plugin_recipient() -> Recipient {
    Recipient::parse(&bech32::encode("age1mirror", b"looks back"))
}

#[test]
fn a_plugin_is_run_only_where_it_was_allowed_and_ahead() {
    let recipient = plugin_recipient();
    let lock = |wrapped: &Wrapped| recipient.lock(SECRET, wrapped);
    assert_eq!(lock(&Wrapped::default()), Err(LockError::NotAhead));
    let environment = environment("/nonexistent");
    let others = ["other".to_owned()];
    let wrapped = Wrapped::ahead([(&recipient, 1)], &mut means(&environment, &others));
    let said = "plugin `mirror` is not run without `--allow-plugin mirror`";
    assert_eq!(lock(&wrapped).unwrap_err().to_string(), said);
    let allowed = ["mirror".to_owned()];
    let wrapped = Wrapped::ahead([(&recipient, 1)], &mut means(&environment, &allowed));
    let said = "plugin `mirror`: `age-plugin-mirror` is not installed";
    assert_eq!(lock(&wrapped).unwrap_err().to_string(), said);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    use super::*;

    /// A plugin that keeps keys in clear: the stanza holds what it is to protect.
    const MIRROR: &str = r#"
echo run >>"$0.log"
case $1 in
*recipient-v1)
    while read -r line; do
        case $line in
        '-> add-recipient '*) echo "$line" >>"$0.log" ;;
        '-> wrap-file-key') read -r key && keys="$keys $key" ;;
        '-> done') read -r _ && break ;;
        esac
    done
    at=0
    for key in $keys; do
        printf -- '-> recipient-stanza %s mirror\n%s\n' $at "$key"
        read -r _ && read -r _
        at=$((at + 1))
    done
    ;;
*identity-v1)
    while read -r line; do
        case $line in
        '-> recipient-stanza '*' mirror') read -r key && keys="$keys $key" ;;
        '-> done') read -r _ && break ;;
        esac
    done
    at=0
    for key in $keys; do
        printf -- '-> file-key %s\n%s\n' $at "$key"
        read -r _ && read -r _
        at=$((at + 1))
    done
    ;;
esac
printf -- '-> done\n\n'
"#;

    struct Plugins(tempfile::TempDir);

    impl Plugins {
        fn new(script: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("age-plugin-mirror");
            std::fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            Self(folder)
        }

        fn path(&self) -> String {
            format!("{}:/usr/bin:/bin", self.0.path().display())
        }

        fn log(&self) -> String {
            std::fs::read_to_string(self.0.path().join("age-plugin-mirror.log")).unwrap()
        }

        fn ahead(&self, count: usize) -> Wrapped {
            let environment = environment(&self.path());
            let allowed = ["mirror".to_owned()];
            let mut means = means(&environment, &allowed);
            Wrapped::ahead([(&plugin_recipient(), count)], &mut means)
        }
    }

    fn identity() -> String {
        bech32::encode("age-plugin-mirror-", b"x").to_uppercase()
    }

    #[test]
    fn one_process_of_a_plugin_wraps_the_keys_of_all_files() {
        let plugins = Plugins::new(MIRROR);
        let wrapped = plugins.ahead(150);
        let recipient = plugin_recipient();
        let all: Result<Vec<String>, _> =
            (0..150).map(|_| recipient.lock(SECRET, &wrapped)).collect();
        let all = all.unwrap();
        let line = format!("run\n-> add-recipient {}\n", recipient.as_str());
        assert_eq!(plugins.log(), line);
        assert_eq!(recipient.lock(SECRET, &wrapped), Err(LockError::NotAhead));
        let different: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(different.len(), 150);
        let mut ring = keyring_of(identity().as_bytes());
        let environment = environment(&plugins.path());
        let allowed = ["mirror".to_owned()];
        let locked = |text: &String| super::super::super::Locked {
            file: AgeFile::from_armor(text.as_bytes()).unwrap(),
            recipient: recipient.clone(),
        };
        let shut = super::super::super::Shut {
            needed: 1,
            groups: vec![vec![locked(&all[7])]],
        };
        ring.wake(&[shut], &mut means(&environment, &allowed));
        assert_eq!(open(&ring, &all[7], &recipient), Some(SECRET.to_vec()));
    }

    #[test]
    fn a_plugin_that_does_not_wrap_is_told_and_never_waited_for() {
        let drain = "while read -r line; do [ \"$line\" = '-> done' ] && break; done; read -r _";
        let cases = [
            ("exit 1".to_owned(), "it ended before it was done"),
            (
                "echo hunter2".to_owned(),
                "it does not speak the plugin protocol",
            ),
            (
                format!("{drain}; printf -- '-> done\\n\\n'"),
                "it wrapped nothing for",
            ),
            (
                format!(
                    "{drain}; printf -- '-> error recipient 0\\nbm8\\n'; read -r _; read -r _; printf -- '-> done\\n\\n'"
                ),
                "no",
            ),
            (
                format!("{drain}; printf -- '-> recipient-stanza 1 x\\nAAAA\\n'; read -r _"),
                "it does not speak the plugin protocol",
            ),
            (
                format!("{drain}; printf -- '-> recipient-stanza 0 \\001\\nAAAA\\n'; read -r _"),
                "it does not speak the plugin protocol",
            ),
            (
                format!(
                    "{drain}; while :; do printf -- '-> recipient-stanza 0 x\\nAAAA\\n'; read -r _; read -r _; done"
                ),
                "it does not speak the plugin protocol",
            ),
        ];
        for (script, said) in cases {
            let wrapped = Plugins::new(&script).ahead(1);
            let error = plugin_recipient().lock(SECRET, &wrapped).unwrap_err();
            let expected = format!("plugin `mirror`: {said}");
            assert!(
                error.to_string().starts_with(&expected),
                "{script}: {error}"
            );
        }
    }

    fn peer(path: &str) -> PathBuf {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let cache = variable("SOPSGUARD_PEERS")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("sopsguard-peers")))
            .unwrap_or_else(|| variable("HOME").unwrap().join(".cache/sopsguard-peers"));
        let program = cache.join(path);
        assert!(program.is_file(), "run scripts/peers");
        program
    }

    /// What a program prints for what it is given.
    fn run(command: &mut Command, given: &str) -> Result<Vec<u8>, String> {
        use std::io::Write;
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(given.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// A file that sops wrote for `age.txt`, with its data key locked for another recipient instead.
    fn relocked(recipient: &Recipient, wrapped: &Wrapped) -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = folder.join("testdata/identities/age.enc.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        let start = text.find("            -----BEGIN").unwrap();
        let end = text.find("          recipient: ").unwrap();
        let armor: String = text[start..end]
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        let ring = keyring("age.txt");
        let data_key = open(&ring, &armor, &super::recipient(&ring)).unwrap();
        let locked = recipient.lock(&data_key, wrapped).unwrap();
        let locked: String = locked
            .lines()
            .map(|line| format!("            {line}\n"))
            .collect();
        let (_, behind) = text[end..].split_once('\n').unwrap();
        let recipient = recipient.as_str();
        let before = &text[..start];
        format!("{before}{locked}          recipient: {recipient}\n{behind}")
    }

    #[test]
    #[ignore = "needs what scripts/peers installs"]
    fn real_age_and_real_sops_open_what_was_locked_here() {
        let (age, sops) = (peer("age-1.3.1/age"), peer("sops-3.13.3/sops"));
        let plugins = Plugins::new(MIRROR);
        let wrapped = plugins.ahead(2);
        let own = plugins.0.path().join("identity");
        std::fs::write(&own, identity()).unwrap();
        let mut keys: Vec<(PathBuf, Recipient)> = KEYS
            .iter()
            .map(|name| (key_file(name), recipient(&keyring(name))))
            .collect();
        keys.push((own, plugin_recipient()));
        for (key, recipient) in keys {
            let locked = recipient.lock(SECRET, &wrapped).unwrap();
            let mut command = Command::new(&age);
            command.arg("-d").arg("-i").arg(&key);
            let opened = run(command.env("PATH", plugins.path()), &locked);
            assert_eq!(opened.as_deref(), Ok(&SECRET[..]), "{}", key.display());
            let variable = if recipient.is_ssh() {
                "SOPS_AGE_SSH_PRIVATE_KEY_FILE"
            } else {
                "SOPS_AGE_KEY_FILE"
            };
            let mut command = Command::new(&sops);
            command.args(["decrypt", "--input-type", "yaml", "--output-type", "yaml"]);
            command.arg("/dev/stdin").env_clear();
            command.env("HOME", "/nonexistent").env(variable, &key);
            let file = relocked(&recipient, &wrapped);
            let opened = run(command.env("PATH", plugins.path()), &file);
            let opened = String::from_utf8(opened.unwrap()).unwrap();
            assert!(opened.contains("canary-age-password"), "{}", key.display());
        }
    }

    #[test]
    #[ignore = "needs what scripts/peers installs"]
    fn real_sops_refuses_keys_that_protect_nothing_too() {
        let sops = peer("sops-3.13.3/sops");
        for recipient in weak() {
            let mut command = Command::new(&sops);
            command.args(["encrypt", "--filename-override", "x.yaml", "--age"]);
            command
                .arg(recipient.as_str())
                .arg("/dev/stdin")
                .env_clear();
            let refused = run(command.env("HOME", "/nonexistent"), "a: b\n").unwrap_err();
            assert!(
                refused.contains("low order") || refused.contains("all zero"),
                "{refused}"
            );
        }
    }

    #[test]
    #[ignore = "measures"]
    fn locking_takes_about_as_long_as_opening() {
        for name in KEYS {
            let recipient = recipient(&keyring(name));
            let started = std::time::Instant::now();
            for _ in 0..200 {
                recipient.lock(SECRET, &Wrapped::default()).unwrap();
            }
            println!("{name}: {:?} a lock", started.elapsed() / 200);
        }
    }
}

#[test]
fn what_is_remembered_is_of_the_same_bytes_alone() {
    const OTHER: &[u8; 32] = b"another-data-key-another-data-ke";
    let (ring, stranger) = (keyring("age.txt"), keyring("pq.txt"));
    let (ring, stranger) = (ring.remembering(), stranger.remembering());
    let recipient = recipient(&ring);
    let locked = |secret: &[u8]| recipient.lock(secret, &Wrapped::default()).unwrap();
    let (one, other) = (locked(SECRET), locked(OTHER));
    let mut lines: Vec<String> = one.lines().map(str::to_owned).collect();
    let last = lines.len() - 2;
    let changed = if lines[last].starts_with('A') {
        "B"
    } else {
        "A"
    };
    lines[last].replace_range(..1, changed);
    let damaged = lines.join("\n") + "\n";
    for _ in 0..2 {
        assert_eq!(open(&ring, &one, &recipient), Some(SECRET.to_vec()));
        assert_eq!(open(&ring, &other, &recipient), Some(OTHER.to_vec()));
        assert_eq!(open(&ring, &damaged, &recipient), None);
        assert_eq!(open(&stranger, &one, &recipient), None);
    }
}
