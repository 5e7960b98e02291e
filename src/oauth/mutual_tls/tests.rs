use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};

use super::*;
use crate::{
    crypto::{certificate::Certificate, pem::public_jwk},
    domain::{
        client::{Binding, ClientStatus},
        credential::PinnedCertificate,
        id::SecretId,
        name::Note,
        secret::{PlainSecret, SecretState},
        time::Timestamp,
        usage::Outcome,
    },
    oauth::{
        Request, SlowHashes,
        assertion::FetchedKeys,
        confirmation::Confirmation,
        decide,
        fixtures::{NOW, SALES, World, body, client},
        reason::ErrorCode,
    },
};

/// A certificate for `name`, valid at the tests' moment, for which somebody vouches.
fn certificate(name: &str) -> ClientCertificate {
    certificate_of(name, &KeyPair::generate().unwrap())
}

/// The same, of a key that there is.
fn certificate_of(name: &str, key: &KeyPair) -> ClientCertificate {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = vec![
        SanType::DnsName(format!("{name}.example").try_into().unwrap()),
        SanType::URI(format!("spiffe://example/{name}").try_into().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
        SanType::Rfc822Name(format!("{name}@example.com").try_into().unwrap()),
    ];
    params.not_before = rcgen::date_time_ymd(2027, 1, 1);
    params.not_after = rcgen::date_time_ymd(2028, 1, 1);
    let made = params.self_signed(key).unwrap();
    ClientCertificate {
        certificate: Certificate::from_der(made.der()).unwrap(),
        is_vouched_for: true,
    }
}

fn pinned(shown: &ClientCertificate) -> Proof {
    let certificate = &shown.certificate;
    Proof::Certificate(PinnedCertificate {
        thumbprint: certificate.thumbprint().to_owned(),
        subject: certificate.subject().to_string(),
        not_after: Timestamp(certificate.not_after()),
    })
}

fn subject(text: &str) -> Proof {
    Proof::Subject(CertificateSubject::Dn(text.to_owned()))
}

/// A world in which `svc` proves itself so.
fn world_of(proofs: &[(Proof, SecretState)]) -> (World, Vec<SecretId>) {
    let mut world = World::with_report_service().0;
    let mut client = client("svc", &[(SALES, "read:analytics")]);
    for (proof, state) in proofs {
        let plain = PlainSecret::generate(&world.entropy);
        client.secrets.push(Secret {
            id: plain.id().clone(),
            proof: proof.clone(),
            created: NOW,
            created_by: "system:test".into(),
            expires: None,
            note: Note::default(),
            leaked: None,
            state: state.clone(),
        });
    }
    let ids = client.secrets.iter().map(|it| it.id.clone()).collect();
    world.replace_client(client);
    (world, ids)
}

fn show(world: &World, id: &str, shown: &ClientCertificate) -> Result<SecretId, Reason> {
    let shown = Shown {
        id: id.into(),
        certificate: shown,
    };
    let proven = prove(&world.registry, &shown, &world.context());
    let proven = proven.map(|who| who.secret.id.clone());
    proven.map_err(|refused| {
        assert_eq!(refused.reason.code(), ErrorCode::InvalidClient);
        refused.reason
    })
}

/// CM-04, CM-05
#[test]
fn a_registered_certificate_proves_its_client_and_no_other_does() {
    let mut mine = certificate("svc");
    mine.is_vouched_for = false;
    let (world, ids) = world_of(&[(pinned(&mine), SecretState::Active)]);

    assert_eq!(show(&world, "svc", &mine).as_ref(), Ok(&ids[0]));
    // The same names with another key are nobody's.
    assert_eq!(
        show(&world, "svc", &certificate("svc")),
        Err(Reason::Certificate(CertificateFault::Another))
    );
    assert_eq!(
        show(&world, "report-service", &mine),
        Err(Reason::Certificate(CertificateFault::Another))
    );
    assert!(matches!(
        show(&world, "nobody", &mine),
        Err(Reason::UnknownClient(_))
    ));
}

/// Every kind of key that a client may have.
const KINDS: [&rcgen::SignatureAlgorithm; 5] = [
    &rcgen::PKCS_ECDSA_P256_SHA256,
    &rcgen::PKCS_ECDSA_P384_SHA384,
    &rcgen::PKCS_ECDSA_P521_SHA512,
    &rcgen::PKCS_ED25519,
    &rcgen::PKCS_RSA_SHA256,
];

fn public(pair: &KeyPair) -> PublicKey {
    PublicKey::from_jwk(&public_jwk(&pair.public_key_pem()).unwrap()).unwrap()
}

/// CM-04
#[test]
fn a_registered_key_proves_its_client_in_every_certificate_that_it_makes() {
    for kind in KINDS {
        let pair = KeyPair::generate_for(kind).unwrap();
        let key = public(&pair);
        let mut mine = certificate_of("svc", &pair);
        mine.is_vouched_for = false;
        let registered = Proof::CertificateKey(key.clone());
        let (world, ids) = world_of(&[(registered, SecretState::Active)]);

        assert_eq!(show(&world, "svc", &mine).as_ref(), Ok(&ids[0]));
        let other_names = certificate_of("renamed", &pair);
        assert_eq!(show(&world, "svc", &other_names).as_ref(), Ok(&ids[0]));
        let another = Err(Reason::Certificate(CertificateFault::Another));
        assert_eq!(show(&world, "svc", &certificate("svc")), another);
        assert_eq!(show(&world, "report-service", &mine), another);

        // A key for assertions makes no certificates that count.
        let (world, _) = world_of(&[(Proof::Key(key), SecretState::Active)]);
        assert_eq!(show(&world, "svc", &mine), another);
    }
}

/// Shows it as `svc` where these keys, if any, were just fetched.
fn show_where(
    world: &World,
    shown: &ClientCertificate,
    (keys, slow_hashes): (Option<Vec<PublicKey>>, SlowHashes),
) -> Result<SecretId, Reason> {
    let set = keys.map(|keys| {
        Arc::new(FetchedKeys {
            keys,
            asked: NOW,
            fetched: Some(NOW),
            problem: None,
        })
    });
    let context = Context {
        keys: &|_| set.clone(),
        slow_hashes,
        ..world.context()
    };
    let shown = Shown {
        id: "svc".into(),
        certificate: shown,
    };
    let proven = prove(&world.registry, &shown, &context);
    proven
        .map(|who| who.secret.id.clone())
        .map_err(|refused| refused.reason)
}

/// CM-04, CJ-15
#[test]
fn a_key_that_is_published_elsewhere_is_asked_for_once() {
    let pair = KeyPair::generate().unwrap();
    let shown = certificate_of("svc", &pair);
    let uri = "https://svc.test/jwks";
    let (world, ids) = world_of(&[(
        Proof::CertificateKeySet(uri.to_owned()),
        SecretState::Active,
    )]);
    let show = |keys, slow_hashes| show_where(&world, &shown, (keys, slow_hashes));
    let another = Err(Reason::Certificate(CertificateFault::Another));
    let stranger = public(&KeyPair::generate().unwrap());

    let wanted = Reason::NeedsKeys(KeySource::Set(uri.to_owned()));
    assert_eq!(show(None, SlowHashes::Ask), Err(wanted));
    assert_eq!(show(None, SlowHashes::Checked), another);
    assert_eq!(show(Some(vec![stranger.clone()]), SlowHashes::Ask), another);
    let both = vec![stranger, public(&pair)];
    assert_eq!(show(Some(both), SlowHashes::Ask).as_ref(), Ok(&ids[0]));
}

/// CM-04, CJ-15
#[test]
fn a_published_key_is_asked_for_where_what_is_registered_here_proves_nobody() {
    let pair = KeyPair::generate().unwrap();
    let uri = "https://svc.test/jwks";
    let published = || {
        let proof = Proof::CertificateKeySet(uri.to_owned());
        (proof, SecretState::Active)
    };
    let unvouched = ClientCertificate {
        is_vouched_for: false,
        ..certificate_of("svc", &pair)
    };
    let vouched = certificate_of("svc", &pair);
    let named = || (subject("CN=svc,O=Example"), SecretState::Active);
    let revoked = (
        Proof::CertificateKey(public(&pair)),
        SecretState::Revoked { at: NOW },
    );
    let wanted = Err(Reason::NeedsKeys(KeySource::Set(uri.to_owned())));

    for registered in [named(), revoked] {
        let (world, ids) = world_of(&[registered, published()]);
        let show = |keys, slow_hashes| show_where(&world, &unvouched, (keys, slow_hashes));
        assert_eq!(show(None, SlowHashes::Ask), wanted);
        let keys = Some(vec![public(&pair)]);
        assert_eq!(show(keys, SlowHashes::Ask).as_ref(), Ok(&ids[1]));
        let none = show(Some(Vec::new()), SlowHashes::Ask).unwrap_err();
        assert_eq!(none.code(), ErrorCode::InvalidClient, "{none}");
    }
    // Where something here proves it, nobody is asked.
    let (world, ids) = world_of(&[named(), published()]);
    let shown = show_where(&world, &vouched, (None, SlowHashes::Ask));
    assert_eq!(shown.as_ref(), Ok(&ids[0]));
}

/// CM-02, CM-05
#[test]
fn a_subject_counts_only_where_an_authority_vouches_for_it() {
    let mut shown = certificate("svc");
    let (world, ids) = world_of(&[(subject("cn=SVC, o=example"), SecretState::Active)]);

    assert_eq!(show(&world, "svc", &shown).as_ref(), Ok(&ids[0]));
    assert_eq!(
        show(&world, "svc", &certificate("other")),
        Err(Reason::Certificate(CertificateFault::Another))
    );
    shown.is_vouched_for = false;
    assert_eq!(
        show(&world, "svc", &shown),
        Err(Reason::Certificate(CertificateFault::NotVouchedFor))
    );
}

/// CM-02, CM-03
#[test]
fn each_kind_of_name_is_looked_for_in_its_own_place() {
    let shown = certificate("svc");
    let is_said = |name: &str, value: &str| {
        says(
            &shown,
            &CertificateSubject::from_parts(name, value.to_owned()).unwrap(),
        )
    };
    for (name, right, wrong) in [
        (
            "tls_client_auth_subject_dn",
            "CN=svc,O=Example",
            "O=Example,CN=svc",
        ),
        ("tls_client_auth_san_dns", "SVC.example", "*.example"),
        (
            "tls_client_auth_san_uri",
            "spiffe://example/svc",
            "spiffe://example/SVC",
        ),
        ("tls_client_auth_san_ip", "2001:db8:0::1", "2001:db8::2"),
        (
            "tls_client_auth_san_email",
            "svc@EXAMPLE.com",
            "SVC@example.com",
        ),
    ] {
        assert!(is_said(name, right), "{name}");
        assert!(!is_said(name, wrong), "{name}");
    }
    assert!(!is_said("tls_client_auth_san_dns", "svc"));
    assert!(!is_said("tls_client_auth_subject_dn", "no name"));
}

/// CM-04, CM-05
#[test]
fn a_certificate_counts_only_while_it_is_valid() {
    let shown = certificate("svc");
    let pair = KeyPair::generate().unwrap();
    let by_key = Proof::CertificateKey(public(&pair));
    let of_key = certificate_of("svc", &pair);
    for (proof, shown) in [
        (pinned(&shown), &shown),
        (subject("CN=svc,O=Example"), &shown),
        (by_key, &of_key),
    ] {
        let (world, _) = world_of(&[(proof, SecretState::Active)]);
        for at in [1_798_761_599, 1_830_297_601] {
            let context = Context {
                now: Timestamp(at),
                ..world.context()
            };
            let it = Shown {
                id: "svc".into(),
                certificate: shown,
            };
            let refused = prove(&world.registry, &it, &context).unwrap_err();
            assert_eq!(refused.reason, Reason::Certificate(CertificateFault::Stale));
            assert!(refused.secret.is_some());
        }
    }
}

/// CM-05
#[test]
fn a_dead_credential_is_recognised_and_a_live_one_goes_before_it() {
    let shown = certificate("svc");
    let revoked = || SecretState::Revoked { at: NOW };
    let (world, ids) = world_of(&[(pinned(&shown), revoked())]);
    let dead = show(&world, "svc", &shown).unwrap_err();
    assert!(matches!(&dead, Reason::DeadSecret(id, _) if *id == ids[0]));
    assert_eq!(dead.outcome(), Outcome::RevokedSecret);

    let (world, ids) = world_of(&[
        (pinned(&shown), revoked()),
        (subject("CN=svc,O=Example"), SecretState::Active),
    ]);
    assert_eq!(show(&world, "svc", &shown).as_ref(), Ok(&ids[1]));

    let mut disabled = world.client("svc");
    disabled.status = ClientStatus::Disabled(NOW);
    let mut world = world;
    world.replace_client(disabled);
    assert_eq!(show(&world, "svc", &shown), Err(Reason::ClientDisabled));
}

#[test]
fn who_is_refused_is_named_with_the_credential_that_was_meant() {
    let shown = certificate("svc");
    let unvouched = ClientCertificate {
        is_vouched_for: false,
        certificate: shown.certificate.clone(),
    };
    let refused = |world: &World, shown: &ClientCertificate| {
        let request = Request {
            certificate: Some(shown),
            ..body("grant_type=client_credentials&client_id=svc")
        };
        let refused = decide(&world.registry, &request, &world.context()).unwrap_err();
        (refused.client.unwrap().to_string(), refused.secret)
    };

    let (world, _) = world_of(&[(pinned(&certificate("another")), SecretState::Active)]);
    assert_eq!(refused(&world, &shown), ("svc".to_owned(), None));
    let (world, ids) = world_of(&[(subject("CN=svc,O=Example"), SecretState::Active)]);
    let meant = Some(ids[0].clone());
    assert_eq!(refused(&world, &unvouched), ("svc".to_owned(), meant));
}

/// CM-01
#[test]
fn a_certificate_alone_does_not_say_whose_it_is() {
    let shown = certificate("svc");
    let (world, _) = world_of(&[(pinned(&shown), SecretState::Active)]);
    let ask = |form: &'static str| {
        let request = Request {
            certificate: Some(&shown),
            ..body(form)
        };
        decide(&world.registry, &request, &world.context())
            .map(|(who, _)| who.client.id.to_string())
    };

    let refused = ask("grant_type=client_credentials").unwrap_err();
    assert_eq!(refused.reason.code(), ErrorCode::InvalidClient);
    assert_eq!(
        ask("grant_type=client_credentials&client_id=svc").as_deref(),
        Ok("svc")
    );
}

