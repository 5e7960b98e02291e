//! Signatures and keys: the RFCs' own, and those that must not be believed.

use super::*;
use crate::crypto::verifier::strangers::Stranger;

#[test]
fn rfc_7515_a_1_hs256() {
    let key =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    let verifier = Verifier::secret(&text::from_base64url(key).unwrap());

    assert!(
        verifier
            .verify_any_typ(token)
            .unwrap()
            .starts_with(br#"{"iss":"joe","#)
    );
    assert_eq!(
        verifier.verify(Typ::AccessToken, token),
        Err(VerifyError::Typ)
    );
}

#[test]
fn rfc_7515_a_2_rs256() {
    let jwk = json!({
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB",
    });
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    assert!(verify_with_jwk(&jwk, token).is_ok());

    let mut other_algorithm = jwk;
    other_algorithm["alg"] = "PS256".into();
    assert_eq!(
        verify_with_jwk(&other_algorithm, token),
        Err(VerifyError::Algorithm)
    );
}

#[test]
fn rfc_7515_a_3_es256() {
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    assert!(verify_with_jwk(&jwk, token).is_ok());
    assert_eq!(
        verify_with_jwk(&jwk, &token.replace(".DtE", ".DtF")),
        Err(VerifyError::Signature)
    );
}

#[test]
fn rfc_8037_a_4_ed25519() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    assert_eq!(
        verify_with_jwk(&jwk, token).unwrap(),
        b"Example of Ed25519 signing"
    );
    assert_eq!(decode_unverified(token), Err(VerifyError::Claims));
}

/// JW-02, CJ-16
#[test]
fn ecdsa_signatures_have_64_bytes_and_numbers_within_the_group() {
    let forger = Forger::new();
    let signed = signed(HEADER);
    let good = forger.signature(&signed);
    let der = forger.pair(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let der = der
        .sign(&SystemRandom::new(), signed.as_bytes())
        .unwrap()
        .as_ref()
        .to_vec();
    let with = |signature: &[u8]| forger.check(&format!("{signed}.{}", text::base64url(signature)));
    assert!(with(&good).is_ok());

    for wrong in [
        &[][..],
        &good[..63],
        &good[1..],
        &[&good[..], &[0]].concat(),
        &[&[0], &good[..]].concat(),
        &[0; 64],
        &[&good[..32], &[0; 32]].concat(),
        &[&[0; 32], &good[32..]].concat(),
        &[&P256_ORDER[..], &good[32..]].concat(),
        &[&good[..32], &P256_ORDER[..]].concat(),
        &[0xff; 64],
        &der,
    ] {
        assert_eq!(with(wrong), Err(VerifyError::Signature), "{wrong:02x?}");
    }
}

#[test]
fn either_half_of_s_is_a_signature() {
    let forger = Forger::new();
    let signed = signed(HEADER);
    let mut mirrored = forger.signature(&signed);
    let mut borrow = 0;
    for (byte, order) in mirrored[32..].iter_mut().zip(P256_ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }

    let token = format!("{signed}.{}", text::base64url(mirrored));

    assert!(forger.check(&token).is_ok());
}

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

#[test]
fn an_ed25519_signature_has_one_form() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let verifier = Verifier::ed25519(pair.public_key().as_ref()).unwrap();
    let signed = signed(r#"{"alg":"EdDSA","typ":"at+jwt"}"#);
    let good = pair.sign(signed.as_bytes()).as_ref().to_vec();
    let with = |signature: &[u8]| {
        verifier.verify(
            Typ::AccessToken,
            &format!("{signed}.{}", text::base64url(signature)),
        )
    };
    let mut mirrored = good.clone();
    let mut carry = 0;
    for (byte, order) in mirrored[32..].iter_mut().zip(ED25519_ORDER) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }

    assert!(with(&good).is_ok());
    for wrong in [
        &mirrored,
        &good[..63],
        &[&good[..], &[0]].concat(),
        &[0; 64],
        &[],
    ] {
        assert_eq!(with(wrong), Err(VerifyError::Signature));
    }
}

