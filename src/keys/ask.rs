//! Asking the user. The library never does it by itself: who runs it says who is asked.

use crate::secret::Secret;

/// Somebody who can be asked for what a key needs: a passphrase, a PIN, a touch.
///
/// The texts come from this library, from names of files and from plugins: whoever prints them to a
/// terminal escapes them first.
pub trait Ask {
    /// Asks for a secret, which is not shown while it is typed; `None` where nobody answers.
    fn secret(&mut self, prompt: &str) -> Option<Answer>;

    /// Asks for something that is no secret.
    fn value(&mut self, prompt: &str) -> Option<Answer>;

    /// Asks to choose between two answers, or to give the only one.
    fn confirm(&mut self, prompt: &str, yes: &str, no: Option<&str>) -> Option<bool>;

    /// Says something, such as what has to be touched.
    fn tell(&mut self, message: &str);
}

/// What somebody answered. It is wiped from memory after use.
#[expect(missing_debug_implementations, reason = "it is a secret")]
pub struct Answer(Secret<String>);

impl Answer {
    /// Takes charge of an answer.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// What was answered.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}
