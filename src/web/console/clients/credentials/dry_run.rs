//! A dry run: would Jeton take this token of another issuer, and if not, why? Nobody is let in by it, and nothing of
//! the token is kept.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{cards::shown, scene::may_touch};
use crate::{
    app::dry_run::Tried,
    domain::client::Client,
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
    trusts: Vec<TrustView>,
    /// Whether the client trusts anybody.
    is_trusting: bool,
}

/// A trust, and what it says to a token.
struct TrustView {
    /// What the credential is called.
    shown: String,
    issuer: String,
    tried: Tried,
}

impl DryRunPage {
    async fn of(
        client: &Client,
        (sheet, trusts): (Sheet, Vec<TrustView>),
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
    let found = console.app.dry_run(&client, token).await.into_iter();
    let trusts = found.filter_map(|(secret, tried)| {
        Some(TrustView {
            shown: shown(secret),
            issuer: secret.proof.trust()?.issuer.clone(),
            tried,
        })
    });
    let trusts = trusts.collect();
    let sheet = Sheet::of(form.fields.clone());
    let page = DryRunPage::of(&client, (sheet, trusts), (&console, &visitor)).await;
    Ok(page::ok(&page))
}
