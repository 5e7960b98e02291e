//! Another master key in the place of the one that there is.

use super::{command::Command, draft::Draft, refusal::Refusal};
use crate::domain::{
    audit::Action, change::MasterKeyChange, permission::Permission, policy::Policy,
    registry::Registry,
};

/// Has the keys of the data file wrapped by another master key. Of that one nobody has confirmed yet that it is kept
/// elsewhere too.
#[derive(Clone, Debug)]
pub struct Rekey(pub MasterKeyChange);

impl Command for Rekey {
    type Outcome = ();

    const NEEDS: Permission = Permission::Own;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        draft.change_master_key(self.0);
        let policy = registry.policy();
        if policy.master_key_kept.is_some() {
            let unconfirmed = Policy {
                master_key_kept: None,
                ..Policy::clone(policy)
            };
            draft.put_policy(Action::SettingsEdit, unconfirmed);
        }
        Ok(())
    }
}
