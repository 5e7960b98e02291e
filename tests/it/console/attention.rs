//! What needs attention: when each rule speaks, what puts it off, and who may.

use jeton::{
    admin::{
        clients::RegisterClient,
        leaks::ReportLeak,
        secrets::{NewSecret, RotateSecret},
        settings::SetPolicy,
    },
    domain::{
        permission::Role,
        policy::OnLeak,
        rotation::Overlap,
        scope::ScopeSet,
        secret::{IfUsed, public_id},
        time::Span,
    },
};

use crate::harness::{
    browser::{Browser, Page},
    caller::{Client, token_form},
    server::TestServer,
};

/// The rows of the dashboard that need somebody: the rule, and the client's id.
fn rows(page: &Page) -> Vec<(String, String)> {
    let html = page.html();
    let (_, part) = html.split_once("aria-label=\"Needs attention\"").unwrap();
    let part = part.split("</section>").next().unwrap();
    let shown = part.split("<summary>Postponed").next().unwrap();
    let rows = shown.split("<tr>").skip(2);
    rows.map(|row| {
        let (badge, rest) = row.split_once("</span></td>").unwrap();
        let rule = badge.rsplit('>').next().unwrap();
        let (_, client) = rest.split_once("/console/clients/").unwrap();
        let client = client.split('"').next().unwrap();
        (rule.to_owned(), client.to_owned())
    })
    .collect()
}

async fn needs(browser: &mut Browser<'_>) -> Vec<(String, String)> {
    rows(&browser.open("").await)
}

fn row(rule: &str, client: &str) -> (String, String) {
    (rule.to_owned(), client.to_owned())
}

/// A client with `read` on `urn:shop`, whose secret works for so long.
async fn client_for<'s>(server: &'s TestServer, id: &str, life: Span) -> Client<'s> {
    let command = RegisterClient {
        id: Some(id.parse().unwrap()),
        name: "A client".parse().unwrap(),
        description: "".parse().unwrap(),
        owner: "".parse().unwrap(),
        token_lifetime: None,
        grants: <_>::default(),
        default_scopes: ScopeSet::default(),
        introspects: std::collections::BTreeSet::default(),
        rules: jeton::domain::client::ClientRules::default(),
        secret: NewSecret {
            expires_in: Some(life),
            ..NewSecret::default()
        },
    };
    let registered = server.run(command).await;
    let client = Client::new(server, id, registered.secret.reveal());
    client.granted("urn:shop", "read").await
}

async fn client<'s>(server: &'s TestServer, id: &str) -> Client<'s> {
    server.client(id).await.granted("urn:shop", "read").await
}

async fn leak(server: &TestServer, client: &Client<'_>) {
    let report = ReportLeak {
        client: client.client_id(),
        secret: public_id(&client.secret).unwrap(),
    };
    server.run(report).await;
}

async fn use_it(client: &Client<'_>) {
    client.ask(&token_form("")).await.assert_issued();
}

/// One client for each rule, named after it. Returned: those whose rule an act clears.
struct Seeded<'s> {
    leaked: Client<'s>,
    broken: Client<'s>,
    deadline: Client<'s>,
    expiring: Client<'s>,
    finish: Client<'s>,
    unused: Client<'s>,
    too_broad: Client<'s>,
    old: Client<'s>,
}

async fn seed(server: &TestServer) -> Seeded<'_> {
    server.api("urn:shop", "read write").await;
    let old = client(server, "old").await;
    server.advance(Span::days(2)).await;
    let unused = client(server, "unused").await;
    let too_broad = client(server, "too-broad").await;
    let too_broad = too_broad.granted("urn:shop", "read write").await;
    for _ in 0..31 {
        too_broad.request_token("read").await.assert_issued();
        server.advance(Span::days(1)).await;
    }
    let leaked = client(server, "leaked").await;
    let broken = client_for(server, "broken", Span::hours(20)).await;
    let expiring = client_for(server, "expiring", Span::days(10)).await;
    let deadline = client(server, "deadline").await;
    let moved = deadline.rotated(Span::hours(24)).await;
    let finish = client(server, "finish").await;
    let finished = finish.rotated(Span::days(7)).await;
    server.advance(Span::hours(21)).await;
    use_it(&deadline).await;
    use_it(&moved).await;
    use_it(&finished).await;
    use_it(&old).await;
    broken.ask(&token_form("")).await;
    let guessed = client(server, "guessing").await;
    let wrong = guessed.with_secret(&leaked.secret);
    for _ in 0..20 {
        wrong.ask(&token_form("")).await;
    }
    let policy = SetPolicy {
        on_leak: Some(OnLeak::Flag),
        secret_lifetime: Some(Span::days(30)),
        longest_secret_lifetime: Some(Span::days(32)),
        ..SetPolicy::default()
    };
    server.run(policy).await;
    leak(server, &leaked).await;
    Seeded {
        leaked,
        broken,
        deadline,
        expiring,
        finish,
        unused,
        too_broad,
        old,
    }
}

