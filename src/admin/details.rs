//! The types of authorization details of an API: defined, edited, removed (RFC 9396 §2).

use super::{
    apis::require_unheld,
    command::Command,
    draft::Draft,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::domain::{
    api::Api,
    audit::Action,
    client::Client,
    details::{DetailType, DetailTypes, MOST_TYPES, Schema, TypeDetail, in_words},
    id::{ApiIdentifier, ClientId},
    name::Description,
    permission::Permission,
    registry::Registry,
};

/// Gives an API another type of authorization details. Nobody is granted it yet.
#[derive(Clone, Debug)]
pub struct DefineDetailType {
    /// Which API.
    pub api: ApiIdentifier,
    /// What it is called.
    pub name: DetailType,
    /// What is said of it.
    pub detail: TypeDetail,
}

impl Command for DefineDetailType {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        if before.rules.details.contains_key(&self.name) {
            let message = format!("{} has the type {} already", self.api, self.name);
            return Err(Refusal::Conflict(message));
        }
        if before.rules.details.len() >= MOST_TYPES {
            let message = format!("an API has at most {MOST_TYPES} types of authorization details");
            return Err(FieldErrors::one("type", &message).into());
        }
        let mut after = Api::clone(before);
        after.rules.details.insert(self.name, self.detail);
        draft.put_api(Action::DetailTypeCreate, after);
        Ok(())
    }
}

/// Changes what is said of a type; what is not named stays as it is. Tokens that were issued say what they said.
#[derive(Clone, Debug)]
pub struct EditDetailType {
    /// Which API.
    pub api: ApiIdentifier,
    /// Which type.
    pub name: DetailType,
    /// What it opens.
    pub description: Option<Description>,
    /// The form that it has from now on.
    pub schema: Option<Schema>,
}

impl Command for EditDetailType {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let mut after = Api::clone(before);
        let detail = after
            .rules
            .details
            .get_mut(&self.name)
            .ok_or_else(|| unknown(&self.api, &self.name))?;
        if let Some(description) = self.description {
            detail.description = description;
        }
        if let Some(schema) = self.schema {
            detail.schema = schema;
        }
        if after != **before {
            draft.put_api(Action::DetailTypeEdit, after);
        }
        Ok(())
    }
}

/// Takes a type away that nobody may ask for.
#[derive(Clone, Debug)]
pub struct RemoveDetailType {
    /// Which API.
    pub api: ApiIdentifier,
    /// Which type.
    pub name: DetailType,
}

impl Command for RemoveDetailType {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let mut after = Api::clone(before);
        if after.rules.details.remove(&self.name).is_none() {
            return Err(unknown(&self.api, &self.name));
        }
        require_unheld(&self.name, holders(registry, &self.api, &self.name))?;
        draft.put_api(Action::DetailTypeRemove, after);
        Ok(())
    }
}

/// The clients that may ask for the type `name` of `api`.
pub fn holders<'r>(
    registry: &'r Registry,
    api: &'r ApiIdentifier,
    name: &'r DetailType,
) -> impl Iterator<Item = &'r ClientId> {
    let clients = registry.clients().filter(move |client| {
        let granted = client.rules.details.get(api);
        granted.is_some_and(|types| types.contains(name))
    });
    clients.map(|client| &client.id)
}

fn unknown(api: &ApiIdentifier, name: &DetailType) -> Refusal {
    FieldErrors::one("type", &format!("{api} does not have: {name}")).into()
}

/// Why `types` cannot be granted on `api`.
pub(super) fn check_types(
    registry: &Registry,
    api: &ApiIdentifier,
    types: &DetailTypes,
) -> Result<(), String> {
    let Some(api) = registry.find_api(api) else {
        return Err(format!("there is no API {api}"));
    };
    let unknown: DetailTypes = types
        .iter()
        .filter(|name| !api.rules.details.contains_key(*name))
        .cloned()
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let names = in_words(&unknown);
    Err(format!("{} does not have: {names}", api.identifier))
}

/// Puts the types that `client` may ask for on `api` in place of those before.
pub(super) fn put(client: &mut Client, api: &ApiIdentifier, types: DetailTypes) {
    if types.is_empty() {
        client.rules.details.remove(api);
    } else {
        client.rules.details.insert(api.clone(), types);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{
        grants::{RemoveGrant, SetGrant},
        tests::{World, api, fields as marked, refusal, scopes},
    };

    fn define(name: &str) -> DefineDetailType {
        DefineDetailType {
            api: api("urn:shop"),
            name: name.parse().unwrap(),
            detail: TypeDetail {
                description: "Pay".parse().unwrap(),
                schema: Schema::parse("{}").unwrap(),
            },
        }
    }

    fn grant(client: &ClientId, types: &[&str]) -> SetGrant {
        SetGrant {
            client: client.clone(),
            api: api("urn:shop"),
            scopes: scopes("read"),
            details: Some(types.iter().map(|name| name.parse().unwrap()).collect()),
        }
    }

    fn types(world: &World) -> Vec<String> {
        let shop = world.registry.find_api(&api("urn:shop")).unwrap();
        shop.rules.details.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn a_type_is_defined_once_edited_and_removed_when_nobody_has_it() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        world.run(define("payment")).unwrap();
        assert_eq!(world.audited(), ["detail_type.create"]);
        let again = refusal(world.run(define("payment")));
        assert!(matches!(again, Refusal::Conflict(_)));
        world.run(grant(&client, &["payment"])).unwrap();

        let edit = EditDetailType {
            api: api("urn:shop"),
            name: "payment".parse().unwrap(),
            description: None,
            schema: Some(Schema::parse(r#"{"required":["amount"]}"#).unwrap()),
        };
        world.run(edit.clone()).unwrap();
        assert_eq!(world.audited(), ["detail_type.edit"]);
        let unknown = EditDetailType {
            name: "other".parse().unwrap(),
            ..edit
        };
        assert_eq!(marked(world.run(unknown)), ["type"]);

        let remove = RemoveDetailType {
            api: api("urn:shop"),
            name: "payment".parse().unwrap(),
        };
        let held = refusal(world.run(remove.clone()));
        let Refusal::Conflict(message) = held else {
            unreachable!("{held:?}");
        };
        assert!(message.contains(client.as_str()), "{message}");
        world.run(grant(&client, &[])).unwrap();
        world.run(remove.clone()).unwrap();
        assert_eq!(world.audited(), ["detail_type.remove"]);
        assert!(types(&world).is_empty());
        assert_eq!(marked(world.run(remove)), ["type"]);
    }

    #[test]
    fn a_client_is_granted_only_types_that_there_are_and_loses_them_with_its_scopes() {
        let mut world = World::new();
        let client = world.register("c").client.id.clone();
        world.run(define("payment")).unwrap();

        let unknown = world.run(grant(&client, &["payment", "other"]));
        assert_eq!(marked(unknown), ["authorization_details_types"]);
        world.run(grant(&client, &["payment"])).unwrap();
        let kept = SetGrant {
            details: None,
            ..grant(&client, &[])
        };
        world.run(kept).unwrap();
        assert_eq!(world.client(&client).rules.details.len(), 1);

        let withdraw = RemoveGrant {
            client: client.clone(),
            api: api("urn:shop"),
        };
        world.run(withdraw).unwrap();
        assert!(world.client(&client).rules.details.is_empty());
    }

    #[test]
    fn the_admin_api_has_no_types() {
        let mut world = World::new();
        let built_in = DefineDetailType {
            api: crate::domain::permission::admin_api(),
            ..define("payment")
        };
        assert!(matches!(refusal(world.run(built_in)), Refusal::Conflict(_)));
    }
}
