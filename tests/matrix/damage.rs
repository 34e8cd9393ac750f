//! What is done to files that sops wrote, as text.

use std::ops::Range;

use serde_json::Value;

use crate::world::armors;

/// A file to damage, and where to begin.
pub(crate) struct Whole<'f> {
    pub(crate) text: &'f str,
    pub(crate) format: &'static str,
    /// A file of the same keys and format.
    pub(crate) other: &'f str,
    /// The recipients that the file names.
    pub(crate) named: Vec<&'f str>,
    /// Which of several places is meant.
    pub(crate) turn: usize,
}

/// One edit; nothing where a file has no place for it.
type Edit = fn(&Whole<'_>) -> Option<String>;

/// The edits, by what they are.
pub(crate) const DAMAGES: [(&str, Edit); 29] = [
    ("a token loses a byte", |file| {
        file.in_token(|token| token.replacen("data:", "data:A", 1))
    }),
    ("a token gets another tag", |file| file.in_token(other_tag)),
    ("a token gets another type", |file| {
        file.in_token(other_type)
    }),
    ("a value in clear for a token", |file| {
        file.in_token(|_| "typed".to_owned())
    }),
    ("two tokens swap", two_tokens_swap),
    ("a token stands twice", a_token_stands_twice),
    ("a value's line is deleted", |file| {
        file.in_lines(|lines, at| lines[at] = "")
    }),
    ("a value's line stands twice", |file| {
        file.in_lines(|lines, at| lines.insert(at, lines[at]))
    }),
    ("a value is added", |file| file.with_value("x")),
    ("an empty value is added", |file| file.with_value("")),
    ("a value in clear changes", |file| {
        file.replace_any(&["clear-word", "example", "Secret"], "other")
    }),
    ("a key is renamed", |file| {
        file.replace_any(&["password", "user_enc", "data"], "renamed")
    }),
    ("a comment is edited", |file| {
        file.replace_any(&["a remark", "a note"], "another")
    }),
    ("line ends change", |file| {
        Some(file.text.replace('\n', "\r\n"))
    }),
    ("the file ends early", |file| {
        Some(file.text[..file.text.len() / 3 * 2].to_owned())
    }),
    ("the MAC loses a byte", |file| {
        file.replace_once("mac", "data:", "data:A")
    }),
    ("the MAC is another file's", the_mac_is_anothers),
    ("`lastmodified` changes", last_modified_changes),
    ("a selector goes", a_selector_goes),
    ("`mac_only_encrypted` goes", |file| {
        file.without_line("mac_only_encrypted")
    }),
    ("a share is damaged", a_share_is_damaged),
    ("a share is another file's", a_share_is_anothers),
    ("all shares are another file's", all_shares_are_anothers),
    ("two shares swap", two_shares_swap),
    ("two recipients swap names", two_recipients_swap_names),
    ("a recipient goes", |file| file.without_item("age")),
    ("a group goes", |file| file.without_item("key_groups")),
    ("the threshold falls", |file| {
        file.with_threshold(|threshold| threshold.saturating_sub(1))
    }),
    ("the threshold rises", |file| {
        file.with_threshold(|threshold| threshold + 1)
    }),
];

impl Whole<'_> {
    /// Where the metadata begin.
    fn metadata(&self) -> usize {
        let mark = match self.format {
            "yaml" => "\nsops:",
            "dotenv" => "\nsops_",
            "ini" => "\n[sops]",
            _ => "\n\t\"sops\":",
        };
        self.text.find(mark).unwrap() + 1
    }

    /// Where the tokens of values and comments stand.
    fn tokens(&self) -> Vec<Range<usize>> {
        let body = &self.text[..self.metadata()];
        let starts = body.match_indices("ENC[AES256_GCM,").map(|(at, _)| at);
        starts
            .map(|start| start..start + body[start..].find(']').unwrap() + 1)
            .collect()
    }

    /// One of several, by turns.
    fn pick<T>(&self, mut from: Vec<T>) -> Option<T> {
        let at = self.turn % from.len().max(1);
        (at < from.len()).then(|| from.swap_remove(at))
    }

    fn with(&self, place: Range<usize>, by: &str) -> String {
        let mut text = self.text.to_owned();
        text.replace_range(place, by);
        text
    }

    fn in_token(&self, edit: fn(&str) -> String) -> Option<String> {
        let place = self.pick(self.tokens())?;
        Some(self.with(place.clone(), &edit(&self.text[place])))
    }

    /// Edits the lines before the metadata, at one that holds a token.
    fn in_lines(&self, edit: fn(&mut Vec<&str>, usize)) -> Option<String> {
        let (body, metadata) = self.text.split_at(self.metadata());
        let mut lines: Vec<&str> = body.split_inclusive('\n').collect();
        let with_token = |(at, line): (usize, &&str)| line.contains("ENC[").then_some(at);
        let at = self.pick(lines.iter().enumerate().filter_map(with_token).collect())?;
        edit(&mut lines, at);
        Some(lines.concat() + metadata)
    }

    /// Adds a value before all others.
    fn with_value(&self, value: &str) -> Option<String> {
        Some(match self.format {
            "yaml" => format!("added: \"{value}\"\n{}", self.text),
            "dotenv" | "ini" => format!("added={value}\n{}", self.text),
            _ => self
                .text
                .replacen('{', &format!("{{\"added\": \"{value}\","), 1),
        })
    }

    /// Replaces the first of these words that stands before the metadata.
    fn replace_any(&self, words: &[&str], by: &str) -> Option<String> {
        let body = &self.text[..self.metadata()];
        let places = words
            .iter()
            .filter_map(|word| Some((body.find(word)?, word)));
        let (at, word) =
            places.min_by_key(|(_, word)| words.iter().position(|one| one == *word))?;
        Some(self.with(at..at + word.len(), by))
    }

    /// Replaces the first `what` after `field` in the metadata.
    fn replace_once(&self, field: &str, what: &str, by: &str) -> Option<String> {
        let field = self.field(field)?;
        let at = field + self.text[field..].find(what)?;
        Some(self.with(at..at + what.len(), by))
    }

    /// Where a field of the metadata begins: on a line of its own in every format.
    fn field(&self, name: &str) -> Option<usize> {
        let metadata = self.metadata();
        let mut lines = self.text[metadata..].split_inclusive('\n');
        let mut at = metadata;
        lines.find_map(|line| {
            let start = line.trim_start().trim_start_matches("sops_");
            let start = start.trim_start_matches('"');
            let rest = start
                .strip_prefix(name)
                .map(|rest| rest.starts_with([':', '"', '=', ' ']));
            let found = (rest == Some(true)).then_some(at);
            at += line.len();
            found
        })
    }

    fn without_line(&self, field: &str) -> Option<String> {
        let start = self.field(field)?;
        let end = start + self.text[start..].find('\n')? + 1;
        Some(self.with(start..end, ""))
    }

    fn with_threshold(&self, change: fn(u32) -> u32) -> Option<String> {
        let start = self.field("shamir_threshold")?;
        let line = self.text[start..].lines().next()?;
        let digit = start + line.find(|each: char| each.is_ascii_digit())?;
        let threshold: u32 = self.text[digit..=digit].parse().ok()?;
        Some(self.with(digit..digit + 1, &change(threshold).to_string()))
    }

    /// Takes one entry out of a list of the metadata, as if it had never been there.
    fn without_item(&self, list: &str) -> Option<String> {
        match self.format {
            "yaml" => self.without_yaml_item(list),
            "dotenv" | "ini" => self.without_flat_item(list),
            _ => {
                let mut file: Value = serde_json::from_str(self.text).unwrap();
                let items = file["sops"].get_mut(list)?.as_array_mut()?;
                let at = self.turn % items.len();
                items.remove(at);
                Some(serde_json::to_string_pretty(&file).unwrap())
            }
        }
    }

    fn without_yaml_item(&self, list: &str) -> Option<String> {
        let head = format!("\n    {list}:\n");
        let start = self.text.find(&head)? + head.len();
        let deep = self.text[start..]
            .split_inclusive('\n')
            .take_while(|line| line.starts_with("     "));
        let end = start + deep.map(str::len).sum::<usize>();
        let mut items = Vec::new();
        let mut at = start;
        for line in self.text[start..end].split_inclusive('\n') {
            if line.starts_with("        - ") {
                items.push(at);
            }
            at += line.len();
        }
        let first = self.turn % items.len();
        let next = items.get(first + 1).copied().unwrap_or(end);
        Some(self.with(items[first]..next, ""))
    }

    fn without_flat_item(&self, list: &str) -> Option<String> {
        let mark = |at: usize| format!("{list}__list_{at}__");
        let is_own = |line: &str| {
            let line = line.trim_start_matches("sops_");
            (0..9).find(|at| line.starts_with(&mark(*at)))
        };
        let count = 1 + self.text.lines().filter_map(is_own).max()?;
        let gone = self.turn % count;
        let lines = self.text.split_inclusive('\n');
        let kept = lines.filter_map(|line| match is_own(line) {
            Some(at) if at == gone => None,
            Some(at) if at > gone => Some(line.replacen(&mark(at), &mark(at - 1), 1)),
            _ => Some(line.to_owned()),
        });
        Some(kept.collect())
    }
}

