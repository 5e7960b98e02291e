//! Handing a new secret over: a link that is made, shown once, withdrawn, and seen to be followed.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Response,
    routing::{get, post},
};
use zeroize::Zeroizing;

use super::{
    intended::Intended,
    rotate::{RotatePage, filled_in, read, under_way},
    scene::{Scene, may_touch},
    steps::carry_out,
};
use crate::{
    admin::{
        handovers::{OfferHandover, Offered, WithdrawHandover},
        refusal::Refusal,
    },
    app::{AdminError, App},
    domain::{
        audit::Object,
        client::Client,
        handover::{Handover, HandoverState},
        id::{ClientId, HandoverId},
        registry::Registry,
        secret::UNDO,
        time::Timestamp,
    },
    web::console::{
        Console,
        act::Window,
        clients::{ClientHead, Named, Tab},
        confirm::Confirmed,
        form::{Form, Sheet},
        link,
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, actor},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/credentials/handover", get(ask).post(offer))
        .route(
            "/clients/{id}/credentials/handover/{handover}",
            get(show).post(close),
        )
        .route(
            "/clients/{id}/credentials/handover/{handover}/withdraw",
            post(withdraw),
        )
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    if scene.rotation().is_some() {
        return under_way(&scene, &visitor).await;
    }
    let registry = console.app.registry_arc();
    if let Some(open) = open_of(&registry, &scene.client.id, scene.now) {
        return Ok(visitor.see(&path(&scene.client.id, &open.id)));
    }
    let mut fields = filled_in(&scene);
    let here = scene.head().to("/credentials/handover");
    if let Some(intended) = Intended::of(&visitor, &here) {
        intended.fill(&mut fields, &scene.policy());
    }
    let sheet = Sheet::of(fields);
    let page = RotatePage::of(&scene, sheet, &visitor).await;
    Ok(page::ok(&page.by_link()))
}

