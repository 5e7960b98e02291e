//! Rules for proxies that cannot name one themselves, and how a proxy asks.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::policy::{Entry, Part};
use crate::{
    oauth::metadata::path::FORWARD_AUTH,
    web::console::{
        Console,
        form::Form,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

const PART: Part = Part {
    path: "/settings/proxies",
    fields: &[("forward_policies", "Rules")],
    // Otherwise an unattended session could open an API.
    is_guarded: true,
    saved: "Saved. Proxies that ask from now on are answered by it.",
};

#[derive(Template)]
#[template(path = "settings/proxies.html")]
struct ProxiesPage {
    frame: Frame,
    tab: &'static str,
    entry: Entry,
    /// Where a proxy asks that names the rule itself.
    by_query: String,
    /// Where one asks that names a rule of these.
    by_name: String,
    /// The rules, for those who only read.
    rules: Vec<String>,
}

impl ProxiesPage {
    fn of(console: &Console, frame: Frame, entry: Entry) -> Self {
        let endpoint = console.app.issuer().endpoint(FORWARD_AUTH);
        Self {
            frame,
            tab: "proxies",
            entry,
            by_query: format!(
                "{endpoint}?audience=https%3A%2F%2Fapi.example.com&scope=orders%3Aread"
            ),
            by_name: format!("{endpoint}/policy/NAME"),
            rules: console.app.registry().policy().forward_policies.lines(),
        }
    }
}

pub(super) async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let frame = visitor.frame(Here::Settings).await;
    let entry = PART.entry(console.app.registry().policy());
    page::ok(&ProxiesPage::of(&console, frame, entry))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let again = |visitor: &Visitor, entry| {
        ProxiesPage::of(&console, visitor.plain_frame(Here::Settings), entry)
    };
    PART.save((&console, visitor), form, again).await
}
