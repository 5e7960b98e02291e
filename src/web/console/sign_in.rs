//! Signing in and out.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::Response,
    routing::get,
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Console,
    form::{Fields, Form, Sheet},
    page::{self, Frame, Here},
    trouble::Trouble,
    visit::Visit,
};
use crate::domain::operator::Operator;

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/sign-in", get(show).post(sign_in))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default, rename = "return")]
    back: String,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response<Body> {
    let mut fields = Fields::default();
    fields.set("return", asked.back);
    let sheet = Sheet::of(fields);
    page::ok(&SignInPage {
        frame: visit.frame(Here::Outside).await,
        sheet,
    })
}

async fn sign_in(
    State(console): State<Console>,
    visit: Visit,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let email = form.fields.text("email").parse().ok();
    let registry = console.app.registry_arc();
    let operator = email.and_then(|email| registry.find_operator_by_email(&email).cloned());
    let password = Zeroizing::new(form.fields.raw("password").to_owned());
    if let Some(operator) = operator
        && console.proves(&visit, &operator, password).await?
    {
        visit.begin(&operator).await?;
        return Ok(visit
            .plain_frame(Here::Outside)
            .see(form.fields.text("return")));
    }
    let mut sheet = Sheet::of(form.fields);
    sheet.complain("email", "E-mail or password is not right");
    Ok(page::refused(&SignInPage {
        frame: visit.frame(Here::Outside).await,
        sheet,
    }))
}

impl Console {
    /// Whether `password` is the operator's.
    pub(super) async fn proves(
        &self,
        _: &Visit,
        operator: &Operator,
        password: Zeroizing<String>,
    ) -> Result<bool, Trouble> {
        let Some(hash) = operator.password.clone() else {
            return Ok(false);
        };
        tokio::task::spawn_blocking(move || hash.verify(&password))
            .await
            .map_err(|_| Trouble::failed())
    }
}
