//! The JSON Schema of a policy file, for editors: made of the table of keys that the reader has, so that
//! the two cannot differ in what they know.
//!
//! What no schema can say is left to the reader: checksums of keys, patterns that are none, keys that
//! are listed twice, rules that no policy settles.

use serde_json::{Map, Value, json};

use super::is_firm;
use super::keys::{Key, LEVELS, MAX_COUNT, MAX_NAME, POLICY, Shape};

/// The schema, as a text that ends with a line end.
pub(crate) fn schema(rules: &[(&'static str, &'static str)]) -> String {
    let mut schema = Map::new();
    let about = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", ".sopsguard.toml"),
        (
            "description",
            "The policy that sopsguard follows in a repository.",
        ),
    ];
    schema.extend(about.map(|(key, text)| (key.to_owned(), json!(text))));
    schema.append(&mut table(&POLICY, rules));
    let text = serde_json::to_string_pretty(&Value::Object(schema));
    format!(
        "{}\n",
        text.expect("an object with text keys can be written")
    )
}

/// A table with these keys and no others.
fn table(keys: &[Key], rules: &[(&'static str, &'static str)]) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in keys {
        let mut property = Map::new();
        property.insert("description".to_owned(), json!(key.what));
        property.append(&mut shape(&key.shape, rules));
        properties.insert(key.name.to_owned(), Value::Object(property));
    }
    let needed = keys.iter().filter(|key| key.is_required);
    let needed: Vec<&str> = needed.map(|key| key.name).collect();
    let mut table = object(json!({"type": "object", "properties": properties}));
    if !needed.is_empty() {
        table.insert("required".to_owned(), json!(needed));
    }
    table.insert("additionalProperties".to_owned(), json!(false));
    table
}

fn shape(shape: &Shape, rules: &[(&'static str, &'static str)]) -> Map<String, Value> {
    let list = |items: Value| object(json!({"type": "array", "items": items}));
    match shape {
        Shape::Count => object(json!({"type": "integer", "minimum": 1, "maximum": MAX_COUNT})),
        Shape::Days => text("^[1-9][0-9]{0,3}[dwy]$"),
        Shape::Date => object(json!({"type": "string", "format": "date"})),
        Shape::Text => text(r"\S"),
        Shape::Name => name(),
        Shape::Names => list(Value::Object(name())),
        Shape::Word(words) => object(json!({"enum": words})),
        Shape::Rule => {
            let known = rules.iter().map(|(id, _)| *id).filter(|id| !is_firm(id));
            object(json!({"enum": known.collect::<Vec<_>>()}))
        }
        Shape::Pattern => text(PATTERN),
        Shape::Patterns => list(Value::Object(text(PATTERN))),
        Shape::PublicKey => object(json!({"type": "string", "anyOf": PUBLIC_KEYS.map(text)})),
        Shape::Levels => levels(rules),
        Shape::Tables(keys) => list(Value::Object(table(keys, rules))),
    }
}

/// A level for each rule; for one that no policy settles, only that which it has.
fn levels(rules: &[(&'static str, &'static str)]) -> Map<String, Value> {
    let mut properties = Map::new();
    for (id, summary) in rules {
        let words = if is_firm(id) { &LEVELS[..1] } else { &LEVELS };
        let level = json!({"description": summary, "enum": words});
        properties.insert((*id).to_owned(), level);
    }
    object(json!({"type": "object", "properties": properties, "additionalProperties": false}))
}

fn text(pattern: &str) -> Map<String, Value> {
    object(json!({"type": "string", "pattern": pattern}))
}

/// A text in one line in which something stands.
fn name() -> Map<String, Value> {
    let mut name = text(r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]*$");
    name.insert("maxLength".to_owned(), json!(MAX_NAME));
    name
}

/// A pattern of paths that stay in the repository.
const PATTERN: &str = r"^(?!/)(?!(.*/)?\.\.(/|$)).";

/// The forms of public keys.
const PUBLIC_KEYS: [&str; 8] = [
    r"^\s*age1[02-9ac-hj-np-z]{58}\s*$",
    r"^\s*age1[a-zA-Z0-9+._-]+1[02-9ac-hj-np-z]{6,}\s*$",
    r"^\s*ssh-(ed25519|rsa)\s+AAAA[0-9A-Za-z+/]+={0,2}(\s|$)",
    r"^\s*(0x)?([0-9A-Fa-f] *){15}[0-9A-Fa-f](( *[0-9A-Fa-f]){24})?\s*$",
    r"^\s*arn:[^:\s]+:kms:[^:\s]+:[^:\s]+:\S+$",
    r"^\s*projects/\S+/keyRings/\S+/cryptoKeys/\S+$",
    r"^\s*[0-9A-Za-z-]+:[0-9A-Fa-f-]{36}\s*$",
    r"^\s*https?://[^/@\s]+/(v1/\S+/)?keys/[^/\s]+(/[^/\s]*)?$",
];

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
