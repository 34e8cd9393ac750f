//! What a build without some of the features makes of keys that it cannot use: it knows them, and
//! says so. It holds for every choice of features.

#![expect(clippy::unwrap_used, reason = "a test fails where its world does")]

use std::path::{Path, PathBuf};

use sopsguard::engine::{self, Request, Target};
use sopsguard::{Environment, Platform, Reason, Verification};

fn testdata(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("testdata/identities").join(path)
}

/// The verdict on a file with a key that a variable names.
fn verdict(file: &str, variable: &str, key: &str) -> Verification {
    let variables = [(variable.into(), testdata(key).into())];
    let environment = Environment::new(variables, "/".into(), Platform::Unix);
    let mut request = Request::new(&environment);
    request.targets = vec![Target::Path(testdata(file))];
    let report = engine::check(request).unwrap();
    report.files[0].verification.clone()
}

#[test]
fn keys_of_a_kind_that_was_left_out_are_not_supported() {
    let unsupported = |what: &str| Verification::NotVerified(Reason::Unsupported(what.to_owned()));
    let or_verified = |has_feature: bool, what: &str| {
        if has_feature {
            Verification::Verified
        } else {
            unsupported(what)
        }
    };
    let (key_file, ssh_file) = ("SOPS_AGE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_FILE");
    for name in ["ed25519", "rsa"] {
        assert_eq!(
            verdict(
                &format!("{name}.enc.yaml"),
                ssh_file,
                &format!("keys/{name}")
            ),
            or_verified(cfg!(feature = "ssh"), "SSH identities")
        );
    }
    assert_eq!(
        verdict("pq.enc.yaml", key_file, "keys/pq.txt"),
        or_verified(cfg!(feature = "pq"), "post-quantum identities")
    );
    let not_allowed = "plugin `batchpass` is not run without `--allow-plugin batchpass`";
    let plugin = if cfg!(feature = "plugin") {
        Verification::NotVerified(Reason::NotAllowed(not_allowed.to_owned()))
    } else {
        unsupported("identities of plugin `batchpass`")
    };
    assert_eq!(
        verdict("plugin.enc.yaml", key_file, "keys/plugin.txt"),
        plugin
    );
    assert_eq!(
        verdict("age.enc.yaml", key_file, "keys/age.txt"),
        Verification::Verified
    );
}
