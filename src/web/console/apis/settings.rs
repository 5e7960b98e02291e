//! What is said of an API, and how its tokens are signed.

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
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        settings::HaltRow,
        trouble::Trouble,
        visit::Visitor,
    },
    ApiHead, Named, Tab, head, key, save, sheet,
};
use crate::{
    admin::input::{ApiEditInput, Edit, SpanInput},
    domain::{
        api::{Api, Signing, TokenFormat},
        audit::Object,
        permission::Permission,
        time::Span,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}/settings", get(show).post(edit))
        .route("/apis/{id}/algorithm", post(change_algorithm))
}

#[derive(Template)]
#[template(path = "apis/settings.html")]
struct SettingsPage {
    frame: Frame,
    head: ApiHead,
    sheet: Sheet,
    algorithm: String,
    is_opaque: bool,
    /// The id of the key that it shares with this server, if it does.
    shared_key: Option<String>,
    lifetime: String,
    clients: usize,
    halt: Option<HaltRow>,
}

impl SettingsPage {
    fn of(frame: Frame, api: &Api, console: &Console, sheet: Option<Sheet>) -> Self {
        Self {
            frame,
            head: ApiHead::of(api, Tab::Settings),
            sheet: sheet.unwrap_or_else(|| as_it_is(api)),
            algorithm: api.signing.algorithm().to_string(),
            is_opaque: api.rules.format == TokenFormat::Opaque,
            shared_key: match &api.signing {
                Signing::Published(_) => None,
                Signing::Shared { signer, .. } => Some(signer.key_id().to_owned()),
            },
            lifetime: api.token_lifetime.span().in_words(),
            clients: console.app.registry().count_clients_of(&api.identifier),
            halt: api.rules.halt.as_ref().map(|halt| {
                let about = (api.name.as_str(), String::new());
                HaltRow::of(halt, about, console.app.now())
            }),
        }
    }

    fn may_edit(&self) -> bool {
        self.frame.may_write_apis() && !self.head.is_built_in
    }
}

fn as_it_is(api: &Api) -> Sheet {
    let mut fields = Fields::default();
    fields.set("name", api.name.as_str());
    fields.set("description", api.description.as_str());
    fields.set("token_lifetime", as_typed(api.token_lifetime.span()));
    fields.set("algorithm", api.signing.algorithm().as_str());
    fields.set("token_format", api.rules.format.as_str());
    fields.set("claims", api.rules.claims.to_string());
    Sheet::of(fields)
}

/// A length of time as people would type it: `1h`, `90s`.
fn as_typed(span: Span) -> String {
    let seconds = span.seconds();
    for (unit, letter) in [(3600, 'h'), (60, 'm')] {
        if seconds.is_multiple_of(unit) {
            return format!("{}{letter}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Response<Body> {
    let frame = visitor.frame(Here::Apis).await;
    page::ok(&SettingsPage::of(frame, &api, &console, None))
}

async fn edit(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let set = |name: &str| Edit::Set(form.fields.text(name).to_owned());
    let input = ApiEditInput {
        name: set("name"),
        description: set("description"),
        token_lifetime: Edit::Set(SpanInput::Text(
            form.fields.text("token_lifetime").to_owned(),
        )),
        algorithm: Edit::Keep,
        token_format: if form.fields.has("token_format") {
            set("token_format")
        } else {
            Edit::Keep
        },
        claims: form.fields.claims(),
    };
    let read = input.parse(api.identifier.clone());
    let terms = form.terms(&console.app, Object::Api(api.identifier.clone()));
    let place = (
        &*format!("{}/settings", head::address(&api.identifier)),
        "name",
    );
    let said = |_| "Settings saved.".to_owned();
    let errors = match save((&console, &visitor), (terms, read), place, said).await? {
        Ok(answer) => return Ok(answer),
        Err(errors) => errors,
    };
    let missing = [
        ("name", "Enter a name for the API"),
        (
            "token_lifetime",
            "Enter how long its tokens live, such as 1h",
        ),
        ("token_format", "Choose how its tokens are made"),
    ];
    let mut sheet = sheet(form.fields, &errors, &missing);
    sheet.set("algorithm", api.signing.algorithm().as_str());
    let frame = visitor.plain_frame(Here::Apis);
    let page = SettingsPage::of(frame, &api, &console, Some(sheet));
    Ok(page::refused(&page))
}

async fn change_algorithm(
    State(console): State<Console>,
    Named(api): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let identifier = api.identifier.clone();
    let input = ApiEditInput {
        algorithm: Edit::Set(form.fields.text("algorithm").to_owned()),
        ..ApiEditInput::default()
    };
    let command = input
        .parse(identifier.clone())
        .map_err(|errors| Trouble::unacceptable(errors.to_string()))?;
    let terms = form.terms(&console.app, Object::Api(identifier.clone()));
    let done = key::change(&console, &visitor, (terms, command)).await?;
    if done.is_some_and(|defined| defined.shared_key.is_some()) {
        return Ok(visitor.see(&key::path(&identifier)));
    }
    let algorithm = form.fields.text("algorithm");
    let text = format!("New tokens for {} are signed with {algorithm}.", api.name);
    let path = format!("{}/settings", head::address(&identifier));
    visitor.done(&path, Flash::watch(text)).await
}
