//! Ninety days of a small company: clients in every state that the console knows, and what they did.

use std::net::IpAddr;

use jeton::{
    admin::{
        apis::DefineApi,
        clients::EditClient,
        secrets::{NewSecret, RetireSecret, RotateSecret},
    },
    crypto::signer::Algorithm,
    domain::{
        api::{ApiScope, Offer, Sensitivity},
        id::{ClientId, SecretId},
        rotation::Overlap,
        secret::IfUsed,
        server_certificate::{CertificateSource, CertificateStatus, ShownCertificate},
        time::{Lifetime, Span, Timestamp},
        usage::{Asked, Observation, Outcome, Seen},
    },
};

use crate::harness::{caller::Client, server::TestServer};

/// The API of the shop.
pub(super) const ORDERS: &str = "https://orders.example.com";
/// The API of its books.
pub(super) const LEDGER: &str = "https://ledger.example.com";
/// An API that shares a key with this server.
pub(super) const LEGACY: &str = "urn:legacy-stock";

/// Ninety days of a small company.
pub(super) async fn live(server: &TestServer) {
    apis(server).await;
    let report = client(server, REPORT).await;
    let cron = client(server, CRON).await;
    let billing = client(server, BILLING).await;
    let mailer = client(server, MAILER).await;
    use_new(server, &cron, "10.0.4.9");
    for day in 0..88 {
        for quarter in 0..4 {
            server.advance(Span::hours(6)).await;
            for (client, address) in [
                (&report, "10.0.4.20"),
                (&billing, "10.0.4.31"),
                (&mailer, "10.0.4.40"),
            ] {
                use_new(server, client, address);
            }
            // Between a week ago and the day on which the next key is published.
            if (day, quarter) == (82, 0) {
                fetched(server, "10.0.4.50");
            }
        }
        if day % 7 == 0 {
            refused(server, Some(&billing), Outcome::InvalidScope, "10.0.4.31");
        }
    }
    for it in NEWCOMERS {
        client(server, it).await;
    }
    client(server, IMPORTER).await.disabled().await;
    client(server, LOST).await.revoked().await;
    rotations(server, (&billing, &mailer), &report).await;
}

/// What has just happened when people look.
pub(super) async fn live_on(server: &TestServer) {
    let billing = known(server, "billing-worker");
    let report = known(server, "report-service");
    for _ in 0..38 {
        refused(server, None, Outcome::UnknownClient, "10.0.9.7");
        refused(server, Some(&report), Outcome::WrongSecret, "10.0.9.7");
    }
    fetched(server, "10.0.4.51");
    use_new(server, &billing, "10.0.4.12");
    use_old(server, &billing, "10.0.4.31");
    server.advance(Span::minutes(4)).await;
    use_new(server, &billing, "10.0.4.12");
    server.advance(Span(14)).await;
    server.app.note_certificate(failing(server.app.now()));
}

/// A certificate that the server could not renew.
fn failing(now: Timestamp) -> CertificateStatus {
    CertificateStatus {
        source: CertificateSource::Directory {
            url: "https://acme-v02.api.letsencrypt.org/directory".to_owned(),
            domains: vec!["auth.example.com".to_owned()],
            next: now.plus(Span::minutes(42)),
        },
        shown: Some(ShownCertificate {
            names: vec!["auth.example.com".to_owned()],
            issuer: "CN=R11,O=Let's Encrypt,C=US".to_owned(),
            not_before: now.minus(Span::days(71)),
            not_after: now.plus(Span::days(19)),
        }),
        problem: Some(
            "the directory could not verify auth.example.com: Fetching \
             http://auth.example.com/.well-known/acme-challenge/x: Connection refused"
                .to_owned(),
        ),
    }
}

/// A client: its id, its name, who answers for it, what it does, and what it may call.
pub(super) type Described = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const REPORT: Described = (
    "report-service",
    "Report service",
    "Data team",
    "Makes the sales report of every morning.",
    &[(ORDERS, "orders:read")],
);
const CRON: Described = (
    "old-cron",
    "Stock clean-up",
    "",
    "Closes orders that nobody paid.",
    &[(ORDERS, "orders:read orders:write")],
);
const BILLING: Described = (
    "billing-worker",
    "Billing worker",
    "Payments team",
    "Turns orders into ledger entries.",
    &[
        (ORDERS, "orders:read orders:write"),
        (LEDGER, "ledger:write"),
    ],
);
const MAILER: Described = (
    "mailer",
    "Mailer",
    "Shop team",
    "Tells customers that their order was sent.",
    &[(ORDERS, "orders:read")],
);
const IMPORTER: Described = (
    "importer",
    "Price importer",
    "Shop team",
    "Reads the price lists of suppliers.",
    &[(LEDGER, "ledger:read")],
);
const LOST: Described = (
    "legacy-sync",
    "Legacy sync",
    "Data team",
    "Copies orders to the old system.",
    &[(ORDERS, "orders:read")],
);
const NEWCOMERS: [Described; 7] = [
    (
        "nightly-export",
        "Nightly export",
        "Data team",
        "Writes the ledger to the archive.",
        &[(LEDGER, "ledger:read")],
    ),
    ("newsletter", "Newsletter", "", "", &[]),
    (
        "stock-feed",
        "Stock feed",
        "Shop team",
        "Tells partners what is in stock.",
        &[(ORDERS, "orders:read")],
    ),
    (
        "webhook-relay",
        "Webhook relay",
        "Platform team",
        "Passes events on to partners.",
        &[(ORDERS, "orders:read")],
    ),
    (
        "edge-cache",
        "Edge cache",
        "Platform team",
        "Keeps the catalogue near customers.",
        &[(ORDERS, "orders:read")],
    ),
    (
        "price-sync",
        "Price sync",
        "Shop team",
        "Carries prices to the tills.",
        &[(ORDERS, "orders:read")],
    ),
    (
        "search-index",
        "Search index",
        "Platform team",
        "Finds orders by any word in them.",
        &[(ORDERS, "orders:read")],
    ),
];

