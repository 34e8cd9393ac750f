//! The policy of the base judges a change, so that no change can switch off what would catch it.

use crate::check::error;
use crate::repo::{Repo, SECRET};

const FILE: &str = "db.enc.yaml";
const POLICY: &str = ".sopsguard.toml";
const EDITED: &str = "edited-outside-sops";

/// A secret that is edited as text.
fn break_it(repo: &Repo) {
    repo.replace(FILE, "production", "staging");
}

story!(
    the_rule_that_would_catch_the_change_is_switched_off_in_it,
    |repo| {
        repo.add(FILE, SECRET);
        repo.write(POLICY, "[rules]\nedited-outside-sops = \"off\"\n");
        break_it(repo);
        repo.finds([error(EDITED, FILE), error("policy-weakened", POLICY)]);
    }
);

story!(the_file_is_excluded_in_the_change_that_breaks_it, |repo| {
    repo.write(POLICY, "exclude = [\"vendor/**\"]\n");
    repo.add(FILE, SECRET);
    repo.write(POLICY, "exclude = [\"vendor/**\", \"*.enc.yaml\"]\n");
    break_it(repo);
    repo.finds([error(EDITED, FILE), error("policy-weakened", POLICY)]);
});

story!(
    the_finding_is_ignored_in_the_change_that_causes_it,
    |repo| {
        repo.add(FILE, SECRET);
        repo.write(
            POLICY,
            "[[ignore]]\nrule = \"edited-outside-sops\"\npath = \"**\"\nreason = \"x\"\n",
        );
        break_it(repo);
        repo.finds([error(EDITED, FILE), error("policy-weakened", POLICY)]);
    }
);

story!(what_the_base_ignores_stays_ignored, |repo| {
    repo.write(
        POLICY,
        "[[ignore]]\nrule = \"edited-outside-sops\"\npath = \"**\"\nreason = \"x\"\n",
    );
    repo.add(FILE, SECRET);
    break_it(repo);
    repo.finds_whatever_sops_does([]);
});

story!(what_the_base_leaves_out_stays_left_out, |repo| {
    repo.write(POLICY, "exclude = [\"db.*\"]\n");
    repo.add(FILE, SECRET);
    break_it(repo);
    repo.commit("Break it");
    repo.check(&["--since", "HEAD~1"]).finds([]);
    repo.check(&["--since", "HEAD~1", "."]).finds([]);
    repo.git(["rm", "--quiet", POLICY]);
    repo.commit("Leave nothing out");
    let found = repo.check(&["--since", "HEAD~2"]).run();
    assert!(found.stdout.contains(EDITED), "{}", found.stdout);
});

story!(the_policy_is_deleted_in_the_change, |repo| {
    repo.write(POLICY, "[rules]\nrecipient-added = \"error\"\n");
    repo.add(FILE, SECRET);
    std::fs::remove_file(repo.at(POLICY)).unwrap();
    break_it(repo);
    repo.finds([error(EDITED, FILE), error("policy-weakened", POLICY)]);
});

story!(the_policy_gets_stricter, |repo| {
    repo.add(FILE, SECRET);
    repo.write(POLICY, "[rules]\nrecipient-added = \"error\"\n");
    repo.finds_nothing();
});
