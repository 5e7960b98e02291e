//! The scopes of an API: listed, added one by one or from lines of text.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};

use super::{
    super::{
        Console,
        form::{Fields, Form, Sheet},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{counted, grouped, segment},
    },
    ApiHead, Named, Tab, head, save, sheet,
};
use crate::{
    admin::{
        input::{ScopeInput, scopes_from_lines},
        scopes::{AddScopes, Added},
        views::ScopeView,
    },
    domain::{api::Api, audit::Object, permission::Permission, registry::Registry},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}", get(show))
        .route("/apis/{id}/scopes", get(show).post(add))
        .route("/apis/{id}/import", post(import))
}

#[derive(Template)]
#[template(path = "apis/scopes.html")]
struct ScopesPage {
    frame: Frame,
    head: ApiHead,
    scopes: Vec<Row>,
    /// How many types of authorization details it has.
    types: usize,
    sheet: Sheet,
    is_importing: bool,
}

/// A scope in the list.
struct Row {
    scope: ScopeView,
    path: String,
    clients: usize,
}

impl ScopesPage {
    fn of(frame: Frame, api: &Api, registry: &Registry, sheet: Sheet) -> Self {
        let head = ApiHead::of(api, Tab::Scopes);
        let row = |scope: ScopeView| Row {
            path: head.to(format!("/scopes/{}", segment(&scope.name))),
            clients: registry.count_holders(&api.identifier, &scope.name),
            scope,
        };
        Self {
            types: api.rules.details.len(),
            scopes: ScopeView::all_of(api).into_iter().map(row).collect(),
            frame,
            head,
            is_importing: !sheet.error("lines").is_empty(),
            sheet,
        }
    }

    fn may_edit(&self) -> bool {
        self.frame.may_write_apis() && !self.head.is_built_in
    }
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Response<Body> {
    let registry = console.app.registry_arc();
    let frame = visitor.frame(Here::Apis).await;
    let sheet = Sheet::of(Fields::default());
    page::ok(&ScopesPage::of(frame, &api, &registry, sheet))
}

async fn add(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let fields = &form.fields;
    let input = ScopeInput {
        name: fields.text("name").to_owned(),
        description: Some(fields.text("description").to_owned()),
        sensitive: fields.has("sensitive"),
    };
    let said = |_| format!("{} is added. Nobody has it yet.", fields.text("name"));
    let read = input.parse(api.identifier.clone());
    let form_read = (form.terms_of_new(&console.app), read);
    let place = (&*head::address(&api.identifier), "name");
    let errors = match save((&console, &visitor), form_read, place, said).await? {
        Ok(answer) => return Ok(answer),
        Err(errors) => errors,
    };
    let missing = [("name", "Enter a name for the scope, such as orders:read")];
    let sheet = sheet(form.fields, &errors, &missing);
    let frame = visitor.plain_frame(Here::Apis);
    let registry = console.app.registry_arc();
    Ok(page::refused(&ScopesPage::of(
        frame, &api, &registry, sheet,
    )))
}

async fn import(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let read = scopes_from_lines(form.fields.raw("lines"));
    let read = read.map(|scopes| AddScopes {
        api: api.identifier.clone(),
        scopes,
    });
    let terms = form.terms(&console.app, Object::Api(api.identifier.clone()));
    let place = (&*head::address(&api.identifier), "lines");
    let said = |added: Option<Added>| added.map_or_else(String::new, in_words);
    let errors = match save((&console, &visitor), (terms, read), place, said).await? {
        Ok(answer) => return Ok(answer),
        Err(errors) => errors,
    };
    let sheet = sheet(form.fields, &errors, &[("lines", "Enter one scope a line")]);
    let frame = visitor.plain_frame(Here::Apis);
    let registry = console.app.registry_arc();
    Ok(page::refused(&ScopesPage::of(
        frame, &api, &registry, sheet,
    )))
}

fn in_words(added: Added) -> String {
    let new = match added.new {
        0 => "No scope is new.".to_owned(),
        1 => "1 scope is added.".to_owned(),
        n => format!("{} are added.", counted(n, "scope")),
    };
    match added.known {
        0 => new,
        1 => format!("{new} 1 was there before and stays as it was."),
        n => format!(
            "{new} {} were there before and stay as they were.",
            grouped(n)
        ),
    }
}