/// Little end first.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn an_ed25519_key_that_anyone_could_sign_for_is_refused() {
    // Made without any private key. Against a point of small order it is right for one text in eight or more.
    let forgery = [[1].as_slice(), &[0; 63]].concat();
    let fits = |point: [u8; 32]| {
        let key = ParsedPublicKey::new(&ED25519, point);
        key.is_ok_and(|key| (0..=255_u8).any(|text| key.verify_sig(&[text], &forgery).is_ok()))
    };
    let refusal = |point: [u8; 32]| Verifier::ed25519(&point).err();
    for mut point in SMALL_ORDER {
        assert!(fits(point), "{point:02x?}");
        assert_eq!(refusal(point), Some(KeyError::Weak), "{point:02x?}");
        point[31] |= 0x80;
        assert_eq!(refusal(point), Some(KeyError::Weak), "{point:02x?}");
    }
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut beyond_the_field = [0xff; 32];
            (beyond_the_field[0], beyond_the_field[31]) = (low, high);
            assert!(!fits(beyond_the_field), "{low:02x} {high:02x}");
        }
    }
    let (signer, _) = Signer::generate(Algorithm::EdDsa, &Entropy::seeded(1));
    let honest = text::from_base64url(signer.public_jwk().unwrap()["x"].as_str().unwrap()).unwrap();
    assert!(!fits(honest.try_into().unwrap()));
}

#[test]
fn a_key_that_has_no_place_in_a_key_set_is_refused() {
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(1));
    let with = |name: &str, value: Value| {
        let mut jwk = signer.public_jwk().unwrap().clone();
        jwk[name] = value;
        Verifier::from_jwk(&jwk).err()
    };
    let (x, short, off) = (
        text::base64url([1; 32]),
        text::base64url([1; 31]),
        text::base64url([0xff; 32]),
    );

    assert_eq!(with("kid", "other".into()), None);
    assert_eq!(with("key_ops", json!(["verify"])), None);
    assert_eq!(with("d", x.as_str().into()), Some(KeyError::Private));
    assert_eq!(with("use", "enc".into()), Some(KeyError::Purpose));
    assert_eq!(with("key_ops", json!(["encrypt"])), Some(KeyError::Purpose));
    assert_eq!(with("use", 1.into()), Some(KeyError::Malformed));
    assert_eq!(with("alg", "RS256".into()), Some(KeyError::Unsupported));
    assert_eq!(with("alg", "none".into()), Some(KeyError::Unsupported));
    assert_eq!(with("crv", "P-384".into()), Some(KeyError::Unsupported));
    assert_eq!(with("crv", "secp256k1".into()), Some(KeyError::Unsupported));
    assert_eq!(with("kty", "RSA".into()), Some(KeyError::Unsupported));
    assert_eq!(
        with("x", x.into()),
        Some(KeyError::Malformed),
        "not on the curve"
    );
    assert_eq!(with("x", short.into()), Some(KeyError::Malformed));
    assert_eq!(with("x", off.into()), Some(KeyError::Malformed));
    assert_eq!(with("y", Value::Null), Some(KeyError::Malformed));
    let key = text::base64url([9; 32]);
    for (jwk, error) in [
        (json!({ "kty": "oct", "k": key }), KeyError::Unsupported),
        (
            json!({ "kty": "oct", "k": key, "alg": "HS256" }),
            KeyError::Unsupported,
        ),
        (
            json!({ "kty": "OKP", "crv": "X25519", "x": key }),
            KeyError::Unsupported,
        ),
        (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" }),
            KeyError::Malformed,
        ),
        (json!({}), KeyError::Malformed),
        (json!("EC"), KeyError::Malformed),
    ] {
        assert_eq!(Verifier::from_jwk(&jwk).err(), Some(error), "{jwk}");
    }
}

/// CJ-10, CJ-16
#[test]
fn a_key_of_every_algorithm_is_checked_for_that_one_alone() {
    for stranger in Stranger::all() {
        let own = stranger.algorithm.as_str();
        let token = stranger.sign(&json!({ "alg": own }), &json!({ "iss": "joe" }));
        assert!(verify_with_jwk(&stranger.jwk(), &token).is_ok(), "{own}");

        let others = JwsAlgorithm::ALL.into_iter().map(JwsAlgorithm::as_str);
        for other in others.chain(["none", ""]).filter(|other| *other != own) {
            let token = stranger.sign(&json!({ "alg": other }), &json!({ "iss": "joe" }));
            let refused = verify_with_jwk(&stranger.jwk(), &token);
            assert_eq!(refused, Err(VerifyError::Algorithm), "{own} as {other}");
        }
    }
}

