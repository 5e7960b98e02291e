//! One operator: role, ways in, sessions.

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::named;
use crate::{
    domain::{
        operator::{LinkPurpose, Operator},
        permission::{Permission, Role},
        session::SessionRecord,
        time::Timestamp,
    },
    web::console::{
        Console,
        form::{Fields, Sheet},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, counted},
    },
};

/// An operator as pages show them.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word on the page of its own"
)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: &'static str,
    pub(super) is_self: bool,
    /// Since when they may not sign in.
    pub(super) disabled: Option<Moment>,
    pub(super) has_password: bool,
    pub(super) has_second_factor: bool,
    pub(super) lacks_second_factor: bool,
    pub(super) codes: usize,
    pub(super) link: Option<Link>,
    pub(super) last_seen: Option<Moment>,
    pub(super) sessions: Vec<Stay>,
    pub(super) added: Moment,
    pub(super) revision: u64,
}

/// A one-time link that was given to them.
pub(super) struct Link {
    pub(super) is_invitation: bool,
    pub(super) is_open: bool,
    pub(super) expires: Moment,
}

/// One session.
pub(super) struct Stay {
    pub(super) since: Moment,
    pub(super) seen: Moment,
    pub(super) until: Moment,
}

impl Person {
    pub(super) fn of(
        operator: &Operator,
        sessions: &[SessionRecord],
        visitor: &Visitor,
        now: Timestamp,
    ) -> Self {
        let stay = |session: &SessionRecord| Stay {
            since: Moment::of(session.created, now),
            seen: Moment::of(session.seen, now),
            until: Moment::of(session.expires, now),
        };
        let seen = sessions.iter().map(|session| session.seen).max();
        let link = operator.link.as_ref().map(|link| Link {
            is_invitation: link.purpose == LinkPurpose::Invite,
            is_open: link.is_open(now),
            expires: Moment::of(link.expires, now),
        });
        Self {
            id: operator.id.to_string(),
            name: operator.name.to_string(),
            email: operator.email.to_string(),
            role: role_in_words(operator.role),
            is_self: operator.id == visitor.operator.id,
            disabled: match operator.status {
                crate::domain::operator::OperatorStatus::Active => None,
                crate::domain::operator::OperatorStatus::Disabled(at) => Some(Moment::of(at, now)),
            },
            has_password: operator.password.is_some(),
            has_second_factor: operator.second_factor.is_some(),
            lacks_second_factor: operator.is_active() && operator.lacks_second_factor(),
            codes: operator.recovery_codes.len(),
            link,
            last_seen: seen
                .max(operator.last_sign_in)
                .map(|at| Moment::of(at, now)),
            sessions: sessions.iter().map(stay).collect(),
            added: Moment::of(operator.created, now),
            revision: operator.revision.0,
        }
    }
}

/// A role as a name.
pub(super) const fn role_in_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Operator => "Operator",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}

/// What a role may do, for those who choose one.
const fn meaning(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Sees everything, changes nothing.",
        Role::Operator => "Looks after clients: their secrets and their scopes.",
        Role::Admin => "Also APIs, signing keys, operators and backups. Needs a second factor.",
        Role::Owner => {
            "Everything, the admin API and other owners included. Needs a second factor."
        }
    }
}

/// A role that can be chosen.
pub(super) struct Choice {
    pub(super) word: &'static str,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
}

impl Choice {
    /// The roles that `role` may give away.
    pub(super) fn all_below(role: Role) -> Vec<Self> {
        let own = role.permissions();
        let below = Role::ALL
            .into_iter()
            .filter(|it| own.cover(it.permissions()));
        below
            .map(|role| Self {
                word: role.as_str(),
                name: role_in_words(role),
                meaning: meaning(role),
            })
            .collect()
    }
}

#[derive(Template)]
#[template(path = "operators/person.html")]
struct PersonPage {
    frame: Frame,
    person: Person,
    /// Whether the visitor may change them.
    may_change: bool,
    roles: Vec<Choice>,
    sheet: Sheet,
}

impl PersonPage {
    fn sessions(&self) -> String {
        counted(self.person.sessions.len() as u64, "session")
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadOperators)?;
    let id = named(&id)?;
    let registry = console.app.registry_arc();
    let Some(operator) = registry.find_operator(&id) else {
        return Err(Trouble::missing("operator", id.as_str()));
    };
    let sessions = console.app.sessions().of(&id).await?;
    let own = visitor.operator.role.permissions();
    let mut fields = Fields::default();
    fields.set("role", operator.role.as_str());
    Ok(page::ok(&PersonPage {
        frame: visitor.frame(Here::Operators).await,
        person: Person::of(operator, &sessions, &visitor, console.app.now()),
        may_change: own.allow(Permission::WriteOperators) && own.cover(operator.role.permissions()),
        roles: Choice::all_below(visitor.operator.role),
        sheet: Sheet::of(fields),
    }))
}
