//! The credentials page: the secrets at rest, or the rotation under way; and the part of it that
//! keeps itself up to date.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, Response},
    routing::get,
};
use serde::Deserialize;

use super::{cards::Card, handover::Handing, moving::Moving, scene::Scene};
use crate::{
    admin::evidence::Aftermath,
    domain::secret::{Secret, UNDO},
    web::console::{
        Console,
        clients::{ClientHead, Named, reveal},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, number},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/credentials", get(show))
        .route("/fragments/clients/{id}/credentials", get(refresh))
}

#[derive(Template)]
#[template(path = "clients/credentials/show.html", blocks = ["live"])]
struct CredentialsPage {
    frame: Frame,
    head: ClientHead,
    /// Whether the visitor may change anything here.
    may_touch: bool,
    /// The rotation under way.
    moving: Option<Moving>,
    /// The secrets that work, if no rotation is under way.
    cards: Vec<Card>,
    /// The new secret, as long as it can still be copied.
    open: Option<Open>,
    /// A link by which a developer takes a secret.
    handing: Option<Handing>,
    /// The secret that was retired last, as long as it can be brought back.
    retired: Option<Retired>,
    history: Vec<Past>,
}

/// A reveal window that is open to this visit.
struct Open {
    path: String,
    until: Moment,
}

/// A secret that can be brought back.
struct Retired {
    secret: String,
    shown: String,
    at: Moment,
    undo_until: Moment,
    /// Who was refused since.
    since: String,
    /// What is told to those who listen.
    say: String,
    is_missed: bool,
}

/// A secret that has stopped.
struct Past {
    card: Card,
    path: String,
    refused: String,
    from: String,
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    let scene = Scene::of(&console, client).await?;
    let frame = visitor.frame(Here::Clients).await;
    Ok(page::ok(&CredentialsPage::of(
        frame,
        &scene,
        (&console, &visitor),
    )))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    once: String,
}

/// The live part alone. Its forms keep the key of the page that they are on.
async fn refresh(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response<Body>, Trouble> {
    let scene = Scene::of(&console, client).await?;
    let mut frame = visitor.visit.plain_frame(Here::Clients);
    frame.once = asked.once;
    let page = CredentialsPage::of(frame, &scene, (&console, &visitor));
    Ok(page::fragment(&headers, &page.as_live()))
}

impl CredentialsPage {
    fn of(frame: Frame, scene: &Scene, (console, visitor): (&Console, &Visitor)) -> Self {
        let (client, now) = (&scene.client, scene.now);
        let moving = Moving::of(scene);
        let cards = match moving {
            Some(_) => Vec::new(),
            None => client
                .live_secrets(now)
                .map(|secret| Card::of(secret, scene))
                .collect(),
        };
        let dead = client.secrets.iter().rev().filter(|it| !it.is_live(now));
        Self {
            frame,
            head: scene.head(),
            may_touch: scene.may_touch(visitor),
            moving,
            cards,
            open: open(scene, (console, visitor)),
            handing: Handing::of(scene, (console, visitor)),
            retired: scene
                .undoable()
                .and_then(|secret| Retired::of(secret, scene)),
            history: dead.map(|secret| Past::of(secret, scene)).collect(),
        }
    }

    /// Whether a link could be made.
    fn may_hand_over(&self) -> bool {
        let is_open = self.handing.as_ref().is_some_and(Handing::is_open);
        self.may_touch && self.head.is_active && !is_open
    }

    /// Where the live part comes from.
    fn fragment(&self) -> String {
        format!(
            "/fragments{}/credentials?once={}",
            self.head.path, self.frame.once
        )
    }
}

fn open(scene: &Scene, (console, visitor): (&Console, &Visitor)) -> Option<Open> {
    scene.client.live_secrets(scene.now).find_map(|secret| {
        let window = console
            .reveals
            .look((visitor.name(), &reveal::window(&secret.id)), scene.now)?;
        Some(Open {
            path: reveal::path(&scene.client, &secret.id),
            until: Moment::of(window.until, scene.now),
        })
    })
}

impl Retired {
    fn of(secret: &Secret, scene: &Scene) -> Option<Self> {
        let now = scene.now;
        let aftermath = Aftermath::of(secret, &scene.tally, now)?;
        let is_missed = aftermath.refused > 0;
        let shown = super::cards::shown(secret);
        let say = if is_missed {
            format!("{} refused with {shown}", number(aftermath.refused))
        } else {
            String::new()
        };
        Some(Self {
            secret: secret.id.to_string(),
            at: Moment::of(aftermath.ended, now),
            undo_until: Moment::of(aftermath.ended.plus(UNDO), now),
            since: aftermath.in_words(now),
            shown,
            say,
            is_missed,
        })
    }
}

impl Past {
    fn of(secret: &Secret, scene: &Scene) -> Self {
        let aftermath = Aftermath::of(secret, &scene.tally, scene.now);
        let refused = aftermath.as_ref().map_or(0, |it| it.refused);
        let last = aftermath.and_then(|it| it.addresses.into_iter().next());
        Self {
            card: Card::of(secret, scene),
            path: scene.head().to(format!("/credentials/{}", secret.id)),
            refused: number(refused),
            from: last
                .filter(|_| refused > 0)
                .map_or_else(String::new, |last| format!("last from {}", last.address)),
        }
    }
}
