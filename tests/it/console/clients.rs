//! The list of clients, and the pages of each that say what it is.

mod beginning;
mod making;
mod reveal;

use jeton::{
    admin::secrets::RevokeSecret,
    domain::{permission::Role, time::Span},
};
use serde_json::json;

use crate::harness::{
    browser::{Browser, Page},
    caller::Client,
    server::TestServer,
};

const SALES: &str = "https://sales.example";

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api(SALES, "read:analytics write:analytics").await;
    let client = server.client("report-service").await;
    client.granted(SALES, "read:analytics").await
}

/// The rows of the list: the ids, in order.
fn listed(page: &Page) -> Vec<String> {
    let html = page.html();
    let rows = html.split("<tr><th scope=\"row\">").skip(1);
    rows.map(|row| {
        let (_, rest) = row.split_once("<code id=\"id-").unwrap();
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split('<').next().unwrap().to_owned()
    })
    .collect()
}

async fn search(browser: &mut Browser<'_>, text: &str) -> Vec<String> {
    let page = browser.open(&format!("/clients?q={text}")).await;
    page.assert_status(200);
    listed(&page)
}

/// Console 24.
#[tokio::test]
async fn an_empty_list_says_what_a_client_is() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open("/clients").await;

    page.assert_says("No clients yet");
    page.assert_says("A client is a program that asks this server for tokens.");
    page.assert_says("Register the first client");
    let example = page.element("example");
    assert!(example.contains("/oauth2/token"), "{example}");
}

/// Console 23.
#[tokio::test]
async fn clients_are_found_by_whatever_is_known_of_them() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    client.request_token("").await.assert_issued();
    server.client("mailer").await;
    let secret = client.secret.clone();
    let mut browser = server.signed_in(Role::Viewer).await;

    for text in [
        "report-service",
        "REPORT",
        &secret[4..12],
        &secret[..12],
        "read:analytics",
        "sales.example",
        "192.0.2.7",
        "192.0.",
        "report%20sales",
    ] {
        assert_eq!(
            search(&mut browser, text).await,
            ["report-service"],
            "{text}"
        );
    }
    assert_eq!(
        search(&mut browser, "client").await,
        ["mailer", "report-service"]
    );
    assert_eq!(search(&mut browser, "192.0.2.9").await, [""; 0]);
}

/// Console 23.
#[tokio::test]
async fn names_stand_where_people_look_for_them() {
    let server = TestServer::start().await;
    for (id, name) in [
        ("a", "Till 10"),
        ("b", "Till 2"),
        ("c", "till 1"),
        ("d", "Bakery"),
    ] {
        server.client(id).await;
        let owner = server.owner();
        let path = format!("/clients/{id}");
        let renamed = owner.patch(&path, json!({"name": name})).await;
        renamed.assert_status(200);
    }
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/clients?sort=name").await;
    let turned = browser.open("/clients?sort=-name").await;

    assert_eq!(listed(&page), ["d", "c", "b", "a"]);
    assert_eq!(listed(&turned), ["a", "b", "c", "d"]);
}

/// Console 24.
#[tokio::test]
async fn a_search_without_a_match_offers_the_nearest_name() {
    let server = TestServer::start().await;
    server.client("billing-worker").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/clients?q=biling-worker").await;

    page.assert_says("No client matches “biling-worker”");
    page.assert_says("Did you mean A client ?");
    page.assert_says("Clear the search");
    let page = browser.open("/clients?q=nothing+like+it").await;
    page.assert_says("No client matches “nothing like it”");
    page.assert_does_not_say("Did you mean");
}

/// Console 23.
#[tokio::test]
async fn what_is_looked_at_stands_in_the_url() {
    let server = TestServer::start().await;
    for n in 0..60 {
        server.client(&format!("c-{n:02}")).await;
    }
    server.client("d").await.disabled().await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/clients?sort=name&page=2").await;
    assert_eq!(page.title(), "Clients, page 2 · Jeton");
    assert_eq!(listed(&page).len(), 11);
    page.assert_says("51 to 61 of 61, sorted by name");
    let page = browser.open("/clients?status=disabled").await;
    assert_eq!(listed(&page), ["d"]);
    page.assert_says("Disabled 1");
    let page = browser.open("/clients?q=c-0&sort=-name").await;
    page.assert_says("10 clients, sorted by name, reversed");
    assert!(page.html().contains("aria-sort=\"descending\""));
    let page = browser
        .open("/clients?status=nonsense&sort=x&page=900")
        .await;
    assert_eq!(page.title(), "Clients, page 2 · Jeton");
}

#[tokio::test]
async fn a_client_without_a_secret_that_works_stands_first() {
    let server = TestServer::start().await;
    server.client("a").await;
    let broken = server.client("z").await.revoked().await;
    broken.request_token("").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/clients").await;

    page.assert_says("Revoked");
    page.assert_says("Works until replaced");
    assert_eq!(search(&mut browser, "z").await, ["z"]);
}

#[tokio::test]
async fn a_client_without_a_secret_is_not_told_to_wait_for_a_token() {
    let server = TestServer::start().await;
    let client = server.client("mailer").await;
    let revoke = RevokeSecret {
        client: client.client_id(),
        secret: None,
    };
    server.run(revoke).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open("/clients/mailer").await;

    page.assert_says("No secret or key of it works.");
    page.assert_does_not_say("Waiting for the first token");
}

