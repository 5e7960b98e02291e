//! Taking from a client the token by which it manages its registration: asked first, then done.

use axum::{body::Body, extract::State, http::Response};

use super::super::{ClientHead, Named, Tab, address};
use crate::{
    admin::registrations::RevokeRegistrationAccess,
    domain::{audit::Object, permission::Permission},
    web::console::{
        Console,
        act::{ActPage, carry_out},
        confirm::Confirmed,
        page::{Flash, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    if client.holds_admin() {
        visitor.require(Permission::Own)?;
    }
    if !client.manages_itself() {
        let what = format!("{} has no registration access token.", client.name);
        return Err(Trouble::conflict(what));
    }
    let head = ClientHead::of(&client, Tab::Settings, console.app.now());
    let head = head.below("Revoke its registration access token");
    Ok(ActPage {
        frame: visitor.frame(Here::Clients).await,
        above: head.crumbs(),
        here: head.last_crumb().to_owned(),
        title: format!("Revoke the registration access token of {}?", client.name),
        warning: String::new(),
        effects: vec![
            "It can no longer read, change or remove its registration, at once and for good.".to_owned(),
            "Its secrets, its access and its tokens stay as they are.".to_owned(),
            "A client that gets its next secret from its registration gets none any more: give it one before the old one ends.".to_owned(),
        ],
        target: head.to("/settings/revoke-registration-access"),
        revision: client.revision.0,
        button: "Revoke the token".to_owned(),
        keep: "Keep it",
        is_danger: true,
    }
    .answer())
}

pub(super) async fn revoke(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let command = RevokeRegistrationAccess {
        client: client.id.clone(),
    };
    carry_out((&console, &visitor), terms, command).await?;
    let flash = Flash::done("The token is revoked. The client goes on as it is.");
    let path = format!("{}/settings", address(&client.id));
    visitor.done(&path, flash).await
}
