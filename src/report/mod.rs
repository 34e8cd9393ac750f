//! Reports as text, one file a format. Reporters see data that the engine made, never a source.

#[cfg(feature = "cli")]
mod drawing;
mod escape;
mod escrow;
mod explain;
mod github;
mod gitlab;
#[cfg(feature = "cli")]
mod human;
mod json;
mod junit;
mod keys;
mod log;
#[cfg(feature = "cli")]
mod openers;
mod plan;
mod recipients;
mod recovery;
mod rules;
mod sarif;
mod services;
mod tree;
#[cfg(feature = "cli")]
mod undone;

pub use escape::text as escape;
#[cfg(feature = "cli")]
pub use escrow::paper;
pub use escrow::{
    KeyPlaces, keygen as keygen_json, proof_human, proof_json, status_human, status_json,
};
#[cfg(feature = "cli")]
pub use explain::human as explain_human;
pub use explain::json as explain_json;
pub use github::github;
pub use gitlab::gitlab;
#[cfg(feature = "cli")]
pub use human::{Style, human};
pub use json::json;
pub use junit::junit;
pub use keys::{human as keys_human, json as keys_json};
#[cfg(feature = "cli")]
pub use log::human as log_human;
pub use log::json as log_json;
#[cfg(feature = "cli")]
pub use plan::human as plan_human;
pub use plan::{Stage as PlanStage, json as plan_json};
#[cfg(feature = "cli")]
pub use recipients::human as recipients_human;
pub use recipients::{csv as recipients_csv, html as recipients_html, json as recipients_json};
pub use recovery::{human as recovery_human, json as recovery_json};
pub use rules::{human as rules_human, json as rules_json};
pub use sarif::sarif;
pub use tree::{human as tree_human, json as tree_json};
