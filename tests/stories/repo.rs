//! A repository in which a story plays, with people who have keys, and sops.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, SystemTime};

use age::secrecy::ExposeSecret;
use tempfile::TempDir;

/// A Secret as people write it. Every value that gets encrypted begins with `canary`.
pub(crate) const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata:
    name: shop
    namespace: production
stringData:
    username: canary-user
    password: canary-password
    port: canary-5432
";

/// What stands in the creation rule of every repository beside its recipients.
pub(crate) const ONLY_DATA: &str = "encrypted_regex: ^(data|stringData)$";

/// Somebody with a key.
pub(crate) struct Person {
    key: String,
    pub(crate) recipient: String,
}

/// A folder with a repository in `repo`. sops works with Alice's key, and nobody else has one.
pub(crate) struct Repo {
    root: TempDir,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    pub(crate) carol: Person,
}

impl Repo {
    /// A repository whose only commit holds a `.sops.yaml`, which is for Alice.
    pub(crate) fn new() -> Self {
        let repo = Self {
            root: tempfile::tempdir().unwrap(),
            alice: Person::new(),
            bob: Person::new(),
            carol: Person::new(),
        };
        for folder in ["home", "repo"] {
            fs::create_dir(repo.root.path().join(folder)).unwrap();
        }
        repo.git(["init", "--quiet", "--template=", "--initial-branch=main"]);
        repo.rule(&repo.for_alice(), ONLY_DATA);
        repo.commit("Add the rules of sops");
        repo
    }

