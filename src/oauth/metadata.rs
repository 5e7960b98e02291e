//! What anyone may know of this server: its metadata (RFC 8414) and its public keys (RFC 7517).
//!
//! Made from the registry and the configured issuer alone: nothing in a request changes a word.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::{
    crypto::{
        algorithm::{Algorithm, JwsAlgorithm},
        text,
    },
    domain::{
        api::{Api, Offer},
        credential::Method,
        details::DetailType,
        id::{ApiIdentifier, KeyId},
        issuer::Issuer,
        profile::Profile,
        registry::Registry,
        scope::Scope,
        time::Timestamp,
    },
    oauth::{dpop, form, token_exchange},
};

/// Where the endpoints lie below the issuer.
pub mod path {
    /// Where people would log in: there is none, and whoever comes here is told so.
    pub const AUTHORIZATION: &str = "/oauth2/authorize";
    /// The token endpoint.
    pub const TOKEN: &str = "/oauth2/token";
    /// What a token says (RFC 7662).
    pub const INTROSPECTION: &str = "/oauth2/introspect";
    /// Registering a client (RFC 7591), and below it managing one (RFC 7592).
    pub const REGISTRATION: &str = "/oauth2/register";
    /// Stopping a token (RFC 7009).
    pub const REVOCATION: &str = "/oauth2/revoke";
    /// What is said of an API that takes tokens of this server (RFC 9728).
    pub const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
    /// What proxies ask before they let a request through to an API.
    pub const FORWARD_AUTH: &str = "/forward-auth";
    /// The JWK set.
    pub const KEYS: &str = "/oauth2/jwks";
}

/// A JSON document and the tag of exactly these bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// The JSON.
    pub body: Vec<u8>,
    /// A strong entity tag, quotes included (RFC 9110 §8.8.3).
    pub etag: String,
}

impl Document {
    fn of(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("text, numbers and lists are JSON");
        let etag = format!("\"{}\"", text::fingerprint(&body));
        Self { body, etag }
    }
}

/// Who issues, where it is reached, and what it offers there.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a> {
    /// Who issues.
    pub issuer: &'a Issuer,
    /// The web address of the place where clients can show certificates (RFC 8705), if they can: it may be
    /// the issuer's.
    pub mutual: Option<&'a Issuer>,
    /// How strict the server is.
    pub profile: Profile,
    /// Whether clients may register themselves (RFC 7591).
    pub registration: bool,
}

/// The document of `/.well-known/oauth-authorization-server`.
pub fn authorization_server(registry: &Registry, addresses: Addresses<'_>) -> Document {
    Document::of(&Metadata::new(registry, addresses))
}

/// The document of `/.well-known/openid-configuration`: the same, and what readers of OpenID
/// Connect Discovery 1.0 §3 insist on. Nobody is logged in here, and no ID token is ever issued. But clients of the
/// Model Context Protocol read no metadata without an authorization endpoint, even to get their tokens as machines do;
/// and libraries for APIs take what signs ID tokens for what signs access tokens.
pub fn openid_provider(registry: &Registry, addresses: Addresses<'_>) -> Document {
    Document::of(&Metadata {
        authorization_endpoint: Some(addresses.issuer.endpoint(path::AUTHORIZATION)),
        subject_types_supported: &["public"],
        id_token_signing_alg_values_supported: Algorithm::ALL
            .into_iter()
            .filter(|it| !it.is_symmetric() && addresses.profile.allows_algorithm(*it))
            .map(Algorithm::as_str)
            .collect(),
        ..Metadata::new(registry, addresses)
    })
}

/// How clients may authenticate at every endpoint that wants it (RFC 6749 §2.3.1, RFC 7523 §2.2). That a
/// secret is signed with is said where some client does: it is nothing to offer to all.
fn auth_methods(registry: &Registry, profile: Profile) -> Vec<&'static str> {
    if !profile.allows_method(Method::ClientSecret) {
        return vec!["private_key_jwt"];
    }
    let mut all = vec![
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ];
    if registry.has_client_that_signs_with_secrets() {
        all.push("client_secret_jwt");
    }
    all
}

