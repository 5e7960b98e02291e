//! A server with a past: clients in every state that the console knows, and ninety days of usage.

use std::net::{IpAddr, SocketAddr};

use jeton::{
    admin::{
        leaks::ReportLeak,
        marks::PostponeAttention,
        secrets::{NewSecret, RetireSecret, RotateSecret},
        settings::SetPolicy,
    },
    domain::{
        id::{ClientId, SecretId},
        permission::Role,
        policy::OnLeak,
        rotation::Overlap,
        secret::{IfUsed, public_id},
        time::{Span, Timestamp},
        usage::{Asked, Observation, Outcome, Seen},
    },
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{caller::Client, server::TestServer};

/// The API of the shop.
const ORDERS: &str = "https://orders.example.com";
/// The API of its books.
const LEDGER: &str = "https://ledger.example.com";

/// A server, and how a browser gets at it.
pub(crate) struct World {
    pub(crate) server: TestServer,
    /// Its web address.
    pub(crate) base: String,
    /// The session of an owner who is signed in.
    pub(crate) cookie: String,
    listener: std::net::TcpListener,
}

impl World {
    /// With all its past.
    pub(crate) async fn new() -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let server = TestServer::with_issuer(&base).await;
        live(&server).await;
        let browser = server.signed_in(Role::Owner).await;
        let cookie = browser.cookies["jeton"].clone();
        drop(browser);
        Self {
            server,
            base,
            cookie,
            listener,
        }
    }

    /// The same with trouble: a leaked secret that works, somebody who tries secrets, and what was put
    /// off.
    pub(crate) async fn in_trouble() -> Self {
        let world = Self::new().await;
        let server = &world.server;
        let feed = client(server, "feed", &[(ORDERS, "orders:read")]).await;
        let flag = SetPolicy {
            on_leak: Some(OnLeak::Flag),
            ..SetPolicy::default()
        };
        server.run(flag).await;
        let secret = public_id(&feed.secret).unwrap();
        let client = feed.client_id();
        server.run(ReportLeak { client, secret }).await;
        let nightly: ClientId = "nightly-export".parse().unwrap();
        let wrong = Client::new(server, nightly.as_str(), &feed.secret);
        for _ in 0..20 {
            wrong.request_token("").await;
        }
        for (client, rule, days) in [("old-cron", "unused", Some(7)), ("mailer", "finish", None)] {
            let postpone = PostponeAttention {
                client: client.parse().unwrap(),
                rule: rule.parse().unwrap(),
                level: 1,
                until: days.map(|days| server.app.now().plus(Span::days(days))),
                note: "Ana looks into it after the release".parse().unwrap(),
            };
            server.run(postpone).await;
        }
        world
    }

    /// Where the browser's connections arrive.
    pub(crate) fn listener(&self) -> TcpListener {
        let listener = self.listener.try_clone().unwrap();
        TcpListener::from_std(listener).unwrap()
    }

    /// Every page and state: a label, the path below the console's, and who looks at it.
    pub(crate) fn pages() -> Vec<(&'static str, String, &'static str)> {
        let page = |label, path: &str| (label, path.to_owned(), "owner");
        vec![
            ("sign-in", "/sign-in".to_owned(), "stranger"),
            page("dashboard", ""),
            page(
                "postpone",
                "/clients/nightly-export/attention/guessing/postpone",
            ),
            page("clients", "/clients"),
            page("clients-found", "/clients?q=10.0.4.31"),
            page("clients-no-match", "/clients?q=billng"),
            page("client-new", "/clients/new"),
            page("client", "/clients/billing-worker"),
            page("client-never-used", "/clients/nightly-export"),
            page("client-settings", "/clients/billing-worker/settings"),
            page("credentials-in-use", "/clients/billing-worker/credentials"),
            page("credentials-leaked", "/clients/feed/credentials"),
            page("credentials-safe", "/clients/mailer/credentials"),
            page("credentials-at-rest", "/clients/report-service/credentials"),
            page("rotate", "/clients/report-service/credentials/rotate"),
            page("rotate-under-way", "/clients/mailer/credentials/rotate"),
            page("retire", "/clients/billing-worker/credentials/retire"),
            page("cancel", "/clients/billing-worker/credentials/cancel"),
            page("access", "/clients/billing-worker/access"),
            page("access-unused", "/clients/old-cron/access"),
            page("activity", "/clients/report-service/activity"),
            page("try-it", "/clients/billing-worker/try"),
            page("apis", "/apis"),
            page("api-new", "/apis/new"),
            page("api", "/apis/https%3A%2F%2Forders.example.com"),
            page(
                "api-clients",
                "/apis/https%3A%2F%2Forders.example.com/clients",
            ),
            page("api-check", "/apis/https%3A%2F%2Forders.example.com/check"),
            page(
                "api-settings",
                "/apis/https%3A%2F%2Forders.example.com/settings",
            ),
            page("keys", "/keys"),
            page("audit", "/audit"),
            page("audit-no-match", "/audit?client=nobody"),
            page("inspector", "/tools/token"),
            page("operators", "/operators"),
            page("operator-invite", "/operators/invite"),
            page("settings", "/settings"),
            page("settings-tokens", "/settings/tokens"),
            page("settings-security", "/settings/security"),
            page("settings-scanning", "/settings/scanning"),
            page("settings-backup", "/settings/backup"),
            page("account", "/me"),
            page("second-factor", "/me/second-factor"),
            page("recovery-codes-closed", "/me/recovery-codes"),
            page("not-found", "/nothing/here"),
        ]
    }

    /// Does what a program of the browser asks for.
    pub(crate) async fn grant(&self, wish: &Value) -> Value {
        match wish["do"].as_str().unwrap() {
            "advance" => {
                let seconds = wish["seconds"].as_u64().unwrap();
                self.server.advance(Span(seconds)).await;
                json!({})
            }
            "use" => {
                let client: ClientId = wish["client"].as_str().unwrap().parse().unwrap();
                let address = wish["address"].as_str().unwrap();
                let secret = self.secret_of(&client, wish["secret"].as_str().unwrap());
                used(
                    &self.server,
                    (&client, &secret),
                    (address, ORDERS, "orders:read"),
                );
                json!({"secret": secret.to_string()})
            }
            other => panic!("nobody knows how to do {other:?}"),
        }
    }

    fn secret_of(&self, client: &ClientId, which: &str) -> SecretId {
        let (registry, now) = (self.server.app.registry(), self.server.app.now());
        let client = registry.find_client(client).unwrap();
        let secret = match which {
            "old" => client.old_secret(now),
            _ => client.new_secret(now),
        };
        secret.unwrap().id.clone()
    }
}

