//! What each role may do, route by route, and what it is offered.

use jeton::domain::{audit::AuditPage, permission::Role, time::Span};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

/// Who may ask what of the console. A unit test holds that no route is missing.
const ROLES: &str = include_str!("../../fixtures/console/routes.txt");

/// A route, and the least role that may use it.
struct Rule {
    method: &'static str,
    path: &'static str,
    least: Role,
}

/// Every route that takes somebody who is signed in.
fn rules() -> Vec<Rule> {
    let lines = ROLES
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let rule = |line: &'static str| {
        let mut words = line.split_whitespace();
        let (method, path, who) = (words.next()?, words.next()?, words.next()?);
        let least = who.parse().ok()?;
        Some(Rule {
            method,
            path,
            least,
        })
    };
    lines.filter_map(rule).collect()
}

impl Rule {
    fn allows(&self, role: Role) -> bool {
        role >= self.least
    }

    /// How well it describes this path: the number of segments that are the same to the letter.
    fn describes(&self, path: &str) -> Option<usize> {
        let (own, other): (Vec<&str>, Vec<&str>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(own, other): (&&str, &&str)| own == other || own.starts_with('{');
        let is_it = own.len() == other.len() && own.iter().zip(&other).all(fits);
        is_it.then(|| {
            own.iter()
                .zip(&other)
                .filter(|(own, other)| own == other)
                .count()
        })
    }
}

/// The rule for a path that stands on a page.
fn rule_of<'r>(rules: &'r [Rule], method: &str, path: &str) -> Option<&'r Rule> {
    let described = rules.iter().filter(|rule| rule.method == method);
    described
        .filter_map(|rule| Some((rule.describes(path)?, rule)))
        .max_by_key(|(exact, _)| *exact)
        .map(|(_, rule)| rule)
}

/// A server with one of everything.
struct World {
    server: TestServer,
    secret: String,
    key: String,
    operator: String,
    registration: String,
}

impl World {
    async fn start() -> Self {
        let server = TestServer::start().await;
        server.api("urn:shop", "read write").await;
        server.define_detail_type("urn:shop", "payment").await;
        let client = server
            .client("mailer")
            .await
            .granted("urn:shop", "read")
            .await;
        client
            .ask("grant_type=client_credentials")
            .await
            .assert_issued();
        let operator = server.add_operator("ben@example.com", Role::Viewer).await;
        let registry = server.app.registry_arc();
        let secret = registry.clients().next().unwrap().secrets[0].id.to_string();
        let key = registry.keys().next().unwrap().id.to_string();
        Self {
            secret,
            key,
            operator: operator.to_string(),
            registration: server.registration_token().await,
            server,
        }
    }

    /// The path with something that exists in each of its places.
    fn fill(&self, path: &str) -> String {
        let below = |start: &str| {
            path.starts_with(start) || path.starts_with(&format!("/fragments{start}"))
        };
        let id = if below("/clients/") {
            "mailer"
        } else if below("/apis/") {
            "urn%3Ashop"
        } else {
            &self.operator
        };
        let mut filled = String::new();
        for segment in path.split('/').skip(1) {
            filled.push('/');
            filled.push_str(match segment {
                "{id}" | "{client}" | "{api}" | "{operator}" => id,
                "{kid}" => &self.key,
                "{secret}" => &self.secret,
                "{registration}" => &self.registration,
                "{scope}" => "read",
                "{type}" => "payment",
                "{rule}" => "unused",
                "{seq}" => "1",
                other => other,
            });
        }
        if filled == "/" { String::new() } else { filled }
    }

    /// Signs in again if what was done ended the session.
    async fn keep_signed_in(&self, browser: &mut Browser<'_>, role: Role) {
        let page = browser.open("/settings/about").await;
        if page.path.starts_with("/sign-in") {
            self.server.advance(Span(30)).await;
            let page = browser
                .sign_in(&format!("{role}@example.com"), PASSWORD)
                .await;
            assert_eq!(page.reply.status, 200, "{role} {}", page.text());
        }
    }
}

