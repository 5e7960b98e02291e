//! Every page of the console as an Owner gets it: how long the server takes, and how large it is.

use std::time::{Duration, Instant};

use jeton::{
    admin::secrets::{NewSecret, RotateSecret},
    app::App,
    domain::{actor::Actor, rotation::Overlap, secret::IfUsed, time::Span},
};
use tokio::runtime::Runtime;

use super::browser::Browser;

/// What a page may take and weigh at most.
const SLOWEST: Duration = Duration::from_millis(20);
const LARGEST: usize = 60_000;

/// How often each page is asked for.
const TIMES: usize = 21;

/// Every page of the console's map.
#[expect(clippy::too_many_lines, reason = "a table")]
fn paths(app: &App) -> Vec<String> {
    let api = "https%3A%2F%2Fsales.example%2F";
    let registry = app.registry_arc();
    let kid = registry.keys().next().unwrap().id.to_string();
    let secret = |client: &str| {
        let client = registry.find_client_by_text(client).unwrap();
        client.secrets[0].id.to_string()
    };
    let person = registry.operators().next().unwrap().id.to_string();
    let mut paths: Vec<String> = [
        "",
        "/clients",
        "/clients?page=2",
        "/clients?q=client-49",
        "/clients?status=attention",
        "/clients/new",
        "/apis",
        "/apis/new",
        "/keys",
        "/keys/new",
        "/audit",
        "/audit/1",
        "/tools/token",
        "/operators",
        "/operators/invite",
        "/me",
        "/me/second-factor",
        "/me/recovery-codes",
        "/settings/general",
        "/settings/tokens",
        "/settings/security",
        "/settings/scanning",
        "/settings/backup",
        "/settings/about",
        "/fragments/attention",
        "/fragments/traffic",
        "/fragments/clients/client-0/credentials",
        "/clients/client-0/credentials",
        "/clients/client-0/credentials/retire",
        "/clients/client-0/credentials/cancel",
    ]
    .map(str::to_owned)
    .into();
    for below in [
        "",
        "/credentials",
        "/credentials/rotate",
        "/credentials/handover",
        "/access",
        "/activity",
        "/try",
        "/settings",
        "/settings/disable",
        "/settings/delete",
    ] {
        paths.push(format!("/clients/client-1{below}"));
    }
    let at = format!("/clients/client-1/credentials/{}", secret("client-1"));
    paths.extend([at.clone(), format!("{at}/note"), format!("{at}/revoke")]);
    for below in [
        "",
        "/scopes",
        "/clients",
        "/check",
        "/settings",
        "/disable",
        "/remove",
    ] {
        paths.push(format!("/apis/{api}{below}"));
    }
    paths.push(format!("/apis/{api}/scopes/read%3Aorders"));
    paths.push(format!("/keys/{kid}/remove"));
    paths.push(format!("/operators/{person}"));
    paths
}

/// Asks for every page, prints what it took, and tells how many took or weigh too much.
pub(crate) fn weigh(runtime: &Runtime, app: &App) -> usize {
    let browser = runtime.block_on(Browser::signed_in(app));
    runtime.block_on(rotate(app));
    println!("\n{:<70} {:>9} {:>9}", "page", "median", "HTML");
    let mut wrong = 0;
    for path in paths(app) {
        let mut taken = Vec::new();
        let mut size = 0;
        for _ in 0..TIMES {
            let begun = Instant::now();
            let reply = runtime.block_on(browser.ask("GET", &format!("/console{path}"), None));
            taken.push(begun.elapsed());
            assert_eq!(reply.0.status(), 200, "{path}");
            size = reply.1.len();
        }
        taken.sort_unstable();
        let median = taken[TIMES / 2];
        let verdict = match (median > SLOWEST, size > LARGEST) {
            (false, false) => "",
            (true, false) => "  slow",
            (false, true) => "  large",
            (true, true) => "  slow, large",
        };
        let (ms, kb) = (median.as_secs_f64() * 1e3, size.div_ceil(1000));
        println!("{path:<70} {ms:>6.1} ms {kb:>6} kB{verdict}");
        wrong += usize::from(!verdict.is_empty());
    }
    wrong
}

/// The first client moves over to a new secret.
async fn rotate(app: &App) {
    let rotate = RotateSecret {
        client: "client-0".parse().unwrap(),
        new: NewSecret::default(),
        overlap: Overlap::of(Span::hours(24)).unwrap(),
        if_used: IfUsed::Hold,
    };
    app.execute(Actor::local(0), rotate).await.unwrap();
}
