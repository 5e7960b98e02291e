//! `jeton token` in each way in which a client may prove itself, and with a key that the token is bound to.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use jeton::crypto::{
    jws::decode_unverified,
    random::Entropy,
    signer::{Algorithm, PrivateKey, Signer, Typ},
};
use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::{
    cli::kit::{Ended, Terminal},
    harness::{
        assertion::signer,
        certificates::{Authority, Wanted, secure, text},
        process::ServerProcess,
    },
};

const API: &str = "https://sales.test";

/// A server with an API, and a terminal where its clients work.
struct Service {
    server: ServerProcess,
    terminal: Terminal,
}

impl Service {
    fn start() -> Self {
        Self::of(ServerProcess::start())
    }

    fn of(server: ServerProcess) -> Self {
        let terminal = Terminal::at(server.home()).with("JETON_DATA", "data");
        let api = ["api", "create", API, "--name", "Sales", "--scope", "read"];
        terminal.jeton(&api).assert(0);
        Self { server, terminal }
    }

    /// Makes the client `a` with these flags.
    #[track_caller]
    fn with_client(self, more: &[&str]) -> Self {
        let grant = format!("{API}=read");
        let client = ["client", "create", "A", "--id", "a", "--grant", &grant];
        self.terminal.jeton(&[&client, more].concat()).assert(0);
        self
    }

    /// The same that signs with its secret, which is in the file `secret`.
    #[track_caller]
    fn with_secret(self, more: &[&str]) -> Self {
        self.with_client(&[&["--secret-file", "secret"], more].concat())
    }

    /// `jeton token` as the client, with further flags.
    fn ask(&self, more: &[&str]) -> Ended {
        let issuer = self.server.issuer();
        let words = ["token", "--issuer", issuer, "--client-id", "a"];
        self.terminal.jeton(&[&words, more].concat())
    }

    /// What the token says that these flags get.
    #[track_caller]
    fn claims(&self, more: &[&str]) -> Value {
        let ended = self.ask(more);
        let claims = claims(ended.assert(0).out.trim());
        assert_eq!(claims["client_id"], "a");
        claims
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.server.home().join(name), content).unwrap();
    }

    fn exists(&self, name: &str) -> bool {
        self.server.home().join(name).exists()
    }
}

/// What a token says.
fn claims(token: &str) -> Value {
    decode_unverified(token).unwrap().1
}

/// A key in PEM, and its public half as a client is registered with it.
fn key_of(algorithm: Algorithm) -> (String, String) {
    let (signer, private) = Signer::generate(algorithm, &Entropy::seeded(5));
    (pem(&private), signer.public_jwk().unwrap().to_string())
}

