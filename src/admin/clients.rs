//! Clients: registered, edited, disabled, enabled, removed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    command::Command,
    details,
    draft::Draft,
    grants,
    refusal::{FieldErrors, Refusal},
    require,
    secrets::{self, NewSecret},
};
use crate::domain::{
    audit::Action,
    claims::Claims,
    client::{Binding, Client, ClientRules, ClientStatus},
    id::{ApiIdentifier, ClientId},
    name::{Description, DisplayName, Owner},
    permission::Permission,
    registry::Registry,
    scope::ScopeSet,
    secret::PlainSecret,
    shared::Shared,
    time::{Lifetime, Timestamp},
};

/// Makes a client, with its first secret.
pub struct RegisterClient {
    /// Its id, if it is not to be made from the name.
    pub id: Option<ClientId>,
    /// What it is called.
    pub name: DisplayName,
    /// What it does.
    pub description: Description,
    /// Who answers for it.
    pub owner: Owner,
    /// The longest life of its tokens, if shorter than the API's.
    pub token_lifetime: Option<Lifetime>,
    /// Which scopes it gets, on which API.
    pub grants: BTreeMap<ApiIdentifier, ScopeSet>,
    /// What it gets when it names no scope.
    pub default_scopes: ScopeSet,
    /// The APIs whose own resource server it is: it may introspect their tokens.
    pub introspects: BTreeSet<ApiIdentifier>,
    /// What else holds for it.
    pub rules: ClientRules,
    /// Its first secret.
    pub secret: NewSecret,
}

/// A client that was just made, and the one chance to read its secret.
pub struct Registered {
    /// As it is now.
    pub client: Arc<Client>,
    /// What it proves itself with.
    pub secret: PlainSecret,
}

impl Command for RegisterClient {
    type Outcome = Registered;

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(mut self, registry: &Registry, draft: &mut Draft) -> Result<Registered, Refusal> {
        let new = std::mem::take(&mut self.secret);
        let mut client = self.make(registry, draft)?;
        let (secret, plain) = secrets::make(new, registry, draft)?;
        client.secrets.push(secret);
        draft.put_client(Action::ClientCreate, client.clone());
        Ok(Registered {
            client: Arc::new(client),
            secret: plain,
        })
    }
}

impl RegisterClient {
    /// The client, without a secret.
    pub(super) fn make(self, registry: &Registry, draft: &Draft) -> Result<Client, Refusal> {
        for (api, scopes) in &self.grants {
            grants::require_may_grant(draft, api, scopes)?;
        }
        let mut errors = FieldErrors::default();
        for (api, scopes) in &self.grants {
            let check = grants::check_scopes(registry, (api, scopes), &ScopeSet::default());
            errors.check(&format!("grants.{api}"), check);
        }
        for (api, types) in &self.rules.details {
            let check = details::check_types(registry, api, types);
            errors.check(&format!("grants.{api}"), check);
        }
        let defaults = check_default_scopes(&self.default_scopes, &self.grants);
        errors.check("default_scopes", defaults);
        errors.check(
            "introspects",
            check_introspects(&self.introspects, registry),
        );
        errors.finish()?;
        let id = match self.id {
            Some(id) => require_free(id, registry)?,
            None => unused_id(&self.name, registry, draft),
        };
        Ok(Client {
            id,
            name: self.name,
            description: self.description,
            owner: self.owner,
            status: ClientStatus::Active,
            created: draft.now(),
            token_lifetime: self.token_lifetime,
            grants: self.grants.into(),
            default_scopes: self.default_scopes,
            secrets: Vec::new(),
            introspects: self.introspects,
            tokens_void_until: None,
            rules: self.rules.into(),
            marks: Shared::default(),
            registration: None,
            revision: registry.revision().next(),
        })
    }
}

/// Makes a client without a secret, whatever is said of one: a hand-over is to give it one.
pub struct RegisterWithoutSecret(pub RegisterClient);

impl Command for RegisterWithoutSecret {
    type Outcome = Arc<Client>;

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Arc<Client>, Refusal> {
        let client = self.0.make(registry, draft)?;
        draft.put_client(Action::ClientCreate, client.clone());
        Ok(Arc::new(client))
    }
}

