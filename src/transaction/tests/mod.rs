//! What becomes of files, whatever happens.

mod single;
mod whole;
mod world;
