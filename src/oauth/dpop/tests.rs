//! Which proofs count, and which do not.

use std::{collections::HashSet, sync::Mutex};

use serde_json::json;

use super::*;
use crate::crypto::{
    random::Entropy,
    signer::{Algorithm, Signer},
    verifier::strangers::Stranger,
};
use crate::domain::profile::Profile;

const NOW: Timestamp = Timestamp(1_800_000_000);
const TOKEN: &str = "https://as.test/oauth2/token";

/// A place that remembers all, and gives the nonce `fresh`.
#[derive(Default)]
struct Place {
    used: Mutex<HashSet<Vec<u8>>>,
    needs_nonce: bool,
    is_full: bool,
}

impl Proofs for Place {
    fn needs_nonce(&self, _: Timestamp) -> bool {
        self.needs_nonce
    }

    fn is_nonce(&self, nonce: &str) -> bool {
        nonce == "fresh"
    }

    fn burn(&self, proof: &[&[u8]]) -> Burnt {
        if self.is_full {
            return Burnt::Full;
        }
        if self.used.lock().unwrap().insert(proof.join(&0)) {
            Burnt::Now
        } else {
            Burnt::Before
        }
    }
}

/// Somebody with a key.
struct Holder {
    signer: Signer,
    header: Value,
    claims: Value,
}

impl Holder {
    fn new(algorithm: Algorithm) -> Self {
        let (signer, _) = Signer::generate(algorithm, &Entropy::seeded(3));
        let mut jwk = signer.public_jwk().unwrap().clone();
        for name in ["kid", "use", "alg"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        Self {
            header: json!({ "typ": "dpop+jwt", "alg": algorithm.as_str(), "jwk": jwk }),
            claims: json!({ "jti": "one", "htm": "POST", "htu": TOKEN, "iat": NOW.0 }),
            signer,
        }
    }

    fn proof(&self) -> String {
        let (header, claims) = (self.header.to_string(), self.claims.to_string());
        self.signer.sign_any(&header, &claims)
    }

    fn with_header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    fn with_claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    fn without(mut self, part: &str, name: &str) -> Self {
        let part = if part == "header" {
            &mut self.header
        } else {
            &mut self.claims
        };
        part.as_object_mut().unwrap().remove(name);
        self
    }

    fn shown_to(&self, place: &Place) -> Result<String, ProofError> {
        check(&self.proof(), place, None)
    }

    fn shown(&self) -> Result<String, ProofError> {
        self.shown_to(&Place::default())
    }
}

fn holder() -> Holder {
    Holder::new(Algorithm::Es256)
}

fn check(proof: &str, place: &Place, token: Option<&str>) -> Result<String, ProofError> {
    let proof = Proof::read(Header::One(proof.as_bytes()), Profile::Standard)?.unwrap();
    let expected = Expected {
        now: NOW,
        method: "POST",
        addresses: &[Address::parse(TOKEN).unwrap()],
        token,
    };
    proof.check(&expected, place)
}

/// DP-01, DP-12, CJ-16
#[test]
fn the_key_of_a_proof_may_be_of_any_algorithm_that_is_listed() {
    for stranger in Stranger::all() {
        let (jwk, algorithm) = (stranger.jwk(), stranger.algorithm.as_str());
        assert!(ALGORITHMS.contains(&algorithm), "{algorithm}");
        let header = json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": jwk });
        let proof = stranger.sign(&header, &holder().claims);
        let shown = check(&proof, &Place::default(), None);
        assert_eq!(shown.ok(), thumbprint(&jwk), "{algorithm}");
    }
}

/// DP-01, DP-12
#[test]
fn a_proof_of_every_algorithm_gives_the_thumbprint_of_its_key() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let holder = Holder::new(algorithm);
        let thumbprint = thumbprint(&holder.header["jwk"]);

        assert_eq!(holder.shown().ok(), thumbprint, "{algorithm}");
        assert_eq!(holder.shown().unwrap().len(), 43);
    }
    let named = Holder::new(Algorithm::EdDsa).with_header("alg", json!("Ed25519"));
    assert!(named.shown().is_ok());
    assert!(ALGORITHMS.iter().all(|name| !name.starts_with("HS")));
}

/// DP-03
#[test]
fn there_is_one_proof_or_none() {
    let proof = holder().proof();

    assert!(
        Proof::read(Header::Absent, Profile::Standard)
            .unwrap()
            .is_none()
    );
    let several = Proof::read(Header::Several, Profile::Standard).err();
    assert_eq!(several, Some(ProofError::Several));
    for joined in [format!("{proof},{proof}"), format!("{proof}, {proof}")] {
        assert!(check(&joined, &Place::default(), None).is_err());
    }
}

