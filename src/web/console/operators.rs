//! Operators: who may look after this server, how they prove who they are, and how they are invited.

mod acts;
mod invite;
mod person;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};

use self::person::Person;
use super::{
    Console,
    page::{self, Frame, Here},
    trouble::Trouble,
    visit::Visitor,
    words::{counted, list},
};
use crate::domain::{
    id::OperatorId, name::Place, operator::Operator, order, permission::Permission,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/operators", get(show_all))
        .route("/operators/invite", get(invite::ask).post(invite::invite))
        .route("/operators/{id}", get(person::show))
        .route("/operators/{id}/role", post(acts::change_role))
        .route(
            "/operators/{id}/reset",
            get(invite::ask_reset).post(invite::reset),
        )
        .route(
            "/operators/{id}/link",
            get(invite::show_link).post(invite::close_link),
        )
        .route("/operators/{id}/withdraw", post(invite::withdraw))
        .route(
            "/operators/{id}/disable",
            get(acts::ask_disable).post(acts::disable),
        )
        .route("/operators/{id}/enable", post(acts::enable))
        .route(
            "/operators/{id}/remove",
            get(acts::ask_remove).post(acts::remove),
        )
        .route("/operators/{id}/end-sessions", post(acts::end_sessions))
}

#[derive(Template)]
#[template(path = "operators/list.html")]
struct OperatorsPage {
    frame: Frame,
    people: Vec<Person>,
    /// Who lacks a second factor that they need, in a sentence; nothing is the empty text.
    flag: String,
}

async fn show_all(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadOperators)?;
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    let mut people = Vec::new();
    for operator in registry.operators() {
        let sessions = console.app.sessions().of(&operator.id).await?;
        people.push(Person::of(operator, &sessions, &visitor, now));
    }
    order::by_key(&mut people, |one| Place::of(&one.name));
    let lacking: Vec<&str> = people
        .iter()
        .filter(|person| person.lacks_second_factor)
        .map(|person| person.name.as_str())
        .collect();
    let flag = match lacking.as_slice() {
        [] => String::new(),
        [one] => format!("{one} has no second factor yet."),
        several => format!("{} have no second factor yet.", list(several)),
    };
    Ok(page::ok(&OperatorsPage {
        frame: visitor.frame(Here::Operators).await,
        people,
        flag,
    }))
}

impl OperatorsPage {
    fn count(&self) -> String {
        counted(self.people.len() as u64, "operator")
    }
}

/// The operator whom an address names.
fn named(id: &str) -> Result<OperatorId, Trouble> {
    id.parse().map_err(|_| Trouble::missing("operator", id))
}

/// The pages above one that is below an operator's own.
fn above(operator: &Operator) -> Vec<(String, String)> {
    let Operator { id, name, .. } = operator;
    vec![
        ("/operators".to_owned(), "Operators".to_owned()),
        (format!("/operators/{id}"), name.to_string()),
    ]
}
