//! Long lives of a file, of which chance writes the story: whatever sops, git and formatters do, in
//! whatever order, no error is found, and what somebody does as text then is.

use std::time::SystemTime;

use crate::check::error;
use crate::repo::{ONLY_DATA, Repo};

/// How many commits a life has.
const STEPS: usize = 25;

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
    told: Vec<String>,
}

impl Life<'_> {
    /// One thing that sops, git or a formatter does.
    fn live(&mut self) {
        let (repo, file) = (self.repo, self.file.clone());
        let (key, value) = (self.chance.below(6), self.chance.below(1_000_000));
        let path = format!("[\"stringData\"][\"key{key}\"]");
        let done = match self.chance.below(12) {
            0..3 => {
                repo.set(&file, &path, &format!("canary-{value}"));
                "set"
            }
            3 => {
                // Fails where the key is not there.
                let unset = repo.sops_command().args(["unset", &file, &path]).output();
                unset.unwrap();
                "unset"
            }
            4 if repo.read(&file).contains(&format!("    key{key}:")) => {
                repo.edit(&file, &format!("s/^    key{key}:/    key9{value}:/"));
                "rename"
            }
            5 => {
                repo.edit(&file, &format!("s/^kind: .*/kind: Kind{value}/"));
                "edit"
            }
            6 => {
                repo.edit(&file, &format!("1i# canary-{value}"));
                "comment"
            }
            7 => {
                repo.sops(["rotate", "--in-place", &file]);
                "rotate"
            }
            8 => {
                self.has_bob = !self.has_bob;
                let recipients = if self.has_bob {
                    repo.for_alice_and(&repo.bob)
                } else {
                    repo.for_alice()
                };
                repo.rule(&recipients, ONLY_DATA);
                repo.updatekeys(&file);
                "updatekeys"
            }
            9 => {
                let text = repo.read(&file);
                let text = if text.contains('\r') {
                    text.replace('\r', "")
                } else {
                    text.replace('\n', "\r\n")
                };
                repo.write(&file, text);
                "line ends"
            }
            10 => {
                self.file = format!("apps/{value}.enc.yaml");
                repo.write("apps/README", "");
                repo.git(["add", "--all"]);
                repo.git(["mv", &file, &self.file]);
                "move"
            }
            _ => {
                repo.change(&file, |text| {
                    text.replace("kind: Kind", "kind:  Kind")
                        .replacen("\n", "\n\n", 1)
                });
                "format"
            }
        };
        self.told.push(done.to_owned());
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
