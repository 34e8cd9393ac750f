//! The steps of a handover, in the order in which nothing is lost, each with what is known of it.

use super::super::recipients::{AccessMatrix, Keyholder};
use super::status::{EscrowKey, EscrowStatus, Leaving};
use crate::finding::shell_word;

/// A step of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its number in the order of `docs/handover.md`.
    pub number: usize,
    /// What is to be done.
    pub what: String,
    /// Whether it is.
    pub state: StepState,
    /// What that is judged by, or what to look at where it cannot be.
    pub why: String,
    /// What does it, or shows it.
    pub commands: Vec<String>,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It is.
    Done,
    /// It is not.
    Open,
    /// Files cannot tell it.
    Unknown,
}

impl StepState {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "not-done",
            Self::Unknown => "unknown",
        }
    }

    fn of(is_done: bool) -> Self {
        if is_done { Self::Done } else { Self::Open }
    }
}

/// All steps that matter: those of the escrow, and where somebody leaves those of the handover.
pub(super) fn steps(status: &EscrowStatus, matrix: &AccessMatrix) -> Vec<Step> {
    let machines: Vec<&Keyholder> = matrix
        .recipients
        .iter()
        .filter(|it| is_machine(it))
        .collect();
    let leaving = status.leaving.as_ref();
    let mut steps = Vec::new();
    steps.extend(leaving.map(copies));
    steps.push(escrow_made(status));
    steps.extend(leaving.map(successor));
    steps.push(escrow_proved(status));
    steps.push(escrow_everywhere(status));
    if let Some(leaving) = leaving {
        steps.push(branches());
        steps.push(beside(&machines));
        steps.push(sync());
        steps.push(taken_out(leaving));
        steps.extend(afterwards(leaving));
    }
    steps
}

fn step(number: usize, what: &str, state: StepState, why: String) -> Step {
    Step {
        number,
        what: what.to_owned(),
        state,
        why,
        commands: Vec::new(),
    }
}

impl Step {
    fn by(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }
}

fn copies(leaving: &Leaving) -> Step {
    let what = "list every copy of the leaving key (`held-by` in .sopsguard.toml)";
    if leaving.keys.is_empty() {
        let why = "the policy no longer says where they were".to_owned();
        return step(1, what, StepState::Unknown, why);
    }
    let held = held_by(leaving);
    let is_told = leaving.keys.iter().all(|key| !key.held_by.is_empty());
    let why = match held.as_slice() {
        [] => "none is listed: laptop, container volume, cluster, CI, password manager".to_owned(),
        held => format!("listed: {}", held.join(", ")),
    };
    step(1, what, StepState::of(is_told), why).by(format!(
        "sopsguard recipients --recipient {}",
        word(&leaving.name)
    ))
}

fn escrow_made(status: &EscrowStatus) -> Step {
    let names: Vec<&str> = status.escrows.iter().map(|key| key.name.as_str()).collect();
    let why = match names.as_slice() {
        [] => "the policy lists no recipient with `role = \"escrow\"`".to_owned(),
        names => format!("listed: {}", names.join(", ")),
    };
    let state = StepState::of(!names.is_empty());
    step(2, "make an escrow key, which nobody works with", state, why).by("sopsguard escrow keygen")
}

fn successor(leaving: &Leaving) -> Step {
    let what = "the successor makes a key on a machine of their own, and has it added";
    let held = leaving.opens.len() + leaving.helps_open.len();
    let (state, why) = match leaving.unshared.len() {
        _ if held == 0 => (
            StepState::Unknown,
            "nobody opens less than before".to_owned(),
        ),
        0 => (
            StepState::Done,
            "another person opens every file that the leaving key opens".to_owned(),
        ),
        count => (
            StepState::Open,
            format!(
                "{} of {held} files are opened by no other person: {}",
                count,
                first(leaving)
            ),
        ),
    };
    step(2, what, state, why)
        .by("age-keygen -o keys.txt")
        .by("sopsguard escrow add-recipient RECIPIENT --name NAME")
}

fn first(leaving: &Leaving) -> String {
    let path = leaving.unshared.first();
    path.map(|path| path.display().to_string())
        .unwrap_or_default()
}

fn escrow_proved(status: &EscrowStatus) -> Step {
    let what = "store it, fetch it back from there, and prove it";
    let is_done = !status.escrows.is_empty() && status.escrows.iter().all(|key| key.is_proved);
    let told: Vec<String> = status.escrows.iter().map(proof).collect();
    let why = match told.as_slice() {
        [] => "there is none yet".to_owned(),
        told if !is_done && !status.without_escrow.is_empty() => {
            format!("{}; it proves itself once step 3 is done", told.join("; "))
        }
        told => told.join("; "),
    };
    let unproved = status.escrows.iter().find(|key| !key.is_proved);
    let only = match unproved.or(status.escrows.first()) {
        Some(key) => word(&key.name),
        None => "NAME".to_owned(),
    };
    step(2, what, StepState::of(is_done), why).by(format!(
        "sopsguard escrow verify --identity - --only {only} --record"
    ))
}

