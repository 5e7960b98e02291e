//! The list of clients, making one, and every page of one but those of its secrets.

use jeton::domain::permission::Role;

use super::{Tour, fill_in, past::ORDERS, revision};
use crate::harness::{assertion::signer, browser::Browser};

/// Somebody fills in the pages of a new client and goes for a coffee before the last.
pub(super) async fn begin_a_new_one(late: &mut Browser<'_>) {
    let about = [
        ("name", "Invoice printer"),
        ("owner", "Payments team"),
        ("description", "Prints an invoice for every order."),
    ];
    fill_in(late, "/clients/new", &about).await;
    let scope = [("scope", "https://orders.example.com orders:read")];
    fill_in(late, "/clients/new/access", &scope).await;
    let secret = [("life", "180d"), ("note", "1Password / Ops")];
    fill_in(late, "/clients/new/credential", &secret).await;
}

pub(super) async fn walk(tour: &mut Tour<'_>, owner: &mut Browser<'_>, late: &Browser<'_>) {
    tour.sees(
        owner,
        &[
            ("dashboard", ""),
            ("clients", "/clients"),
            ("clients-sorted", "/clients?sort=used"),
            ("clients-found", "/clients?q=10.0.4.31"),
            ("clients-attention", "/clients?status=attention"),
            ("clients-no-match", "/clients?q=mailr"),
            ("client", "/clients/billing-worker"),
            ("client-never-used", "/clients/nightly-export"),
            ("client-disabled", "/clients/importer"),
            ("client-without-secret", "/clients/legacy-sync"),
            ("postpone", "/clients/mailer/attention/finish/postpone"),
            ("access", "/clients/billing-worker/access"),
            ("access-unused", "/clients/old-cron/access"),
            ("access-none", "/clients/newsletter/access"),
            ("activity", "/clients/report-service/activity"),
            ("activity-none", "/clients/nightly-export/activity"),
            ("try-it", "/clients/billing-worker/try"),
            (
                "try-it-preview",
                "/clients/billing-worker/try?api=https%3A%2F%2Forders.example.com&scope=orders%3Aread&chosen=yes",
            ),
            ("try-it-none", "/clients/newsletter/try"),
            ("client-settings", "/clients/billing-worker/settings"),
            ("client-settings-off", "/clients/importer/settings"),
            ("client-limits", "/clients/billing-worker/settings/limits"),
            ("client-disable", "/clients/billing-worker/settings/disable"),
            (
                "client-revoke-tokens",
                "/clients/billing-worker/settings/revoke-tokens",
            ),
            ("client-delete", "/clients/billing-worker/settings/delete"),
        ],
    );
    tour.meets(owner, 404, "client-missing", "/clients/nobody");
    new_ones(tour, owner, late);
    other_beginnings(tour).await;
    refused(tour, owner);
    reviews(tour, owner);
    minted(tour, owner).await;
    seen_by_a_viewer(tour).await;
}

fn new_ones(tour: &mut Tour<'_>, owner: &Browser<'_>, late: &Browser<'_>) {
    tour.sees(
        owner,
        &[
            ("new-about", "/clients/new"),
            ("new-about-like", "/clients/new?like=mailer"),
        ],
    );
    tour.sees(
        late,
        &[
            ("new-about-begun", "/clients/new"),
            ("new-access", "/clients/new/access"),
            ("new-access-found", "/clients/new/access?find=ledger"),
            ("new-access-no-match", "/clients/new/access?find=zebra"),
            ("new-credential", "/clients/new/credential"),
            ("new-check", "/clients/new/check"),
        ],
    );
    let wrong = [("name", ""), ("like", "nobody"), ("client_id", "mailer")];
    tour.sends(owner, (422, "new-about-wrong", "/clients/new"), &wrong);
    let wrong = [("kind", "secret"), ("life", "")];
    let place = (422, "new-credential-wrong", "/clients/new/credential");
    tour.sends(late, place, &wrong);
}

/// Fills in the first three pages of a new client.
async fn begun(browser: &mut Browser<'_>, (name, id): (&str, &str), credential: &[(&str, &str)]) {
    let about = [("name", name), ("client_id", id)];
    fill_in(browser, "/clients/new", &about).await;
    let scope = [("scope", "https://orders.example.com orders:read")];
    fill_in(browser, "/clients/new/access", &scope).await;
    fill_in(browser, "/clients/new/credential", credential).await;
}

