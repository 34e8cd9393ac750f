//! Names for the files of documents: after `kind` and `metadata.name`, with the ending of the file that they
//! come from.
//!
//! What a document calls itself is a stranger's word: only letters, digits, dots and dashes of it reach a
//! name, and no name leads anywhere or begins with a dot for it.

use std::collections::BTreeMap;

use super::Title;

/// What the ending of a secret file is made of.
const WORDS: [&str; 7] = [
    "enc",
    "encrypted",
    "sops",
    "secret",
    "secrets",
    "yaml",
    "yml",
];

/// The most bytes of what a document calls itself: together with an ending it fits in a file's name.
const MAX_LEN: usize = 150;

/// Names for documents, of which each has its number and what it is called: several sets, the first the best.
/// The later ones keep more of the name of the file, by which creation rules may go.
pub(crate) fn names(documents: &[(usize, &Title)], file: &str) -> Vec<Vec<String>> {
    let stems = stems(documents, stem(file, short_ending(file)));
    let whole = match file.starts_with('.') {
        true => file.to_owned(),
        false => format!(".{file}"),
    };
    let endings = [short_ending(file), long_ending(file), whole.as_str()];
    let mut sets: Vec<Vec<String>> = Vec::new();
    for ending in endings.into_iter().filter(|ending| !ending.is_empty()) {
        let set: Vec<String> = stems.iter().map(|stem| format!("{stem}{ending}")).collect();
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    sets
}

/// Names without their endings, no two alike.
fn stems(documents: &[(usize, &Title)], file: &str) -> Vec<String> {
    let numbered = |number: usize| format!("{file}-{number}");
    let mut stems: Vec<String> = documents
        .iter()
        .map(|(number, title)| called(title).unwrap_or_else(|| numbered(*number)))
        .collect();
    let by_namespace = |stem: &str, title: &Title, _: usize| {
        let namespace = title.namespace.as_deref().and_then(plain)?;
        Some(format!("{stem}-{namespace}"))
    };
    let by_number = |stem: &str, _: &Title, number: usize| Some(format!("{stem}-{number}"));
    tell_apart(&mut stems, documents, by_namespace);
    tell_apart(&mut stems, documents, by_number);
    if repeated(&stems).iter().any(|is_repeated| *is_repeated) {
        return documents
            .iter()
            .map(|(number, _)| numbered(*number))
            .collect();
    }
    stems
}

/// Gives those that are alike other names.
fn tell_apart(
    stems: &mut [String],
    documents: &[(usize, &Title)],
    more: impl Fn(&str, &Title, usize) -> Option<String>,
) {
    let repeated = repeated(stems);
    let all = stems.iter_mut().zip(documents).zip(repeated);
    for ((stem, (number, title)), is_repeated) in all {
        if let Some(longer) = is_repeated.then(|| more(stem, title, *number)).flatten() {
            *stem = longer;
        }
    }
}

fn repeated(stems: &[String]) -> Vec<bool> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for stem in stems {
        *counts.entry(stem).or_default() += 1;
    }
    let count = |stem: &String| counts.get(stem.as_str()).copied().unwrap_or_default();
    stems.iter().map(|stem| count(stem) > 1).collect()
}

/// What a document is called, where it says so in full.
fn called(title: &Title) -> Option<String> {
    let kind = plain(title.kind.as_deref()?)?;
    let name = plain(title.name.as_deref()?)?;
    let called = format!("{kind}-{name}");
    (called.len() <= MAX_LEN).then_some(called)
}

/// A text as part of a file's name; none where nothing of it is left.
fn plain(text: &str) -> Option<String> {
    let mut plain = String::new();
    for sign in text.chars().take(2 * MAX_LEN) {
        let sign = match sign.to_ascii_lowercase() {
            sign @ ('a'..='z' | '0'..='9' | '.') => sign,
            _ => '-',
        };
        let joins = |sign: char| matches!(sign, '-' | '.');
        if joins(sign) && plain.chars().next_back().is_none_or(joins) {
            continue;
        }
        plain.push(sign);
    }
    let plain = plain.trim_end_matches(['-', '.']);
    let fits = !plain.is_empty() && plain.len() <= MAX_LEN;
    fits.then(|| plain.to_owned())
}

/// The last parts of a name that say what kind of file it is: `.enc.yaml` of `a.b.enc.yaml`.
fn short_ending(file: &str) -> &str {
    let mut start = file.len();
    while let Some(at) = file.get(1..start).and_then(|rest| rest.rfind('.')) {
        let dot = at + 1;
        let word = file.get(dot + 1..start).unwrap_or_default();
        if !WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            break;
        }
        start = dot;
    }
    file.get(start..).unwrap_or_default()
}

