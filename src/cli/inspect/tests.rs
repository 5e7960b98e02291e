use super::*;
use crate::crypto::{
    random::Entropy,
    signer::{Algorithm, Signer, Typ},
};
use crate::domain::time::Timestamp;

const PEN: Pen = Pen {
    now: Timestamp(1_795_633_200),
    colours: false,
};

fn signed(claims: &Value) -> (String, Value) {
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(1));
    let token = signer
        .sign(Typ::AccessToken, claims.to_string().as_bytes())
        .unwrap();
    (token, signer.public_jwk().unwrap().clone())
}

fn inspected(claims: &Value, keys: &Keys) -> String {
    let (token, _) = signed(claims);
    let (header, claims) = decode_unverified(&token).unwrap();
    let signature = check(&token, &header, keys);
    laid_out(
        &PEN,
        (&header, &claims),
        &Validity::of(&claims, PEN.now),
        &signature,
    )
}

fn claims(expires: i64) -> Value {
    json!({ "iss": "https://as.test", "aud": "https://api.test", "scope": "read", "exp": PEN.now.0 + expires })
}

#[test]
fn a_current_token_with_a_good_signature_is_good() {
    let (_, jwk) = signed(&claims(60));
    let text = inspected(&claims(3600), &Ok((vec![jwk], "of the data".to_owned())));
    assert!(
        text.starts_with("Good: signed by a key that was checked; it expires in 1 hour."),
        "{text}"
    );
    assert!(text.contains("  aud    https://api.test"), "{text}");
    assert!(
        text.contains("25 Nov 2026, 20:00 UTC (in 1 hour)"),
        "{text}"
    );
    assert!(
        text.contains("what it is: at+jwt is an access token"),
        "{text}"
    );
}

#[test]
fn an_expired_token_says_since_when() {
    let text = inspected(&claims(-180), &Err("give --issuer to check it".to_owned()));
    assert!(
        text.starts_with("This token expired 3 minutes ago. Signature not checked: give --issuer"),
        "{text}"
    );
}

#[test]
fn a_token_of_other_keys_is_not_to_be_believed() {
    let (other, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(2));
    let stranger = other.public_jwk().unwrap().clone();
    let text = inspected(
        &claims(60),
        &Ok((vec![stranger.clone()], "of the data".to_owned())),
    );
    assert!(
        text.starts_with("Do not believe it: the key it names is none of those"),
        "{text}"
    );

    let (_, jwk) = signed(&claims(60));
    let mut forged = stranger;
    forged["kid"] = jwk["kid"].clone();
    let text = inspected(&claims(60), &Ok((vec![forged], "of the data".to_owned())));
    assert!(
        text.starts_with("Do not believe it: the token's signature is wrong"),
        "{text}"
    );
}

#[test]
fn what_a_token_says_cannot_move_the_cursor() {
    let mut odd = claims(60);
    odd["note"] = json!("\u{1b}[2Jgone");
    let text = inspected(&odd, &Err("x".to_owned()));
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn what_is_no_token_is_told_apart() {
    assert!(not_a_token("").contains("nothing"));
    assert!(not_a_token("abc").contains("this has 1"));
    assert!(not_a_token("a.b.c").contains("cut or wrapped"));
}
