//! Secrets of clients: rotated, shown once, handed over, retired, revoked.

use jeton::crypto::signer::Typ;
use serde_json::json;

use super::{Tour, fill_in, past::known};
use crate::harness::{
    assertion::signer,
    browser::{Browser, Page},
    certificates::self_signed,
};

pub(super) async fn walk(tour: &mut Tour<'_>, owner: &mut Browser<'_>, late: &Browser<'_>) {
    tour.sees(
        owner,
        &[
            ("credentials-in-use", "/clients/billing-worker/credentials"),
            ("credentials-safe", "/clients/mailer/credentials"),
            ("credentials-at-rest", "/clients/report-service/credentials"),
            ("credentials-none", "/clients/legacy-sync/credentials"),
            ("rotate", "/clients/report-service/credentials/rotate"),
            ("rotate-nothing", "/clients/legacy-sync/credentials/rotate"),
            ("rotate-under-way", "/clients/mailer/credentials/rotate"),
            ("replace", "/clients/report-service/credentials/replace"),
            ("retire", "/clients/billing-worker/credentials/retire"),
            ("cancel", "/clients/billing-worker/credentials/cancel"),
        ],
    );
    let rotate = "/clients/report-service/credentials/rotate";
    let wrong = [
        ("overlap", "until"),
        ("until", "2020-01-01"),
        ("if_used", "hold"),
        ("expires_in", "soon"),
    ];
    tour.sends(owner, (422, "rotate-wrong", rotate), &wrong);
    let replace = "/clients/report-service/credentials/replace";
    let wrong = [("kind", "key"), ("key", "x"), ("overlap", "24h")];
    tour.sends(owner, (422, "replace-wrong", replace), &wrong);
    let right = [("overlap", "24h"), ("if_used", "hold"), ("note", "Vault")];
    tour.sends(late, (403, "confirm", rotate), &right);
    let mut wrong = right.to_vec();
    wrong.push(("confirm_password", "not this one"));
    tour.sends(late, (403, "confirm-wrong", rotate), &wrong);
    trusting(tour, owner);
    one_secret(tour, owner);
    revealed(tour, owner).await;
    handed_over(tour, owner).await;
    of_other_kinds(tour, owner).await;
}

/// The forms by which a client trusts its platform.
fn trusting(tour: &mut Tour<'_>, owner: &Browser<'_>) {
    tour.sees(
        owner,
        &[
            ("federate", "/clients/report-service/credentials/federate"),
            (
                "federate-gitlab",
                "/clients/report-service/credentials/federate?platform=gitlab",
            ),
            (
                "federate-kubernetes",
                "/clients/report-service/credentials/federate?platform=kubernetes",
            ),
            (
                "federate-spiffe",
                "/clients/report-service/credentials/federate?platform=spiffe",
            ),
            (
                "federate-other",
                "/clients/report-service/credentials/federate?platform=other",
            ),
            ("dry-run", "/clients/report-service/credentials/dry-run"),
            (
                "replace-nothing",
                "/clients/legacy-sync/credentials/replace",
            ),
        ],
    );
    let federate = "/clients/report-service/credentials/federate";
    let wrong = [
        ("platform", "github"),
        ("repository", "acme"),
        ("repository_id", ""),
        ("place", "branch"),
        ("name", ""),
        ("issuer", ""),
        ("audience", ""),
        ("algorithms", ""),
        ("max_age", "1h"),
        ("overlap", "24h"),
        ("note", ""),
    ];
    tour.sends(owner, (422, "federate-wrong", federate), &wrong);
}

/// The pages of one secret.
fn one_secret(tour: &mut Tour<'_>, owner: &Browser<'_>) {
    let registry = tour.server.app.registry_arc();
    let of = |client: &str| {
        let client = registry.find_client_by_text(client).unwrap();
        let secret = client.secrets.last().unwrap();
        format!("/clients/{}/credentials/{}", client.id, secret.id)
    };
    let (used, gone) = (of("report-service"), of("legacy-sync"));
    tour.sees(
        owner,
        &[
            ("secret", used.as_str()),
            ("secret-revoked", gone.as_str()),
            ("secret-note", &format!("{used}/note")),
            ("secret-revoke", &format!("{used}/revoke")),
        ],
    );
    let long = "x".repeat(300);
    let note = format!("{used}/note");
    tour.sends(owner, (422, "secret-note-wrong", &note), &[("note", &long)]);
    let revoke = format!("{used}/revoke");
    let wrong = [("name", "Report")];
    tour.sends(owner, (422, "secret-revoke-wrong", &revoke), &wrong);
}

