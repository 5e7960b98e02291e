//! First start: the first Owner makes the server theirs.

use super::{command::Command, draft::Draft, operators::NewPassword, refusal::Refusal};
use crate::domain::{
    audit::Action,
    id::OperatorId,
    name::{DisplayName, Email},
    operator::Operator,
    permission::{Permission, Role},
    registry::Registry,
};

/// Makes the first Owner. Whoever asks has proved that the server is theirs.
pub struct ClaimServer {
    /// What they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: DisplayName,
    /// Their password.
    pub password: NewPassword,
}

impl Command for ClaimServer {
    type Outcome = OperatorId;

    const NEEDS: Permission = Permission::Own;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<OperatorId, Refusal> {
        if registry.operators().next().is_some() {
            return Err(Refusal::Conflict(
                "this server has an owner already".to_owned(),
            ));
        }
        let password = self.password.hash(draft);
        let owner = Operator {
            password: Some(password),
            ..Operator::new(
                OperatorId::generate(draft.entropy()),
                (self.email, self.name),
                (Role::Owner, draft.now()),
            )
        };
        let id = owner.id.clone();
        draft.put_operator(Action::OperatorClaim, owner);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tests::{World, password, refusal};

    fn claim(email: &str) -> ClaimServer {
        ClaimServer {
            email: email.parse().unwrap(),
            name: "Ana".parse().unwrap(),
            password: password(),
        }
    }

    #[test]
    fn the_first_owner_is_made_once() {
        let mut world = World::new();

        let ana = world.run(claim("ana@example.com")).unwrap();
        let second = refusal(world.run(claim("eve@example.com")));

        let owner = world.registry.find_operator(&ana).unwrap();
        assert_eq!(owner.role, Role::Owner);
        assert!(owner.password.is_some());
        assert_eq!(second.to_string(), "this server has an owner already");
        assert_eq!(world.registry.operators().count(), 1);
    }

    #[test]
    fn a_server_with_any_operator_is_nobodys_to_claim() {
        let mut world = World::new();
        let viewer = world.operator("vic@example.com", Role::Viewer);

        assert!(matches!(
            refusal(world.run(claim("eve@example.com"))),
            Refusal::Conflict(_)
        ));

        assert!(world.registry.find_operator(&viewer).is_some());
    }
}
