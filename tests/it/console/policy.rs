//! The policy of the server: edited in the settings, and honoured wherever it decides.

use jeton::{
    admin::settings::SetPolicy,
    domain::{
        audit::AuditPage,
        permission::Role,
        policy::{OnLeak, Policy},
        time::Span,
    },
};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

async fn save(browser: &mut Browser<'_>, tab: &str, filled: &[(&str, &str)]) -> Page {
    let path = format!("/settings/{tab}");
    let page = browser.open(&path).await;
    browser.submit(&page, &path, filled).await
}

fn policy(server: &TestServer) -> Policy {
    Policy::clone(server.app.registry().policy())
}

/// How often the policy was changed.
async fn edits(server: &TestServer) -> usize {
    let page = AuditPage {
        limit: 100,
        action: Some("settings.edit".to_owned()),
        ..AuditPage::default()
    };
    server.app.audit(page).await.unwrap().len()
}

#[tokio::test]
async fn every_part_of_the_policy_is_edited_on_its_page() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;

    let named = save(
        &mut browser,
        "general",
        &[("server_name", "Tokens of Acme")],
    )
    .await;
    named.assert_says("Saved. It is called so from now on.");
    assert_eq!(named.title(), "General settings · Tokens of Acme");
    let tokens = [
        ("token_lifetime", "15m"),
        ("secret_lifetime", "60d"),
        ("longest_secret_lifetime", "90d"),
        ("endless_secrets", ""),
        ("overlap", "7d"),
    ];
    save(&mut browser, "tokens", &tokens)
        .await
        .assert_says("Saved. It holds for what is made from now on.");
    let sessions = [
        ("session_idle", "30m"),
        ("session_longest", "8h"),
        ("reauthenticate_after", "5m"),
    ];
    save(&mut browser, "security", &sessions)
        .await
        .assert_says("Saved. It holds for every session at once, yours too.");
    save(&mut browser, "scanning", &[("on_leak", "flag")])
        .await
        .assert_says("Saved. It holds for every report from now on.");

    let after = policy(&server);
    let spans = [
        after.token_lifetime.span(),
        after.secret_lifetime,
        after.longest_secret_lifetime,
        after.overlap,
        after.session_idle,
        after.session_longest,
        after.reauthenticate_after,
    ];
    let (minutes, hours, days) = (Span::minutes, Span::hours, Span::days);
    let wanted = [
        minutes(15),
        days(60),
        days(90),
        days(7),
        minutes(30),
        hours(8),
        minutes(5),
    ];
    assert_eq!(spans, wanted);
    assert_eq!(after.server_name.as_str(), "Tokens of Acme");
    assert_eq!(after.on_leak, OnLeak::Flag);
    assert!(!after.endless_secrets);
}

#[tokio::test]
async fn that_the_master_key_is_kept_is_confirmed_and_taken_back() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;

    let page = browser.open("/settings/backup").await;
    page.assert_says("Nobody has confirmed yet that it is kept elsewhere too.");
    let page = browser.submit(&page, "/settings/master-key", &[]).await;
    page.assert_at("/settings/backup");
    page.assert_says("Somebody confirmed 15 Jan, 08:00 UTC that it is kept elsewhere too.");
    assert_eq!(policy(&server).master_key_kept, Some(server.app.now()));
    let page = browser.submit(&page, "/settings/master-key", &[]).await;

    page.assert_says("Nobody has confirmed yet");
    assert_eq!(policy(&server).master_key_kept, None);
}

#[tokio::test]
async fn what_is_wrong_with_the_policy_comes_back_with_the_entries() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;

    for (tab, filled, words) in [
        ("general", vec![("server_name", "")], ""),
        (
            "tokens",
            vec![("secret_lifetime", "400d"), ("overlap", "31d")],
            "Write 1m to 365d",
        ),
        (
            "tokens",
            vec![("secret_lifetime", "90")],
            "Write the unit too, such as 15m, 24h or 90d",
        ),
        (
            "security",
            vec![("session_idle", "1m"), ("session_longest", "")],
            "Write a length of time, such as 15m, 24h or 90d",
        ),
        (
            "scanning",
            vec![("on_leak", "shrug")],
            "Write revoke or flag",
        ),
        (
            "proxies",
            vec![("forward_policies", "orders urn:nothing read")],
            "Orders: there is no API urn:nothing",
        ),
    ] {
        let page = save(&mut browser, tab, &filled).await;
        page.assert_status(422);
        assert!(page.title().starts_with("Error: "), "{}", page.title());
        page.assert_says(words);
        let form = page.form(&format!("/settings/{tab}"));
        for (name, value) in filled {
            let kept = (name.to_owned(), value.to_owned());
            assert!(
                name == "on_leak" || form.contains(&kept),
                "{kept:?} in {form:?}"
            );
        }
    }

    assert_eq!(edits(&server).await, 0, "nothing was saved");
}

