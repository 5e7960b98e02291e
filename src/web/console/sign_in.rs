//! Signing in, with two steps where the operator has a second factor, and out.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderValue, Response, StatusCode},
    routing::{get, post},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Console,
    form::{Fields, Form, Sheet},
    page::{self, Frame, Here},
    trouble::Trouble,
    visit::{Standing, Visit, Visitor},
};
use crate::{
    admin::{
        account::{SignIn, SignInProof},
        refusal::Refusal,
    },
    app::AdminError,
    domain::{
        actor::Actor,
        name::Email,
        operator::Operator,
        time::{Span, Timestamp},
    },
};

/// How long the second step may take.
const SECOND_STEP: Span = Span::minutes(10);

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/sign-in", get(show).post(first))
        .route("/sign-in/second", get(show_second).post(second))
        .route("/sign-in/recovery", get(show_recovery).post(recovery))
        .route("/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "sign_in/first.html")]
struct FirstPage {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Template)]
#[template(path = "sign_in/second.html")]
struct SecondPage {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Template)]
#[template(path = "sign_in/recovery.html")]
struct RecoveryPage {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default, rename = "return")]
    back: String,
}

async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response<Body> {
    let frame = visit.frame(Here::Outside).await;
    if console.app.setup().is_open() {
        return frame.see("/set-up");
    }
    if visit.operator().is_some() {
        return frame.see(local(&asked.back));
    }
    let mut fields = Fields::default();
    fields.set("return", local(&asked.back));
    let sheet = Sheet::of(fields);
    page::ok(&FirstPage { frame, sheet })
}

/// A path below the console's, whatever somebody put into a link.
fn local(back: &str) -> &str {
    let is_local = back.starts_with(['/', '?']) && !back.starts_with("//") && !back.contains('\\');
    if is_local { back } else { "" }
}

/// E-mail and password. Which of them was wrong is not told, nor does the time tell it.
async fn first(
    State(console): State<Console>,
    visit: Visit,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let typed: Option<Email> = form.fields.text("email").parse().ok();
    let registry = console.app.registry_arc();
    let found = typed.as_ref();
    let found = found.and_then(|email| registry.find_operator_by_email(email));
    let found = found.filter(|operator| operator.is_active()).cloned();
    let password = Zeroizing::new(form.fields.raw("password").to_owned());
    let again = async |status, message: &str| {
        let mut fields = form.fields.clone();
        fields.set("password", "");
        let mut sheet = Sheet::of(fields);
        sheet.complain("email", message);
        let frame = visit.frame(Here::Outside).await;
        page::page(status, &FirstPage { frame, sheet })
    };
    match console
        .tries(&visit, typed.as_ref(), found.as_deref(), password)
        .await
    {
        Ok(true) => {}
        Ok(false) => {
            let message = "E-mail or password is not right";
            return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, message).await);
        }
        Err(wait) => {
            let message = format!("Too many tries. Wait {} and try again", wait.in_words());
            return Ok(again(StatusCode::TOO_MANY_REQUESTS, &message).await);
        }
    }
    let Some(operator) = found else {
        return Err(Trouble::failed());
    };
    let back = local(form.fields.text("return")).to_owned();
    if operator.second_factor.is_none() {
        return complete(
            &console,
            &visit,
            (&operator, &back),
            SignInProof::PasswordAlone,
        )
        .await;
    }
    let (since, epoch) = (console.app.now(), operator.epoch);
    let change = visit.change_anew(|kept| {
        kept.standing = Standing::HalfWay {
            operator: operator.id.clone(),
            epoch,
            since,
            back,
        };
    });
    change.await?;
    Ok(visit.plain_frame(Here::Outside).see("/sign-in/second"))
}

async fn show_second(State(console): State<Console>, visit: Visit) -> Response<Body> {
    let frame = visit.frame(Here::Outside).await;
    match console.half_way(&visit) {
        Some(_) => page::ok(&SecondPage {
            frame,
            sheet: Sheet::default(),
        }),
        None => frame.see("/sign-in"),
    }
}

async fn show_recovery(State(console): State<Console>, visit: Visit) -> Response<Body> {
    let frame = visit.frame(Here::Outside).await;
    match console.half_way(&visit) {
        Some(_) => page::ok(&RecoveryPage {
            frame,
            sheet: Sheet::default(),
        }),
        None => frame.see("/sign-in"),
    }
}

async fn second(
    State(console): State<Console>,
    visit: Visit,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let code = form.fields.text("code").to_owned();
    match second_step(&console, &visit, SignInProof::Code(code)).await? {
        Step::Taken(response) => Ok(response),
        Step::Refused(status, sheet) => {
            let frame = visit.frame(Here::Outside).await;
            Ok(page::page(status, &SecondPage { frame, sheet }))
        }
    }
}

async fn recovery(
    State(console): State<Console>,
    visit: Visit,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let code = form.fields.text("code").to_owned();
    match second_step(&console, &visit, SignInProof::RecoveryCode(code)).await? {
        Step::Taken(response) => Ok(response),
        Step::Refused(status, sheet) => {
            let frame = visit.frame(Here::Outside).await;
            Ok(page::page(status, &RecoveryPage { frame, sheet }))
        }
    }
}

/// What became of the second step.
enum Step {
    Taken(Response<Body>),
    Refused(StatusCode, Sheet),
}

