//! The formats that sops knows, and which one a file name means.

use std::path::Path;

/// A file format that sops has a store for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// `.yaml`, `.yml`.
    Yaml,
    /// `.json`.
    Json,
    /// `.env`.
    Dotenv,
    /// `.ini`.
    Ini,
    /// Everything else: a JSON envelope around the content.
    Binary,
}

impl Format {
    /// The format that sops takes a file of this name for. It compares the end of the name, case
    /// and all, so that `X.YAML` is binary and a file named just `.env` is dotenv.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        let name = path.to_string_lossy();
        let ends = |suffix: &str| name.ends_with(suffix);
        if ends(".yaml") || ends(".yml") {
            Self::Yaml
        } else if ends(".json") {
            Self::Json
        } else if ends(".env") {
            Self::Dotenv
        } else if ends(".ini") {
            Self::Ini
        } else {
            Self::Binary
        }
    }

    /// The name as reports and options spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "dotenv",
            Self::Ini => "ini",
            Self::Binary => "binary",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_end_of_the_name_as_sops_does() {
        let cases = [
            ("a.yaml", Format::Yaml),
            ("dir.json/a.yml", Format::Yaml),
            ("a.enc.json", Format::Json),
            (".env", Format::Dotenv),
            ("a.ini", Format::Ini),
            ("a.YAML", Format::Binary),
            ("a.yaml.bak", Format::Binary),
        ];
        for (name, format) in cases {
            assert_eq!(Format::of_path(Path::new(name)), format, "{name}");
        }
    }
}
