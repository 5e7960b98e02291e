//! A secret that was just made, while it can be looked at: to whom it belongs, for ten minutes,
//! until it is said to be stored. Every look is in the audit log.

mod arrival;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, Response, header, request::Parts},
    routing::{get, post},
};
use zeroize::Zeroizing;

pub(super) use self::arrival::Arrival;
use super::{
    super::{
        Console,
        act::Window,
        form::{Form, Sheet},
        page::{self, Frame, Here},
        reveal::Revealed,
        trouble::Trouble,
        visit::Visitor,
        words::Moment,
    },
    ClientHead, Named, Tab, address,
    snippets::{Programs, Snippet},
};
use crate::{
    admin::secrets::ShowSecret,
    domain::{
        client::Client, credential::Method, id::SecretId, permission::Permission,
        secret::PlainSecret, time::Timestamp,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/reveal/{secret}", get(show).post(stored))
        .route("/clients/{id}/reveal/{secret}/check", post(check))
        .route("/clients/{id}/reveal/{secret}/env", get(download))
}

/// The place of a secret's window among those of a visit.
pub(in super::super) fn window(secret: &SecretId) -> String {
    format!("secret/{secret}")
}

/// A secret that was just made, as what its window shows.
pub(in super::super) fn window_on(secret: &PlainSecret) -> Window {
    (window(secret.id()), secret.reveal().to_owned().into())
}

/// The page that shows a secret, below the console's path.
pub(super) fn path(client: &Client, secret: &SecretId) -> String {
    format!("{}/reveal/{secret}", address(&client.id))
}

/// The page that shows the newest secret of `client`, if it may still be shown to whoever asks.
pub(super) fn still_open(
    client: &Client,
    (console, visitor): (&Console, &Visitor),
) -> Option<String> {
    let now = console.app.now();
    let is_open = |id: &SecretId| {
        let place = window(id);
        console
            .reveals
            .look((visitor.name(), &place), now)
            .is_some()
    };
    let newest = client.secrets.iter().rev().find(|it| is_open(&it.id))?;
    Some(path(client, &newest.id))
}

#[derive(Template)]
#[template(path = "clients/reveal.html")]
struct RevealPage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    secret: String,
    text: Zeroizing<String>,
    until: Moment,
    /// Whether the client has just been registered.
    is_first: bool,
    /// Until when the old secret works, if there is one.
    old_until: Option<Moment>,
    /// What came back when it was pasted.
    arrival: Option<Arrival>,
    /// Whether the client signs with it.
    signs: bool,
    snippets: Vec<Snippet>,
}

#[derive(Template)]
#[template(path = "clients/revealed.html")]
struct RevealedPage {
    frame: Frame,
    head: ClientHead,
    secret: String,
    is_live: bool,
    is_rotating: bool,
}

/// A secret of a client that somebody looks at, who may.
struct Look {
    console: Console,
    visitor: Visitor,
    client: Arc<Client>,
    secret: SecretId,
    now: Timestamp,
    headers: HeaderMap,
}

impl FromRequestParts<Console> for Look {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        let visitor = Visitor::from_request_parts(parts, console).await?;
        visitor.require(Permission::WriteSecrets)?;
        let Named(client) = Named::from_request_parts(parts, console).await?;
        let path = Path::<(String, String)>::from_request_parts(parts, console).await;
        let Path((_, secret)) = path.map_err(|_| Trouble::nowhere())?;
        let id = secret.parse().ok();
        let id: Option<SecretId> = id.filter(|id| client.find_secret(id).is_some());
        Ok(Self {
            console: console.clone(),
            visitor,
            client,
            secret: id.ok_or_else(|| Trouble::missing("secret", &secret))?,
            now: console.app.now(),
            headers: parts.headers.clone(),
        })
    }
}

impl Look {
    /// What the window shows, if it is open; the audit log is told first. A secret that was stopped meanwhile is of no
    /// use to anybody any more.
    async fn look(&self) -> Result<Option<Revealed>, Trouble> {
        let secret = self.client.find_secret(&self.secret);
        if !secret.is_some_and(|secret| secret.is_live(self.now)) {
            self.close();
            return Ok(None);
        }
        let place = window(&self.secret);
        let place = (self.visitor.name(), place.as_str());
        let Some(revealed) = self.console.reveals.look(place, self.now) else {
            return Ok(None);
        };
        let told = ShowSecret {
            client: self.client.id.clone(),
            secret: self.secret.clone(),
        };
        let actor = self.visitor.actor();
        self.console.app.execute(actor, told).await?;
        Ok(Some(revealed))
    }

