//! The name of a key as one text, in the forms in which sops takes keys on its command line and in
//! `.sops.yaml`.

use super::metadata::KeyKind;
use super::recipients::canonical;
use crate::keys::Recipient;

/// A key by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyName {
    pub(crate) kind: KeyKind,
    /// The name by which it is compared with others, the same as that of an entry in a file.
    pub(crate) canonical: String,
    /// The name as reports may print it.
    pub(crate) shown: String,
}

impl KeyName {
    /// Reads a name: an age recipient, a PGP fingerprint, the ARN, resource or URL of a key in a KMS
    /// or vault. None where it is none of these; then it may be anything that was pasted there.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        age(text)
            .or_else(|| kms(text))
            .or_else(|| url(text))
            .or_else(|| pgp(text))
    }

    /// What kind of key it is, in the word that reports have for it.
    pub(crate) fn kind_name(&self) -> String {
        super::file::kind(self.kind, &self.shown)
    }

    /// A text that [`Self::parse`] reads as the key of this name; none where there is none. `shown` is
    /// how reports print it, which can hold more of it.
    pub(crate) fn spelling(canonical: &str, shown: &str) -> Option<String> {
        let is_it = |text: &String| Self::parse(text).is_some_and(|key| key.canonical == canonical);
        let (kind, id) = canonical.split_once(':')?;
        let mut parts: Vec<&str> = id.splitn(4, '/').collect();
        // Behind the address, which has two lines.
        let path = parts.pop().filter(|_| parts.len() == 3);
        let address = parts.join("/");
        let from_address = match (kind, path.map(|path| path.rsplit_once('/'))) {
            ("azure_kv", Some(None)) => {
                Some(format!("{address}/keys/{}", path.unwrap_or_default()))
            }
            ("hc_vault", Some(Some((engine, key)))) => {
                Some(format!("{address}/v1/{engine}/keys/{key}"))
            }
            _ => None,
        };
        let texts = [Some(shown.to_owned()), from_address, Some(id.to_owned())];
        texts.into_iter().flatten().find(is_it)
    }

    fn new(kind: KeyKind, id: &str, others: &[&str], shown: impl Into<String>) -> Self {
        let shown = shown.into();
        Self {
            kind,
            canonical: canonical(kind, id, others),
            shown,
        }
    }
}

fn age(text: &str) -> Option<KeyName> {
    let recipient = Recipient::parse(text);
    let shown = recipient.canonical().into_owned();
    let is_one = recipient.flaw().is_none();
    is_one.then(|| KeyName::new(KeyKind::Age, text, &[], shown))
}

/// A key of AWS, Google Cloud or Huawei Cloud.
fn kms(text: &str) -> Option<KeyName> {
    if !is_plain(text) {
        return None;
    }
    if text.starts_with("arn:") {
        // The role behind it is a way to the key.
        let arn = text.split_once("+arn:").map_or(text, |(arn, _)| arn);
        let parts = arn.splitn(6, ':').filter(|part| !part.is_empty()).count();
        let is_kms = parts == 6 && arn.split(':').nth(2) == Some("kms");
        return is_kms.then(|| KeyName::new(KeyKind::Kms, arn, &[], arn));
    }
    if let Some(resource) = text.strip_prefix("projects/") {
        let is_key = resource.contains("/keyRings/") && resource.contains("/cryptoKeys/");
        return is_key.then(|| KeyName::new(KeyKind::GcpKms, text, &[], text));
    }
    let (region, id) = text.split_once(':')?;
    let is_id = id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let is_region = region
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (is_id && is_region && !region.is_empty())
        .then(|| KeyName::new(KeyKind::HcKms, text, &[], text))
}

/// A key of Azure Key Vault or of HashiCorp Vault.
fn url(text: &str) -> Option<KeyName> {
    let (scheme, rest) = text.split_once("://")?;
    let is_url = is_plain(text) && matches!(scheme, "https" | "http") && !rest.contains('@');
    let (host, path) = rest.split_once('/').filter(|_| is_url)?;
    let (before, key) = path.rsplit_once("keys/")?;
    let address = format!("{scheme}://{host}");
    let mut parts = key.split('/');
    let (name, version) = (parts.next()?, parts.next().unwrap_or_default());
    if host.is_empty() || name.is_empty() || parts.next().is_some() {
        return None;
    }
    if before.is_empty() && scheme == "https" {
        return Some(KeyName::new(
            KeyKind::AzureKv,
            &address,
            &[name, version],
            text,
        ));
    }
    let engine = before.strip_prefix("v1/")?.strip_suffix('/')?;
    let is_key = version.is_empty() && !engine.is_empty();
    is_key.then(|| KeyName::new(KeyKind::HcVault, &address, &[engine, name], text))
}

/// A fingerprint, or the key id that it ends with.
fn pgp(text: &str) -> Option<KeyName> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits: String = digits.chars().filter(|c| *c != ' ').collect();
    let is_one = [16, 40].contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_one.then(|| KeyName::new(KeyKind::Pgp, &digits, &[], digits.to_ascii_uppercase()))
}

