//! The second factor: setting up an authenticator app, and recovery codes for when it is lost.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};
use zeroize::Zeroizing;

use crate::{
    admin::{
        account::{EnrolSecondFactor, RemoveSecondFactor, RenewRecoveryCodes},
        refusal::{FieldErrors, Refusal},
    },
    app::{AdminError, App},
    crypto::totp::TotpSecret,
    domain::operator::{RecoveryCodes, recovery_digest},
    web::console::{
        Console,
        act::Window,
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        qr::Qr,
        reveal::Revealed,
        trouble::Trouble,
        visit::Visitor,
        words::Moment,
    },
};

/// Where the app's secret waits until a code proves that the app has it.
const PENDING: &str = "second-factor";

/// Where recovery codes stay readable.
const CODES: &str = "recovery-codes";

/// The page that shows them.
const CODES_PAGE: &str = "/me/recovery-codes";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/me/second-factor", get(show).post(enrol))
        .route("/me/second-factor/remove", post(remove))
        .route("/me/recovery-codes", get(show_codes).post(renew_codes))
        .route("/me/recovery-codes/stored", post(stored))
}

#[derive(Template)]
#[template(path = "account/second_factor.html")]
struct SecondFactorPage {
    frame: Frame,
    sheet: Sheet,
    qr: Option<Qr>,
    /// For typing, in groups of four.
    typed: Zeroizing<String>,
    is_required: bool,
    /// Whether it is the last step of the set-up: nobody else looks after this server yet.
    is_set_up: bool,
    replaces: bool,
}

#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
struct CodesPage {
    frame: Frame,
    sheet: Sheet,
    /// One a line; none once the window is closed.
    codes: Option<Zeroizing<String>>,
    until: Option<Moment>,
}

async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    page::ok(&second_factor_page(&console, &visitor, Sheet::default()).await)
}

async fn second_factor_page(
    console: &Console,
    visitor: &Visitor,
    sheet: Sheet,
) -> SecondFactorPage {
    let secret = pending(console, visitor);
    let name = console.app.registry().policy().server_name.clone();
    let server = format!("{name} {}", console.app.issuer().host());
    let uri = secret.uri(&server, visitor.operator.email.as_str());
    let base32 = secret.to_base32();
    let mut typed = Zeroizing::new(String::with_capacity(40));
    for (at, letter) in base32.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            typed.push(' ');
        }
        typed.push(letter);
    }
    let is_required = visitor.operator.lacks_second_factor();
    let is_alone = console.app.registry().operators().count() == 1;
    SecondFactorPage {
        frame: visitor.frame(Here::Account).await,
        sheet,
        qr: Qr::of(&uri, "QR code for your authenticator app"),
        typed,
        is_required,
        is_set_up: is_required && is_alone,
        replaces: visitor.operator.second_factor.is_some(),
    }
}

/// The secret that this visit is setting up, if one is waiting.
fn waiting(console: &Console, visitor: &Visitor) -> Option<TotpSecret> {
    let waiting = console
        .reveals
        .look((visitor.name(), PENDING), console.app.now())?;
    TotpSecret::try_from(waiting.text.to_string()).ok()
}

/// The same; a new one if none is.
fn pending(console: &Console, visitor: &Visitor) -> TotpSecret {
    waiting(console, visitor).unwrap_or_else(|| {
        let now = console.app.now();
        let secret = TotpSecret::generate(console.app.entropy());
        let text = secret.to_base32();
        console.reveals.open((visitor.name(), PENDING), text, now);
        secret
    })
}

