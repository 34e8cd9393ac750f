//! What sops sees in a file, as bytes to be compared.

use super::Title;
use crate::document::Scalar;
use crate::sops::{self, Leaf, SopsFile, Token, Visit};

/// All that sops visits, in its order, whichever document it stands in.
pub(super) struct Said {
    bytes: Vec<u8>,
    /// What each document is called.
    pub(super) titles: Vec<Title>,
}

impl Said {
    /// What a file says; none where it is too much, or what is encrypted is not certain.
    pub(super) fn by(file: &SopsFile<'_>) -> Option<Self> {
        let mut said = Self {
            bytes: Vec::new(),
            titles: vec![Title::default(); file.tree().branches().len()],
        };
        let walked = sops::walk(file.tree(), file.selectors(), |visit| said.visit(&visit));
        walked.ok()?;
        file.selectors().is_certain().then_some(said)
    }

    /// Whether others say the same one after the other.
    pub(super) fn is_all_of(&self, others: &[Self]) -> bool {
        let mut left = self.bytes.as_slice();
        for other in others {
            let Some(rest) = left.strip_prefix(other.bytes.as_slice()) else {
                return false;
            };
            left = rest;
        }
        left.is_empty()
    }

    fn visit(&mut self, visit: &Visit<'_, '_>) {
        self.put(visit.path.len().to_string().as_bytes());
        for key in visit.path {
            self.put(key);
        }
        for flag in [visit.selected, visit.in_mac, visit.in_list] {
            self.bytes.push(u8::from(flag));
        }
        match visit.leaf {
            Leaf::Scalar { scalar, .. } => {
                self.put(scalar.kind().as_bytes());
                self.put(&scalar.mac_bytes().unwrap_or_default());
                self.entitle(visit, scalar);
            }
            Leaf::Comment(comment) => {
                self.put(b"#");
                self.put(&comment.text);
            }
            Leaf::NonStringKey(key) => self.put(key.name.kind().as_bytes()),
        }
    }

    /// One thing after another, so that none can be taken for a part of the next.
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes.len().to_le_bytes());
        self.bytes.extend(bytes);
    }

    /// Notes what is said in clear of a document's name. What is encrypted is nobody's business.
    fn entitle(&mut self, visit: &Visit<'_, '_>, scalar: &Scalar<'_>) {
        let Scalar::Str(text) = scalar else {
            return;
        };
        let Some(title) = self.titles.get_mut(visit.branch) else {
            return;
        };
        let field = match visit.path {
            [key] if *key == b"kind" => &mut title.kind,
            [top, key] if *top == b"metadata" && *key == b"name" => &mut title.name,
            [top, key] if *top == b"metadata" && *key == b"namespace" => &mut title.namespace,
            _ => return,
        };
        let is_clear = !visit.selected && !visit.in_list && Token::parse(text).is_none();
        if is_clear && field.is_none() {
            *field = Some(String::from_utf8_lossy(text).into_owned());
        }
    }
}
