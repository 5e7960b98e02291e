//! APIs, keys, the audit log, the inspector, people, settings, the own account.

use jeton::domain::permission::Role;

use super::{
    Tour, fill_in,
    past::{LEDGER, ORDERS},
};
use crate::harness::browser::Browser;

/// The shop's API, as a path.
const API: &str = "/apis/https%3A%2F%2Forders.example.com";

pub(super) async fn walk(tour: &mut Tour<'_>, owner: &mut Browser<'_>, late: &Browser<'_>) {
    apis(tour, owner);
    keys(tour, owner);
    log_and_inspector(tour, owner).await;
    people(tour, owner).await;
    registration(tour, owner).await;
    settings_and_account(tour, owner, late).await;
}

fn apis(tour: &mut Tour<'_>, owner: &Browser<'_>) {
    let at = |path: &str| format!("{API}{path}");
    tour.sees(
        owner,
        &[
            ("apis", "/apis"),
            ("api-new", "/apis/new"),
            ("api", API),
            ("api-scopes", &at("/scopes")),
            ("api-scope", &at("/scopes/orders%3Aread")),
            ("api-details", &at("/details")),
            ("api-detail", &at("/details/payment")),
            ("api-details-none", "/apis/urn%3Alegacy-stock/details"),
            ("api-clients", &at("/clients")),
            ("api-clients-none", "/apis/urn%3Alegacy-stock/clients"),
            ("api-check", &at("/check")),
            ("api-check-shared", "/apis/urn%3Alegacy-stock/check"),
            ("api-settings", &at("/settings")),
            ("api-settings-shared", "/apis/urn%3Alegacy-stock/settings"),
            ("api-disable", &at("/disable")),
            ("api-halt", &at("/halt")),
            ("api-remove", "/apis/urn%3Alegacy-stock/remove"),
            ("api-key", "/apis/urn%3Alegacy-stock/key"),
            ("api-without-scopes", "/apis/urn%3Alegacy-stock/scopes"),
            ("api-of-this-server", "/apis/urn%3Ajeton%3Aadmin"),
        ],
    );
    let wrong = [
        ("name", ""),
        ("identifier", ORDERS),
        ("token_lifetime", "x"),
    ];
    tour.sends(owner, (422, "api-new-wrong", "/apis/new"), &wrong);
    let wrong = [("name", "two words"), ("description", "")];
    tour.sends(owner, (422, "api-scopes-wrong", &at("/scopes")), &wrong);
    let wrong = [("type", ""), ("schema", "{\"type\": \"objekt\"}")];
    tour.sends(owner, (422, "api-details-wrong", &at("/details")), &wrong);
    let wrong = [("schema", "{")];
    let place = at("/details/payment");
    tour.sends(owner, (422, "api-detail-wrong", &place), &wrong);
    let wrong = [("lines", "\"quoted\" No")];
    tour.sends(owner, (422, "api-import-wrong", &at("/import")), &wrong);
    let wrong = [("name", ""), ("description", ""), ("token_lifetime", "x")];
    tour.sends(owner, (422, "api-settings-wrong", &at("/settings")), &wrong);
    let wrong = [("reason", "")];
    tour.sends(owner, (422, "api-halt-wrong", &at("/halt")), &wrong);
    let wrong = [("name", "Legcy")];
    let remove = "/apis/urn%3Alegacy-stock/remove";
    tour.sends(owner, (422, "api-remove-wrong", remove), &wrong);
    let row = format!("{} mailer", super::revision(tour.server, "mailer"));
    let change = [("row", row.as_str()), ("grant", "mailer orders:write")];
    let review = at("/clients/review");
    tour.sends(owner, (200, "api-clients-review", &review), &change);
}

fn keys(tour: &mut Tour<'_>, owner: &Browser<'_>) {
    let registry = tour.server.app.registry_arc();
    let now = tour.server.app.now();
    let of_age = |wanted: &str| {
        let mut keys = registry.keys();
        let key = keys.find(|key| registry.age(key, now).as_str() == wanted);
        key.unwrap().id.to_string()
    };
    let (next, present) = (of_age("pending"), of_age("active"));
    tour.sees(
        owner,
        &[
            ("keys", "/keys"),
            ("key-new", "/keys/new"),
            ("key-switch", &format!("/keys/{next}/switch")),
            ("key-remove", &format!("/keys/{present}/remove")),
        ],
    );
    let wrong = [("algorithm", "none"), ("when", "never")];
    tour.sends(owner, (422, "key-new-wrong", "/keys"), &wrong);
    let switch = format!("/keys/{present}/switch");
    tour.meets(owner, 409, "key-not-waiting", &switch);
}

async fn log_and_inspector(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    tour.sees(
        owner,
        &[
            ("audit", "/audit"),
            ("audit-record", "/audit/1"),
            ("audit-filtered", "/audit?what=mailer"),
            ("audit-no-match", "/audit?what=nobody"),
            ("audit-wrong", "/audit?from=yesterday"),
            ("inspector", "/tools/token"),
        ],
    );
    owner.post("/audit/check", &[]).await.assert_status(200);
    tour.sees(owner, &[("audit-checked", "/audit")]);
    let client = super::past::client(
        tour.server,
        (
            "courier",
            "Courier",
            "Shop team",
            "",
            &[(LEDGER, "ledger:read")],
        ),
    );
    let client = client.await;
    let reply = client.request_token("ledger:read").await;
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let altered = format!("{signed}.{first}{}", &signature[1..]);
    let typo = format!("{}A", &client.secret[..client.secret.len() - 1]);
    for (status, label, pasted) in [
        (200, "inspector-token", token.as_str()),
        (200, "inspector-altered", &altered),
        (200, "inspector-secret", &client.secret),
        (200, "inspector-typo", &typo),
        (422, "inspector-nothing", "good morning"),
    ] {
        let place = (status, label, "/tools/token");
        tour.sends(owner, place, &[("pasted", pasted)]);
    }
    let why = [
        ("pasted", token.as_str()),
        ("api", ORDERS),
        ("scope", ""),
        ("why", "yes"),
    ];
    tour.sends(owner, (200, "inspector-why", "/tools/token"), &why);
}

