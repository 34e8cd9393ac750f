//! New texts read by real sops, for every file of the corpus.
