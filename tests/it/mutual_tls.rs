//! Clients with certificates (RFC 8705), from the certificate to the token: over real TLS, here and through
//! proxies that pass certificates on.

mod in_rust;
mod kit;
pub(crate) mod peers;
mod proxies;

use serde_json::json;

use self::kit::{House, grant};
use crate::harness::{
    assertion::{form, sign, signer},
    certificates::{Authority, Wanted, text},
    process::wait_for,
};

/// CM-01, CM-04, CM-06, CM-07
#[test]
fn a_client_with_its_own_certificate_gets_a_token_bound_to_it() {
    let house = House::start();
    let pair = house.authority.self_signed(Wanted::client("svc"));
    house.create(
        "svc",
        &[
            "--auth-method",
            "self_signed_tls_client_auth",
            "--cert",
            text(&pair.certificate),
        ],
    );

    let answer = house.ask(Some(&pair), &grant("svc"));

    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    assert_eq!(told["token_type"], "Bearer");
    let claims = kit::claims(told["access_token"].as_str().unwrap());
    assert_eq!(claims["cnf"], json!({ "x5t#S256": kit::thumbprint(&pair) }));
    assert_eq!(
        house
            .ask(Some(&pair), "grant_type=client_credentials")
            .json()["error"],
        "invalid_client"
    );
}

/// CM-04, CM-05
#[test]
fn a_client_is_known_by_its_key_whatever_certificate_it_makes_with_it() {
    let house = House::start();
    let first = house.authority.self_signed(Wanted::client("svc"));
    let again = |name, valid| {
        let wanted = Wanted {
            valid,
            ..Wanted::client(name)
        };
        house.authority.self_signed_again(&first, wanted)
    };
    let method = ["--auth-method", "self_signed_tls_client_auth", "--jwks"];
    house.create("svc", &[&method[..], &[text(&first.certificate)]].concat());

    for pair in [&first, &again("next", (-1, 90))] {
        let answer = house.ask(Some(pair), &grant("svc"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let claims = kit::claims(answer.json()["access_token"].as_str().unwrap());
        assert_eq!(claims["cnf"], json!({ "x5t#S256": kit::thumbprint(pair) }));
    }

    let foreign = house.authority.self_signed(Wanted::client("svc-2"));
    for wrong in [&again("old", (-9, -1)), &again("early", (1, 9)), &foreign] {
        let answer = house.ask(Some(wrong), &grant("svc"));
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (401, &json!("invalid_client"))
        );
    }
    let told = house.server.jeton(&["secret", "list", "svc"]).to_string();
    assert!(told.contains("\"certificate_key\""), "{told}");
}

/// CM-02, CM-03
#[test]
fn a_client_is_known_by_what_its_authority_says_of_it() {
    let house = House::start();
    let pair = house.authority.issue(Wanted::client("svc"));
    let names = [
        "--auth-method",
        "tls_client_auth",
        "--tls-subject-dn",
        "cn=SVC, o=Example\\, Inc., C=de",
    ];
    house.create("svc", &names);

    assert_eq!(house.ask(Some(&pair), &grant("svc")).status, 200);

    // Anybody can write that name.
    let forged = house.authority.self_signed(Wanted::client("svc"));
    let other = house.authority.issue(Wanted::client("other"));
    let server = house.authority.issue(Wanted::server("svc"));
    for wrong in [&forged, &other, &server] {
        let answer = house.ask(Some(wrong), &grant("svc"));
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (401, &json!("invalid_client"))
        );
    }
}