/// The grants. That tokens are exchanged is said where some client may.
fn grant_types(registry: &Registry) -> Vec<&'static str> {
    let mut all = vec!["client_credentials"];
    if registry.has_client_that_exchanges_tokens() {
        all.push(token_exchange::GRANT_TYPE);
    }
    all
}

/// What assertions may be signed with.
fn assertion_algorithms(registry: &Registry, profile: Profile) -> Vec<&'static str> {
    let all = JwsAlgorithm::ALL.into_iter();
    let secrets = registry.has_client_that_signs_with_secrets();
    all.filter(|it| !it.is_symmetric() || secrets)
        .filter(|it| profile.allows_algorithm(*it))
        .map(JwsAlgorithm::as_str)
        .collect()
}

/// The list is required, and must not be empty (RFC 8414 §2, §3.2): there are libraries that read no document without it.
const NO_RESPONSE_TYPES: [&str; 1] = ["none"];

/// How they do so besides where they can show certificates (RFC 8705 §2).
const MUTUAL_AUTH_METHODS: &[&str] = &["tls_client_auth", "self_signed_tls_client_auth"];

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_endpoint: Option<String>,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    scopes_supported: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    authorization_details_types_supported: BTreeSet<&'a str>,
    response_types_supported: [&'a str; 1],
    grant_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls_client_certificate_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mtls_endpoint_aliases: Option<Aliases>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    protected_resources: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    subject_types_supported: &'a [&'a str],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    id_token_signing_alg_values_supported: Vec<&'static str>,
}

/// The endpoints where clients are asked for certificates (RFC 8705 §5).
#[derive(Serialize)]
struct Aliases {
    #[serde(rename = "token_endpoint")]
    token: String,
    #[serde(rename = "introspection_endpoint")]
    introspection: String,
    #[serde(rename = "revocation_endpoint")]
    revocation: String,
}

impl Aliases {
    fn at(place: &Issuer) -> Self {
        Self {
            token: place.endpoint(path::TOKEN),
            introspection: place.endpoint(path::INTROSPECTION),
            revocation: place.endpoint(path::REVOCATION),
        }
    }
}

impl<'a> Metadata<'a> {
    fn new(registry: &'a Registry, addresses: Addresses<'a>) -> Self {
        let Addresses {
            issuer,
            mutual,
            profile,
            registration,
        } = addresses;
        let mut methods = auth_methods(registry, profile);
        let algorithms = assertion_algorithms(registry, profile);
        if mutual.is_some() {
            methods.extend(MUTUAL_AUTH_METHODS);
        }
        Self {
            issuer: issuer.as_str(),
            authorization_endpoint: None,
            token_endpoint: issuer.endpoint(path::TOKEN),
            jwks_uri: issuer.endpoint(path::KEYS),
            scopes_supported: scopes(registry).map(Scope::as_str).collect(),
            authorization_details_types_supported: open_apis(registry)
                .flat_map(detail_types)
                .collect(),
            response_types_supported: NO_RESPONSE_TYPES,
            grant_types_supported: grant_types(registry),
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint: issuer.endpoint(path::INTROSPECTION),
            introspection_endpoint_auth_methods_supported: methods.clone(),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_signing_alg_values_supported: Algorithm::ALL
                .into_iter()
                .filter(|it| profile.allows_algorithm(*it))
                .map(Algorithm::as_str)
                .collect(),
            revocation_endpoint: issuer.endpoint(path::REVOCATION),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: algorithms,
            registration_endpoint: registration.then(|| issuer.endpoint(path::REGISTRATION)),
            dpop_signing_alg_values_supported: dpop::algorithms(profile).collect(),
            tls_client_certificate_bound_access_tokens: mutual.is_some(),
            mtls_endpoint_aliases: mutual.filter(|it| *it != issuer).map(Aliases::at),
            protected_resources: registry
                .apis()
                .filter(|api| is_described(api, issuer))
                .map(|api| api.identifier.as_str())
                .collect(),
            subject_types_supported: &[],
            id_token_signing_alg_values_supported: Vec::new(),
        }
    }
}

