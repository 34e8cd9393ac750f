//! `.sops.yaml` files that chance writes: what people write, and what they get wrong.

use std::time::SystemTime;

/// What chance decides, from a seed that a failure names.
pub(crate) struct Chance(u64);

/// Recipients and keys of all kinds, a few of them broken.
const KEYS: &[(&str, &[&str])] = &[
    (
        "age",
        &[
            "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
            "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4du",
            "age1kwazca4jmnj4xefgany0t2qrc28vkk4cpkk9x7tfl0p0am34yftq3tz3jp",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
            "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
            "age18thts3qwr97chh3e2q7zdlvk8k0582pqygl5xkn2qrxle68kjsgs78u4dv",
            "alice",
            "5",
        ],
    ),
    (
        "pgp",
        &[
            "85D77543B3D624B63CEA9E6DBC17301B491B3F21",
            "85D7 7543 B3D6 24B6 3CEA 9E6D BC17 301B 491B 3F21",
            "BC17301B491B3F21",
            "123456",
        ],
    ),
    (
        "kms",
        &[
            "arn:aws:kms:eu-west-1:1:key/a",
            "arn:aws:kms:eu-west-1:1:key/a||profile",
            "arn:aws:kms:eu-west-1:1:key/a+arn:aws:iam::1:role/r",
            "nonsense + arn:x",
        ],
    ),
    (
        "gcp_kms",
        &[
            "projects/p/locations/l/keyRings/r/cryptoKeys/k",
            "projects/ x",
        ],
    ),
    ("hckms", &["cn-north:1234", " cn : 2 ", "none"]),
    (
        "azure_keyvault",
        &[
            "https://v.example/keys/k/1",
            "https://v.example/keys/k/1/2",
            "https:///keys/k/1",
            "x",
        ],
    ),
    (
        "hc_vault_transit_uri",
        &[
            "https://v.example:8200/v1/transit/keys/k",
            "HTTP://v/v1/a/b/keys/k/",
            "https://v/prefix/v1/transit/keys/k",
            "https://v/v1/k",
            "v/v1/transit/keys/k",
            "https://v:x/v1/transit/keys/k",
        ],
    ),
];

const REGEXES: &[&str] = &[
    "secrets/.*",
    "'^secrets/'",
    "'\\.enc\\.yaml$'",
    "^a\\.yaml$",
    "prod",
    "'(?i)PROD'",
    "'[^/]+/[a-z]\\.(ya?ml|json)$'",
    "''",
    "~",
    "5",
    "'('",
    "'a**'",
    "\"\\x61\"",
    ".*.yaml",
    "true",
    "/dev/stdin",
    "[a]",
    "{}",
    "!!binary YQ==",
    "2001-01-01",
];

/// What settings may hold that is no key.
const SETTINGS: &[(&str, &[&str])] = &[
    (
        "shamir_threshold",
        &[
            "2", "1", "0", "~", "1.9", "'2'", "0x2", "-1", "1e2", ".inf", "true", "[2]",
        ],
    ),
    (
        "mac_only_encrypted",
        &["true", "yes", "'yes'", "'true'", "Off", "~", "1", "{}"],
    ),
    ("encrypted_regex", &["^data$", "'('", "''", "~", "7", "[x]"]),
    ("unencrypted_regex", &["^meta$", "''"]),
    ("encrypted_suffix", &["_secret", "''", "12"]),
    ("unencrypted_suffix", &["_clear", "~"]),
    ("encrypted_comment_regex", &["sops:enc"]),
    ("unencrypted_comment_regex", &["sops:clear", "''"]),
    ("aws_profile", &["p", "~", "3"]),
    ("path_regx", &["x"]),
    ("Age", &["x", "{a: 1, a: 2}"]),
    ("1", &["x"]),
    ("~", &["x"]),
];

/// Groups in a word; the last are wrong.
const GROUPS: &[&str] = &[
    "*group",
    "~",
    "{}",
    "{merge: [*group], age: [*a]}",
    "x",
    "{age: x}",
];

