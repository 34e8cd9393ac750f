//! The rules that compare versions: against stories that real sops tells, and against what a key says.

mod stories;
mod verdicts;
