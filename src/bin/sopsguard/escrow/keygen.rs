//! `sopsguard escrow keygen`.

use std::io::{self, Write};
use std::path::PathBuf;

use sopsguard::engine::{self, KeyKind, NewIdentity};
use sopsguard::report::{self, escape};
use sopsguard::{Environment, shell_word};

use crate::app::{self, App};
use crate::args::{Format, KeygenArgs};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Where the private key goes.
struct Places {
    output: Option<PathBuf>,
    paper: Option<PathBuf>,
    /// Whether it is printed.
    is_shown: bool,
}

/// Makes an identity and puts it where it is wanted. Returns the exit code.
pub(crate) fn run(
    options: &KeygenArgs,
    environment: &Environment,
    app: &App,
) -> Result<u8, Failure> {
    let places = places(options, environment, app)?;
    if options.dry_run {
        app::print(|out| match options.format {
            Format::Human => places.tell_plan(out),
            Format::Json => report::keygen_json(None, &places.told(), out),
        })?;
        return Ok(0);
    }
    let passphrase = options.passphrase.then(|| {
        let file = options.output.clone().unwrap_or_default();
        engine::new_passphrase(&mut Terminal, &format!("`{}`", file.display()))
    });
    if let Some(None) = passphrase {
        return Err(Failure::Usage {
            message: "no passphrase was given, and no key was made".to_owned(),
            help: "`--passphrase` asks at the terminal, twice".to_owned(),
        });
    }
    let kind = if options.pq {
        KeyKind::PostQuantum
    } else {
        KeyKind::X25519
    };
    let identity = NewIdentity::generate(kind, environment.now())?;
    if let Some(place) = &places.output {
        identity.write(place, passphrase.flatten().as_ref())?;
    }
    if let Some(place) = &places.paper {
        NewIdentity::write_page(place, report::paper(&identity, &options.name))?;
    }
    match options.format {
        Format::Json => {
            app::print_all(|out| report::keygen_json(Some(&identity), &places.told(), out))?;
        }
        // Whatever reads the pipe gets the key and nothing else: age takes no other line.
        Format::Human if options.stdout => {
            app::print_all(|out| write_key(&identity, out))?;
            let mut told = Vec::new();
            tell(&identity, options, &places, &mut told)
                .expect("memory takes all that is written to it");
            app::warn(&String::from_utf8_lossy(&told));
        }
        Format::Human => app::print_all(|out| {
            if places.is_shown {
                writeln!(
                    out,
                    "# private key: it is stored nowhere, and not shown again"
                )?;
                writeln!(out, "{}\n", identity.expose())?;
            }
            tell(&identity, options, &places, out)
        })?,
    }
    Ok(0)
}

/// Where the key goes: nothing is made before it is known that it can go there.
fn places(options: &KeygenArgs, environment: &Environment, app: &App) -> Result<Places, Failure> {
    let place = |path: &Option<PathBuf>| match path {
        Some(path) => engine::refuse_repository(environment, path).map(Some),
        None => Ok(None),
    };
    let (output, paper) = (place(&options.output)?, place(&options.paper)?);
    if output.is_some() && output == paper {
        return Err(Failure::Usage {
            message: "`--output` and `--paper` name the same file".to_owned(),
            help: "name two".to_owned(),
        });
    }
    let is_shown = output.is_none() && paper.is_none();
    if is_shown && !options.stdout && !app.is_terminal() {
        return Err(Failure::Usage {
            message: "standard output is no terminal, and a private key would go who knows where"
                .to_owned(),
            help: "name where it is to go: `--output FILE`, `--paper FILE`, or `--stdout` for a pipe that \
                   you trust"
                .to_owned(),
        });
    }
    Ok(Places {
        output,
        paper,
        is_shown,
    })
}

impl Places {
    fn told(&self) -> report::KeyPlaces<'_> {
        report::KeyPlaces {
            output: self.output.as_deref(),
            paper: self.paper.as_deref(),
            is_shown: self.is_shown,
        }
    }

    fn tell_plan(&self, out: &mut dyn Write) -> io::Result<()> {
        for (what, place) in [
            ("write it to", &self.output),
            ("write the sheet to", &self.paper),
        ] {
            if let Some(place) = place {
                writeln!(
                    out,
                    "would make a key and {what} `{}`",
                    escape(&place.display().to_string())
                )?;
            }
        }
        if self.is_shown {
            writeln!(out, "would make a key and print it, here and nowhere else")?;
        }
        Ok(())
    }
}

/// The private key as a file of identities, as `age-keygen` prints it.
fn write_key(identity: &NewIdentity, out: &mut dyn Write) -> io::Result<()> {
    if let Some(created) = identity.created() {
        writeln!(out, "# created: {created}")?;
    }
    writeln!(out, "# public key: {}", identity.recipient())?;
    writeln!(out, "{}", identity.expose())
}

/// What may be known of the key, and what comes next.
fn tell(
    identity: &NewIdentity,
    options: &KeygenArgs,
    places: &Places,
    out: &mut dyn Write,
) -> io::Result<()> {
    let shown = |place: &PathBuf| escape(&place.display().to_string());
    if let Some(place) = &places.output {
        let under = if options.passphrase {
            ", under the passphrase"
        } else {
            ""
        };
        writeln!(out, "private key    {}{under}", shown(place))?;
    }
    if let Some(place) = &places.paper {
        writeln!(
            out,
            "sheet          {} (print it, then delete it)",
            shown(place)
        )?;
    }
    writeln!(out, "recipient      {}", identity.recipient())?;
    writeln!(out, "fingerprint    {}", identity.fingerprint())?;
    writeln!(out, "\nnext:")?;
    writeln!(
        out,
        "  store the private key where it outlives every laptop, and more than once"
    )?;
    let name = quoted(&options.name);
    writeln!(
        out,
        "  give it every file: sopsguard escrow add-recipient {} --name {name} --role escrow",
        quoted(identity.recipient())
    )?;
    writeln!(
        out,
        "  fetch it back from there, and prove it: sopsguard escrow verify --identity - --only {name} --record"
    )
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    shell_word(word).unwrap_or_else(|| "NAME".to_owned())
}