async fn offer(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let now = console.app.now();
    let read = read(&form.fields, &client, console.app.registry().policy(), now);
    let command = match read {
        Ok(rotation) => OfferHandover::from(rotation),
        Err(errors) => {
            let scene = Scene::of(&console, client).await?;
            let sheet = Sheet::refused(form.fields, &errors);
            let page = RotatePage::of(&scene, sheet, &visitor).await;
            return Ok(page::refused(&page.by_link()));
        }
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let visit = (visitor.name(), visitor.actor());
    let done = console
        .execute_showing(visit, (terms, command), window_on)
        .await;
    match done {
        Ok(offered) => Ok(visitor.see(&path(&client.id, &offered.id))),
        Err(AdminError::Replayed(_)) => {
            let registry = console.app.registry_arc();
            let open = open_of(&registry, &client.id, now);
            let head = ClientHead::of(&client, Tab::Credentials, now);
            Ok(visitor.see(&open.map_or_else(
                || head.to("/credentials"),
                |open| path(&client.id, &open.id),
            )))
        }
        Err(AdminError::Refusal(Refusal::Conflict(_) | Refusal::Stale(_)))
            if client.live_secrets(now).count() > 1 =>
        {
            let scene = Scene::of(&console, client).await?;
            under_way(&scene, &visitor).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The link, as what its window shows.
fn window_on(app: &App, offered: &Offered) -> Window {
    let page = Zeroizing::new(format!("/handover/{}", offered.token.reveal()));
    (window(&offered.id), Zeroizing::new(link(app, &page)))
}

/// Under which name a link is shown.
fn window(handover: &HandoverId) -> String {
    format!("link/{handover}")
}

/// The page of a link, below the console's path.
fn path(client: &ClientId, handover: &HandoverId) -> String {
    let client = crate::web::console::clients::address(client);
    format!("{client}/credentials/handover/{handover}")
}

/// The link of `client` that can be followed at `now`.
fn open_of<'a>(
    registry: &'a Registry,
    client: &ClientId,
    now: Timestamp,
) -> Option<&'a Arc<Handover>> {
    let mut all = registry.handovers();
    all.find(|it| it.client == *client && it.is_open(now))
}

#[derive(Template)]
#[template(path = "clients/credentials/link.html")]
struct LinkPage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    id: String,
    /// Nothing once the window is closed.
    shown: Option<Shown>,
    /// Until when the link can be followed, if it can.
    expires: Option<Moment>,
    /// What became of it otherwise.
    fate: String,
}

/// A link that can still be copied.
struct Shown {
    text: Zeroizing<String>,
    until: Moment,
}

impl LinkPage {
    async fn of(
        handover: &Handover,
        client: &Client,
        (console, visitor): (&Console, &Visitor),
        sheet: Sheet,
    ) -> Self {
        let now = console.app.now();
        let is_open = handover.is_open(now);
        let place = window(&handover.id);
        let shown = console.reveals.look((visitor.name(), &place), now);
        Self {
            frame: visitor.frame(Here::Clients).await,
            head: ClientHead::of(client, Tab::Credentials, now).below("Link"),
            sheet,
            id: handover.id.to_string(),
            shown: shown.filter(|_| is_open).map(|it| Shown {
                text: it.text,
                until: Moment::of(it.until, now),
            }),
            expires: is_open.then(|| Moment::of(handover.expires, now)),
            fate: fate(handover, now),
        }
    }
}

/// What became of a link, as the end of a sentence that begins with it.
fn fate(handover: &Handover, now: Timestamp) -> String {
    match handover.state {
        HandoverState::Open => format!("worked until {}", Moment::of(handover.expires, now)),
        HandoverState::Withdrawn { at } => format!("was withdrawn on {}", Moment::of(at, now)),
        HandoverState::Used { at, address } => {
            let from = address.map_or_else(String::new, |address| format!(" from {address}"));
            format!("was followed on {}{from}", Moment::of(at, now))
        }
    }
}

/// The link that the address names as `{handover}`.
fn named(console: &Console, client: &Client, id: &str) -> Result<Arc<Handover>, Trouble> {
    let registry = console.app.registry();
    let id: Option<HandoverId> = id.parse().ok();
    let found = id.as_ref().and_then(|id| registry.find_handover(id));
    let found = found.filter(|it| it.client == client.id);
    found.cloned().ok_or_else(Trouble::nowhere)
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Path((_, handover)): Path<(String, String)>,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let handover = named(&console, &client, &handover)?;
    let page = LinkPage::of(&handover, &client, (&console, &visitor), Sheet::default());
    Ok(page::ok(&page.await))
}

async fn close(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Path((_, handover)): Path<(String, String)>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let handover = named(&console, &client, &handover)?;
    if !form.fields.has("stored") {
        let mut sheet = Sheet::default();
        sheet.complain("stored", "Tick the box once you have copied the link");
        let page = LinkPage::of(&handover, &client, (&console, &visitor), sheet);
        return Ok(page::refused(&page.await));
    }
    let place = window(&handover.id);
    console.reveals.close((visitor.name(), &place));
    let head = ClientHead::of(&client, Tab::Credentials, console.app.now());
    Ok(visitor.see(&head.to("/credentials")))
}

async fn withdraw(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Path((_, handover)): Path<(String, String)>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let handover = named(&console, &client, &handover)?.id.clone();
    let place = window(&handover);
    console.reveals.close((visitor.name(), &place));
    let terms = form.terms_of_new(&console.app);
    let told = |()| Flash::done("Link withdrawn. It opens nothing any more.");
    let command = WithdrawHandover { handover };
    carry_out((&console, &visitor, &client), (terms, command), told).await
}

/// What the credentials page says of a client's links.
pub(super) enum Handing {
    /// One can be followed.
    Open {
        made_by: String,
        made: Moment,
        expires: Moment,
        /// Its page, below the console's path.
        path: String,
        /// Whether it can still be copied, in this session.
        is_shown: bool,
    },
    /// One was followed a short while ago.
    Taken { at: Moment, from: String },
}

impl Handing {
    /// What there is to say of the links of the scene's client.
    pub(super) fn of(scene: &Scene, (console, visitor): (&Console, &Visitor)) -> Option<Self> {
        let (now, client) = (scene.now, &scene.client.id);
        let registry = console.app.registry_arc();
        if let Some(open) = open_of(&registry, client, now) {
            let place = window(&open.id);
            let shown = console.reveals.look((visitor.name(), &place), now);
            return Some(Self::Open {
                made_by: actor(&open.created_by),
                made: Moment::of(open.created, now),
                expires: Moment::of(open.expires, now),
                path: path(client, &open.id),
                is_shown: shown.is_some(),
            });
        }
        let all = registry.handovers().filter(|it| it.client == *client);
        let taken = all.filter_map(|it| match it.state {
            HandoverState::Used { at, address } if now < at.plus(UNDO) => Some((at, address)),
            HandoverState::Open | HandoverState::Used { .. } | HandoverState::Withdrawn { .. } => {
                None
            }
        });
        let (at, address) = taken.max_by_key(|(at, _)| *at)?;
        Some(Self::Taken {
            at: Moment::of(at, now),
            from: address.map_or_else(String::new, |address| address.to_string()),
        })
    }

    /// Whether there is a link on its way.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}