async fn apis(server: &TestServer) {
    let orders: &[_] = &[
        ("orders:read", "Read orders and their lines"),
        ("orders:write", "Create and change orders"),
        ("orders:refund", "Pay money back"),
    ];
    let ledger: &[_] = &[
        ("ledger:read", "Read ledger entries"),
        ("ledger:write", "Add ledger entries"),
    ];
    for (identifier, name, does, algorithm, scopes) in [
        (
            ORDERS,
            "Orders API",
            "Everything the shop sells.",
            Algorithm::Es256,
            orders,
        ),
        (LEDGER, "Ledger API", "The books.", Algorithm::Es256, ledger),
        (
            LEGACY,
            "Legacy stock",
            "The old stock system.",
            Algorithm::Hs256,
            &[],
        ),
    ] {
        let scope = |(name, opens): &(&str, &str)| {
            let scope = ApiScope {
                description: opens.parse().unwrap(),
                sensitivity: if *name == "orders:refund" {
                    Sensitivity::Sensitive
                } else {
                    Sensitivity::Ordinary
                },
                offer: Offer::Open,
            };
            (name.parse().unwrap(), scope)
        };
        let define = DefineApi {
            identifier: identifier.parse().unwrap(),
            name: name.parse().unwrap(),
            description: does.parse().unwrap(),
            algorithm,
            token_lifetime: Lifetime::DEFAULT,
            scopes: scopes.iter().map(scope).collect(),
            rules: jeton::domain::api::ApiRules::default(),
        };
        server.run(define).await;
    }
    server.define_detail_type(ORDERS, "payment").await;
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
        use_new(server, billing, "10.0.4.31");
        use_new(server, report, "10.0.4.20");
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
}

/// Registers a client under its name.
pub(super) async fn client(
    server: &TestServer,
    (id, name, owner, does, grants): Described,
) -> Client<'_> {
    let mut client = server.client(id).await;
    let mut edit = EditClient::of(client.client_id());
    edit.name = Some(name.parse().unwrap());
    edit.owner = Some(owner.parse().unwrap());
    edit.description = Some(does.parse().unwrap());
    server.run(edit).await;
    for (api, scopes) in grants {
        client = client.granted(api, scopes).await;
    }
    client
}

/// A client that is there already, without its secret.
pub(super) fn known<'s>(server: &'s TestServer, id: &str) -> Client<'s> {
    server.stranger().named(id)
}

/// A token with the new secret, or the only one there is.
pub(super) fn use_new(server: &TestServer, client: &Client<'_>, address: &str) {
    let registry = server.app.registry();
    let found = registry.find_client(&client.client_id()).unwrap();
    let now = server.app.now();
    let secret = found
        .new_secret(now)
        .or_else(|| found.live_secrets(now).next());
    let secret = secret.unwrap().id.clone();
    used(server, (&client.client_id(), &secret), address);
}

fn use_old(server: &TestServer, client: &Client<'_>, address: &str) {
    let registry = server.app.registry();
    let found = registry.find_client(&client.client_id()).unwrap();
    let secret = found.old_secret(server.app.now()).unwrap().id.clone();
    used(server, (&client.client_id(), &secret), address);
}

/// A token for the shop's API.
pub(super) fn used(server: &TestServer, (client, secret): (&ClientId, &SecretId), address: &str) {
    server.app.observe(Observation::Issued {
        client: client.clone(),
        secret: secret.clone(),
        api: ORDERS.parse().unwrap(),
        scopes: "orders:read".parse().unwrap(),
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
        request: Some(format!("3e{:x}", at.0).into()),
    }
}

/// An API fetches the key set.
fn fetched(server: &TestServer, address: &str) {
    let registry = server.app.registry();
    let newest = registry.keys().max_by_key(|key| key.published);
    server.app.observe(Observation::KeysFetched {
        newest: newest.unwrap().id.clone(),
        seen: seen(server.app.now(), address),
    });
}