fn proof(key: &EscrowKey) -> String {
    match (&key.proved, key.age) {
        (Some(day), Some(..-1)) => format!("{}: {day}, which is still to come", key.name),
        (Some(day), Some(age)) => format!("{}: {day}, {age} days ago", key.name),
        (Some(day), None) => format!("{}: {day}", key.name),
        (None, _) => format!("{}: never", key.name),
    }
}

fn escrow_everywhere(status: &EscrowStatus) -> Step {
    let what = "give every file the escrow key, in one commit";
    let lacking = status.without_escrow.len();
    let is_done = !status.escrows.is_empty() && lacking == 0 && status.unread.is_empty();
    let why = match lacking {
        0 => format!("an escrow key opens all {} files", status.files),
        count => format!("no escrow key opens {count} of {} files", status.files),
    };
    let command = match status.escrows.first() {
        Some(key) => format!(
            "sopsguard escrow add-recipient {} --name {} --role escrow",
            word(&key.key),
            word(&key.name)
        ),
        None => "sopsguard escrow add-recipient RECIPIENT --name NAME --role escrow".to_owned(),
    };
    step(3, what, StepState::of(is_done), why).by(command)
}

fn branches() -> Step {
    let what = "rebase the open branches, and audit each";
    let why = "a branch that is merged later brings the old recipients back".to_owned();
    step(3, what, StepState::Unknown, why)
        .by("git branch --all --no-merged")
        .by("sopsguard audit")
}

fn beside(machines: &[&Keyholder]) -> Step {
    let what = "put the new key beside the old one in the cluster and in CI, and prove each copy";
    let names: Vec<&str> = machines
        .iter()
        .filter_map(|it| it.name.as_deref())
        .collect();
    let why = match names.as_slice() {
        [] => "the policy lists no recipient with `role = \"machine\"`".to_owned(),
        names => format!("machines of the policy: {}", names.join(", ")),
    };
    let key = machines.first().map_or("KEY", |holder| holder.key.as_str());
    step(4, what, StepState::Unknown, why).by(format!(
        "kubectl get secret sops-age -o yaml | sopsguard escrow verify --identity - --only {}",
        word(key)
    ))
}

fn sync() -> Step {
    let what = "sync, and see that what runs has the values that git has";
    let why = "only the cluster knows".to_owned();
    step(5, what, StepState::Unknown, why).by("sopsguard check --require-key")
}

fn taken_out(leaving: &Leaving) -> Step {
    let what = format!(
        "only now take {} out, which rotates the files",
        leaving.name
    );
    let files = leaving.opens.len() + leaving.helps_open.len();
    let is_known = !leaving.keys.is_empty() || crate::sops::KeyName::parse(&leaving.name).is_some();
    let (state, why) = match (files, leaving.rules.as_slice()) {
        (0, []) if !is_known => (
            StepState::Unknown,
            "nobody of this name is in the files, the rules or the policy: gone, or misspelled"
                .to_owned(),
        ),
        (0, []) if !leaving.is_listed => (
            StepState::Done,
            "no file, no rule and no policy names the key".to_owned(),
        ),
        (0, []) => (StepState::Open, "the policy still lists the key".to_owned()),
        (0, rules) => {
            let rules: Vec<String> = rules
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            (
                StepState::Open,
                format!("rules still name the key: {}", rules.join(", ")),
            )
        }
        (files, _) => (
            StepState::Open,
            format!("the key is still in {files} files"),
        ),
    };
    step(6, &what, state, why).by(format!(
        "sopsguard escrow remove-recipient {}",
        word(&leaving.name)
    ))
}

/// What nobody can see in files.
fn afterwards(leaving: &Leaving) -> [Step; 3] {
    let held = held_by(leaving);
    let held = match held.as_slice() {
        [] => "nobody has listed where it is".to_owned(),
        held => format!("it is held by: {}", held.join(", ")),
    };
    let old = "take the old key from cluster and CI; keep it in the safe while old revisions may be deployed";
    let values = "change the values at their source: whoever could read them may have kept them";
    [
        step(7, old, StepState::Unknown, held.clone()),
        step(
            8,
            values,
            StepState::Unknown,
            "values in files do not tell where they count".to_owned(),
        )
        .by("sopsguard audit --history"),
        step(
            9,
            "wipe the laptop and the volume",
            StepState::Unknown,
            held,
        ),
    ]
}

fn held_by(leaving: &Leaving) -> Vec<&str> {
    let mut held: Vec<&str> = Vec::new();
    for place in leaving.keys.iter().flat_map(|key| &key.held_by) {
        if !held.contains(&place.as_str()) {
            held.push(place);
        }
    }
    held
}

fn is_machine(holder: &Keyholder) -> bool {
    holder.role.as_deref() == Some("machine")
}

/// A word as a shell takes it.
fn word(text: &str) -> String {
    shell_word(text).unwrap_or_else(|| "NAME".to_owned())
}
