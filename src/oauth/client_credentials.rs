//! What an authenticated client gets: for which API, with which scopes, for how long
//! (RFC 6749 §4.4, RFC 8707 §2).
//!
//! A request for anything that is unknown or not granted is refused as a whole. A token is always for
//! exactly one API, and always has a scope.

use std::sync::Arc;

use super::{
    authorization_details,
    confirmation::Confirmation,
    params::{Params, Resource},
    reason::Reason,
    token_exchange::OnBehalf,
};
use crate::domain::{
    api::Api,
    claims::Claims,
    client::Client,
    id::ApiIdentifier,
    registry::Registry,
    scope::{Scope, ScopeSet},
    time::Span,
    usage::Asked,
};

/// What a token will say.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant<'r> {
    /// The API it is for.
    pub api: &'r Arc<Api>,
    /// What it allows there; never empty.
    pub scopes: ScopeSet,
    /// What it allows there in detail, as a JSON array (RFC 9396 §7).
    pub details: Option<String>,
    /// Whether the client named the scopes.
    pub asked: Asked,
    /// How long.
    pub lifetime: Span,
    /// What it is bound to.
    pub confirmation: Option<Confirmation>,
    /// What it says besides, of the client: what the API says is at hand.
    pub claims: &'r Claims,
    /// On whose behalf it is, if it was exchanged (RFC 8693).
    pub on_behalf: Option<OnBehalf>,
}

/// Decides what `client` gets for `params`.
pub fn grant<'r>(
    registry: &'r Registry,
    client: &'r Client,
    params: &Params<'_>,
) -> Result<Grant<'r>, Reason> {
    if params.grant_type.as_deref() != Some("client_credentials") {
        return Err(Reason::UnsupportedGrantType);
    }
    let asked = match &params.scope {
        Some(_) => Asked::ByName,
        None => Asked::ByDefault,
    };
    let named = (named_api(params)?, params.scope.as_deref());
    let (api, scopes) = pick(registry, client, named)?;
    let details = params.authorization_details.as_deref();
    let details = details.map(|text| authorization_details::grant(api, client, text));
    Ok(Grant {
        api,
        scopes,
        details: details.transpose().map_err(Reason::Details)?,
        asked,
        lifetime: client.token_lifetime_for(api).span(),
        confirmation: None,
        claims: &client.rules.claims,
        on_behalf: None,
    })
}

/// The API, and what `client` gets there; both may be named.
pub(super) fn pick<'r>(
    registry: &'r Registry,
    client: &'r Client,
    named: (Option<&str>, Option<&str>),
) -> Result<(&'r Arc<Api>, ScopeSet), Reason> {
    let (api, scopes) = match named {
        (Some(name), scope) => {
            let offer = offer(registry, client, name)?;
            let scopes = match scope {
                Some(text) => offer.named(text)?,
                None => offer.default(&client.default_scopes),
            };
            (offer.api, scopes)
        }
        (None, Some(text)) => the_api_that_has(registry, client, text)?,
        (None, None) => the_default(registry, client)?,
    };
    if scopes.is_empty() {
        return Err(Reason::NothingGranted);
    }
    Ok((api, scopes))
}

/// The one API that `resource` and `audience` name, if they name any.
pub(super) fn named_api<'p>(params: &'p Params<'_>) -> Result<Option<&'p str>, Reason> {
    match (&params.resource, &params.audience) {
        (Resource::Several, _) | (_, Resource::Several) => Err(Reason::TargetsDiffer),
        (Resource::One(resource), Resource::One(audience)) if resource != audience => {
            Err(Reason::TargetsDiffer)
        }
        (Resource::One(name), _) | (Resource::Unnamed, Resource::One(name)) => Ok(Some(name)),
        (Resource::Unnamed, Resource::Unnamed) => Ok(None),
    }
}

/// What a client may have on one API: granted, and understood there.
struct Offer<'r> {
    api: &'r Arc<Api>,
    granted: &'r ScopeSet,
}

/// What the named API offers the client. Unknown, disabled and not granted answer alike (RI-03).
fn offer<'r>(registry: &'r Registry, client: &'r Client, name: &str) -> Result<Offer<'r>, Reason> {
    let Some((identifier, granted)) = client.grants.get_key_value(name) else {
        return Err(not_offered(registry, name));
    };
    match registry.find_api(identifier) {
        Some(api) if api.is_active() => Ok(Offer { api, granted }),
        Some(_) => Err(Reason::TargetDisabled(identifier.clone())),
        None => Err(Reason::TargetUnknown(identifier.clone())),
    }
}

