//! What the YAML reader alone costs: text to tree, on files as sops writes them.

mod support;

use divan::Bencher;
use divan::counter::BytesCount;
use support::Writer;

fn main() {
    divan::main();
}

#[divan::bench(args = [10, 5_000])]
fn read(bencher: Bencher<'_, '_>, values: usize) {
    let text = Writer::new().secret(values);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| sopsguard::bench::read_yaml(&text).expect("it is YAML"));
}
