use super::*;
use crate::crypto::jws::{decode_unverified, key_id_of};
use crate::crypto::verifier::verify_with_jwk;

const CLAIMS: &[u8] = br#"{"sub":"billing","scope":"read"}"#;

fn generate(algorithm: Algorithm) -> (Signer, PrivateKey) {
    Signer::generate(algorithm, &Entropy::seeded(1))
}

#[test]
fn every_algorithm_signs_what_it_verifies() {
    for algorithm in Algorithm::ALL {
        let (signer, private) = generate(algorithm);
        let parsed = Signer::from_private(algorithm, &private).unwrap();

        let token = signer.sign(Typ::AccessToken, CLAIMS).unwrap();

        assert_eq!(
            parsed.verify(Typ::AccessToken, &token).unwrap(),
            CLAIMS,
            "{algorithm}"
        );
        assert_eq!(parsed, signer);
        assert_eq!(parsed.algorithm(), algorithm);
        assert_eq!(key_id_of(&token).unwrap(), signer.key_id());
        let (header, claims) = decode_unverified(&token).unwrap();
        assert_eq!(
            header,
            json!({ "alg": algorithm.as_str(), "kid": signer.key_id(), "typ": "at+jwt" })
        );
        assert_eq!(claims, json!({ "sub": "billing", "scope": "read" }));
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        assert_eq!(
            token.capacity(),
            token.len(),
            "{algorithm}: one allocation, no larger than the token"
        );
        let resigned = format!("{unsigned}.{}", text::base64url([0; 64]));
        assert_eq!(
            parsed.verify(Typ::AccessToken, &resigned),
            Err(VerifyError::Signature)
        );
    }
}

/// A header that need not be read changes nothing of what is believed.
#[test]
fn a_token_with_a_header_of_ours_is_believed_as_if_its_header_had_been_read() {
    let (signer, _) = generate(Algorithm::Es256);
    let good = signer.sign(Typ::AccessToken, CLAIMS).unwrap();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    let other = signer.sign(Typ::AccessToken, b"{}").unwrap();

    for token in [
        good.clone(),
        format!("{header}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{good}."),
        format!("{good}.{claims}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}x.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{claims}.{}", other.rsplit_once('.').unwrap().1),
        format!("{header}.{}.{signature}", "A".repeat(17_000)),
    ] {
        assert!(signer.begins(&token));
        let at_once = signer.verify(Typ::AccessToken, &token).ok();
        let at_length = signer.verifier.verify(Typ::AccessToken, &token).ok();
        assert_eq!(at_once, at_length, "{token}");
        assert_eq!(at_once.is_some(), token == good, "{token}");
    }
    assert!(signer.verify(Typ::ClientAuthentication, &good).is_err());
    let of_length = |length: usize| {
        let rest = length - header.len() - signature.len() - 2;
        let token = format!("{header}.{}.{signature}", "A".repeat(rest));
        signer.verify(Typ::AccessToken, &token).unwrap_err()
    };
    assert_eq!(of_length(16_384), VerifyError::Signature);
    assert_eq!(of_length(16_385), VerifyError::TooLong);
}

#[test]
fn a_signer_knows_its_own_tokens_whatever_they_are_for_and_no_others() {
    let (signer, _) = generate(Algorithm::Es256);
    let (other, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(2));
    for typ in [Typ::AccessToken, Typ::ClientAuthentication] {
        let token = signer.sign(typ, CLAIMS).unwrap();
        assert_eq!(signer.verify_any_typ(&token).unwrap(), CLAIMS);
        assert_eq!(other.verify_any_typ(&token), Err(VerifyError::Signature));
    }
    assert_ne!(signer, other);
}

/// ST-04
#[test]
fn new_keys_are_as_strong_as_128_bits() {
    assert_eq!(Algorithm::default(), Algorithm::Es256);
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
        let (signer, _) = generate(algorithm);
        let modulus = signer.public_jwk().unwrap()["n"].as_str().unwrap();
        let bytes = text::from_base64url(modulus).unwrap();
        assert_eq!(bytes.len() * 8, 3072, "{algorithm}");
    }
}