#[tokio::test]
async fn of_two_who_edit_the_policy_the_second_keeps_the_entries_and_sees_both() {
    let server = TestServer::start().await;
    let mut ana = server.signed_in(Role::Owner).await;
    let mut ben = server.signed_in(Role::Admin).await;
    let tokens = "/settings/tokens";
    let (hers, his) = (ana.open(tokens).await, ben.open(tokens).await);

    ana.submit(&hers, tokens, &[("overlap", "48h")]).await;
    let met = ben.submit(&his, tokens, &[("overlap", "7d")]).await;

    met.assert_status(409);
    met.assert_says("owner@example.com changed this");
    met.assert_says("The old secret of a rotation works for 2d 7d");
    assert_eq!(policy(&server).overlap, Span::hours(48));
    let saved = ben.submit(&met, tokens, &[]).await;
    saved.assert_says("Saved.");
    assert_eq!(policy(&server).overlap, Span::days(7));
}

#[tokio::test]
async fn an_edit_on_another_page_of_the_settings_is_in_nobodys_way() {
    let server = TestServer::start().await;
    let mut ana = server.signed_in(Role::Owner).await;
    let mut ben = server.signed_in(Role::Admin).await;
    let (tokens, general) = ("/settings/tokens", "/settings/general");
    let (hers, his) = (ana.open(tokens).await, ben.open(general).await);

    ana.submit(&hers, tokens, &[("overlap", "48h")]).await;
    let saved = ben.submit(&his, general, &[("server_name", "Keys")]).await;

    saved.assert_says("Saved. It is called so from now on.");
    assert_eq!(policy(&server).overlap, Span::hours(48));
    assert_eq!(policy(&server).server_name.as_str(), "Keys");
}

#[tokio::test]
async fn the_policy_is_saved_once_however_often_the_form_is_sent() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("/settings/tokens").await;

    for _ in 0..2 {
        let saved = browser
            .submit(&page, "/settings/tokens", &[("overlap", "7d")])
            .await;
        saved.assert_at("/settings/tokens");
        saved.assert_status(200);
    }

    assert_eq!(edits(&server).await, 1);
}

#[tokio::test]
async fn what_guards_the_console_is_changed_only_by_who_proves_to_be_there() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    server.advance(Span::minutes(16)).await;
    let security = "/settings/security";

    save(&mut browser, "tokens", &[("overlap", "7d")])
        .await
        .assert_says("Saved.");
    save(&mut browser, "scanning", &[("on_leak", "flag")])
        .await
        .assert_says("Confirm it is you");
    let asked = save(&mut browser, "security", &[("reauthenticate_after", "8h")]).await;
    asked.assert_status(403);
    asked.assert_says("Confirm it is you");
    assert_eq!(policy(&server).reauthenticate_after, Span::minutes(15));
    let saved = browser
        .submit(&asked, security, &[("confirm_password", PASSWORD)])
        .await;

    saved.assert_says("Saved.");
    assert_eq!(policy(&server).reauthenticate_after, Span::hours(8));
}

#[tokio::test]
async fn who_may_not_change_the_policy_reads_it() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;

    for (tab, words) in [
        ("general", "Name Jeton"),
        ("tokens", "A new secret works for 180 days"),
        ("security", "End at the latest after 12 hours"),
        ("scanning", "A secret that is reported is revoked at once"),
        ("proxies", "There are none."),
        ("backup", "Nobody has confirmed yet"),
    ] {
        let page = browser.open(&format!("/settings/{tab}")).await;
        page.assert_says(words);
        assert!(!page.html().contains("action=\"/console/settings"), "{tab}");
        let sent = browser.post(&format!("/settings/{tab}"), &[]).await;
        sent.assert_status(403);
    }
}

/// A policy that is stricter than the one at first.
fn strict() -> SetPolicy {
    SetPolicy {
        token_lifetime: Some("15m".parse().unwrap()),
        secret_lifetime: Some(Span::days(60)),
        longest_secret_lifetime: Some(Span::days(100)),
        endless_secrets: Some(false),
        overlap: Some(Span::days(7)),
        ..SetPolicy::default()
    }
}

