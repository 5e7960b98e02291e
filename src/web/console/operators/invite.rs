//! One-time links: made, shown in a window that closes, withdrawn.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};
use zeroize::Zeroizing;

use super::{above, named, person::Choice};
use crate::{
    admin::{
        invitations::{InviteOperator, Invited, ResetOperator, WithdrawInvitation},
        refusal::{FieldErrors, Refusal},
    },
    app::{AdminError, App},
    crypto::{mac::SecretDigest, text::base64url},
    domain::{
        audit::Object,
        id::OperatorId,
        link::LinkUse,
        operator::{LINK_LIFE, Operator},
        permission::Permission,
    },
    web::console::{
        Console,
        act::{ActPage, Window, carry_out},
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        link,
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::Moment,
    },
};

#[derive(Template)]
#[template(path = "operators/invite.html")]
struct InvitePage {
    frame: Frame,
    sheet: Sheet,
    roles: Vec<Choice>,
}

pub(super) async fn ask(visitor: Visitor) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let mut fields = Fields::default();
    fields.set("role", "operator");
    Ok(page::ok(&InvitePage {
        roles: Choice::all_below(visitor.operator.role),
        frame: visitor.frame(Here::Operators).await,
        sheet: Sheet::of(fields),
    }))
}

pub(super) async fn invite(
    State(console): State<Console>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let command = match read(&form.fields) {
        Ok(command) => command,
        Err(errors) => return Ok(again(&visitor, form.fields, &errors).await),
    };
    let terms = form.terms_of_new(&console.app);
    let visit = (visitor.name(), visitor.actor());
    let done = console
        .execute_showing(visit, (terms, command), window_on)
        .await;
    match done {
        Err(AdminError::Refusal(Refusal::Conflict(what))) => {
            let errors = FieldErrors::one("email", &what);
            Ok(again(&visitor, form.fields, &errors).await)
        }
        done => to_link(&visitor, done),
    }
}

fn read(fields: &Fields) -> Result<InviteOperator, FieldErrors> {
    const CHECKED: &str = "the errors were looked at";
    let mut errors = FieldErrors::default();
    let name = match fields.text("name") {
        "" => Err("enter what they are called".to_owned()),
        name => name
            .parse()
            .map_err(|it: crate::domain::name::NameError| it.to_string()),
    };
    let email = match fields.text("email") {
        "" => Err("enter their e-mail address".to_owned()),
        email => email
            .parse()
            .map_err(|it: crate::domain::name::NameError| it.to_string()),
    };
    let name = errors.check("name", name);
    let email = errors.check("email", email);
    let role = errors.check("role", fields.text("role").parse());
    errors.finish()?;
    Ok(InviteOperator {
        email: email.expect(CHECKED),
        name: name.expect(CHECKED),
        role: role.expect(CHECKED),
    })
}

async fn again(visitor: &Visitor, fields: Fields, errors: &FieldErrors) -> Response<Body> {
    page::refused(&InvitePage {
        roles: Choice::all_below(visitor.operator.role),
        frame: visitor.frame(Here::Operators).await,
        sheet: Sheet::refused(fields, errors),
    })
}

/// A link that was just made, as what its window shows.
fn window_on(app: &App, invited: &Invited) -> Window {
    let path = Zeroizing::new(format!("/invitation/{}", invited.token.reveal()));
    let registry = app.registry();
    let tag = invited.token.digest(LinkUse::Account, registry.pepper());
    (window(&invited.operator, &tag), link(app, &path).into())
}

/// Goes where a link that was just made is shown.
fn to_link(
    visitor: &Visitor,
    done: Result<Invited, AdminError>,
) -> Result<Response<Body>, Trouble> {
    let operator = match done {
        Ok(invited) => invited.operator,
        Err(AdminError::Replayed(Object::Operator(operator))) => operator,
        Err(error) => return Err(error.into()),
    };
    Ok(visitor.see(&format!("/operators/{operator}/link")))
}

/// Under which name the link with this tag is shown: another link has another window.
fn window(operator: &OperatorId, tag: &SecretDigest) -> String {
    format!("invitation/{operator}/{}", base64url(tag.as_bytes()))
}

/// The window of the link that an operator has now.
fn window_now(operator: &Operator) -> Option<String> {
    let link = operator.link.as_ref()?;
    Some(window(&operator.id, &link.token))
}

