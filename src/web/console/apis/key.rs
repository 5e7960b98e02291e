//! The key that an API shares with this server: shown for ten minutes to whoever made it.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};
use zeroize::Zeroizing;

use super::{
    super::{
        Console,
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        reveal::Revealed,
        trouble::Trouble,
        visit::Visitor,
        words::relative,
    },
    ApiHead, Named, Tab, address, once,
};
use crate::{
    admin::apis::{Defined, RekeyApi},
    domain::{
        api::{Api, Signing},
        audit::Object,
        permission::Permission,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}/key", get(show).post(stored))
        .route("/apis/{id}/rekey", post(rekey))
}

#[derive(Template)]
#[template(path = "apis/key.html")]
struct KeyPage {
    frame: Frame,
    head: ApiHead,
    sheet: Sheet,
    shown: Option<Shown>,
}

/// The key, while its window is open.
struct Shown {
    key: Zeroizing<String>,
    closes: String,
}

/// Opens the window on a key that was just made, and sends its maker there.
pub(super) fn open(
    console: &Console,
    visitor: &Visitor,
    api: &Api,
    key: Zeroizing<String>,
) -> Response<Body> {
    let place = (visitor.name(), &*place(api));
    console.reveals.open(place, key, console.app.now());
    visitor.see(&format!("{}/key", address(&api.identifier)))
}

/// Under which name the key that `api` has now is shown: another key has another window.
fn place(api: &Api) -> String {
    let key = match &api.signing {
        Signing::Published(_) => "",
        Signing::Shared { signer, .. } => signer.key_id(),
    };
    format!("api-key/{}/{key}", api.identifier)
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Response<Body> {
    let now = console.app.now();
    let place = place(&api);
    let shown = console.reveals.look((visitor.name(), &place), now);
    page::ok(&KeyPage {
        frame: visitor.frame(Here::Apis).await,
        head: ApiHead::of(&api, Tab::Settings).below("Shared key"),
        sheet: Sheet::of(Fields::default()),
        shown: shown.map(|Revealed { text, until }| Shown {
            key: text,
            closes: relative(until, now),
        }),
    })
}

async fn stored(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let place = place(&api);
    if form.fields.has("stored") {
        console.reveals.close((visitor.name(), &place));
        let flash = Flash::done("The key is stored, and not shown again.");
        return visitor.done(&address(&api.identifier), flash).await;
    }
    let now = console.app.now();
    let shown = console.reveals.look((visitor.name(), &place), now);
    let mut sheet = Sheet::of(form.fields);
    sheet.complain("stored", "Tick this once the API has the key");
    Ok(page::refused(&KeyPage {
        frame: visitor.plain_frame(Here::Apis),
        head: ApiHead::of(&api, Tab::Settings).below("Shared key"),
        sheet,
        shown: shown.map(|Revealed { text, until }| Shown {
            key: text,
            closes: relative(until, now),
        }),
    }))
}

async fn rekey(
    State(console): State<Console>,
    Named(api): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let identifier = api.identifier.clone();
    let terms = form.terms(&console.app, Object::Api(identifier.clone()));
    let command = RekeyApi {
        api: identifier.clone(),
    };
    let done = console
        .app
        .execute_on(visitor.actor(), terms, command)
        .await;
    if let Some(Defined {
        api,
        shared_key: Some(key),
    }) = once(done)?
    {
        let text = key.reveal().to_owned().into();
        return Ok(open(&console, &visitor, &api, text));
    }
    Ok(visitor.see(&format!("{}/key", address(&identifier))))
}
