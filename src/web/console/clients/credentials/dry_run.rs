//! A dry run: would Jeton take this token of another issuer, and if not, why? Nobody is let in by it, and nothing of
//! the token is kept.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{cards::shown, scene::may_touch};
use crate::{
    domain::{
        client::Client,
        credential::{Federation, FederationKeys},
    },
    oauth::assertion::{KeySource, federation::objections},
    web::console::{
        Console,
        clients::{ClientHead, Named, Tab},
        form::{Fields, Form, Sheet},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients/{id}/credentials/dry-run", get(ask).post(run))
}

#[derive(Template)]
#[template(path = "clients/credentials/dry_run.html")]
struct DryRunPage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// Whether the client is disabled, so that no token counts.
    is_disabled: bool,
    /// What was found, trust by trust; empty before anything was tried.
    trusts: Vec<Tried>,
    /// Whether the client trusts anybody.
    is_trusting: bool,
}

/// A trust, and what it says to a token.
pub(in crate::web::console::clients) struct Tried {
    /// What the credential is called; nothing is the empty text.
    shown: String,
    issuer: String,
    /// Why it refuses; nothing if it does not.
    pub(in crate::web::console::clients) objections: Vec<String>,
    /// Why the issuer's keys are not at hand.
    pub(in crate::web::console::clients) problem: Option<String>,
}

impl DryRunPage {
    async fn of(
        client: &Client,
        (sheet, trusts): (Sheet, Vec<Tried>),
        (console, visitor): (&Console, &Visitor),
    ) -> Self {
        let now = console.app.now();
        let mut live = client.live_secrets(now);
        Self {
            frame: visitor.frame(Here::Clients).await,
            head: ClientHead::of(client, Tab::Credentials, now).below("Dry run"),
            sheet,
            is_disabled: !client.is_active(),
            trusts,
            is_trusting: live.any(|it| it.proof.trust().is_some()),
        }
    }
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let nothing = (Sheet::of(Fields::default()), Vec::new());
    let page = DryRunPage::of(&client, nothing, (&console, &visitor)).await;
    Ok(page::ok(&page))
}

async fn run(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let token = form.fields.text("token");
    let mut trusts = Vec::new();
    for secret in client.live_secrets(console.app.now()) {
        if let Some(trust) = secret.proof.trust() {
            trusts.push(Tried {
                shown: shown(secret),
                ..tried(&console, token, trust).await
            });
        }
    }
    let sheet = Sheet::of(form.fields.clone());
    let page = DryRunPage::of(&client, (sheet, trusts), (&console, &visitor)).await;
    Ok(page::ok(&page))
}

/// What `trust` says to `token`. A client need not have it yet: then the issuer's keys are forgotten again.
pub(in crate::web::console::clients) async fn tried(
    console: &Console,
    token: &str,
    trust: &Federation,
) -> Tried {
    let app = &console.app;
    let source = match &trust.keys {
        FederationKeys::Given(_) => None,
        FederationKeys::At(uri) => Some(KeySource::Set(uri.clone())),
        FederationKeys::Discovered => Some(KeySource::Issuer(trust.issuer.clone())),
    };
    let mut fetched = None;
    if let Some(source) = &source {
        app.fetch_keys(source).await;
        fetched = app.fetched_keys(source);
    }
    let keys = match (&trust.keys, &fetched) {
        (FederationKeys::Given(keys), _) => Some(keys.as_slice()),
        (_, Some(set)) if set.fetched.is_some() => Some(set.keys.as_slice()),
        (_, _) => None,
    };
    Tried {
        shown: String::new(),
        issuer: trust.issuer.clone(),
        objections: objections((token, trust), (keys, app.now())),
        problem: fetched.as_ref().and_then(|set| set.problem.clone()),
    }
}
