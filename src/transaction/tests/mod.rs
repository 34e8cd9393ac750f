//! What becomes of files, whatever happens.

mod broken;
mod forged;
mod power;
mod single;
mod whole;
mod world;
