//! The rules that compare versions: against stories that real sops tells, against what a key says, and
//! against policies.

mod policies;
mod stories;
mod verdicts;
