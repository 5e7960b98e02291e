//! A registration token is revoked: asked first, then done.

use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::{ROOT, address, found, window};
use crate::{
    admin::registrations::RevokeRegistrationToken,
    domain::{audit::Object, permission::Permission},
    web::console::{
        Console,
        act::{ActPage, carry_out},
        form::Form,
        page::{Flash, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let token = found(&console, &id)?;
    Ok(ActPage {
        frame: visitor.frame(Here::Settings).await,
        above: vec![
            ("/settings".to_owned(), "Settings".to_owned()),
            (ROOT.to_owned(), "Registration".to_owned()),
            (address(&token.id), format!("jtr_{}", token.id)),
        ],
        here: "Revoke".to_owned(),
        title: format!("Revoke registration token jtr_{}?", token.id),
        warning: String::new(),
        effects: vec![
            "No client can be registered with it any more, at once and for good.".to_owned(),
            "Clients that were registered with it stay, and go on managing themselves.".to_owned(),
        ],
        target: format!("{}/revoke", address(&token.id)),
        revision: token.revision.0,
        button: "Revoke the token".to_owned(),
        keep: "Keep it",
        is_danger: true,
    }
    .answer())
}

pub(super) async fn revoke(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let token = found(&console, &id)?.id.clone();
    let terms = form.terms(&console.app, Object::RegistrationToken(token.clone()));
    let command = RevokeRegistrationToken {
        token: token.clone(),
    };
    carry_out((&console, &visitor), terms, command).await?;
    console.reveals.close((visitor.name(), &window(&token)));
    let flash = Flash::done("The token is revoked. It registers no client any more.");
    visitor.done(&address(&token), flash).await
}
