//! `sopsguard escrow verify`.

use sopsguard::Environment;
use sopsguard::engine::{self, Access, ProofRequest, Request};
use sopsguard::report::{self, Style};

use crate::app;
use crate::args::{Format, VerifyArgs};
use crate::failure::Failure;
use crate::inputs;

/// Proves what each identity opens by itself. Returns the exit code.
pub(crate) fn run<'a>(
    options: &VerifyArgs,
    environment: &'a Environment,
    access: Access<'a>,
    style: Style,
) -> Result<u8, Failure> {
    inputs::refuse_two_streams(options.paths.iter().chain(&options.access.identities))?;
    if options.access.identities.is_empty() {
        return Err(Failure::Usage {
            message: "which identity is to be proved is not said".to_owned(),
            help:
                "fetch it from where it is kept, and give it as `--identity FILE`, or pipe it into \
                   `--identity -`"
                    .to_owned(),
        });
    }
    let mut request = Request::new(environment);
    request.access = access;
    if options.format == Format::Json {
        request.access.watch = None;
    }
    request.jobs = options.jobs;
    request.policy.clone_from(&options.config);
    request.identities = inputs::identities(&options.access.identities)?;
    request.targets = inputs::targets(&options.paths, None)?;
    let mut asked = ProofRequest::new(request);
    asked.only.clone_from(&options.only);
    (asked.record, asked.dry_run) = (options.record, options.dry_run);
    let report = engine::prove_identities(asked)?;
    for notice in &report.notices {
        app::warn(&format!("note: {}\n", report::escape(notice)));
    }
    app::print(|out| match options.format {
        Format::Human => report::proof_human(&report, style.verbose, out),
        Format::Json => report::proof_json(&report, out),
    })?;
    if options.record && report.recorded.is_none() {
        app::warn("nothing was noted: only a proof is\n");
    }
    Ok(u8::from(!report.is_proved()))
}