async fn people(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let invite = [
        ("name", "Cleo Brandt"),
        ("email", "cleo@example.com"),
        ("role", "operator"),
    ];
    let shown = fill_in(owner, "/operators/invite", &invite).await;
    let cleo = shown.path.trim_end_matches("/link").to_owned();
    let viewer = {
        let registry = tour.server.app.registry_arc();
        let email = "viewer@example.com".parse().unwrap();
        registry.find_operator_by_email(&email).unwrap().id.clone()
    };
    let viewer = format!("/operators/{viewer}");
    tour.sees(
        owner,
        &[
            ("operators", "/operators"),
            ("operator-invite", "/operators/invite"),
            ("operator-link", &shown.path),
            ("operator-invited", &cleo),
            ("operator", &viewer),
            ("operator-disable", &format!("{viewer}/disable")),
            ("operator-remove", &format!("{viewer}/remove")),
            ("operator-reset", &format!("{viewer}/reset")),
        ],
    );
    let wrong = [("name", ""), ("email", "cleo"), ("role", "operator")];
    let place = (422, "operator-invite-wrong", "/operators/invite");
    tour.sends(owner, place, &wrong);
    let link = shown.element("link");
    let origin = tour.server.app.issuer().origin().to_owned();
    let link = link.strip_prefix(&format!("{origin}/console")).unwrap();
    let stranger = tour.server.browser();
    tour.sees(&stranger, &[("invitation", link)]);
    let wrong = [("name", ""), ("password", "short")];
    tour.sends(&stranger, (422, "invitation-wrong", link), &wrong);
    let dead = "/invitation/not-a-link-at-all";
    tour.meets(&stranger, 404, "invitation-dead", dead);
}

async fn registration(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let other = tour.server.registration_token().await;
    let other = format!("/settings/registration/{other}");
    let scope = format!("{ORDERS} orders:read");
    let token = [
        ("note", "The build farm"),
        ("expires_in", "7d"),
        ("limit", "20"),
        ("scope", scope.as_str()),
        ("name_prefix", "ci"),
        ("owner", "Build team"),
    ];
    let itself = tour.server.self_registered().await;
    let itself = format!("/clients/{itself}/settings");
    let take = format!("{itself}/revoke-registration-access");
    let shown = fill_in(owner, "/settings/registration/new", &token).await;
    tour.sees(
        owner,
        &[
            ("settings-registration", "/settings/registration"),
            ("registration-new", "/settings/registration/new"),
            ("registration-token-shown", &shown.path),
            ("registration-revoke", &format!("{}/revoke", shown.path)),
            ("registration-token", &other),
            ("registered-client-settings", &itself),
            ("registration-access-revoke", &take),
        ],
    );
    let wrong = [("limit", "many"), ("expires_in", "never")];
    let place = (422, "registration-new-wrong", "/settings/registration/new");
    tour.sends(owner, place, &wrong);
    tour.sends(owner, (422, "registration-unticked", &shown.path), &[]);
}

async fn settings_and_account(tour: &mut Tour<'_>, owner: &mut Browser<'_>, late: &Browser<'_>) {
    tour.sees(
        owner,
        &[
            ("settings", "/settings/general"),
            ("settings-tokens", "/settings/tokens"),
            ("settings-issuance", "/settings/issuance"),
            ("settings-security", "/settings/security"),
            ("settings-scanning", "/settings/scanning"),
            ("settings-proxies", "/settings/proxies"),
            ("settings-backup", "/settings/backup"),
            ("settings-about", "/settings/about"),
            ("me", "/me"),
        ],
    );
    let wrong = (422, "settings-issuance-wrong", "/settings/issuance");
    tour.sends(owner, wrong, &[("reason", "")]);
    tour.meets(owner, 404, "not-found", "/nothing/here");
    tour.sends(late, (403, "backup-confirm", "/settings/backup"), &[]);
    let wrong = (422, "me-password-wrong", "/me/password");
    tour.sends(owner, wrong, &[("present", ""), ("password", "short")]);
    tour.sends(owner, (422, "me-name-wrong", "/me/name"), &[("name", "")]);

    let before = owner.cookies.clone();
    owner
        .post(
            "/me/recovery-codes",
            &[("confirm_password", crate::harness::browser::PASSWORD)],
        )
        .await
        .assert_status(200);
    tour.follow(&before, owner);
    tour.sees(owner, &[("recovery-codes", "/me/recovery-codes")]);
    let place = (422, "recovery-codes-unticked", "/me/recovery-codes/stored");
    tour.sends(owner, place, &[]);
    let email = "ben@example.com";
    tour.server.add_operator(email, Role::Admin).await;
    let mut enrolling = tour.server.browser();
    let page = enrolling
        .sign_in(email, crate::harness::browser::PASSWORD)
        .await;
    page.assert_at("/me/second-factor");
    tour.sees(&enrolling, &[("second-factor", "/me/second-factor")]);
    let wrong = (422, "second-factor-wrong", "/me/second-factor");
    tour.sends(&enrolling, wrong, &[("code", "000000")]);
}
