//! A change of access, taken back: grants, defaults, types of authorization details, and what was noted on
//! scopes.

use axum::{body::Body, extract::State, http::Response};

use super::{
    super::{
        super::{
            Console,
            form::{Fields, Form},
            page::{Flash, Undo},
            trouble::Trouble,
            visit::Visitor,
        },
        Named, address,
    },
    ticked,
};
use crate::{
    admin::access::{RestoreAccess, ScopeMarks, SetAccess},
    app::AdminError,
    domain::{audit::Object, client::Client, details::DetailGrants, scope::Scope, time::Timestamp},
};

/// For how long a change of access can be taken back from the page that tells of it.
const WITHIN: &str = "7 days";

/// What gives a client back what it had `before`, as long as it is what it is `after`.
pub(super) fn offer(before: &Client, after: &Client) -> Undo {
    let mut fields = vec![("revision".to_owned(), after.revision.to_string())];
    let defaults = before.default_scopes.iter();
    fields.extend(defaults.map(|scope| ("default".to_owned(), scope.to_string())));
    fields.extend(before.grants.iter().flat_map(|(api, scopes)| {
        let grants = scopes.iter();
        grants.map(move |scope| ("grant".to_owned(), format!("{api} {scope}")))
    }));
    let noted = |name: &'static str, marks: &ScopeMarks| {
        let marks = marks.iter();
        let marks = marks.map(|((api, scope), at)| format!("{api} {scope} {}", at.seconds()));
        let marks: Vec<(String, String)> = marks.map(|mark| (name.to_owned(), mark)).collect();
        marks
    };
    fields.extend(noted("watched", &before.marks.watched));
    fields.extend(noted("kept", &before.marks.kept));
    fields.extend(before.rules.details.iter().flat_map(|(api, types)| {
        let types = types.iter();
        types.map(move |name| ("detail".to_owned(), format!("{api} {name}")))
    }));
    Undo {
        path: format!("{}/access/undo", address(&before.id)),
        fields,
        within: WITHIN.to_owned(),
    }
}

/// What such a form says of scopes under `name`.
fn marks(fields: &Fields, name: &str) -> Option<ScopeMarks> {
    let mark = |text: &str| {
        let mut parts = text.split(' ');
        let api = parts.next()?.parse().ok()?;
        let scope = parts.next()?.parse().ok()?;
        let at = parts.next()?.parse().ok()?;
        Some(((api, scope), Timestamp(at)))
    };
    fields.all(name).map(mark).collect()
}

/// What such a form says of types of authorization details.
fn details(fields: &Fields) -> Option<DetailGrants> {
    let mut all = DetailGrants::default();
    for detail in fields.all("detail") {
        let (api, name) = detail.split_once(' ')?;
        let types = all.entry(api.parse().ok()?).or_default();
        types.insert(name.parse().ok()?);
    }
    Some(all)
}

/// Gives a client back what it had.
pub(super) async fn undo(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let fields = &form.fields;
    let defaults: Result<Vec<Scope>, _> = fields.all("default").map(str::parse).collect();
    let restore = RestoreAccess {
        access: SetAccess {
            client: client.id.clone(),
            grants: ticked(fields)?,
            default_scopes: Some(defaults.map_err(|_| Trouble::malformed())?.into()),
        },
        watched: marks(fields, "watched").ok_or_else(Trouble::malformed)?,
        kept: marks(fields, "kept").ok_or_else(Trouble::malformed)?,
        details: details(fields).ok_or_else(Trouble::malformed)?,
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let path = format!("{}/access", address(&client.id));
    let done = console.app.execute_on(visitor.actor(), terms, restore);
    match done.await {
        Ok(()) => {
            let flash = Flash::done("Access is as it was before.");
            visitor.done(&path, flash).await
        }
        Err(AdminError::Replayed(_)) => Ok(visitor.see(&path)),
        Err(error) => Err(error.into()),
    }
}
