//! Promises about the server's own certificate: all of what was last kept is there.

use std::sync::Arc;

use super::on_every_store;
use crate::{
    crypto::signer::PrivateKey,
    domain::{
        acme::{AcmeState, AcmeWish, Chance, IssuedCertificate},
        time::Timestamp,
    },
    store::Store,
};

async fn the_account_and_the_certificate_are_kept_with_their_keys(store: &dyn Store) {
    assert!(store.acme().await.unwrap().is_none());
    let private = |text: &str| Arc::new(PrivateKey::from_bytes(text.as_bytes().to_vec()));
    let mut state = AcmeState::new(AcmeWish {
        directory: "https://ca.test/directory".to_owned(),
        domains: vec!["as.test".to_owned(), "auth.test".to_owned()],
    });
    state.account = Some(private("the account"));
    state.fail("no route".to_owned(), Timestamp(900), Chance(0));
    store.keep_acme(state.clone()).await.unwrap();

    let failed = store.acme().await.unwrap().unwrap();
    assert_eq!(failed.status(), state.status());
    assert_eq!((failed.failures, failed.certificate.is_none()), (1, true));

    let certificate = IssuedCertificate {
        chain: "the chain".to_owned(),
        key: private("the key"),
        not_before: Timestamp(1000),
        not_after: Timestamp(4000),
    };
    state.succeed(certificate, Chance(0));
    store.keep_acme(state.clone()).await.unwrap();

    let kept = store.acme().await.unwrap().unwrap();
    assert_eq!(kept.status(), state.status());
    assert_eq!(kept.account.unwrap().as_bytes(), b"the account");
    let kept = kept.certificate.unwrap();
    assert_eq!(
        (kept.chain.as_str(), kept.key.as_bytes()),
        ("the chain", &b"the key"[..])
    );
    assert_eq!(
        (kept.not_before, kept.not_after),
        (Timestamp(1000), Timestamp(4000))
    );
}

on_every_store![the_account_and_the_certificate_are_kept_with_their_keys];
