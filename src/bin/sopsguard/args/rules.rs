//! The arguments of `rules`.

use clap::builder::PossibleValuesParser;

use super::Format;
use crate::help::RULES_EXAMPLES;

#[derive(Debug, clap::Args)]
#[command(after_help = RULES_EXAMPLES)]
pub(crate) struct RulesArgs {
    /// The rule whose page is printed; all rules are listed where there is none
    #[arg(value_name = "ID", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(sopsguard::engine::catalogue().map(|rule| rule.id)))]
    pub(crate) id: Option<String>,
    /// How to print the list
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        conflicts_with = "id"
    )]
    pub(crate) format: Format,
}