/// Console 43.
#[tokio::test]
async fn each_rule_speaks_of_its_client_the_worst_first_until_it_is_dealt_with() {
    let server = TestServer::start().await;
    let seeded = seed(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open("").await;

    let mut left = vec![
        row("Leaked", "leaked"),
        row("Broken", "broken"),
        row("Deadline", "deadline"),
        row("Expiring", "expiring"),
        row("Finish", "finish"),
        row("Guessing", "guessing"),
        row("Unused", "unused"),
        row("Too broad", "too-broad"),
        row("Old", "old"),
    ];
    assert_eq!(rows(&page), left, "{}", page.text());
    page.assert_says("Revoke now");

    seeded.leaked.revoked().await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    let replace = RotateSecret {
        client: seeded.broken.client_id(),
        new: NewSecret::default(),
        overlap: Overlap::of(Span(0)).unwrap(),
        if_used: IfUsed::Stop,
    };
    server.run(replace).await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    seeded.deadline.old_secret_retired().await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    seeded.expiring.rotated(Span::hours(24)).await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    seeded.finish.old_secret_retired().await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    server.advance(Span::minutes(11)).await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    use_it(&seeded.unused).await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    seeded.too_broad.granted("urn:shop", "read").await;
    left.remove(0);
    assert_eq!(needs(&mut browser).await, left);
    seeded.old.rotated(Span::hours(24)).await;
    let page = browser.open("").await;
    assert_eq!(rows(&page), []);
    page.assert_says("Nothing needs you.");
}

/// Opens the page that puts a rule off, and sends its form.
async fn postpone(browser: &mut Browser<'_>, rule: &str, filled: &[(&str, &str)]) -> Page {
    let path = format!("/clients/mailer/attention/{rule}/postpone");
    let page = browser.open(&path).await;
    browser.submit(&page, &path, filled).await
}

/// Console 43.
#[tokio::test]
async fn what_is_postponed_is_out_of_the_way_until_its_day() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    server.advance(Span::days(31)).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let unused = vec![row("Unused", "mailer")];
    assert_eq!(needs(&mut browser).await, unused);

    let filled = [("for", "7d"), ("note", "after the release")];
    let page = postpone(&mut browser, "unused", &filled).await;

    page.assert_at("");
    assert_eq!(rows(&page), []);
    page.assert_says("Unused of A client is postponed. It comes back on");
    page.assert_says("Undo");
    page.assert_says("Postponed (1)");
    page.assert_says("“after the release”, operator@example.com");
    let list = browser.open("/clients?status=attention").await;
    list.assert_says("none needs attention");
    let overview = browser.open("/clients/mailer").await;
    overview.assert_does_not_say("No token yet");
    let log = browser.open("/audit").await;
    log.assert_says("Postponed what needs attention");
    server.advance(Span(7 * 86_400 - 1)).await;
    let mut browser = server.browser();
    browser
        .sign_in("operator@example.com", crate::harness::browser::PASSWORD)
        .await;
    assert_eq!(needs(&mut browser).await, []);
    server.advance(Span(1)).await;
    assert_eq!(needs(&mut browser).await, unused);
}

