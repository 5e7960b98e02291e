//! The token inspector: what a pasted token says and whether an API would take it; whose a pasted
//! secret is.
//!
//! What is pasted comes by POST, is looked at, and is gone: it is neither kept nor logged. Only what
//! reads as a token comes back with the page; a secret never does.

mod findings;
mod report;
mod secret;

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

pub(super) use self::report::{Member, members};
use self::{report::TokenReport, secret::SecretReport};
use super::{
    Console,
    form::{Fields, Form, Sheet},
    page::{self, Frame, Here},
    visit::Visitor,
};
use crate::oauth::inspection::{FoundSecret, Inspection, not_a_token, trimmed};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/tools/token", get(show).post(inspect))
}

#[derive(Template)]
#[template(path = "inspector.html")]
struct InspectorPage {
    frame: Frame,
    sheet: Sheet,
    token: Option<TokenReport>,
    secret: Option<SecretReport>,
}

async fn show(visitor: Visitor) -> Response<Body> {
    page::ok(&InspectorPage {
        frame: visitor.frame(Here::Inspector).await,
        sheet: Sheet::of(Fields::default()),
        token: None,
        secret: None,
    })
}

async fn inspect(State(console): State<Console>, visitor: Visitor, form: Form) -> Response<Body> {
    let frame = visitor.plain_frame(Here::Inspector);
    let pasted = trimmed(form.fields.raw("pasted"));
    let registry = console.app.registry_arc();
    let now = console.app.now();
    if let Some(found) = FoundSecret::of(&registry, &pasted) {
        return page::ok(&InspectorPage {
            frame,
            sheet: Sheet::of(Fields::default()),
            token: None,
            secret: Some(SecretReport::of(&found, now)),
        });
    }
    let Some(inspection) = Inspection::of(&registry, &pasted, now) else {
        let mut sheet = Sheet::of(Fields::default());
        sheet.complain("pasted", &why_not(&pasted));
        return page::refused(&InspectorPage {
            frame,
            sheet,
            token: None,
            secret: None,
        });
    };
    let mut fields = form.fields;
    fields.set("pasted", pasted.as_str());
    page::ok(&InspectorPage {
        frame,
        token: Some(TokenReport::of(&inspection, &console, &fields)),
        sheet: Sheet::of(fields),
        secret: None,
    })
}

/// Why nothing can be said of a text; without the text, which may be a secret.
fn why_not(pasted: &str) -> String {
    if pasted.is_empty() {
        return "Paste a token, or what may be a client secret".to_owned();
    }
    let advice = "A secret of this server begins with jtn_";
    format!("{}. {advice}", super::words::capital(&not_a_token(pasted)))
}