/// CJ-16: the hash and the padding are the key's, whatever the token says of them.
#[test]
fn an_rsa_signature_of_another_hash_or_padding_is_wrong() {
    use JwsAlgorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let all = [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512];
    for signed_with in all {
        let stranger = Stranger::of(signed_with);
        for said in all.into_iter().filter(|said| *said != signed_with) {
            let mut jwk = stranger.jwk();
            jwk["alg"] = said.as_str().into();
            let token = stranger.sign(&json!({ "alg": said.as_str() }), &json!({}));
            let refused = verify_with_jwk(&jwk, &token);
            assert_eq!(
                refused,
                Err(VerifyError::Signature),
                "{signed_with} as {said}"
            );
        }
    }
}

/// JW-02, CJ-16
#[test]
fn the_larger_curves_have_signatures_of_their_length_and_points_on_them() {
    for (algorithm, len) in [(JwsAlgorithm::Es384, 48), (JwsAlgorithm::Es512, 66)] {
        let stranger = Stranger::of(algorithm);
        let header = text::base64url(json!({ "alg": algorithm.as_str() }).to_string());
        let signed = format!("{header}.e30");
        let good = stranger.signature(&signed);
        assert_eq!(good.len(), 2 * len);
        let with = |signature: &[u8]| {
            let token = format!("{signed}.{}", text::base64url(signature));
            verify_with_jwk(&stranger.jwk(), &token)
        };
        assert!(with(&good).is_ok());
        for wrong in [
            &[][..],
            &good[1..],
            &good[..2 * len - 1],
            &[&good[..], &[0]].concat(),
            &vec![0; 2 * len],
            &[&good[..len], &vec![0; len]].concat(),
            &[&vec![0; len], &good[len..]].concat(),
            &vec![0xff; 2 * len],
        ] {
            assert_eq!(with(wrong), Err(VerifyError::Signature), "{wrong:02x?}");
        }
        let error = |name: &str, value: &str| {
            let mut jwk = stranger.jwk();
            jwk[name] = value.into();
            Verifier::from_jwk(&jwk).err()
        };
        for size in [32, len - 1, len] {
            let off = text::base64url(vec![1; size]);
            assert_eq!(error("x", &off), Some(KeyError::Malformed), "{size}");
        }
        assert_eq!(error("crv", "P-256"), Some(KeyError::Unsupported));
        assert_eq!(error("alg", "ES256"), Some(KeyError::Unsupported));
        let mut unnamed = stranger.jwk();
        unnamed.as_object_mut().unwrap().remove("alg");
        let verifier = Verifier::from_jwk(&unnamed).unwrap();
        assert_eq!(verifier.algorithm(), algorithm);
    }
}

/// JW-07, CJ-16
#[test]
fn weak_rsa_keys_are_refused() {
    let rsa = |modulus: &[u8], exponent: &[u8]| {
        let jwk =
            json!({ "kty": "RSA", "n": text::base64url(modulus), "e": text::base64url(exponent) });
        Verifier::from_jwk(&jwk).err()
    };
    let odd = [0xff; 256];
    let even = [&[0xff; 255][..], &[0xfe]].concat();

    assert_eq!(rsa(&odd, &[1, 0, 1]), None);
    assert_eq!(rsa(&odd[..128], &[1, 0, 1]), Some(KeyError::Size));
    assert_eq!(rsa(&odd[..255], &[1, 0, 1]), Some(KeyError::Size));
    assert_eq!(rsa(&[0xff; 1025], &[1, 0, 1]), Some(KeyError::Size));
    assert_eq!(
        rsa(&[&[0], &odd[..]].concat(), &[1, 0, 1]),
        Some(KeyError::Malformed)
    );
    assert_eq!(rsa(&odd, &[1]), Some(KeyError::Weak));
    assert_eq!(rsa(&odd, &[]), Some(KeyError::Weak));
    assert_eq!(rsa(&odd, &[1, 0, 0]), Some(KeyError::Weak));
    assert_eq!(rsa(&even, &[1, 0, 1]), Some(KeyError::Weak));
}