fn pem(private: &PrivateKey) -> String {
    let body = STANDARD.encode(private.as_bytes());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// CJ-03
#[test]
fn a_private_key_of_each_kind_gets_a_token() {
    for (algorithm, more) in [
        (Algorithm::Es256, &[][..]),
        (Algorithm::EdDsa, &[]),
        (Algorithm::Rs256, &[]),
        (Algorithm::Ps256, &["--rsa-algorithm", "PS256"]),
    ] {
        let service = Service::start();
        let (private, public) = key_of(algorithm);
        service.write("key.pem", &private);
        service.write("key.jwk", &public);
        let service = service.with_client(&["--jwks", "key.jwk"]);

        let claims = service.claims(&[&["--key", "key.pem"], more].concat());

        assert_eq!(claims.get("cnf"), None, "{algorithm}");
    }
}

/// CJ-19
#[test]
fn a_secret_signs_where_it_is_told_to() {
    let service = Service::start().with_secret(&["--auth-method", "client_secret_jwt"]);

    service.claims(&["--client-secret-file", "secret", "--secret-signs"]);
    let sent = service.ask(&["--client-secret-file", "secret"]);
    sent.assert_one_line(1, "invalid_client");
    service.write("short", "too short to sign with");
    let short = service.ask(&["--client-secret-file", "short", "--secret-signs"]);
    short.assert_one_line(1, "takes 32 characters");
}

/// CF-01
#[test]
fn a_platforms_token_gets_a_token() {
    let service = Service::start();
    let platform = signer(5);
    let keys = json!({ "keys": [platform.public_jwk().unwrap()] });
    service.write("keys.json", &keys.to_string());
    let issuer = service.server.issuer().to_owned();
    let service = service.with_client(&[
        "--federated-issuer",
        "https://idp.test",
        "--federated-subject",
        "job",
        "--federated-jwks",
        "keys.json",
    ]);
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let token = |subject: &str| {
        let claims = json!({
            "iss": "https://idp.test", "sub": subject, "aud": issuer, "iat": now, "exp": now + 300,
        });
        let text = claims.to_string();
        platform.sign(Typ::ClientAuthentication, text.as_bytes())
    };
    service.write("token", &(token("job").unwrap() + "\n"));
    service.write("other", &token("other").unwrap());

    service.claims(&["--assertion-file", "token"]);
    let other = service.ask(&["--assertion-file", "other"]);

    other.assert_one_line(1, "it does not trust this token");
}

/// A server with TLS that asks for certificates, and a client with one of its own.
fn with_certificate(authority: &Authority, more: &[&str]) -> (Service, [String; 4]) {
    let (server, _) = secure(authority, &[]);
    let own = authority.self_signed(Wanted::client("own"));
    let mut service = Service::of(server);
    let ca = authority.file();
    service.terminal = service.terminal.with("SSL_CERT_FILE", text(&ca));
    let words = ["--cert", text(&own.certificate)];
    let service = service.with_client(&[&words, more].concat());
    let path = |path: &Path| text(path).to_owned();
    let flags = [
        "--cert".to_owned(),
        path(&own.certificate),
        "--cert-key".to_owned(),
        path(&own.key),
    ];
    (service, flags)
}

/// CM-01
#[test]
fn a_certificate_gets_a_token_that_is_bound_to_it() {
    let authority = Authority::new();
    let (service, flags) = with_certificate(&authority, &[]);
    let flags = flags.each_ref().map(String::as_str);

    let claims = service.claims(&flags);

    assert!(claims["cnf"]["x5t#S256"].is_string(), "{claims}");
    let stranger = authority.self_signed(Wanted::client("stranger"));
    let unknown = service.ask(&[
        "--cert",
        text(&stranger.certificate),
        "--cert-key",
        text(&stranger.key),
    ]);
    unknown.assert_one_line(1, "not known by this certificate");
    let mixed = service.ask(&["--cert", flags[1], "--cert-key", text(&stranger.key)]);
    mixed.assert_one_line(1, "does not belong to the certificate");
}

/// DP-01, CM-01
#[test]
fn a_certificate_proves_the_client_and_a_key_binds_the_token() {
    let authority = Authority::new();
    let (service, flags) = with_certificate(&authority, &["--dpop-required"]);
    let flags = flags.each_ref().map(String::as_str);

    let claims = service.claims(&[&flags[..], &["--dpop-key", "bound.pem"]].concat());

    assert!(claims["cnf"]["jkt"].is_string(), "{claims}");
    assert_eq!(claims["cnf"].get("x5t#S256"), None);
}

/// CM-11
#[test]
fn a_certificate_binds_the_token_of_who_signs_with_a_key() {
    let authority = Authority::new();
    let (server, _) = secure(&authority, &[]);
    let mut service = Service::of(server);
    let ca = authority.file();
    service.terminal = service.terminal.with("SSL_CERT_FILE", text(&ca));
    let (private, public) = key_of(Algorithm::Es256);
    service.write("key.pem", &private);
    service.write("key.jwk", &public);
    let words = ["--jwks", "key.jwk", "--certificate-required"];
    let service = service.with_client(&words);
    let own = authority.self_signed(Wanted::client("own"));

    let claims = service.claims(&[
        "--key",
        "key.pem",
        "--cert",
        text(&own.certificate),
        "--cert-key",
        text(&own.key),
    ]);

    assert!(claims["cnf"]["x5t#S256"].is_string(), "{claims}");
}

/// DP-01, DP-10
#[test]
fn a_token_is_bound_to_a_key_that_is_kept_or_forgotten_with_and_without_a_nonce() {
    let service = Service::start().with_secret(&["--dpop-required"]);
    let secret = ["--client-secret-file", "secret"];
    let bound = |more: &[&str]| service.ask(&[&secret, more].concat());
    bound(&[]).assert_one_line(1, "give --dpop-key FILE");
    for nonces in ["false", "true"] {
        let settings = ["settings", "set", "--dpop-nonces", nonces];
        service.terminal.jeton(&settings).assert(0);

        let forgotten = bound(&["--dpop"]);
        let kept = bound(&["--dpop-key", "bound.pem", "--json"]);
        let again = bound(&["--dpop-key", "bound.pem", "--json"]);

        let said = &forgotten.assert(0).err;
        assert!(said.contains("nobody can use this token"), "{said}");
        let [kept, again] = [kept, again].map(|it| it.assert(0).json());
        assert_eq!(kept["token_type"], "DPoP");
        let thumbprint = |answer: &Value| {
            let claims = claims(answer["access_token"].as_str().unwrap());
            claims["cnf"]["jkt"].clone()
        };
        assert!(thumbprint(&kept).is_string());
        assert_eq!(thumbprint(&kept), thumbprint(&again));
        let forgotten = claims(forgotten.out.trim());
        assert_ne!(forgotten["cnf"]["jkt"], thumbprint(&kept));
    }
}

#[test]
fn what_cannot_prove_anything_is_said_before_anybody_is_asked() {
    let service = Service::start().with_secret(&[]);
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    service.write("p384.pem", &p384.serialize_pem());
    service.write("public.pem", &p384.public_key_pem());
    let other = KeyPair::generate().unwrap();
    service.write("other.pem", &other.serialize_pem());
    let certificate = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
    let certificate = certificate.self_signed(&other).unwrap();
    service.write("own.pem", &certificate.pem());

    for (flags, about) in [
        (&["--key", "p384.pem"][..], "take a key of P-256"),
        (&["--key", "public.pem"], "no private key in PEM"),
        (&["--key", "nowhere.pem"], "nowhere.pem"),
        (&["--key", "other.pem"], "none of its keys is this one"),
        (&["--assertion-file", "nowhere"], "nowhere"),
        (
            &["--cert", "own.pem", "--cert-key", "other.pem"],
            "nobody to show a certificate to",
        ),
    ] {
        let ended = service.ask(flags);
        let code = if flags[1] == "nowhere" { 2 } else { 1 };
        ended.assert_one_line(code, about);
    }
    for flags in [
        &[][..],
        &["--secret-signs"],
        &["--cert", "own.pem"],
        &["--cert-key", "other.pem"],
        &["--key", "other.pem", "--client-secret-file", "secret"],
        &["--key", "other.pem", "--assertion-file", "secret"],
        &["--key", "other.pem", "--secret-signs"],
        &["--client-secret-file", "secret", "--rsa-algorithm", "PS256"],
    ] {
        assert_eq!(service.ask(flags).code, 2, "{flags:?}");
    }
    let refused = service.ask(&["--key", "p384.pem", "--dpop-key", "bound.pem"]);
    refused.assert(1);
    assert!(!service.exists("bound.pem"), "nothing is made for nothing");
}