fn not_offered(registry: &Registry, name: &str) -> Reason {
    match name.parse::<ApiIdentifier>() {
        Err(_) => Reason::TargetMalformed,
        Ok(identifier) if registry.find_api(&identifier).is_some() => {
            Reason::TargetNotGranted(identifier)
        }
        Ok(identifier) => Reason::TargetUnknown(identifier),
    }
}

/// All that the client may have, on the APIs that tokens are issued for.
fn offers<'r>(
    registry: &'r Registry,
    client: &'r Client,
) -> impl Iterator<Item = Offer<'r>> + Clone {
    client.grants.iter().filter_map(|(identifier, granted)| {
        let api = registry.find_api(identifier)?;
        api.is_active().then_some(Offer { api, granted })
    })
}

/// No API is named, but scopes are: the one granted API that has them all.
fn the_api_that_has<'r>(
    registry: &'r Registry,
    client: &'r Client,
    text: &str,
) -> Result<(&'r Arc<Api>, ScopeSet), Reason> {
    let mut having =
        offers(registry, client).filter_map(|offer| Some((offer.api, offer.pick(text)?)));
    match (having.next(), having.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Reason::TargetAmbiguous),
        (None, _) => Err(why_not(text, |scope| {
            offers(registry, client).any(|offer| offer.has(scope))
        })),
    }
}

/// Neither an API nor a scope is named: the one granted API that has the client's default scopes,
/// else the only one granted.
fn the_default<'r>(
    registry: &'r Registry,
    client: &'r Client,
) -> Result<(&'r Arc<Api>, ScopeSet), Reason> {
    let defaults = &client.default_scopes;
    let offers = offers(registry, client);
    if !defaults.is_empty() {
        let mut having = offers
            .clone()
            .filter(|offer| defaults.iter().all(|scope| offer.has(scope)));
        match (having.next(), having.next()) {
            (Some(offer), None) => return Ok((offer.api, defaults.clone())),
            (Some(_), Some(_)) => return Err(Reason::TargetAmbiguous),
            (None, _) => {}
        }
    }
    let mut offers = offers;
    match (offers.next(), offers.next()) {
        (Some(offer), None) => Ok((offer.api, offer.default(defaults))),
        (Some(_), Some(_)) => Err(Reason::TargetAmbiguous),
        (None, _) => Err(Reason::NothingGranted),
    }
}

impl Offer<'_> {
    fn has(&self, scope: &Scope) -> bool {
        self.granted.contains(scope) && self.api.scopes.contains_key(scope)
    }

    /// The scopes that `text` names, if it is well-formed and all of them are offered.
    ///
    /// Makes no scope of what it reads: it finds those that are granted, so nothing else can come out.
    fn pick(&self, text: &str) -> Option<ScopeSet> {
        if text == self.granted.as_str() {
            return self
                .api
                .understands(self.granted)
                .then(|| self.granted.clone());
        }
        let mut picked = Vec::new();
        for name in text.split(' ') {
            if picked.len() == ScopeSet::MOST_IN_A_REQUEST {
                return None;
            }
            let scope = self.granted.find(name)?;
            self.api
                .scopes
                .contains_key(scope)
                .then(|| picked.push(scope.clone()))?;
        }
        Some(picked.into())
    }

    fn named(&self, text: &str) -> Result<ScopeSet, Reason> {
        self.pick(text)
            .ok_or_else(|| why_not(text, |scope| self.has(scope)))
    }

    /// What the client gets here without naming scopes: its default scopes, as far as they are offered
    /// here; if none of them is, all that is offered.
    fn default(&self, defaults: &ScopeSet) -> ScopeSet {
        let offered = |scope: &&Scope| self.has(scope);
        let preferred: ScopeSet = defaults.iter().filter(offered).cloned().collect();
        if !preferred.is_empty() {
            preferred
        } else if self.api.understands(self.granted) {
            self.granted.clone()
        } else {
            self.granted.iter().filter(offered).cloned().collect()
        }
    }
}

/// Why the scopes that `text` names cannot be had, where `has` says which single ones can.
fn why_not(text: &str, has: impl Fn(&Scope) -> bool) -> Reason {
    let Ok(scopes) = text.parse::<ScopeSet>() else {
        return Reason::ScopeMalformed;
    };
    match scopes.iter().find(|scope| !has(scope)) {
        Some(missing) => Reason::ScopeNotGranted(missing.clone()),
        None => Reason::ScopesApart,
    }
}

#[cfg(test)]
mod tests;
