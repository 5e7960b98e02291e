//! What is signed by RS256 counts nowhere under the profile.

use jeton::{
    admin::keys::{GenerateKey, When},
    crypto::{
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{credential::PublicKey, rotation::Overlap, secret::Proof},
    oauth::reason::ErrorCode,
};
use serde_json::json;

use super::{ORDERS, Party, ask_about, server};
use crate::harness::assertion::{move_to, public};

/// FP-02, FP-05, CJ-10, DP-12
#[tokio::test]
async fn what_is_signed_with_rs256_counts_nowhere() {
    let server = server().await;
    let mut party = Party::new(&server, "svc", 1).await;
    let rsa = Signer::generate(Algorithm::Rs256, &Entropy::seeded(3)).0;
    let key = PublicKey::from_jwk(rsa.public_jwk().unwrap()).unwrap();
    let client = server.stranger().named("svc");
    move_to(&server, &client, Proof::Key(key), Overlap::None).await;
    let own = std::mem::replace(&mut party.signer, rsa);

    let proof = party.proof(&json!({}));
    let reply = party.ask(&party.form(&json!({})), Some(&proof)).await;
    reply.assert_refused(ErrorCode::InvalidClient);

    // Nor are tokens signed so.
    move_to(&server, &client, Proof::Key(public(&own)), Overlap::None).await;
    party.signer = own;
    server
        .run(GenerateKey {
            algorithm: Algorithm::Rs256,
            when: When::Now,
        })
        .await;
    server.api_with("urn:old", "read", Algorithm::Rs256).await;
    client.granted("urn:old", "read").await;
    let proof = party.proof(&json!({}));
    let form = format!("{}&resource=urn:old", party.form(&json!({})));
    let reply = party.ask(&form, Some(&proof)).await;
    reply.assert_refused(ErrorCode::InvalidTarget);
}

/// FP-02, FP-05, CJ-10
#[tokio::test]
async fn a_key_for_ps256_signs_nothing_by_rs256() {
    let server = server().await;
    let mut party = Party::new(&server, "svc", 1).await;
    let (ps256, private) = Signer::generate(Algorithm::Ps256, &Entropy::seeded(3));
    let rs256 = Signer::from_private(Algorithm::Rs256, &private).unwrap();
    let client = server.stranger().named("svc");
    move_to(&server, &client, Proof::Key(public(&ps256)), Overlap::None).await;
    party.signer = ps256;
    party.token().await;

    party.signer = rs256;
    let proof = party.proof(&json!({}));
    let reply = party.ask(&party.form(&json!({})), Some(&proof)).await;

    reply.assert_refused(ErrorCode::InvalidClient);
}

/// D10, FP-02, JK-01
#[tokio::test]
async fn keys_for_rs256_are_published_no_more_and_sign_no_answer() {
    let server = server().await;
    let generate = |algorithm| GenerateKey {
        algorithm,
        when: When::Now,
    };
    server.run(generate(Algorithm::Rs256)).await;
    let published = server.get("/oauth2/jwks").await.json();
    let keys = published["keys"].as_array().unwrap();
    assert!(!keys.is_empty());
    assert!(keys.iter().all(|it| it["alg"] != "RS256"), "{published}");

    // Whoever looks after an API whose answers would be signed so, or with a shared key, gets plain ones.
    for (api, algorithm) in [
        ("urn:old", Algorithm::Rs256),
        ("urn:shared", Algorithm::Hs256),
    ] {
        server.api_with(api, "read", algorithm).await;
        let party = Party::new(&server, &api[4..], 5).await;
        let answer = ask_about(&party, api).await;
        assert_eq!(answer.header("content-type"), "application/json", "{api}");
        assert_eq!(answer.json(), json!({ "active": false }));
    }
    let party = Party::new(&server, "orders", 6).await;
    let answer = ask_about(&party, ORDERS).await;
    let signed = "application/token-introspection+jwt";
    assert_eq!(answer.header("content-type"), signed);
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let (header, _) = jeton::crypto::jws::decode_unverified(&text).unwrap();
    assert_eq!(header["alg"], "ES256");
}
