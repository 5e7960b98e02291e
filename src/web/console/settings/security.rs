//! How long sessions last, and from where requests are believed to come.

use std::sync::Arc;

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::policy::{Entry, Part};
use crate::{
    domain::{policy::Policy, time::Span},
    web::console::{
        Console, cookie_name,
        form::Form,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

const PART: Part = Part {
    path: "/settings/security",
    fields: &[
        ("session_idle", "End when idle for"),
        ("session_longest", "End at the latest after"),
        ("reauthenticate_after", "Confirm again after"),
    ],
    // Otherwise an unattended session could give itself more time.
    is_guarded: true,
    saved: "Saved. It holds for every session at once, yours too.",
};

#[derive(Template)]
#[template(path = "settings/security.html")]
struct SecurityPage {
    frame: Frame,
    tab: &'static str,
    entry: Entry,
    policy: Arc<Policy>,
    /// From where this request came, as the server sees it.
    address: String,
    cookie: &'static str,
}

impl SecurityPage {
    fn of(console: &Console, (frame, visitor): (Frame, &Visitor), entry: Entry) -> Self {
        Self {
            frame,
            tab: "security",
            entry,
            policy: Arc::clone(console.app.registry().policy()),
            address: visitor.visit.network().to_string(),
            cookie: cookie_name(console.app.console_url().is_https()),
        }
    }

    /// What the page says of it: name and value, for those who only read.
    fn told(&self) -> Vec<(&'static str, String)> {
        let policy = &self.policy;
        let spans = [
            policy.session_idle,
            policy.session_longest,
            policy.reauthenticate_after,
        ];
        let labels = PART.fields.iter().map(|(_, label)| *label);
        labels.zip(spans.map(Span::in_full)).collect()
    }
}

pub(super) async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let frame = visitor.frame(Here::Settings).await;
    let entry = PART.entry(console.app.registry().policy());
    page::ok(&SecurityPage::of(&console, (frame, &visitor), entry))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let again = |visitor: &Visitor, entry| {
        let frame = visitor.plain_frame(Here::Settings);
        SecurityPage::of(&console, (frame, visitor), entry)
    };
    PART.save((&console, visitor), form, again).await
}
