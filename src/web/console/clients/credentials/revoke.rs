//! Revoking: a leaked secret stops at once and for good.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    cards::shown,
    scene::{NamedSecret, Scene, may_touch},
    warning::Warning,
};
use crate::{
    admin::secrets::RevokeSecret,
    app::AdminError,
    domain::secret::{Life, Secret},
    web::console::{
        Console,
        clients::ClientHead,
        confirm::Confirmed,
        form::{Fields, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route(
        "/clients/{id}/credentials/{secret}/revoke",
        get(ask).post(revoke),
    )
}

#[derive(Template)]
#[template(path = "clients/credentials/revoke.html")]
struct RevokePage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    warning: Warning,
    /// The secret, as people know it.
    shown: String,
    /// Where the form goes.
    path: String,
    /// Whether the client's name must be typed.
    is_in_use: bool,
    /// Whether rotating it would do.
    is_rotatable: bool,
}

impl RevokePage {
    async fn of(scene: &Scene, secret: &Secret, (sheet, visitor): (Sheet, &Visitor)) -> Self {
        let head = scene.head();
        Self {
            frame: visitor.frame(Here::Clients).await,
            path: head.to(format!("/credentials/{}/revoke", secret.id)),
            head: head.below("Revoke"),
            sheet,
            shown: shown(secret),
            warning: Warning::of_revoking(secret, scene),
            is_in_use: scene.is_in_use(secret),
            is_rotatable: secret.life(scene.now) == Life::Active && scene.rotation().is_none(),
        }
    }
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    NamedSecret { client, secret }: NamedSecret,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    let sheet = Sheet::of(Fields::default());
    let page = RevokePage::of(&scene, &secret, (sheet, &visitor)).await;
    Ok(page::ok(&page))
}

async fn revoke(
    State(console): State<Console>,
    NamedSecret { client, secret }: NamedSecret,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let terms = form.terms_of_new(&console.app);
    let scene = Scene::of(&console, client).await?;
    let name = scene.client.name.as_str();
    if scene.is_in_use(&secret) && form.fields.text("name") != name {
        may_touch(&scene.client, &visitor)?;
        let mut sheet = Sheet::of(form.fields);
        sheet.complain("name", &format!("Type the name as it is written: {name}"));
        let page = RevokePage::of(&scene, &secret, (sheet, &visitor)).await;
        return Ok(page::refused(&page));
    }
    let command = RevokeSecret {
        client: scene.client.id.clone(),
        secret: Some(secret.id.clone()),
    };
    let path = scene.head().to(format!("/credentials/{}", secret.id));
    match console
        .app
        .execute_on(visitor.actor(), terms, command)
        .await
    {
        Ok(_) => {
            let what = format!(
                "`{}` revoked. Requests with it are refused now.",
                shown(&secret)
            );
            visitor.done(&path, Flash::done(what)).await
        }
        Err(AdminError::Replayed(_)) => Ok(visitor.see(&path)),
        Err(error) => Err(error.into()),
    }
}
