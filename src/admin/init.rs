//! First start: the admin API, and the first key that signs.

use super::{command::Command, draft::Draft, keys, refusal::Refusal};
use crate::domain::{
    api::Api, audit::Action, permission::Permission, permission::admin_api, registry::Registry,
};

/// Makes what every server has: the built-in admin API and a key that signs its tokens.
///
/// On a server that has both it changes nothing, except that an admin API made by an older version
/// gets the scopes of this one.
#[derive(Clone, Copy, Debug)]
pub struct InitServer;

/// What [`InitServer`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Init {
    /// A new server.
    First,
    /// One that was set up before.
    Before,
}

impl Command for InitServer {
    type Outcome = Init;

    const NEEDS: Permission = Permission::Own;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Init, Refusal> {
        let new = Api::admin(draft.now());
        let algorithm = new.signing.algorithm();
        let found = match registry.find_api(&admin_api()) {
            None => {
                draft.note(Action::ServerInit);
                draft.put_api(Action::ApiCreate, new);
                Init::First
            }
            Some(before) => {
                let mut after = Api::clone(before);
                after.name = new.name;
                after.description = new.description;
                after.scopes = new.scopes;
                if after != **before {
                    draft.put_api(Action::ApiEdit, after);
                }
                Init::Before
            }
        };
        keys::ensure_signer(algorithm, registry, draft);
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