/// Keys that groups hold as records; the last is wrong.
const RECORDS: &[&str] = &[
    "kms: [{arn: 'arn:aws:kms:e:1:key/a', role: r, context: {b: x, a: 1}}]",
    "kms: [{arn: 'a b', aws_profile: p}, {arn: 'a b', aws_profile: p}]",
    "kms: [{arn: a, context: {b: ~}}]",
    "kms: [{arn: a, context: {<<: {x: y, b: n}, b: z}}]",
    "gcp_kms: [{resource_id: 'projects/ p'}]",
    "gcp_kms: [{resource_idd: p}]",
    "hckms: [{key_id: ' cn:1'}, {key_id: 'cn:1'}]",
    "hckms: [{key_id: none}]",
    "azure_keyvault: [{vaultUrl: 'https://v', key: k, version: 1}]",
    "kms: ['a']",
];

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A seed that no run had before.
    pub(crate) fn seed() -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap().as_millis() as u64
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % end as u64) as usize
    }

    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// One of the first, mostly.
    fn mostly<'t>(&mut self, of: &[&'t str], first: usize) -> &'t str {
        let most = if self.once_in(15) { of.len() } else { first };
        of[self.below(most)]
    }

    /// A whole file.
    pub(crate) fn config(&mut self) -> String {
        let mut text = String::new();
        if self.once_in(12) {
            text += "\u{feff}";
        }
        if self.once_in(3) {
            text += "# who we are\n";
        }
        text += "keys:\n";
        for (name, key) in [("a", 0), ("b", 1), ("c", 2)] {
            text += &format!("- &{name} {}\n", KEYS[0].1[key]);
        }
        text += &format!("base: &base\n  age: {}\n", self.value("age", 2));
        text += "group: &group\n  age: [*a, *b]\n";
        if self.once_in(8) {
            text += self.one(&[
                "stores: {yaml: {indent: 2}}\n",
                "stores: {yaml: {indent: x}}\n",
                "stores: ~\n",
                "stores: {ini: {a: 1}, json: {indent: ~}}\n",
                "destination_rules: [{s3_bucket: b, recreation_rule: {age: 5}}]\n",
                "destination_rules: [{vault_kv_version: x}]\n",
                "destination_rules: x\n",
            ]);
        }
        text += match self.below(30) {
            0 => "creation_rules: []\n",
            1 => "creation_rules:\n",
            2 => "creation_rule:\n",
            _ => "creation_rules:\n",
        };
        for _ in 0..self.below(5) {
            text += &self.rule();
        }
        if self.once_in(12) {
            text += self.one(&["---\na: [\n", "...\n", "---\ncreation_rules: []\n", "- ~\n"]);
        }
        if self.once_in(10) {
            text = text.replace('\n', "\r\n");
        }
        if self.once_in(6) {
            self.damaged(&text)
        } else {
            text
        }
    }

    fn rule(&mut self) -> String {
        let mut fields = Vec::new();
        if !self.once_in(4) {
            fields.push(format!("path_regex: {}", self.mostly(REGEXES, 8)));
        }
        if self.once_in(4) {
            let merge = ["*base", "[*base]", "{age: *a}", "[{pgp: AB}, *base]", "5"];
            fields.push(format!("<<: {}", self.mostly(&merge, 4)));
        }
        if self.once_in(3) {
            fields.push(format!("key_groups:\n{}", self.groups(4, 3)));
        }
        for _ in 0..self.below(3) {
            let at = self.below(KEYS.len() * 2) % KEYS.len() * usize::from(self.once_in(2));
            let (field, _) = KEYS[at];
            fields.push(format!("{field}: {}", self.value(field, 4)));
        }
        for _ in 0..self.below(3) {
            let (field, values) = SETTINGS[self.below(SETTINGS.len())];
            let value = self.below(values.len() * 8);
            // The first is what people write.
            fields.push(format!(
                "{field}: {}",
                values.get(value).unwrap_or(&values[0])
            ));
        }
        if !self.once_in(30) {
            let mut seen = std::collections::HashSet::new();
            fields.retain(|field| seen.insert(field.split(':').next().unwrap().to_owned()));
        }
        match fields.join("\n  ") {
            fields if fields.is_empty() => "- {}\n".to_owned(),
            fields => format!("- {fields}\n"),
        }
    }

    /// What a flat field says: mostly keys that are some.
    fn value(&mut self, field: &str, indent: usize) -> String {
        let mut keys = Vec::new();
        for _ in 0..1 + self.below(3) {
            keys.push(self.key(field));
        }
        let pad = " ".repeat(indent);
        match self.below(12) {
            0 | 1 => format!("'{}'", keys.join(",")),
            2 => format!("' {},, '", keys.join(" , ")),
            3 => format!(">-\n{pad}{},\n", keys.join(&format!(",\n{pad}")))
                .trim_end()
                .to_owned(),
            4 => format!("|\n{pad}{}", keys.join(&format!(",\n{pad}"))),
            5 | 6 => format!("['{}']", keys.join("', '")),
            7 => format!("\n{pad}- {}", keys.join(&format!(" # name\n{pad}- "))),
            8 if field == "age" => self
                .one(&["*a", "[*a, *b]", "[*c, *c]", "[*a, '']"])
                .to_owned(),
            8 => "''".to_owned(),
            9 => self
                .mostly(
                    &[
                        "~", "''", "[]", "['']", "['', '']", "5", "{}", "[5]", "[~]", "[[a]]",
                        "yes",
                    ],
                    5,
                )
                .to_owned(),
            _ => keys.remove(0),
        }
    }

    /// A key of a kind; the last ones are broken, and rare.
    fn key(&mut self, field: &str) -> String {
        let (_, keys) = KEYS.iter().find(|(name, _)| *name == field).unwrap();
        let most = if self.once_in(8) {
            keys.len()
        } else {
            keys.len().min(3)
        };
        keys[self.below(most)].to_owned()
    }

    fn groups(&mut self, indent: usize, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.below(3) {
            text += &format!(
                "{}- {}\n",
                " ".repeat(indent),
                self.group(indent + 2, depth)
            );
        }
        text.trim_end().to_owned()
    }

    fn group(&mut self, indent: usize, depth: usize) -> String {
        let pad = " ".repeat(indent);
        if self.once_in(10) {
            return self.mostly(GROUPS, 4).to_owned();
        }
        let mut fields = Vec::new();
        if depth > 0 && self.once_in(4) {
            fields.push(format!("merge:\n{}", self.groups(indent + 2, depth - 1)));
        }
        if self.once_in(8) {
            fields.push("<<: *group".to_owned());
        }
        for field in ["age", "pgp", "hc_vault"] {
            if self.once_in(if field == "age" { 2 } else { 6 }) {
                let kind = field.replace("hc_vault", "hc_vault_transit_uri");
                let (one, two) = (self.key(&kind), self.key(&kind));
                let items = self.one(&[
                    "['1', '2', '1']",
                    "['1,2']",
                    "['', '1']",
                    "[~, '1']",
                    "['1']",
                ]);
                fields.push(format!(
                    "{field}: {}",
                    items
                        .replace('1', "ONE")
                        .replace('2', "TWO")
                        .replace("ONE", &one)
                        .replace("TWO", &two)
                ));
            }
        }
        if self.once_in(5) {
            fields.push(self.mostly(RECORDS, 9).to_owned());
        }
        match fields.join(&format!("\n{pad}")) {
            fields if fields.is_empty() => "{}".to_owned(),
            fields => fields,
        }
    }

    /// The text with a few characters changed.
    fn damaged(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..1 + self.below(3) {
            let at = self.below(chars.len());
            let new = [
                ':', '-', '[', '\'', '*', '&', ' ', '\n', '\t', '#', '!', 'x', '{',
            ][self.below(13)];
            match self.below(3) {
                0 => chars[at] = new,
                1 => chars.insert(at, new),
                _ => _ = chars.remove(at),
            }
        }
        chars.into_iter().collect()
    }
}
