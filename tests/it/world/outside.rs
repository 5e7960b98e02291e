//! Before anybody is signed in, and servers on which little has happened yet.

use jeton::domain::permission::Role;

use super::{Tour, past};
use crate::harness::{
    browser::{Browser, PASSWORD},
    server::TestServer,
};

/// Signing in.
pub(super) async fn walk(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let stranger = tour.server.browser();
    tour.sees(&stranger, &[("sign-in", "/sign-in")]);
    let wrong = [("email", "viewer@example.com"), ("password", "not this")];
    tour.sends(&stranger, (422, "sign-in-wrong", "/sign-in"), &wrong);
    let mut halfway = tour.server.browser();
    let form = [("email", "admin@example.com"), ("password", PASSWORD)];
    halfway.post("/sign-in", &form).await.assert_status(200);
    tour.sees(
        &halfway,
        &[
            ("sign-in-second", "/sign-in/second"),
            ("sign-in-recovery", "/sign-in/recovery"),
        ],
    );
    let wrong = [("code", "000000")];
    let place = (422, "sign-in-second-wrong", "/sign-in/second");
    tour.sends(&halfway, place, &wrong);
    let place = (422, "sign-in-recovery-wrong", "/sign-in/recovery");
    tour.sends(&halfway, place, &wrong);
    tour.sees(owner, &[("dashboard-again", "")]);
}

/// A server where all is well, and there are more clients than fit on a page.
pub(super) async fn calm(tour: &mut Tour<'_>) {
    let server = tour.server;
    server.api(past::ORDERS, "orders:read").await;
    for n in 1..=60 {
        let id: &'static str = format!("till-{n:02}").leak();
        let name: &'static str = format!("Till {n}").leak();
        let till = (
            id,
            name,
            "Shop team",
            "A till in a shop.",
            &[(past::ORDERS, "orders:read")][..],
        );
        let till = past::client(server, till).await;
        past::use_new(server, &till, "10.0.7.1");
    }
    let owner = server.signed_in(Role::Owner).await;
    tour.sees(
        &owner,
        &[
            ("calm-dashboard", ""),
            ("calm-clients", "/clients"),
            ("calm-clients-second", "/clients?page=2"),
            ("calm-attention-none", "/clients?status=attention"),
            ("calm-client", "/clients/till-01"),
            ("calm-registration-none", "/settings/registration"),
            ("calm-audit", "/audit"),
            (
                "calm-api-clients",
                "/apis/https%3A%2F%2Forders.example.com/clients",
            ),
        ],
    );
}

/// A server that was just set up.
pub(super) async fn empty(tour: &mut Tour<'_>) {
    let owner = tour.server.signed_in(Role::Owner).await;
    let viewer = tour.server.signed_in(Role::Viewer).await;
    tour.sees(
        &owner,
        &[
            ("empty-dashboard", ""),
            ("empty-clients", "/clients"),
            ("empty-apis", "/apis"),
            ("empty-keys", "/keys"),
            ("empty-operators", "/operators"),
            ("empty-audit", "/audit"),
            ("empty-tokens", "/audit/tokens"),
        ],
    );
    tour.sees(
        &viewer,
        &[
            ("empty-viewer-dashboard", ""),
            ("empty-viewer-clients", "/clients"),
            ("empty-viewer-apis", "/apis"),
        ],
    );
    let mut guessing = tour.server.browser();
    for _ in 0..5 {
        guessing.sign_in("eve@example.com", "not this").await;
    }
    let wrong = [("email", "eve@example.com"), ("password", "not this")];
    tour.sends(&guessing, (429, "sign-in-slowed", "/sign-in"), &wrong);
}

/// A server that belongs to nobody yet.
pub(super) async fn unclaimed(tour: &mut Tour<'_>) {
    let server: &TestServer = tour.server;
    let stranger = server.browser();
    tour.sees(&stranger, &[("set-up", "/set-up")]);
    let wrong = [("code", "K7QD-2M4A-9XTR")];
    tour.sends(&stranger, (422, "set-up-wrong", "/set-up/code"), &wrong);
    let code = server.app.setup().code().unwrap();
    let mut founder = server.browser();
    founder.post("/set-up/code", &[("code", &code)]).await;
    tour.sees(&founder, &[("set-up-account", "/set-up")]);
    let wrong = [("name", ""), ("email", "ana"), ("password", "short")];
    tour.sends(&founder, (422, "set-up-account-wrong", "/set-up"), &wrong);
}
