//! APIs: defined, described, and how their tokens are checked.

use jeton::{
    crypto::signer::Algorithm,
    domain::{permission::Role, time::Span},
};

use crate::harness::{browser::PASSWORD, server::TestServer};

const ORDERS: &str = "/apis/https%3A%2F%2Forders.test";

async fn with_orders(server: &TestServer) {
    server
        .api("https://orders.test", "orders:read orders:write")
        .await;
}

/// Console 24.
#[tokio::test]
async fn an_api_is_defined_and_then_given_its_scopes() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("/apis").await;
    page.assert_says("No APIs yet. An API is a service that accepts tokens from this server.");

    let page = browser.open("/apis/new").await;
    let wrong = browser.submit(&page, "/apis/new", &[]).await;
    wrong.assert_status(422);
    assert!(wrong.title().starts_with("Error: New API"));
    wrong.assert_says("Enter a name for the API");
    let filled = [
        ("name", "Orders API"),
        ("identifier", "https://orders.test"),
    ];
    let page = browser.submit(&wrong, "/apis/new", &filled).await;
    page.assert_at(ORDERS);
    page.assert_says("Orders API is defined. Now add its scopes.");
    let action = format!("{ORDERS}/scopes");
    let scope = [("name", "orders:refund"), ("sensitive", "yes")];
    let page = browser.submit(&page, &action, &scope).await;

    page.assert_says("orders:refund Sensitive");
    browser.open("/apis").await.assert_says("Orders API");
}

#[tokio::test]
async fn the_list_of_apis_tells_how_much_each_is_used() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    let till = server.client("till").await;
    let till = till.granted("https://orders.test", "orders:read").await;
    let mut browser = server.signed_in(Role::Viewer).await;

    for _ in 0..3 {
        till.request_token("orders:read").await.assert_issued();
    }

    let page = browser.open("/apis").await;
    page.assert_says("https://orders.test 2 1 3 1 hour ES256");
}

#[tokio::test]
async fn the_same_form_sent_twice_defines_one_api() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open("/apis/new").await;
    let filled = [
        ("name", "Orders API"),
        ("identifier", "https://orders.test"),
    ];

    for _ in 0..2 {
        let page = browser.submit(&page, "/apis/new", &filled).await;
        page.assert_at(ORDERS);
        page.assert_status(200);
    }
}

#[tokio::test]
async fn a_shared_key_is_made_only_for_who_proves_to_be_there() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    server.advance(Span::minutes(16)).await;
    let page = browser.open("/apis/new").await;
    let orders = |algorithm| {
        [
            ("name", "Orders API"),
            ("identifier", "https://orders.test"),
            ("algorithm", algorithm),
        ]
    };

    let asked = browser.submit(&page, "/apis/new", &orders("HS256")).await;
    asked.assert_status(403);
    asked.assert_says("Confirm it is you");
    let defined = |server: &TestServer| server.app.registry().apis().count();
    let before = defined(&server);
    let page = browser
        .submit(&asked, "/apis/new", &[("confirm_password", PASSWORD)])
        .await;

    page.assert_at(&format!("{ORDERS}/key"));
    assert_eq!(defined(&server), before + 1);
    let again = browser
        .submit(&asked, "/apis/new", &[("confirm_password", PASSWORD)])
        .await;
    again.assert_at(&format!("{ORDERS}/key"));
    assert_eq!(defined(&server), before + 1);
}

#[tokio::test]
async fn many_scopes_come_from_lines_of_text_all_or_none() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    let mut browser = server.signed_in(Role::Admin).await;
    let page = browser.open(ORDERS).await;
    let import = format!("{ORDERS}/import");

    let lines = "orders:list List orders\norders:bad\"one Break it";
    let wrong = browser.submit(&page, &import, &[("lines", lines)]).await;
    wrong.assert_status(422);
    wrong.assert_says("Line 2: scopes are printable ASCII");
    browser
        .open(ORDERS)
        .await
        .assert_does_not_say("List orders");
    let lines = "# ours\norders:list List orders\n!orders:refund Pay money back\norders:read Again";
    let page = browser.submit(&wrong, &import, &[("lines", lines)]).await;

    page.assert_says("2 scopes are added. 1 was there before and stays as it was.");
    page.assert_says("List orders");
    page.assert_says("orders:refund Sensitive Pay money back");
    page.assert_does_not_say("Again");
}

