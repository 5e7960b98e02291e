//! One's own sessions: where one is signed in, and ending the others.

use axum::{Router, body::Body, extract::State, http::Response, routing::post};

use crate::{
    domain::session::{SessionKey, SessionRecord},
    web::console::{
        Console,
        form::Form,
        page::Flash,
        trouble::Trouble,
        visit::{Visitor, about_session},
        words::Moment,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/me/sessions/end", post(end))
        .route("/me/sessions/end-others", post(end_others))
}

/// A session, as its owner sees it.
pub(super) struct SessionLine {
    /// The hash of its id, which opens nothing.
    pub(super) key: String,
    /// From where it was begun.
    pub(super) address: String,
    /// With which browser.
    pub(super) agent: String,
    /// When it was begun.
    pub(super) since: Moment,
    /// When it was last used.
    pub(super) seen: Moment,
    /// Whether it is the one that shows this.
    pub(super) is_this: bool,
}

/// The sessions of the visitor.
pub(super) async fn lines(
    console: &Console,
    visitor: &Visitor,
) -> Result<Vec<SessionLine>, Trouble> {
    let sessions = console.app.sessions().of(&visitor.operator.id).await?;
    let now = console.app.now();
    let line = |session: &SessionRecord| {
        let about = about_session(session)?;
        Some(SessionLine {
            key: session.key.to_string(),
            is_this: about.visit == visitor.name(),
            address: about.address,
            agent: about.agent,
            since: Moment::of(session.created, now),
            seen: Moment::of(session.seen, now),
        })
    };
    Ok(sessions.iter().filter_map(line).collect())
}

async fn end(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let sessions = console.app.sessions().of(&visitor.operator.id).await?;
    let wanted: Option<SessionKey> = form.fields.text("session").parse().ok();
    if let Some(session) = sessions.iter().find(|session| Some(session.key) == wanted) {
        console.app.sessions().end(session.key).await?;
    }
    visitor
        .done("/me", Flash::done("That session has ended."))
        .await
}

async fn end_others(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let sessions = console.app.sessions();
    let own = visitor.visit.session_key();
    let ended = sessions.end_all_of(&visitor.operator.id, own).await?;
    let told = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "The other session has ended.".to_owned(),
        ended => format!("{ended} other sessions have ended."),
    };
    visitor.done("/me", Flash::done(told)).await
}