/// The scopes that a client can be given, those of the admin API aside.
fn scopes(registry: &Registry) -> impl Iterator<Item = &Scope> {
    open_apis(registry)
        .flat_map(|api| &api.scopes)
        .filter(|(_, detail)| detail.offer == Offer::Open)
        .map(|(scope, _)| scope)
}

fn open_apis(registry: &Registry) -> impl Iterator<Item = &Api> {
    let apis = registry.apis().map(AsRef::as_ref);
    apis.filter(|api| api.is_active() && !api.is_admin())
}

/// The types of authorization details that an API understands (RFC 9396 §10).
fn detail_types(api: &Api) -> impl Iterator<Item = &str> {
    api.rules.details.keys().map(DetailType::as_str)
}

/// What is said of a protected resource (RFC 9728 §2).
#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "resource")]
    identifier: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorization_details_types_supported: Vec<&'a str>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls_client_certificate_bound_access_tokens: bool,
    dpop_signing_alg_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dpop_bound_access_tokens_required: bool,
}

/// The metadata of the API with this identifier (RFC 9728 §3.2), if it is one that has any.
pub fn protected_resource(
    registry: &Registry,
    Addresses {
        issuer,
        profile,
        mutual,
        ..
    }: Addresses<'_>,
    identifier: &ApiIdentifier,
) -> Option<Document> {
    let api = registry.find_api(identifier)?;
    is_described(api, issuer).then(|| {
        let open = api.scopes.iter();
        let open = open.filter(|(_, detail)| detail.offer == Offer::Open);
        Document::of(&Resource {
            identifier: identifier.as_str(),
            authorization_servers: [issuer.as_str()],
            scopes_supported: open.map(|(scope, _)| scope.as_str()).collect(),
            authorization_details_types_supported: detail_types(api).collect(),
            bearer_methods_supported: ["header"],
            tls_client_certificate_bound_access_tokens: mutual.is_some(),
            dpop_signing_alg_values_supported: dpop::algorithms(profile).collect(),
            // Every token is bound, and where nobody shows certificates, to a key.
            dpop_bound_access_tokens_required: profile.needs_binding() && mutual.is_none(),
        })
    })
}

/// Where the metadata of the API with this identifier are: on this server, as the API's own host may not pass
/// on what is asked below `/.well-known/` there (RFC 9728 §5.1).
pub fn protected_resource_url(identifier: &ApiIdentifier, issuer: &Issuer) -> Option<String> {
    is_web_address(identifier, issuer).then(|| {
        let mut url = issuer.endpoint(path::PROTECTED_RESOURCE);
        url.push_str("?resource=");
        form::encode(identifier.as_str(), &mut url);
        url
    })
}

fn is_described(api: &Api, issuer: &Issuer) -> bool {
    api.is_active() && !api.is_admin() && is_web_address(&api.identifier, issuer)
}

/// A resource identifier of RFC 9728 is an `https` URL; `http` only where this server is one too, for trying out.
fn is_web_address(identifier: &ApiIdentifier, issuer: &Issuer) -> bool {
    let text = identifier.as_str();
    text.starts_with("https://") || (text.starts_with("http://") && !issuer.is_https())
}

/// The public keys, and which of them is the youngest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeySet {
    /// `{"keys":[…]}`
    pub document: Document,
    /// The key that was published last; none if no key is.
    pub newest: Option<KeyId>,
}

/// The JWK set at `now`: the keys that sign, will sign or lately signed, in a way that the profile allows.
/// Never a shared key.
pub fn key_set(registry: &Registry, (profile, now): (Profile, Timestamp)) -> KeySet {
    #[derive(Serialize)]
    struct Keys<'a> {
        keys: Vec<&'a Value>,
    }
    let published = || {
        let keys = registry.published_keys(now).map(|(key, _)| key);
        keys.filter(|key| profile.allows_algorithm(key.algorithm))
    };
    let keys = published()
        .filter_map(|key| key.signer()?.public_jwk())
        .collect();
    KeySet {
        document: Document::of(&Keys { keys }),
        newest: published()
            .max_by_key(|key| (key.published, key.active_from))
            .map(|key| key.id.clone()),
    }
}

#[cfg(test)]
mod tests;
