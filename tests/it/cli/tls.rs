//! A server with a certificate: what it says of bad files, and how it takes up new ones.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cli::kit::Home;
use crate::harness::certificates::{Authority, Pair, Wanted, text};
use crate::harness::curl::curl;
use crate::harness::process::{ServerProcess, free_address, wait_for};

fn flags(pair: &Pair) -> [&str; 4] {
    [
        "--tls-cert",
        text(&pair.certificate),
        "--tls-key",
        text(&pair.key),
    ]
}

/// The common name of the certificate that a server shows.
fn shown(server: &ServerProcess) -> String {
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253",
            server.address()
        ))
        .output()
        .unwrap();
    let subject = String::from_utf8(output.stdout).unwrap();
    let (_, name) = subject.split_once("CN=").unwrap_or_default();
    name.split(',').next().unwrap().to_owned()
}

#[test]
fn a_server_with_a_certificate_serves_clients_and_operators_by_https() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("one"));
    let operators = free_address().to_string();
    let mut words = flags(&pair).to_vec();
    words.extend(["--operator-listen", &operators]);
    let server = ServerProcess::start_with(&words);
    let ca = authority.file();

    assert!(server.issuer().starts_with("https://"));
    let metadata = format!("{}/.well-known/oauth-authorization-server", server.issuer());
    let answer = curl(&["--cacert", text(&ca), &metadata]);
    assert_eq!(answer.json()["issuer"], server.issuer());
    // Whoever else is served by this name is left in peace.
    assert_eq!(answer.header("strict-transport-security"), "");
    let console = curl(&[
        "--cacert",
        text(&ca),
        &format!("https://{operators}/admin/v1/clients"),
    ]);
    assert_eq!(console.status, 401);
    assert!(
        server
            .log()
            .contains(&format!("  https://{operators}/console/set-up?code="))
    );

    let elsewhere =
        ServerProcess::start_with(&[&flags(&pair)[..], &["--issuer", "https://as.test"]].concat());
    let ready = format!("https://{}/health/ready", elsewhere.address());
    let answer = curl(&["--cacert", text(&ca), &ready]);
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000"
    );
}

/// TLS-01
#[test]
fn what_is_said_of_tls_must_agree() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("one"));
    let [a, cert, b, key] = flags(&pair);
    let ca = authority.file();
    let cases: [(&[&str], &str); 10] = [
        (&[a, cert], "--tls-cert needs --tls-key"),
        (&[b, key], "--tls-key needs --tls-cert"),
        (
            &["--mtls-listen", "127.0.0.1:0"],
            "--mtls-listen needs --tls-cert",
        ),
        (
            &["--tls-client-ca", text(&ca)],
            "--tls-client-ca has no use",
        ),
        (
            &["--tls-client-crl", text(&ca)],
            "--tls-client-crl needs --tls-client-ca",
        ),
        (
            &["--mtls-url", "https://mtls.test"],
            "--mtls-url has no use",
        ),
        (&["--profile", "fapi2"], "--profile fapi2 wants TLS"),
        (
            &["--client-certificate-from", "client-cert"],
            "needs --behind-proxy",
        ),
        (
            &[a, cert, b, key, "--issuer", "http://as.test"],
            "the issuer http://as.test is plain HTTP, and with --tls-cert",
        ),
        (
            &[
                a,
                cert,
                b,
                key,
                "--listen",
                "127.0.0.1:7",
                "--mtls-listen",
                "127.0.0.1:7",
            ],
            "--mtls-listen is 127.0.0.1:7, where others are served",
        ),
    ];
    for (words, about) in cases {
        let home = Home::empty();
        home.jeton(&[&["check"], words].concat())
            .assert_one_line(78, about);
        home.jeton(&[&["serve"], words].concat())
            .assert_one_line(78, about);
        assert!(home.content().is_empty());
    }
}

#[test]
fn with_a_certificate_a_server_may_listen_everywhere() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("one"));
    let place = [
        "check",
        "--listen",
        "0.0.0.0:0",
        "--issuer",
        "https://as.test",
    ];
    Home::empty()
        .jeton(&[&place[..], &flags(&pair)].concat())
        .assert(0);
}

const LOCKED: &str =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_is_wrong() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("one"));
    let other = authority.issue(Wanted::server("two"));
    let old = authority.issue(Wanted {
        valid: (-9, -2),
        ..Wanted::server("old")
    });
    let early = authority.issue(Wanted {
        valid: (2, 9),
        ..Wanted::server("early")
    });
    let nothing = authority.path("nothing.pem");
    let text_file = authority.write("text.pem", "hello\n");
    let locked = authority.write("locked.key", LOCKED);
    let cases: [(&Path, &Path, &str); 9] = [
        (&nothing, &pair.key, "cannot read "),
        (&pair.certificate, &nothing, "nothing.pem: No such file"),
        (
            &text_file,
            &pair.key,
            "text.pem: there is no certificate in PEM in it",
        ),
        (
            &pair.key,
            &pair.key,
            "one.key: there is no certificate in PEM in it",
        ),
        (
            &pair.certificate,
            &pair.certificate,
            "one.pem: there is no private key in PEM in it",
        ),
        (
            &pair.certificate,
            &locked,
            "locked.key: the key in it is encrypted",
        ),
        (
            &pair.certificate,
            &other.key,
            "does not belong to the certificate in",
        ),
        (&old.certificate, &old.key, "old.pem expired at 20"),
        (
            &early.certificate,
            &early.key,
            "early.pem is not valid before 20",
        ),
    ];
    for (certificate, key, about) in cases {
        let words = ["--tls-cert", text(certificate), "--tls-key", text(key)];
        let home = Home::empty();
        home.jeton(&[&["serve"], &words[..]].concat())
            .assert_one_line(78, about);
        home.jeton(&[&["check"], &words[..]].concat())
            .assert_one_line(78, about);
        assert!(home.content().is_empty(), "{about}");
    }
}