/// Ninety days of a small company.
async fn live(server: &TestServer) {
    server
        .api(ORDERS, "orders:read orders:refund orders:write")
        .await;
    server.api(LEDGER, "ledger:read ledger:write").await;
    let report = client(server, "report-service", &[(ORDERS, "orders:read")]).await;
    let cron = client(server, "old-cron", &[(ORDERS, "orders:read orders:write")]).await;
    let billing = client(
        server,
        "billing-worker",
        &[
            (ORDERS, "orders:read orders:write"),
            (LEDGER, "ledger:write"),
        ],
    )
    .await;
    let mailer = client(server, "mailer", &[(ORDERS, "orders:read")]).await;
    use_once(server, &cron, "10.0.4.9");
    for day in 0..88 {
        for _ in 0..4 {
            server.advance(Span::hours(6)).await;
            for (client, address) in [
                (&report, "10.0.4.20"),
                (&billing, "10.0.4.31"),
                (&mailer, "10.0.4.40"),
            ] {
                use_once(server, client, address);
            }
        }
        if day % 7 == 0 {
            refused(server, Some(&billing), Outcome::InvalidScope, "10.0.4.31");
        }
    }
    client(server, "nightly-export", &[(LEDGER, "ledger:read")]).await;
    client(server, "importer", &[(LEDGER, "ledger:read")])
        .await
        .disabled()
        .await;
    rotations(server, (&billing, &mailer), &report).await;
    for _ in 0..38 {
        refused(server, None, Outcome::UnknownClient, "10.0.9.7");
        refused(server, Some(&report), Outcome::WrongSecret, "10.0.9.7");
    }
}

