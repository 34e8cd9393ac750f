//! Plans of new texts for secret files: pure functions of what is there and what is wanted. Nothing here
//! reads or writes a file, asks somebody or knows the time.

pub(crate) mod rekey;