/// New clients that begin with something else than a secret.
async fn other_beginnings(tour: &mut Tour<'_>) {
    let mut one = tour.server.signed_in(Role::Operator).await;
    let platform = [("kind", "platform")];
    begun(&mut one, ("Shop deployment", "shop-deployment"), &platform).await;
    let shop = [("repository", "acme/shop"), ("name", "main")];
    fill_in(&mut one, "/clients/new/platform", &shop).await;
    let made = fill_in(&mut one, "/clients/new/check", &[]).await;
    tour.sees(&one, &[("client-federated", made.path.as_str())]);
    begun(&mut one, ("Stock mirror", ""), &platform).await;
    let at = "/clients/new/platform";
    tour.sees(
        &one,
        &[
            ("new-platform", "/clients/new/platform"),
            (
                "new-platform-kubernetes",
                "/clients/new/platform?platform=kubernetes",
            ),
        ],
    );
    let wrong = [
        ("platform", "github"),
        ("repository", "acme"),
        ("repository_id", "many"),
        ("place", "branch"),
        ("name", ""),
        ("issuer", "http://github.example.com"),
        ("audience", ""),
        ("algorithms", "none"),
        ("max_age", "soon"),
        ("note", ""),
    ];
    tour.sends(&one, (422, "new-platform-wrong", at), &wrong);
    let jwk = signer(5).public_jwk().unwrap().to_string();
    let tried = [
        ("platform", "other"),
        ("issuer", "https://idp.example.com"),
        ("subject", "shop:mirror"),
        ("audience", "https://auth.example.com"),
        ("jwks", jwk.as_str()),
        ("try", "yes"),
        ("token", "a.b.c"),
    ];
    tour.sends(&one, (200, "new-platform-tried", at), &tried);
    let mut other = super::again(tour.server, "operator").await;
    let key = [("kind", "key"), ("key", jwk.as_str()), ("note", "HSM 2")];
    begun(&mut other, ("Ledger feed", ""), &key).await;
    tour.sees(
        &other,
        &[
            ("new-credential-key", "/clients/new/credential"),
            ("new-check-key", "/clients/new/check"),
        ],
    );
}

fn refused(tour: &mut Tour<'_>, owner: &Browser<'_>) {
    let settings = "/clients/billing-worker/settings";
    let wrong = [("name", ""), ("token_lifetime", "soon")];
    tour.sends(owner, (422, "client-settings-wrong", settings), &wrong);
    let limits = "/clients/billing-worker/settings/limits";
    let wrong = [("allowed_networks", "10.0.0.0/33"), ("tokens", "many")];
    tour.sends(owner, (422, "client-limits-wrong", limits), &wrong);
    let outside = [("allowed_networks", "203.0.113.0/24")];
    tour.sends(owner, (422, "client-limits-outside", limits), &outside);
    let delete = "/clients/billing-worker/settings/delete";
    let wrong = [("typed", "Biling worker")];
    tour.sends(owner, (422, "client-delete-wrong", delete), &wrong);
}

fn reviews(tour: &mut Tour<'_>, owner: &Browser<'_>) {
    let review = "/clients/billing-worker/access/review";
    let now = revision(tour.server, "billing-worker");
    let read = format!("{ORDERS} orders:read");
    let refund = format!("{ORDERS} orders:refund");
    let change = [
        ("revision", now.as_str()),
        ("grant", read.as_str()),
        ("grant", refund.as_str()),
    ];
    tour.sends(owner, (200, "access-review", review), &change);
    let same = [("revision", now.as_str()), ("grant", read.as_str())];
    tour.sends(owner, (200, "access-review-less", review), &same);
    let stale = [("revision", "1"), ("grant", read.as_str())];
    tour.sends(owner, (409, "access-stale", review), &stale);
}

async fn minted(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let chosen = [("api", ORDERS), ("scope", "orders:read"), ("chosen", "yes")];
    let mint = "/clients/report-service/try/token";
    let shown = owner.post(mint, &chosen).await;
    let path = shown.path.split('#').next().unwrap();
    tour.sees(owner, &[("try-it-token", path)]);
}

async fn seen_by_a_viewer(tour: &mut Tour<'_>) {
    let viewer = tour.server.signed_in(Role::Viewer).await;
    tour.sees(
        &viewer,
        &[
            ("viewer-dashboard", ""),
            ("viewer-clients", "/clients"),
            ("viewer-client", "/clients/billing-worker"),
            ("viewer-credentials", "/clients/billing-worker/credentials"),
            ("viewer-at-rest", "/clients/nightly-export/credentials"),
            ("viewer-access", "/clients/billing-worker/access"),
            ("viewer-try-it", "/clients/billing-worker/try"),
            ("viewer-client-settings", "/clients/billing-worker/settings"),
            (
                "viewer-client-limits",
                "/clients/billing-worker/settings/limits",
            ),
            ("viewer-issuance", "/settings/issuance"),
            ("viewer-apis", "/apis"),
            ("viewer-api", "/apis/https%3A%2F%2Forders.example.com"),
            (
                "viewer-api-settings",
                "/apis/https%3A%2F%2Forders.example.com/settings",
            ),
            ("viewer-keys", "/keys"),
            ("viewer-operators", "/operators"),
            ("viewer-settings", "/settings/security"),
            ("viewer-backup", "/settings/backup"),
            ("viewer-me", "/me"),
        ],
    );
    tour.meets(&viewer, 403, "viewer-may-not", "/clients/new");
}