#[tokio::test]
async fn a_scope_is_deprecated_and_deleted_only_when_nobody_has_it() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    let client = server.client("billing-worker").await;
    client.granted("https://orders.test", "orders:write").await;
    let mut browser = server.signed_in(Role::Admin).await;
    let scope = format!("{ORDERS}/scopes/orders%3Awrite");

    let page = browser.open(&scope).await;
    page.assert_says("1 client has it.");
    page.assert_says("billing-worker");
    page.assert_does_not_say("Delete orders:write");
    let offer = format!("{scope}/offer");
    let page = browser.submit(&page, &offer, &[]).await;
    page.assert_says("orders:write is deprecated. Who has it keeps it");
    browser
        .open(ORDERS)
        .await
        .assert_says("orders:write Deprecated");
    let removed = browser.submit(&page, &format!("{scope}/offer"), &[]).await;
    removed.assert_says("orders:write can be granted again.");
    let form = [("once", "another"), ("revision", "")];
    let refused = browser.post(&format!("{scope}/remove"), &form).await;

    refused.assert_status(409);
    refused.assert_says("granted to billing-worker");
    let unused = format!("{ORDERS}/scopes/orders%3Aread");
    let page = browser.open(&unused).await;
    let page = browser
        .submit(&page, &format!("{unused}/remove"), &[])
        .await;
    page.assert_at(ORDERS);
    page.assert_says("orders:read is removed.");
}

/// Console 31, for the keys of APIs.
#[tokio::test]
async fn a_shared_key_is_shown_to_its_maker_until_it_is_stored() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Admin).await;
    let mut other = server.signed_in(Role::Owner).await;
    let page = browser.open("/apis/new").await;
    let filled = [
        ("name", "Legacy"),
        ("identifier", "urn:legacy"),
        ("algorithm", "HS256"),
    ];

    let page = browser.submit(&page, "/apis/new", &filled).await;
    page.assert_at("/apis/urn%3Alegacy/key");
    let html = page.html();
    let key = html.split("id=\"key\">").nth(1).unwrap();
    let key = key.split('<').next().unwrap().to_owned();
    assert_eq!(key.len(), 43, "256 bits in base64url");
    let again = browser.open("/apis/urn%3Alegacy/key").await;
    again.assert_says(&key);
    let seen = other.open("/apis/urn%3Alegacy/key").await;
    seen.assert_says("This key can’t be shown again");
    assert!(!seen.html().contains(&key));
    let page = browser
        .submit(&again, "/apis/urn%3Alegacy/key", &[("stored", "yes")])
        .await;

    page.assert_says("The key is stored, and not shown again.");
    let page = browser.open("/apis/urn%3Alegacy/key").await;
    page.assert_says("This key can’t be shown again");
    let page = browser.open("/apis/urn%3Alegacy/check").await;
    page.assert_says("JETON_SHARED_KEY");
    assert!(!page.html().contains(&key));
}

#[tokio::test]
async fn a_key_that_somebody_replaced_is_not_shown_as_the_present_one() {
    let server = TestServer::start().await;
    server
        .api_with("urn:legacy", "read", Algorithm::Hs256)
        .await;
    let mut ana = server.signed_in(Role::Admin).await;
    let mut eve = server.signed_in(Role::Owner).await;
    let (rekey, key) = ("/apis/urn%3Alegacy/rekey", "/apis/urn%3Alegacy/key");
    let mine = ana.post(rekey, &[]).await;
    let mine = mine.element("key");

    let theirs = eve.post(rekey, &[]).await;
    let page = ana.open(key).await;

    theirs.assert_at(key);
    page.assert_says("This key can’t be shown again");
    assert!(!page.html().contains(&mine));
    let late = ana.post(key, &[]).await;
    assert!(!late.html().contains(&mine));
}

