//! The `sopsguard` command.

fn main() {}