#[test]
fn the_published_key_verifies_and_holds_public_members_alone() {
    for (algorithm, members) in [
        (
            Algorithm::Es256,
            vec!["alg", "crv", "kid", "kty", "use", "x", "y"],
        ),
        (Algorithm::Rs256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        (Algorithm::Ps256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        (
            Algorithm::EdDsa,
            vec!["alg", "crv", "kid", "kty", "use", "x"],
        ),
    ] {
        let (signer, _) = generate(algorithm);
        let token = signer.sign(Typ::AccessToken, CLAIMS).unwrap();

        let jwk = signer.public_jwk().unwrap();

        let mut names: Vec<_> = jwk
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(names, members);
        assert_eq!(jwk["kid"], signer.key_id());
        assert_eq!(jwk["use"], "sig");
        assert_eq!(jwk["alg"], algorithm.as_str());
        assert_eq!(jwk::thumbprint(jwk).unwrap(), signer.key_id());
        assert_eq!(verify_with_jwk(jwk, &token).unwrap(), CLAIMS);
        serde_json::from_value::<jsonwebtoken::jwk::Jwk>(jwk.clone()).expect("others can read it");
    }
}

#[test]
fn a_shared_secret_is_never_published_nor_shown_by_its_id() {
    let (signer, private) = generate(Algorithm::Hs256);

    assert_eq!(signer.public_jwk(), None);
    assert_eq!(signer.key_id().len(), 22);
    let jwk = format!(
        r#"{{"k":"{}","kty":"oct"}}"#,
        text::base64url(private.as_bytes())
    );
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, jwk.as_bytes());
    assert!(!text::base64url(thumbprint).starts_with(signer.key_id()));
}

#[test]
fn a_seed_repeats_keys() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let (first, _) = Signer::generate(algorithm, &Entropy::seeded(1));
        let (same, _) = Signer::generate(algorithm, &Entropy::seeded(1));
        let (other, _) = Signer::generate(algorithm, &Entropy::seeded(2));

        assert_eq!(first.key_id(), same.key_id());
        assert_ne!(first.key_id(), other.key_id());
    }
}

#[test]
fn coordinates_keep_their_leading_zeros() {
    // About one key in 128 has a coordinate that starts with a zero byte; four hundred miss it once in 20.
    let entropy = Entropy::seeded(1);
    let mut zeros = 0;
    for _ in 0..400 {
        let (signer, _) = Signer::generate(Algorithm::Es256, &entropy);
        let jwk = signer.public_jwk().unwrap();
        for name in ["x", "y"] {
            let coordinate = text::from_base64url(jwk[name].as_str().unwrap()).unwrap();
            assert_eq!(coordinate.len(), 32);
            zeros += usize::from(coordinate[0] == 0);
        }
    }
    assert!(zeros > 0);
}

#[test]
fn rfc_8037_a_1_key_signs_as_in_a_4() {
    let seed = text::from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let private = PrivateKey::from_bytes(pair.to_pkcs8v1().unwrap().as_ref().to_vec());

    let signer = Signer::from_private(Algorithm::EdDsa, &private).unwrap();
    let mut token = String::from("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    signer.key.sign_at_the_end(&mut token).unwrap();

    assert_eq!(
        signer.key_id(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert!(token.ends_with(
        ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    ));
}

#[test]
fn an_ed25519_key_is_written_in_the_form_that_others_read() {
    let (_, private) = generate(Algorithm::EdDsa);

    assert_eq!(private.as_bytes().len(), 48);
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let (_, p256) = generate(Algorithm::Es256);
    let (_, ed25519) = generate(Algorithm::EdDsa);
    let p384 =
        EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let p384 = PrivateKey::from_bytes(p384.to_pkcs8v1().unwrap().as_ref().to_vec());
    let junk = PrivateKey::from_bytes(vec![0x30; 100]);
    let refused = |algorithm, key: &PrivateKey| Signer::from_private(algorithm, key).err();

    assert_eq!(refused(Algorithm::Es256, &p384), Some(KeyError::Malformed));
    assert_eq!(
        refused(Algorithm::Es256, &ed25519),
        Some(KeyError::Malformed)
    );
    assert_eq!(refused(Algorithm::EdDsa, &p256), Some(KeyError::Malformed));
    assert_eq!(refused(Algorithm::Rs256, &p256), Some(KeyError::Malformed));
    assert_eq!(
        refused(Algorithm::Ps256, &ed25519),
        Some(KeyError::Malformed)
    );
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::EdDsa,
    ] {
        assert_eq!(refused(algorithm, &junk), Some(KeyError::Malformed));
    }
}

#[test]
fn a_shared_secret_has_32_to_64_bytes() {
    for (len, accepted) in [(0, false), (31, false), (32, true), (64, true), (65, false)] {
        let key = PrivateKey::from_bytes(vec![7; len]);

        assert_eq!(
            Signer::from_private(Algorithm::Hs256, &key).is_ok(),
            accepted,
            "{len}"
        );
    }
}

#[test]
fn a_damaged_private_key_is_refused_or_another_key() {
    let (signer, private) = generate(Algorithm::Es256);
    for byte in 0..private.as_bytes().len() {
        let mut damaged = private.as_bytes().to_vec();
        damaged[byte] ^= 1;
        if let Ok(other) = Signer::from_private(Algorithm::Es256, &PrivateKey::from_bytes(damaged))
        {
            assert_eq!(
                other.key_id() == signer.key_id(),
                other.public_jwk() == signer.public_jwk()
            );
        }
    }
}

#[test]
fn debug_shows_algorithm_and_id_alone() {
    let (signer, _) = generate(Algorithm::Hs256);

    let shown = format!("{signer:?}");

    assert_eq!(
        shown,
        format!(
            "Signer {{ algorithm: Hs256, key_id: {:?}, .. }}",
            signer.key_id()
        )
    );
}

#[test]
fn a_signer_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}

    shared::<Signer>();
    shared::<Verifier>();
    shared::<Entropy>();
}
