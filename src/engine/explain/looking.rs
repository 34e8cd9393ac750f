//! The verdict on one file and the findings in it, as `check` gives them.

use crate::engine::check::{
    gather, look_twice, refuse_unusable, tell_of_keys, tell_of_late_identities,
};
use crate::engine::file::{Around, look};
use crate::engine::inputs::Input;
use crate::engine::names::Names;
use crate::engine::surroundings::Surroundings;
use crate::engine::{Access, Error, FileReport, Report, earlier, settle};
use crate::keys::Keyring;
use crate::rules::Command;

/// A file, and what there is around it.
pub(super) struct Looking<'i, 'w> {
    pub(super) input: &'i Input,
    pub(super) world: Surroundings<'w>,
    pub(super) trusts_changes: bool,
}

/// What became of it.
pub(super) struct Seen {
    /// Without the file.
    pub(super) report: Report,
    pub(super) file: FileReport,
}

impl Looking<'_, '_> {
    /// Looks at the file, with all keys.
    ///
    /// # Errors
    /// [`Error::Identity`] where one that the user named cannot be used, [`Error::Git`].
    pub(super) fn look(
        &self,
        keyring: &mut Keyring,
        access: &mut Access<'_>,
    ) -> Result<Seen, Error> {
        let (bases, policy) = (self.world.bases, self.world.policy);
        let around = Around {
            command: Command::Check,
            blobs: bases.map(|bases| &bases.blobs),
            bases,
            creation: Some(self.world.creation),
            names: Some(Names {
                policy: self.world.policy,
                creation: self.world.creation,
            }),
            trusts_changes: self.trusts_changes,
            keeps_tokens: false,
        };
        let look_at = |inputs: &[&Input], keyring: &Keyring| {
            let looked = inputs.iter().map(|input| look(input, keyring, around));
            Ok(looked.collect())
        };
        let inputs = std::slice::from_ref(self.input);
        let environment = self.world.scope().environment;
        let looked = look_twice(inputs, keyring, look_at, |keyring, shut| {
            keyring.wake(shut, &mut access.means(environment))
        })?;
        refuse_unusable(keyring)?;
        let mut report = Report::default();
        tell_of_keys(keyring, &mut report);
        let mut findings = gather(looked, &mut report)?;
        if !keyring.is_empty() {
            tell_of_late_identities(&mut report);
        }
        earlier::fit(&mut findings, self.world.repo, self.world.here);
        settle::apply(findings, policy, &mut report);
        match report.files.pop() {
            Some(file) => Ok(Seen { report, file }),
            None => Err(Error::NoSuchPath {
                path: self.input.path.clone(),
            }),
        }
    }
}