/// A secret that was just made, by rotation and with its client.
async fn revealed(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let about = [("name", "Label printer"), ("client_id", "label-printer")];
    fill_in(owner, "/clients/new", &about).await;
    let scope = [("scope", "https://orders.example.com orders:read")];
    fill_in(owner, "/clients/new/access", &scope).await;
    fill_in(owner, "/clients/new/credential", &[("life", "180d")]).await;
    let first = fill_in(owner, "/clients/new/check", &[]).await;
    let rotate = "/clients/stock-feed/credentials/rotate";
    let rotated = fill_in(owner, rotate, &[]).await;
    tour.sees(
        owner,
        &[
            ("reveal-first", first.path.as_str()),
            ("reveal", rotated.path.as_str()),
        ],
    );
    let secret = rotated.element("secret");
    let check = format!("{}/check", rotated.path);
    let right = (200, "reveal-check-right", check.as_str());
    tour.sends(owner, right, &[("pasted", &secret)]);
    let wrong = (200, "reveal-check-wrong", check.as_str());
    tour.sends(owner, wrong, &[("pasted", &secret[..20])]);
    tour.sends(owner, (422, "reveal-unticked", &rotated.path), &[]);
    let admin = tour
        .server
        .signed_in(jeton::domain::permission::Role::Admin);
    let admin = admin.await;
    tour.sees(&admin, &[("reveal-closed", &rotated.path)]);
    tour.sees(owner, &[("client-waiting", "/clients/label-printer")]);
}

/// A client that signs with its secret, and then has a key.
async fn of_other_kinds(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let about = [("name", "Badge printer"), ("client_id", "badge-printer")];
    fill_in(owner, "/clients/new", &about).await;
    fill_in(owner, "/clients/new/access", &[]).await;
    let signs = [("kind", "signing_secret"), ("life", "180d")];
    fill_in(owner, "/clients/new/credential", &signs).await;
    let signing = fill_in(owner, "/clients/new/check", &[]).await;
    let rotate = "/clients/badge-printer/credentials/rotate";
    tour.sees(
        owner,
        &[
            ("reveal-signing", signing.path.as_str()),
            ("rotate-signing", rotate),
            ("client-signing", "/clients/badge-printer"),
        ],
    );
    let about = [("name", "Badge reader"), ("client_id", "badge-reader")];
    fill_in(owner, "/clients/new", &about).await;
    fill_in(owner, "/clients/new/access", &[]).await;
    fill_in(owner, "/clients/new/credential", &signs).await;
    fill_in(owner, "/clients/new/check", &[]).await;
    let replace = "/clients/badge-reader/credentials/replace";
    let jwk = signer(6).public_jwk().unwrap().to_string();
    let key = [("kind", "key"), ("key", &jwk), ("overlap", "now")];
    fill_in(owner, replace, &key).await;
    let rotate = "/clients/badge-reader/credentials/rotate";
    tour.sees(
        owner,
        &[
            ("client-key", "/clients/badge-reader"),
            ("credentials-key", "/clients/badge-reader/credentials"),
            ("rotate-key", rotate),
            ("handover-key", "/clients/badge-reader/credentials/handover"),
        ],
    );
    let both = [("overlap", "24h"), ("if_used", "hold"), ("signs", "yes")];
    tour.sends(owner, (422, "rotate-side-by-side", rotate), &both);
    with_certificate(tour, owner).await;
    of_a_platform(tour, owner).await;
}

/// A client that comes to have a certificate, and what is wrong with others.
async fn with_certificate(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let replace = "/clients/newsletter/credentials/replace";
    let pem = self_signed("newsletter.example", (2020, 2040));
    let filled = [
        ("kind", "certificate"),
        ("certificate", pem.as_str()),
        ("overlap", "now"),
    ];
    fill_in(owner, replace, &filled).await;
    tour.sees(
        owner,
        &[
            ("client-certificate", "/clients/newsletter"),
            ("credentials-certificate", "/clients/newsletter/credentials"),
        ],
    );
    let wrong = [
        ("kind", "certificate"),
        ("certificate", "x"),
        ("overlap", "24h"),
    ];
    tour.sends(owner, (422, "replace-certificate-wrong", replace), &wrong);
    let wrong = [
        ("kind", "subject"),
        ("subject_name", "tls_client_auth_san_ip"),
        ("subject", "here"),
        ("overlap", "24h"),
    ];
    tour.sends(owner, (422, "replace-subject-wrong", replace), &wrong);
}

