//! APIs: defined, edited, disabled, enabled, removed; and the keys that those share who cannot
//! fetch any.

use std::{collections::BTreeMap, sync::Arc};

use zeroize::Zeroizing;

use super::{
    command::Command,
    draft::Draft,
    keys,
    refusal::{FieldErrors, Refusal},
    require,
};
use crate::{
    crypto::{
        signer::{Algorithm, PrivateKey, Signer},
        text::append_base64url,
    },
    domain::{
        api::{Api, ApiRules, ApiScope, ApiStatus, Signing, TokenFormat},
        audit::Action,
        claims::Claims,
        id::{ApiIdentifier, ClientId},
        name::{Description, DisplayName},
        permission::Permission,
        registry::Registry,
        scope::Scope,
        time::Lifetime,
    },
};

/// How many scopes one API may have.
pub const MOST_SCOPES: usize = 1000;

/// Defines an API.
#[derive(Clone, Debug)]
pub struct DefineApi {
    /// Its identifier: the audience of its tokens.
    pub identifier: ApiIdentifier,
    /// What it is called.
    pub name: DisplayName,
    /// What it is.
    pub description: Description,
    /// What its tokens are signed with.
    pub algorithm: Algorithm,
    /// How long its tokens live.
    pub token_lifetime: Lifetime,
    /// The scopes it understands.
    pub scopes: BTreeMap<Scope, ApiScope>,
    /// What else holds for its tokens.
    pub rules: ApiRules,
}

/// An API as it is now, and its shared key if it was just made.
pub struct Defined {
    /// The API.
    pub api: Arc<Api>,
    /// For HS256: the one chance to read the key.
    pub shared_key: Option<SharedKey>,
}

/// A key that Jeton and one API share, in the clear: shown once. Wiped when dropped.
pub struct SharedKey(Zeroizing<String>);

impl SharedKey {
    fn of(private: &PrivateKey) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(64));
        append_base64url(private.as_bytes(), &mut text);
        Self(text)
    }

    /// The key in base64url, as JWT libraries read it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Command for DefineApi {
    type Outcome = Defined;

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Defined, Refusal> {
        if self
            .identifier
            .as_str()
            .to_ascii_lowercase()
            .starts_with("urn:jeton:")
        {
            let message = "identifiers that begin with urn:jeton: are built in";
            return Err(FieldErrors::one("identifier", message).into());
        }
        if registry.find_api(&self.identifier).is_some() {
            let message = format!("there is an API {} already", self.identifier);
            return Err(Refusal::Conflict(message));
        }
        if self.scopes.len() > MOST_SCOPES {
            return Err(too_many_scopes());
        }
        let (signing, shared_key) = signing_with(self.algorithm, draft);
        let api = Api {
            identifier: self.identifier,
            name: self.name,
            description: self.description,
            status: ApiStatus::Active,
            signing,
            token_lifetime: self.token_lifetime,
            longest_lifetime: self.token_lifetime,
            rules: self.rules,
            scopes: self.scopes,
            created: draft.now(),
            revision: registry.revision().next(),
        };
        draft.put_api(Action::ApiCreate, api.clone());
        keys::ensure_signer(self.algorithm, registry, draft);
        Ok(Defined {
            api: Arc::new(api),
            shared_key,
        })
    }
}

pub(super) fn too_many_scopes() -> Refusal {
    FieldErrors::one(
        "scopes",
        &format!("an API has at most {MOST_SCOPES} scopes"),
    )
    .into()
}

fn signing_with(algorithm: Algorithm, draft: &Draft) -> (Signing, Option<SharedKey>) {
    if !algorithm.is_symmetric() {
        return (Signing::Published(algorithm), None);
    }
    let (signer, private) = Signer::generate(algorithm, draft.entropy());
    let shared_key = SharedKey::of(&private);
    let signing = Signing::Shared {
        signer: Arc::new(signer),
        key: Arc::new(private),
    };
    (signing, Some(shared_key))
}

/// Changes what is said of an API, or how its tokens are made; what is not named stays as it is.
#[derive(Clone, Debug)]
pub struct EditApi {
    /// Which.
    pub api: ApiIdentifier,
    /// What it is called.
    pub name: Option<DisplayName>,
    /// What it is.
    pub description: Option<Description>,
    /// How long its tokens live.
    pub token_lifetime: Option<Lifetime>,
    /// What its tokens are signed with.
    pub algorithm: Option<Algorithm>,
    /// In which form its tokens are.
    pub format: Option<TokenFormat>,
    /// What its tokens say besides.
    pub claims: Option<Claims>,
}

impl EditApi {
    /// Changes nothing yet.
    pub fn of(api: ApiIdentifier) -> Self {
        Self {
            api,
            name: None,
            description: None,
            token_lifetime: None,
            algorithm: None,
            format: None,
            claims: None,
        }
    }
}

