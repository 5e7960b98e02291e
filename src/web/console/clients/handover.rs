//! Taking a secret by a one-time link: a page for developers, who need no account here.
//!
//! Following the link changes nothing. The secret is made when its button is pressed, shown in the
//! answer, and can be looked at again by the same browser for ten minutes.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Path},
    http::{HeaderMap, Response, request::Parts},
    routing::{get, post},
};
use zeroize::Zeroizing;

use super::{
    credentials::shown,
    reveal::{Arrival, env_file},
    snippets::{Programs, Snippet},
};
use crate::{
    admin::{
        handovers::{RedeemHandover, Redeemed, require_redeemable},
        refusal::Refusal,
        secrets::ShowSecret,
    },
    app::{AdminError, App, Terms},
    domain::{
        actor::Actor,
        client::Client,
        credential::Method,
        handover::{Handover, HandoverState},
        link::LinkToken,
        rotation::Overlap,
        secret::public_id,
        time::Timestamp,
    },
    web::console::{
        Console,
        form::{Form, Sheet},
        page::{self, Frame, Here},
        reveal::Revealed,
        trouble::Trouble,
        visit::Visit,
        words::{Moment, actor},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/handover/{token}", get(show).post(take))
        .route("/handover/{token}/check", post(check))
        .route("/handover/{token}/env", get(download))
        .route("/handover/{token}/stored", post(stored))
}

#[derive(Template)]
#[template(path = "clients/handover/offer.html")]
struct OfferPage {
    frame: Frame,
    path: String,
    name: String,
    id: String,
    made_by: String,
    expires: Moment,
    /// How long the present secret goes on working; nothing if there is none.
    overlap: Option<String>,
    note: String,
}

#[derive(Template)]
#[template(path = "clients/handover/taken.html")]
struct TakenPage {
    frame: Frame,
    path: String,
    sheet: Sheet,
    name: String,
    id: String,
    /// The new secret, as people know it.
    secret: String,
    text: Zeroizing<String>,
    until: Moment,
    /// Until when the old secret works, if there is one.
    old_until: Option<Moment>,
    /// What came back when it was pasted.
    arrival: Option<Arrival>,
    note: String,
    /// Whether the client signs with it.
    signs: bool,
    snippets: Vec<Snippet>,
}

#[derive(Template)]
#[template(path = "clients/handover/stored.html")]
struct StoredPage {
    frame: Frame,
    name: String,
}

/// A link that was followed.
struct Link {
    console: Console,
    visit: Visit,
    /// The secret part, as the address has it.
    token: Zeroizing<String>,
    handover: Arc<Handover>,
    now: Timestamp,
    headers: HeaderMap,
}

impl FromRequestParts<Console> for Link {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        let visit = Visit::from_request_parts(parts, console).await?;
        let path = Path::<String>::from_request_parts(parts, console).await;
        let Path(token) = path.map_err(|_| Trouble::dead_link())?;
        let token = Zeroizing::new(token);
        let link: LinkToken = token.parse().map_err(|_| Trouble::dead_link())?;
        let registry = console.app.registry();
        let handover = registry.find_handover_by_token(&link).cloned();
        Ok(Self {
            console: console.clone(),
            visit,
            token,
            handover: handover.ok_or_else(Trouble::dead_link)?,
            now: console.app.now(),
            headers: parts.headers.clone(),
        })
    }
}

impl Link {
    /// Its client.
    fn client(&self) -> Result<Arc<Client>, Trouble> {
        let registry = self.console.app.registry();
        let client = registry.find_client(&self.handover.client);
        client.cloned().ok_or_else(Trouble::dead_link)
    }

    /// The page of the link, below the console's path.
    fn path(&self) -> String {
        format!("/handover/{}", &*self.token)
    }

    /// The place of its secret's window among those of a visit.
    fn window(&self) -> String {
        format!("handover/{}", self.handover.id)
    }

    /// Whoever has the link, as the one who acts.
    fn actor(&self) -> Actor {
        self.visit.as_actor(Actor::system("hand-over"))
    }

    /// The secret that was taken, if this visit took it and the window is still open.
    fn look(&self) -> Option<Revealed> {
        let place = self.window();
        let place = (self.visit.name(), place.as_str());
        self.console.reveals.look(place, self.now)
    }

    /// The same; the audit log is told.
    async fn look_again(&self) -> Result<Option<Revealed>, Trouble> {
        let Some(revealed) = self.look() else {
            return Ok(None);
        };
        let client = self.client()?;
        if let Some(secret) = public_id(&revealed.text) {
            let told = ShowSecret {
                client: client.id.clone(),
                secret,
            };
            self.console.app.execute(self.actor(), told).await?;
        }
        Ok(Some(revealed))
    }

    /// Why the link gives nothing, to whoever has it.
    fn spent(&self) -> Option<Trouble> {
        let registry = self.console.app.registry_arc();
        let refusal = require_redeemable(&self.handover, &registry, self.now).err()?;
        let moment = |at| Moment::of(at, self.now);
        let another = "Ask whoever gave it to you for another one.";
        Some(match self.handover.state {
            HandoverState::Used { at, address } => {
                let from = address.map_or_else(String::new, |it| format!(", from {it}"));
                let at = moment(at);
                Trouble::spent_link(
                    format!(
                        "The secret was taken on {at} ({}){from}. It is shown to nobody again.",
                        at.relative
                    ),
                    "If that was not you, tell whoever gave you the link at once: the secret can be revoked.",
                )
            }
            HandoverState::Withdrawn { at } => {
                Trouble::spent_link(format!("It was withdrawn on {}.", moment(at)), another)
            }
            HandoverState::Open if !self.handover.is_open(self.now) => {
                let until = moment(self.handover.expires);
                Trouble::spent_link(format!("It worked until {until}."), another)
            }
            HandoverState::Open => Trouble::spent_link(
                format!("Not now: {refusal}."),
                "Tell whoever gave it to you. The link is not used up.",
            ),
        })
    }