fn other_tag(token: &str) -> String {
    let at = token.find("tag:").unwrap() + 4;
    let other = if token[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    token[..at].to_owned() + other + &token[at + 1..]
}

fn other_type(token: &str) -> String {
    let at = token.find("type:").unwrap() + 5;
    let other = if token[at..].starts_with("str") {
        "int"
    } else {
        "str"
    };
    format!("{}{other}]", &token[..at])
}

/// Two places of a text exchanged.
fn swap(text: &str, first: Range<usize>, second: Range<usize>) -> String {
    [
        &text[..first.start],
        &text[second.clone()],
        &text[first.end..second.start],
        &text[first],
        &text[second.end..],
    ]
    .concat()
}

fn two_tokens_swap(file: &Whole<'_>) -> Option<String> {
    let tokens = file.tokens();
    let second = 1 + file.turn % tokens.len().saturating_sub(1).max(1);
    let (first, second) = (tokens.get(second - 1)?, tokens.get(second)?);
    Some(swap(file.text, first.clone(), second.clone()))
}

fn a_token_stands_twice(file: &Whole<'_>) -> Option<String> {
    let tokens = file.tokens();
    let second = 1 + file.turn % tokens.len().saturating_sub(1).max(1);
    let (first, second) = (tokens.get(second - 1)?, tokens.get(second)?);
    Some(file.with(second.clone(), &file.text[first.clone()]))
}

fn the_mac_is_anothers(file: &Whole<'_>) -> Option<String> {
    let mac = |text: &str| {
        let start = text.rfind("ENC[AES256_GCM,")?;
        Some(start..start + text[start..].find(']')? + 1)
    };
    let theirs = &file.other[mac(file.other)?];
    Some(file.with(mac(file.text)?, theirs))
}

fn last_modified_changes(file: &Whole<'_>) -> Option<String> {
    let start = file.field("lastmodified")?;
    let second = start + file.text[start..].find('Z')? - 1;
    let other = if file.text[second..].starts_with('1') {
        "2"
    } else {
        "1"
    };
    Some(file.with(second..second + 1, other))
}

fn a_selector_goes(file: &Whole<'_>) -> Option<String> {
    let kinds = ["suffix", "regex", "comment_regex"];
    let mut names = kinds
        .iter()
        .flat_map(|kind| [format!("encrypted_{kind}"), format!("unencrypted_{kind}")]);
    names.find_map(|name| file.without_line(&name))
}

fn a_share_is_damaged(file: &Whole<'_>) -> Option<String> {
    let share = file.pick(armors(file.text))?;
    let at = share.start + share.len() / 2;
    let other = if file.text[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    Some(file.with(at..at + 1, other))
}

fn a_share_is_anothers(file: &Whole<'_>) -> Option<String> {
    let places = armors(file.text).into_iter().zip(armors(file.other));
    let (ours, theirs) = file.pick(places.collect())?;
    Some(file.with(ours, &file.other[theirs]))
}

fn all_shares_are_anothers(file: &Whole<'_>) -> Option<String> {
    let mut text = file.text.to_owned();
    let places: Vec<_> = armors(file.text)
        .into_iter()
        .zip(armors(file.other))
        .collect();
    for (ours, theirs) in places.iter().rev() {
        text.replace_range(ours.clone(), &file.other[theirs.clone()]);
    }
    (!places.is_empty()).then_some(text)
}

fn two_shares_swap(file: &Whole<'_>) -> Option<String> {
    let shares = armors(file.text);
    let second = 1 + file.turn % shares.len().saturating_sub(1).max(1);
    let (first, second) = (shares.get(second - 1)?, shares.get(second)?);
    Some(swap(file.text, first.clone(), second.clone()))
}

fn two_recipients_swap_names(file: &Whole<'_>) -> Option<String> {
    let (first, second) = (file.named.first()?, file.named.get(1)?);
    let parts = file
        .text
        .split(first)
        .map(|part| part.replace(second, first));
    Some(parts.collect::<Vec<_>>().join(second))
}
