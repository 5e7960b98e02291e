//! The types of authorization details of an API: listed and added; one described, its schema edited, removed.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Response,
    routing::{get, post},
};
use serde_json::Value;

use super::{
    super::{
        Console,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::segment,
    },
    ApiHead, Named, Part, Tab, act,
    head::{self, Holders},
    save, sheet,
};
use crate::{
    admin::{
        details::{RemoveDetailType, holders},
        input::{DetailTypeEditInput, DetailTypeInput, Edit},
        views::DetailTypeView,
    },
    domain::{api::Api, details::DetailType, permission::Permission, registry::Registry},
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}/details", get(show).post(add))
        .route("/apis/{id}/details/{type}", get(show_one).post(edit))
        .route("/apis/{id}/details/{type}/remove", post(remove))
}

#[derive(Template)]
#[template(path = "apis/details.html")]
struct TypesPage {
    frame: Frame,
    head: ApiHead,
    types: Vec<Row>,
    sheet: Sheet,
}

/// A type in the list.
struct Row {
    name: String,
    description: String,
    path: String,
    clients: usize,
}

impl TypesPage {
    fn of(frame: Frame, api: &Api, registry: &Registry, sheet: Sheet) -> Self {
        let head = ApiHead::of(api, Tab::Scopes).below("Authorization details");
        let row = |(name, detail): (&DetailType, &crate::domain::details::TypeDetail)| Row {
            name: name.to_string(),
            description: detail.description.to_string(),
            path: head.to(format!("/details/{}", segment(name.as_str()))),
            clients: holders(registry, &api.identifier, name).count(),
        };
        Self {
            types: api.rules.details.iter().map(row).collect(),
            frame,
            head,
            sheet,
        }
    }

    fn may_edit(&self) -> bool {
        self.frame.may_write_apis() && !self.head.is_built_in
    }
}

/// The page with all types.
fn list(api: &Api) -> String {
    format!("{}/details", head::address(&api.identifier))
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Response<Body> {
    let registry = console.app.registry_arc();
    let frame = visitor.frame(Here::Apis).await;
    let sheet = Sheet::of(Fields::default());
    page::ok(&TypesPage::of(frame, &api, &registry, sheet))
}

async fn add(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let fields = &form.fields;
    let input = DetailTypeInput {
        name: fields.text("type").to_owned(),
        description: Some(fields.text("description").to_owned()),
        schema: Value::from(fields.text("schema")),
    };
    let said = |_| format!("{} is added. Nobody has it yet.", fields.text("type"));
    let read = input.parse(api.identifier.clone());
    let form_read = (form.terms_of_new(&console.app), read);
    let place = (&*list(&api), "type");
    let errors = match save((&console, &visitor), form_read, place, said).await? {
        Ok(answer) => return Ok(answer),
        Err(errors) => errors,
    };
    let missing = [
        ("type", "Enter a name for the type, such as payment"),
        ("schema", "Enter the schema, as JSON"),
    ];
    let sheet = sheet(form.fields, &errors, &missing);
    let frame = visitor.plain_frame(Here::Apis);
    let registry = console.app.registry_arc();
    Ok(page::refused(&TypesPage::of(frame, &api, &registry, sheet)))
}

#[derive(Template)]
#[template(path = "apis/detail.html")]
struct TypePage {
    frame: Frame,
    head: ApiHead,
    name: String,
    path: String,
    holders: Holders,
    sheet: Sheet,
}

impl Part<DetailType> {
    fn find(api: Arc<Api>, name: &str) -> Result<Self, Trouble> {
        let Some((name, _)) = api.rules.details.get_key_value(name) else {
            return Err(Trouble::missing("type", name));
        };
        let name = name.clone();
        Ok(Self::new(api, "details", name))
    }

    fn page(&self, frame: Frame, console: &Console, sheet: Option<Sheet>) -> TypePage {
        let view = DetailTypeView::of(&self.name, &self.api.rules.details[&self.name]);
        let directory = console.app.directory();
        let clients = directory.clients().filter(|client| {
            let granted = client.rules.details.get(&self.api.identifier);
            granted.is_some_and(|types| types.contains(&self.name))
        });
        TypePage {
            frame,
            head: ApiHead::of(&self.api, Tab::Scopes)
                .by_way_of("/details", "Authorization details")
                .below(&view.name),
            holders: Holders::of(clients),
            sheet: sheet.unwrap_or_else(|| as_it_is(&view)),
            path: self.path.clone(),
            name: view.name,
        }
    }
}

fn as_it_is(view: &DetailTypeView) -> Sheet {
    let mut fields = Fields::default();
    fields.set("description", &view.description);
    fields.set("schema", format!("{:#}", view.schema));
    Sheet::of(fields)
}

async fn show_one(
    State(console): State<Console>,
    visitor: Visitor,
    Path((_, name)): Path<(String, String)>,
    Named(api): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let asked = Part::<DetailType>::find(api, &name)?;
    let frame = visitor.frame(Here::Apis).await;
    Ok(page::ok(&asked.page(frame, &console, None)))
}

async fn edit(
    State(console): State<Console>,
    visitor: Visitor,
    Path((_, name)): Path<(String, String)>,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let asked = Part::<DetailType>::find(api, &name)?;
    let input = DetailTypeEditInput {
        description: Edit::Set(form.fields.text("description").to_owned()),
        schema: Edit::Set(Value::from(form.fields.text("schema"))),
    };
    let read = input.parse(asked.api.identifier.clone(), asked.name.clone());
    let form_read = (asked.terms(&form, &console), read);
    let place = (&*list(&asked.api), "schema");
    let said = |_| format!("{} is saved.", asked.name);
    let errors = match save((&console, &visitor), form_read, place, said).await? {
        Ok(answer) => return Ok(answer),
        Err(errors) => errors,
    };
    let missing = [("schema", "Enter the schema, as JSON")];
    let sheet = sheet(form.fields, &errors, &missing);
    let frame = visitor.plain_frame(Here::Apis);
    Ok(page::refused(&asked.page(frame, &console, Some(sheet))))
}

async fn remove(
    State(console): State<Console>,
    visitor: Visitor,
    Path((_, name)): Path<(String, String)>,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let asked = Part::<DetailType>::find(api, &name)?;
    let command = RemoveDetailType {
        api: asked.api.identifier.clone(),
        name: asked.name.clone(),
    };
    let path = list(&asked.api);
    let flash = Flash::done(format!("{} is removed.", asked.name));
    let told = (path.as_str(), flash);
    act((&console, &visitor), (&asked.api, &form), command, told).await
}
