//! Long lives of a file, of which chance writes the story: whatever sops, git and formatters do, in
//! whatever order, no error is found, and what somebody does as text then is.

use std::time::SystemTime;

use crate::check::error;
use crate::repo::{ONLY_DATA, Repo};

/// How many commits a life has.
const STEPS: usize = 15;

/// What chance decides, from a seed that a failure names.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self(now.unwrap().as_nanos() as u64 | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A file, its name, and who can open it.
struct Life<'r> {
    repo: &'r Repo,
    chance: Chance,
    file: String,
    has_bob: bool,
    told: Vec<&'static str>,
}

impl Life<'_> {
    /// One thing that sops, git or a formatter does.
    fn live(&mut self) {
        let done = match self.chance.below(12) {
            0..3 => self.set(),
            3 => self.unset(),
            4 => {
                // A name that is not there yet: sops asks again and again where a key is there twice.
                let name = self.told.len();
                self.edit(&format!("s/^    key3:/    renamed{name}:/"))
            }
            5 => self.edit("s/^kind: Kind/&1/"),
            6 => self.edit("1i# canary"),
            7 => self.rotate(),
            8 => self.update_keys(),
            9 => self.convert_line_ends(),
            10 => self.rename(),
            _ => self.format(),
        };
        self.told.push(done);
    }

    fn key(&mut self) -> String {
        format!("[\"stringData\"][\"key{}\"]", self.chance.below(6))
    }

    fn set(&mut self) -> &'static str {
        let (key, value) = (self.key(), self.chance.below(1_000_000));
        self.repo.set(&self.file, &key, &format!("canary-{value}"));
        "set"
    }

    /// Takes a value away, if it is there.
    fn unset(&mut self) -> &'static str {
        let key = self.key();
        let mut sops = self.repo.sops_command();
        sops.args(["unset", &self.file, &key]).output().unwrap();
        "unset"
    }

    /// Opens the file in an editor, which may leave it as it is.
    fn edit(&mut self, script: &str) -> &'static str {
        let mut sops = self.repo.sops_command();
        let editor = format!("sed --in-place --expression='{script}'");
        let sops = sops.args(["edit", &self.file]).env("EDITOR", editor);
        sops.output().unwrap();
        "edit"
    }

    fn rotate(&mut self) -> &'static str {
        self.repo.sops(["rotate", "--in-place", &self.file]);
        "rotate"
    }

    fn update_keys(&mut self) -> &'static str {
        self.has_bob = !self.has_bob;
        let recipients = if self.has_bob {
            self.repo.for_alice_and(&self.repo.bob)
        } else {
            self.repo.for_alice()
        };
        self.repo.rule(&recipients, ONLY_DATA);
        self.repo.updatekeys(&self.file);
        "updatekeys"
    }

    fn convert_line_ends(&mut self) -> &'static str {
        self.repo.change(&self.file, |text| {
            if text.contains('\r') {
                text.replace('\r', "")
            } else {
                text.replace('\n', "\r\n")
            }
        });
        "line ends"
    }

    fn rename(&mut self) -> &'static str {
        let name = format!("apps/{}.enc.yaml", self.chance.below(1_000_000));
        self.repo.write("apps/README", "");
        self.repo.git(["add", "--all"]);
        self.repo.git(["mv", &self.file, &name]);
        self.file = name;
        "rename"
    }

    fn format(&mut self) -> &'static str {
        self.repo
            .change(&self.file, |text| text.replacen('\n', "\n\n", 1));
        "format"
    }

    /// Lets chance decide whether something else is done in the same commit, and in the same second.
    fn live_on(&mut self) {
        self.live();
        if self.chance.below(4) == 0 {
            self.live();
        }
        if self.chance.below(3) == 0 {
            self.repo.later();
        }
    }

    /// No error is found of the last commit.
    #[track_caller]
    fn is_sound(&self, arguments: &[&str]) {
        let said = self.repo.check(arguments).run();
        assert_eq!(
            said.code, 0,
            "{:?}\n{}\n{}",
            self.told, said.stdout, self.chance.0
        );
    }
}

story!(
    nothing_that_sops_git_and_formatters_do_is_an_error,
    |repo| {
        let mut life = Life {
            repo,
            chance: Chance::new(),
            file: "db.enc.yaml".to_owned(),
            has_bob: false,
            told: Vec::new(),
        };
        let values = (0..6).map(|at| format!("    key{at}: canary-{at}\n"));
        let text = format!("kind: Kind0\nstringData:\n{}", values.collect::<String>());
        repo.add("db.enc.yaml", &text);
        let first = repo.id("HEAD");
        for _ in 0..STEPS {
            life.live_on();
            life.is_sound(&[]);
            repo.commit("Live on");
            life.is_sound(&["--since", "HEAD~1"]);
            assert!(repo.opens(&life.file), "{:?}", life.told);
        }
        life.is_sound(&["--since", &first]);
        life.is_sound(&["--history"]);
        // And then somebody edits it as text.
        let edited = || error("edited-outside-sops", &life.file).says("`kind` changed");
        repo.replace(&life.file, "Kind", "Mind");
        repo.check(&[]).finds([edited()]);
        repo.commit("Edit it");
        let commit = repo.id("HEAD");
        repo.check(&["--history"])
            .finds([edited().says(&commit[..7])]);
    }
);