/// All behind the first dot of a name: `.b.enc.yaml` of `a.b.enc.yaml`.
fn long_ending(file: &str) -> &str {
    let first = file.get(1..).and_then(|rest| rest.find('.'));
    first.and_then(|at| file.get(at + 1..)).unwrap_or_default()
}

fn stem<'f>(file: &'f str, ending: &str) -> &'f str {
    file.strip_suffix(ending).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(kind: &str, namespace: &str, name: &str) -> Title {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Title {
            kind: some(kind),
            namespace: some(namespace),
            name: some(name),
        }
    }

    fn best(titles: &[Title], file: &str) -> Vec<String> {
        let documents: Vec<(usize, &Title)> = (1..).zip(titles).collect();
        names(&documents, file).swap_remove(0)
    }

    #[test]
    fn a_file_is_called_after_what_it_holds_and_ends_as_the_old_one() {
        for (titles, file, expected) in [
            (
                &[title("Secret", "", "db"), title("ConfigMap", "", "db")] as &[Title],
                "secrets.enc.yaml",
                &["secret-db.enc.yaml", "configmap-db.enc.yaml"] as &[&str],
            ),
            (
                &[title("Secret", "", "db"), title("Secret", "", "")],
                "prod.secrets.enc.yml",
                &["secret-db.secrets.enc.yml", "prod-2.secrets.enc.yml"],
            ),
            (
                &[
                    title("Secret", "a", "db"),
                    title("Secret", "b", "db"),
                    title("Secret", "b", "x"),
                ],
                "all.yaml",
                &["secret-db-a.yaml", "secret-db-b.yaml", "secret-x.yaml"],
            ),
            (
                &[
                    title("Secret", "", "db"),
                    title("Secret", "", "DB"),
                    title("", "", "db"),
                ],
                ".all.sops.yaml",
                &[
                    "secret-db-1.sops.yaml",
                    "secret-db-2.sops.yaml",
                    ".all-3.sops.yaml",
                ],
            ),
            // One is called as another is made to be.
            (
                &[
                    title("Secret", "", "a"),
                    title("Secret", "", "a"),
                    title("Secret", "", "a-2"),
                ],
                "x.enc.yaml",
                &["x-1.enc.yaml", "x-2.enc.yaml", "x-3.enc.yaml"],
            ),
        ] {
            assert_eq!(best(titles, file), expected, "{file}");
        }
    }

    #[test]
    fn no_name_leads_anywhere_whatever_a_document_calls_itself() {
        for (kind, name, expected) in [
            ("Secret", "../../etc/passwd", "secret-etc-passwd.enc.yaml"),
            ("Secret", "..", "s-1.enc.yaml"),
            ("..", "db", "s-1.enc.yaml"),
            ("Secret", "a\0b\nc\u{202e}d", "secret-a-b-c-d.enc.yaml"),
            ("Role", "system:Node/x", "role-system-node-x.enc.yaml"),
            ("Secret", "größe", "secret-gr-e.enc.yaml"),
            ("Secret", "密码", "s-1.enc.yaml"),
            ("Secret", "-.a..b-.", "secret-a.b.enc.yaml"),
            ("C:\\con", "nul", "c-con-nul.enc.yaml"),
        ] {
            let names = best(&[title(kind, "", name)], "s.enc.yaml");
            assert_eq!(names, [expected], "{name:?}");
        }
        let long = best(&[title("Secret", "", &"a".repeat(253))], "s.enc.yaml");
        assert_eq!(long, ["s-1.enc.yaml"]);
    }

    #[test]
    fn later_names_keep_more_of_the_old_one() {
        let titles = [title("Secret", "", "db")];
        let sets = |file: &str| -> Vec<String> {
            let documents = [(1, &titles[0])];
            names(&documents, file).into_iter().flatten().collect()
        };
        assert_eq!(
            sets("app.prod.enc.yaml"),
            [
                "secret-db.enc.yaml",
                "secret-db.prod.enc.yaml",
                "secret-db.app.prod.enc.yaml"
            ]
        );
        assert_eq!(
            sets("secrets.yaml"),
            ["secret-db.yaml", "secret-db.secrets.yaml"]
        );
        assert_eq!(sets(".yaml"), ["secret-db.yaml"]);
    }
}
