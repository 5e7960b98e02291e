//! A whole server without sockets: an app in memory, its routes, and who asks.

use std::{cell::RefCell, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use jeton::{
    admin::{
        init::InitServer,
        input::{ApiInput, ClientInput, OperatorInput},
    },
    app::{
        App,
        assemble::{OVERVIEW_MAX_AGE, Settings, Surroundings, assemble},
    },
    crypto::{install_provider, random::Entropy},
    domain::{
        actor::Actor,
        profile::Profile,
        time::{ManualClock, Span},
    },
    store::redb::RedbStore,
    web::{
        faces::{self, Manners},
        front::Front,
        layers::{Arrival, Edge},
        outbound::{Fetcher, Outbound},
        server::{Limits, Peer},
    },
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::world::{ISSUER, NOW, input, parsed};

/// A server with some APIs, clients and an operator, and what has to run for it.
pub struct Server {
    runtime: Runtime,
    app: App,
    edge: Edge<Front>,
    cookie: String,
}

/// An answer.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asker {
    /// Somebody on the network.
    Anybody,
    /// Whoever runs this process, by the socket.
    Owner,
    /// An operator who is signed in to the console and may look at everything.
    Viewer,
}

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "violet rain over Lisbon";

impl Server {
    /// A server in which `clients` clients are registered.
    pub fn new(clients: usize) -> Self {
        install_provider();
        let runtime = runtime();
        let (app, edge) = runtime.block_on(async {
            let app = assembled().await;
            fill(&app, clients).await;
            let routes = faces::protocol(&app).merge(faces::operator(&app));
            let edge = Edge::new(routes, faces::edge_settings(&app, &Manners::default()));
            (app, edge)
        });
        let mut server = Self {
            runtime,
            app,
            edge,
            cookie: String::new(),
        };
        server.cookie = server.signed_in();
        server
    }

    /// The app itself.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Asks for `target`, if that can be a request's target at all.
    pub fn get(&self, asker: Asker, target: &str) -> Option<Reply> {
        self.ask(asker, "GET", target)
    }

    /// Asks for `target` by some method, without a body.
    pub fn ask(&self, asker: Asker, method: &str, target: &str) -> Option<Reply> {
        let mut request = Request::builder().method(method).uri(target);
        if asker == Asker::Viewer {
            request = request.header(header::COOKIE, &self.cookie);
        }
        let request = request.body(Body::empty()).ok()?;
        Some(self.send(asker, request))
    }

    fn send(&self, asker: Asker, mut request: Request<Body>) -> Reply {
        let host = "as.test".parse().expect("a name is a header");
        request.headers_mut().insert(header::HOST, host);
        let arrival = Arrival {
            peer: peer(asker),
            certificate: None,
            limits: Limits::default(),
            is_too_much: false,
            refusal: None,
        };
        self.runtime.block_on(async {
            let (parts, body) = self.edge.respond(arrival, request).await.into_parts();
            let body = body.collect().await.expect("a body in memory ends well");
            Reply {
                status: parts.status,
                headers: parts.headers,
                body: body.to_bytes(),
            }
        })
    }

    fn signed_in(&self) -> String {
        let form = [("email", EMAIL), ("password", PASSWORD)];
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let request = Request::post("/console/sign-in")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.finish()))
            .expect("the form is a request");
        let reply = self.send(Asker::Anybody, request);
        let cookie = reply.headers.get(header::SET_COOKIE);
        let cookie = cookie.and_then(|it| it.to_str().ok()?.split(';').next());
        let cookie = cookie.unwrap_or_else(|| panic!("no cookie: {:?}", reply.body));
        cookie.to_owned()
    }
}

/// Time stands still in it, but for what waits for it to pass.
pub fn runtime() -> Runtime {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_time().start_paused(true);
    runtime.build().expect("a runtime without sockets")
}

fn peer(asker: Asker) -> Peer {
    match asker {
        Asker::Owner => Peer::Unix { uid: 0 },
        Asker::Anybody | Asker::Viewer => Peer::Tcp(([192, 0, 2, 1], 4711).into()),
    }
}

async fn assembled() -> App {
    let entropy = Entropy::seeded(1);
    let settings = Settings {
        issuer: parsed(ISSUER),
        console_url: None,
        mutual: None,
        profile: Profile::default(),
        usage_flush: Span(10),
        overview_max_age: OVERVIEW_MAX_AGE,
        registration: true,
        backups: None,
        audit_checkpoints: None,
        audit_tokens: jeton::domain::issued_token::TokenRecords::Off,
        master_key_file: None,
    };
    let surroundings = Surroundings {
        store: Arc::new(RedbStore::in_memory(&entropy)),
        clock: Arc::new(ManualClock::at(NOW)),
        entropy,
        fetcher: Arc::new(Fetcher::new(Outbound::default())),
    };
    assemble(settings, surroundings)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What is registered: each third client is of another API, and each fifth is disabled.
async fn fill(app: &App, clients: usize) {
    let actor = || Actor::local(0);
    must(app.execute(actor(), InitServer).await);
    let mut known = Vec::new();
    for name in ["sales", "stock", "mail"] {
        let identifier = format!("https://{name}.example/");
        let api: ApiInput = input(json!({
            "identifier": identifier,
            "name": format!("The {name} API"),
            "scopes": [{ "name": format!("read:{name}") }, { "name": format!("write:{name}") }],
        }));
        let policy = app.registry().policy().clone();
        must(app.execute(actor(), must(api.parse(&policy))).await);
        known.push((identifier, name));
    }
    for n in 0..clients {
        let (api, name) = &known[n % known.len()];
        let client: ClientInput = input(client(n, (api, name)));
        let made = must(app.execute(actor(), must(client.parse())).await);
        if n % 5 == 4 {
            let disable = jeton::admin::clients::DisableClient {
                client: made.client.id.clone(),
            };
            must(app.execute(actor(), disable).await);
        }
    }
    let ana: OperatorInput = input(json!({
        "email": EMAIL, "name": "Ana Lima", "role": "viewer", "password": PASSWORD,
    }));
    must(app.execute(actor(), must(ana.parse())).await);
}

fn client(n: usize, (api, name): (&str, &str)) -> Value {
    let called = ["Report", "Ünïcode", "ci: runner"][n % 3];
    let owner = ["Sales", "Straße & Söhne", ""][n % 3];
    json!({
        "client_id": format!("{name}-{n:03}"),
        "name": format!("{called} {name} №{n}"),
        "description": "Sends what is to be sent",
        "owner": owner,
        "grants": [{ "api": api, "scopes": [format!("read:{name}")] }],
    })
}

fn must<T, E: std::fmt::Debug>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|error| panic!("{error:?}"))
}

thread_local! {
    static SERVER: RefCell<Option<&'static Server>> = const { RefCell::new(None) };
}

/// The server of this process, made when it is first asked for.
pub fn shared(clients: usize) -> &'static Server {
    SERVER.with_borrow_mut(|server| {
        *server.get_or_insert_with(|| Box::leak(Box::new(Server::new(clients))))
    })
}
