//! Acts: the page before one that stops something, and the form that has it carried out.

use std::sync::Arc;

use askama::Template;
use axum::{body::Body, http::Response};
use zeroize::Zeroizing;

use super::{Console, page, page::Frame, visit::Visitor};
use crate::{
    admin::command::Command,
    app::{AdminError, App, Terms},
    domain::actor::Actor,
};

/// Such a page.
#[derive(Template)]
#[template(path = "act.html")]
pub(super) struct ActPage {
    /// What is around it.
    pub(super) frame: Frame,
    /// The pages above it: path and name.
    pub(super) above: Vec<(String, String)>,
    /// What the page is called among them.
    pub(super) here: String,
    /// The act, as a question.
    pub(super) title: String,
    /// What breaks; nothing is the empty text.
    pub(super) warning: String,
    /// What happens, sentence by sentence.
    pub(super) effects: Vec<String>,
    /// Where the form goes, below the console's path.
    pub(super) target: String,
    /// The revision that the page was made of.
    pub(super) revision: u64,
    /// What the button says.
    pub(super) button: String,
    /// What the harmless button says.
    pub(super) keep: &'static str,
    /// Whether something stops working.
    pub(super) is_danger: bool,
}

impl ActPage {
    /// Where the harmless button leads.
    fn back(&self) -> &str {
        self.above.last().map_or("", |(path, _)| path)
    }

    /// The page as an answer.
    pub(super) fn answer(&self) -> Response<Body> {
        page::ok(self)
    }
}

/// What is shown once: under which name, and the text.
pub(super) type Window = (String, Zeroizing<String>);

impl Console {
    /// Runs a command whose outcome is shown once. The window on it is open before anybody can learn
    /// that the command was carried out, and also if nobody waits for the answer any more: whoever
    /// sends the form again is led there.
    pub(super) async fn execute_showing<C: Command, W: Into<Option<Window>>>(
        &self,
        (visit, actor): (&str, Actor),
        order: (Terms, C),
        shown: impl FnOnce(&App, &C::Outcome) -> W + Send + 'static,
    ) -> Result<C::Outcome, AdminError> {
        let (app, reveals) = (self.app.clone(), Arc::clone(&self.reveals));
        let visit = visit.to_owned();
        let open = move |outcome: &C::Outcome| {
            if let Some((place, text)) = shown(&app, outcome).into() {
                reveals.open((&visit, &place), text, app.now());
            }
        };
        self.app.execute_and(actor, order, open).await
    }
}

/// Has what a form asks for carried out; nothing if the same form did it before, for then the page to
/// see is the same.
pub(super) async fn carry_out<C: Command>(
    (console, visitor): (&Console, &Visitor),
    terms: Terms,
    command: C,
) -> Result<Option<C::Outcome>, AdminError> {
    let done = console.app.execute_on(visitor.actor(), terms, command);
    match done.await {
        Ok(outcome) => Ok(Some(outcome)),
        Err(AdminError::Replayed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
