//! A server with all its troubles at once: issuance halted, limits set and exceeded, somebody who guesses, backups and
//! checkpoints that can't be written.

use std::path::PathBuf;

use jeton::{
    admin::{
        halts::{HaltApi, HaltIssuance},
        limits::LimitClient,
    },
    app::assemble::Settings,
    domain::{
        backup::BackupPlan,
        issued_token::TokenRecords,
        limits::{Networks, Per, QuotaMode, TokenQuota},
        permission::Role,
        time::Span,
    },
};

use super::{Tour, past};
use crate::harness::server::TestServer;

/// How it is started: with places to write to that are not there.
pub(super) fn settings(settings: &mut Settings) {
    settings.backups = Some(BackupPlan {
        directory: PathBuf::from("/mnt/backups"),
        every: Span::hours(24),
        keep: 14,
    });
    settings.audit_tokens = TokenRecords::Durable;
    settings.audit_checkpoints = Some(PathBuf::from("/mnt/audit/checkpoints"));
}

pub(super) async fn walk(tour: &mut Tour<'_>) {
    let server = tour.server;
    live(server).await;
    let owner = server.signed_in(Role::Owner).await;
    let api = "/apis/https%3A%2F%2Forders.example.com/settings";
    tour.sees(
        &owner,
        &[
            ("troubled-dashboard", ""),
            ("troubled-issuance", "/settings/issuance"),
            ("troubled-backup", "/settings/backup"),
            ("troubled-about", "/settings/about"),
            ("troubled-audit", "/audit"),
            ("troubled-tokens", "/audit/tokens"),
            ("troubled-tokens-no-match", "/audit/tokens?client=nobody"),
            ("troubled-api", api),
            ("troubled-client", "/clients/courier"),
            ("troubled-client-settings", "/clients/courier/settings"),
            ("troubled-limits", "/clients/courier/settings/limits"),
            ("troubled-activity", "/clients/courier/activity"),
        ],
    );
}

async fn live(server: &TestServer) {
    server.api(past::ORDERS, "orders:read").await;
    let courier = (
        "courier",
        "Courier",
        "Shop team",
        "Tells couriers of parcels.",
        &[(past::ORDERS, "orders:read")][..],
    );
    let courier = past::client(server, courier).await;
    let networks = vec!["192.0.2.0/24".to_owned(), "2001:db8:85a3::/48".to_owned()];
    server
        .run(LimitClient {
            client: courier.client_id(),
            networks: Some(Networks::try_from(networks).unwrap()),
            quota: Some(Some(
                TokenQuota::new(2, Per::Hour, None, QuotaMode::Watch).unwrap(),
            )),
        })
        .await;
    for _ in 0..5 {
        courier.request_token("orders:read").await.assert_issued();
    }
    for _ in 0..60 {
        courier.with_secret("guessed").request_token("").await;
    }
    server
        .run(HaltApi {
            api: past::ORDERS.parse().unwrap(),
            reason: "Orders are moved to another database.".parse().unwrap(),
        })
        .await;
    server
        .run(HaltIssuance {
            reason: "A signing key may be known to others.".parse().unwrap(),
        })
        .await;
    server.app.keep_backups().await;
    server.app.keep_checkpoints().await;
    server.advance(Span::minutes(4)).await;
    courier.request_token("orders:read").await;
}
