//! Servers with a past, and every page and state of the console that people meet on them.

mod clients;
mod outside;
mod past;
mod rest;
mod secrets;
mod troubled;

use std::{collections::BTreeMap, net::SocketAddr};

use jeton::{
    app::assemble::Settings,
    domain::{
        id::{ClientId, SecretId},
        permission::Role,
        time::Span,
    },
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    caller::encode,
    server::TestServer,
};

/// A server, and how a browser gets at it.
pub(crate) struct Place {
    pub(crate) server: TestServer,
    /// Its web address.
    pub(crate) base: String,
    listener: std::net::TcpListener,
}

/// All servers, and what is to be seen there.
pub(crate) struct World {
    /// The first is that of a small company after ninety days.
    pub(crate) places: [Place; 5],
    pub(crate) scenes: Vec<Scene>,
    /// The session of an owner of the first server.
    pub(crate) cookie: String,
}

/// A page in one of its states, as somebody gets there.
pub(crate) struct Scene {
    pub(crate) label: &'static str,
    /// Which server.
    pub(crate) place: usize,
    /// The cookies of whoever looks.
    pub(crate) cookies: BTreeMap<String, String>,
    /// Below the console's path.
    pub(crate) path: String,
    /// What is sent there, if it is the answer to a form.
    pub(crate) form: Option<String>,
    /// What the answer is.
    pub(crate) status: u16,
}

/// Whoever walks through one server and notes what there is to be seen.
struct Tour<'s> {
    server: &'s TestServer,
    place: usize,
    scenes: Vec<Scene>,
}

impl Place {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with these settings.
    async fn with(set: impl FnOnce(&mut Settings)) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        Self {
            server: TestServer::with_settings(|settings| {
                settings.issuer = base.parse().unwrap();
                set(settings);
            })
            .await,
            base,
            listener,
        }
    }

    /// Where the browser's connections arrive.
    pub(crate) fn listener(&self) -> TcpListener {
        let listener = self.listener.try_clone().unwrap();
        TcpListener::from_std(listener).unwrap()
    }
}

impl World {
    /// With all its past.
    pub(crate) async fn new() -> Self {
        let (company, calm) = (Place::new().await, Place::new().await);
        let (empty, unclaimed) = (Place::new().await, Place::new().await);
        let troubled = Place::with(troubled::settings).await;
        let mut scenes = Vec::new();
        let cookie;
        {
            let mut tour = Tour::of(&company.server, 0);
            past::live(&company.server).await;
            let mut late = company.server.signed_in(Role::Owner).await;
            clients::begin_a_new_one(&mut late).await;
            company.server.advance(Span::minutes(16)).await;
            past::live_on(&company.server).await;
            let mut owner = again(&company.server, "owner").await;
            clients::walk(&mut tour, &mut owner, &late).await;
            secrets::walk(&mut tour, &mut owner, &late).await;
            rest::walk(&mut tour, &mut owner, &late).await;
            outside::walk(&mut tour, &mut owner).await;
            cookie = owner.cookies["jeton"].clone();
            scenes.append(&mut tour.scenes);
        }
        let others = [(1, &calm), (2, &empty), (3, &unclaimed), (4, &troubled)];
        for (place, scenes_of) in others {
            let mut tour = Tour::of(&scenes_of.server, place);
            match place {
                1 => outside::calm(&mut tour).await,
                2 => outside::empty(&mut tour).await,
                4 => troubled::walk(&mut tour).await,
                _ => outside::unclaimed(&mut tour).await,
            }
            scenes.append(&mut tour.scenes);
        }
        Self {
            places: [company, calm, empty, unclaimed, troubled],
            scenes,
            cookie,
        }
    }

    /// The server of the small company.
    pub(crate) fn server(&self) -> &TestServer {
        &self.places[0].server
    }

    /// Does what a program of the browser asks for.
    pub(crate) async fn grant(&self, wish: &Value) -> Value {
        match wish["do"].as_str().unwrap() {
            "advance" => {
                let seconds = wish["seconds"].as_u64().unwrap();
                self.server().advance(Span(seconds)).await;
                json!({})
            }
            "use" => {
                let client: ClientId = wish["client"].as_str().unwrap().parse().unwrap();
                let address = wish["address"].as_str().unwrap();
                let secret = self.secret_of(&client, wish["secret"].as_str().unwrap());
                past::used(self.server(), (&client, &secret), address);
                json!({"secret": secret.to_string()})
            }
            other => panic!("nobody knows how to do {other:?}"),
        }
    }