impl Command for EditApi {
    type Outcome = Defined;

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Defined, Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let mut after = Api::clone(before);
        if let Some(name) = self.name {
            after.name = name;
        }
        if let Some(description) = self.description {
            after.description = description;
        }
        if let Some(token_lifetime) = self.token_lifetime {
            after.token_lifetime = token_lifetime;
            after.longest_lifetime = after.longest_lifetime.max(token_lifetime);
        }
        if let Some(format) = self.format {
            after.rules.format = format;
        }
        if let Some(claims) = self.claims {
            after.rules.claims = claims;
        }
        let mut shared_key = None;
        let algorithm = self
            .algorithm
            .filter(|new| *new != before.signing.algorithm());
        if let Some(algorithm) = algorithm {
            (after.signing, shared_key) = signing_with(algorithm, draft);
        }
        if after != **before {
            after.revision = registry.revision().next();
            draft.put_api(Action::ApiEdit, after.clone());
        }
        if let Some(algorithm) = algorithm {
            keys::ensure_signer(algorithm, registry, draft);
        }
        Ok(Defined {
            api: Arc::new(after),
            shared_key,
        })
    }
}

/// Makes a new key for an API that shares one; tokens signed with the old one are void at once.
#[derive(Clone, Debug)]
pub struct RekeyApi {
    /// Which.
    pub api: ApiIdentifier,
}

impl Command for RekeyApi {
    type Outcome = Defined;

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Defined, Refusal> {
        let before = require::own_api(registry, &self.api)?;
        let algorithm = before.signing.algorithm();
        if !algorithm.is_symmetric() {
            return Err(Refusal::Conflict(format!(
                "{} shares no key: its tokens are signed with the server's {algorithm} key",
                self.api
            )));
        }
        let mut after = Api::clone(before);
        let shared_key;
        (after.signing, shared_key) = signing_with(algorithm, draft);
        after.revision = registry.revision().next();
        draft.put_api(Action::ApiRekey, after.clone());
        Ok(Defined {
            api: Arc::new(after),
            shared_key,
        })
    }
}

/// Issues no tokens for an API any more. Nothing happens if none are issued already.
#[derive(Clone, Debug)]
pub struct DisableApi {
    /// Which.
    pub api: ApiIdentifier,
}

impl Command for DisableApi {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        if before.is_active() {
            let mut after = Api::clone(before);
            after.status = ApiStatus::Disabled(draft.now());
            draft.put_api(Action::ApiDisable, after);
        }
        Ok(())
    }
}

/// Issues tokens for a disabled API again.
#[derive(Clone, Debug)]
pub struct EnableApi {
    /// Which.
    pub api: ApiIdentifier,
}

impl Command for EnableApi {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::own_api(registry, &self.api)?;
        if !before.is_active() {
            let mut after = Api::clone(before);
            after.status = ApiStatus::Active;
            draft.put_api(Action::ApiEnable, after);
        }
        Ok(())
    }
}

/// Removes an API on which nobody has a grant.
#[derive(Clone, Debug)]
pub struct RemoveApi {
    /// Which.
    pub api: ApiIdentifier,
}

impl Command for RemoveApi {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteApis;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        require::own_api(registry, &self.api)?;
        let holders = registry
            .clients()
            .filter(|client| client.grants.contains_key(&self.api))
            .map(|client| &client.id);
        if let Some(names) = name_some(holders) {
            let message = format!("{} is granted to {names}; withdraw that first", self.api);
            return Err(Refusal::Conflict(message));
        }
        let own = registry
            .clients()
            .filter(|client| client.introspects.contains(&self.api))
            .map(|client| &client.id);
        if let Some(names) = name_some(own) {
            let message = format!(
                "{names} may introspect tokens for {}; end that first",
                self.api
            );
            return Err(Refusal::Conflict(message));
        }
        draft.remove_api(&self.api);
        Ok(())
    }
}

/// Refuses to take `what` away from an API as long as somebody is granted it.
pub(super) fn require_unheld<'a>(
    what: &dyn std::fmt::Display,
    holders: impl Iterator<Item = &'a ClientId>,
) -> Result<(), Refusal> {
    name_some(holders).map_or(Ok(()), |names| {
        let message = format!("{what} is granted to {names}; withdraw that first");
        Err(Refusal::Conflict(message))
    })
}

/// Names up to ten clients, and how many more there are; nothing if there are none.
pub(super) fn name_some<'a>(holders: impl Iterator<Item = &'a ClientId>) -> Option<String> {
    let holders: Vec<&str> = holders.map(ClientId::as_str).collect();
    match holders.as_slice() {
        [] => None,
        few if few.len() <= 10 => Some(few.join(", ")),
        many => Some(format!(
            "{} and {} more",
            many[..10].join(", "),
            many.len() - 10
        )),
    }
}

#[cfg(test)]
mod tests;