    /// Closes the window.
    fn close(&self) {
        let place = window(&self.secret);
        self.console.reveals.close((self.visitor.name(), &place));
    }

    /// Whether the secret came into being with its client.
    fn is_first(&self) -> bool {
        let (client, is_only) = (&self.client, self.client.secrets.len() == 1);
        let secret = client.find_secret(&self.secret);
        is_only && secret.is_some_and(|secret| secret.created == client.created)
    }

    /// Where to go on once it is stored.
    fn next(&self) -> String {
        let below = if self.is_first() { "" } else { "/credentials" };
        format!("{}{below}", address(&self.client.id))
    }

    fn head(&self) -> ClientHead {
        ClientHead::of(&self.client, Tab::Credentials, self.now).below("Copy the secret")
    }

    async fn page(
        &self,
        revealed: Revealed,
        (sheet, arrival): (Sheet, Option<Arrival>),
    ) -> RevealPage {
        let programs = Programs::of(&self.client, &self.console.app, &self.headers);
        let kept = self.client.find_secret(&self.secret);
        let old = self.client.old_secret(self.now);
        let deadline = old.and_then(|old| Some(old.retiring(self.now)?.deadline));
        let is_first = self.is_first();
        RevealPage {
            frame: self.visitor.frame(Here::Clients).await,
            head: self.head(),
            sheet,
            secret: self.secret.to_string(),
            text: revealed.text,
            until: Moment::of(revealed.until, self.now),
            is_first,
            old_until: deadline.map(|at| Moment::of(at, self.now)),
            arrival,
            signs: kept.is_some_and(|it| it.proof.method() == Method::ClientSecretJwt),
            snippets: if is_first {
                programs.all
            } else {
                programs.into_tryable()
            },
        }
    }

    /// What is shown when there is nothing to show any more.
    async fn too_late(&self) -> Response<Body> {
        let secret = self.client.find_secret(&self.secret);
        page::ok(&RevealedPage {
            frame: self.visitor.frame(Here::Clients).await,
            head: self.head(),
            secret: self.secret.to_string(),
            is_live: secret.is_some_and(|secret| secret.is_live(self.now)),
            is_rotating: self.client.old_secret(self.now).is_some(),
        })
    }
}

/// Shows the secret.
async fn show(look: Look) -> Result<Response<Body>, Trouble> {
    let Some(revealed) = look.look().await? else {
        return Ok(look.too_late().await);
    };
    let page = look.page(revealed, (Sheet::default(), None));
    Ok(page::ok(&page.await))
}

/// It is stored: closes the window and goes on.
async fn stored(look: Look, form: Form) -> Result<Response<Body>, Trouble> {
    if form.fields.has("stored") {
        look.close();
        return Ok(look.visitor.see(&look.next()));
    }
    let Some(revealed) = look.look().await? else {
        return Ok(look.visitor.see(&look.next()));
    };
    let mut sheet = Sheet::of(form.fields);
    sheet.complain("stored", "Tick the box once you have stored the secret");
    let page = look.page(revealed, (sheet, None));
    Ok(page::refused(&page.await))
}

/// Compares what was pasted back with the secret. Nothing of it is kept.
async fn check(look: Look, form: Form) -> Result<Response<Body>, Trouble> {
    let Some(revealed) = look.look().await? else {
        return Ok(look.too_late().await);
    };
    let pasted = Zeroizing::new(form.fields.raw("pasted").to_owned());
    let arrival = Arrival::of(
        &pasted,
        &revealed.text,
        look.console.app.registry().pepper(),
    );
    let page = look.page(revealed, (Sheet::default(), Some(arrival)));
    Ok(page::ok(&page.await))
}

/// The secret as a file for programs to read their environment from.
async fn download(look: Look) -> Result<Response<Body>, Trouble> {
    let Some(revealed) = look.look().await? else {
        return Ok(look.too_late().await);
    };
    Ok(env_file(&look.client, &revealed.text))
}

/// `JETON_ID` and `JETON_SECRET`, in a file to save.
pub(super) fn env_file(client: &Client, secret: &str) -> Response<Body> {
    let text = format!(
        "JETON_ID={}\nJETON_SECRET={}\n",
        quoted(client.id.as_str()),
        quoted(secret)
    );
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"jeton.env\""),
    );
    response
}

/// As shells and dotenv libraries read it: bare where nothing needs quotes.
fn quoted(text: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/@%+=,".contains(&byte);
    if text.bytes().all(is_bare) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
