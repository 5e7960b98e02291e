//! Who visits: the session behind a request, what it stands for, and for how long.

mod keeper;

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, Method, Response, Uri, header, request::Parts},
};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

pub(super) use self::keeper::Keeper;

use super::{
    Console, Rules,
    page::{Flash, Frame, Here, SignedIn, Theme, root_of, sent_to},
    trouble::Trouble,
};
use crate::{
    app::LOCAL_ADDRESS,
    domain::{
        actor::Actor,
        id::OperatorId,
        operator::Operator,
        permission::Permission,
        session::{SessionKey, SessionRecord},
        time::{Span, Timestamp},
    },
    web::layers::{ClientAddress, RequestId},
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
}

/// What is known of a request beside its session.
#[derive(Default)]
struct Circumstances {
    root: String,
    theme: Theme,
    address: Option<IpAddr>,
    request_id: String,
    is_exposed: bool,
    agent: String,
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
        };
        visit.keep_alive().await?;
        Ok(visit)
    }

    async fn keep_alive(&mut self) -> Result<(), Trouble> {
        let Standing::SignedIn(sign_in) = &self.kept.standing else {
            return Ok(());
        };
        let (now, rules) = (self.console.app.now(), Rules::default());
        let idle = now.since(self.kept.seen);
        let is_over = idle > rules.idle || now.since(sign_in.since) > rules.absolute;
        if is_over || self.operator().is_none() {
            self.end().await?;
            self.kept = Arc::default();
        } else if idle >= NOTED_EVERY {
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

    /// Under a new id, so that an id known before is worth nothing afterwards.
    pub(super) async fn change_anew(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Trouble> {
        self.session
            .cycle_id()
            .await
            .map_err(|error| lost(&error))?;
        self.change(change).await
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

impl Circumstances {
    fn of(parts: &Parts, console: &Console) -> Self {
        let id = parts.extensions.get::<RequestId>();
        let address = parts.extensions.get::<ClientAddress>();
        let address = address.map(|address| address.0);
        let is_exposed = !console.app.issuer().is_https()
            && address.is_some_and(|address| !address.is_loopback());
        Self {
            root: root_of(sent_to(parts).path()).to_owned(),
            theme: Theme::read(&parts.headers),
            address,
            request_id: id.map_or_else(String::new, |id| id.as_str().to_owned()),
            is_exposed,
            agent: browser(&parts.headers),
        }
    }

    fn address_in_words(&self) -> String {
        self.address
            .map_or_else(|| "this machine".to_owned(), |address| address.to_string())
    }
}

/// What a browser calls itself, in two words: `Firefox on Linux`.
fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    let find = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let program = find(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "another browser".to_owned(),
    }
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

/// An operator who is signed in. There is no other way to get at one.
#[derive(Clone)]
pub(super) struct Visitor {
    /// Their visit.
    pub(super) visit: Visit,
    /// Who they are.
    pub(super) operator: Arc<Operator>,
    sign_in: SignIn,
}

impl Visitor {
    /// As the one who acts.
    pub(super) fn actor(&self) -> Actor {
        let Operator {
            id, email, role, ..
        } = &*self.operator;
        let actor = Actor::operator(id.clone(), email.clone(), *role);
        self.visit.as_actor(actor)
    }

    /// Shows a page only to those who may do what needs `permission`.
    pub(super) fn require(&self, permission: Permission) -> Result<(), Trouble> {
        if self.operator.role.permissions().allow(permission) {
            Ok(())
        } else {
            Err(Trouble::forbidden(permission))
        }
    }

    /// What a page in this part of the console has around it.
    pub(super) async fn frame(&self, here: Here) -> Frame {
        self.visit.frame(here).await
    }

    /// The same for a page that comes with a change, which tells nothing of the one before.
    pub(super) fn plain_frame(&self, here: Here) -> Frame {
        self.visit.plain_frame(here)
    }

    /// Tells what was done, on the page at `path`.
    pub(super) async fn done(&self, path: &str, flash: Flash) -> Result<Response<Body>, Trouble> {
        self.visit.change(|kept| kept.flash = Some(flash)).await?;
        Ok(self.see(path))
    }

    /// Goes on at `path`.
    pub(super) fn see(&self, path: &str) -> Response<Body> {
        super::page::see(&format!("{}{path}", self.visit.root()))
    }

    /// A name for the visit, for what is open to it alone.
    pub(super) fn name(&self) -> &str {
        &self.sign_in.visit
    }

    /// When they last proved that it is them.
    pub(super) fn confirmed(&self) -> Timestamp {
        self.sign_in.confirmed
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

impl FromRequestParts<Console> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        let visit = Visit::from_request_parts(parts, console).await?;
        let (Some(operator), Some(sign_in)) = (visit.operator(), visit.sign_in().cloned()) else {
            return Err(Trouble::SignIn {
                back: back(&parts.method, sent_to(parts), visit.root()),
            });
        };
        let path = sent_to(parts).path();
        let is_account = path
            .strip_prefix(visit.root())
            .is_some_and(|path| path.starts_with("/me"));
        if operator.lacks_second_factor() && !is_account {
            return Err(Trouble::Enrol);
        }
        Ok(Self {
            visit,
            operator,
            sign_in,
        })
    }
}

/// Where to come back to after signing in: a page, below the console's path.
fn back(method: &Method, uri: &Uri, root: &str) -> String {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    match target.strip_prefix(root) {
        Some(path) if method.is_safe() && !path.starts_with("/fragments") => path.to_owned(),
        Some(_) | None => String::new(),
    }
}

/// Whether an unsafe request comes from a page of this console: the browser says so itself, or its
/// `Origin` is ours. One that says neither is refused.
pub(super) fn is_same_origin(headers: &HeaderMap, own: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = text("host").unwrap_or_default();
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            origin == own || (!host.is_empty() && authority == Some(host))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_change_is_taken_from_our_own_pages_only() {
        let own = "https://as.test";
        let is_ours = |pairs: &[_]| is_same_origin(&headers(pairs), own);

        assert!(
            is_ours(&[("sec-fetch-site", "none")]),
            "sent by the browser's own means"
        );
        assert!(is_ours(&[("sec-fetch-site", "same-origin")]));
        assert!(is_ours(&[("origin", "https://as.test")]));
        assert!(is_ours(&[
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));

        assert!(!is_ours(&[]));
        assert!(!is_ours(&[("host", "as.test")]));
        assert!(!is_ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!is_ours(&[("sec-fetch-site", "same-site")]));
        assert!(!is_ours(&[("origin", "null"), ("host", "as.test")]));
        assert!(!is_ours(&[
            ("origin", "https://evil.test"),
            ("host", "as.test")
        ]));
        assert!(!is_ours(&[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://as.test")
        ]));
    }

    #[test]
    fn one_comes_back_to_pages_of_the_console_only() {
        let back = |method: Method, uri: &'static str| {
            let uri = Uri::from_static(uri);
            back(&method, &uri, root_of(uri.path()))
        };

        assert_eq!(back(Method::GET, "/console/clients?q=x"), "/clients?q=x");
        assert_eq!(back(Method::GET, "/auth/console/keys"), "/keys");
        assert_eq!(back(Method::POST, "/console/clients/x/rotate"), "");
        assert_eq!(back(Method::GET, "/console/fragments/attention"), "");
    }
}
