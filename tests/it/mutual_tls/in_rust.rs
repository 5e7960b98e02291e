//! Libraries in Rust, which need no programs: they run here.

use std::fs;

use huskarl::{
    core::{client_auth::NoAuth, server_metadata::AuthorizationServerMetadata},
    grant::{
        client_credentials::{ClientCredentialsGrant, ClientCredentialsGrantParameters},
        core::OAuth2ExchangeGrant,
    },
};
use huskarl_reqwest::ReqwestClient;
use oauth2::{
    AccessToken, ClientId, ClientSecret, IntrospectionUrl, RevocationUrl,
    TokenIntrospectionResponse, TokenResponse, TokenUrl, basic::BasicClient,
};
use reqwest::{Certificate, Client, Identity};

use super::kit::{House, claims, thumbprint};
use crate::{
    harness::certificates::{Pair, Wanted, text},
    peers::kit::send_with,
};

/// Trusts the house's authority alone, and shows a certificate if it has one.
fn http(house: &House, shown: Option<&Pair>) -> Client {
    let authority = fs::read(house.authority.file()).unwrap();
    let authority = Certificate::from_pem(&authority).unwrap();
    let mut builder = Client::builder().tls_certs_only([authority]);
    if let Some(pair) = shown {
        let pem = [&pair.certificate, &pair.key].map(|file| fs::read(file).unwrap());
        builder = builder.identity(Identity::from_pem(&pem.concat()).unwrap());
    }
    builder.build().unwrap()
}

/// CM-01, CM-10: it finds the way by the aliases of the metadata.
#[tokio::test]
async fn huskarl_shows_its_certificate_and_gets_a_bound_token() {
    let house = House::start();
    let own = house.authority.self_signed(Wanted::client("own"));
    house.create("own", &["--cert", text(&own.certificate)]);
    let http = ReqwestClient::from(http(&house, Some(&own))).with_uses_mtls(true);

    let metadata = AuthorizationServerMetadata::fetch()
        .http_client(&http)
        .issuer(house.server.issuer())
        .call()
        .await
        .unwrap();
    let grant = ClientCredentialsGrant::builder_from_metadata(&metadata)
        .client_id("own".to_owned())
        .http_client(http)
        .client_auth(NoAuth)
        .build();
    let wanted = ClientCredentialsGrantParameters::builder()
        .scope(vec!["read".to_owned()])
        .build();
    let answer = grant.exchange(wanted).await.unwrap();

    let claims = claims(answer.access_token().token().expose_secret());
    assert_eq!(claims["cnf"]["x5t#S256"], thumbprint(&own));
}

/// IN-13, RV-02: the library revokes over https only.
#[tokio::test]
async fn the_oauth2_crate_introspects_and_revokes_its_token() {
    let house = House::start();
    let secret = house.create("curious", &["--introspects", "https://sales.test"]);
    let at = |path: &str| format!("{}/oauth2/{path}", house.server.issuer());
    let client = BasicClient::new(ClientId::new("curious".to_owned()))
        .set_client_secret(ClientSecret::new(secret))
        .set_token_uri(TokenUrl::new(at("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("revoke")).unwrap());
    let http = http(&house, None);
    let send = |request| send_with(&http, request);

    let granted = client
        .exchange_client_credentials()
        .request_async(&send)
        .await
        .unwrap();
    let token: &AccessToken = granted.access_token();
    let before = client.introspect(token).request_async(&send).await.unwrap();
    let revocation = client.revoke_token(token.into()).unwrap();
    revocation.request_async(&send).await.unwrap();
    let after = client.introspect(token).request_async(&send).await.unwrap();

    assert!(before.active());
    assert_eq!(before.client_id().unwrap().as_str(), "curious");
    assert_eq!(before.iss(), Some(house.server.issuer()));
    assert!(!after.active());
}
