//! What is no assertion by its form, its type or its algorithm.

use super::*;

/// CJ-11, CJ-12, CJ-13, JW-05
#[test]
fn a_token_for_something_else_is_no_assertion() {
    let signed = Signed::with(Algorithm::Es256);
    let with = |header: Value| signed.present(&sign(&signed.signer, header, &claims()));
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("client-authentication+jwt"),
        Value::Null,
    ] {
        assert!(with(json!({ "typ": typ })).is_ok(), "{typ}");
    }
    for typ in [
        "at+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
        "oauth-client-attestation+jwt",
        "",
    ] {
        assert_eq!(refusal(with(json!({ "typ": typ }))), AssertionError::Typ);
    }
    for extension in [json!([]), json!(["exp"]), json!(["x"])] {
        assert!(with(json!({ "crit": extension })).is_err());
    }
    assert!(with(json!({ "b64": false })).is_err());
    assert!(with(json!({ "zip": "DEF" })).is_err());
    let (mallory, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(10));
    let own = mallory.public_jwk().unwrap();
    for header in [
        json!({ "jwk": own }),
        json!({ "kid": signed.signer.key_id(), "jwk": own }),
        json!({ "jku": "https://mallory.test/jwks" }),
        json!({ "kid": "../../etc/passwd" }),
        json!({ "kid": null }),
    ] {
        let forged = sign(&mallory, header, &claims());
        assert_eq!(refusal(signed.present(&forged)), AssertionError::Key);
    }
    let access = signed
        .signer
        .sign(Typ::AccessToken, claims().to_string().as_bytes());
    assert_eq!(
        refusal(signed.present(&access.unwrap())),
        AssertionError::Typ
    );
}

/// CJ-10, JW-01
#[test]
fn the_key_decides_the_algorithm() {
    let signed = Signed::with(Algorithm::Rs256);
    for alg in [
        json!("none"),
        json!("None"),
        json!(""),
        json!(7),
        json!(["RS256"]),
        json!("PS256"),
        json!("HS256"),
        json!("ES256"),
        json!("RS512"),
    ] {
        let header = json!({ "alg": alg });
        let forged = sign(&signed.signer, header, &claims());
        assert!(signed.present(&forged).is_err(), "{alg}");
    }
    // The public key as the secret of an HMAC: the classic.
    let jwk = signed.signer.public_jwk().unwrap().to_string();
    let confused = sign(
        &shared(&jwk[..62]),
        json!({ "kid": signed.signer.key_id() }),
        &claims(),
    );
    assert_eq!(refusal(signed.present(&confused)), AssertionError::Key);
    let unsecured = format!(
        "{}.{}.",
        base64url("{\"alg\":\"none\"}"),
        base64url(claims().to_string())
    );
    assert!(signed.present(&unsecured).is_err());
}

/// CJ-17, CJ-18, JW-03, JW-04, JW-06, JW-09
#[test]
#[expect(clippy::too_many_lines, reason = "a list is as long as it is")]
fn two_hundred_bad_forms_are_refused_alike() {
    let signed = Signed::with(Algorithm::Es256);
    let good = sign(&signed.signer, json!({"typ": "JWT"}), &claims());
    assert!(signed.present(&good).is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    let text = claims().to_string();
    let mut bad = vec![
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        parts[0].to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{good}.{}.{}", parts[1], parts[2]),
        json!({"payload": parts[1], "protected": parts[0], "signature": parts[2]}).to_string(),
        "x".repeat(20_000),
        format!("{good}.{}.{}", parts[0], parts[2]),
    ];
    for cut in 1..100 {
        bad.push(good[..good.len() - cut].to_owned());
    }
    for n in 0..60 {
        let at = n * (good.len() - 1) / 60;
        let other = if good.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut changed = good.clone();
        changed.replace_range(at..=at, other);
        bad.push(changed);
    }
    let twice = |name: &str| text.replacen('{', &format!("{{\"{name}\":\"x\","), 1);
    let odd = [
        "[]",
        "7",
        "null",
        "\"x\"",
        "{",
        "{}x",
        "\u{feff}{}",
        "{\"exp\":1e400}",
        "{\"exp\":NaN}",
    ];
    let odd = odd.into_iter().map(str::to_owned);
    for claims in odd.chain(["iss", "sub", "aud", "exp", "jti", "iat"].map(twice)) {
        bad.push(sign_text(&signed.signer, json!({}), &claims));
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    bad.push(sign_text(&signed.signer, json!({}), &deep));
    for claims in [
        "\u{0}",
        "// x\n{}",
        "{'iss':'svc'}",
        "{\"iss\":\"\\ud800\"}",
    ] {
        bad.push(sign_text(&signed.signer, json!({}), claims));
    }
    let header = base64url("{\"alg\":\"ES256\",\"alg\":\"ES256\"}");
    bad.push(format!("{header}.{}.{}", parts[1], parts[2]));
    bad.extend((0..20).map(|n| good.replace('.', &".".repeat(n + 2))));
    assert!(bad.len() >= 200, "{}", bad.len());
    for text in bad {
        let refused = signed.present(&text).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidClient, "{text}");
        assert_eq!(
            refused.description(),
            "client authentication failed",
            "{text}"
        );
    }
}

/// JW-09
#[test]
fn nothing_is_decrypted_or_unpacked_to_be_refused() {
    let signed = Signed::with(Algorithm::Es256);
    let form = |text: &str| {
        let AssertionError::Form(error) = refusal(signed.present(text)) else {
            panic!("{text}")
        };
        error
    };
    let encrypted = json!({
        "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2s": "AAAAAAAAAAA", "p2c": u32::MAX, "zip": "DEF",
        "kid": signed.signer.key_id(), "typ": "JWT", "cty": "JWT",
    });
    let header = base64url(encrypted.to_string());
    assert_eq!(
        form(&format!("{header}.AAAA.AAAA.AAAA.AAAA")),
        VerifyError::Parts
    );
    let in_three = sign(
        &signed.signer,
        json!({ "alg": "PBES2-HS512+A256KW", "p2c": u32::MAX }),
        &claims(),
    );
    assert_eq!(form(&in_three), VerifyError::Algorithm);
    for algorithm in ["dir", "RSA-OAEP", "ECDH-ES", "A256KW"] {
        let text = sign(
            &signed.signer,
            json!({ "alg": algorithm, "enc": "A256GCM" }),
            &claims(),
        );
        assert_eq!(form(&text), VerifyError::Algorithm, "{algorithm}");
    }
    let packed = sign(&signed.signer, json!({ "zip": "DEF" }), &claims());
    assert_eq!(form(&packed), VerifyError::Extension("zip"));
}
