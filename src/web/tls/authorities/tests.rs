//! What is checked of a chain of certificates before an authority vouches for a client.

use std::fs;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, NameConstraints,
};
use rustls::pki_types::pem::PemObject;

use super::*;

/// 2030, when all certificates of these tests are valid.
const NOW: Timestamp = Timestamp(1_900_000_000);

/// An authority; below another, if there is one.
fn authority(
    change: impl FnOnce(&mut CertificateParams),
    above: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    match above {
        None => CertifiedIssuer::self_signed(params, key).unwrap(),
        Some(above) => CertifiedIssuer::signed_by(params, key, above).unwrap(),
    }
}

/// The certificate of a client with this name.
fn client(
    name: &str,
    change: impl FnOnce(&mut CertificateParams),
    above: &CertifiedIssuer<'static, KeyPair>,
) -> CertificateDer<'static> {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    change(&mut params);
    let made = params.signed_by(&KeyPair::generate().unwrap(), above);
    made.unwrap().der().clone()
}

/// Whether those who sign with `root` vouch for the first of these; nothing if it is not even looked at.
fn vouched(root: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> Option<bool> {
    crypto::install_provider();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let text = STANDARD.encode(root);
    let text = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    fs::write(&file, text).unwrap();
    let authorities = Authorities::load(file, None).unwrap();
    judge(chain, Some(&authorities), NOW).map(|known| known.is_vouched_for)
}

/// CM-12
#[test]
fn a_chain_is_followed_to_the_authority_and_a_long_one_not_even_read() {
    let root = authority(|_| {}, None);
    let mut between = Vec::new();
    for depth in 0..9 {
        let above = between.last().unwrap_or(&root);
        let leaf = client("svc.example", |_| {}, above);
        let rest = between.iter().rev().map(|it| it.der().clone());
        let chain: Vec<_> = [leaf].into_iter().chain(rest).collect();
        let found = vouched(root.der(), &chain);
        match depth {
            0..=5 => assert_eq!(found, Some(true), "{depth}"),
            // Six authorities between is the most that is followed, and eight certificates the most that are read.
            6 => assert!(found.is_some()),
            7 => assert_eq!(found, Some(false)),
            _ => assert_eq!(found, None, "{depth}"),
        }
        let next = authority(|_| {}, Some(above));
        between.push(next);
    }
}

/// CM-12
#[test]
fn a_certificate_that_is_too_large_is_not_read() {
    let root = authority(|_| {}, None);
    let of = |length: usize| {
        let more =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![0; length]);
        let change = |params: &mut CertificateParams| params.custom_extensions = vec![more];
        client("svc.example", change, &root)
    };
    assert_eq!(vouched(root.der(), &[of(8 * 1024)]), Some(true));
    let large = of(crypto::certificate::LONGEST);
    assert_eq!(vouched(root.der(), &[large]), None);
}

/// CM-12
#[test]
fn an_authority_vouches_for_no_names_but_those_that_it_was_given() {
    let root = authority(|_| {}, None);
    let within = |params: &mut CertificateParams| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("acme.example".to_owned())],
            excluded_subtrees: vec![GeneralSubtree::DnsName("secret.acme.example".to_owned())],
        });
    };
    let between = authority(within, Some(&root));
    for (name, expected) in [
        ("svc.acme.example", true),
        ("svc.other.example", false),
        ("acme.example.evil.example", false),
        ("svc.secret.acme.example", false),
    ] {
        let chain = [client(name, |_| {}, &between), between.der().clone()];
        assert_eq!(vouched(root.der(), &chain), Some(expected), "{name}");
    }
}

/// CM-12
#[test]
fn who_is_no_authority_vouches_for_nobody() {
    let root = authority(|_| {}, None);
    let leaf = authority(|params| params.is_ca = IsCa::ExplicitNoCa, Some(&root));
    let chain = [client("svc.example", |_| {}, &leaf), leaf.der().clone()];
    assert_eq!(vouched(root.der(), &chain), Some(false));
    let for_servers = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    let server = client("svc.example", for_servers, &root);
    assert_eq!(vouched(root.der(), &[server]), Some(false));
}

/// CM-12
#[test]
fn what_is_signed_by_sha_1_or_a_short_key_of_rsa_is_vouched_for_by_nobody() {
    let read = |text: &str| CertificateDer::from_pem_slice(text.as_bytes()).unwrap();
    let file = |text| read(text);
    let root = file(include_str!(
        "../../../../tests/fixtures/certificates/authority.pem"
    ));
    let good = file(include_str!(
        "../../../../tests/fixtures/certificates/sha256.pem"
    ));
    let sha1 = file(include_str!(
        "../../../../tests/fixtures/certificates/sha1.pem"
    ));
    assert_eq!(vouched(&root, &[good]), Some(true));
    assert_eq!(vouched(&root, &[sha1]), Some(false));
    let weak = file(include_str!(
        "../../../../tests/fixtures/certificates/weak-authority.pem"
    ));
    let of_weak = file(include_str!(
        "../../../../tests/fixtures/certificates/of-weak.pem"
    ));
    assert_eq!(vouched(&weak, &[of_weak]), Some(false));
}

/// CM-12: by such a signature a client proves to have the key of its certificate, whoever vouches for it.
#[test]
fn no_key_of_rsa_below_2048_bits_proves_itself_in_the_handshake() {
    let algorithms = crypto::tls::provider().signature_verification_algorithms;
    let schemes = algorithms.supported_schemes();
    for old in [
        SignatureScheme::RSA_PKCS1_SHA1,
        SignatureScheme::ECDSA_SHA1_Legacy,
    ] {
        assert!(!schemes.contains(&old), "{old:?}");
    }
    let is_taken = |key: &[u8], signature: &[u8]| {
        let all = algorithms.all.iter();
        all.filter(|it| it.verify_signature(key, b"a message", signature).is_ok())
            .count()
    };
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, b"a message", &mut signature)
        .unwrap();
    assert!(is_taken(key.public_key().as_ref(), &signature) > 0);
    let [key, signature] = WEAK.map(|text| STANDARD.decode(text).unwrap());
    assert_eq!(is_taken(&key, &signature), 0);
}

/// A public key of RSA with 1024 bits, and what its other half made of the same message with SHA-256.
const WEAK: [&str; 2] = [
    "MIGJAoGBAMd1zax6ee4vfrhSb4AgKwpts850SyHzo8IvyApoW5Bn1/3XBB/DLWF78uw/zbr/dxBJePDsIEcZklu3+G7Udbkb6PjU1TfUQNji\
     Iw5ODZTiUi/xoFTKILWr0RIeWe2eZ5wS56mGZ/srGyqNH+C56guVdH6CF5s3Vz/q/1WN5bJpAgMBAAE=",
    "IQci0tnu4HqkCcdbCkZN7mMBet1as57TwnQ/ltFMR6UYcAF6+FYxepukIDjTscDYmshFXhn0DHgcNSpd9p5RY7HdZSFmJU6Xz9On3IELgmkr\
     2rDreP+kgksJEw/qRMqDQKkj+tu6CsQgZtEoS/udjZIb9POhjGoeOVGHqgnwZjw=",
];