async fn second_step(
    console: &Console,
    visit: &Visit,
    proof: SignInProof,
) -> Result<Step, Trouble> {
    let Some((operator, back)) = console.half_way(visit) else {
        let frame = visit.plain_frame(Here::Outside);
        return Ok(Step::Taken(frame.see("/sign-in")));
    };
    let refused = |status, message: &str| {
        let mut sheet = Sheet::default();
        sheet.complain("code", message);
        Ok(Step::Refused(status, sheet))
    };
    let now = console.app.now();
    let slowed = console
        .app
        .throttle()
        .begin(&operator.email, visit.network(), now);
    if let Err(early) = slowed {
        let wait = early.at.since(now).in_words();
        let message = format!("Too many tries. Wait {wait} and try again");
        return refused(StatusCode::TOO_MANY_REQUESTS, &message);
    }
    let command = SignIn {
        operator: operator.id.clone(),
        epoch: operator.epoch,
        proof,
    };
    match console.app.execute(actor(visit, &operator), command).await {
        Ok(()) => Ok(Step::Taken(
            signed_in(console, visit, (&operator, &back)).await?,
        )),
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => {
            let message = errors
                .iter()
                .map(|(_, message)| message)
                .next()
                .unwrap_or_default();
            refused(StatusCode::UNPROCESSABLE_ENTITY, message)
        }
        Err(error) => Err(error.into()),
    }
}

/// The password was all that is needed.
async fn complete(
    console: &Console,
    visit: &Visit,
    (operator, back): (&Operator, &str),
    proof: SignInProof,
) -> Result<Response<Body>, Trouble> {
    let command = SignIn {
        operator: operator.id.clone(),
        epoch: operator.epoch,
        proof,
    };
    console.app.execute(actor(visit, operator), command).await?;
    signed_in(console, visit, (operator, back)).await
}

async fn signed_in(
    console: &Console,
    visit: &Visit,
    (operator, back): (&Operator, &str),
) -> Result<Response<Body>, Trouble> {
    console
        .app
        .throttle()
        .succeed(&operator.email, visit.network());
    visit.begin(operator).await?;
    Ok(visit.plain_frame(Here::Outside).see(back))
}

fn actor(visit: &Visit, operator: &Operator) -> Actor {
    let Operator {
        id, email, role, ..
    } = operator;
    visit.as_actor(Actor::operator(id.clone(), email.clone(), *role))
}

/// Ends the session here and in the browser, which forgets what it kept of this console.
async fn sign_out(visit: Visit) -> Result<Response<Body>, Trouble> {
    visit.end().await?;
    let mut response = visit.plain_frame(Here::Outside).see("/sign-in");
    response.headers_mut().insert(
        "clear-site-data",
        HeaderValue::from_static(r#""cache", "storage""#),
    );
    Ok(response)
}

impl Console {
    /// Whether `password` is the operator's; the same slow answer for an operator there is not.
    ///
    /// # Errors
    /// How long to wait, after too many tries.
    async fn tries(
        &self,
        visit: &Visit,
        typed: Option<&Email>,
        operator: Option<&Operator>,
        password: Zeroizing<String>,
    ) -> Result<bool, Span> {
        let now = self.app.now();
        // What is no address is nobody's: no hash is spent on it.
        let Some(email) = typed else {
            return Ok(false);
        };
        let begun = self.app.throttle().begin(email, visit.network(), now);
        begun.map_err(|early| early.at.since(now))?;
        let verified = self.app.verify_password(operator, password).await;
        verified.map_err(|_| Span(1))
    }

    /// Whether somebody who is signed in proves again that it is them. What strangers try at the
    /// sign-in does not keep them from it.
    pub(super) async fn proves(
        &self,
        visitor: &Visitor,
        password: Zeroizing<String>,
    ) -> Result<bool, Trouble> {
        let (throttle, now) = (self.app.throttle(), self.app.now());
        let begun = throttle.begin_to_confirm(visitor.name(), now);
        begun.map_err(|early| Trouble::too_many(early.at.since(now)))?;
        let operator = Some(&*visitor.operator);
        let verified = self.app.verify_password(operator, password).await;
        let is_right = verified.map_err(|_| Trouble::too_many(Span(1)))?;
        if is_right {
            throttle.confirm(visitor.name());
        }
        Ok(is_right)
    }

    /// Who has shown their password, and where they want to go.
    fn half_way(&self, visit: &Visit) -> Option<(Operator, String)> {
        let Standing::HalfWay {
            operator,
            epoch,
            since,
            back,
        } = visit.standing()
        else {
            return None;
        };
        let is_late = |since: Timestamp| self.app.now().since(since) > SECOND_STEP;
        let registry = self.app.registry();
        let operator = registry.find_operator(operator)?;
        let is_current = operator.is_active() && operator.epoch == *epoch && !is_late(*since);
        is_current.then(|| (Operator::clone(operator), back.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_returns_to_pages_of_the_console_only() {
        for path in ["/clients?q=x", "?a=b", "/"] {
            assert_eq!(local(path), path);
        }
        for elsewhere in [
            "https://evil.test",
            "//evil.test",
            "/\\evil.test",
            "evil",
            "",
        ] {
            assert_eq!(local(elsewhere), "", "{elsewhere}");
        }
    }
}
