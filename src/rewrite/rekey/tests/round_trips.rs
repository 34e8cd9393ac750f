//! The files of real sops in every format: what comes and goes again leaves nothing behind.

use super::*;

/// A file of each format and layout, and the identities that open it.
pub(super) fn files() -> Vec<(String, Format, String, Keyring)> {
    let files = [
        ("formats/values.enc.json", "rules/keys.txt"),
        ("formats/values.enc.env", "rules/keys.txt"),
        ("formats/values.enc.ini", "rules/keys.txt"),
        ("formats/values.enc.bin", "rules/keys.txt"),
        ("identities/age.enc.yaml", "identities/keys/age.txt"),
        ("identities/ed25519.enc.yaml", "identities/keys/ed25519"),
    ];
    let read = |(path, keys): (&str, &str)| {
        let text = std::fs::read_to_string(testdata().join(path)).unwrap();
        let format = Format::of_path(Path::new(path));
        let keyring = keyring(&[&testdata().join(keys)]);
        (path.to_owned(), format, text, keyring)
    };
    files.into_iter().map(read).collect()
}

fn slices(groups: &[Vec<String>]) -> Vec<Vec<&str>> {
    groups
        .iter()
        .map(|group| group.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn adding_deletes_no_line_and_removing_it_again_leaves_the_same_bytes() {
    for (path, format, text, keyring) in files() {
        let now = recipients(&text, format);
        let mut names = slices(&now).remove(0);
        for new in NEW {
            names.push(new);
            let with = rekeyed(&text, format, &keyring, &wanted(&[&names])).unwrap();
            assert!(is_within(&text, &with), "{path}: {with}");
            assert_eq!(
                verification(&with, format, &keyring),
                Verification::Verified
            );
            let mut have = recipients(&with, format).remove(0);
            have.sort_unstable();
            let mut asked = names.clone();
            asked.sort_unstable();
            assert_eq!(have, asked, "{path}");
            let back = rekeyed(&with, format, &keyring, &wanted(&[&slices(&now)[0]])).unwrap();
            assert_eq!(back, text, "{path}");
        }
    }
}

#[test]
fn key_groups_come_and_go() {
    for (path, format, text, keyring) in files() {
        let now = recipients(&text, format).remove(0);
        let [one, new] = [now[0].as_str(), NEW[0]];
        let grouped = rekeyed(&text, format, &keyring, &wanted(&[&[one], &[one, new]])).unwrap();
        assert_eq!(
            recipients(&grouped, format),
            [vec![one], vec![one, new]],
            "{path}"
        );
        assert_eq!(
            verification(&grouped, format, &keyring),
            Verification::Verified
        );
        // Groups keep their numbers, as they are compared by them.
        let more: [&[&str]; 4] = [&[one], &[one, new], &[NEW[2]], &[NEW[2], new]];
        let third = rekeyed(&grouped, format, &keyring, &wanted(&more)).unwrap();
        let mut have = recipients(&third, format);
        have.iter_mut().for_each(|group| group.sort_unstable());
        let mut asked = more.map(<[&str]>::to_vec);
        asked.iter_mut().for_each(|group| group.sort_unstable());
        assert_eq!(have, asked, "{path}");
        let back = rekeyed(&grouped, format, &keyring, &wanted(&[&[one]])).unwrap();
        assert_eq!(recipients(&back, format), [[one]], "{path}");
        assert_eq!(
            verification(&back, format, &keyring),
            Verification::Verified
        );
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&back), lines(&text), "{path}: {back}");
        assert_eq!(outline(&back), outline(&text), "{path}");
    }
}

/// A text without what is inside armor.
fn outline(text: &str) -> String {
    let armor = |line: &&str| {
        let word = line.trim();
        word.len() > 64 || word.ends_with('=') || word.contains(' ') || word.contains(':')
    };
    let lines: Vec<&str> = text.lines().filter(armor).collect();
    let mut out = String::new();
    for line in lines {
        match line.split_once("-----BEGIN AGE") {
            Some((before, _)) => out.push_str(before),
            None if line.contains(':') => out.push_str(line),
            None => {}
        }
        out.push('\n');
    }
    out
}
