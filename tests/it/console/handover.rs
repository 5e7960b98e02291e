//! Handing a secret over: an operator makes a link, a developer takes the secret, nobody else sees it.

use jeton::domain::{permission::Role, time::Span};

use crate::harness::{
    browser::{Browser, Page},
    caller::Client,
    server::TestServer,
};

const CREDENTIALS: &str = "/clients/report-service/credentials";

const OFFER: &str = "/clients/report-service/credentials/handover";

async fn report_service(server: &TestServer) -> Client<'_> {
    server.api("https://sales.example", "read:analytics").await;
    let client = server.client("report-service").await;
    client
        .granted("https://sales.example", "read:analytics")
        .await
}

/// Makes a link; the page that shows it.
async fn offer(operator: &mut Browser<'_>, filled: &[(&str, &str)]) -> Page {
    let page = operator.open(OFFER).await;
    operator.submit(&page, OFFER, filled).await
}

/// The link that a page shows, below the console's path.
fn link_on(page: &Page) -> String {
    let text = page.text();
    let words = text.split_whitespace();
    let mut links = words.filter_map(|word| word.strip_prefix("https://as.test/console"));
    links.next().expect("the page shows a link").to_owned()
}

/// The secret that a page shows.
fn secret_on(page: &Page) -> String {
    let html = page.html();
    let (_, rest) = html.split_once("aria-label=\"Client secret\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// A developer presses the button behind a link.
async fn take(developer: &mut Browser<'_>, link: &str) -> Page {
    let page = developer.open(link).await;
    page.assert_status(200);
    developer.submit(&page, link, &[]).await
}

fn live_secrets(server: &TestServer) -> usize {
    let registry = server.app.registry();
    let client = registry.find_client_by_text("report-service").unwrap();
    client.live_secrets(server.app.now()).count()
}

#[tokio::test]
async fn links_lead_to_where_operators_reach_the_console() {
    let server = TestServer::with_console_url("https://console.test/ops").await;
    report_service(&server).await;
    let mut owner = server.signed_in(Role::Owner).await;

    let page = offer(&mut owner, &[]).await;
    page.assert_says("https://console.test/ops/console/handover/");
    let page = owner.open("/operators/invite").await;
    let filled = [
        ("name", "Ben Okri"),
        ("email", "ben@example.com"),
        ("role", "operator"),
    ];
    let page = owner.submit(&page, "/operators/invite", &filled).await;

    page.assert_says("https://console.test/ops/console/invitation/");
}

#[tokio::test]
async fn a_developer_takes_a_secret_that_no_operator_sees() {
    let server = TestServer::start().await;
    let old = report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let mut developer = server.browser();

    let page = offer(&mut operator, &[("note", "vault of the data team")]).await;
    page.assert_says("This is the only time it is shown.");
    let link = link_on(&page);
    let page = developer.open(&link).await;
    page.assert_says("A new secret for A client");
    page.assert_says("vault of the data team");
    page.assert_says("The present secret keeps working for 1 hour after that");
    assert_eq!(live_secrets(&server), 1, "following the link makes nothing");
    let page = developer.submit(&page, &link, &[]).await;

    let secret = secret_on(&page);
    assert_eq!(live_secrets(&server), 2);
    let new = old.with_secret(&secret);
    assert_eq!(new.request_token("").await.status, 200);
    assert_eq!(
        old.request_token("").await.status,
        200,
        "the old one goes on"
    );
    let page = operator.open(CREDENTIALS).await;
    page.assert_says("The new secret was taken by the link");
    page.assert_says("from 192.0.2.8");
    page.assert_does_not_say(&secret);
    let log = operator.open("/audit").await;
    log.assert_says("Offered a secret by a link");
    log.assert_says("Took the secret by the link");
}

#[tokio::test]
async fn the_secret_can_be_looked_at_again_by_the_same_browser_until_it_is_stored() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let link = link_on(&offer(&mut operator, &[]).await);
    let mut developer = server.browser();
    let secret = secret_on(&take(&mut developer, &link).await);

    let again = developer.open(&link).await;
    let pressed = developer.post(&link, &[]).await;
    let other = server.browser().open(&link).await;
    let check = format!("{link}/check");
    let matched = developer
        .post(&check, &[("pasted", &format!("{secret}\n"))])
        .await;
    let file = developer.open(&format!("{link}/env")).await;
    let unticked = developer.post(&format!("{link}/stored"), &[]).await;
    let done = developer
        .post(&format!("{link}/stored"), &[("stored", "yes")])
        .await;
    let after = developer.open(&link).await;

    assert_eq!(secret_on(&again), secret);
    assert_eq!(secret_on(&pressed), secret, "pressing twice makes one");
    other.assert_status(410);
    other.assert_says("The secret was taken on");
    other.assert_says("If that was not you, tell whoever gave you the link at once");
    matched.assert_says("It has a trailing line break.");
    assert_eq!(
        file.html(),
        format!("JETON_ID=report-service\nJETON_SECRET={secret}\n")
    );
    unticked.assert_status(422);
    done.assert_says("this link gives nothing any more");
    after.assert_status(410);
    after.assert_does_not_say(&secret);
    assert_eq!(live_secrets(&server), 2);
}

#[tokio::test]
async fn the_window_closes_after_ten_minutes() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let link = link_on(&offer(&mut operator, &[]).await);
    let mut developer = server.browser();
    let secret = secret_on(&take(&mut developer, &link).await);

    server.advance(Span::minutes(10)).await;
    let page = developer.open(&link).await;

    page.assert_status(410);
    page.assert_does_not_say(&secret);
}

