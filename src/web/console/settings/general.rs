//! What the server is called, who issues, and how it is reached.

use askama::Template;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Response, header},
};

use super::policy::{Entry, Part};
use crate::{
    domain::profile::{Profile, ShutOut},
    web::console::{
        Console,
        form::Form,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

const PART: Part = Part {
    path: "/settings/general",
    fields: &[("server_name", "Name")],
    is_guarded: false,
    saved: "Saved. It is called so from now on.",
};

#[derive(Template)]
#[template(path = "settings/general.html")]
struct GeneralPage {
    frame: Frame,
    tab: &'static str,
    entry: Entry,
    issuer: String,
    metadata: String,
    /// By which name this page was reached.
    host: String,
    is_host_known: bool,
    is_https: bool,
    profile: Profile,
    shut_out: ShutOut,
}

impl GeneralPage {
    fn of(console: &Console, frame: Frame, headers: &HeaderMap, entry: Entry) -> Self {
        let issuer = console.app.issuer();
        let host = headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let expected = issuer.origin().split_once("://");
        Self {
            frame,
            tab: "general",
            entry,
            issuer: issuer.to_string(),
            metadata: issuer.endpoint("/.well-known/oauth-authorization-server"),
            is_host_known: expected.is_some_and(|(_, expected)| expected == host),
            host: host.to_owned(),
            is_https: issuer.is_https(),
            profile: console.app.profile(),
            shut_out: console
                .app
                .profile()
                .shuts_out(&console.app.registry(), console.app.now()),
        }
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Response<Body> {
    let frame = visitor.frame(Here::Settings).await;
    let entry = PART.entry(console.app.registry().policy());
    page::ok(&GeneralPage::of(&console, frame, &headers, entry))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let again = |visitor: &Visitor, entry| {
        let frame = visitor.plain_frame(Here::Settings);
        GeneralPage::of(&console, frame, &headers, entry)
    };
    PART.save((&console, visitor), form, again).await
}
