//! Tokens that strangers might send, and what becomes of them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::crypto::algorithm::Algorithm;
use crate::crypto::jws::{MAX_TOKEN, decode_unverified, key_id_of};
use crate::crypto::random::Entropy;
use crate::crypto::signer::{PrivateKey, Signer};

mod keys;

const HEADER: &str = r#"{"alg":"ES256","typ":"at+jwt"}"#;
const CLAIMS: &str = r#"{"iss":"joe"}"#;

/// A key whose holder signs whatever header is put before them.
struct Forger {
    signer: Signer,
    private: PrivateKey,
}

impl Forger {
    fn new() -> Self {
        let (signer, private) = Signer::generate(Algorithm::Es256, &Entropy::seeded(1));
        Self { signer, private }
    }

    fn pair(&self, form: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(form, self.private.as_bytes()).unwrap()
    }

    fn signature(&self, signed: &str) -> Vec<u8> {
        let pair = self.pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
        pair.sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap()
            .as_ref()
            .to_vec()
    }

    fn token(&self, header: &str) -> String {
        let signed = signed(header);
        let signature = self.signature(&signed);
        format!("{signed}.{}", text::base64url(signature))
    }

    fn check(&self, token: &str) -> Result<Vec<u8>, VerifyError> {
        self.signer.verify(Typ::AccessToken, token)
    }
}

fn signed(header: &str) -> String {
    format!("{}.{}", text::base64url(header), text::base64url(CLAIMS))
}