/// The operator with this id.
fn found(console: &Console, id: &OperatorId) -> Result<Arc<Operator>, Trouble> {
    let registry = console.app.registry();
    let found = registry.find_operator(id).cloned();
    found.ok_or_else(|| Trouble::missing("operator", id.as_str()))
}

pub(super) async fn ask_reset(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let id = named(&id)?;
    let operator = found(&console, &id)?;
    let name = &operator.name;
    let (here, title, effects) = if operator.password.is_some() {
        (
            "Reset link",
            format!("Make a reset link for {name}?"),
            vec![
                format!("Whoever follows the link chooses another password for {name} and sets up a new second factor."),
                "Until it is followed, the present password and second factor go on working. Then they end, and all sessions with them.".to_owned(),
                format!("It works once, within {}. A link made before stops working.", LINK_LIFE.in_words()),
            ],
        )
    } else {
        (
            "New invitation",
            format!("Make a new invitation for {name}?"),
            vec![format!(
                "Whoever follows the link chooses the password for this account. It works once, within {}. A link made before stops working.",
                LINK_LIFE.in_words()
            )],
        )
    };
    Ok(ActPage {
        frame: visitor.frame(Here::Operators).await,
        above: above(&operator),
        here: here.to_owned(),
        title,
        warning: String::new(),
        effects,
        target: format!("/operators/{id}/reset"),
        revision: operator.revision.0,
        button: "Make the link and show it".to_owned(),
        keep: "Not now",
        is_danger: false,
    }
    .answer())
}

pub(super) async fn reset(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let operator = named(&id)?;
    let terms = form.terms(&console.app, Object::Operator(operator.clone()));
    let command = ResetOperator { operator };
    let visit = (visitor.name(), visitor.actor());
    let done = console
        .execute_showing(visit, (terms, command), window_on)
        .await;
    to_link(&visitor, done)
}

#[derive(Template)]
#[template(path = "operators/link.html")]
struct LinkPage {
    frame: Frame,
    sheet: Sheet,
    above: Vec<(String, String)>,
    id: String,
    name: String,
    /// Nothing once the window is closed.
    open: Option<OpenLink>,
    /// Until when the link can be followed.
    expires: Option<Moment>,
}

struct OpenLink {
    text: Zeroizing<String>,
    until: Moment,
}

impl LinkPage {
    async fn of(
        console: &Console,
        visitor: &Visitor,
        id: &OperatorId,
        sheet: Sheet,
    ) -> Result<Self, Trouble> {
        let operator = found(console, id)?;
        let now = console.app.now();
        let link = operator.open_link(now);
        let open = window_now(&operator);
        let open = open.and_then(|place| console.reveals.look((visitor.name(), &place), now));
        Ok(Self {
            frame: visitor.frame(Here::Operators).await,
            sheet,
            above: above(&operator),
            id: id.to_string(),
            name: operator.name.to_string(),
            open: open.filter(|_| link.is_some()).map(|it| OpenLink {
                text: it.text,
                until: Moment::of(it.until, now),
            }),
            expires: link.map(|link| Moment::of(link.expires, now)),
        })
    }
}

pub(super) async fn show_link(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let page = LinkPage::of(&console, &visitor, &named(&id)?, Sheet::default()).await?;
    Ok(page::ok(&page))
}

pub(super) async fn close_link(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let id = named(&id)?;
    if !form.fields.has("stored") {
        let mut sheet = Sheet::default();
        sheet.complain("stored", "Tick the box once you have copied the link");
        let page = LinkPage::of(&console, &visitor, &id, sheet).await?;
        return Ok(page::refused(&page));
    }
    if let Some(place) = window_now(&*found(&console, &id)?) {
        console.reveals.close((visitor.name(), &place));
    }
    Ok(visitor.see(&format!("/operators/{id}")))
}

pub(super) async fn withdraw(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let operator = named(&id)?;
    let terms = form.terms(&console.app, Object::Operator(operator.clone()));
    if let Some(place) = window_now(&*found(&console, &operator)?) {
        console.reveals.close((visitor.name(), &place));
    }
    let command = WithdrawInvitation { operator };
    carry_out((&console, &visitor), terms, command).await?;
    let flash = Flash::done("Link withdrawn. It opens nothing any more.");
    visitor.done(&format!("/operators/{id}"), flash).await
}
