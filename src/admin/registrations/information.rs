//! What a client is told of itself (RFC 7591 §3.2.1, RFC 7592 §3).

use serde_json::{Map, Value, json};

use crate::{
    admin::clients::granted_anywhere,
    crypto::{certificate::Certificate, text::from_base64},
    domain::{
        client::{Binding, Client},
        name::Note,
        registration::{About, AuthMethod, PlainToken, Registration},
        secret::{PlainSecret, Proof, Secret},
        time::Timestamp,
    },
};

/// What is shown beside what is kept.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// A secret that was just made.
    pub secret: Option<&'a PlainSecret>,
    /// The token by which the client manages its registration.
    pub access: &'a PlainToken,
    /// Where.
    pub address: &'a str,
}

/// The client information response: everything that is registered, as JSON.
pub fn information(client: &Client, shown: Shown<'_>, now: Timestamp) -> String {
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("client_id", json!(client.id.as_str()));
    put("client_id_issued_at", json!(client.created.seconds()));
    put("client_name", json!(client.name.as_str()));
    put("grant_types", json!(["client_credentials"]));
    put("response_types", json!([]));
    let scopes = granted_anywhere(&client.grants);
    if !scopes.is_empty() {
        put("scope", json!(scopes.as_str()));
    }
    let binding = client.rules.binding;
    put("dpop_bound_access_tokens", json!(binding == Binding::Dpop));
    put(
        "tls_client_certificate_bound_access_tokens",
        json!(binding == Binding::Certificate),
    );
    if let Some(secret) = shown.secret {
        put("client_secret", json!(secret.reveal()));
    }
    put("registration_access_token", json!(shown.access.reveal()));
    put("registration_client_uri", json!(shown.address));
    let current = client
        .new_secret(now)
        .or_else(|| client.live_secrets(now).last());
    if let Some(registration) = client.registration.as_deref() {
        if let Some(current) = current {
            add_credential(current, registration, &mut all);
        }
        add_about(&registration.about, &mut all);
    }
    Value::Object(all).to_string()
}

fn add_credential(current: &Secret, registration: &Registration, all: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    let method = current.proof.method();
    let said = Some(registration.auth_method).filter(|it| it.method() == method);
    if let Some(word) = said.or_else(|| AuthMethod::of(method)) {
        put("token_endpoint_auth_method", json!(word.as_str()));
    }
    match &current.proof {
        Proof::Mac(_) | Proof::Password(_) | Proof::Shared(_) => {
            let expires = current.expires.map_or(0, Timestamp::seconds);
            put("client_secret_expires_at", json!(expires));
        }
        Proof::Key(key) => {
            put("jwks", json!({ "keys": [key.jwk()] }));
            let algorithm = key.verifier().algorithm().as_str();
            put("token_endpoint_auth_signing_alg", json!(algorithm));
        }
        Proof::CertificateKey(key) => {
            put("jwks", json!({ "keys": [key.jwk()] }));
        }
        Proof::KeySet(uri) | Proof::CertificateKeySet(uri) => {
            put("jwks_uri", json!(uri));
        }
        Proof::Subject(subject) => {
            put(subject.name(), json!(subject.value()));
        }
        Proof::Certificate(pinned) => {
            let said = registration.about.certificate.as_ref();
            if let Some(jwks) = said.filter(|it| thumbprint(it) == Some(pinned.thumbprint.clone()))
            {
                put("jwks", jwks.clone());
            }
        }
        Proof::Federated(_) => {}
    }
}

/// Which certificate a JWK set holds: operators may have registered another since.
fn thumbprint(jwks: &Value) -> Option<String> {
    let der = from_base64(jwks["keys"][0]["x5c"][0].as_str()?.as_bytes())?;
    let certificate = Certificate::from_der(&der).ok()?;
    Some(certificate.thumbprint().to_owned())
}

fn add_about(about: &About, all: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    for (name, page) in &about.pages {
        put(name, json!(page));
    }
    if !about.contacts.is_empty() {
        let contacts: Vec<&str> = about.contacts.iter().map(Note::as_str).collect();
        put("contacts", json!(contacts));
    }
    if let Some(id) = &about.software_id {
        put("software_id", json!(id.as_str()));
    }
    if let Some(version) = &about.software_version {
        put("software_version", json!(version.as_str()));
    }
}
