//! Layout alone: what formatters, editors and git do to a text. None of it is a change to sops.

use crate::repo::SECRET;

const FILE: &str = "db.enc.yaml";

/// Two spaces where there were four, as prettier and yamlfmt have it; lines of a text stay below their
/// key.
fn indented_by_two(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let content = line.trim_start_matches(' ');
        let depth = line.len() - content.len();
        let deeper = usize::from(depth > 8) + usize::from(depth > 10);
        format!("{}{content}", " ".repeat(depth / 2 + deeper))
    });
    lines.collect()
}

story!(a_file_is_indented_anew, |repo| {
    repo.add(FILE, &format!("list:\n    - a\n    - b: 1\n{SECRET}"));
    repo.change(FILE, indented_by_two);
    repo.finds_nothing();
});

story!(values_are_quoted_by_a_formatter, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let lines = text.lines().map(|line| match line.split_once(": ") {
            Some((key, value)) if !value.starts_with(['"', '|', '[', '>']) => {
                format!("{key}: \"{value}\"\n")
            }
            _ => format!("{line}\n"),
        });
        lines.collect()
    });
    repo.finds_nothing();
});

story!(quotes_are_taken_away_and_turned, |repo| {
    repo.add(
        FILE,
        &format!("quoted: \"two words\"\nother: 'it''s'\n{SECRET}"),
    );
    repo.replace(FILE, "two words", "'two words'");
    repo.replace(FILE, "lastmodified: \"", "lastmodified: '");
    repo.replace(FILE, "Z\"\n", "Z'\n");
    repo.finds_nothing();
});

story!(a_token_is_folded, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(FILE, " password: ENC", " password: >-\n        ENC");
    repo.replace(FILE, " username: ENC", " username:\n        ENC");
    repo.finds_nothing();
});

story!(line_ends_are_converted, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| text.replace('\n', "\r\n"));
    repo.finds_nothing();
});

story!(line_ends_are_converted_and_back, |repo| {
    repo.encrypt(FILE, SECRET);
    repo.change(FILE, |text| text.replace('\n', "\r\n"));
    repo.commit("Add it from another system");
    repo.change(FILE, |text| text.replace("\r\n", "\n"));
    repo.finds_nothing();
});

story!(git_converts_line_ends_in_the_work_tree, |repo| {
    repo.write(".gitattributes", "*.yaml text eol=crlf\n");
    repo.add(FILE, SECRET);
    std::fs::remove_file(repo.at(FILE)).unwrap();
    repo.git(["checkout", "--", FILE]);
    assert!(repo.read(FILE).contains("\r\n"));
    repo.finds_nothing();
});

story!(marks_and_empty_lines_are_added, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let text = text.replace("stringData:\n", "\n\nstringData:   \n");
        format!("---\n{text}\n\n")
    });
    repo.finds_nothing();
});

story!(a_byte_order_mark_is_added, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| format!("\u{feff}{text}"));
    repo.finds_nothing();
});

story!(the_newline_at_the_end_is_lost, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| text.trim_end().to_owned());
    repo.finds_nothing();
});

story!(block_style_becomes_flow_style, |repo| {
    repo.add(FILE, SECRET);
    repo.replace(
        FILE,
        "metadata:\n    name: shop\n    namespace: production\n",
        "metadata: {name: shop, namespace: production}\n",
    );
    repo.finds_nothing();
});

story!(the_metadata_are_put_in_another_order, |repo| {
    repo.add(FILE, SECRET);
    repo.change(FILE, |text| {
        let (body, metadata) = text.split_at(text.find("sops:\n").unwrap());
        let is_first =
            |line: &&str| line.starts_with("    mac:") || line.starts_with("    version:");
        let lines = || metadata.split_inclusive('\n').skip(1);
        let first: String = lines().filter(is_first).collect();
        let rest: String = lines().filter(|line| !is_first(line)).collect();
        format!("sops:\n{first}{rest}{body}")
    });
    repo.finds_nothing();
});

story!(numbers_are_respelled_as_text, |repo| {
    repo.add(
        FILE,
        &format!("hex: 16\nlarge: 1000\nactive: true\n{SECRET}"),
    );
    repo.replace(FILE, "hex: 16", "hex: 0x10");
    repo.replace(FILE, "large: 1000", "large: 1_000");
    repo.replace(FILE, "active: true", "active: True");
    repo.finds_nothing();
});

story!(a_value_gets_an_anchor, |repo| {
    repo.add(FILE, &format!("first: one\nsecond: one\n{SECRET}"));
    repo.replace(
        FILE,
        "first: one\nsecond: one\n",
        "first: &one one\nsecond: *one\n",
    );
    repo.finds_nothing();
});

story!(spaces_before_a_comment_change, |repo| {
    repo.add(
        FILE,
        &format!("# who owns it\nfirst: one # the first\n{SECRET}"),
    );
    repo.replace(FILE, "first: one # the first", "first: one  # the first");
    repo.finds_nothing();
    repo.replace(FILE, "# who owns it", "#  who owns it");
    repo.finds_nothing();
});