async fn enrol(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    if was_sent_before(&console, &visitor, &form).await? {
        return Ok(visitor.see(CODES_PAGE));
    }
    let Confirmed { visitor, form } = if visitor.operator.second_factor.is_some() {
        Confirmed::anew(&console, visitor, form).await?
    } else {
        Confirmed::by(&console, visitor, form).await?
    };
    let Some(secret) = waiting(&console, &visitor) else {
        let message = "That key was shown too long ago; set this one up in its place";
        let errors = FieldErrors::one("code", &message);
        return Ok(enrol_again(&console, &visitor, &errors).await);
    };
    let command = EnrolSecondFactor {
        secret,
        code: form.fields.text("code").to_owned(),
    };
    let order = (form.terms_of_new(&console.app), command);
    let visit = (visitor.name(), visitor.actor());
    let done = console.execute_showing(visit, order, window_on);
    match done.await {
        Ok(_) => {
            let response = visitor.see(CODES_PAGE);
            console.reveals.close((visitor.name(), PENDING));
            Ok(response)
        }
        Err(AdminError::Replayed(_)) => Ok(visitor.see(CODES_PAGE)),
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => {
            Ok(enrol_again(&console, &visitor, &errors).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn enrol_again(console: &Console, visitor: &Visitor, errors: &FieldErrors) -> Response<Body> {
    let sheet = Sheet::refused(Fields::default(), errors);
    page::refused(&second_factor_page(console, visitor, sheet).await)
}

/// Whether this form was carried out already: sent twice, it leads to the same page.
async fn was_sent_before(
    console: &Console,
    visitor: &Visitor,
    form: &Form,
) -> Result<bool, Trouble> {
    let earlier = form.earlier(&console.app, visitor.actor()).await?;
    Ok(earlier.is_some())
}

/// Codes that were just made, as what their window shows.
fn window_on(_: &App, codes: &RecoveryCodes) -> Window {
    let mut text = Zeroizing::new(String::with_capacity(10 * 30));
    for code in codes.reveal() {
        text.push_str(code);
        text.push('\n');
    }
    (CODES.to_owned(), text)
}

async fn show_codes(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    page::ok(&codes_page(&console, &visitor, Sheet::default()).await)
}

/// The codes that this visit made, while they are the present ones.
fn present_codes(console: &Console, visitor: &Visitor) -> Option<Revealed> {
    let place = (visitor.name(), CODES);
    let open = console.reveals.look(place, console.app.now())?;
    let (registry, operator) = (console.app.registry(), &visitor.operator);
    let tag = |code: &str| recovery_digest(code, &operator.id, registry.pepper());
    let shown: Vec<_> = open.text.lines().map(tag).collect();
    let present = &operator.recovery_codes;
    let are_present = !present.is_empty() && present.iter().all(|code| shown.contains(code));
    are_present.then_some(open)
}

async fn codes_page(console: &Console, visitor: &Visitor, sheet: Sheet) -> CodesPage {
    let now = console.app.now();
    let open = present_codes(console, visitor);
    CodesPage {
        frame: visitor.frame(Here::Account).await,
        sheet,
        until: open.as_ref().map(|open| Moment::of(open.until, now)),
        codes: open.map(|open| open.text),
    }
}

async fn renew_codes(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    if was_sent_before(&console, &visitor, &form).await? {
        return Ok(visitor.see(CODES_PAGE));
    }
    let Confirmed { visitor, form } = Confirmed::anew(&console, visitor, form).await?;
    let order = (form.terms_of_new(&console.app), RenewRecoveryCodes);
    let visit = (visitor.name(), visitor.actor());
    match console.execute_showing(visit, order, window_on).await {
        Ok(_) | Err(AdminError::Replayed(_)) => Ok(visitor.see(CODES_PAGE)),
        Err(error) => Err(error.into()),
    }
}

async fn stored(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    if !form.fields.has("stored") {
        let mut sheet = Sheet::default();
        sheet.complain("stored", "Tick the box once the codes are stored");
        return Ok(page::refused(&codes_page(&console, &visitor, sheet).await));
    }
    console.reveals.close((visitor.name(), CODES));
    let told = Flash::done("Your second factor is set up, and your recovery codes are stored.");
    visitor.done("", told).await
}

async fn remove(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    if was_sent_before(&console, &visitor, &form).await? {
        return Ok(visitor.see("/me"));
    }
    let Confirmed { visitor, form } = Confirmed::anew(&console, visitor, form).await?;
    let command = RemoveSecondFactor {
        operator: visitor.operator.id.clone(),
    };
    let terms = form.terms_of_new(&console.app);
    let done = console.app.execute_on(visitor.actor(), terms, command);
    match done.await {
        Ok(()) => {}
        Err(AdminError::Replayed(_)) => return Ok(visitor.see("/me")),
        Err(error) => return Err(error.into()),
    }
    let told = Flash::watch("Your second factor is gone. Your password alone lets you in.");
    visitor.done("/me", told).await
}