    /// A path in the repository.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("repo").join(path)
    }

    /// A path beside the repository.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// Changes a file as text, as somebody does who opens it in an editor.
    #[track_caller]
    pub(crate) fn change(&self, path: &str, edit: impl FnOnce(&str) -> String) {
        let before = self.read(path);
        let after = edit(&before);
        assert_ne!(before, after, "nothing was changed");
        self.write(path, after);
    }

    /// Replaces a text that is there.
    #[track_caller]
    pub(crate) fn replace(&self, path: &str, old: &str, new: &str) {
        self.change(path, |text| text.replace(old, new));
    }

    /// Writes the only creation rule: recipients (`age: …`, `key_groups: …`), and more settings.
    pub(crate) fn rule(&self, recipients: &str, settings: &str) {
        let settings = settings.replace('\n', "\n    ");
        let text = format!("creation_rules:\n  - {recipients}\n    {settings}\n");
        self.write(".sops.yaml", text);
    }

    /// The recipients of a rule that is for Alice.
    pub(crate) fn for_alice(&self) -> String {
        format!("age: {}", self.alice.recipient)
    }

    /// The recipients of a rule that is for Alice and somebody else.
    pub(crate) fn for_alice_and(&self, other: &Person) -> String {
        format!("age: {},{}", self.alice.recipient, other.recipient)
    }

    /// Adds a file that sops encrypted by the rule.
    #[track_caller]
    pub(crate) fn encrypt(&self, path: &str, text: &str) {
        self.write(path, text);
        self.sops(["encrypt", "--in-place", path]);
    }

    /// The same, and commits it.
    #[track_caller]
    pub(crate) fn add(&self, path: &str, text: &str) {
        self.encrypt(path, text);
        self.commit(&format!("Add {path}"));
    }

    /// Runs sops with Alice's key; it has to succeed. Gives what it prints.
    #[track_caller]
    pub(crate) fn sops<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let mut sops = self.sops_command();
        succeeded(sops.args(arguments))
    }

    /// sops with Alice's key, in the repository.
    pub(crate) fn sops_command(&self) -> Command {
        self.sops_of("3.13.3")
    }

    /// The same of another version.
    pub(crate) fn sops_of(&self, version: &str) -> Command {
        let mut sops = self.command(peer_sops(version));
        sops.env("SOPS_AGE_KEY", &self.alice.key);
        sops
    }

    /// Sets a value with `sops set`.
    #[track_caller]
    pub(crate) fn set(&self, path: &str, key: &str, value: &str) {
        self.sops(["set", path, key, &format!("\"{value}\"")]);
    }

    /// Opens a file with `sops edit`, in an editor that runs a script of sed over it.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, script: &str) {
        let mut sops = self.sops_command();
        let editor = format!("sed --in-place --expression='{script}'");
        succeeded(sops.args(["edit", path]).env("EDITOR", editor));
    }

    /// Lets a file follow the rule, with `sops updatekeys`.
    #[track_caller]
    pub(crate) fn updatekeys(&self, path: &str) {
        self.sops(["updatekeys", "--yes", path]);
    }

    /// Whether sops opens a file with Alice's key.
    pub(crate) fn opens(&self, path: &str) -> bool {
        let output = self.sops_command().args(["decrypt", path]).output();
        output.unwrap().status.success()
    }

    /// What sops writes from now on has another `lastmodified` than what it wrote before.
    pub(crate) fn later(&self) {
        let second = || {
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs()
        };
        let now = second();
        while second() == now {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Does one thing and commits it, then another, in one second of sops's clock.
    #[track_caller]
    pub(crate) fn within_a_second(&self, path: &str, first: impl Fn(), then: impl Fn()) {
        for _ in 0..20 {
            self.later();
            first();
            let written = last_modified(&self.read(path));
            self.commit("Edit within a second");
            then();
            if last_modified(&self.read(path)) == written {
                return;
            }
            self.git(["reset", "--quiet", "--hard", "HEAD~1"]);
        }
        panic!("sops is never fast enough");
    }

    /// Runs git, which has to succeed. Gives what it prints.
    #[track_caller]
    pub(crate) fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        succeeded(self.command("git").args(arguments))
    }

    /// Whether git knows an object.
    pub(crate) fn has(&self, object: &str) -> bool {
        let mut git = self.command("git");
        git.args(["cat-file", "-e", object])
            .output()
            .unwrap()
            .status
            .success()
    }

    /// Runs git, which has to fail, as it does where it meets a conflict.
    #[track_caller]
    pub(crate) fn git_fails<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) {
        let output = self.command("git").args(arguments).output().unwrap();
        assert!(!output.status.success(), "git did it");
    }

    /// Commits all there is.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// The id of a commit.
    #[track_caller]
    pub(crate) fn id(&self, revision: &str) -> String {
        self.git(["rev-parse", revision]).trim_end().to_owned()
    }

    /// Makes a branch here and goes to it.
    #[track_caller]
    pub(crate) fn branch(&self, name: &str) {
        self.git(["checkout", "--quiet", "-b", name]);
    }

    /// Goes to a branch that is there.
    #[track_caller]
    pub(crate) fn checkout(&self, name: &str) {
        self.git(["checkout", "--quiet", name]);
    }

    /// A program in the repository, in a world without keys.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.at(""))
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.beside("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_EDITOR", "true")
            .env("LC_ALL", "C.UTF-8");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Somebody");
            command.env(format!("GIT_{role}_EMAIL"), "somebody@example.org");
        }
        command
    }

    /// What nobody may print: private keys, and the beginning of every value.
    pub(crate) fn secrets(&self) -> [&str; 4] {
        [&self.alice.key, &self.bob.key, &self.carol.key, "canary"]
    }
}

impl Person {
    fn new() -> Self {
        let identity = age::x25519::Identity::generate();
        Self {
            key: identity.to_string().expose_secret().to_owned(),
            recipient: identity.to_public().to_string(),
        }
    }

    /// The private key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// When sops last wrote a YAML file.
pub(crate) fn last_modified(text: &str) -> String {
    let line = text.lines().find(|line| line.contains("lastmodified"));
    line.unwrap().to_owned()
}

/// Runs a program that has to succeed, and gives what it prints.
#[track_caller]
fn succeeded(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {complaint}");
    String::from_utf8_lossy(&stdout).into_owned()
}

/// A program by its name, which is installed where it is not there yet.
pub(crate) fn peer(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/peers");
    let printed = succeeded(Command::new(script).args(["--print", name]));
    PathBuf::from(printed.trim_end())
}

/// sops of a version, which is built where it is not there yet.
pub(crate) fn peer_sops(version: &str) -> PathBuf {
    static FOUND: OnceLock<[PathBuf; 2]> = OnceLock::new();
    let found = FOUND.get_or_init(|| ["sops-3.13.2", "sops-3.13.3"].map(peer));
    let [older, reference] = found;
    match version {
        "3.13.2" => older.clone(),
        "3.13.3" => reference.clone(),
        other => panic!("sops {other} is no peer"),
    }
}