    fn secret_of(&self, client: &ClientId, which: &str) -> SecretId {
        let (registry, now) = (self.server().app.registry(), self.server().app.now());
        let client = registry.find_client(client).unwrap();
        let secret = match which {
            "old" => client.old_secret(now),
            _ => client.new_secret(now),
        };
        secret.unwrap().id.clone()
    }

    /// Goes to a scene without drawing it.
    pub(crate) async fn visit(&self, scene: &Scene) -> Page {
        let mut browser = self.places[scene.place].server.browser();
        browser.cookies.clone_from(&scene.cookies);
        let method = if scene.form.is_some() { "POST" } else { "GET" };
        let reply = browser
            .send_text(method, &scene.path, scene.form.clone())
            .await;
        Page {
            path: scene.path.clone(),
            reply,
        }
    }

    /// What a program must know.
    pub(crate) fn as_json(&self) -> Value {
        let scene = |scene: &Scene| {
            json!({
                "label": scene.label,
                "base": self.places[scene.place].base,
                "path": scene.path,
                "cookies": scene.cookies,
                "form": scene.form,
                "status": scene.status,
            })
        };
        let scenes: Vec<_> = self.scenes.iter().map(scene).collect();
        json!({"base": self.places[0].base, "cookie": self.cookie, "scenes": scenes})
    }
}

impl<'s> Tour<'s> {
    fn of(server: &'s TestServer, place: usize) -> Self {
        Self {
            server,
            place,
            scenes: Vec::new(),
        }
    }

    /// Somebody proved again who they are: their session has another id from then on.
    fn follow(&mut self, before: &BTreeMap<String, String>, who: &Browser<'_>) {
        for scene in &mut self.scenes {
            if scene.cookies == *before {
                scene.cookies.clone_from(&who.cookies);
            }
        }
    }

    fn note(
        &mut self,
        who: &Browser<'_>,
        (status, label, path): (u16, &'static str, &str),
        form: Option<&[(&str, &str)]>,
    ) {
        let pairs = form.map(|form| {
            let pairs = form.iter();
            let pairs = pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value)));
            pairs.collect::<Vec<_>>().join("&")
        });
        self.scenes.push(Scene {
            label,
            place: self.place,
            cookies: who.cookies.clone(),
            path: path.to_owned(),
            form: pairs,
            status,
        });
    }

    /// Pages, by label and path.
    fn sees(&mut self, who: &Browser<'_>, pages: &[(&'static str, &str)]) {
        for (label, path) in pages {
            self.note(who, (200, label, path), None);
        }
    }

    /// A page that tells of trouble.
    fn meets(&mut self, who: &Browser<'_>, status: u16, label: &'static str, path: &str) {
        self.note(who, (status, label, path), None);
    }

    /// The answer to a form.
    fn sends(
        &mut self,
        who: &Browser<'_>,
        place: (u16, &'static str, &str),
        form: &[(&str, &str)],
    ) {
        self.note(who, place, Some(form));
    }
}

/// Somebody who was here before signs in again.
async fn again<'s>(server: &'s TestServer, role: &str) -> Browser<'s> {
    let mut browser = server.browser();
    let page = browser
        .sign_in(&format!("{role}@example.com"), PASSWORD)
        .await;
    assert_eq!(page.reply.status, 200, "{}", page.text());
    browser
}

/// Fills in a form of a page that is open.
async fn fill_in(browser: &mut Browser<'_>, path: &str, form: &[(&str, &str)]) -> Page {
    let page = browser.open(path).await;
    let page = browser.submit(&page, path, form).await;
    assert_eq!(page.reply.status, 200, "{path}: {}", page.text());
    page
}

/// The revision of a client, as its forms carry it.
fn revision(server: &TestServer, client: &str) -> String {
    let registry = server.app.registry();
    let found = registry.find_client_by_text(client).unwrap();
    found.revision.to_string()
}
