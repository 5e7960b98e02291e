//! How long tokens and secrets live, unless somebody says otherwise.

use std::sync::Arc;

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::policy::{Entry, Part};
use crate::{
    domain::{policy::Policy, secret::UNDO},
    web::console::{
        Console,
        form::Form,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

const PART: Part = Part {
    path: "/settings/tokens",
    fields: &[
        ("token_lifetime", "A new API’s tokens live"),
        ("secret_lifetime", "A new secret works for"),
        ("longest_secret_lifetime", "A new secret works at most"),
        ("endless_secrets", "May work until it is replaced"),
        ("overlap", "The old secret of a rotation works for"),
        ("dpop_nonces", "Every DPoP proof needs a nonce"),
    ],
    is_guarded: false,
    saved: "Saved. It holds for what is made from now on.",
};

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct TokensPage {
    frame: Frame,
    tab: &'static str,
    entry: Entry,
    policy: Arc<Policy>,
    /// How long a retired secret can be brought back.
    undo: String,
}

impl TokensPage {
    fn of(console: &Console, frame: Frame, entry: Entry) -> Self {
        Self {
            frame,
            tab: "tokens",
            entry,
            policy: Arc::clone(console.app.registry().policy()),
            undo: UNDO.in_full(),
        }
    }

    /// What the page says of it: name and value, for those who only read.
    fn told(&self) -> Vec<(&'static str, String)> {
        let policy = &self.policy;
        let endless = if policy.endless_secrets { "Yes" } else { "No" };
        let nonces = if policy.dpop_nonces { "Yes" } else { "No" };
        let values = [
            policy.token_lifetime.span().in_full(),
            policy.secret_lifetime.in_full(),
            policy.longest_secret_lifetime.in_full(),
            endless.to_owned(),
            policy.overlap.in_full(),
            nonces.to_owned(),
        ];
        let labels = PART.fields.iter().map(|(_, label)| *label);
        labels.zip(values).collect()
    }
}

pub(super) async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let frame = visitor.frame(Here::Settings).await;
    let entry = PART.entry(console.app.registry().policy());
    page::ok(&TokensPage::of(&console, frame, entry))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let again = |visitor: &Visitor, entry| {
        TokensPage::of(&console, visitor.plain_frame(Here::Settings), entry)
    };
    PART.save((&console, visitor), form, again).await
}
