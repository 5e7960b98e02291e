//! Who asks, and whether they may: by the socket, by an access token, or from within the process.

use std::marker::PhantomData;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::problem::{Kind, Problem};
use crate::{
    app::App,
    domain::{
        actor::Actor,
        permission::{ADMIN_API, Permission, Permissions, admin_api},
    },
    oauth::access_token::{Expected, verify},
    web::{
        layers::{ClientAddress, RequestId},
        server::Peer,
    },
};

/// The one who asks, who may do what needs `N`. There is no other way to get at them.
pub(super) struct May<N> {
    pub(super) actor: Actor,
    need: PhantomData<N>,
}

/// A permission that a route asks for.
pub(super) trait Need {
    /// Which; none where everybody known may.
    const PERMISSION: Option<Permission>;
}

macro_rules! needs {
    ($($name:ident)*) => {$(
        pub(super) struct $name;

        impl Need for $name {
            const PERMISSION: Option<Permission> = Some(Permission::$name);
        }
    )*};
}

needs! {
    ReadClients WriteClients WriteSecrets WriteGrants ReadApis WriteApis ReadKeys WriteKeys
    ReadOperators WriteOperators ReadAudit ReadUsage Backup WriteSettings Own
}

/// Being known is enough.
pub(super) struct Anything;

impl Need for Anything {
    const PERMISSION: Option<Permission> = None;
}

impl<N: Need> FromRequestParts<App> for May<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut actor = authenticate(parts, app)?;
        if let Some(permission) = N::PERMISSION
            && !actor.may(permission)
        {
            return Err(Problem::forbidden(permission));
        }
        let address = parts.extensions.get::<ClientAddress>();
        actor.address = address.map(|address| address.0);
        let id = parts.extensions.get::<RequestId>();
        actor.request_id = id.map(|id| id.as_str().into());
        Ok(Self {
            actor,
            need: PhantomData,
        })
    }
}

fn authenticate(parts: &Parts, app: &App) -> Result<Actor, Problem> {
    if let Some(actor) = parts.extensions.get::<Actor>() {
        return Ok(actor.clone());
    }
    match parts.extensions.get::<Peer>() {
        Some(Peer::Unix { uid }) => by_socket(*uid),
        Some(Peer::Tcp(_)) | None => by_token(parts, app),
    }
}

/// The server's own user and root act as Owner: they can read the file anyway.
fn by_socket(uid: u32) -> Result<Actor, Problem> {
    let own = rustix::process::geteuid().as_raw();
    if uid == own || uid == 0 {
        Ok(Actor::local(uid))
    } else {
        let detail = format!("the socket is for the users {own} and 0; yours is {uid}");
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

/// A program with a token for the admin API. It may do what its token says and is still granted.
fn by_token(parts: &Parts, app: &App) -> Result<Actor, Problem> {
    let invalid = |cause: String| Problem::unauthenticated(Some("invalid_token"), cause);
    let token = bearer(parts)?;
    let registry = app.registry();
    let expected = Expected {
        issuer: app.issuer(),
        now: app.now(),
        verified: app.verified_tokens(),
    };
    let token = verify(&registry, (token, &admin_api()), &expected)
        .map_err(|error| invalid(error.to_string()))?;
    let client = registry
        .find_client(&token.client)
        .filter(|client| client.is_active())
        .ok_or_else(|| invalid(format!("the client {} is gone or disabled", token.client)))?;
    if client.has_voided(token.issued) || app.is_revoked(&token.id) {
        return Err(invalid("the token was revoked".to_owned()));
    }
    let granted = client.grants.get(ADMIN_API).cloned().unwrap_or_default();
    let scopes = token.scopes.without(&token.scopes.without(&granted));
    Ok(Actor::client(
        client.id.clone(),
        Permissions::of_scopes(&scopes),
    ))
}

/// The token in the one `Authorization` field (RFC 6750 §2.1).
fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let mut fields = parts.headers.get_all(header::AUTHORIZATION).iter();
    let field = match (fields.next(), fields.next()) {
        (Some(field), None) => field,
        (None, _) => return Err(Problem::unauthenticated(None, "no credentials")),
        (Some(_), Some(_)) => {
            let cause = "two Authorization fields";
            return Err(Problem::unauthenticated(Some("invalid_request"), cause));
        }
    };
    let (scheme, token) = field
        .to_str()
        .ok()
        .and_then(|field| field.split_once(' '))
        .unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim_start_matches(' '))
    } else {
        Err(Problem::unauthenticated(None, "not a bearer token"))
    }
}
