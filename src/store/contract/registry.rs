//! Promises about commits: whole or not at all, what is loaded, what the audit log says of them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::on_every_store;
use crate::{
    domain::{
        arbitrary,
        audit::{Action, AuditPage, AuditRecord, Object},
        change::{Change, Commit, Effect, OnceRecord},
        client::{Client, ClientStatus},
        id::Revision,
        registry::Registry,
        time::Timestamp,
    },
    store::{Store, StoreError},
};

async fn what_was_committed_is_what_is_loaded(store: &dyn Store) {
    let before = store.load().await.unwrap();

    let after = commit(store, put("report-service", "Report Service")).await;

    assert_eq!(before.client_count(), 0);
    assert_eq!(after.revision(), Revision(1));
    assert_eq!(store.load().await.unwrap(), after);
}

async fn a_commit_on_another_revision_is_refused_and_leaves_nothing(store: &dyn Store) {
    let base = store.load().await.unwrap();
    let after = commit(store, put("one", "One")).await;
    let mut late = arbitrary::commit(&base, 7, vec![put("two", "Two")]);
    late.once = Some(once("local:0", "key-1"));

    let refused = store.commit(Arc::new(late)).await;

    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(store.load().await.unwrap(), after);
    assert_eq!(
        store
            .verify_audit(crate::store::AuditScope::All)
            .await
            .unwrap(),
        1
    );
    assert_eq!(store.recall("local:0", "key-1").await.unwrap(), None);
}

async fn a_removed_clients_id_stays_taken(store: &dyn Store) {
    commit(store, put("gone", "Gone")).await;
    let gone = "gone".parse().unwrap();
    let remove = Change {
        action: Action::ClientRemove,
        effect: Effect::Client(gone, None),
    };

    commit(store, remove).await;

    let registry = store.load().await.unwrap();
    assert_eq!(registry.client_count(), 0);
    assert!(registry.was_removed(&"gone".parse().unwrap()));
}

/// ST-01
async fn secrets_hashed_before_are_recognised_after(store: &dyn Store) {
    let digest = store.load().await.unwrap().pepper().digest(b"a secret");

    commit(store, put("one", "One")).await;

    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.pepper().digest(b"a secret"), digest);
}

async fn every_change_is_in_the_audit_log_and_the_log_is_a_chain(store: &dyn Store) {
    for name in ["One", "Two", "Three"] {
        commit(store, put("client", name)).await;
    }

    let log = page(store, AuditPage::default()).await;

    let numbers: Vec<u64> = log.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(log[0].entry.changes[0].after.as_deref(), Some("Three"));
    assert_eq!(log[0].entry.changes[0].before.as_deref(), Some("Two"));
    assert_eq!(log[0].entry.actor, "local:0");
    assert_eq!(log[0].entry.address, Some([192, 0, 2, 1].into()));
    assert_eq!(log[0].prev, log[1].mac);
    assert_eq!(log[1].prev, log[2].mac);
    assert_eq!(log[2].prev, [0; 32]);
    assert_eq!(
        store
            .verify_audit(crate::store::AuditScope::All)
            .await
            .unwrap(),
        3
    );
}

async fn the_audit_log_is_read_in_pages_and_filtered(store: &dyn Store) {
    for n in 0..7 {
        commit(
            store,
            put(
                if n % 2 == 0 { "even" } else { "odd" },
                &format!("Name {n}"),
            ),
        )
        .await;
    }
    commit(store, note(Action::ServerBackup)).await;
    let numbers = async |filter: AuditPage| -> Vec<u64> {
        page(store, filter)
            .await
            .iter()
            .map(|record| record.seq)
            .collect()
    };
    let cases = [
        (json!({ "limit": 3 }), vec![8, 7, 6]),
        (json!({ "limit": 3, "before": 6 }), vec![5, 4, 3]),
        (json!({ "before": 1 }), vec![]),
        (json!({ "after": 6 }), vec![8, 7]),
        (json!({ "after": 3, "before": 6 }), vec![5, 4]),
        (json!({ "after": 8 }), vec![]),
        (json!({ "before": 0 }), vec![]),
        (json!({ "object": "odd" }), vec![6, 4, 2]),
        (json!({ "object": "odd", "limit": 1, "before": 6 }), vec![4]),
        (json!({ "action": "server." }), vec![8]),
        (json!({ "actor": "local:7" }), vec![]),
        (json!({ "since": 3, "until": 4 }), vec![5, 4]),
    ];
    for (filter, expected) in cases {
        assert_eq!(numbers(filter_of(&filter)).await, expected, "{filter}");
    }
}

