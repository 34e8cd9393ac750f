//! What the commits of a range brought.

use super::*;

/// The first commit, the path and the text of each content that was brought since a revision.
fn brought(world: &World, revision: &str, reach: Reach) -> (Vec<(String, String, String)>, End) {
    let repo = world.repo();
    let mut commits = repo.commits();
    let base = commits.base_since(revision).unwrap();
    let brought = commits.brought(&base, reach).unwrap();
    let blobs = repo.blobs();
    let files = brought.files.into_iter().map(|file| {
        let text = blobs.read(&file.blob, 99).unwrap();
        (
            file.commit.to_string(),
            String::from_utf8(file.path).unwrap(),
            String::from_utf8(text).unwrap(),
        )
    });
    (files.collect(), brought.end)
}

fn file(commit: &str, path: &str, text: &str) -> (String, String, String) {
    (commit.to_owned(), path.to_owned(), text.to_owned())
}

#[test]
fn what_a_later_commit_took_back_was_brought_all_the_same() {
    for format in ["sha1", "sha256"] {
        let world = World::with_format(format);
        world.write("kept", "same");
        world.put("a", "before");
        world.git(["tag", "start"]);
        let leak = world.put("secret/a.enc.yaml", "clear");
        let cured = world.put("secret/a.enc.yaml", "encrypted");
        let moved = world.put("a", "other");
        // What was there before is none of the range's, and what is there twice is told of once.
        world.put("a", "before");
        world.write("copy", "clear");
        world.write("kept2", "same");
        let last = world.commit();
        let (files, end) = brought(&world, "start", FAR);
        let expected = [
            file(&leak, "secret/a.enc.yaml", "clear"),
            file(&cured, "secret/a.enc.yaml", "encrypted"),
            file(&moved, "a", "other"),
            file(&last, "kept2", "same"),
        ];
        assert_eq!(files, expected, "{format}");
        assert_eq!(end, End::Complete);
        let reach = Reach { commits: 2, ..FAR };
        let (files, end) = brought(&world, "start", reach);
        assert_eq!(
            files,
            [file(&last, "copy", "clear"), file(&last, "kept2", "same")]
        );
        assert_eq!(end, End::Limit);
        assert_eq!(brought(&world, "HEAD", FAR), (Vec::new(), End::Complete));
    }
}

#[test]
fn a_merge_brings_what_is_as_in_none_of_its_parents() {
    let world = World::new();
    world.put("a", "1\n2\n3\n4\n5\n6\n7\n");
    world.git(["branch", "target"]);
    world.git(["checkout", "--quiet", "-b", "side"]);
    let side = world.put("a", "side\n2\n3\n4\n5\n6\n7\n");
    world.git(["checkout", "--quiet", "main"]);
    let main = world.put("a", "1\n2\n3\n4\n5\n6\nmain\n");
    world.git(["merge", "--quiet", "--no-commit", "side"]);
    let merge = world.put("evil", "new");
    let (mut files, _) = brought(&world, "target", FAR);
    let mut expected = [
        file(&side, "a", "side\n2\n3\n4\n5\n6\n7\n"),
        file(&main, "a", "1\n2\n3\n4\n5\n6\nmain\n"),
        file(&merge, "a", "side\n2\n3\n4\n5\n6\nmain\n"),
        file(&merge, "evil", "new"),
    ];
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
    // As if the merge had brought all that it joined.
    let reach = Reach {
        first_parents: true,
        ..FAR
    };
    let (files, _) = brought(&world, "target", reach);
    assert_eq!(
        files,
        [
            expected_of(&expected, &main, "a"),
            expected_of(&expected, &merge, "a"),
            expected_of(&expected, &merge, "evil")
        ]
    );
}

fn expected_of(
    all: &[(String, String, String)],
    commit: &str,
    path: &str,
) -> (String, String, String) {
    let found = all.iter().find(|file| file.0 == commit && file.1 == path);
    found.unwrap().clone()
}

#[test]
fn what_was_merged_from_the_target_is_none_of_the_requests() {
    let world = World::new();
    world.put("a", "1");
    world.git(["checkout", "--quiet", "-b", "request"]);
    let own = world.put("b", "own");
    world.git(["checkout", "--quiet", "main"]);
    world.put("c", "of the target");
    world.git(["checkout", "--quiet", "request"]);
    world.git(["merge", "--quiet", "--no-edit", "main"]);
    assert_eq!(brought(&world, "main", FAR).0, [file(&own, "b", "own")]);
}

#[test]
fn where_a_clone_was_cut_off_it_is_not_said_that_all_was_brought_there() {
    let origin = World::new();
    origin.put("a", "1");
    origin.git(["checkout", "--quiet", "-b", "side"]);
    origin.put("b", "1");
    origin.put("b", "2");
    let last = origin.put("b", "3");
    origin.git(["checkout", "--quiet", "main"]);
    let world = origin.clone_with(&["--depth=2", "--no-single-branch"]);
    world.git(["checkout", "--quiet", "side"]);
    let mut commits_of = world.repo().commits().base_since("HEAD").unwrap();
    let main = world.git(["rev-parse", "origin/main"]);
    // The merge base is not there; this is what a range from elsewhere would be.
    commits_of.commits = vec![id(&main)];
    if let Of::Since(since) = &mut commits_of.of {
        since.tip = Some(id(&main));
    }
    let repo = world.repo();
    let brought = repo.commits().brought(&commits_of, FAR).unwrap();
    let found: Vec<String> = brought
        .files
        .iter()
        .map(|file| file.commit.to_string())
        .collect();
    assert_eq!(found, [last]);
    assert_eq!((brought.commits, brought.end), (2, End::Shallow));
}