/// Console 43.
#[tokio::test]
async fn what_is_dismissed_comes_back_when_it_is_worse() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    client_for(&server, "mailer", Span::days(10)).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = postpone(&mut browser, "expiring", &[("for", "worse")]).await;
    page.assert_says("Expiring of A client is dismissed. It comes back if it gets worse.");
    assert_eq!(rows(&page), []);
    let log = browser.open("/audit").await;
    log.assert_says("Dismissed what needs attention");

    server.advance(Span::days(7)).await;
    let mut browser = server.browser();
    browser
        .sign_in("operator@example.com", crate::harness::browser::PASSWORD)
        .await;
    let page = browser.open("").await;

    assert_eq!(rows(&page), [row("Expiring", "mailer")]);
    page.assert_does_not_say("Postponed (");
}

#[tokio::test]
async fn what_was_put_off_is_brought_back_and_sent_twice_it_is_done_once() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    server.advance(Span::days(31)).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let path = "/clients/mailer/attention/unused/postpone";
    let form = browser.open(path).await;
    browser.submit(&form, path, &[("for", "30d")]).await;
    let before = server.app.registry().revision();

    let again = browser.submit(&form, path, &[("for", "30d")]).await;

    again.assert_says("Postponed (1)");
    assert_eq!(server.app.registry().revision(), before);
    let recall = "/clients/mailer/attention/unused/recall";
    let page = browser.submit(&again, recall, &[]).await;
    page.assert_says("Unused of A client is back.");
    assert_eq!(rows(&page), [row("Unused", "mailer")]);
    page.assert_does_not_say("Postponed (");
    let log = browser.open("/audit").await;
    log.assert_says("Brought back what was put off");
}

#[tokio::test]
async fn what_is_over_or_makes_no_sense_is_not_put_off() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    let mut browser = server.signed_in(Role::Operator).await;
    let path = "/clients/mailer/attention/unused/postpone";
    browser.open(path).await.assert_status(409);
    let nothing = "/clients/mailer/attention/moon/postpone";
    browser.open(nothing).await.assert_status(404);
    server.advance(Span::days(31)).await;
    let mut browser = server.signed_in(Role::Admin).await;

    let long = "x".repeat(2000);
    for (filled, words) in [
        ([("for", "9y"), ("note", "")], "There is a problem"),
        ([("for", "7d"), ("note", &long)], "There is a problem"),
    ] {
        let page = postpone(&mut browser, "unused", &filled).await;
        page.assert_status(422);
        page.assert_says(words);
    }
    let level = [("for", "7d"), ("level", "moon")];
    browser.post(path, &level).await.assert_status(400);

    assert_eq!(needs(&mut browser).await, [row("Unused", "mailer")]);
}

#[tokio::test]
async fn who_may_not_put_off_sees_no_way_to() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    server.client("cron").await;
    server.advance(Span::days(31)).await;
    let mut browser = server.signed_in(Role::Operator).await;
    postpone(&mut browser, "unused", &[("for", "7d")]).await;

    let mut viewer = server.signed_in(Role::Viewer).await;
    let page = viewer.open("").await;

    page.assert_says("Postponed (1)");
    page.assert_does_not_say("Bring back");
    assert!(!page.html().contains("/postpone"), "{}", page.html());
    let overview = viewer.open("/clients/cron").await;
    assert!(!overview.html().contains("/postpone"));
}

/// Console 41, 43.
#[tokio::test]
async fn a_leaked_secret_that_works_is_marked_wherever_it_is_named() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let mailer = client(&server, "mailer").await;
    let flag = SetPolicy {
        on_leak: Some(OnLeak::Flag),
        ..SetPolicy::default()
    };
    server.run(flag).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let pages = ["/clients", "/clients/mailer", "/clients/mailer/credentials"];
    for path in pages {
        browser.open(path).await.assert_does_not_say("Leaked");
    }

    leak(&server, &mailer).await;

    for path in pages {
        let page = browser.open(path).await;
        page.assert_says("Leaked");
        assert!(page.html().contains("#badge-alert"), "{path}");
    }
    let page = browser.open("/clients/mailer").await;
    let secret = public_id(&mailer.secret).unwrap();
    let revoke = format!("/console/clients/mailer/credentials/{secret}/revoke");
    assert!(page.html().contains(&revoke), "{}", page.html());
    page.assert_says("Revoke now");
    mailer.revoked().await;
    browser
        .open("/clients/mailer")
        .await
        .assert_does_not_say("Leaked");
}