/// TLS-06
#[test]
fn a_new_certificate_is_taken_up_and_a_bad_one_leaves_the_old() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("one"));
    let soon = authority.issue(Wanted {
        valid: (-30, 5),
        ..Wanted::server("soon")
    });
    let server = ServerProcess::start_with(&flags(&pair));
    assert_eq!(shown(&server), "one");
    let told = server.jeton(&["status"])["certificate"].take();
    assert_eq!(told["file"], text(&pair.certificate));
    assert_eq!(told["issuer"], "CN=Test Authority");
    assert_eq!(told["names"], json!(["127.0.0.1", "localhost"]));
    let put = |new: &Pair| {
        fs::copy(&new.certificate, &pair.certificate).unwrap();
        fs::copy(&new.key, &pair.key).unwrap();
    };

    // At SIGHUP at once.
    put(&soon);
    server.hang_up();
    wait_for("the new one is shown", || shown(&server) == "soon");
    wait_for("its end is announced", || {
        server.log().contains("one.pem expires at")
    });
    let attention = server.jeton(&["attention", "list"]);
    assert_eq!(attention["server"][0]["rule"], "certificate_ends_soon");

    fs::write(&pair.certificate, "nonsense").unwrap();
    server.hang_up();
    wait_for("the log says so", || {
        server.log().contains("one.pem before stays in use")
            && server.log().contains("no certificate in PEM")
    });
    assert_eq!(shown(&server), "soon");
    let told = server.jeton(&["status"]);
    assert_eq!(told["ready"], "degraded");
    let why = told["certificate"]["last_failure"].as_str().unwrap();
    assert!(why.contains("no certificate in PEM"), "{why}");

    // And without being told.
    put(&authority.issue(Wanted::server("three")));
    wait_for("the third is shown", || shown(&server) == "three");
    wait_for("all is well again", || {
        server.jeton(&["status"])["ready"] == "ready"
    });
}

/// TLS-05, CM-10
#[test]
fn clients_are_asked_for_certificates_where_nothing_of_operators_is() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("one"));
    let mutual = free_address().to_string();
    let ca = authority.file();
    let mut words = flags(&pair).to_vec();
    words.extend(["--mtls-listen", &mutual, "--tls-client-ca", text(&ca)]);
    let server = ServerProcess::start_with(&words);
    let client = authority.issue(Wanted::client("svc"));
    let status = |url: &str, shows: &[&str]| {
        curl(&[&["--cacert", text(&ca)], shows, &[url]].concat()).status
    };
    let shows = [
        "--cert",
        text(&client.certificate),
        "--key",
        text(&client.key),
    ];

    for shows in [&[][..], &shows] {
        assert_eq!(status(&format!("https://{mutual}/oauth2/jwks"), shows), 200);
        assert_eq!(
            status(&format!("https://{mutual}/health/ready"), shows),
            200
        );
        for path in [
            "/console/",
            "/console/sign-in",
            "/admin/v1/clients",
            "/admin/v1/openapi.json",
        ] {
            assert_eq!(
                status(&format!("https://{mutual}{path}"), shows),
                404,
                "{path}"
            );
        }
    }
    let form = ["--data", "grant_type=client_credentials&client_id=nobody"];
    for base in [server.issuer(), &format!("https://{mutual}")] {
        let url = format!("{base}/oauth2/token");
        let answer = curl(&[&["--cacert", text(&ca)], &form[..], &[&url]].concat());
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["error"], "invalid_client");
    }
}

/// CM-12
#[test]
fn a_list_that_is_none_is_named_and_the_server_does_not_start() {
    let authority = Authority::new();
    let pair = authority.issue(Wanted::server("server"));
    let (ca, mutual) = (authority.file(), free_address().to_string());
    let none = authority.write("none.pem", "no list");
    for list in [&none, &ca] {
        let home = Home::empty();
        let words = [
            "serve",
            "--tls-cert",
            text(&pair.certificate),
            "--tls-key",
            text(&pair.key),
            "--mtls-listen",
            &mutual,
            "--tls-client-ca",
            text(&ca),
            "--tls-client-crl",
            text(list),
        ];
        home.jeton(&words)
            .assert_one_line(78, "there is no list of revoked certificates in it");
    }
}
