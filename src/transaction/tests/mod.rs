//! What becomes of files, whatever happens.

mod broken;
mod forged;
mod meddled;
mod power;
mod single;
mod whole;
mod world;
