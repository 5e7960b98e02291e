//! Set-up: whoever can read the server's log or files makes the first Owner, and nobody else.
//!
//! There is nothing here once there is an operator.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::Response,
    routing::{get, post},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Console,
    form::{Fields, Form, Sheet},
    page::{self, Frame, Here},
    trouble::Trouble,
    visit::{Standing, Visit},
};
use crate::{
    admin::{
        operators::NewPassword,
        refusal::{FieldErrors, Refusal},
        setup::ClaimServer,
    },
    app::{AdminError, setup::SetupCheck},
    domain::actor::Actor,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/set-up", get(show).post(claim))
        .route("/set-up/code", post(prove))
}

#[derive(Template)]
#[template(path = "set_up/code.html")]
struct CodePage {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Template)]
#[template(path = "set_up/account.html")]
struct AccountPage {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    code: String,
}

/// The step that comes next. A code in the address is looked at and leaves the address.
async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response<Body>, Trouble> {
    require_open(&console)?;
    if !asked.code.is_empty() {
        return take(&console, &visit, &asked.code).await;
    }
    let frame = visit.frame(Here::Outside).await;
    let sheet = Sheet::default();
    Ok(match visit.standing() {
        Standing::Founder => page::ok(&AccountPage { frame, sheet }),
        Standing::Stranger | Standing::HalfWay { .. } | Standing::SignedIn(_) => {
            page::ok(&CodePage { frame, sheet })
        }
    })
}

fn require_open(console: &Console) -> Result<(), Trouble> {
    if console.app.setup().is_open() {
        Ok(())
    } else {
        Err(Trouble::nowhere())
    }
}

async fn prove(
    State(console): State<Console>,
    visit: Visit,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    take(&console, &visit, form.fields.text("code")).await
}

async fn take(console: &Console, visit: &Visit, code: &str) -> Result<Response<Body>, Trouble> {
    let message = match console.app.setup().check(code) {
        SetupCheck::Right => {
            visit
                .change_anew(|kept| kept.standing = Standing::Founder)
                .await?;
            return Ok(visit.plain_frame(Here::Outside).see("/set-up"));
        }
        SetupCheck::Closed => return Err(Trouble::nowhere()),
        SetupCheck::UsedUp => {
            "That code has been used up. Restart the server to get another".to_owned()
        }
        SetupCheck::Wrong { left } => {
            let tries = if left == 1 { "try" } else { "tries" };
            format!("Enter the code from the server’s log. {left} {tries} left")
        }
    };
    let mut sheet = Sheet::default();
    sheet.complain("code", &message);
    let frame = visit.frame(Here::Outside).await;
    Ok(page::refused(&CodePage { frame, sheet }))
}

/// Makes the first Owner and signs them in; a second way in is asked for next.
async fn claim(
    State(console): State<Console>,
    visit: Visit,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    require_open(&console)?;
    if !matches!(visit.standing(), Standing::Founder) {
        return Ok(visit.plain_frame(Here::Outside).see("/set-up"));
    }
    let refused = async |errors: FieldErrors| {
        let sheet = Sheet::refused(form.fields.clone(), &errors);
        let frame = visit.frame(Here::Outside).await;
        Ok(page::refused(&AccountPage { frame, sheet }))
    };
    let command = match parse(&form.fields) {
        Ok(command) => command,
        Err(errors) => return refused(errors).await,
    };
    let actor = visit.as_actor(Actor::system("set-up"));
    let owner = match console.app.execute(actor, command).await {
        Ok(owner) => owner,
        Err(AdminError::Refusal(Refusal::Conflict(_))) => return Err(Trouble::nowhere()),
        Err(error) => return Err(error.into()),
    };
    let registry = console.app.registry_arc();
    let owner = registry.find_operator(&owner).ok_or_else(Trouble::failed)?;
    visit.begin(owner).await?;
    Ok(visit.plain_frame(Here::Outside).see("/me/second-factor"))
}

/// Why what was parsed is there.
const CHECKED: &str = "what is missing was noted as an error";

fn parse(fields: &Fields) -> Result<ClaimServer, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = errors.check("email", fields.text("email").parse());
    let name = errors.check("name", fields.text("name").parse());
    let password = Zeroizing::new(fields.raw("password").to_owned());
    let password = errors.check("password", NewPassword::parse(password));
    errors.finish()?;
    Ok(ClaimServer {
        email: email.expect(CHECKED),
        name: name.expect(CHECKED),
        password: password.expect(CHECKED),
    })
}
