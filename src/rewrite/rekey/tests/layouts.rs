//! What is written where, in the layouts that people and their tools give files.

use super::*;

/// The entry of the files below, as the lines of its `enc`; sops made it.
fn stanza() -> (String, Vec<String>) {
    let path = testdata().join("formats/values.enc.json");
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let entry = &value["sops"]["age"][0];
    let lines = entry["enc"].as_str().unwrap().lines();
    (
        entry["recipient"].as_str().unwrap().to_owned(),
        lines.map(str::to_owned).collect(),
    )
}

/// A text in which `R` stands for the recipient, `E` for its `enc` in quotes and `|N` for a literal block of it
/// at column N.
fn filled(template: &str) -> String {
    let (recipient, lines) = stanza();
    let quoted = format!("\"{}\\n\"", lines.join("\\n"));
    let mut text = template.replace("@R", &recipient).replace("@E", &quoted);
    for column in [6, 8, 10, 12, 16] {
        let block: Vec<String> = lines
            .iter()
            .map(|line| format!("{}{line}", " ".repeat(column)))
            .collect();
        text = text.replace(&format!("@{column}|"), &block.join("\n"));
    }
    text
}

/// What came, with the armor of new entries in the form in which [`filled`] writes it.
fn told(text: &str, old: &str) -> String {
    let mut told = String::new();
    let mut lines = text.split_inclusive('\n').peekable();
    let armor = |line: &str| {
        let word = line.trim();
        word.len() > 40 && !word.contains(['"', ' ', ':'])
    };
    while let Some(line) = lines.next() {
        if line.contains("BEGIN AGE")
            && !old.contains(lines.peek().copied().unwrap_or("?"))
            && line.trim().starts_with("---")
        {
            while lines
                .peek()
                .is_some_and(|line| armor(line) || !line.contains("END AGE"))
            {
                lines.next();
            }
            lines.next();
            let column = line.len() - line.trim_start().len();
            told.push_str(&format!("<armor at {column}>\n"));
        } else {
            told.push_str(line);
        }
    }
    // On one line.
    let mut out = String::new();
    let mut rest = told.as_str();
    while let Some(at) = rest.find("\"-----BEGIN") {
        let end = at + 1 + rest[at + 1..].find('"').unwrap();
        let armor = &rest[at..=end];
        out.push_str(&rest[..at]);
        out.push_str(if old.contains(armor) {
            armor
        } else {
            "<armor>"
        });
        rest = &rest[end + 1..];
    }
    out + rest
}

/// Who is added or taken, the old text and the new one.
type Case = (&'static [&'static str], &'static str, &'static str);

/// `R` in a list of recipients is the one that is there, `N` a new one.
const CASES: &[Case] = &[
    // As sops writes it, with 4 and with 2 spaces.
    (
        &["R", "N"],
        "a: 1\nsops:\n    age:\n        - enc: |\n@12|\n          recipient: @R\n    lastmodified: \"2026-01-01T00:00:00Z\"\n",
        "a: 1\nsops:\n    age:\n        - enc: |\n@12|\n          recipient: @R\n        - enc: |\n<armor at 12>\n          recipient: @N\n    lastmodified: \"2026-01-01T00:00:00Z\"\n",
    ),
    (
        &["R", "N"],
        "a: 1\nsops:\n  age:\n    - recipient: @R\n      enc: |\n@8|\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
        "a: 1\nsops:\n  age:\n    - recipient: @R\n      enc: |\n@8|\n    - recipient: @N\n      enc: |\n<armor at 8>\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
    ),
    // A list no deeper than its key, no line break at the end of the text.
    (
        &["R", "N"],
        "sops:\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  age:\n  - enc: |\n@6|\n    recipient: @R",
        "sops:\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  age:\n  - enc: |\n@6|\n    recipient: @R\n  - enc: |\n<armor at 6>\n    recipient: @N",
    ),
    // A comment behind the entry stays behind it; one above an entry goes with it.
    (
        &["N"],
        "sops:\n  age:\n    # ada\n    - recipient: @R # hers\n      enc: |\n@8|\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
        "sops:\n  age:\n    # ada\n    - recipient: @N\n      enc: |\n<armor at 8>\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
    ),
    // Brackets in YAML, on one line and on several.
    (
        &["R", "N"],
        "sops: {age: [{enc: @E, recipient: @R}], lastmodified: \"2026-01-01T00:00:00Z\"}\n",
        "sops: {age: [{enc: <armor>, recipient: @N}, {enc: @E, recipient: @R}], lastmodified: \"2026-01-01T00:00:00Z\"}\n",
    ),
    (
        &["R", "N"],
        "sops:\n  age: [\n    {enc: @E, recipient: @R},\n  ]\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
        "sops:\n  age: [\n    {enc: <armor>, recipient: @N},\n    {enc: @E, recipient: @R},\n  ]\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
    ),
    (
        &["R", "N"],
        "sops:\n  age:\n    - {recipient: @R, enc: @E}\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
        "sops:\n  age:\n    - {recipient: @R, enc: @E}\n    - {recipient: @N, enc: <armor>}\n  lastmodified: \"2026-01-01T00:00:00Z\"\n",
    ),
    // JSON in a YAML file.
    (
        &["R", "N"],
        "{\"sops\":{\"age\":[{\"enc\":@E,\"recipient\":\"@R\"}],\"lastmodified\":\"2026-01-01T00:00:00Z\"}}",
        "{\"sops\":{\"age\":[{\"enc\":<armor>,\"recipient\":\"@N\"},{\"enc\":@E,\"recipient\":\"@R\"}],\"lastmodified\":\"2026-01-01T00:00:00Z\"}}",
    ),
    (
        &["R", "N"],
        "{\n  \"sops\": {\n    \"age\": [\n      {\n        \"enc\": @E,\n        \"recipient\": \"@R\"\n      }\n    ],\n    \"lastmodified\": \"2026-01-01T00:00:00Z\"\n  }\n}\n",
        "{\n  \"sops\": {\n    \"age\": [\n      {\n        \"enc\": <armor>,\n        \"recipient\": \"@N\"\n      },\n      {\n        \"enc\": @E,\n        \"recipient\": \"@R\"\n      }\n    ],\n    \"lastmodified\": \"2026-01-01T00:00:00Z\"\n  }\n}\n",
    ),
];

#[test]
fn what_comes_is_written_like_its_neighbours() {
    let keyring = keyring(&[&testdata().join("rules/keys.txt")]);
    for (groups, old, expected) in CASES {
        for line_end in ["\n", "\r\n"] {
            let (old, expected) = (filled(old), filled(&expected.replace("@N", NEW[0])));
            let old = old.replace('\n', line_end);
            let names = groups.iter().map(|name| match *name {
                "R" => recipients(&old, Format::Yaml)[0][0].clone(),
                _ => NEW[0].to_owned(),
            });
            let names: Vec<String> = names.collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let new = rekeyed(&old, Format::Yaml, &keyring, &wanted(&[&names]));
            let new = new.unwrap_or_else(|refusal| panic!("{refusal} in {old}"));
            assert_eq!(
                new.matches('\n').count() * line_end.len(),
                new.matches(['\n', '\r']).count(),
                "{new}"
            );
            let new = told(&new.replace("\r\n", "\n"), &old.replace("\r\n", "\n"));
            assert_eq!(new, expected);
        }
    }
}
