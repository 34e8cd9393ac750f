//! What a document is decoded into: the counterparts of Go's types.

/// What a value is decoded into.
pub(crate) enum Shape {
    Text,
    Int,
    Bool,
    /// Whatever stands there.
    Any,
    /// A map of texts, of which each can be null.
    Texts,
    List(&'static Self),
    Record(&'static [Field]),
}

/// A member of a record.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
}
