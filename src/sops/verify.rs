//! The verdict: every value opened, the MAC computed and compared.

use super::comment::ClearComment;
use super::data_key::{DataKey, Locked, unlock, wrong_share};
use super::problem::{MAX_PROBLEMS, MacMismatch, Problem, ProblemKind, Undecryptable};
use super::verifier::{self, Zeros};
use super::{Reason, Selectors, SopsFile, Verification};
use crate::document::{Format, KeyPath, Tree};
use crate::keys::{Keyring, Shut};
use crate::source::Span;

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inspection {
    /// Everything that makes sops refuse the file, in the order of the document, the MAC last; at
    /// most 1,000.
    pub(crate) problems: Vec<Problem>,
    /// What the file uses and cannot be read here, so that its verdict is open.
    pub(crate) unsupported: Option<String>,
    /// Versions of sops that cannot read the file although 3.13.3 can.
    pub(crate) unreadable_by: Vec<&'static str>,
    /// Comments in clear where sops encrypts them.
    pub(crate) clear_comments: Vec<ClearComment>,
    /// Whole tokens where the selectors leave all in clear, at most 1,000.
    pub(crate) unselected: Vec<Place>,
    /// A clear zero that may be spelled `-0`.
    pub(super) zero: Option<(Span, KeyPath)>,
    /// How many values the selectors pick, empty strings left out.
    pub(crate) encrypted: usize,
    /// How many values the selectors leave in clear.
    pub(crate) clear: usize,
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) span: Span,
    /// The keys that lead there.
    pub(crate) path: KeyPath,
    /// Whether a comment stands there.
    pub(crate) is_comment: bool,
}

/// What [`check`] found.
pub(crate) struct Checked {
    pub(crate) verification: Verification,
    pub(crate) inspection: Inspection,
    /// Why there was no data key, also where what needs none made the file fail.
    pub(crate) lacking: Option<Reason>,
    /// What is shut, where the verdict may be another once more identities are woken.
    pub(crate) shut: Option<Shut>,
}

/// Opens the data key of `file` with `keyring`, verifies all of it, and gives sops's verdict.
pub(crate) fn check(file: &SopsFile<'_>, keyring: &Keyring) -> Checked {
    open(file, keyring).1
}

/// The same, with the data key where it was opened.
pub(crate) fn open(file: &SopsFile<'_>, keyring: &Keyring) -> (Option<DataKey>, Checked) {
    match unlock(file, keyring) {
        Ok(key) => {
            let checked = judge(file, Ok(&key));
            (Some(key), checked)
        }
        Err(locked) => (None, judge(file, Err(locked))),
    }
}

/// Says what is certain of `file` without a key, and for which reason it is not opened.
pub(crate) fn check_closed(file: &SopsFile<'_>, reason: Reason) -> Checked {
    judge(file, Err(Locked::NotVerified(reason, None)))
}

/// Verifies all of `file`, of which this became of the data key, and gives sops's verdict.
pub(super) fn judge(file: &SopsFile<'_>, unlocked: Result<&DataKey, Locked>) -> Checked {
    let (key, lacking, refused, shut) = match unlocked {
        Ok(key) => (Some(key), None, Vec::new(), None),
        Err(Locked::NotVerified(reason, shut)) => (None, Some(reason), Vec::new(), shut),
        Err(Locked::Failed(problems, shut)) => (None, None, problems, shut),
    };
    let mut inspection = verify(file, key);
    // What fails without a key needs no key to be refused.
    let shut = shut.filter(|_| inspection.problems.is_empty());
    if key.is_some() && file.has_groups() && inspection.opened_nothing() {
        inspection.problems = vec![wrong_share(file.metadata().key_span)];
    }
    inspection.problems.splice(0..0, refused);
    inspection.problems.truncate(MAX_PROBLEMS);
    let unsupported = inspection.unsupported.clone().map(Reason::Unsupported);
    let verification = match lacking.clone().or(unsupported) {
        _ if !inspection.problems.is_empty() => Verification::Failed,
        Some(reason) => Verification::NotVerified(reason),
        None => Verification::Verified,
    };
    Checked {
        verification,
        inspection,
        lacking,
        shut,
    }
}

impl Inspection {
    /// Whether neither a value nor the MAC opened, and nothing else was wrong with them.
    fn opened_nothing(&self) -> bool {
        let is_rejected = |problem: &Problem| {
            matches!(
                problem.kind,
                ProblemKind::Undecryptable(Undecryptable::Rejected)
                    | ProblemKind::Mac(MacMismatch::Rejected)
            )
        };
        self.encrypted > 0
            && self.problems.len() == self.encrypted + 1
            && self.problems.iter().all(is_rejected)
    }
}