/// The APIs must be there. Nobody looks after this server's own: Jeton checks its tokens itself.
fn check_introspects(apis: &BTreeSet<ApiIdentifier>, registry: &Registry) -> Result<(), String> {
    for id in apis {
        match registry.find_api(id) {
            None => return Err(format!("there is no API {id}")),
            Some(api) if api.is_admin() => {
                return Err(format!(
                    "{id} is this server itself, which checks its own tokens"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Stops all tokens that a client holds, at once; it gets new ones as before.
#[derive(Clone, Debug)]
pub struct RevokeTokens {
    /// Whose.
    pub client: ClientId,
}

impl Command for RevokeTokens {
    /// Until when tokens must have been issued to be stopped by this.
    type Outcome = Timestamp;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Timestamp, Refusal> {
        let before = require::client(registry, &self.client)?;
        draft.require_touch(before)?;
        let mut after = Client::clone(before);
        after.void_tokens_until(draft.now());
        draft.put_client(Action::TokenRevoke, after);
        Ok(draft.now())
    }
}

/// How ids that belong to others begin: operators, the server itself, workload identities.
const RESERVED: [&str; 4] = ["spiffe://", "system:", "op_", "urn:jeton:"];

fn require_free(id: ClientId, registry: &Registry) -> Result<ClientId, Refusal> {
    let lower = id.as_str().to_ascii_lowercase();
    if let Some(reserved) = RESERVED.iter().find(|prefix| lower.starts_with(*prefix)) {
        let message = format!("a client id does not begin with {reserved}");
        return Err(FieldErrors::one("client_id", &message).into());
    }
    if matches!(id.as_str(), "." | "..") {
        let message = "a client id is more than dots: it must survive in a web address";
        return Err(FieldErrors::one("client_id", message).into());
    }
    if registry.find_client(&id).is_some() {
        return Err(Refusal::Conflict(format!("there is a client {id} already")));
    }
    if registry.was_removed(&id) {
        return Err(Refusal::Conflict(format!(
            "{id} belonged to a client that was removed; no other client ever gets its id"
        )));
    }
    Ok(id)
}

fn unused_id(name: &DisplayName, registry: &Registry, draft: &Draft) -> ClientId {
    loop {
        let id = ClientId::generate(name.as_str(), draft.entropy());
        if registry.find_client(&id).is_none() && !registry.was_removed(&id) {
            return id;
        }
    }
}

/// Why these cannot be the default scopes of who has `grants`.
pub(super) fn check_default_scopes(
    defaults: &ScopeSet,
    grants: &BTreeMap<ApiIdentifier, ScopeSet>,
) -> Result<(), String> {
    let missing = defaults.without(&granted_anywhere(grants));
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("not granted on any API: {missing}"))
    }
}

/// Every scope granted on any API.
pub(in crate::admin) fn granted_anywhere(grants: &BTreeMap<ApiIdentifier, ScopeSet>) -> ScopeSet {
    grants.values().flatten().cloned().collect()
}

/// Changes what is said of a client; what is not named stays as it is.
#[derive(Clone, Debug)]
pub struct EditClient {
    /// Which.
    pub client: ClientId,
    /// What it is called.
    pub name: Option<DisplayName>,
    /// What it does.
    pub description: Option<Description>,
    /// Who answers for it.
    pub owner: Option<Owner>,
    /// The longest life of its tokens; `Some(None)`: the API's.
    pub token_lifetime: Option<Option<Lifetime>>,
    /// What it gets when it names no scope.
    pub default_scopes: Option<ScopeSet>,
    /// The APIs whose own resource server it is.
    pub introspects: Option<BTreeSet<ApiIdentifier>>,
    /// What its tokens must be bound to.
    pub binding: Option<Binding>,
    /// What its tokens say besides.
    pub claims: Option<Claims>,
    /// Whether its assertions may name the token endpoint as their audience.
    pub legacy_assertion_audience: Option<bool>,
    /// Whether it may exchange tokens.
    pub token_exchange: Option<bool>,
}

impl EditClient {
    /// Changes nothing yet.
    pub fn of(client: ClientId) -> Self {
        Self {
            client,
            name: None,
            description: None,
            owner: None,
            token_lifetime: None,
            default_scopes: None,
            introspects: None,
            binding: None,
            claims: None,
            legacy_assertion_audience: None,
            token_exchange: None,
        }
    }
}

impl Command for EditClient {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        let mut after = Client::clone(before);
        if let Some(name) = self.name {
            after.name = name;
        }
        if let Some(description) = self.description {
            after.description = description;
        }
        if let Some(owner) = self.owner {
            after.owner = owner;
        }
        if let Some(token_lifetime) = self.token_lifetime {
            after.token_lifetime = token_lifetime;
        }
        if let Some(default_scopes) = self.default_scopes {
            let check = check_default_scopes(&default_scopes, &after.grants);
            check.map_err(|message| FieldErrors::one("default_scopes", &message))?;
            after.default_scopes = default_scopes;
        }
        if let Some(introspects) = self.introspects {
            let new = introspects
                .difference(&before.introspects)
                .cloned()
                .collect();
            let check = check_introspects(&new, registry);
            check.map_err(|message| FieldErrors::one("introspects", &message))?;
            after.introspects = introspects;
        }
        if let Some(binding) = self.binding {
            after.rules.binding = binding;
        }
        if let Some(claims) = self.claims {
            after.rules.claims = claims;
        }
        if let Some(legacy) = self.legacy_assertion_audience {
            after.rules.legacy_assertion_audience = legacy;
        }
        if let Some(token_exchange) = self.token_exchange {
            after.rules.token_exchange = token_exchange;
        }
        if after != **before {
            draft.put_client(Action::ClientEdit, after);
        }
        Ok(())
    }
}

/// Gives a client no tokens any more, and voids those that it has, for good (RV-09). Nothing happens if it
/// gets none already.
#[derive(Clone, Debug)]
pub struct DisableClient {
    /// Which.
    pub client: ClientId,
}

impl Command for DisableClient {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        if before.is_active() {
            let mut after = Client::clone(before);
            after.status = ClientStatus::Disabled(draft.now());
            after.void_tokens_until(draft.now());
            draft.put_client(Action::ClientDisable, after);
        }
        Ok(())
    }
}

/// Gives a disabled client tokens again: new ones.
#[derive(Clone, Debug)]
pub struct EnableClient {
    /// Which.
    pub client: ClientId,
}

impl Command for EnableClient {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        draft.require_touch(before)?;
        if let ClientStatus::Disabled(since) = before.status {
            let mut after = Client::clone(before);
            after.status = ClientStatus::Active;
            // Earlier versions disabled a client without voiding its tokens.
            after.void_tokens_until(since);
            draft.put_client(Action::ClientEnable, after);
        }
        Ok(())
    }
}

/// Removes a client for good. Its id stays taken.
#[derive(Clone, Debug)]
pub struct RemoveClient {
    /// Which.
    pub client: ClientId,
}

impl Command for RemoveClient {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let client = require::client(registry, &self.client)?;
        draft.require_touch(client)?;
        draft.remove_client(&self.client);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