    /// The page before anything happens.
    async fn offer(&self) -> Result<OfferPage, Trouble> {
        let client = self.client()?;
        let has_old = client.live_secrets(self.now).next().is_some();
        Ok(OfferPage {
            frame: self.visit.frame(Here::Outside).await,
            path: self.path(),
            name: client.name.to_string(),
            id: client.id.to_string(),
            made_by: actor(&self.handover.created_by),
            expires: Moment::of(self.handover.expires, self.now),
            overlap: has_old.then(|| match self.handover.overlap {
                Overlap::None => String::new(),
                Overlap::For(span) => span.in_words(),
            }),
            note: self.handover.note.to_string(),
        })
    }

    /// The page that shows the secret.
    async fn taken(
        &self,
        revealed: Revealed,
        (sheet, arrival): (Sheet, Option<Arrival>),
    ) -> Result<TakenPage, Trouble> {
        let client = self.client()?;
        let programs = Programs::of(&client, &self.console.app, &self.headers);
        let old = client.old_secret(self.now);
        let deadline = old.and_then(|old| Some(old.retiring(self.now)?.deadline));
        let new = client.new_secret(self.now).or(client.secrets.last());
        Ok(TakenPage {
            frame: self.visit.frame(Here::Outside).await,
            path: self.path(),
            sheet,
            name: client.name.to_string(),
            id: client.id.to_string(),
            secret: new.map_or_else(String::new, shown),
            text: revealed.text,
            until: Moment::of(revealed.until, self.now),
            old_until: deadline.map(|at| Moment::of(at, self.now)),
            arrival,
            note: self.handover.note.to_string(),
            signs: new.is_some_and(|it| it.proof.method() == Method::ClientSecretJwt),
            snippets: programs.all,
        })
    }
}

async fn show(link: Link) -> Result<Response<Body>, Trouble> {
    if let Some(revealed) = link.look_again().await? {
        let page = link.taken(revealed, (Sheet::default(), None)).await?;
        return Ok(page::ok(&page));
    }
    match link.spent() {
        Some(trouble) => Err(trouble),
        None => Ok(page::ok(&link.offer().await?)),
    }
}

/// Makes the secret and shows it. The answer is the page itself: whoever keeps no cookies would see
/// nothing on the next one, and the link is used up by then.
async fn take(link: Link) -> Result<Response<Body>, Trouble> {
    if let Some(revealed) = link.look_again().await? {
        let page = link.taken(revealed, (Sheet::default(), None)).await?;
        return Ok(page::ok(&page));
    }
    let visit = link.visit.named().await?;
    let token = link.token.parse().map_err(|_| Trouble::dead_link())?;
    let order = (Terms::default(), RedeemHandover { token });
    let place = link.window();
    let shown = move |_: &App, it: &Redeemed| {
        let text = it.rotated.secret.reveal().to_owned();
        (place, text.into())
    };
    let acting = (&*visit, link.actor());
    match link.console.execute_showing(acting, order, shown).await {
        Ok(_) => {}
        Err(AdminError::Refusal(Refusal::Conflict(_))) => {
            let registry = link.console.app.registry_arc();
            let handover = registry.find_handover(&link.handover.id).cloned();
            let handover = handover.ok_or_else(Trouble::dead_link)?;
            let link = Link { handover, ..link };
            return Err(link.spent().unwrap_or_else(Trouble::dead_link));
        }
        Err(error) => return Err(error.into()),
    }
    let place = link.window();
    let revealed = link.console.reveals.look((&visit, &place), link.now);
    let revealed = revealed.ok_or_else(Trouble::failed)?;
    let page = link.taken(revealed, (Sheet::default(), None)).await?;
    Ok(page::ok(&page))
}

/// Compares what was pasted back with the secret. Nothing of it is kept.
async fn check(link: Link, form: Form) -> Result<Response<Body>, Trouble> {
    let Some(revealed) = link.look_again().await? else {
        return Err(link.spent().unwrap_or_else(Trouble::dead_link));
    };
    let pasted = Zeroizing::new(form.fields.raw("pasted").to_owned());
    let registry = link.console.app.registry_arc();
    let arrival = Arrival::of(&pasted, &revealed.text, registry.pepper());
    let page = link.taken(revealed, (Sheet::default(), Some(arrival)));
    Ok(page::ok(&page.await?))
}

/// The secret as a file for programs to read their environment from.
async fn download(link: Link) -> Result<Response<Body>, Trouble> {
    let Some(revealed) = link.look_again().await? else {
        return Err(link.spent().unwrap_or_else(Trouble::dead_link));
    };
    Ok(env_file(&*link.client()?, &revealed.text))
}

/// It is stored: closes the window.
async fn stored(link: Link, form: Form) -> Result<Response<Body>, Trouble> {
    let Some(revealed) = link.look() else {
        return Err(link.spent().unwrap_or_else(Trouble::dead_link));
    };
    if !form.fields.has("stored") {
        let mut sheet = Sheet::of(form.fields);
        sheet.complain("stored", "Tick the box once you have stored the secret");
        let page = link.taken(revealed, (sheet, None)).await?;
        return Ok(page::refused(&page));
    }
    let place = link.window();
    link.console.reveals.close((link.visit.name(), &place));
    Ok(page::ok(&StoredPage {
        frame: link.visit.frame(Here::Outside).await,
        name: link.client()?.name.to_string(),
    }))
}
