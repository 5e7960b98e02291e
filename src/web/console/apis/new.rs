//! A new API.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    super::{
        Console,
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::typed,
    },
    address, complaints, key, sheet,
};
use crate::{
    admin::{
        apis::Defined,
        input::{ApiInput, SpanInput},
    },
    app::AdminError,
    crypto::signer::Algorithm,
    domain::{audit::Object, permission::Permission},
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/apis/new", get(show).post(define))
}

#[derive(Template)]
#[template(path = "apis/new.html")]
struct NewPage {
    frame: Frame,
    sheet: Sheet,
}

async fn show(State(console): State<Console>, visitor: Visitor) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let lifetime = console.app.registry().policy().token_lifetime;
    let mut fields = Fields::default();
    fields.set("token_lifetime", typed(lifetime.span()));
    fields.set("algorithm", "ES256");
    Ok(page::ok(&NewPage {
        frame: visitor.frame(Here::Apis).await,
        sheet: Sheet::of(fields),
    }))
}

async fn define(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let Confirmed { visitor, form } = confirmed(&console, visitor, form).await?;
    let errors = match input(&form.fields).parse(console.app.registry().policy()) {
        Err(mut errors) => {
            let identifier = form.fields.text("identifier").parse();
            let registry = console.app.registry();
            if identifier.is_ok_and(|it| registry.find_api(&it).is_some()) {
                errors.add("identifier", "another API has this audience");
            }
            errors
        }
        Ok(command) => {
            let terms = form.terms_of_new(&console.app);
            let visit = (visitor.name(), visitor.actor());
            let order = (terms, command);
            match console.execute_showing(visit, order, key::window_on).await {
                Ok(defined) => return told(&visitor, &defined).await,
                Err(AdminError::Replayed(Object::Api(api))) => {
                    return Ok(key::again(&console, &visitor, &api));
                }
                Err(error) => complaints(error, "identifier")?,
            }
        }
    };
    Ok(page::refused(&NewPage {
        frame: visitor.plain_frame(Here::Apis),
        sheet: sheet(form.fields, &errors, &MISSING),
    }))
}

/// A shared key is a signing key: whoever has one made proves first that it is them.
async fn confirmed(console: &Console, visitor: Visitor, form: Form) -> Result<Confirmed, Trouble> {
    if form.fields.text("algorithm").parse() == Ok(Algorithm::Hs256) {
        Confirmed::by(console, visitor, form).await
    } else {
        Ok(Confirmed { visitor, form })
    }
}

const MISSING: [(&str, &str); 4] = [
    ("name", "Enter a name for the API"),
    (
        "identifier",
        "Enter the audience: the address of the API, or a URN",
    ),
    (
        "token_lifetime",
        "Enter how long its tokens live, such as 1h",
    ),
    ("algorithm", "Choose what its tokens are signed with"),
];

fn input(fields: &Fields) -> ApiInput {
    ApiInput {
        identifier: fields.text("identifier").to_owned(),
        name: fields.text("name").to_owned(),
        description: Some(fields.text("description").to_owned()),
        algorithm: Some(fields.text("algorithm").to_owned()),
        token_lifetime: Some(SpanInput::Text(fields.text("token_lifetime").to_owned())),
        scopes: Vec::new(),
        token_format: None,
        claims: None,
    }
}

/// Shows the shared key if there is one, else the API.
async fn told(visitor: &Visitor, defined: &Defined) -> Result<Response<Body>, Trouble> {
    let api = &defined.api;
    if defined.shared_key.is_none() {
        let flash = Flash::done(format!("{} is defined. Now add its scopes.", api.name));
        return visitor.done(&address(&api.identifier), flash).await;
    }
    Ok(visitor.see(&key::path(&api.identifier)))
}
