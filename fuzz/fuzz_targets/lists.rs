//! F8: lists, a page at a time. Whichever query is taken, its pages have each item once, in order, and those that a
//! slow reader of the whole list finds; whichever is not is refused by name. And the console's list and its search
//! take anything.

#![no_main]

use axum::http::StatusCode;
use jeton_fuzz::{
    bytes::Bytes,
    form::encode,
    server::{Asker, Reply, Server, shared},
};
use serde_json::Value;

const CLIENTS: usize = 23;
const NAMES: [&str; 7] = ["limit", "cursor", "q", "status", "api", "scope", "x"];
const AUDIT: [&str; 8] = [
    "limit", "before", "cursor", "actor", "action", "object", "since", "until",
];
const CONSOLE: [&str; 5] = ["q", "status", "sort", "page", "x"];
/// What no page has of its own.
const MARKUP: &str = "<zq\">";

const VALUES: [&str; 25] = [
    "1",
    "7",
    "200",
    "0",
    "201",
    "active",
    "disabled",
    "https://sales.example/",
    "read:sales",
    "report",
    "ÜNÏ",
    "strasse",
    "mail-00",
    "№",
    "client.",
    "local:0",
    "2027-01-15T08:00:00Z",
    "-name",
    "week",
    "used",
    "attention",
    "9",
    "18446744073709551615",
    "bWFpbC0wMDI",
    MARKUP,
];

// Unwatched: what a server remembers of those who ask is bounded, and not nothing.
libfuzzer_sys::fuzz_target!(|data| {
    let server = shared(CLIENTS);
    let mut bytes = Bytes::new(data);
    match bytes.below(4) {
        0 => console(server, "/console/clients", &query(&CONSOLE, &mut bytes)),
        1 => {
            let path = bytes.pick(&["/console/audit", "/console/apis", "/console/operators"]);
            console(server, path, &query(&AUDIT, &mut bytes));
        }
        2 => audit(server, &query(&AUDIT, &mut bytes)),
        _ => clients(server, &query(&NAMES, &mut bytes)),
    }
});

/// Names and values, some of them well known, or a text of whatever kind.
fn query(names: &[&str], bytes: &mut Bytes<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    while !bytes.is_empty() && pairs.len() < 6 {
        let name = bytes.pick(names).to_owned();
        let value = match bytes.below(4) {
            0 => bytes.text(),
            _ => bytes.pick(&VALUES).to_owned(),
        };
        pairs.push((name, value));
    }
    pairs
}

fn at(path: &str, pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

fn console(server: &Server, path: &str, pairs: &[(String, String)]) {
    let target = at(path, pairs);
    let reply = get(server, Asker::Viewer, &target);
    assert!(
        !reply.status.is_server_error(),
        "{target}: {}",
        reply.status
    );
    let page = String::from_utf8_lossy(&reply.body);
    assert!(!page.contains(MARKUP), "{target}");
}

fn audit(server: &Server, pairs: &[(String, String)]) {
    let target = at("/api/v1/audit", pairs);
    let reply = get(server, Asker::Owner, &target);
    if reply.status != StatusCode::OK {
        assert!(reply.status.is_client_error(), "{target}: {}", reply.status);
        return;
    }
    let page = json(&reply);
    let numbers: Vec<u64> = items(&page)
        .iter()
        .filter_map(|it| it["seq"].as_u64())
        .collect();
    assert_eq!(numbers.len(), items(&page).len(), "{target}");
    assert!(
        numbers.is_sorted_by(|one, two| one > two),
        "{target}: {numbers:?}"
    );
}

fn clients(server: &Server, pairs: &[(String, String)]) {
    let target = at("/api/v1/clients", pairs);
    let reply = get(server, Asker::Owner, &target);
    if reply.status != StatusCode::OK {
        assert!(reply.status.is_client_error(), "{target}: {}", reply.status);
        return;
    }
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    };
    let limit = value("limit").map_or(50, |limit| limit.parse().expect("it was taken"));
    let mut found = Vec::new();
    let mut page = json(&reply);
    let mut others: Vec<(String, String)> = pairs
        .iter()
        .filter(|(name, _)| name != "cursor")
        .cloned()
        .collect();
    for _ in 0..=CLIENTS {
        assert!(items(&page).len() <= limit, "{target}");
        found.extend(items(&page).iter().map(id));
        let Some(next) = page["next_cursor"].as_str() else {
            let after = value("cursor").map(decoded);
            assert_eq!(found, wanted(server, after.as_deref(), &value), "{target}");
            return;
        };
        others.retain(|(name, _)| name != "cursor");
        others.push(("cursor".to_owned(), next.to_owned()));
        page = json(&get(server, Asker::Owner, &at("/api/v1/clients", &others)));
    }
    panic!("{target} has no end");
}

/// The ids of all clients that are asked for, picked one by one from what the registry knows.
fn wanted<'q>(
    server: &Server,
    after: Option<&str>,
    value: &impl Fn(&str) -> Option<&'q str>,
) -> Vec<String> {
    let registry = server.app().registry_arc();
    let mut ids = Vec::new();
    for client in registry.clients() {
        let scopes: Vec<&str> = client
            .grants
            .values()
            .flatten()
            .map(|it| it.as_str())
            .collect();
        let apis: Vec<&str> = client.grants.keys().map(|it| it.as_str()).collect();
        let secrets: Vec<&str> = client.secrets.iter().map(|it| it.id.as_str()).collect();
        let own = [
            client.id.as_str(),
            client.name.as_str(),
            client.owner.as_str(),
        ];
        let words = || own.iter().chain(&scopes).chain(&apis).chain(&secrets);
        let is_meant = value("api").is_none_or(|api| apis.contains(&api))
            && value("scope").is_none_or(|scope| scopes.contains(&scope))
            && value("status").is_none_or(|it| (it == "active") == client.is_active())
            && value("q").is_none_or(|q| {
                let q = q.to_lowercase();
                words().any(|word| word.to_lowercase().contains(&q))
            });
        if is_meant && after.is_none_or(|after| own[0] > after) {
            ids.push(own[0].to_owned());
        }
    }
    ids.sort();
    ids
}

fn get(server: &Server, asker: Asker, target: &str) -> Reply {
    let reply = server.get(asker, target);
    reply.unwrap_or_else(|| panic!("{target} is no target"))
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).expect("the API speaks JSON")
}

fn items(page: &Value) -> &[Value] {
    page["data"].as_array().expect("a page has items")
}

fn id(client: &Value) -> String {
    client["client_id"]
        .as_str()
        .expect("a client has an id")
        .to_owned()
}

fn decoded(cursor: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let bytes = URL_SAFE_NO_PAD.decode(cursor).expect("it was taken");
    String::from_utf8(bytes).expect("it was taken")
}
