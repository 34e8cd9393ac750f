//! The same in the other formats of sops.

use crate::check::error;
use crate::repo::Repo;

const EDITED: &str = "edited-outside-sops";

const JSON: &str =
    r#"{"name": "shop", "stringData": {"password": "canary-a", "token": "canary-b"}}"#;
const ENV: &str = "# who owns it\nNAME=shop\nDATA_PASSWORD=canary-a\nDATA_TOKEN=canary-b\n";
const INI: &str = "[shop]\nname = shop\ndata_password = canary-a\ndata_token = canary-b\n";

/// A file that sops encrypted with `data` in the names of what is secret.
fn add(repo: &Repo, path: &str, text: &str) {
    repo.rule(&repo.for_alice(), "encrypted_regex: (?i)data");
    repo.add(path, text);
}

/// The text without the lines that hold this.
fn without(text: &str, what: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.contains(what)).collect()
}

story!(json_is_edited_in_sops, |repo| {
    add(repo, "db.enc.json", JSON);
    repo.edit("db.enc.json", "s/canary-a/canary-c/;s/shop/store/");
    repo.finds_nothing();
});

story!(json_is_edited_as_text, |repo| {
    add(repo, "db.enc.json", JSON);
    repo.replace("db.enc.json", "\"shop\"", "\"store\"");
    repo.finds([error(EDITED, "db.enc.json").says("`name` changed")]);
});

story!(an_entry_of_json_is_deleted_as_text, |repo| {
    add(repo, "db.enc.json", JSON);
    repo.change("db.enc.json", |text| without(text, "\"password\""));
    repo.finds([error(EDITED, "db.enc.json").says("`stringData.password` removed")]);
});

story!(json_is_put_on_one_line_by_a_formatter, |repo| {
    add(repo, "db.enc.json", JSON);
    repo.change("db.enc.json", |text| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        value.to_string()
    });
    repo.finds_nothing();
});

story!(a_dotenv_file_is_edited_in_sops, |repo| {
    add(repo, "db.enc.env", ENV);
    repo.edit("db.enc.env", "s/canary-a/canary-c/;s/NAME=shop/NAME=store/");
    repo.finds_nothing();
});

story!(a_dotenv_file_is_edited_as_text, |repo| {
    add(repo, "db.enc.env", ENV);
    repo.replace("db.enc.env", "NAME=shop", "NAME=store");
    repo.finds([error(EDITED, "db.enc.env").says("`NAME` changed")]);
});

story!(a_line_of_a_dotenv_file_is_deleted, |repo| {
    add(repo, "db.enc.env", ENV);
    repo.change("db.enc.env", |text| without(text, "DATA_TOKEN"));
    repo.finds([error(EDITED, "db.enc.env").says("`DATA_TOKEN` removed")]);
});

story!(an_ini_file_is_edited_in_sops, |repo| {
    add(repo, "db.enc.ini", INI);
    repo.edit("db.enc.ini", "s/canary-a/canary-c/;s/= shop/= store/");
    repo.finds_nothing();
});

story!(an_ini_file_is_edited_as_text, |repo| {
    add(repo, "db.enc.ini", INI);
    repo.change("db.enc.ini", |text| text.replacen("= shop", "= store", 1));
    repo.finds([error(EDITED, "db.enc.ini").says("`shop.name` changed")]);
});

story!(an_ini_file_is_aligned_by_a_formatter, |repo| {
    add(repo, "db.enc.ini", INI);
    repo.change("db.enc.ini", |text| {
        let lines = text.lines().map(|line| match line.split_once('=') {
            Some((key, value)) if !line.starts_with('[') => {
                format!("{}={}\n", key.trim(), value.trim())
            }
            _ => format!("{line}\n"),
        });
        lines.collect()
    });
    repo.finds_nothing();
});

story!(a_binary_file_is_edited_in_sops, |repo| {
    add(repo, "cert.enc.pem", "canary of a certificate\n");
    repo.edit("cert.enc.pem", "s/canary/canary-new/");
    repo.finds_nothing();
});

story!(a_binary_file_is_edited_as_text, |repo| {
    add(repo, "cert.enc.pem", "canary of a certificate\n");
    repo.change("cert.enc.pem", |text| {
        let (before, data) = text.split_once("data:").unwrap();
        let other = if data.starts_with('A') { "B" } else { "A" };
        format!("{before}data:{other}{}", &data[1..])
    });
    repo.finds([error(EDITED, "cert.enc.pem").says("`data` changed")]);
});
