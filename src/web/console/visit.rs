//! Who visits: the session behind a request, what it stands for, and for how long.

mod circumstances;
mod keeper;
mod origin;
mod visitor;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use self::circumstances::Circumstances;
pub(super) use self::{keeper::Keeper, origin::is_same_origin, visitor::Visitor};

use super::{
    Console,
    page::{Flash, Frame, Here, SignedIn},
    trouble::Trouble,
};
use crate::{
    app::LOCAL_ADDRESS,
    domain::{
        actor::Actor,
        id::OperatorId,
        operator::Operator,
        session::{SessionKey, SessionRecord},
        time::{Span, Timestamp},
    },
};

/// Under which name a session keeps what it is about.
pub(super) const KEPT_AS: &str = "visit";

/// How often a session notes that it is still in use.
const NOTED_EVERY: Span = Span::minutes(1);

/// What a session keeps.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Kept {
    /// What it stands for.
    pub(super) standing: Standing,
    /// When it was last in use, to a minute.
    #[serde(default)]
    pub(super) seen: Timestamp,
    /// What the next page tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) flash: Option<Flash>,
    /// What was filled in on the pages of a form that has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) draft: Option<serde_json::Value>,
    /// A name for the visit of somebody who is not signed in, once something is open to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
}

/// What a session stands for.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) enum Standing {
    /// Nobody.
    #[default]
    Stranger,
    /// Somebody who has shown the set-up code.
    Founder,
    /// Somebody whose password was right; the second factor is awaited.
    HalfWay {
        /// Who it is then.
        operator: OperatorId,
        /// As of which change of what they sign in with.
        epoch: u32,
        /// Since when.
        since: Timestamp,
        /// Where to go afterwards.
        back: String,
    },
    /// An operator.
    SignedIn(SignIn),
}

/// A sign-in that is complete.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct SignIn {
    /// Who.
    pub(super) operator: OperatorId,
    /// As of which change of what they sign in with; another one ends it.
    pub(super) epoch: u32,
    /// A name for this visit. It stays when the session's id changes.
    pub(super) visit: String,
    /// When it began.
    pub(super) since: Timestamp,
    /// When the operator last proved that it is them.
    pub(super) confirmed: Timestamp,
    /// From where it came.
    #[serde(default)]
    pub(super) address: String,
    /// What the browser called itself.
    #[serde(default)]
    pub(super) agent: String,
}

/// A request's session, and its circumstances.
#[derive(Clone)]
pub(super) struct Visit {
    console: Console,
    session: Session,
    /// As it was when the request came.
    kept: Arc<Kept>,
    circumstances: Arc<Circumstances>,
    /// Whether the session is to go on under a new id.
    is_renewed: Arc<AtomicBool>,
}

impl Visit {
    /// The visit that a request belongs to. A session that is over is ended here.
    pub(super) async fn enter(
        console: &Console,
        session: Session,
        parts: &Parts,
    ) -> Result<Self, Trouble> {
        let kept: Option<Kept> = session.get(KEPT_AS).await.map_err(|error| lost(&error))?;
        let mut visit = Self {
            console: console.clone(),
            session,
            kept: Arc::new(kept.unwrap_or_default()),
            circumstances: Arc::new(Circumstances::of(parts, console)),
            is_renewed: Arc::default(),
        };
        visit.keep_alive().await?;
        Ok(visit)
    }

    async fn keep_alive(&mut self) -> Result<(), Trouble> {
        let Standing::SignedIn(sign_in) = &self.kept.standing else {
            return Ok(());
        };
        let (now, rules) = (self.console.app.now(), self.console.rules());
        let idle = now.since(self.kept.seen);
        let is_over = idle > rules.idle || now.since(sign_in.since) > rules.absolute;
        if is_over || self.operator().is_none() {
            self.end().await?;
            self.kept = Arc::default();
        } else if idle >= NOTED_EVERY && !self.circumstances.is_live {
            self.change(|kept| kept.seen = now).await?;
        }
        Ok(())
    }

    /// Changes what the session keeps.
    pub(super) async fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Trouble> {
        let kept: Option<Kept> = self.session.get(KEPT_AS).await.map_err(|it| lost(&it))?;
        let mut kept = kept.unwrap_or_default();
        change(&mut kept);
        let written = self.session.insert(KEPT_AS, kept).await;
        written.map_err(|error| lost(&error))
    }

