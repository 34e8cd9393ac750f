//! What the user has settled for a repository: which names are secret, what is left out.

mod policy;

pub(crate) use policy::Policy;
