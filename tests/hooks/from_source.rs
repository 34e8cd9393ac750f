//! The hook as `.pre-commit-hooks.yaml` offers it: built by cargo from a clone of this repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::runner::{Runner, peers_folder};
use crate::world::World;

#[test]
#[ignore = "compiles the release: minutes"]
fn pre_commit_builds_the_hook_from_a_clone_and_it_blocks() {
    let world = World::without_hook(Runner::PreCommit);
    world.remove_program();
    let clone = world.at("../clone");
    clone_checkout(&world, &clone);
    let _target = Target::shared_with(&world);
    world.install_with(&clone);

    world.put("healthy", "apps/wiki/database.enc.yaml");
    world.stage();
    let attempt = world.commit();
    assert!(attempt.done, "{}", attempt.output);

    world.put("damaged", "apps/shop/database.enc.yaml");
    world.stage();
    let attempt = world.commit();
    assert!(!attempt.done, "{}", attempt.output);
    assert!(
        attempt.output.contains("mac-mismatch"),
        "{}",
        attempt.output
    );
    world.assert_silent(&attempt.output);
}

/// Where cargo builds, kept between runs: the dependencies need minutes.
struct Target(PathBuf);

impl Target {
    /// Gives the world a cargo that works in its home, and builds fast rather than well.
    fn shared_with(world: &World) -> Self {
        let real = PathBuf::from(std::env::var_os("HOME").unwrap());
        for (name, usual) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let folder = std::env::var_os(name).map_or(real.join(usual), PathBuf::from);
            world.set(name, folder);
        }
        let target = peers_folder().join("hook-from-source");
        world.set("CARGO_TARGET_DIR", &target);
        for (name, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "0")] {
            world.set(&format!("CARGO_PROFILE_RELEASE_{name}"), value);
        }
        Self(target)
    }
}

impl Drop for Target {
    /// Forgets this package, whose folder was another one in each run.
    fn drop(&mut self) {
        for file in walkdir::WalkDir::new(&self.0).contents_first(true) {
            let Ok(file) = file else { continue };
            let inside = file.path().strip_prefix(&self.0).unwrap_or(Path::new(""));
            if inside.to_string_lossy().contains("sopsguard") {
                // What stays costs room, and nothing else.
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

/// A repository with one commit: the files of this checkout that git knows, as they are now.
fn clone_checkout(world: &World, clone: &Path) {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(checkout)
        .output()
        .unwrap();
    let files = String::from_utf8(files.stdout).unwrap();
    for file in files.split_terminator('\0') {
        let wanted = !["testdata/", "tools/", "tests/"]
            .iter()
            .any(|f| file.starts_with(f));
        if wanted && checkout.join(file).is_file() {
            let target = clone.join(file);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(checkout.join(file), target).unwrap();
        }
    }
    let clone = clone.to_str().unwrap();
    world.git(["-C", clone, "init", "--quiet"]);
    world.git(["-C", clone, "add", "--all"]);
    world.git(["-C", clone, "commit", "--quiet", "--message=checkout"]);
}
