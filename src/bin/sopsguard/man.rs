//! `sopsguard man`: manual pages, made of the same words as `--help`.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::app;
use crate::args::{Args, ManArgs};
use crate::failure::Failure;

/// Prints the page of a command. Returns the exit code.
pub(crate) fn run(options: &ManArgs) -> Result<u8, Failure> {
    let mut program = Args::command();
    // Gives every command its full name.
    program.build();
    let command = match options.command.as_deref() {
        None => &program,
        Some(name) => program
            .find_subcommand(name)
            .ok_or_else(|| unknown(name, &program))?,
    };
    app::print(|out| page(command, out))?;
    Ok(0)
}

fn unknown(name: &str, program: &Command) -> Failure {
    let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
    Failure::Usage {
        message: format!("there is no command `{name}`"),
        help: format!("the commands are {}", names.join(", ")),
    }
}

fn page(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let source = concat!("sopsguard ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source);
    man.render_title(out)?;
    man.render_name_section(out)?;
    synopsis(command).to_writer(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    let after = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    for part in after
        .into_iter()
        .flat_map(|text| sections(&text.to_string()))
    {
        part.to_writer(out)?;
    }
    Ok(())
}

/// How the command is called, as its help says it.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([roman(usage)]);
    roff
}

/// The paragraphs below a command's help, each a section: its first line is the title, and the
/// others keep their breaks.
fn sections(text: &str) -> Vec<Roff> {
    let section = |paragraph: &str| {
        let (title, lines) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let mut roff = Roff::new();
        roff.control("SH", [title.trim_end_matches(':').to_uppercase().as_str()]);
        roff.control("nf", []);
        for line in lines.lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
        roff
    };
    text.split("\n\n").map(section).collect()
}
