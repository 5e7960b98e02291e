//! `/oauth2/register`: clients register themselves (RFC 7591), and read, replace or remove their
//! registration below it (RFC 7592).
//!
//! Who asks has a bearer token; whether it counts is known before the body is read, at the cost of one
//! hash, and decided again where the change is made.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, Method, Response, StatusCode, header, request::Parts},
};

use super::{
    at,
    endpoint::{self, Media},
    error, private_json,
};
use crate::{
    admin::{
        refusal::Refusal,
        registrations::{
            ClientMetadata, MetadataError, Outcome, Purpose, RegisterItself, RemoveItself,
            ReplaceItself, RevokeAccess, Shown, information, managed, open_token,
        },
    },
    app::{AdminError, App},
    domain::{
        actor::Actor,
        client::Client,
        id::ClientId,
        registration::{PlainToken, TokenUse},
        secret::PlainSecret,
    },
    oauth::{credentials::Header, metadata::path, reason::ErrorCode},
    web::layers::{ClientAddress, RequestId},
};

/// The methods of the endpoint, for `Allow`.
const REGISTERING: &str = "POST, OPTIONS";

/// The methods of a registration.
const MANAGING: &str = "GET, HEAD, PUT, DELETE, OPTIONS";

/// The routes, at the root and below the issuer's path; none where clients may not register themselves.
pub(super) fn router(app: &App) -> Router {
    if !app.addresses().registration {
        return Router::new();
    }
    let one = format!("{}/{{client_id}}", path::REGISTRATION);
    at(path::REGISTRATION, app.clone(), register).merge(at(&one, app.clone(), manage))
}

/// An answer that is no success, ready to be sent.
struct Refused(Box<Response<Body>>);

impl From<Response<Body>> for Refused {
    fn from(answer: Response<Body>) -> Self {
        Self(Box::new(answer))
    }
}

impl From<Box<Response<Body>>> for Refused {
    fn from(answer: Box<Response<Body>>) -> Self {
        Self(answer)
    }
}

async fn register(State(app): State<App>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return endpoint::other_method(&parts.method, REGISTERING);
    }
    match register_with(&app, &parts, body).await {
        Ok(answer) => answer,
        Err(Refused(answer)) => *answer,
    }
}

async fn register_with(app: &App, parts: &Parts, body: Body) -> Result<Response<Body>, Refused> {
    endpoint::check_head(parts, Media::Json)?;
    if let Some(refused) = endpoint::refuse_while_clock_is_behind(app) {
        return Err(refused.into());
    }
    let token = shown(app, parts, TokenUse::Register)?;
    let known = open_token(&app.registry(), &token, app.now()).map(|token| token.id.clone());
    let id = known.map_err(|refusal| refuse(app, parts, &refusal))?;
    let metadata = read(app, parts, body, Purpose::New).await?;
    let command = RegisterItself { token, metadata };
    let actor = actor(Actor::registration_token(id.clone()), parts);
    let made = app.execute(actor, command).await;
    let made = made.map_err(|error| fail(app, parts, error))?;
    tracing::info!(
        request.id = request_id(parts),
        client.id = %made.client.id,
        "the client {} was registered with the token {id}", made.client.id
    );
    Ok(told_of(app, &made, StatusCode::CREATED))
}

async fn manage(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let done = match parts.method {
        Method::GET | Method::HEAD => show(&app, &parts, &id).await,
        Method::PUT => replace(&app, &parts, (&id, body)).await,
        Method::DELETE => remove(&app, &parts, &id).await,
        _ => Ok(endpoint::other_method(&parts.method, MANAGING)),
    };
    let mut response = done.unwrap_or_else(|Refused(answer)| *answer);
    if parts.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn show(app: &App, parts: &Parts, id: &str) -> Result<Response<Body>, Refused> {
    let (id, access) = admitted(app, parts, id).await?;
    let registry = app.registry();
    let (client, _) =
        managed(&registry, &id, &access).map_err(|refusal| refuse(app, parts, &refusal))?;
    Ok(told(app, (client, None, &access), StatusCode::OK))
}

async fn replace(
    app: &App,
    parts: &Parts,
    (id, body): (&str, Body),
) -> Result<Response<Body>, Refused> {
    endpoint::check_head(parts, Media::Json)?;
    let (client, access) = admitted(app, parts, id).await?;
    let metadata = read(app, parts, body, Purpose::Replacement(&client)).await?;
    let actor = actor(Actor::registered(client.clone()), parts);
    let command = ReplaceItself {
        client,
        access,
        metadata,
    };
    let made = app.execute(actor, command).await;
    let made = made.map_err(|error| fail(app, parts, error))?;
    Ok(told_of(app, &made, StatusCode::OK))
}

async fn remove(app: &App, parts: &Parts, id: &str) -> Result<Response<Body>, Refused> {
    let (client, access) = admitted(app, parts, id).await?;
    let actor = actor(Actor::registered(client.clone()), parts);
    let removed = app.execute(actor, RemoveItself { client, access }).await;
    removed.map_err(|error| fail(app, parts, error))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    super::forbid_storing(response.headers_mut());
    Ok(response)
}

/// The client that an address names, if the token is its own. One that is shown at the address of another
/// client, or of none, has come into wrong hands: it is revoked (RFC 7592 §2.1).
async fn admitted(app: &App, parts: &Parts, id: &str) -> Result<(ClientId, PlainToken), Refused> {
    let access = shown(app, parts, TokenUse::Manage)?;
    let owner = app.registry().find_client_by_access(&access).cloned();
    let Some(owner) = owner else {
        return Err(unknown(app, parts));
    };
    if owner.id.as_str() == id {
        return Ok((owner.id.clone(), access));
    }
    let actor = actor(Actor::registered(owner.id.clone()), parts);
    let revoked = app.execute(actor, RevokeAccess { access }).await;
    revoked.map_err(|error| fail(app, parts, error))?;
    Err(unknown(app, parts))
}

/// The token that a request comes with (RFC 6750 §2.1), if it has the form of one.
fn shown(app: &App, parts: &Parts, token_use: TokenUse) -> Result<PlainToken, Refused> {
    let field = match endpoint::one(parts, &header::AUTHORIZATION) {
        Header::Absent => return Err(unauthenticated(app, "no token was sent")),
        Header::One(field) => std::str::from_utf8(field).unwrap_or_default(),
        Header::Several => {
            let description = "the Authorization header stands twice";
            return Err(refused(ErrorCode::InvalidRequest, description));
        }
    };
    let (scheme, token) = field.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated(app, "this endpoint takes bearer tokens"));
    }
    PlainToken::read(token_use, token.trim_start_matches(' ')).ok_or_else(|| unknown(app, parts))
}