#[test]
fn the_key_alone_decides_the_algorithm() {
    let forger = Forger::new();
    assert!(forger.check(&forger.token(HEADER)).is_ok());
    for alg in [
        r#""none""#,
        r#""None""#,
        r#""NONE""#,
        r#""""#,
        r#""HS256""#,
        r#""ES384""#,
        r#""es256""#,
        r#""ES256 ""#,
    ] {
        let header = format!(r#"{{"alg":{alg},"typ":"at+jwt"}}"#);
        let unsigned = format!("{}.", signed(&header));

        assert_eq!(
            forger.check(&forger.token(&header)),
            Err(VerifyError::Algorithm),
            "{alg}"
        );
        assert_eq!(
            forger.check(&unsigned),
            Err(VerifyError::Algorithm),
            "{alg}"
        );
    }
    for alg in ["null", "0", "true", r#"["ES256"]"#, r#"{"ES256":1}"#] {
        let header = format!(r#"{{"alg":{alg},"typ":"at+jwt"}}"#);

        assert_eq!(
            forger.check(&forger.token(&header)),
            Err(VerifyError::Header),
            "{alg}"
        );
    }
    assert_eq!(
        forger.check(&forger.token(r#"{"typ":"at+jwt"}"#)),
        Err(VerifyError::Algorithm)
    );
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let forger = Forger::new();
    let jwk = forger.signer.public_jwk().unwrap();
    let point = forger
        .pair(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .public_key()
        .as_ref()
        .to_vec();
    let der_head = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let der = [der_head.as_slice(), &point].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        text::base64url(&der)
    );

    for secret in [jwk.to_string().into_bytes(), point, der, pem.into_bytes()] {
        let signed = signed(r#"{"alg":"HS256","typ":"at+jwt"}"#);
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            signed.as_bytes(),
        );
        let token = format!("{signed}.{}", text::base64url(tag));

        assert_eq!(forger.check(&token), Err(VerifyError::Algorithm));
        assert_eq!(verify_with_jwk(jwk, &token), Err(VerifyError::Algorithm));
    }
}

#[test]
fn a_token_is_believed_for_its_type_alone() {
    let forger = Forger::new();
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        let header = format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#);

        assert_eq!(
            forger.check(&forger.token(&header)).unwrap(),
            CLAIMS.as_bytes(),
            "{typ}"
        );
    }
    for typ in [
        "",
        "JWT",
        "at+jwt ",
        "application/",
        "text/at+jwt",
        "application/application/at+jwt",
        "dpop+jwt",
        "ééééééat+jwt",
        "applicatioé/at+jwt",
    ] {
        let header = format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#);

        assert_eq!(
            forger.check(&forger.token(&header)),
            Err(VerifyError::Typ),
            "{typ}"
        );
    }
    assert_eq!(
        forger.check(&forger.token(r#"{"alg":"ES256"}"#)),
        Err(VerifyError::Typ)
    );
    assert_eq!(
        forger.check(&forger.token(r#"{"alg":"ES256","typ":null}"#)),
        Err(VerifyError::Header)
    );
}

#[test]
fn a_header_that_is_not_one_plain_object_is_refused() {
    let forger = Forger::new();
    for header in [
        "",
        "null",
        "[]",
        r#""ES256""#,
        r#"{"alg":"ES256","typ":"at+jwt"} x"#,
        r#"{"alg":"ES256","typ":"at+jwt"}{}"#,
        r#"{"alg":"ES256","typ":"at+jwt",}"#,
        r#"{"alg":"ES256","typ":"at+jwt"/**/}"#,
        r#"{"alg":"ES256","typ":"at+jwt","alg":"ES256"}"#,
        r#"{"alg":"none","typ":"at+jwt","alg":"ES256"}"#,
        r#"{"alg":"ES256","typ":"at+jwt","\u0061lg":"ES256"}"#,
        r#"{"alg":"ES256","typ":"at+jwt","kid":"a","kid":"b"}"#,
        r#"{"alg":"ES256","typ":"at+jwt","n":1e999}"#,
        r#"{"alg":"ES256","typ":"at+jwt","n":NaN}"#,
        r#"{"alg":"ES256","typ":"at+jwt","s":"\ud800"}"#,
        "\u{feff}{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
        &format!(
            r#"{{"alg":"ES256","typ":"at+jwt","n":{}{}}}"#,
            "[".repeat(500),
            "]".repeat(500)
        ),
    ] {
        let token = forger.token(header);

        assert_eq!(forger.check(&token), Err(VerifyError::Header), "{header}");
        assert_eq!(key_id_of(&token), None);
    }
}

#[test]
fn extensions_are_refused_and_keys_in_the_header_change_nothing() {
    let forger = Forger::new();
    for (member, refused) in [
        (r#""crit":["exp"]"#, Some("crit")),
        (r#""crit":[]"#, Some("crit")),
        (r#""crit":null"#, Some("crit")),
        (r#""crit":["b64"],"b64":false"#, Some("crit")),
        (r#""b64":false"#, Some("b64")),
        (r#""b64":true"#, Some("b64")),
        (
            r#""jku":"http://169.254.169.254/","x5u":"http://localhost/""#,
            None,
        ),
        (r#""jwk":{"kty":"oct","k":"AAAA"},"x5c":["AAAA"]"#, None),
    ] {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt",{member}}}"#);
        let expected = refused.map_or(Ok(CLAIMS.as_bytes().to_vec()), |name| {
            Err(VerifyError::Extension(name))
        });

        assert_eq!(forger.check(&forger.token(&header)), expected, "{member}");
    }
    let (_, stranger) = Signer::generate(Algorithm::Es256, &Entropy::seeded(2));
    let stranger = Forger {
        signer: Forger::new().signer,
        private: stranger,
    };
    let own_key = json!({ "alg": "ES256", "typ": "at+jwt", "jwk": stranger.signer.public_jwk() });
    assert_eq!(
        forger.check(&stranger.token(&own_key.to_string())),
        Err(VerifyError::Signature)
    );
}

#[test]
fn a_token_has_exactly_three_parts() {
    let forger = Forger::new();
    let token = forger.token(HEADER);
    for wrong in [
        String::new(),
        ".".to_owned(),
        "...".to_owned(),
        token.replace('.', ""),
        token.replacen('.', "", 1),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.AAAA"),
        // As many parts as a JWE has.
        format!("{token}.AAAA.AAAA"),
        format!(r#"{{"payload":"{}"}}"#, text::base64url(CLAIMS)),
    ] {
        assert_eq!(forger.check(&wrong), Err(VerifyError::Parts), "{wrong}");
        assert_eq!(key_id_of(&wrong), None);
        assert_eq!(decode_unverified(&wrong), Err(VerifyError::Parts));
    }
    assert_eq!(forger.check(".."), Err(VerifyError::Header));
}

#[test]
fn a_token_has_one_spelling() {
    let forger = Forger::new();
    let token = forger.token(HEADER);
    let parts: Vec<&str> = token.split('.').collect();
    for part in 0..3 {
        for change in [
            |part: &str| format!("{part}="),
            |part: &str| format!("{part}=="),
            |part: &str| format!("{part}\n"),
            |part: &str| format!(" {part}"),
            |part: &str| format!("+{part}"),
            |part: &str| format!("/{part}"),
        ] {
            let changed = change(parts[part]);
            let mut parts = parts.clone();
            parts[part] = &changed;

            assert_eq!(
                forger.check(&parts.join(".")),
                Err(VerifyError::Encoding),
                "{changed:?}"
            );
        }
    }
    // 64 bytes leave four bits over in the last of 86 characters.
    let (rest, last) = token.split_at(token.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    assert_eq!(
        forger.check(&format!("{rest}{next}")),
        Err(VerifyError::Encoding)
    );
}

#[test]
fn a_token_longer_than_16_kib_is_not_read() {
    let forger = Forger::new();
    let padded = |len: usize| {
        let header = format!(
            r#"{{"alg":"ES256","typ":"at+jwt","pad":"{}"}}"#,
            "x".repeat(len)
        );
        forger.token(&header)
    };
    let longest = padded(12_168);
    let longer = padded(12_172);

    assert!(
        longest.len() <= MAX_TOKEN && longer.len() > MAX_TOKEN,
        "{} {}",
        longest.len(),
        longer.len()
    );
    assert!(forger.check(&longest).is_ok());
    assert_eq!(forger.check(&longer), Err(VerifyError::TooLong));
    assert_eq!(decode_unverified(&longer), Err(VerifyError::TooLong));
    assert_eq!(key_id_of(&longer), None);
    let of_length = |length: usize| decode_unverified(&"A".repeat(length)).unwrap_err();
    assert_eq!(of_length(16_384), VerifyError::Parts);
    assert_eq!(of_length(16_385), VerifyError::TooLong);
}

#[test]
fn the_key_id_is_read_as_it_stands_and_within_bounds() {
    let forger = Forger::new();
    let kid =
        |kid: Value| key_id_of(&forger.token(&json!({ "alg": "ES256", "kid": kid }).to_string()));

    assert_eq!(
        kid("../../etc/passwd".into()).as_deref(),
        Some("../../etc/passwd")
    );
    assert_eq!(kid("k".repeat(256).into()), Some("k".repeat(256)));
    assert_eq!(kid("k".repeat(257).into()), None);
    assert_eq!(kid(5.into()), None);
    assert_eq!(kid(json!(["k"])), None);
    assert_eq!(key_id_of(&forger.token(HEADER)), None);
}

#[test]
fn an_unsigned_token_can_be_looked_at() {
    let token = format!("{}.", signed(r#"{"alg":"none"}"#));

    assert_eq!(
        decode_unverified(&token),
        Ok((json!({ "alg": "none" }), json!({ "iss": "joe" })))
    );
}

proptest! {
    #[test]
    fn no_text_is_believed_or_upsets_the_reader(token in "[A-Za-z0-9_.=-]{0,200}|\\PC{0,100}") {
        let verifier = Verifier::secret(&[7; 32]);

        prop_assert!(verifier.verify(Typ::AccessToken, &token).is_err());
        prop_assert_eq!(key_id_of(&token), None);
    }

    #[test]
    fn a_token_changed_anywhere_is_refused(at: prop::sample::Index, letter in "[A-Za-z0-9_.=-]") {
        let forger = Forger::new();
        let mut token = forger.token(HEADER);
        let at = at.index(token.len());
        prop_assume!(&token[at..=at] != letter.as_str());

        token.replace_range(at..=at, &letter);

        prop_assert!(forger.check(&token).is_err());
    }
}
