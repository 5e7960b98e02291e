//! Arbitrary credentials: secrets, keys, certificates, and tokens of other issuers.

use std::sync::Arc;

use proptest::{collection, prelude::*};

use super::{password_hash, time};
use crate::{
    crypto::{
        algorithm::JwsAlgorithm,
        mac::SecretDigest,
        random::Entropy,
        signer::{Algorithm, Signer},
    },
    domain::{
        credential::{
            CertificateSubject, Federation, FederationKeys, PinnedCertificate, PublicKey,
        },
        secret::{Proof, SharedSecret},
        time::Span,
    },
};

pub(super) fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|digest| Proof::Mac(SecretDigest::new(digest))),
        password_hash().prop_map(Proof::Password),
        "[ -~]{32,64}".prop_map(|text| Proof::Shared(SharedSecret::new(text.into()))),
        any::<u64>().prop_map(|seed| Proof::Key(public_key(seed))),
        "https://[a-z]{1,8}\\.test/jwks".prop_map(Proof::KeySet),
        ("[a-zA-Z0-9_-]{43}", "CN=[a-z]{1,8}", time()).prop_map(
            |(thumbprint, subject, not_after)| Proof::Certificate(PinnedCertificate {
                thumbprint,
                subject,
                not_after,
            })
        ),
        any::<u64>().prop_map(|seed| Proof::CertificateKey(public_key(seed))),
        "https://[a-z]{1,8}\\.test/jwks".prop_map(Proof::CertificateKeySet),
        certificate_subject().prop_map(Proof::Subject),
        federation().prop_map(|federation| Proof::Federated(Arc::new(federation))),
    ]
}

fn public_key(seed: u64) -> PublicKey {
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(seed));
    PublicKey::from_jwk(signer.public_jwk().unwrap()).unwrap()
}

fn certificate_subject() -> impl Strategy<Value = CertificateSubject> {
    prop_oneof![
        "CN=[a-z]{1,8}".prop_map(CertificateSubject::Dn),
        "[a-z]{1,8}\\.test".prop_map(CertificateSubject::SanDns),
        "spiffe://[a-z]{1,8}/x".prop_map(CertificateSubject::SanUri),
        any::<[u8; 4]>().prop_map(|ip| CertificateSubject::SanIp(ip.into())),
        "[a-z]{1,8}@[a-z]{1,8}\\.test".prop_map(CertificateSubject::SanEmail),
    ]
}

fn federation() -> impl Strategy<Value = Federation> {
    let keys = prop_oneof![
        Just(FederationKeys::Discovered),
        "https://[a-z]{1,8}\\.test/jwks".prop_map(FederationKeys::At),
        any::<u64>().prop_map(|seed| FederationKeys::Given(vec![public_key(seed)])),
    ];
    let claims = collection::btree_map("[a-z]{1,8}", "[ -~]{0,8}", 0..3);
    let algorithms = collection::btree_set(
        proptest::sample::select(&[JwsAlgorithm::Ps256, JwsAlgorithm::Es384][..]),
        0..3,
    );
    let words = ("https://[a-z]{1,8}\\.test", "[!-~]{1,20}", "[!-~]{1,20}");
    (words, claims, algorithms, keys).prop_map(
        |((issuer, subject, audience), claims, algorithms, keys)| Federation {
            issuer,
            subject,
            audience,
            claims,
            max_age: Span::minutes(10),
            algorithms,
            keys,
        },
    )
}