#[tokio::test]
async fn two_developers_with_one_link_get_one_secret() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let link = link_on(&offer(&mut operator, &[]).await);
    let (mut first, mut second) = (server.browser(), server.browser());

    let (one, two) = tokio::join!(first.post(&link, &[]), second.post(&link, &[]));

    let mut statuses = [one.reply.status, two.reply.status].map(|status| status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
    assert_eq!(live_secrets(&server), 2);
}

#[tokio::test]
async fn a_link_can_be_withdrawn_and_then_another_can_be_made() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let page = offer(&mut operator, &[]).await;
    let link = link_on(&page);
    let unticked = operator.submit(&page, &page.path.clone(), &[]).await;
    unticked.assert_status(422);
    let stored = [("stored", "yes")];
    let page = operator.submit(&page, &page.path.clone(), &stored).await;
    page.assert_at(CREDENTIALS);
    page.assert_says("A link to a new secret is on its way");
    page.assert_does_not_say(&link);

    let id = server.app.registry().handovers().next().unwrap().id.clone();
    let withdraw = format!("{OFFER}/{id}/withdraw");
    let page = operator.submit(&page, &withdraw, &[]).await;

    page.assert_says("Link withdrawn. It opens nothing any more.");
    let gone = server.browser().post(&link, &[]).await;
    gone.assert_status(410);
    gone.assert_says("It was withdrawn on");
    assert_eq!(live_secrets(&server), 1);
    let another = link_on(&offer(&mut operator, &[]).await);
    assert_ne!(another, link);
}

#[tokio::test]
async fn a_second_link_is_not_made_while_one_is_on_its_way() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let form = operator.open(OFFER).await;
    let first = operator.submit(&form, OFFER, &[]).await;

    let twice = operator.submit(&form, OFFER, &[]).await;
    let asked = operator.open(OFFER).await;
    let sent = operator.post(OFFER, &[("overlap", "24h")]).await;

    assert_eq!(
        link_on(&twice),
        link_on(&first),
        "the same form, sent twice"
    );
    assert_eq!(asked.path, first.path, "there is nothing to ask");
    sent.assert_status(409);
    sent.assert_says("A link is on its way already");
}

#[tokio::test]
async fn a_link_tells_why_it_gives_nothing_and_is_not_used_up_by_that() {
    let server = TestServer::start().await;
    let client = report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;
    let link = link_on(&offer(&mut operator, &[]).await);
    client.rotated(Span::hours(24)).await;
    let mut developer = server.browser();

    let refused = developer.post(&link, &[]).await;
    let broken = developer.open(&link[..link.len() - 1]).await;
    let unused = [("verdict", "unused 0")];
    operator
        .post(&format!("{CREDENTIALS}/cancel"), &unused)
        .await;
    let page = developer.open(&link).await;

    refused.assert_status(410);
    refused.assert_says("a rotation is under way");
    refused.assert_says("The link is not used up.");
    broken.assert_status(404);
    page.assert_status(200);
    server.advance(Span::hours(24)).await;
    let late = developer.post(&link, &[]).await;
    late.assert_status(410);
    late.assert_says("It worked until");
}

#[tokio::test]
async fn a_form_with_a_mistake_makes_no_link() {
    let server = TestServer::start().await;
    report_service(&server).await;
    let mut operator = server.signed_in(Role::Operator).await;

    let page = offer(&mut operator, &[("overlap", "until"), ("until", "soon")]).await;

    page.assert_status(422);
    page.assert_says("Write a date such as");
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    assert!(server.app.registry().handovers().next().is_none());
}

#[tokio::test]
async fn a_new_client_can_begin_without_a_secret_that_an_operator_sees() {
    let server = TestServer::start().await;
    server.api("https://sales.example", "read:analytics").await;
    let mut operator = server.signed_in(Role::Operator).await;
    for (path, form) in [
        (
            "/clients/new",
            vec![("name", "Report"), ("client_id", "report")],
        ),
        ("/clients/new/access", vec![]),
        (
            "/clients/new/credential",
            vec![("life", "90d"), ("note", "Vault / reports")],
        ),
    ] {
        let page = operator.open(path).await;
        operator.submit(&page, path, &form).await.assert_status(200);
    }
    let check = operator.open("/clients/new/check").await;
    let by_link = [("how", "handover")];

    let page = operator
        .submit(&check, "/clients/new/check", &by_link)
        .await;
    let twice = operator
        .submit(&check, "/clients/new/check", &by_link)
        .await;

    let ask = "/clients/report/credentials/handover";
    page.assert_at(ask);
    twice.assert_at(ask);
    let filled = page.form(ask);
    let has = |name: &str, value: &str| filled.contains(&(name.to_owned(), value.to_owned()));
    assert!(
        has("note", "Vault / reports") && has("expires_in", "90"),
        "{filled:?}"
    );
    let page = operator.submit(&page, ask, &[]).await;
    let link = link_on(&page);
    let mut developer = server.browser();
    let secret = secret_on(&take(&mut developer, &link).await);
    let registry = server.app.registry();
    assert_eq!(registry.clients().count(), 1);
    let report = Client::new(&server, "report", &secret);
    assert_ne!(report.request_token("").await.status, 401);
}
