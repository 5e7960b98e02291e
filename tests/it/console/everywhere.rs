//! What holds on every page.

use std::collections::BTreeMap;

use jeton::domain::permission::Role;

use crate::{
    harness::{
        browser::{PASSWORD, Page},
        server::TestServer,
    },
    world::World,
};

/// What a page may load, and do.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types frag";

/// How large a page may be, in bytes.
const LARGEST: usize = 60_000;

/// AD-04: Console 3, 8, 11.
#[tokio::test]
async fn every_page_has_the_strict_policy_is_never_stored_and_has_one_name() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    let mut titles = BTreeMap::new();
    for scene in &world.scenes {
        let label = scene.label;
        let page = world.visit(scene).await;
        let status = page.reply.status.as_u16();
        if status != scene.status {
            wrong.push(format!("{label} answers {status} and not {}", scene.status));
            continue;
        }
        wrong.extend(faults(&page).into_iter().map(|it| format!("{label}: {it}")));
        let html = page.html();
        let is_refused = html.contains("id=\"problems\"") || html.contains("class=\"err\"");
        if is_refused != page.title().starts_with("Error: ") {
            wrong.push(format!("{label}: its title is {}", page.title()));
        }
        if status == 200 && scene.form.is_none() {
            let path = scene.path.split('?').next().unwrap();
            let path = path.trim_end_matches("/scopes").to_owned();
            let place = titles
                .entry((scene.place, page.title()))
                .or_insert(path.clone());
            if *place != path {
                wrong.push(format!("{path} is called {} as {place} is", page.title()));
            }
        }
    }

    assert!(world.scenes.len() > 180, "{}", world.scenes.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Addresses that give a part of a page, a file or a picture.
const NO_PAGES: [&str; 4] = ["/assets/", "/fragments/", "/env", "/uses.csv"];

/// Console 1.
#[tokio::test]
async fn no_page_is_left_out_of_what_is_held_of_every_page() {
    let world = World::new().await;
    let routes = ROUTES.lines().filter_map(|line| line.strip_prefix("GET "));
    let routes = routes.filter_map(|line| line.split(' ').next());
    let pages = routes.filter(|route| !NO_PAGES.iter().any(|it| route.contains(it)));
    // It leads on to its first page.
    let pages = pages.filter(|route| *route != "/settings");
    let is_seen = |route: &&str| {
        let mut scenes = world.scenes.iter().filter(|scene| scene.form.is_none());
        scenes.any(|scene| leads_to(&scene.path, route))
    };

    let missing: Vec<_> = pages.filter(|route| !is_seen(route)).collect();

    assert!(missing.is_empty(), "{missing:?}");
}

/// Whether a path is one that a route describes.
fn leads_to(path: &str, route: &str) -> bool {
    let path = path.split('?').next().unwrap();
    let (path, route) = (path.trim_matches('/'), route.trim_matches('/'));
    let (path, route) = (path.split('/'), route.split('/'));
    path.clone().count() == route.clone().count()
        && path
            .zip(route)
            .all(|(own, wanted)| own == wanted || wanted.starts_with('{'))
}

/// What is wrong with a page's headers and its markup.
fn faults(page: &Page) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        let found = page.reply.header(name);
        if found != value {
            faults.push(format!("{name} is {found}"));
        }
    }
    let html = page.html();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let outside: String = tag.split('"').step_by(2).collect();
        let mut names = outside.split_whitespace().skip(1);
        let is_inline = tag.starts_with("style")
            || names.any(|name| name.starts_with("style=") || name.starts_with("on"));
        let is_script = tag.starts_with("script") && !tag.contains(" src=\"/");
        if is_inline || is_script {
            faults.push(format!("<{tag}>"));
        }
    }
    if !html.starts_with("<!doctype html>") || !html.contains("<html lang=\"en\"") {
        faults.push("no doctype or no language".to_owned());
    }
    if html.matches("<h1").count() != 1 {
        faults.push("not one h1".to_owned());
    }
    if let Some((_, way)) = html.split_once("aria-label=\"Breadcrumb\"") {
        let last = way.split("</nav>").next().unwrap().rsplit("<li").next();
        if !last.unwrap().starts_with(" aria-current=\"page\">") {
            faults.push("the way to it does not end with it".to_owned());
        }
    }
    if html.len() > LARGEST {
        faults.push(format!("{} bytes", html.len()));
    }
    faults
}

/// Every route of the console.
const ROUTES: &str = include_str!("../../fixtures/console/routes.txt");

/// AD-03: Console 18.
#[tokio::test]
async fn a_change_is_taken_from_our_own_pages_only() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;
    let changes = ROUTES.lines().filter_map(|line| line.strip_prefix("POST "));
    let changes: Vec<_> = changes.filter_map(|line| line.split(' ').next()).collect();
    let log = browser.open("/audit").await.text();

    for (site, origin) in [
        (Some("cross-site"), None),
        (Some("same-site"), None),
        (Some("cross-site"), Some("https://as.test")),
        (None, Some("https://evil.test")),
        (None, Some("null")),
        (None, None),
    ] {
        (browser.site, browser.origin) = (site, origin);
        for path in &changes {
            let path = path.replace(['{', '}'], "");
            let page = browser.post(&path, &[("name", "x")]).await;
            page.assert_status(403);
            page.assert_says("This form did not come from this console");
        }
    }

    (browser.site, browser.origin) = (Some("same-origin"), None);
    let after = browser.open("/audit").await.text();
    assert!(changes.len() > 70, "{}", changes.len());
    assert_eq!(after, log, "nothing was done");
    (browser.site, browser.origin) = (None, Some("https://as.test"));
    let page = browser.post("/clients/new", &[("name", "")]).await;
    page.assert_says("Enter a name for the client");
}

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in_and_comes_back() {
    let server = TestServer::start().await;
    let email = server.operator(Role::Viewer).await;
    let mut browser = server.browser();

    let page = browser.open("?a=b").await;
    page.assert_says("Sign in");
    let wrong = browser
        .submit(
            &page,
            "/sign-in",
            &[("email", &email), ("password", "not this one")],
        )
        .await;
    wrong.assert_status(422);
    assert!(
        wrong.title().starts_with("Error: Sign in"),
        "{}",
        wrong.title()
    );
    let page = browser
        .submit(&wrong, "/sign-in", &[("password", PASSWORD)])
        .await;

    page.assert_at("?a=b");
    page.assert_says("Dashboard");
}