#[tokio::test]
async fn a_new_client_is_offered_the_lives_that_the_policy_allows() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let secret = "/clients/new/credential";
    let page = browser.open("/clients/new").await;
    browser
        .submit(&page, "/clients/new", &[("name", "x")])
        .await;
    let page = browser.open(secret).await;
    page.assert_says("180 days Until 14 Jul. Recommended");
    page.assert_says("365 days");
    page.assert_says("Until it is replaced");

    server.run(strict()).await;
    let page = browser.open(secret).await;

    page.assert_says("60 days Until 16 Mar. Recommended");
    page.assert_says("90 days");
    for gone in ["180 days", "365 days", "Until it is replaced"] {
        page.assert_does_not_say(gone);
    }
    for life in ["180d", "never", "x"] {
        let filled = [("life", life), ("reason", "An appliance")];
        let refused = browser.submit(&page, secret, &filled).await;
        refused.assert_status(422);
        refused.assert_says("Choose how long the secret works");
    }
    let check = browser.submit(&page, secret, &[]).await;
    check.assert_says("Secret works Change how long the secret works 60 days, until 16 Mar");
}

#[tokio::test]
async fn a_plan_that_the_policy_does_not_allow_any_more_makes_no_client() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open("/clients/new").await;
    browser
        .submit(&page, "/clients/new", &[("name", "x")])
        .await;
    let page = browser.open("/clients/new/credential").await;
    let filled = [("life", "never"), ("reason", "An appliance")];
    let check = browser
        .submit(&page, "/clients/new/credential", &filled)
        .await;

    server.run(strict()).await;
    let refused = browser.submit(&check, "/clients/new/check", &[]).await;

    refused.assert_status(422);
    refused.assert_says("Choose how long the secret works: here, every new secret has an end");
    assert_eq!(server.app.registry().client_count(), 0);
    let page = browser.open("/clients/new/check").await;
    page.assert_at("/clients/new/credential");
}

#[tokio::test]
async fn a_rotation_is_held_to_the_policy() {
    let server = TestServer::start().await;
    server.run(strict()).await;
    server.client("report-service").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let rotate = "/clients/report-service/credentials/rotate";

    let page = browser.open(rotate).await;
    page.assert_says("At most 100 days. Left empty, it is 60 days.");
    let life = ("expires_in".to_owned(), "60".to_owned());
    assert!(page.form(rotate).contains(&life), "as long as the old one");
    let refused = browser
        .submit(&page, rotate, &[("expires_in", "101")])
        .await;
    refused.assert_status(422);
    refused.assert_says("Write a number of days, 100 days at most, or leave it empty");
    browser
        .submit(&refused, rotate, &[("expires_in", "")])
        .await;

    let registry = server.app.registry();
    let client = registry.clients().next().unwrap();
    let new = client.new_secret(server.app.now()).unwrap();
    assert_eq!(new.expires, Some(server.app.now().plus(Span::days(60))));
}

#[tokio::test]
async fn the_overlap_of_the_policy_is_chosen_where_no_rhythm_is_known() {
    let server = TestServer::start().await;
    server.api("https://sales.example", "read").await;
    let client = server.client("report-service").await;
    let client = client.granted("https://sales.example", "read").await;
    client.request_token("").await.assert_issued();
    let mut browser = server.signed_in(Role::Operator).await;
    let rotate = "/clients/report-service/credentials/rotate";

    for (overlap, chosen) in [("24h", "24h"), ("7d", "7d"), ("2d", "until"), ("0", "7d")] {
        server
            .run(SetPolicy {
                overlap: Some(overlap.parse().unwrap()),
                ..SetPolicy::default()
            })
            .await;
        let page = browser.open(rotate).await;
        let chosen = ("overlap".to_owned(), chosen.to_owned());
        assert!(page.form(rotate).contains(&chosen), "{overlap}");
    }
}

#[tokio::test]
async fn a_new_api_starts_with_the_token_lifetime_of_the_policy() {
    let server = TestServer::start().await;
    server.run(strict()).await;
    let mut browser = server.signed_in(Role::Admin).await;

    let page = browser.open("/apis/new").await;

    let lifetime = ("token_lifetime".to_owned(), "15m".to_owned());
    assert!(page.form("/apis/new").contains(&lifetime));
}
