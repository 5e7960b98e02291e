//! A client's key, and the assertions that it signs (RFC 7523).

use jeton::{
    admin::credentials::{NewCredential, RotateToCredential},
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer, Typ},
    },
    domain::{
        credential::PublicKey,
        rotation::Overlap,
        secret::{IfUsed, Proof},
    },
};
use serde_json::{Value, json};

use super::{
    caller::{Client, Request, encode},
    reply::Reply,
    server::{ISSUER, TestServer},
};

/// A key of ES256; the same for the same seed.
pub(crate) fn signer(seed: u64) -> Signer {
    Signer::generate(Algorithm::Es256, &Entropy::seeded(seed)).0
}

pub(crate) fn public(signer: &Signer) -> PublicKey {
    PublicKey::from_jwk(signer.public_jwk().unwrap()).unwrap()
}

/// What an assertion of `client` says that is called `id` and lives for a minute.
pub(crate) fn claims(server: &TestServer, client: &str, id: &str) -> Value {
    let now = server.app.now().seconds();
    json!({ "iss": client, "sub": client, "aud": ISSUER, "jti": id, "iat": now, "exp": now + 60 })
}

pub(crate) fn sign(signer: &Signer, claims: &Value) -> String {
    let text = claims.to_string();
    signer
        .sign(Typ::ClientAuthentication, text.as_bytes())
        .unwrap()
}

/// The body of a token request with this assertion; `more` begins with `&`, or is nothing.
pub(crate) fn form(assertion: &str, more: &str) -> String {
    let kind = encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    format!(
        "grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}{more}"
    )
}

/// Asks for a token with it.
pub(crate) async fn present(server: &TestServer, assertion: &str, more: &str) -> Reply {
    let request = Request::new(server, "POST", "/oauth2/token");
    request.form(&form(assertion, more)).send().await
}

/// Lets `client` move to `proof`.
pub(crate) async fn move_to(
    server: &TestServer,
    client: &Client<'_>,
    proof: Proof,
    overlap: Overlap,
) {
    let rotate = RotateToCredential {
        client: client.client_id(),
        credential: NewCredential {
            proof,
            expires_in: None,
            note: "".parse().unwrap(),
        },
        overlap,
        if_used: IfUsed::Hold,
    };
    server.run(rotate).await;
}
