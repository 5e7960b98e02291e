//! Acts: the page before one that stops something, and the form that has it carried out.

use askama::Template;
use axum::{body::Body, http::Response};

use super::{Console, page, page::Frame, visit::Visitor};
use crate::{
    admin::command::Command,
    app::{AdminError, Terms},
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
