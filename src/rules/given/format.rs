//! What to do about a file of which sops takes the format for another: a name that tells it.

use std::path::{Path, PathBuf};

use super::remedy::word;
use super::{FileContext, FormatFrom};
use crate::document::Format;
use crate::finding::Help;
use crate::source::{Source, SourceId};

/// A format as people spell it.
pub(in crate::rules) fn title(format: Format) -> &'static str {
    match format {
        Format::Yaml => "YAML",
        Format::Json => "JSON",
        Format::Dotenv => "dotenv",
        Format::Ini => "ini",
        Format::Binary => "binary",
    }
}

/// What to do about a file whose text has sops's metadata in another format than the one that it was
/// read as; none where that is not the matter.
pub(in crate::rules) fn other(context: &FileContext<'_>) -> Option<Help> {
    let (found, kind) = (title(context.looks_like?), context.looks_like?.name());
    let taken = title(context.format);
    let is_stdin = matches!(context.source.map(Source::id), Some(SourceId::Stdin(_)));
    let help = match context.format_from {
        FormatFrom::Name | FormatFrom::Text if is_stdin => Help::new(format!(
            "it was read as {taken}, and it looks like {found}: `--input-type {kind}` says that it is"
        )),
        FormatFrom::Name | FormatFrom::Text => Help::new(format!(
            "it was read as {taken} because of its name, and it looks like {found}: give it a name \
             that tells so, or name the format with every command (`--input-type {kind}`, for sops \
             `--output-type {kind}` too)"
        ))
        .then(rename(context, context.looks_like?)),
        FormatFrom::User => Help::new(format!(
            "it was read as {taken} because of `--input-type`, and it looks like {found}"
        ))
        .then(format!(
            "sopsguard check --input-type {kind} -- {}",
            word(context.path)
        )),
    };
    Some(help)
}

/// The command that gives the file a name that tells sops the format, and never takes the place of
/// another file.
pub(in crate::rules) fn rename(context: &FileContext<'_>, format: Format) -> String {
    let (old, new) = (word(context.path), word(&named_for(context.path, format)));
    match context.source.map(Source::id) {
        Some(SourceId::Index(_)) => format!("mv -n -- {old} {new} && git add -- {old} {new}"),
        _ => format!("mv -n -- {old} {new}"),
    }
}

/// The path with a name that tells sops the format: `values.yaml.enc` becomes `values.enc.yaml`,
/// `conf.enc.yaml`, if it is dotenv, `conf.enc.env`, and `app.conf`, if it is ini, `app.conf.ini`.
fn named_for(path: &Path, format: Format) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut parts: Vec<&str> = name.split('.').collect();
    let ends: &[&str] = match format {
        Format::Yaml => &["yaml", "yml"],
        Format::Json => &["json"],
        Format::Dotenv => &["env"],
        Format::Ini => &["ini"],
        Format::Binary => &["bin"],
    };
    let mut end = ends.first().copied().unwrap_or_default();
    if Format::of_path(path) != Format::Binary {
        parts.pop();
    } else if let Some(at) = parts.iter().position(|part| ends.contains(part)) {
        end = parts.remove(at);
        if at == 1 && parts.first() == Some(&"") {
            parts.remove(0);
        }
    }
    if parts.iter().all(|part| part.is_empty()) {
        parts = vec!["secrets"];
    }
    parts.push(end);
    path.with_file_name(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_changed_so_that_sops_takes_the_file_for_what_it_is() {
        for (name, format, expected) in [
            ("a/values.yaml.enc", Format::Yaml, "a/values.enc.yaml"),
            ("values.yml.enc", Format::Yaml, "values.enc.yml"),
            ("prod.env.enc", Format::Dotenv, "prod.enc.env"),
            (".env.production", Format::Dotenv, "production.env"),
            ("app.conf", Format::Ini, "app.conf.ini"),
            ("secrets", Format::Yaml, "secrets.yaml"),
            ("conf.enc.yaml", Format::Dotenv, "conf.enc.env"),
            ("x.enc.env", Format::Json, "x.enc.json"),
            ("x.env", Format::Binary, "x.bin"),
            (".env", Format::Yaml, "secrets.yaml"),
            (".hidden", Format::Ini, ".hidden.ini"),
        ] {
            let new = named_for(Path::new(name), format);
            assert_eq!(new, Path::new(expected), "{name}");
            let read_as = Format::of_path(&new);
            assert_eq!(read_as, format, "{name}");
        }
    }
}
