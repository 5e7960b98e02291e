//! Which routes each listener serves, and how all listeners start and stop together.

use axum::{
    Router,
    body::Body,
    http::{Method, Response, Uri, request::Parts},
};
use ipnet::IpNet;
use tokio::net::UnixListener;

use super::{
    api, console, forward_auth,
    front::Front,
    health,
    layers::{
        Edge, EdgeSettings, ForwardedBy, ForwardedCertificates, Refusal, RequestIds, Transport,
        plain,
    },
    leak_reports, oauth,
    server::{self, Limits, Listener, ServeReport},
};
use crate::{app::App, config::is_this_machine};

/// The sockets to serve on; whoever serves has bound them.
#[derive(Debug)]
pub struct Doors {
    /// Token endpoint, metadata, keys, health; and the admin API unless it has a door of its own.
    pub public: Listener,
    /// Where the admin API goes instead.
    pub operator: Option<Listener>,
    /// Where clients are asked for certificates; nothing of operators is there.
    pub mutual: Option<Listener>,
    /// Where challenges are answered that a directory of certificates sets, and what is served there.
    pub challenges: Option<(Listener, Router)>,
    /// For the command line on this machine.
    pub socket: Option<UnixListener>,
}

/// How the doors are kept.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// What a connection and a request may cost.
    pub limits: Limits,
    /// Peers whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they give it.
    pub forwarded_by: ForwardedBy,
    /// How they say which certificate a client showed to them.
    pub certificates: Option<ForwardedCertificates>,
}

/// Serves on all doors until the app is told to stop and the requests in flight are answered.
///
/// Gives the number of connections that had to be cut.
pub async fn serve(app: &App, doors: Doors, manners: &Manners) -> u64 {
    let mut public = protocol(app);
    let mutual = public.clone();
    let operator = operator(app);
    if doors.operator.is_none() {
        public = public.merge(operator.clone());
    }
    let on = async |listener: Option<Listener>, routes: Front| match listener {
        Some(listener) => serve_one(app, listener, routes, manners).await,
        None => ServeReport::default(),
    };
    let (challenges, answers) = doors.challenges.unzip();
    let (public, operator, mutual, challenges, local) = tokio::join!(
        on(Some(doors.public), public),
        on(
            doors.operator,
            Front::new(operator.clone().merge(health::router(app.clone())))
        ),
        on(doors.mutual, mutual),
        on(challenges, Front::new(answers.unwrap_or_default())),
        on(
            doors.socket.map(Listener::Unix),
            Front::new(operator.merge(health::router(app.clone())))
        ),
    );
    public.cut + operator.cut + mutual.cut + challenges.cut + local.cut
}

/// What every client and every API must reach.
pub fn protocol(app: &App) -> Front {
    let routes = oauth::router(app.clone())
        .merge(forward_auth::router(app.clone()))
        .merge(health::router(app.clone()))
        .merge(leak_reports::router(app.clone()));
    Front::of_protocol(app, routes)
}

/// What operators and their programs must reach.
pub fn operator(app: &App) -> Router {
    api::router(app.clone()).merge(console::router(app.clone()))
}

async fn serve_one(app: &App, listener: Listener, routes: Front, manners: &Manners) -> ServeReport {
    let edge = Edge::new(routes, edge_settings(app, manners));
    server::serve(listener, edge, manners.limits, app.tasks().stopping()).await
}

/// What surrounds the routes of every face.
pub fn edge_settings(app: &App, manners: &Manners) -> EdgeSettings {
    // On a name that any machine has, the promise would bind other servers.
    let issuer = app.issuer();
    let transport = if issuer.is_https() && !is_this_machine(issuer.host()) {
        Transport::Https
    } else {
        Transport::Http
    };
    EdgeSettings {
        trusted_proxies: manners.trusted_proxies.clone(),
        forwarded_by: manners.forwarded_by,
        certificates: manners.certificates.clone(),
        may_shed: costs,
        responder: respond,
        ..EdgeSettings::new(transport, RequestIds::seeded(app.entropy().bytes()))
    }
}

/// Whether a request costs something that can wait: what clients authenticate at. People and their programs are
/// answered, health is told, and proxies are, which take no for a no.
fn costs(parts: &Parts) -> bool {
    parts.method == Method::POST && oauth::speaks_for(parts.uri.path())
}

/// A refusal that no route made, in the words of the face whose route was asked for.
fn respond(refusal: Refusal, target: &Uri) -> Response<Body> {
    if oauth::speaks_for(target.path()) {
        oauth::refuse(refusal)
    } else if api::speaks_for(target.path()) {
        api::refuse(refusal)
    } else if console::speaks_for(target.path()) {
        console::refuse(refusal, target.path())
    } else {
        plain(refusal, target)
    }
}
