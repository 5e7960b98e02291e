//! One's own account, `/me`: name, password, second factor, recovery codes, sessions, theme.

mod second_factor;
mod sessions;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, Response, header},
    routing::{get, post},
};
use zeroize::Zeroizing;

use self::sessions::SessionLine;
use super::{
    Console, confirm,
    form::{Fields, Form, Sheet},
    page::{self, Flash, Frame, Here, THEME_COOKIE, Theme},
    trouble::Trouble,
    visit::{Standing, Visit, Visitor},
    words::{Moment, capital},
};
use crate::{
    admin::{
        account::{ChangeOwnPassword, EditOwnAccount},
        operators::NewPassword,
        refusal::FieldErrors,
    },
    domain::operator::Operator,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/me", get(show))
        .route("/me/name", post(rename))
        .route("/me/password", post(change_password))
        .route("/theme", post(choose_theme))
        .merge(second_factor::routes())
        .merge(sessions::routes())
}

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage {
    frame: Frame,
    sheet: Sheet,
    about: About,
    sessions: Vec<SessionLine>,
}

/// What is said of the account.
struct About {
    email: String,
    role: String,
    second_factor_since: Option<Moment>,
    may_remove_second_factor: bool,
    recovery_codes_left: usize,
    last_sign_in: Option<Moment>,
}

impl About {
    fn of(operator: &Operator, console: &Console) -> Self {
        let moment = |at| Moment::of(at, console.app.now());
        let factor = operator.second_factor.as_ref();
        Self {
            email: operator.email.to_string(),
            role: capital(operator.role.as_str()),
            second_factor_since: factor.map(|factor| moment(factor.since)),
            may_remove_second_factor: factor.is_some() && !operator.role.needs_second_factor(),
            recovery_codes_left: operator.recovery_codes.len(),
            last_sign_in: operator.last_sign_in.map(moment),
        }
    }
}

async fn show(State(console): State<Console>, visitor: Visitor) -> Result<Response<Body>, Trouble> {
    let mut fields = Fields::default();
    fields.set("name", visitor.operator.name.to_string());
    let page = account_page(&console, &visitor, Sheet::of(fields)).await?;
    Ok(page::ok(&page))
}

async fn account_page(
    console: &Console,
    visitor: &Visitor,
    sheet: Sheet,
) -> Result<AccountPage, Trouble> {
    Ok(AccountPage {
        frame: visitor.frame(Here::Account).await,
        sheet,
        about: About::of(&visitor.operator, console),
        sessions: sessions::lines(console, visitor).await?,
    })
}

/// The same page with what is wrong; what was not typed stands as it is.
async fn refused(
    console: &Console,
    visitor: &Visitor,
    (mut fields, errors): (Fields, FieldErrors),
) -> Result<Response<Body>, Trouble> {
    if !fields.has("name") && errors.iter().all(|(field, _)| field != "name") {
        fields.set("name", visitor.operator.name.to_string());
    }
    let page = account_page(console, visitor, Sheet::refused(fields, &errors)).await?;
    Ok(page::refused(&page))
}

async fn rename(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let name = match form.fields.text("name").parse() {
        Ok(name) => name,
        Err(error) => {
            let errors = FieldErrors::one("name", &error);
            return refused(&console, &visitor, (form.fields, errors)).await;
        }
    };
    console
        .app
        .execute(visitor.actor(), EditOwnAccount { name })
        .await?;
    visitor
        .done("/me", Flash::done("Your name is saved."))
        .await
}

/// Another password ends all sessions but this one. The present one is asked for each time: whoever
/// finds a browser open must not keep the account.
async fn change_password(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let typed = |field| Zeroizing::new(form.fields.raw(field).to_owned());
    let mut errors = FieldErrors::default();
    if !form.fields.has("present") {
        errors.add("present", "enter the password you have now");
    } else if !console.proves(&visitor, typed("present")).await? {
        errors.add("present", "that is not your password");
    }
    let password = errors.check("password", NewPassword::parse(typed("password")));
    let Some(password) = password.filter(|_| errors.iter().next().is_none()) else {
        // Nothing of what was typed comes back. The names say what the page asks for first.
        let mut fields = Fields::default();
        for name in ["present", "password"] {
            fields.set(name, "");
        }
        return refused(&console, &visitor, (fields, errors)).await;
    };
    confirm::note(&console, &visitor).await?;
    let command = ChangeOwnPassword { password };
    let epoch = console.app.execute(visitor.actor(), command).await?;
    let change = visitor.visit.change_anew(|kept| {
        if let Standing::SignedIn(sign_in) = &mut kept.standing {
            sign_in.epoch = epoch;
        }
    });
    change.await?;
    let told = Flash::done("Your password is changed. All your other sessions have ended.");
    visitor.done("/me", told).await
}

/// Remembers the theme in a cookie of its own, for a year; it is there before anybody signs in.
async fn choose_theme(State(console): State<Console>, visit: Visit, form: Form) -> Response<Body> {
    let theme = Theme::of(form.fields.text("theme"));
    let secure = if console.app.console_url().is_https() {
        "; Secure"
    } else {
        ""
    };
    let age = if theme.is_chosen() { 31_536_000 } else { 0 };
    let cookie = format!(
        "{THEME_COOKIE}={}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}",
        theme.word()
    );
    let mut response = visit.plain_frame(Here::Account).see("/me");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