async fn read(
    app: &App,
    parts: &Parts,
    body: Body,
    purpose: Purpose<'_>,
) -> Result<ClientMetadata, Refused> {
    let body = endpoint::read(body).await?;
    let read = ClientMetadata::read(&body, purpose);
    let read = read.map(|metadata| metadata.under(app.profile()));
    read.map_err(|wrong| match wrong {
        MetadataError::Malformed => refused(
            ErrorCode::InvalidClientMetadata,
            "the body is a JSON object that says nothing twice",
        ),
        MetadataError::Request(what) => refused(ErrorCode::InvalidRequest, what),
        MetadataError::SoftwareStatement => refused(
            ErrorCode::InvalidSoftwareStatement,
            "software statements are not supported",
        ),
        MetadataError::Invalid(errors) => refuse(app, parts, &Refusal::Invalid(errors)),
    })
}

fn told_of(app: &App, made: &Outcome, status: StatusCode) -> Response<Body> {
    let shown = (&*made.client, made.secret.as_ref(), &made.access);
    told(app, shown, status)
}

/// The client information response (RFC 7591 §3.2.1).
fn told(
    app: &App,
    (client, secret, access): (&Client, Option<&PlainSecret>, &PlainToken),
    status: StatusCode,
) -> Response<Body> {
    let address = app
        .issuer()
        .endpoint(&format!("{}/{}", path::REGISTRATION, client.id));
    let shown = Shown {
        secret,
        access,
        address: &address,
    };
    private_json(status, information(client, shown, app.now()))
}

fn actor(mut actor: Actor, parts: &Parts) -> Actor {
    let address = parts.extensions.get::<ClientAddress>();
    actor.address = address.map(|address| address.0);
    let id = parts.extensions.get::<RequestId>();
    actor.request_id = id.map(|id| id.as_str().into());
    actor
}

fn request_id(parts: &Parts) -> Option<tracing::field::DisplayValue<&RequestId>> {
    let id = parts.extensions.get::<RequestId>();
    id.map(tracing::field::display)
}

fn fail(app: &App, parts: &Parts, error: AdminError) -> Refused {
    match error {
        AdminError::Refusal(refusal) => refuse(app, parts, &refusal),
        AdminError::Replayed(_) | AdminError::KeyReused | AdminError::Unavailable(_) => {
            endpoint::busy().into()
        }
    }
}

fn refuse(app: &App, parts: &Parts, refusal: &Refusal) -> Refused {
    tracing::info!(
        request.id = request_id(parts),
        reason = %refusal,
        "refused a registration: {refusal}"
    );
    match refusal {
        Refusal::NotFound(_) => unauthenticated_with(app, Some(ErrorCode::InvalidToken), GONE),
        Refusal::Forbidden(_) => error(
            StatusCode::FORBIDDEN,
            ErrorCode::AccessDenied,
            "an operator looks after this client; ask one",
        )
        .into(),
        Refusal::Invalid(_) | Refusal::Conflict(_) | Refusal::Stale(_) => {
            refused(ErrorCode::InvalidClientMetadata, &refusal.to_string())
        }
    }
}

fn refused(code: ErrorCode, description: &str) -> Refused {
    error(StatusCode::BAD_REQUEST, code, description).into()
}

/// What is said of a token that counts for nothing, whatever is the matter with it.
const GONE: &str = "the token is unknown, was used up or revoked, or its time is over";

fn unknown(app: &App, parts: &Parts) -> Refused {
    tracing::info!(
        request.id = request_id(parts),
        "refused a registration: the token is unknown"
    );
    unauthenticated_with(app, Some(ErrorCode::InvalidToken), GONE)
}

fn unauthenticated(app: &App, description: &str) -> Refused {
    unauthenticated_with(app, None, description)
}

/// Every 401 says how to authenticate; that a token was wrong only if one was sent (RFC 6750 §3.1).
fn unauthenticated_with(app: &App, code: Option<ErrorCode>, description: &str) -> Refused {
    let said = code.unwrap_or(ErrorCode::InvalidToken);
    let mut response = error(StatusCode::UNAUTHORIZED, said, description);
    let fault = code.map_or_else(String::new, |code| format!(", error=\"{code}\""));
    let challenge = format!("Bearer realm=\"{}\"{fault}", app.issuer());
    let challenge = HeaderValue::from_str(&challenge);
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        challenge.expect("an issuer is visible ASCII without quotes"),
    );
    response.into()
}
