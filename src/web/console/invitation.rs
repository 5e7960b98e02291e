//! One-time links for operators: choosing a first password, or another one.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Response,
    routing::get,
};
use zeroize::Zeroizing;

use super::{
    Console,
    form::{Form, Sheet},
    page::{self, Flash, Frame, Here},
    trouble::Trouble,
    visit::Visit,
};
use crate::{
    admin::{invitations::AcceptInvitation, operators::NewPassword, refusal::FieldErrors},
    domain::{
        actor::Actor,
        link::LinkToken,
        operator::{LinkPurpose, Operator},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/invitation/{token}", get(show).post(accept))
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    frame: Frame,
    sheet: Sheet,
    token: String,
    email: String,
    role: String,
    is_reset: bool,
}

async fn show(
    State(console): State<Console>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response<Body>, Trouble> {
    let (_, operator) = open(&console, &token)?;
    let mut fields = super::form::Fields::default();
    fields.set("name", operator.name.to_string());
    let page = InvitationPage::of(&operator, &token, Sheet::of(fields));
    Ok(page::ok(&page.framed(visit.frame(Here::Outside).await)))
}

async fn accept(
    State(console): State<Console>,
    visit: Visit,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let (link, operator) = open(&console, &token)?;
    let mut errors = FieldErrors::default();
    let name = errors.check("name", form.fields.text("name").parse());
    let password = Zeroizing::new(form.fields.raw("password").to_owned());
    let password = errors.check("password", NewPassword::parse(password));
    let (Some(password), Ok(())) = (password, errors.clone().finish()) else {
        let sheet = Sheet::refused(form.fields, &errors);
        let page = InvitationPage::of(&operator, &token, sheet);
        return Ok(page::refused(
            &page.framed(visit.frame(Here::Outside).await),
        ));
    };
    let Operator {
        id, email, role, ..
    } = &*operator;
    let actor = visit.as_actor(Actor::operator(id.clone(), email.clone(), *role));
    let command = AcceptInvitation {
        token: link,
        name,
        password,
    };
    console.app.execute(actor, command).await?;
    let told = Flash::done("Your password is set. Sign in with it.");
    visit.change(|kept| kept.flash = Some(told)).await?;
    Ok(visit.plain_frame(Here::Outside).see("/sign-in"))
}

/// Whose link it is, if it can be followed.
fn open(console: &Console, token: &str) -> Result<(LinkToken, Arc<Operator>), Trouble> {
    let link: LinkToken = token.parse().map_err(|_| Trouble::dead_link())?;
    let registry = console.app.registry();
    let operator = registry
        .find_operator_by_link(&link)
        .filter(|operator| operator.is_active() && operator.open_link(console.app.now()).is_some())
        .cloned();
    Ok((link, operator.ok_or_else(Trouble::dead_link)?))
}

impl InvitationPage {
    fn of(operator: &Operator, token: &str, sheet: Sheet) -> Self {
        let purpose = operator.link.as_ref().map(|link| link.purpose);
        Self {
            frame: Frame::at(""),
            sheet,
            token: token.to_owned(),
            email: operator.email.to_string(),
            role: operator.role.to_string(),
            is_reset: purpose == Some(LinkPurpose::Reset),
        }
    }

    fn framed(self, frame: Frame) -> Self {
        Self { frame, ..self }
    }
}