    /// The same under a new id, so that an id known before is worth nothing afterwards. The old one
    /// goes when the answer is known: one that fails leaves the session as it was.
    pub(super) async fn change_anew(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Trouble> {
        self.is_renewed.store(true, Ordering::Relaxed);
        self.change(change).await
    }

    /// Before a session that has changed is kept: one that was ended elsewhere stays ended.
    pub(super) async fn settle(&self) -> Result<(), Trouble> {
        let Some(key) = self.session_key().filter(|_| self.session.is_modified()) else {
            return Ok(());
        };
        let sessions = self.console.app.sessions();
        let is_renewed = self.is_renewed.load(Ordering::Relaxed);
        let is_there = if is_renewed {
            sessions.end(key).await?
        } else {
            sessions.find(key).await?.is_some()
        };
        if !is_there {
            self.end().await?;
            return Err(Trouble::SignIn {
                back: String::new(),
            });
        }
        if is_renewed {
            self.cycle().await?;
        }
        Ok(())
    }

    async fn cycle(&self) -> Result<(), Trouble> {
        self.session.cycle_id().await.map_err(|error| lost(&error))
    }

    /// Signs `operator` in.
    pub(super) async fn begin(&self, operator: &Operator) -> Result<(), Trouble> {
        let now = self.console.app.now();
        let sign_in = SignIn {
            operator: operator.id.clone(),
            epoch: operator.epoch,
            visit: self.console.app.entropy().base62(22).to_string(),
            since: now,
            confirmed: now,
            address: self.circumstances.address_in_words(),
            agent: self.circumstances.agent.clone(),
        };
        self.change_anew(|kept| {
            *kept = Kept {
                standing: Standing::SignedIn(sign_in),
                seen: now,
                ..Kept::default()
            };
        })
        .await
    }

    /// Ends the session, and closes all that was open to it.
    pub(super) async fn end(&self) -> Result<(), Trouble> {
        if let Some(sign_in) = self.sign_in() {
            self.console.reveals.close_all(&sign_in.visit);
        }
        self.session.flush().await.map_err(|error| lost(&error))
    }

    /// What was filled in on the pages of a form that has several.
    pub(super) fn draft(&self) -> Option<&serde_json::Value> {
        self.kept.draft.as_ref()
    }

    /// A name for the visit, for what is open to it alone; nothing, if it has none yet.
    pub(super) fn name(&self) -> &str {
        let signed_in = self.sign_in().map(|sign_in| sign_in.visit.as_str());
        signed_in.unwrap_or(&self.kept.name)
    }

    /// The same; a visit that has no name is given one, and another id before anything is open to it.
    pub(super) async fn named(&self) -> Result<String, Trouble> {
        if !self.name().is_empty() {
            return Ok(self.name().to_owned());
        }
        let name = self.console.app.entropy().base62(22).to_string();
        let given = name.clone();
        self.cycle().await?;
        self.change(|kept| kept.name = given).await?;
        Ok(name)
    }

    /// What the session stands for.
    pub(super) fn standing(&self) -> &Standing {
        &self.kept.standing
    }

    fn sign_in(&self) -> Option<&SignIn> {
        match &self.kept.standing {
            Standing::SignedIn(sign_in) => Some(sign_in),
            Standing::Stranger | Standing::Founder | Standing::HalfWay { .. } => None,
        }
    }

    /// The operator who is signed in, if they still may be.
    pub(super) fn operator(&self) -> Option<Arc<Operator>> {
        let sign_in = self.sign_in()?;
        let registry = self.console.app.registry();
        let operator = registry.find_operator(&sign_in.operator)?;
        let is_current = operator.is_active() && operator.epoch == sign_in.epoch;
        is_current.then(|| Arc::clone(operator))
    }

    /// What a page in this part of the console has around it.
    pub(super) async fn frame(&self, here: Here) -> Frame {
        let flash = match &self.kept.flash {
            Some(flash) if self.change(|kept| kept.flash = None).await.is_ok() => {
                Some(flash.clone())
            }
            Some(_) | None => None,
        };
        Frame {
            flash,
            ..self.plain_frame(here)
        }
    }

    /// The same, and what the last change did stays untold.
    pub(super) fn plain_frame(&self, here: Here) -> Frame {
        let about = &self.circumstances;
        let operator = self.operator();
        Frame {
            root: about.root.clone(),
            theme: about.theme,
            here,
            signed_in: operator.map(|operator| SignedIn {
                name: operator.name.to_string(),
                email: operator.email.to_string(),
                role: operator.role,
            }),
            flash: None,
            once: self.console.app.entropy().base62(22).to_string(),
            request_id: about.request_id.clone(),
            is_exposed: about.is_exposed,
        }
    }

    /// From where the request came, for counting tries.
    pub(super) fn network(&self) -> IpAddr {
        self.circumstances.address.unwrap_or(LOCAL_ADDRESS)
    }

    /// Which session it is, if it has been kept.
    pub(super) fn session_key(&self) -> Option<SessionKey> {
        self.session.id().map(keeper::key)
    }

    /// The path of the console.
    pub(super) fn root(&self) -> &str {
        &self.circumstances.root
    }

    /// Whoever it is, as the one who acts.
    pub(super) fn as_actor(&self, mut actor: Actor) -> Actor {
        actor.address = self.circumstances.address;
        actor.request_id = Some(self.circumstances.request_id.as_str().into());
        actor
    }
}

fn lost(error: &tower_sessions::session::Error) -> Trouble {
    tracing::error!(error = %error, "a session could not be read or kept: {error}");
    Trouble::unavailable()
}

/// What a kept session says of itself.
pub(super) fn about_session(session: &SessionRecord) -> Option<SignIn> {
    let data: Option<serde_json::Value> = serde_json::from_slice(&session.data).ok();
    let kept = data.and_then(|mut data| data.get_mut(KEPT_AS).map(serde_json::Value::take));
    let kept: Option<Kept> = kept.and_then(|kept| serde_json::from_value(kept).ok());
    match kept.map(|kept| kept.standing) {
        Some(Standing::SignedIn(sign_in)) => Some(sign_in),
        Some(Standing::Stranger | Standing::Founder | Standing::HalfWay { .. }) | None => None,
    }
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &Console) -> Result<Self, Trouble> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Trouble::failed)
    }
}