/// AD-08: Console 48.
#[tokio::test]
async fn each_role_may_do_what_it_may_and_nothing_else() {
    let world = World::start().await;
    let rules = rules();
    let mut wrong = Vec::new();
    for role in Role::ALL {
        let mut browser = world.server.signed_in(role).await;
        for rule in &rules {
            if rule.path == "/sign-out" {
                continue;
            }
            world.keep_signed_in(&mut browser, role).await;
            let path = world.fill(rule.path);
            let form: Option<&[(&str, &str)]> = (rule.method == "POST").then_some(&[]);
            let status = browser.send(rule.method, &path, form).await.status.as_u16();
            let is_right = match (rule.allows(role), status) {
                (true, 200 | 303 | 404 | 409) | (false, 403) => true,
                (true, 400 | 422) => rule.method == "POST",
                _ => false,
            };
            if !is_right {
                wrong.push(format!("{role}: {} {path} gives {status}", rule.method));
            }
        }
    }

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Console 48.
#[tokio::test]
async fn nobody_is_offered_what_their_role_does_not_include() {
    let world = World::start().await;
    let rules = rules();
    let mut wrong = Vec::new();
    let mut offers = 0;
    for role in Role::ALL {
        let mut browser = world.server.signed_in(role).await;
        for rule in rules
            .iter()
            .filter(|rule| rule.method == "GET" && rule.allows(role))
        {
            let page = browser.open(&world.fill(rule.path)).await;
            for (method, path) in offered(&page) {
                let Some(offer) = rule_of(&rules, method, &path) else {
                    continue;
                };
                offers += 1;
                if !offer.allows(role) {
                    wrong.push(format!("{role} on {}: {method} {path}", rule.path));
                }
            }
        }
    }

    assert!(offers > 100, "only {offers} links and forms were found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Where the links and forms of a page lead, within the console.
fn offered(page: &Page) -> Vec<(&'static str, String)> {
    let html = page.html();
    let mut offers = Vec::new();
    let mut collect = |method, marker: &str| {
        for rest in html.split(marker).skip(1) {
            let path = rest.split(['"', '?', '#']).next().unwrap();
            let path = if path.is_empty() { "/" } else { path };
            offers.push((method, path.to_owned()));
        }
    };
    collect("GET", "href=\"/console");
    collect("POST", "method=\"post\" action=\"/console");
    offers
}

/// AD-09: Console 46.
#[tokio::test]
async fn every_change_is_on_record_once_with_who_made_it_and_by_which_request() {
    let world = World::start().await;
    let mut browser = world.server.signed_in(Role::Owner).await;
    let operator = format!("/operators/{}", world.operator);
    let changes: &[(&str, &[(&str, &str)])] = &[
        ("/keys", &[("algorithm", "ES256"), ("when", "scheduled")]),
        (
            "/operators/invite",
            &[
                ("name", "Cleo"),
                ("email", "cleo@example.com"),
                ("role", "viewer"),
            ],
        ),
        (&format!("{operator}/role"), &[("role", "operator")]),
        (&format!("{operator}/reset"), &[]),
        (&format!("{operator}/withdraw"), &[]),
        (&format!("{operator}/end-sessions"), &[]),
        (&format!("{operator}/disable"), &[]),
        (&format!("{operator}/enable"), &[]),
        (&format!("{operator}/remove"), &[]),
        ("/audit/export", &[("format", "csv")]),
        ("/settings/backup", &[]),
    ];

    for (path, form) in changes {
        let before = newest(&world.server).await.seq;
        let reply = browser.send("POST", path, Some(form)).await;
        assert!(
            matches!(reply.status.as_u16(), 200 | 303),
            "{path}: {reply:?}"
        );

        let record = newest(&world.server).await;
        assert_eq!(record.seq, before + 1, "{path}");
        assert_eq!(record.entry.actor, "operator:owner@example.com", "{path}");
        let id = record.entry.request_id.as_deref();
        assert_eq!(id, Some(reply.header("x-request-id")), "{path}");
    }
}

async fn newest(server: &TestServer) -> jeton::domain::audit::AuditRecord {
    let page = AuditPage {
        limit: 1,
        ..AuditPage::default()
    };
    server.app.audit(page).await.unwrap().remove(0)
}
