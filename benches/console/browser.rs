//! An Owner who looks at pages of the console, and a program on this machine that asks the admin API.

use std::net::SocketAddr;

use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, header},
};
use jeton::{
    admin::{
        account::EnrolSecondFactor,
        operators::{AddOperator, NewPassword},
    },
    app::App,
    crypto::{random::Entropy, totp::TotpSecret},
    domain::{actor::Actor, permission::Role, time::Span},
    web::{
        faces::{self, Manners},
        front::Front,
        layers::{Arrival, Edge},
        server::{Limits, Peer},
    },
};

const EMAIL: &str = "ana@as.example";
const PASSWORD: &str = "a quiet morning in may";

/// An Owner's browser.
pub(crate) struct Browser {
    edge: Edge<Front>,
    cookie: String,
}

impl Browser {
    /// Makes an Owner, and signs in as one.
    pub(crate) async fn signed_in(app: &App) -> Self {
        let owner = || Actor::local(0);
        let password = NewPassword::parse(PASSWORD.to_owned().into()).unwrap();
        let ana = AddOperator {
            email: EMAIL.parse().unwrap(),
            name: "Ana Lima".parse().unwrap(),
            role: Role::Owner,
            password: Some(password),
        };
        let id = app.execute(owner(), ana).await.unwrap();
        let secret = TotpSecret::generate(&Entropy::seeded(42));
        let enrol = EnrolSecondFactor {
            code: secret.code_at(app.now().minus(Span(30)).seconds()),
            secret,
        };
        let actor = Actor::operator(id, EMAIL.parse().unwrap(), Role::Owner);
        app.execute(actor, enrol).await.unwrap();
        let routes = faces::protocol(app).merge(faces::operator(app));
        let settings = faces::edge_settings(app, &Manners::default());
        let mut browser = Self {
            edge: Edge::new(routes, settings),
            cookie: String::new(),
        };
        let code = TotpSecret::generate(&Entropy::seeded(42)).code_at(app.now().seconds());
        for (path, form) in [
            (
                "/console/sign-in",
                format!("email={EMAIL}&password={}", PASSWORD.replace(' ', "+")),
            ),
            ("/console/sign-in/second", format!("code={code}")),
        ] {
            let (reply, _) = browser.ask("POST", path, Some(form)).await;
            assert_eq!(reply.status(), 303, "{path}");
            for field in reply.headers().get_all(header::SET_COOKIE) {
                let pair = field.to_str().unwrap().split(';').next().unwrap();
                pair.clone_into(&mut browser.cookie);
            }
        }
        browser
    }

    /// The answer to one request, and its body.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        form: Option<String>,
    ) -> (Response<()>, Vec<u8>) {
        let peer = if path.starts_with("/admin/") {
            Peer::Unix { uid: 0 }
        } else {
            Peer::Tcp(SocketAddr::from(([192, 0, 2, 8], 50_000)))
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "as.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, &self.cookie)
            .body(form.map_or_else(Body::empty, Body::from))
            .unwrap();
        let arrival = Arrival {
            peer,
            certificate: None,
            limits: Limits::default(),
            refusal: None,
            is_too_much: false,
        };
        let (parts, body) = self.edge.respond(arrival, request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, ()), body.to_vec())
    }
}
