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
        act::Window,
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        reveal::Revealed,
        trouble::Trouble,
        visit::Visitor,
        words::relative,
    },
    ApiHead, Named, Tab, address,
};
use crate::{
    admin::{
        apis::{Defined, RekeyApi},
        command::Command,
    },
    app::{AdminError, App, Terms},
    domain::{
        api::{Api, Signing},
        audit::Object,
        id::ApiIdentifier,
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

/// A key that was just made, as what its window shows.
pub(super) fn window_on(_: &App, defined: &Defined) -> Option<Window> {
    let key = defined.shared_key.as_ref()?;
    Some((place(&defined.api), key.reveal().to_owned().into()))
}

/// The page with the key of an API, below the console's path.
pub(super) fn path(api: &ApiIdentifier) -> String {
    format!("{}/key", address(api))
}

/// Changes an API; nothing if the same form did it before. A key that this makes is shown once.
pub(super) async fn change<C: Command<Outcome = Defined>>(
    console: &Console,
    visitor: &Visitor,
    order: (Terms, C),
) -> Result<Option<Defined>, Trouble> {
    let visit = (visitor.name(), visitor.actor());
    match console.execute_showing(visit, order, window_on).await {
        Ok(defined) => Ok(Some(defined)),
        Err(AdminError::Replayed(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Under which name the key that `api` has now is shown: another key has another window.
fn place(api: &Api) -> String {
    let key = match &api.signing {
        Signing::Published(_) => "",
        Signing::Shared { signer, .. } => signer.key_id(),
    };
    format!("api-key/{}/{key}", api.identifier)
}

/// Where the form leads that made `api` when it is sent again: to its key, if that may still be
/// shown.
pub(super) fn again(console: &Console, visitor: &Visitor, api: &ApiIdentifier) -> Response<Body> {
    let registry = console.app.registry_arc();
    let made = registry.find_api(api);
    let open = made.and_then(|api| {
        let place = place(api);
        let now = console.app.now();
        console.reveals.look((visitor.name(), &place), now)
    });
    let below = if open.is_some() { "/key" } else { "" };
    visitor.see(&format!("{}{below}", address(api)))
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
    change(&console, &visitor, (terms, command)).await?;
    Ok(visitor.see(&path(&identifier)))
}