/// One rotation in use, one that is ready to finish, and a secret that runs out.
async fn rotations(
    server: &TestServer,
    (billing, mailer): (&Client<'_>, &Client<'_>),
    report: &Client<'_>,
) {
    mailer.rotated(Span::days(7)).await;
    for _ in 0..20 {
        server.advance(Span::hours(1)).await;
        use_once(server, billing, "10.0.4.31");
        use_once(server, report, "10.0.4.20");
        use_new(server, mailer, "10.0.4.40");
    }
    billing.rotated(Span::hours(24)).await;
    let rotate = RotateSecret {
        client: report.client_id(),
        new: NewSecret {
            expires_in: Some(Span::days(6)),
            ..NewSecret::default()
        },
        overlap: Overlap::of(Span::hours(1)).unwrap(),
        if_used: IfUsed::Stop,
    };
    server.run(rotate).await;
    let (client, secret) = (report.client_id(), None);
    server.run(RetireSecret { client, secret }).await;
    for minute in 0..46 {
        server.advance(Span::minutes(5)).await;
        use_new(server, billing, "10.0.4.12");
        if minute % 4 == 0 {
            use_old(server, billing, "10.0.4.31");
        }
        use_new(server, report, "10.0.4.20");
    }
    use_old(server, billing, "10.0.4.31");
    server.advance(Span::minutes(4)).await;
    use_new(server, billing, "10.0.4.12");
    server.advance(Span(14)).await;
}

async fn client<'s>(server: &'s TestServer, id: &str, grants: &[(&str, &str)]) -> Client<'s> {
    let mut client = server.client(id).await;
    for (api, scopes) in grants {
        client = client.granted(api, scopes).await;
    }
    client
}

/// A token with the only secret there is.
fn use_once(server: &TestServer, client: &Client<'_>, address: &str) {
    let registry = server.app.registry();
    let found = registry.find_client(&client.client_id()).unwrap();
    let secret = found
        .live_secrets(server.app.now())
        .next()
        .unwrap()
        .id
        .clone();
    used(
        server,
        (&client.client_id(), &secret),
        (address, ORDERS, "orders:read"),
    );
}

fn use_new(server: &TestServer, client: &Client<'_>, address: &str) {
    let registry = server.app.registry();
    let found = registry.find_client(&client.client_id()).unwrap();
    let now = server.app.now();
    let secret = found
        .new_secret(now)
        .or_else(|| found.live_secrets(now).next());
    let secret = secret.unwrap().id.clone();
    used(
        server,
        (&client.client_id(), &secret),
        (address, ORDERS, "orders:read"),
    );
}

fn use_old(server: &TestServer, client: &Client<'_>, address: &str) {
    let registry = server.app.registry();
    let found = registry.find_client(&client.client_id()).unwrap();
    let secret = found.old_secret(server.app.now()).unwrap().id.clone();
    used(
        server,
        (&client.client_id(), &secret),
        (address, ORDERS, "orders:read"),
    );
}

fn used(
    server: &TestServer,
    (client, secret): (&ClientId, &SecretId),
    (address, api, scopes): (&str, &str, &str),
) {
    server.app.observe(Observation::Issued {
        client: client.clone(),
        secret: secret.clone(),
        api: api.parse().unwrap(),
        scopes: scopes.parse().unwrap(),
        asked: Asked::ByName,
        seen: seen(server.app.now(), address),
    });
}

fn refused(server: &TestServer, client: Option<&Client<'_>>, outcome: Outcome, address: &str) {
    server.app.observe(Observation::Refused {
        client: client.map(Client::client_id),
        secret: None,
        outcome,
        hint: None,
        seen: seen(server.app.now(), address),
    });
}

fn seen(at: Timestamp, address: &str) -> Seen {
    Seen {
        at,
        address: address.parse::<IpAddr>().unwrap(),
        agent: Some("python-requests/2.32".into()),
        request: None,
    }
}
