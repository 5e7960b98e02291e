//! One scope: described, deprecated, removed.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Response,
    routing::{get, post},
};

use super::{
    super::{
        Console,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here, Undo},
        trouble::Trouble,
        visit::Visitor,
    },
    ApiHead, Named, Part, Tab, act,
    head::{self, Holders},
    save, sheet,
};
use crate::{
    admin::{
        input::{Edit, ScopeEditInput},
        scopes::{EditScope, RemoveScope},
        views::ScopeView,
    },
    domain::{
        api::{Api, Offer},
        permission::Permission,
        scope::Scope,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}/scopes/{scope}", get(show).post(edit))
        .route("/apis/{id}/scopes/{scope}/offer", post(offer))
        .route("/apis/{id}/scopes/{scope}/remove", post(remove))
}

#[derive(Template)]
#[template(path = "apis/scope.html")]
struct ScopePage {
    frame: Frame,
    head: ApiHead,
    scope: ScopeView,
    path: String,
    holders: Holders,
    sheet: Sheet,
}

impl Part<Scope> {
    fn find(api: Arc<Api>, name: &str) -> Result<Self, Trouble> {
        let Some((scope, _)) = api.scopes.get_key_value(name) else {
            return Err(Trouble::missing("scope", name));
        };
        if api.is_admin() {
            return Err(Trouble::conflict(
                "The scopes of the built-in API stay as they are.",
            ));
        }
        let scope = scope.clone();
        Ok(Self::new(api, "scopes", scope))
    }

    fn page(&self, frame: Frame, console: &Console, sheet: Option<Sheet>) -> ScopePage {
        let scope = ScopeView::of(&self.name, &self.api.scopes[&self.name]);
        ScopePage {
            frame,
            head: ApiHead::of(&self.api, Tab::Scopes).below(&scope.name),
            holders: head::holders(&console.app, &self.api, Some(&scope.name)),
            sheet: sheet.unwrap_or_else(|| as_it_is(&scope)),
            path: self.path.clone(),
            scope,
        }
    }
}

fn as_it_is(scope: &ScopeView) -> Sheet {
    let mut fields = Fields::default();
    fields.set("description", &scope.description);
    if scope.sensitive {
        fields.set("sensitive", "yes");
    }
    Sheet::of(fields)
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((_, name)): Path<(String, String)>,
    Named(api): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let asked = Part::<Scope>::find(api, &name)?;
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
    let asked = Part::<Scope>::find(api, &name)?;
    let input = ScopeEditInput {
        description: Edit::Set(form.fields.text("description").to_owned()),
        sensitive: Some(form.fields.has("sensitive")),
        deprecated: None,
    };
    let read = input.parse(asked.api.identifier.clone(), asked.name.clone());
    let form_read = (asked.terms(&form, &console), read);
    let place = (&*head::address(&asked.api.identifier), "description");
    let said = |_| format!("{} is saved.", asked.name);
    let errors = match save((&console, &visitor), form_read, place, said).await? {
        Ok(answer) => return Ok(answer),
        Err(errors) => errors,
    };
    let sheet = sheet(form.fields, &errors, &[]);
    let frame = visitor.plain_frame(Here::Apis);
    Ok(page::refused(&asked.page(frame, &console, Some(sheet))))
}

/// Deprecates a scope, or offers it again.
async fn offer(
    State(console): State<Console>,
    visitor: Visitor,
    Path((_, name)): Path<(String, String)>,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let asked = Part::<Scope>::find(api, &name)?;
    let is_closed = form.fields.text("offer") == "deprecated";
    let mut command = EditScope::of(asked.api.identifier.clone(), asked.name.clone());
    command.offer = Some(if is_closed {
        Offer::Deprecated
    } else {
        Offer::Open
    });
    let scope = &asked.name;
    let flash = if is_closed {
        let text = format!("{scope} is deprecated. Who has it keeps it; nobody new gets it.");
        Flash::done(text).with_undo(Undo {
            path: format!("{}/offer", asked.path),
            fields: vec![("offer".to_owned(), "open".to_owned())],
            within: String::new(),
        })
    } else {
        Flash::done(format!("{scope} can be granted again."))
    };
    let told = (asked.path.as_str(), flash);
    act((&console, &visitor), (&asked.api, &form), command, told).await
}

async fn remove(
    State(console): State<Console>,
    visitor: Visitor,
    Path((_, name)): Path<(String, String)>,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let asked = Part::<Scope>::find(api, &name)?;
    let command = RemoveScope {
        api: asked.api.identifier.clone(),
        scope: asked.name.clone(),
    };
    let path = head::address(&asked.api.identifier);
    let flash = Flash::done(format!("{} is removed.", asked.name));
    let told = (path.as_str(), flash);
    act((&console, &visitor), (&asked.api, &form), command, told).await
}