/// CM-06, CM-07, CM-11
#[test]
fn a_token_is_bound_to_the_certificate_of_its_request_however_the_client_proves_itself() {
    let shown = certificate("svc");
    let (mut world, _) = world_of(&[(pinned(&shown), SecretState::Active)]);
    let (_, secret) = (
        0,
        world.put_client(client("secretive", &[(SALES, "read:analytics")])),
    );
    let bound = Some(Confirmation::X5t(shown.certificate.thumbprint().to_owned()));
    let ask = |world: &World, form: &str, certificate| {
        let request = Request {
            certificate,
            ..body(form)
        };
        let decided = decide(&world.registry, &request, &world.context());
        decided
            .map(|(_, grant)| grant.confirmation)
            .map_err(|it| it.reason)
    };
    let by_certificate = "grant_type=client_credentials&client_id=svc";
    let by_secret =
        format!("grant_type=client_credentials&client_id=secretive&client_secret={secret}");

    assert_eq!(ask(&world, by_certificate, Some(&shown)), Ok(bound.clone()));
    let mut strange = certificate("strange");
    strange.is_vouched_for = false;
    let by_strange = Some(Confirmation::X5t(
        strange.certificate.thumbprint().to_owned(),
    ));
    assert_eq!(ask(&world, &by_secret, Some(&strange)), Ok(by_strange));
    assert_eq!(ask(&world, &by_secret, None), Ok(None));

    let mut strict = world.client("secretive");
    strict.rules.binding = Binding::Certificate;
    world.replace_client(strict);
    let unbound = ask(&world, &by_secret, None).unwrap_err();
    assert_eq!(unbound, Reason::Unbound(Binding::Certificate));
    assert_eq!(unbound.code(), ErrorCode::InvalidRequest);
    assert_eq!(ask(&world, &by_secret, Some(&shown)), Ok(bound));
}

/// Whoever controls that address now is nobody's client any more.
#[test]
fn a_key_that_is_published_elsewhere_is_not_asked_for_on_behalf_of_a_dead_credential() {
    let uri = "https://svc.test/jwks".to_owned();
    let revoked = SecretState::Revoked { at: NOW };
    let (world, _) = world_of(&[(Proof::CertificateKeySet(uri), revoked)]);

    assert_eq!(
        show(&world, "svc", &certificate("svc")),
        Err(Reason::Certificate(CertificateFault::Another))
    );
}