/// Verifies the values and the MAC of `file`.
///
/// Without a key it finds what no key could mend: values that should be encrypted and are not,
/// tokens that are damaged or copied, a missing MAC, documents that sops cannot walk. No problem then
/// means nothing. With a key no problem (and nothing unsupported) means that sops decrypts the file.
pub(crate) fn verify(file: &SopsFile<'_>, key: Option<&DataKey>) -> Inspection {
    let mut inspection = verifier::inspect(file, key, Zeros::AsRead);
    let mac_differs = |problem: &Problem| problem.kind == MacMismatch::Differs.into();
    if let [problem] = inspection.problems.as_mut_slice()
        && mac_differs(problem)
        && let Some((span, path)) = inspection.zero.take()
        && verifier::inspect(file, key, Zeros::AsWritten(file.text()))
            .problems
            .is_empty()
    {
        *problem = Problem {
            kind: MacMismatch::NegativeZero.into(),
            span: Some(span),
            path,
        };
    }
    inspection
}

/// Verifies the values of a document without its metadata, which sops refuses.
pub(crate) fn verify_values(tree: &Tree<'_>, format: Format, selectors: &Selectors) -> Inspection {
    verifier::inspect_values(tree, format, selectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::sops::selectors::SelectorKind;
    use crate::source::{Source, SourceId};

    /// What is found without a key: place, path and kind of each problem.
    fn keyless(values: &str) -> Vec<String> {
        let text = format!(
            "{values}sops:\n  age: [{{recipient: age1x, enc: x}}]\n  \
             lastmodified: '2026-01-01T00:00:00Z'\n  \
             mac: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]\n"
        );
        let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes()).unwrap();
        let document = Document::parse(&source, Format::Yaml).unwrap();
        let file = SopsFile::of(&document).unwrap().unwrap();
        let shown = |problem: &Problem| {
            let line = source.position(problem.span.unwrap().start()).line;
            format!("{line} {} {}", problem.path, problem.kind)
        };
        verify(&file, None).problems.iter().map(shown).collect()
    }

    fn token(data: &str, iv: &str, tag: &str, kind: &str) -> String {
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]")
    }

    #[test]
    fn finds_without_a_key_what_no_key_could_mend() {
        const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAA==";
        let good = token("YQ==", "YQ==", TAG, "str");
        let values = format!(
            "good: {good}\nempty: ''\nnull: null\nclear_unencrypted: 5\nnumber: 5\n\
             text: hunter2\ncut: {}\ndata: {}\niv: {}\nshort: {}\nkind: {}\nbytes: {}\n\
             list:\n- a b: x\n- 1: x\n- 18446744073709551615\n# {good}\n# x\n",
            good.trim_end_matches(']'),
            token("YQ", "YQ==", TAG, "str"),
            token("YQ==", "Y*==", TAG, "str"),
            token("YQ==", "YQ==", "YQ==", "str"),
            token("YQ==", "YQ==", TAG, "secret"),
            token("YQ==", "YQ==", TAG, "bytes"),
        );
        let values = values.replace("null: null", "'null': null");
        let expected = [
            "5 number the value should be encrypted and stands in clear, as a number",
            "6 text the value should be encrypted and stands in clear",
            "7 cut the token is not of the form `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`",
            "8 data the token's `data` is not valid base64",
            "9 iv the token's `iv` is not valid base64",
            "10 short the token's `data` and `tag` together are shorter than a tag",
            "11 kind the token's `type` is none that sops knows",
            "12 bytes the token's `type` is `bytes`, on which sops crashes",
            "14 list.… the value should be encrypted and stands in clear",
            "15 list a key is of type int, and sops only knows strings",
            "16 list an integer is larger than sops can hold",
        ];
        assert_eq!(keyless(&values), expected);
        assert_eq!(keyless(&format!("good: {good}\n")), [""; 0]);
    }
    #[test]
    fn tells_of_no_more_than_a_thousand_problems() {
        let bad: String = (0..3_000).map(|key| format!("k{key}: x\n")).collect();
        assert_eq!(keyless(&bad).len(), MAX_PROBLEMS);

        let names: String = (0..3_000).map(|key| format!("  {key}: x\n")).collect();
        let text = format!("a: 1\nsops:\n{names}  age: [{}]\n", "x, ".repeat(3_000));
        let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes()).unwrap();
        let document = Document::parse(&source, Format::Yaml).unwrap();
        let Err(errors) = SopsFile::of(&document) else {
            panic!("sops refuses such metadata");
        };
        assert_eq!(errors.0.len(), MAX_PROBLEMS);
    }
    /// The comments in clear and the tokens outside of what is picked: place and path of each.
    fn strays(values: &str, selectors: &Selectors) -> Vec<String> {
        let tree = crate::document::yaml::load(values).unwrap();
        let found = verify_values(&tree, Format::Yaml, selectors);
        let line = |span: Span| values[..span.start()].matches('\n').count() + 1;
        let comments = found.clear_comments.iter();
        let comments =
            comments.map(|one| format!("{} {} comment of {}", line(one.span), one.path, one.lines));
        let tokens = found.unselected.iter();
        let tokens = tokens.map(|one| {
            let comment = if one.is_comment { " in a comment" } else { "" };
            format!("{} {} token{comment}", line(one.span), one.path)
        });
        comments.chain(tokens).collect()
    }

    #[test]
    fn finds_comments_in_clear_where_they_would_be_encrypted() {
        let good = token("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "comment");
        let values = format!(
            "# a\n\n# b\nk: '' # c\nl:\n# d\n- '' # e\n# f\n# g\n- ''\nm:\n  # h\n  n: ''\n\
             #{good}\n#\n#   \n# ENC[AES256_GCM,data:cut\nx_unencrypted:\n  # clear\n  y: 1\n"
        );
        let all = Selectors::default_with(false);
        let expected = [
            "1  comment of 2",
            "4  comment of 1",
            "6 l comment of 1",
            "7 l comment of 1",
            "8 l comment of 2",
            "12 m comment of 1",
        ];
        assert_eq!(strays(&values, &all), expected);
        let none = Selectors::new(SelectorKind::EncryptedRegex, b"^none$", false);
        assert_eq!(strays(&values, &none), ["14  token in a comment"]);
    }

    #[test]
    fn lines_of_comments_beyond_the_most_are_counted_for_none() {
        let values: String = (0..1_010)
            .map(|at| format!("# a\n# b\nk{at}: ''\n"))
            .collect();
        let tree = crate::document::yaml::load(&values).unwrap();
        let found =
            verify_values(&tree, Format::Yaml, &Selectors::default_with(false)).clear_comments;
        assert_eq!(found.len(), 1_000);
        assert!(found.iter().all(|comment| comment.lines == 2));
    }

    #[test]
    fn finds_whole_tokens_where_all_is_left_in_clear() {
        let good = token("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "str");
        let values = format!(
            "k: {good}\nd_x: {good}\nabout_x: 'a token: {good}'\nbehind_x: '{good} and'\n\
             short_x: {}\nkind_x: {}\nform_x: ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]\n\
             l_x: &a {good}\nm_x: *a\n",
            token("YQ==", "YQ==", "YQ==", "str"),
            token("YQ==", "YQ==", "AAAAAAAAAAAAAAAAAAAAAA==", "text"),
        );
        let selectors = Selectors::new(SelectorKind::UnencryptedSuffix, b"_x", false);
        assert_eq!(strays(&values, &selectors), ["2 d_x token", "8 l_x token"]);
    }

    // `sops decrypt` 3.13.3 asks KMS for the first, whatever other keys there are.
    #[test]
    fn leaves_open_what_the_command_would_mend_with_kms() {
        let unsupported = |context: &str, version: &str| {
            let text = format!(
                "a: 1\nsops:\n  kms: [{{arn: x, context: {context}, created_at: \
                 '2020-01-01T00:00:00Z'}}]\n  lastmodified: '2026-01-01T00:00:00Z'\n  version: {version}\n"
            );
            let source = Source::decode(SourceId::Stdin("x.yaml".into()), text.into_bytes());
            let source = source.unwrap();
            let document = Document::parse(&source, Format::Yaml).unwrap();
            let file = SopsFile::of(&document).unwrap().unwrap();
            verify(&file, None).unsupported.is_some()
        };
        assert!(unsupported("{a: x, b: y}", "3.2.9"));
        assert!(unsupported("{a: x, b: y}", "1.18"));
        assert!(!unsupported("{a: x, b: x}", "3.2.9"));
        assert!(!unsupported("{a: x}", "3.2.9"));
        assert!(!unsupported("{a: x, b: y}", "3.3.0"));
    }
}