/// Console 22.
#[tokio::test]
async fn the_first_token_is_waited_for_and_a_refusal_is_explained() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let part = "/fragments/clients/report-service/first-token";

    let page = browser.open("/clients/report-service").await;
    page.assert_says("Waiting for the first token");
    let late = client.with_secret(&format!("{}\n", client.secret));
    late.request_token("").await;
    let fragment = browser.open(part).await;
    fragment.assert_says("The last try was refused: wrong secret");
    fragment.assert_says("line break at an end");
    client.request_token("write:analytics").await;
    let fragment = browser.open(part).await;
    fragment.assert_says("The last try was refused: scope not granted");
    client.request_token("").await.assert_issued();
    server.advance(Span(4)).await;
    let fragment = browser.open(part).await;
    fragment.assert_says("First token issued 4 seconds ago to 192.0.2.7.");
    server.advance(Span::hours(2)).await;

    let mut browser = server.signed_in(Role::Viewer).await;
    let page = browser.open("/clients/report-service").await;

    page.assert_does_not_say("First token issued");
    page.assert_says("1 token in 24 hours");
}

/// Console 27.
#[tokio::test]
async fn of_two_editors_the_second_keeps_the_entries_and_sees_both() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let settings = "/clients/report-service/settings";
    let mut ana = server.signed_in(Role::Owner).await;
    let mut ben = server.signed_in(Role::Operator).await;
    let (first, second) = (ana.open(settings).await, ben.open(settings).await);

    let saved = ana.submit(&first, settings, &[("owner", "Finance")]).await;
    saved.assert_says("Saved.");
    let met = ben
        .submit(
            &second,
            settings,
            &[("owner", "Sales"), ("token_lifetime", "15m")],
        )
        .await;

    met.assert_status(409);
    met.assert_says("owner@example.com changed this just now");
    met.assert_says("Owner Finance Sales");
    let again = ben.submit(&met, settings, &[]).await;
    again.assert_says("Saved.");
    let fields = again.form(settings);
    assert!(
        fields.contains(&("owner".to_owned(), "Sales".to_owned())),
        "{fields:?}"
    );
    assert!(
        fields.contains(&("token_lifetime".to_owned(), "15m".to_owned())),
        "{fields:?}"
    );
}

#[tokio::test]
async fn settings_that_are_wrong_come_back_with_what_is_wrong() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let settings = "/clients/report-service/settings";
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(settings).await;

    let refused = browser
        .submit(&page, settings, &[("name", ""), ("token_lifetime", "3d")])
        .await;

    refused.assert_status(422);
    assert!(
        refused.title().starts_with("Error: "),
        "{}",
        refused.title()
    );
    refused.assert_says("Enter a name for the client");
}

#[tokio::test]
async fn a_client_is_disabled_and_enabled() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    client.request_token("").await.assert_issued();
    let mut browser = server.signed_in(Role::Operator).await;
    let disable = "/clients/report-service/settings/disable";

    let page = browser.open(disable).await;
    page.assert_says("It last got a token just now, 1 token in 24 hours");
    page.assert_says("refuse its tokens at once");
    page.assert_says("take those already issued until these expire, within 1 hour");
    let page = browser.submit(&page, disable, &[]).await;
    page.assert_says("Disabled. A client is refused from now on.");
    assert_eq!(client.request_token("").await.status, 401);
    let enable = "/clients/report-service/settings/enable";
    let page = browser.submit(&page, enable, &[]).await;

    page.assert_says("Enabled. A client gets tokens again.");
    client.request_token("").await.assert_issued();
}

#[tokio::test]
async fn deleting_a_client_takes_its_name() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let delete = "/clients/report-service/settings/delete";
    let page = browser.open(delete).await;

    let refused = browser.submit(&page, delete, &[("typed", "yes")]).await;
    refused.assert_status(422);
    refused.assert_says("Type the name as it is written: A client");
    let page = browser
        .submit(&refused, delete, &[("typed", "A client")])
        .await;

    page.assert_at("/clients");
    page.assert_says("Deleted A client (report-service).");
    assert_eq!(client.request_token("").await.status, 401);
}

#[tokio::test]
async fn what_ends_a_client_sent_twice_leads_to_where_it_led_at_first() {
    let server = TestServer::start().await;
    server.client("report-service").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let settings = "/clients/report-service/settings";

    for (act, at) in [
        ("disable", settings),
        ("enable", "/clients/report-service"),
        ("delete", "/clients"),
    ] {
        let shown = match act {
            "enable" => settings.to_owned(),
            _ => format!("{settings}/{act}"),
        };
        let page = browser.open(&shown).await;
        for _ in 0..2 {
            let typed = [("typed", "A client")];
            let sent = browser
                .submit(&page, &format!("{settings}/{act}"), &typed)
                .await;
            sent.assert_status(200);
            sent.assert_at(at);
        }
    }

    assert_eq!(server.app.registry().client_count(), 0);
}

#[tokio::test]
async fn who_may_only_look_sees_no_way_to_change_anything() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    for path in [
        "/clients",
        "/clients/report-service",
        "/clients/report-service/settings",
    ] {
        let page = browser.open(path).await;
        page.assert_status(200);
        let html = page.html();
        let (_, main) = html.split_once("<main").unwrap();
        assert!(!main.contains("method=\"post\""), "{path}: {main}");
        assert!(!main.contains("New client"), "{path}: {main}");
    }
    for path in [
        "/clients/new",
        "/clients/report-service/settings/disable",
        "/clients/report-service/settings/delete",
    ] {
        let page = browser.open(path).await;
        page.assert_status(403);
        page.assert_says("Your role does not include this");
    }
    let reply = browser
        .post("/clients/report-service/settings", &[("name", "x")])
        .await;
    reply.assert_status(403);
}

#[tokio::test]
async fn a_client_that_is_not_there_is_said_to_be_missing() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = browser.open("/clients/nobody").await;

    page.assert_status(404);
    page.assert_says("There is no client “nobody”.");
    let mut stranger = server.browser();
    let page = stranger.open("/clients/nobody").await;
    page.assert_says("Sign in");
}
