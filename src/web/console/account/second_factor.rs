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
        refusal::Refusal,
    },
    app::AdminError,
    crypto::totp::TotpSecret,
    domain::operator::RecoveryCodes,
    web::console::{
        Console,
        confirm::Confirmed,
        form::{Form, Sheet},
        page::{self, Flash, Frame, Here},
        qr::Qr,
        trouble::Trouble,
        visit::Visitor,
        words::Moment,
    },
};

/// Where the app's secret waits until a code proves that the app has it.
const PENDING: &str = "second-factor";

/// Where recovery codes stay readable.
const CODES: &str = "recovery-codes";

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
    SecondFactorPage {
        frame: visitor.frame(Here::Account).await,
        sheet,
        qr: Qr::of(&uri, "QR code for your authenticator app"),
        typed,
        is_required: visitor.operator.lacks_second_factor(),
        replaces: visitor.operator.second_factor.is_some(),
    }
}

/// The secret that this visit is setting up; a new one unless one is waiting.
fn pending(console: &Console, visitor: &Visitor) -> TotpSecret {
    let now = console.app.now();
    let waiting = console.reveals.look((visitor.name(), PENDING), now);
    let waiting = waiting.and_then(|waiting| TotpSecret::try_from(waiting.text.to_string()).ok());
    waiting.unwrap_or_else(|| {
        let secret = TotpSecret::generate(console.app.entropy());
        let text = secret.to_base32();
        console.reveals.open((visitor.name(), PENDING), text, now);
        secret
    })
}

async fn enrol(
    State(console): State<Console>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let command = EnrolSecondFactor {
        secret: pending(&console, &visitor),
        code: form.fields.text("code").to_owned(),
    };
    match console.app.execute(visitor.actor(), command).await {
        Ok(codes) => {
            console.reveals.close((visitor.name(), PENDING));
            Ok(reveal_codes(&console, &visitor, &codes))
        }
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => {
            let sheet = Sheet::refused(form.fields, &errors);
            Ok(page::refused(
                &second_factor_page(&console, &visitor, sheet).await,
            ))
        }
        Err(error) => Err(error.into()),
    }
}

fn reveal_codes(console: &Console, visitor: &Visitor, codes: &RecoveryCodes) -> Response<Body> {
    let mut text = Zeroizing::new(String::with_capacity(10 * 30));
    for code in codes.reveal() {
        text.push_str(code);
        text.push('\n');
    }
    let now = console.app.now();
    console.reveals.open((visitor.name(), CODES), text, now);
    visitor.see("/me/recovery-codes")
}

async fn show_codes(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    page::ok(&codes_page(&console, &visitor, Sheet::default()).await)
}

async fn codes_page(console: &Console, visitor: &Visitor, sheet: Sheet) -> CodesPage {
    let now = console.app.now();
    let open = console.reveals.look((visitor.name(), CODES), now);
    CodesPage {
        frame: visitor.frame(Here::Account).await,
        sheet,
        until: open.as_ref().map(|open| Moment::of(open.until, now)),
        codes: open.map(|open| open.text),
    }
}

async fn renew_codes(
    State(console): State<Console>,
    Confirmed { visitor, .. }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let codes = console
        .app
        .execute(visitor.actor(), RenewRecoveryCodes)
        .await?;
    Ok(reveal_codes(&console, &visitor, &codes))
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
    Confirmed { visitor, .. }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let command = RemoveSecondFactor {
        operator: visitor.operator.id.clone(),
    };
    console.app.execute(visitor.actor(), command).await?;
    let told = Flash::watch("Your second factor is gone. Your password alone lets you in.");
    visitor.done("/me", told).await
}
