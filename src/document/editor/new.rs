//! What edits bring into a document.

/// A value that an edit brings in. It has no `Debug`: it can hold plaintext.
#[derive(Clone)]
pub(crate) enum New {
    Null,
    Int(i64),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl New {
    /// Whether it is a collection with members.
    pub(super) fn has_members(&self) -> bool {
        match self {
            Self::Null | Self::Int(_) | Self::Text(_) => false,
            Self::List(items) => !items.is_empty(),
            Self::Map(pairs) => !pairs.is_empty(),
        }
    }
}