/// DP-04, JW-01, JW-05
#[test]
fn a_header_that_is_not_a_proofs_is_refused() {
    let jwk = holder().header["jwk"].clone();
    let with_member = |name: &str| {
        let mut jwk = jwk.clone();
        jwk[name] = json!("AQAB");
        jwk
    };
    for name in ["typ", "alg", "jwk"] {
        assert!(holder().without("header", name).shown().is_err(), "{name}");
    }
    for typ in [json!("JWT"), json!("at+jwt"), json!(5), json!(null)] {
        assert!(holder().with_header("typ", typ).shown().is_err());
    }
    for alg in ["none", "HS256", "ES384", "RS256", "EdDSA", "es256"] {
        assert!(holder().with_header("alg", json!(alg)).shown().is_err());
    }
    for alg in ["none", "HS256", "es256"] {
        let refused = holder().with_header("alg", json!(alg)).shown();
        assert_eq!(refused, Err(ProofError::Algorithm), "{alg}");
    }
    for alg in [json!(256), json!(null), json!(["ES256"])] {
        assert!(holder().with_header("alg", alg).shown().is_err());
    }
    for name in PRIVATE {
        let refused = holder().with_header("jwk", with_member(name)).shown();
        assert_eq!(refused, Err(ProofError::Key), "{name}");
    }
    let other = Holder::new(Algorithm::EdDsa).header["jwk"].clone();
    let oct = json!({ "kty": "oct", "k": "c2VjcmV0" });
    for key in [json!(null), json!([jwk]), json!("x"), json!({}), oct, other] {
        assert!(holder().with_header("jwk", key).shown().is_err());
    }
    assert!(holder().with_header("crit", json!(["x"])).shown().is_err());
}

/// DP-04, DP-08
#[test]
fn claims_that_are_not_a_proofs_are_refused_and_others_ignored() {
    for name in ["jti", "htm", "htu", "iat"] {
        assert!(holder().without("claims", name).shown().is_err(), "{name}");
    }
    for (name, value) in [
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", json!(5)),
        ("htm", json!("post")),
        ("htm", json!("GET")),
        ("htm", json!(["POST"])),
        ("htu", json!([TOKEN])),
        ("htu", json!("/oauth2/token")),
        ("htu", json!("https://other.test/oauth2/token")),
        ("iat", json!("1800000000")),
        ("iat", json!(1e300)),
        ("iat", json!(-1e300)),
        ("iat", json!(null)),
        ("exp", json!(NOW.0)),
        ("nbf", json!(NOW.0 + 16)),
    ] {
        let refused = holder().with_claim(name, value.clone()).shown();
        assert!(refused.is_err(), "{name}: {value}");
    }
    let rich = holder()
        .with_claim("jti", json!("x".repeat(256)))
        .with_claim("nbf", json!(NOW.0 + 15))
        .with_claim("exp", json!(NOW.0 + 1))
        .with_claim("sub", json!("x"))
        .with_claim("iat", json!(1_800_000_000.5))
        .with_header("kid", json!("x"));
    assert!(rich.shown().is_ok());
}

/// FP-02
#[test]
fn a_profile_takes_proofs_of_its_own_algorithms_alone() {
    for stranger in Stranger::all() {
        let (jwk, algorithm) = (stranger.jwk(), stranger.algorithm.as_str());
        let header = json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": jwk });
        let proof = stranger.sign(&header, &holder().claims);

        let read = Proof::read(Header::One(proof.as_bytes()), Profile::Fapi2);

        let refused =
            (!["ES256", "PS256", "EdDSA"].contains(&algorithm)).then_some(ProofError::Algorithm);
        assert_eq!(read.err(), refused, "{algorithm}");
    }
}

/// DP-10
#[test]
fn a_proof_says_whether_it_has_a_nonce() {
    let has_nonce = |holder: Holder| {
        let proof = holder.proof();
        let read = Proof::read(Header::One(proof.as_bytes()), Profile::Standard);
        read.unwrap().unwrap().has_nonce()
    };
    assert!(!has_nonce(holder()));
    assert!(has_nonce(holder().with_claim("nonce", json!("any"))));
}

/// RFC 7517 §4.4: a key that names its algorithm is for that one.
#[test]
fn a_key_that_names_an_algorithm_is_for_that_one() {
    let named = |name: Value| {
        let mut jwk = holder().header["jwk"].clone();
        jwk["alg"] = name;
        holder().with_header("jwk", jwk).shown()
    };
    assert!(named(json!("ES256")).is_ok());
    for other in [json!("ES384"), json!("EdDSA"), json!(null)] {
        assert_eq!(named(other), Err(ProofError::Algorithm));
    }
    let ed25519 = Holder::new(Algorithm::EdDsa);
    let mut jwk = ed25519.header["jwk"].clone();
    jwk["alg"] = json!("Ed25519");
    assert!(ed25519.with_header("jwk", jwk).shown().is_ok());
}