fn filter_of(json: &Value) -> AuditPage {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    AuditPage {
        after: json["after"].as_u64(),
        before: json["before"].as_u64(),
        limit: json["limit"]
            .as_u64()
            .map_or(0, |limit| usize::try_from(limit).unwrap()),
        actor: text("actor"),
        action: text("action"),
        object: text("object"),
        since: json["since"].as_i64().map(Timestamp),
        until: json["until"].as_i64().map(Timestamp),
    }
}

async fn a_request_is_recalled_for_a_day_by_who_sent_it(store: &dyn Store) {
    let base = store.load().await.unwrap();
    let mut first = arbitrary::commit(&base, 1000, vec![put("one", "One")]);
    first.once = Some(once("operator:ana@example.com", "key-1"));
    store.commit(Arc::new(first)).await.unwrap();
    let recall = async |actor: &str, key: &str| store.recall(actor, key).await.unwrap();

    let recalled = recall("operator:ana@example.com", "key-1").await;

    assert_eq!(recalled, Some(once("operator:ana@example.com", "key-1")));
    assert_eq!(recall("operator:bo@example.com", "key-1").await, None);
    assert_eq!(recall("operator:ana@example.com", "key-2").await, None);
    store.prune(Timestamp(1000 + 86_400)).await.unwrap();
    assert!(recall("operator:ana@example.com", "key-1").await.is_some());
    store.prune(Timestamp(1000 + 86_401)).await.unwrap();
    assert_eq!(recall("operator:ana@example.com", "key-1").await, None);
}

async fn a_store_says_how_much_it_holds(store: &dyn Store) {
    commit(store, put("one", "One")).await;
    commit(store, note(Action::ServerBackup)).await;

    let report = store.report().await.unwrap();

    assert_eq!(
        (report.format, report.revision, report.audit_records),
        (6, 2, 2)
    );
    assert_eq!(report.master_key_id.len(), 8);
}

on_every_store![
    what_was_committed_is_what_is_loaded,
    a_commit_on_another_revision_is_refused_and_leaves_nothing,
    a_removed_clients_id_stays_taken,
    secrets_hashed_before_are_recognised_after,
    every_change_is_in_the_audit_log_and_the_log_is_a_chain,
    the_audit_log_is_read_in_pages_and_filtered,
    a_request_is_recalled_for_a_day_by_who_sent_it,
    a_store_says_how_much_it_holds,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_registry_after_load_is_the_registry_after_apply(
        steps in proptest::collection::vec(arbitrary::changes(), 1..12)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = super::in_memory();
        runtime.block_on(async {
            let mut registry = store.load().await.unwrap();
            for (at, changes) in steps.into_iter().enumerate() {
                let commit = arbitrary::commit(&registry, i64::try_from(at).unwrap(), changes);
                registry = registry.apply(&commit);
                store.commit(Arc::new(commit)).await.unwrap();
                let loaded = store.load().await.unwrap();
                prop_assert_eq!(&loaded, &registry);
                for client in registry.clients() {
                    for secret in &client.secrets {
                        let owner = |registry: &Registry| {
                            registry.find_client_by_secret(&secret.id).map(|it| it.id.clone())
                        };
                        prop_assert_eq!(owner(&loaded), owner(&registry));
                    }
                }
            }
            Ok(())
        })?;
    }
}

async fn commit(store: &dyn Store, change: Change) -> Registry {
    let base = store.load().await.unwrap();
    let at = i64::try_from(base.revision().0).unwrap();
    let commit: Commit = arbitrary::commit(&base, at, vec![change]);
    let after = base.apply(&commit);
    store.commit(Arc::new(commit)).await.unwrap();
    after
}

fn put(id: &str, name: &str) -> Change {
    let client = Client {
        id: id.parse().unwrap(),
        name: name.parse().unwrap(),
        description: "Builds the monthly report".parse().unwrap(),
        owner: "data@example.com".parse().unwrap(),
        status: ClientStatus::Active,
        created: Timestamp(1),
        token_lifetime: None,
        grants: [("urn:x:y".parse().unwrap(), "read write".parse().unwrap())].into(),
        default_scopes: "read".parse().unwrap(),
        secrets: Vec::new(),
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: Revision::default(),
    };
    Change {
        action: Action::ClientEdit,
        effect: Effect::Client(client.id.clone(), Some(client.into())),
    }
}

fn note(action: Action) -> Change {
    Change {
        action,
        effect: Effect::Nothing,
    }
}

fn once(actor: &str, key: &str) -> OnceRecord {
    OnceRecord {
        actor: actor.to_owned(),
        key: key.to_owned(),
        request: "a hash".to_owned(),
        object: Object::Client("one".parse().unwrap()),
        at: Timestamp(1000),
    }
}

async fn page(store: &dyn Store, filter: AuditPage) -> Vec<AuditRecord> {
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    store.audit(AuditPage { limit, ..filter }).await.unwrap()
}
