//! Plans of new texts: for secret files, for `.sops.yaml` and for the policy. Pure functions of what is there and
//! what is wanted. Nothing here reads or writes a file, asks somebody or knows the time.

pub(crate) mod creation;
#[cfg_attr(not(test), expect(dead_code, reason = "the commands come next"))]
pub(crate) mod policy;
pub(crate) mod rekey;