fn is_plain(text: &str) -> bool {
    let others = b":/_.-+=,@";
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: &str = "age18j75m3wustk3rv29qg94mjtqj8yjkqsdf9eg50gyh3ksmv4qr9ks505taf";
    const SSH: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";
    const PGP: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";

    #[test]
    fn names_of_every_kind_are_those_of_entries_in_files() {
        for (text, kind, canonical) in [
            (AGE.to_owned(), KeyKind::Age, format!("age:{AGE}")),
            (format!(" {AGE}\n"), KeyKind::Age, format!("age:{AGE}")),
            (
                format!("{SSH} ada@laptop"),
                KeyKind::Age,
                format!("age:{SSH}"),
            ),
            (
                PGP.to_owned(),
                KeyKind::Pgp,
                "pgp:BC17301B491B3F21".to_owned(),
            ),
            (
                "0xbc17301b491b3f21".to_owned(),
                KeyKind::Pgp,
                "pgp:BC17301B491B3F21".to_owned(),
            ),
            (
                "arn:aws:kms:eu-west-1:1:key/a+arn:aws:iam::1:role/b".to_owned(),
                KeyKind::Kms,
                "kms:arn:aws:kms:eu-west-1:1:key/a".to_owned(),
            ),
            (
                "projects/p/locations/l/keyRings/r/cryptoKeys/k".to_owned(),
                KeyKind::GcpKms,
                "gcp_kms:projects/p/locations/l/keyRings/r/cryptoKeys/k".to_owned(),
            ),
            (
                "tr-west-1:abc12345-6789-0123-4567-890123456789".to_owned(),
                KeyKind::HcKms,
                "hckms:tr-west-1:abc12345-6789-0123-4567-890123456789".to_owned(),
            ),
            (
                "https://V.example/keys/k/0123".to_owned(),
                KeyKind::AzureKv,
                "azure_kv:https://v.example/k".to_owned(),
            ),
            (
                "https://vault:8200/v1/a/b/keys/k".to_owned(),
                KeyKind::HcVault,
                "hc_vault:https://vault:8200/a/b/k".to_owned(),
            ),
        ] {
            let name = KeyName::parse(&text).unwrap_or_else(|| panic!("{text}"));
            let canonical = canonical.as_str();
            assert_eq!(
                (name.kind, name.canonical.as_str()),
                (kind, canonical),
                "{text}"
            );
            assert!(!name.shown.contains("laptop"));
        }
    }

    #[test]
    fn a_name_is_spelled_so_that_it_is_read_as_the_same_key() {
        for (text, shown, expected) in [
            (AGE, AGE, Some(AGE)),
            (&format!("{SSH} ada@laptop"), SSH, Some(SSH)),
            // Shown with more than what is compared, or with less.
            (PGP, PGP, Some(PGP)),
            (PGP, "…", Some("BC17301B491B3F21")),
            (
                "arn:aws:kms:eu-west-1:1:key/a+arn:aws:iam::1:role/b",
                "…",
                Some("arn:aws:kms:eu-west-1:1:key/a"),
            ),
            (
                "https://V.example/keys/k/0123",
                "https://V.example/keys/k/0123",
                Some("https://V.example/keys/k/0123"),
            ),
            (
                "https://V.example/keys/k/0123",
                "k",
                Some("https://v.example/keys/k"),
            ),
            (
                "https://vault:8200/v1/a/b/keys/k",
                "k",
                Some("https://vault:8200/v1/a/b/keys/k"),
            ),
            // Of another key, which does not count.
            (AGE, PGP, Some(AGE)),
        ] {
            let canonical = KeyName::parse(text).unwrap().canonical;
            let spelled = KeyName::spelling(&canonical, shown);
            assert_eq!(spelled.as_deref(), expected, "{text}");
            let read = KeyName::parse(&spelled.unwrap()).unwrap();
            assert_eq!(read.canonical, canonical, "{text}");
        }
        for canonical in ["", "age", "age:hunter2", "unknown:a/b/c/d"] {
            assert_eq!(KeyName::spelling(canonical, "…"), None, "{canonical}");
        }
    }

    #[test]
    fn what_is_no_name_of_a_key_is_none() {
        let damaged = AGE.replace("age18", "age19");
        for text in [
            "",
            "hunter2",
            &damaged,
            "age1",
            "AGE-SECRET-KEY-1QQQQ",
            "ssh-ed25519 AAAA ada",
            "ssh-dss AAAA",
            &PGP[1..],
            "BC17301B",
            "arn:aws:s3:::bucket",
            "arn:aws:kms:eu-west-1:1:",
            "projects/p",
            "https://vault",
            "https://user:password@vault/v1/sops/keys/k",
            "https://vault/v2/sops/keys/k",
            "https://vault/v1/keys/",
            "https://vault/v1/monkeys/k",
            "http://v.example/keys/k",
            "file:///keys/k",
            "region:1234",
        ] {
            assert_eq!(KeyName::parse(text), None, "{text}");
        }
    }
}