#[tokio::test]
async fn the_code_to_check_tokens_names_this_server_and_this_api() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    let mut browser = server.signed_in(Role::Viewer).await;

    let page = browser.open(&format!("{ORDERS}/check")).await;

    page.assert_says("https://as.test/oauth2/jwks");
    page.assert_says(
        r#"issuer: "https://as.test", audience: "https://orders.test", algorithms: ["ES256"]"#,
    );
    for language in [
        "Node.js with jose",
        "Python with PyJWT",
        "Go",
        "Rust with jsonwebtoken",
    ] {
        page.assert_says(language);
    }
    assert!(!page.html().contains("{audience}"), "{}", page.html());
}

/// Console 48, for APIs.
#[tokio::test]
async fn who_may_not_edit_apis_sees_them_without_controls() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    for path in ["/apis", ORDERS, &format!("{ORDERS}/settings")] {
        let page = browser.open(path).await;
        page.assert_status(200);
        page.assert_does_not_say("New API");
        page.assert_does_not_say("Add a scope");
        page.assert_does_not_say("Save settings");
    }
    let form = [("name", "orders:all")];
    let page = browser.post(&format!("{ORDERS}/scopes"), &form).await;

    page.assert_status(403);
    page.assert_says("Ask one of the admins and owners");
    browser.open("/apis/new").await.assert_status(403);
}

#[tokio::test]
async fn the_built_in_api_is_shown_with_its_rules_and_stays_as_it_is() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;

    let page = browser.open("/apis/urn%3Ajeton%3Aadmin").await;
    page.assert_says("Only an Owner grants them");
    page.assert_does_not_say("Add a scope");
    let form = [("name", "more:power")];
    let refused = browser
        .post("/apis/urn%3Ajeton%3Aadmin/scopes", &form)
        .await;

    refused.assert_status(422);
    refused.assert_says("built in");
}

#[tokio::test]
async fn of_many_clients_the_first_are_named_and_a_link_leads_to_all() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    for n in 10..35 {
        let client = server.client(&format!("client-{n}")).await;
        client.granted("https://orders.test", "orders:read").await;
    }
    let mut browser = server.signed_in(Role::Admin).await;

    for (path, says) in [
        ("/disable", "Disable and refuse 25 clients"),
        ("/scopes/orders%3Aread", "25 clients have it."),
    ] {
        let page = browser.open(&format!("{ORDERS}{path}")).await;

        page.assert_says(says);
        page.assert_says("client-29");
        page.assert_does_not_say("client-30");
        page.assert_says("And 5 more");
    }
}

#[tokio::test]
async fn an_api_is_disabled_by_naming_who_is_refused_and_deleted_by_its_name() {
    let server = TestServer::start().await;
    with_orders(&server).await;
    let client = server.client("billing-worker").await;
    let client = client.granted("https://orders.test", "orders:read").await;
    let mut browser = server.signed_in(Role::Admin).await;

    let page = browser.open(&format!("{ORDERS}/disable")).await;
    page.assert_says("Disable and refuse 1 client");
    let disable = format!("{ORDERS}/disable");
    let page = browser.submit(&page, &disable, &[]).await;
    page.assert_says("is disabled. No tokens are issued for it.");
    let refused = client.request_token("orders:read").await;
    assert_eq!(refused.status, 400);
    let enable = format!("{ORDERS}/enable");
    browser
        .submit(&page, &enable, &[])
        .await
        .assert_says("Tokens are issued for it again");
    assert_eq!(client.request_token("orders:read").await.status, 200);

    server.api("urn:unused", "read").await;
    let remove = "/apis/urn%3Aunused/remove";
    let page = browser.open(remove).await;
    let wrong = browser.submit(&page, remove, &[("name", "used")]).await;
    wrong.assert_status(422);
    wrong.assert_says("Type the name as it is written: urn:unused");
    let page = browser
        .submit(&wrong, remove, &[("name", "urn:unused")])
        .await;
    page.assert_at("/apis");
    page.assert_says("urn:unused is deleted.");
}
