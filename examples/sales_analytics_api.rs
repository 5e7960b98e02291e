//! A resource server: the Sales Analytics API. It lets in whoever shows an access token of one issuer,
//! made out to this API, with the scope `read:analytics`.
//!
//! ```text
//! ISSUER=http://127.0.0.1:8080 AUDIENCE=https://sales.example.com cargo run --example sales_analytics_api
//! curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:9090/v1/sales/analytics
//! ```
//!
//! | variable | what it is | default |
//! | --- | --- | --- |
//! | `ISSUER` | the authorization server; its keys are found by discovery | |
//! | `AUDIENCE` | this API's identifier there: what tokens must say in `aud` | |
//! | `LISTEN` | where this API listens | `127.0.0.1:9090` |
//! | `JWKS_REFRESH` | after how many seconds the keys are fetched again | `60` |
//!
//! Nothing is asked of the authorization server per request: signature, issuer, audience and expiry
//! are checked here, with its public keys.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an example stands alone; these rules are for the server"
)]

use std::{env, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use axum::{
    Extension, Json, Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_oauth2_resource_server::{
    error::AuthError, error_handler::ErrorHandler, jwt_resolver::BearerTokenResolver,
    jwt_unverified::UnverifiedJwt, layer::OAuth2ResourceServerLayer, server::OAuth2ResourceServer,
    tenant::TenantConfiguration,
};

/// What this API wants to know of a token that has been validated.
#[derive(Clone, Deserialize)]
struct Claims {
    client_id: String,
    scope: String,
}

async fn sales_analytics(Extension(claims): Extension<Claims>) -> Result<Json<Value>, Challenge> {
    claims.require("read:analytics")?;
    Ok(Json(json!({
        "month": "2026-10",
        "currency": "EUR",
        "revenue": 184_250,
        "asked_by": claims.client_id,
    })))
}

impl Claims {
    /// `scope` is a list of words (RFC 9068 §2.2.3): one of them, whole, must be the one needed.
    fn require(&self, scope: &'static str) -> Result<(), Challenge> {
        if self.scope.split(' ').any(|granted| granted == scope) {
            Ok(())
        } else {
            Err(Challenge::InsufficientScope(scope))
        }
    }
}

/// How a request is turned away (RFC 6750 §3).
enum Challenge {
    /// It came without a token: say that one is needed, and nothing else.
    TokenNeeded,
    /// Its token is expired, damaged, forged, or meant for another API.
    InvalidToken,
    /// Its token is good, but not for this.
    InsufficientScope(&'static str),
}

impl IntoResponse for Challenge {
    fn into_response(self) -> Response {
        let (status, challenge) = match self {
            Self::TokenNeeded => (StatusCode::UNAUTHORIZED, "Bearer".to_owned()),
            Self::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                r#"Bearer error="invalid_token""#.to_owned(),
            ),
            Self::InsufficientScope(scope) => (
                StatusCode::FORBIDDEN,
                format!(r#"Bearer error="insufficient_scope", scope="{scope}""#),
            ),
        };
        (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
    }
}

/// The library's errors in the words of RFC 6750.
struct Challenges;

impl ErrorHandler<Body> for Challenges {
    fn map_error(&self, error: AuthError) -> Response {
        let no_token = [
            AuthError::MissingAuthorizationHeader,
            AuthError::InvalidAuthorizationHeader,
        ];
        if no_token.contains(&error) {
            return Challenge::TokenNeeded.into_response();
        }
        Challenge::InvalidToken.into_response()
    }
}

/// Takes the token out of the `Authorization` header, and only an access token: the library does not
/// look at `typ`, and other JWTs of the same issuer must not pass for one (RFC 9068 §4).
struct AccessTokens;

impl BearerTokenResolver for AccessTokens {
    fn resolve(&self, request: &Request<()>) -> Result<UnverifiedJwt, AuthError> {
        let (scheme, token) = request
            .headers()
            .get(header::AUTHORIZATION)
            .ok_or(AuthError::MissingAuthorizationHeader)?
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .ok_or(AuthError::InvalidAuthorizationHeader)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(AuthError::InvalidAuthorizationHeader);
        }
        let token = UnverifiedJwt::new(token.trim_start());
        let is_access_token = token
            .header()
            .and_then(|header| Some(header.get("typ")?.as_str()?.to_ascii_lowercase()))
            .is_some_and(|typ| typ == "at+jwt" || typ == "application/at+jwt");
        if is_access_token {
            Ok(token)
        } else {
            Err(AuthError::ParseJwtError)
        }
    }
}

/// Finds the issuer's keys, and keeps fetching them in the background.
async fn token_validation() -> anyhow::Result<OAuth2ResourceServerLayer<Body, Claims>> {
    let issuer = setting("ISSUER", "the URL of the authorization server")?;
    let audience = setting("AUDIENCE", "this API's identifier at the issuer")?;
    let refresh = env::var("JWKS_REFRESH").unwrap_or_else(|_| "60".to_owned());
    let refresh = refresh.parse().ok().filter(|seconds| *seconds > 0);
    let refresh = refresh.context("JWKS_REFRESH is a number of seconds, 1 or more")?;
    let tenant = TenantConfiguration::builder(&issuer)
        .audiences(&[audience])
        .jwks_refresh_interval(Duration::from_secs(refresh))
        .build()
        .await
        .map_err(|error| {
            anyhow!("{issuer} cannot be asked for its keys; is it running? ({error})")
        })?;
    let server = OAuth2ResourceServer::<Claims>::builder()
        .add_tenant(tenant)
        .bearer_token_resolver(Arc::new(AccessTokens))
        .build()
        .await?;
    Ok(server.into_layer_with_error_handler(Arc::new(Challenges)))
}

async fn serve() -> anyhow::Result<()> {
    let api = Router::new()
        .route("/v1/sales/analytics", get(sales_analytics))
        .layer(token_validation().await?);

    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:9090".to_owned());
    let listener = tokio::net::TcpListener::bind(&address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    println!(
        "Sales Analytics API: http://{}/v1/sales/analytics",
        listener.local_addr()?
    );
    Ok(axum::serve(listener, api).await?)
}

fn setting(name: &str, meaning: &str) -> anyhow::Result<String> {
    env::var(name)
        .ok()
        .with_context(|| format!("set {name}: {meaning}"))
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sales_analytics_api: {error:#}");
            ExitCode::FAILURE
        }
    }
}
