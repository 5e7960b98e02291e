//! huskarl, which needs no program: it runs here. What signs for it is this house's own library, so that its crates for
//! that, and `rsa` with them, stay outside.

use std::{borrow::Cow, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use huskarl::{
    core::{
        Error, OAuthErrorCode, RetryAdvice,
        client_auth::{Audience, ClientAuthentication, ClientSecret, JwtBearer},
        crypto::signer::{
            AsymmetricJwsSigner, AsymmetricJwsSignerSelector, JwsSigner, JwsSignerSelector,
        },
        dpop::DPoP,
        jwk::PublicJwk,
        platform::MaybeSendBoxFuture,
        secrets::{ProvidedSecret, SecretString},
        server_metadata::AuthorizationServerMetadata,
    },
    grant::{
        client_credentials::{ClientCredentialsGrant, ClientCredentialsGrantParameters},
        core::OAuth2ExchangeGrant,
    },
    revocation::TokenRevocation,
    token::AccessToken,
};
use huskarl_reqwest::ReqwestClient;
use rcgen::KeyPair;
use serde_json::json;

use super::{
    Credentials, World,
    world::{SALES_ANALYTICS, claims},
};

/// A key of P-256 that signs for huskarl.
#[derive(Clone, Debug)]
struct Signer(Arc<EcdsaKeyPair>);

impl Signer {
    fn new(key: &KeyPair) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        Self(Arc::new(
            EcdsaKeyPair::from_pkcs8(algorithm, &key.serialize_der()).unwrap(),
        ))
    }

    fn jwk(&self) -> PublicJwk {
        let point = self.0.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|it| URL_SAFE_NO_PAD.encode(it));
        serde_json::from_value(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })).unwrap()
    }
}

impl JwsSigner for Signer {
    fn jws_algorithm(&self) -> Cow<'_, str> {
        "ES256".into()
    }

    fn key_id(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn sign<'a>(&'a self, input: &'a [u8]) -> MaybeSendBoxFuture<'a, Result<Vec<u8>, Error>> {
        Box::pin(async {
            let signed = self.0.sign(&SystemRandom::new(), input);
            signed
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|error| Error::new(RetryAdvice::No, error))
        })
    }
}

impl JwsSignerSelector for Signer {
    fn select_signer(&self) -> MaybeSendBoxFuture<'_, Arc<dyn JwsSigner>> {
        Box::pin(async { Arc::new(self.clone()) as Arc<dyn JwsSigner> })
    }
}

impl AsymmetricJwsSigner for Signer {
    fn public_key_jwk(&self) -> Cow<'_, PublicJwk> {
        Cow::Owned(self.jwk())
    }
}

impl AsymmetricJwsSignerSelector for Signer {
    fn select_asymmetric_signer(&self) -> MaybeSendBoxFuture<'_, Arc<dyn AsymmetricJwsSigner>> {
        Box::pin(async { Arc::new(self.clone()) as Arc<dyn AsymmetricJwsSigner> })
    }

    fn select_signer_by_thumbprint<'a>(
        &'a self,
        thumbprint: &'a str,
    ) -> MaybeSendBoxFuture<'a, Option<Arc<dyn AsymmetricJwsSigner>>> {
        Box::pin(async move {
            let is_asked_for = self.jwk().thumbprint() == thumbprint;
            is_asked_for.then(|| Arc::new(self.clone()) as Arc<dyn AsymmetricJwsSigner>)
        })
    }
}

fn secret(text: &str, is_basic: bool) -> ClientSecret {
    ClientSecret::builder()
        .client_secret(ProvidedSecret::new(SecretString::new(text)))
        .prefer_basic_auth(is_basic)
        .build()
}

fn http() -> ReqwestClient {
    reqwest::Client::new().into()
}

async fn metadata(world: &World) -> AuthorizationServerMetadata {
    AuthorizationServerMetadata::fetch()
        .http_client(&http())
        .issuer(world.server.issuer())
        .call()
        .await
        .unwrap()
}

/// A token for the Sales Analytics API, to read; bound to the key, if there is one.
async fn ask(
    world: &World,
    id: &str,
    auth: impl ClientAuthentication + 'static,
    key: Option<Signer>,
) -> Result<AccessToken, Error> {
    let metadata = metadata(world).await;
    let client = ClientCredentialsGrant::builder_from_metadata(&metadata)
        .client_id(id.to_owned())
        .http_client(http())
        .client_auth(auth);
    let grant = match key {
        Some(key) => client.dpop(DPoP::builder().signer(key).build()).build(),
        None => client.build(),
    };
    let wanted = ClientCredentialsGrantParameters::builder()
        .scope(vec!["read:analytics".to_owned()])
        .resource(vec![SALES_ANALYTICS.to_owned()])
        .build();
    let response = grant.exchange(wanted).await?;
    Ok(response.access_token().clone())
}

fn assert_reads(world: &World, token: &AccessToken) {
    let claims = claims(token.token().expose_secret());
    assert_eq!(claims["iss"], world.server.issuer());
    assert_eq!(claims["aud"], SALES_ANALYTICS);
    assert_eq!(claims["scope"], "read:analytics");
}

#[tokio::test]
async fn huskarl_gets_a_token_with_basic_and_with_the_body_and_revokes_it() {
    let world = World::new();
    let Credentials { id, secret: text } = &world.report_service;

    for is_basic in [true, false] {
        let token = ask(&world, id, secret(text, is_basic), None).await.unwrap();
        assert_reads(&world, &token);
        assert_eq!(token.token_type(), "Bearer");
        let metadata = metadata(&world).await;
        let revocation = TokenRevocation::builder_from_metadata(&metadata)
            .unwrap()
            .client_id(id.clone())
            .client_auth(secret(text, is_basic))
            .build();
        revocation.revoke(&http(), &token).await.unwrap();
        let wrong = ask(&world, id, secret("wrong", is_basic), None).await;
        let refusal = wrong.unwrap_err();
        let code = refusal.verdict().unwrap().code();
        assert_eq!(*code, OAuthErrorCode::InvalidClient);
    }
}

/// CJ-03, CJ-05: it names the issuer as the audience, and says in `typ` what it signed.
#[tokio::test]
async fn huskarl_signs_with_a_key() {
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let file = world.server.home().join("huskarl.pub.pem");
    std::fs::write(&file, key.public_key_pem()).unwrap();
    let grant = format!("{SALES_ANALYTICS}=read:analytics");
    let words = ["client", "create", "Huskarl", "--id", "huskarl"];
    let more = ["--grant", &grant, "--jwks", file.to_str().unwrap()];
    world.server.jeton(&[&words[..], &more].concat());

    let signed = JwtBearer::builder()
        .signer(Signer::new(&key))
        .audience(Audience::Issuer)
        .build();

    assert_reads(&world, &ask(&world, "huskarl", signed, None).await.unwrap());
}

/// DP-01, DP-10: the server was just started, so it asks for a nonce.
#[tokio::test]
async fn huskarl_gets_a_token_that_is_bound_to_its_key() {
    let world = World::new();
    let Credentials { id, secret: text } = &world.report_service;
    let key = Signer::new(&KeyPair::generate().unwrap());
    let thumbprint = key.jwk().thumbprint();

    let token = ask(&world, id, secret(text, true), Some(key))
        .await
        .unwrap();

    assert_reads(&world, &token);
    assert_eq!(token.dpop_jkt(), Some(thumbprint.as_str()));
    let claims = claims(token.token().expose_secret());
    assert_eq!(claims["cnf"]["jkt"], thumbprint);
}