/// A client that shows the tokens of its platform, and tries some.
async fn of_a_platform(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let about = [("name", "Parcel tracker"), ("client_id", "parcel-tracker")];
    fill_in(owner, "/clients/new", &about).await;
    let scope = [("scope", "https://orders.example.com orders:read")];
    fill_in(owner, "/clients/new/access", &scope).await;
    fill_in(owner, "/clients/new/credential", &[("kind", "platform")]).await;
    let platform = signer(9);
    let jwk = platform.public_jwk().unwrap().to_string();
    let trust = [
        ("platform", "other"),
        ("issuer", "https://idp.example.com"),
        ("subject", "parcels:tracker"),
        ("audience", "https://auth.example.com"),
        ("max_age", "1h"),
        ("jwks", jwk.as_str()),
    ];
    let open = "/clients/new/platform?platform=other";
    let page = owner.open(open).await;
    let step = owner.submit(&page, "/clients/new/platform", &trust).await;
    step.assert_at("/clients/new/check");
    fill_in(owner, "/clients/new/check", &[]).await;
    let now = tour.server.app.now().seconds();
    let token = |subject: &str| {
        let claims = json!({
            "iss": "https://idp.example.com", "sub": subject, "aud": "https://auth.example.com",
            "iat": now, "exp": now + 300,
        });
        let claims = claims.to_string();
        platform.sign(Typ::ClientAuthentication, claims.as_bytes())
    };
    let try_it = "/clients/parcel-tracker/credentials/dry-run";
    tour.sees(
        owner,
        &[
            (
                "credentials-federated",
                "/clients/parcel-tracker/credentials",
            ),
            ("dry-run-form", try_it),
        ],
    );
    let (good, bad) = (token("parcels:tracker"), token("parcels:other"));
    let place = (200, "dry-run-accepted", try_it);
    tour.sends(owner, place, &[("token", good.unwrap().as_str())]);
    let place = (200, "dry-run-refused", try_it);
    tour.sends(owner, place, &[("token", bad.unwrap().as_str())]);
}

/// Links to secrets, as both sides see them.
async fn handed_over(tour: &mut Tour<'_>, owner: &mut Browser<'_>) {
    let ask = "/clients/nightly-export/credentials/handover";
    tour.sees(owner, &[("handover-ask", ask)]);
    let wrong = [("overlap", ""), ("if_used", "hold"), ("expires_in", "soon")];
    tour.sends(owner, (422, "handover-ask-wrong", ask), &wrong);
    let (page, link) = offered(tour, owner, "webhook-relay").await;
    tour.sees(
        owner,
        &[
            ("handover-link", page.path.as_str()),
            ("credentials-link", "/clients/webhook-relay/credentials"),
        ],
    );
    let elsewhere = super::again(tour.server, "owner");
    tour.server.advance(jeton::domain::time::Span(30)).await;
    tour.sees(&elsewhere.await, &[("handover-link-closed", &page.path)]);
    let mut developer = tour.server.browser();
    tour.sees(&developer, &[("handover-offer", &link)]);

    let (_, link) = offered(tour, owner, "edge-cache").await;
    let taken = fill_in(&mut developer, &link, &[]).await;
    tour.sees(&developer, &[("handover-taken", &link)]);
    let check = format!("{link}/check");
    let secret = taken.element("secret");
    let place = (200, "handover-check", check.as_str());
    tour.sends(&developer, place, &[("pasted", &secret)]);
    let stored = format!("{link}/stored");
    tour.sends(&developer, (422, "handover-unticked", &stored), &[]);
    tour.sees(
        owner,
        &[("credentials-taken", "/clients/edge-cache/credentials")],
    );
    let other = tour.server.browser();
    tour.meets(&other, 410, "handover-spent", &link);

    let (_, link) = offered(tour, owner, "price-sync").await;
    let mut developer = tour.server.browser();
    fill_in(&mut developer, &link, &[]).await;
    let stored = format!("{link}/stored");
    let place = (200, "handover-stored", stored.as_str());
    tour.sends(&developer, place, &[("stored", "yes")]);
    let moved = known(tour.server, "price-sync");
    super::past::use_new(tour.server, &moved, "10.0.4.55");
}

/// An operator makes a link; the page that shows it, and where it leads.
async fn offered(tour: &Tour<'_>, owner: &mut Browser<'_>, client: &str) -> (Page, String) {
    let path = format!("/clients/{client}/credentials/handover");
    let page = fill_in(owner, &path, &[("note", "vault of the team")]).await;
    let link = page.element("link");
    let issuer = tour.server.app.issuer().origin().to_owned();
    let link = link.strip_prefix(&format!("{issuer}/console")).unwrap();
    (page, link.to_owned())
}