/// CM-12
#[test]
fn nobody_is_known_by_a_certificate_that_its_authority_revoked() {
    let authority = Authority::new();
    let gone = authority.issue(Wanted::client("gone"));
    let list = authority.revoke(&[&gone], 30);
    let house = House::of(authority, &["--tls-client-crl", text(&list)]);
    let good = house.authority.issue(Wanted::client("good"));
    for id in ["gone", "good"] {
        let name = format!("CN={id},O=Example\\, Inc.,C=DE");
        house.create(id, &["--tls-subject-dn", &name]);
    }
    let own = house.authority.self_signed(Wanted::client("own"));
    house.create("own", &["--cert", text(&own.certificate)]);
    let ask = |pair, id| house.ask(Some(pair), &grant(id)).status;

    assert_eq!((ask(&gone, "gone"), ask(&good, "good")), (401, 200));
    assert_eq!(ask(&own, "own"), 200, "nobody vouches for it anyway");

    // A newer list is taken up while the server runs.
    house.authority.revoke(&[&gone, &good], 30);
    house.server.hang_up();
    wait_for("the newer list", || ask(&good, "good") == 401);
    house.authority.revoke(&[], 30);
    house.server.hang_up();
    wait_for("the newest list", || ask(&gone, "gone") == 200);

    // One that is over says nothing any more: nobody is vouched for until there is another.
    house.authority.revoke(&[], -1);
    house.server.hang_up();
    wait_for("the list that is over", || ask(&good, "good") == 401);
    let is_told = || {
        house
            .server
            .log()
            .contains("no authority vouches for a client")
    };
    wait_for("word of it", is_told);
    assert_eq!(ask(&own, "own"), 200);
}

/// CM-05, CM-10
#[test]
fn without_the_right_certificate_there_is_no_token_anywhere() {
    let house = House::start();
    let one = house.authority.self_signed(Wanted::client("one"));
    let two = house.authority.self_signed(Wanted::client("two"));
    let old = house.authority.self_signed(Wanted {
        valid: (-9, 1),
        ..Wanted::client("old")
    });
    house.create("one", &["--cert", text(&one.certificate)]);
    house.create("two", &["--cert", text(&two.certificate)]);

    for (shown, id) in [
        (None, "one"),
        (Some(&two), "one"),
        (Some(&one), "two"),
        (Some(&old), "one"),
    ] {
        let answer = house.ask(shown, &grant(id));
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (401, &json!("invalid_client")),
            "{id}"
        );
    }
    // Where nobody is asked for a certificate, none is seen.
    let answer = house.ask_at(house.server.issuer(), Some(&one), &grant("one"));
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (401, &json!("invalid_client"))
    );
}

/// CM-06, CM-11
#[test]
fn a_client_whose_tokens_must_be_bound_gets_none_without_a_certificate() {
    let house = House::start();
    let secret = house.create("bound", &["--certificate-required"]);
    let form = format!("{}&client_secret={secret}", grant("bound"));
    let pair = house.authority.self_signed(Wanted::client("anything"));

    let unbound = house.ask(None, &form);
    assert_eq!(
        (unbound.status, &unbound.json()["error"]),
        (400, &json!("invalid_request"))
    );

    let bound = house.ask(Some(&pair), &form).json();
    let claims = kit::claims(bound["access_token"].as_str().unwrap());
    assert_eq!(claims["cnf"]["x5t#S256"], kit::thumbprint(&pair));
}

/// AT-05, IN-01
#[test]
fn introspection_tells_the_certificate_that_a_token_is_bound_to() {
    let house = House::start();
    let pair = house.authority.self_signed(Wanted::client("svc"));
    house.create("svc", &["--cert", text(&pair.certificate)]);
    let sales = house.authority.self_signed(Wanted::client("sales"));
    house.server.jeton(&[
        "client",
        "create",
        "Sales",
        "--id",
        "sales",
        "--introspects",
        "https://sales.test",
        "--cert",
        text(&sales.certificate),
    ]);
    let token = house.ask(Some(&pair), &grant("svc")).json()["access_token"].take();

    // The resource server proves itself with a certificate too.
    let form = format!("client_id=sales&token={}", token.as_str().unwrap());
    let told = house
        .post(&house.mutual("/oauth2/introspect"), Some(&sales), &form)
        .json();

    assert_eq!(told["active"], true);
    assert_eq!(told["cnf"]["x5t#S256"], kit::thumbprint(&pair));
}

