//! What a check costs inside one process. `docs/benchmarks.md` says what the names mean.

mod support;

use std::fmt::Write as _;
use std::path::PathBuf;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use sopsguard::engine::{self, Request, Target};
use sopsguard::{Environment, Platform, Verification};
use support::Writer;

fn main() {
    divan::main();
}

fn environment(identity: &str, folder: PathBuf) -> Environment {
    Environment::new(
        [("SOPS_AGE_KEY".into(), identity.into())],
        folder,
        Platform::Unix,
    )
}

/// Checks and insists that all is verified.
fn check(environment: &Environment, target: Target, files: usize) {
    let mut request = Request::new(environment);
    request.targets = vec![target];
    let report = engine::check(request).expect("the inputs are there");
    let verified = |file: &engine::FileReport| file.verification == Verification::Verified;
    assert!(report.files.len() == files && report.files.iter().all(verified));
}

#[divan::bench(args = [10, 5_000])]
fn explain_tree(bencher: Bencher<'_, '_>, values: usize) {
    let mut text = "kind: ConfigMap\ndata:\n".to_owned();
    for at in 0..values {
        writeln!(text, "    key_{at}: \"value number {at}\" # {at}").expect("strings take all");
    }
    let environment = Environment::new([], PathBuf::from("/"), Platform::Unix);
    let target = Target::Text {
        name: "a.yaml".into(),
        bytes: text.clone().into_bytes(),
    };
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| engine::explain_tree(&target, &environment, None).expect("it is YAML"));
}

#[divan::bench]
fn one_file_of_10_values(bencher: Bencher<'_, '_>) {
    one_file(bencher, 10);
}

#[divan::bench]
fn one_file_of_5000_values(bencher: Bencher<'_, '_>) {
    one_file(bencher, 5_000);
}

fn one_file(bencher: Bencher<'_, '_>, values: usize) {
    let mut writer = Writer::new();
    let bytes = writer.secret(values).into_bytes();
    let environment = environment(&writer.identity(), PathBuf::from("/"));
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| Target::Text {
            name: "a.yaml".into(),
            bytes: bytes.clone(),
        })
        .bench_values(|target| check(&environment, target, 1));
}

#[divan::bench]
fn a_thousand_files(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("there is room");
    let mut writer = Writer::new();
    for at in 0..1_000 {
        let path = folder.path().join(format!("{at}.enc.yaml"));
        let text = writer.secret(10);
        std::fs::File::create(path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .expect("there is room");
    }
    let environment = environment(&writer.identity(), folder.path().to_owned());
    bencher
        .counter(ItemsCount::new(1_000_usize))
        .bench(|| check(&environment, Target::Path(".".into()), 1_000));
}
