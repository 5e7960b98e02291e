//! Promises about revoked tokens: each is there until it would have expired, and no longer.

use super::on_every_store;
use crate::{
    domain::{revocation::Revocation, time::Timestamp},
    store::Store,
};

fn revocation(token: &str, expires: i64) -> Revocation {
    Revocation {
        token: token.to_owned(),
        expires: Timestamp(expires),
    }
}

async fn a_revoked_token_is_remembered_until_it_expires(store: &dyn Store) {
    let (early, late) = (revocation("early", 100), revocation("late", 200));
    for one in [&early, &late, &early] {
        store.revoke(one.clone()).await.unwrap();
    }

    let mut all = store.revocations(Timestamp(99)).await.unwrap();
    all.sort_by_key(|it| it.expires);
    assert_eq!(all, [early, late.clone()]);
    assert_eq!(
        store.revocations(Timestamp(100)).await.unwrap(),
        std::slice::from_ref(&late)
    );
    store.prune(Timestamp(150)).await.unwrap();

    assert_eq!(store.revocations(Timestamp(0)).await.unwrap(), [late]);
}

on_every_store![a_revoked_token_is_remembered_until_it_expires];
