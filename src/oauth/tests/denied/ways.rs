//! Every way in which a client can prove itself, by its method.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use zeroize::Zeroizing;

use super::super::*;
use crate::{
    crypto::{
        certificate::Certificate,
        password::PasswordHash,
        signer::{Algorithm, PrivateKey, Signer},
    },
    domain::{
        credential::{
            CertificateSubject, Federation, FederationKeys, Method, PinnedCertificate, PublicKey,
        },
        secret::{PlainSecret, Proof as SecretProof, SharedSecret},
    },
    oauth::fixtures::NOW,
};

const PLATFORM: &str = "https://platform.example";

/// A way of a client to prove itself, and what it sends.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) proof: SecretProof,
    pub(super) header: Option<String>,
    pub(super) form: String,
    pub(super) certificate: Option<ClientCertificate>,
}

/// Every way of this method.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn ways(method: Method, world: &World) -> Vec<Way> {
    let plain = PlainSecret::generate(&world.entropy);
    let secret = plain.reveal();
    let by_form = format!("&client_id=service&client_secret={}", escaped(secret));
    let way = |name, proof, form: String| Way {
        name,
        proof,
        header: None,
        form,
        certificate: None,
    };
    match method {
        Method::ClientSecret => {
            let generated = || SecretProof::of_generated(&plain, world.registry.pepper());
            let chosen = PasswordHash::of(secret, &world.entropy);
            vec![
                Way {
                    header: Some(basic("service", secret)),
                    ..way("basic", generated(), String::new())
                },
                way("body", generated(), by_form.clone()),
                way("chosen", SecretProof::Password(chosen), by_form),
            ]
        }
        Method::ClientSecretJwt => {
            let key = PrivateKey::from_bytes(secret.as_bytes().to_vec());
            let signer = Signer::from_private(Algorithm::Hs256, &key).unwrap();
            let shared = SharedSecret::new(Zeroizing::new(secret.to_owned()));
            vec![way(
                "its secret signs",
                SecretProof::Shared(shared),
                assertion_form(&signer, &own_claims()),
            )]
        }
        Method::PrivateKeyJwt => {
            let (signer, _) = Signer::generate(Algorithm::Es256, &world.entropy);
            let proof = SecretProof::Key(public(&signer));
            vec![way(
                "its key signs",
                proof,
                assertion_form(&signer, &own_claims()),
            )]
        }
        Method::TlsClientAuth => {
            let shown = certificate();
            let name = CertificateSubject::Dn("CN=service".to_owned());
            vec![showing("a subject", SecretProof::Subject(name), shown)]
        }
        Method::SelfSignedTlsClientAuth => {
            let shown = certificate();
            let pinned = PinnedCertificate {
                thumbprint: shown.certificate.thumbprint().to_owned(),
                subject: shown.certificate.subject().to_string(),
                not_after: Timestamp(shown.certificate.not_after()),
            };
            vec![showing(
                "a certificate",
                SecretProof::Certificate(pinned),
                shown,
            )]
        }
        Method::Federated => {
            let (signer, _) = Signer::generate(Algorithm::Es256, &world.entropy);
            let trust = Federation {
                issuer: PLATFORM.to_owned(),
                subject: "workload".to_owned(),
                audience: "https://as.test".to_owned(),
                claims: std::collections::BTreeMap::new(),
                max_age: Span::minutes(10),
                algorithms: std::collections::BTreeSet::new(),
                keys: FederationKeys::Given(vec![public(&signer)]),
            };
            let claims = json!({
                "iss": PLATFORM, "sub": "workload", "aud": "https://as.test", "iat": NOW.0 - 5,
                "exp": NOW.0 + 300,
            });
            let proof = SecretProof::Federated(Arc::new(trust));
            vec![way("its platform", proof, assertion_form(&signer, &claims))]
        }
    }
}

fn showing(name: &'static str, proof: SecretProof, shown: ClientCertificate) -> Way {
    Way {
        name,
        proof,
        header: None,
        form: "&client_id=service".to_owned(),
        certificate: Some(shown),
    }
}

fn public(signer: &Signer) -> PublicKey {
    PublicKey::from_jwk(signer.public_jwk().unwrap()).unwrap()
}

fn own_claims() -> Value {
    json!({
        "iss": "service", "sub": "service", "aud": "https://as.test", "jti": "one", "iat": NOW.0,
        "exp": NOW.0 + 60,
    })
}

fn assertion_form(signer: &Signer, claims: &Value) -> String {
    let header = json!({"alg": signer.algorithm().as_str(), "typ": "JWT", "kid": signer.key_id()});
    let text = signer.sign_any(&header.to_string(), &claims.to_string());
    format!(
        "&client_assertion={}&client_assertion_type={}",
        escaped(&text),
        escaped("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    )
}

fn certificate() -> ClientCertificate {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "service");
    params.not_before = rcgen::date_time_ymd(2027, 1, 1);
    params.not_after = rcgen::date_time_ymd(2028, 1, 1);
    let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    ClientCertificate {
        certificate: Certificate::from_der(made.der()).unwrap(),
        is_vouched_for: true,
    }
}