/// DP-04
#[test]
fn a_proof_that_another_signed_is_refused() {
    let mut holder = holder();
    holder.signer = Signer::generate(Algorithm::Es256, &Entropy::seeded(4)).0;
    assert_eq!(holder.shown(), Err(ProofError::Signature));
}

/// DP-05
#[test]
fn an_address_may_be_spelt_in_other_ways() {
    for htu in [
        "HTTPS://AS.TEST:443/oauth2/token?x#y",
        "https://as.test/./oauth2/%74oken",
    ] {
        assert!(
            holder().with_claim("htu", json!(htu)).shown().is_ok(),
            "{htu}"
        );
    }
}

/// DP-07, DP-11
#[test]
fn a_proof_is_of_the_present_or_has_a_nonce() {
    let made = |seconds: i64| holder().with_claim("iat", json!(NOW.0 + seconds));
    for seconds in [-60, -10, 0, 10, 15] {
        assert!(made(seconds).shown().is_ok(), "{seconds}");
    }
    for seconds in [-3600, -61, 16, 3600] {
        assert_eq!(made(seconds).shown(), Err(ProofError::Time), "{seconds}");
        let with_nonce = made(seconds).with_claim("nonce", json!("fresh"));
        assert!(with_nonce.shown().is_ok(), "{seconds}");
    }
}

/// DP-09
#[test]
fn a_proof_counts_once_for_each_address_and_key() {
    let place = Place::default();
    assert!(holder().shown_to(&place).is_ok());
    assert_eq!(holder().shown_to(&place), Err(ProofError::Used));
    assert!(Holder::new(Algorithm::EdDsa).shown_to(&place).is_ok());
    let other = holder().with_claim("jti", json!("two"));
    assert!(other.shown_to(&place).is_ok());
    let full = Place {
        is_full: true,
        ..Place::default()
    };
    assert_eq!(holder().shown_to(&full), Err(ProofError::Full));
}

/// DP-10
#[test]
fn a_nonce_is_asked_for_where_it_is_needed_and_must_be_fresh() {
    let place = Place {
        needs_nonce: true,
        ..Place::default()
    };
    assert_eq!(holder().shown_to(&place), Err(ProofError::Nonce));
    let old = holder().with_claim("nonce", json!("old"));
    assert_eq!(old.shown_to(&place), Err(ProofError::Nonce));
    assert_eq!(old.shown(), Err(ProofError::Nonce));
    let fresh = holder().with_claim("nonce", json!("fresh"));
    assert!(fresh.shown_to(&place).is_ok());
    assert_eq!(
        place.used.lock().unwrap().len(),
        1,
        "nothing else was used up"
    );
}

/// RS-09: the example of RFC 9449 §7.1 for `ath`.
#[test]
fn a_proof_with_a_token_is_for_that_token() {
    let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    let ath = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";
    let shown = |claim: Option<Value>| {
        let holder = match claim {
            Some(value) => holder().with_claim("ath", value),
            None => holder(),
        };
        check(&holder.proof(), &Place::default(), Some(token))
    };

    assert!(shown(Some(json!(ath))).is_ok());
    assert_eq!(shown(None), Err(ProofError::Token));
    assert_eq!(shown(Some(json!(token))), Err(ProofError::Token));
}

/// The proof of RFC 9449 §4.1, whose key has the thumbprint of §6.1.
#[test]
fn rfc_9449_4_1() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let read = Proof::read(Header::One(proof.as_bytes()), Profile::Standard)
        .unwrap()
        .unwrap();
    let expected = Expected {
        now: Timestamp(1_562_262_616),
        method: "POST",
        addresses: &[Address::parse("https://server.example.com/token").unwrap()],
        token: None,
    };

    let thumbprint = read.check(&expected, &Place::default());

    assert_eq!(
        thumbprint.as_deref(),
        Ok("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    );
}

/// DP-09
#[test]
fn a_proof_for_one_address_leaves_that_for_another_as_it_was() {
    let other = "https://as.test/oauth2/introspect";
    let addresses = [TOKEN, other].map(|it| Address::parse(it).unwrap());
    let place = Place::default();
    let shown = |address: &str| {
        let proof = holder().with_claim("htu", json!(address)).proof();
        let header = Header::One(proof.as_bytes());
        let proof = Proof::read(header, Profile::Standard).unwrap().unwrap();
        let expected = Expected {
            now: NOW,
            method: "POST",
            addresses: &addresses,
            token: None,
        };
        proof.check(&expected, &place).map(drop)
    };

    assert_eq!(shown(TOKEN), Ok(()));
    assert_eq!(shown(other), Ok(()));
    assert_eq!(shown(other), Err(ProofError::Used));
}

#[test]
fn nowhere_is_there_a_nonce_or_room_for_a_proof() {
    assert!(Nowhere.needs_nonce(NOW));
    assert!(!Nowhere.is_nonce(""));
    assert_eq!(Nowhere.burn(&[]), Burnt::Full);
}