#[test]
fn a_client_moves_from_a_secret_to_a_certificate_and_on_to_the_next() {
    let house = House::start();
    let secret = house.create("svc", &[]);
    let by_secret = format!("{}&client_secret={secret}", grant("svc"));
    let (one, two) = (
        house.authority.self_signed(Wanted::client("one")),
        house.authority.self_signed(Wanted::client("two")),
    );

    house
        .server
        .jeton(&["secret", "rotate", "svc", "--cert", text(&one.certificate)]);
    assert_eq!(house.ask(None, &by_secret).status, 200);
    assert_eq!(house.ask(Some(&one), &grant("svc")).status, 200);
    house.server.jeton(&["secret", "retire", "svc"]);
    assert_eq!(house.ask(None, &by_secret).status, 401);

    house.server.jeton(&[
        "secret",
        "rotate",
        "svc",
        "--cert",
        text(&two.certificate),
        "--overlap",
        "0",
    ]);
    assert_eq!(house.ask(Some(&one), &grant("svc")).status, 401);
    assert_eq!(house.ask(Some(&two), &grant("svc")).status, 200);
}

#[test]
fn a_certificate_is_refused_that_is_dead_or_none() {
    let house = House::start();
    let old = house.authority.self_signed(Wanted {
        valid: (-9, -2),
        ..Wanted::client("old")
    });
    for (flags, about) in [
        (["--cert", text(&old.certificate)], "expired"),
        (["--cert", text(&old.key)], "private key"),
        (["--tls-subject-dn", "nonsense"], "RFC 4514"),
        (["--tls-san-ip", "nonsense"], "IP address"),
    ] {
        let output = house
            .server
            .run(&[&["client", "create", "A", "--id", "a"], &flags[..]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(about), "{said}");
    }
}

/// FP-01, FP-05, CM-04
#[test]
fn a_strict_server_gives_bound_tokens_to_certificates_and_none_to_secrets() {
    let house = House::start_with(&["--profile", "fapi2"]);
    let pair = house.authority.self_signed(Wanted::client("svc"));
    let method = ["--auth-method", "self_signed_tls_client_auth", "--cert"];
    let certificate = text(&pair.certificate);
    house.create("svc", &[&method[..], &[certificate]].concat());
    let secret = house.create("weak", &[]);

    let answer = house.ask(Some(&pair), &grant("svc"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let claims = kit::claims(answer.json()["access_token"].as_str().unwrap());
    assert_eq!(claims["cnf"], json!({ "x5t#S256": kit::thumbprint(&pair) }));

    let form = format!("{}&client_secret={secret}", grant("weak"));
    for shown in [None, Some(&pair)] {
        let refused = house.ask(shown, &form);
        assert_eq!(refused.json()["error"], "invalid_client", "{refused:?}");
    }
}

/// FP-01, FP-05, CJ-01
#[test]
fn a_strict_server_binds_the_tokens_of_a_key_to_the_certificate_it_comes_with() {
    let house = House::start_with(&["--profile", "fapi2"]);
    let key = signer(1);
    let jwk = key.public_jwk().unwrap().to_string();
    let file = house.authority.write("svc.jwk", &jwk);
    house.create(
        "svc",
        &["--auth-method", "private_key_jwt", "--jwks", text(&file)],
    );
    let issuer = house.server.issuer();
    let asks = |id: &str| {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let claims = json!({
            "iss": "svc", "sub": "svc", "aud": issuer, "jti": id, "iat": now, "exp": now + 60,
        });
        form(&sign(&key, &claims), "")
    };
    let pair = house.authority.self_signed(Wanted::client("svc"));

    let answer = house.ask(Some(&pair), &asks("one"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let claims = kit::claims(answer.json()["access_token"].as_str().unwrap());
    assert_eq!(claims["cnf"], json!({ "x5t#S256": kit::thumbprint(&pair) }));

    // Bound to nothing, there is no token; and the certificate alone proves nobody.
    let bare = house.ask(None, &asks("two"));
    assert_eq!(bare.json()["error"], "invalid_request", "{bare:?}");
    let unsigned = house.ask(Some(&pair), &grant("svc"));
    assert_eq!(unsigned.json()["error"], "invalid_client", "{unsigned:?}");
}

#[test]
fn a_server_that_becomes_strict_says_whom_it_refuses_from_now_on() {
    let mut house = House::start_with(&["--profile", "fapi2"]);
    house.create("weak", &[]);
    house.server.restart();
    let log = house.server.log();
    assert!(log.contains("the profile fapi2 refuses weak"), "{log}");
}
