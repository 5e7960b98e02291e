//! Revoking all tokens that a client holds: who notices at once, and who when they expire.

use axum::{body::Body, extract::State, http::Response};

use super::{
    super::{ClientHead, Named, Tab, address},
    ending::longest,
};
use crate::{
    admin::clients::RevokeTokens,
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
    visitor.require(Permission::WriteSecrets)?;
    if client.holds_admin() {
        visitor.require(Permission::Own)?;
    }
    let head = ClientHead::of(&client, Tab::Settings, console.app.now()).below("Revoke tokens");
    let longest = longest(&client, &console.app.registry()).in_words();
    Ok(ActPage {
        frame: visitor.frame(Here::Clients).await,
        above: head.crumbs(),
        here: head.last_crumb().to_owned(),
        title: format!("Revoke all tokens of {}?", client.name),
        warning: String::new(),
        effects: vec![
            "Every token that it holds now stops. It asks for new ones with the same secret, so it may not even notice.".to_owned(),
            "APIs that ask this server about each token refuse the old ones at once.".to_owned(),
            format!("APIs that check tokens with the public keys can’t know: they take the old ones until these expire, within {longest}."),
            "If its secret leaked, revoke the secret as well.".to_owned(),
        ],
        target: head.to("/settings/revoke-tokens"),
        revision: client.revision.0,
        button: "Revoke all tokens".to_owned(),
        keep: "Keep them",
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
    let command = RevokeTokens {
        client: client.id.clone(),
    };
    carry_out((&console, &visitor), terms, command).await?;
    let flash = Flash::done("All tokens revoked. The client gets new ones as before.");
    let path = format!("{}/settings", address(&client.id));
    visitor.done(&path, flash).await
}
