//! The types of authorization details that a client may ask for, by API.

use axum::{body::Body, extract::State, http::Response};

use super::{
    super::{
        super::{
            Console, act::carry_out, form::Form, page::Flash, trouble::Trouble, visit::Visitor,
            words::segment,
        },
        ClientHead, Named, Tab,
    },
    undo,
};
use crate::{
    admin::{input::GrantScopesInput, views::DetailTypeView},
    domain::{
        audit::Object, client::Client, id::ApiIdentifier, permission::Permission,
        registry::Registry,
    },
};

/// The types of an API on which the client has scopes.
pub(super) struct TypeGroup {
    /// What the API is called.
    pub(super) name: String,
    /// Its identifier.
    pub(super) audience: String,
    /// For its element.
    pub(super) id: String,
    /// Its types, and whether the client may ask for each.
    pub(super) types: Vec<(DetailTypeView, bool)>,
}

impl TypeGroup {
    /// Whether the client may ask for any of them.
    pub(super) fn grants_any(&self) -> bool {
        self.types.iter().any(|(_, is_granted)| *is_granted)
    }
}

/// Those of all APIs that have types and on which `client` has scopes.
pub(super) fn groups(registry: &Registry, client: &Client) -> Vec<TypeGroup> {
    let apis = client.grants.keys().filter_map(|id| registry.find_api(id));
    let apis = apis.filter(|api| !api.rules.details.is_empty());
    apis.map(|api| {
        let granted = client.rules.details.get(&api.identifier);
        let types = api.rules.details.iter().map(|(name, detail)| {
            let is_granted = granted.is_some_and(|types| types.contains(name));
            (DetailTypeView::of(name, detail), is_granted)
        });
        TypeGroup {
            name: api.name.to_string(),
            audience: api.identifier.to_string(),
            id: segment(api.identifier.as_str()),
            types: types.collect(),
        }
    })
    .collect()
}

/// Sets the types that are ticked; scopes stay as the page showed them.
pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteGrants)?;
    let api: ApiIdentifier = form
        .fields
        .text("api")
        .parse()
        .map_err(|_| Trouble::malformed())?;
    let Some(scopes) = client.grants.get(&api) else {
        return Err(Trouble::conflict(format!(
            "{} has no scope on {api} any more, so it has no types there either.",
            client.name
        )));
    };
    let types: Vec<String> = form.fields.all("type").map(str::to_owned).collect();
    let flash = match types.as_slice() {
        [] => format!(
            "{} may ask for no authorization details on {api}.",
            client.name
        ),
        some => format!("{} may ask for {} on {api}.", client.name, some.join(", ")),
    };
    let input = GrantScopesInput {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        authorization_details_types: Some(types),
    };
    let command = input
        .parse(client.id.clone(), api)
        .map_err(|errors| Trouble::unacceptable(errors.to_string()))?;
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    carry_out((&console, &visitor), terms, command).await?;
    let head = ClientHead::of(&client, Tab::Access, console.app.now());
    let mut flash = Flash::done(flash);
    let registry = console.app.registry_arc();
    if let Some(after) = registry.find_client(&client.id)
        && after.rules.details != client.rules.details
    {
        flash = flash.with_undo(undo::offer(&client, after));
    }
    visitor.done(&head.to("/access"), flash).await
}
