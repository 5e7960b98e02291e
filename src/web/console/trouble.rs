//! What went wrong, as a page: what happened, what to do, and the request's id.

use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};

use super::{
    form::Fields,
    page::{Frame, page},
    words::{absolute, capital, list},
};
use crate::{
    admin::refusal::Refusal,
    app::AdminError,
    domain::{
        audit::Object,
        permission::{Permission, Role},
        time::{Span, Timestamp},
    },
    web::layers,
};

/// Why a page is not the one that was asked for.
#[derive(Clone)]
pub(super) enum Trouble {
    /// Nobody is signed in: go and sign in, then come back here.
    SignIn {
        /// The path to come back to.
        back: String,
    },
    /// The operator's role takes a second factor, and they have none yet.
    Enrol,
    /// The operator did not prove for a while that it is them.
    Confirm(Confirm),
    /// A page that tells it.
    Told(Told),
}

/// A form that waits until the operator has confirmed that it is them.
#[derive(Clone)]
pub(super) struct Confirm {
    /// Where it goes.
    pub(super) target: String,
    /// What was filled in.
    pub(super) fields: Fields,
    /// Why it waits, and what is to be done.
    pub(super) why: &'static str,
    /// What is wrong with the last confirmation; nothing at first.
    pub(super) error: String,
}

/// What a page of trouble says.
#[derive(Clone)]
pub(super) struct Told {
    status: StatusCode,
    /// What happened.
    title: &'static str,
    /// More of it.
    what: String,
    /// What to do.
    advice: String,
    retry_after: Option<Span>,
}

impl Trouble {
    fn told(
        status: StatusCode,
        title: &'static str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::Told(Told {
            status,
            title,
            what: what.into(),
            advice: advice.into(),
            retry_after: None,
        })
    }

    /// No page has this address.
    pub(super) fn nowhere() -> Self {
        Self::told(
            StatusCode::NOT_FOUND,
            "There is no page here",
            "The address may be misspelt, or what it named is gone.",
            "Go back, or start from the dashboard.",
        )
    }

    /// Something that the address names is not there.
    pub(super) fn missing(what: &str, name: &str) -> Self {
        Self::told(
            StatusCode::NOT_FOUND,
            "It is not here",
            format!("There is no {what} “{name}”. It may have been removed."),
            "The audit log says who removed what, and when.",
        )
    }

    /// A one-time link that opens nothing any more.
    pub(super) fn dead_link() -> Self {
        Self::told(
            StatusCode::NOT_FOUND,
            "This link does not work any more",
            "It has been used, replaced or withdrawn, or its time is over. Or it was not copied whole.",
            "Ask whoever gave it to you for another one.",
        )
    }

    /// A one-time link to a secret that gives nothing, for a reason that its holder may know.
    pub(super) fn spent_link(what: impl Into<String>, advice: impl Into<String>) -> Self {
        let title = "This link gives no secret";
        Self::told(StatusCode::GONE, title, what, advice)
    }

    /// The operator's role does not allow it.
    pub(super) fn forbidden(permission: Permission) -> Self {
        let roles: Vec<String> = Role::ALL
            .into_iter()
            .filter(|role| role.permissions().allow(permission))
            .map(|role| format!("{role}s"))
            .collect();
        Self::told(
            StatusCode::FORBIDDEN,
            "Your role does not include this",
            format!(
                "It is for those who may {}.",
                uncapital(permission.meaning())
            ),
            format!(
                "Ask one of the {}. The page “Operators” lists them.",
                list(&roles)
            ),
        )
    }

    /// The state of things does not allow it.
    pub(super) fn conflict(what: impl Into<String>) -> Self {
        Self::told(
            StatusCode::CONFLICT,
            "This can’t be done now",
            what,
            "Nothing was changed.",
        )
    }

    /// Somebody else changed it first.
    pub(super) fn stale() -> Self {
        Self::told(
            StatusCode::CONFLICT,
            "Somebody changed this in the meantime",
            "What you saw is no longer how it is, so your change was not saved.",
            "Go back, reload the page, and look at it again.",
        )
    }

    /// A form came from another site.
    pub(super) fn cross_site() -> Self {
        Self::told(
            StatusCode::FORBIDDEN,
            "This form did not come from this console",
            "A change is only taken from a page of this console itself, and your browser did not say \
             that it was one.",
            "Open the page here and try again. A proxy in front must pass on the headers Host and Origin.",
        )
    }

    /// A form is larger than any of ours.
    pub(super) fn too_large() -> Self {
        Self::told(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That is too much text",
            "A form has at most 64 KiB.",
            "Go back and shorten it.",
        )
    }

    /// What was sent is no form.
    pub(super) fn malformed() -> Self {
        Self::told(
            StatusCode::BAD_REQUEST,
            "This could not be read",
            "What was sent is not a form of this console.",
            "Go back, reload the page, and try again.",
        )
    }

    /// Too often in too short a time.
    pub(super) fn too_many(wait: Span) -> Self {
        let mut trouble = Told {
            status: StatusCode::TOO_MANY_REQUESTS,
            title: "Too many tries",
            what: "This was tried too often in a short time.".to_owned(),
            advice: format!("Wait {} and try again.", wait.in_words()),
            retry_after: None,
        };
        trouble.retry_after = Some(wait);
        Self::Told(trouble)
    }

    /// Something is wrong with what was filled in, on a form that has no fields to mark.
    pub(super) fn unacceptable(what: impl Into<String>) -> Self {
        Self::told(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This can’t be saved as it is",
            what,
            "Nothing was changed. Go back and correct it.",
        )
    }

    /// The store does not answer.
    pub(super) fn unavailable() -> Self {
        Self::told(
            StatusCode::SERVICE_UNAVAILABLE,
            "The data can’t be read or changed right now",
            "The disk or the data file does not answer. Tokens are still issued from memory. Whether \
             your last change was saved is not known: look before you repeat it.",
            "Look at the server’s log, make room on the disk, then reload this page.",
        )
    }

    /// A request was refused before any page saw it.
    pub(super) fn refused(refusal: layers::Refusal) -> Self {
        use layers::Refusal;
        match refusal {
            Refusal::BodyTooLarge => Self::too_large(),
            Refusal::TimedOut | Refusal::TooMuch => Self::unavailable(),
            Refusal::Panicked => Self::failed(),
            Refusal::Malformed
            | Refusal::VersionNotSupported
            | Refusal::MethodNotImplemented
            | Refusal::EncodingNotImplemented
            | Refusal::TargetTooLong
            | Refusal::HeadersTooLarge
            | Refusal::BodyTimedOut
            | Refusal::BodyBroken => Self::malformed(),
        }
    }

    /// The fault is ours.
    pub(super) fn failed() -> Self {
        Self::told(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server failed to make this page",
            "The fault is the server’s, not yours. What happened stands in its log.",
            "Try again. If it happens again, report it with the id below.",
        )
    }

    /// The page, in the frame of whoever asked.
    pub(super) fn render(self, frame: Frame) -> Response<Body> {
        match self {
            Self::SignIn { back } => sign_in(&frame, &back),
            Self::Enrol => frame.see("/me/second-factor"),
            Self::Confirm(confirm) => {
                let status = StatusCode::FORBIDDEN;
                page(status, &ConfirmPage { frame, confirm })
            }
            Self::Told(told) => {
                let (status, retry_after) = (told.status, told.retry_after);
                let mut response = page(status, &TroublePage { frame, told });
                if let Some(wait) = retry_after {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds()));
                }
                response
            }
        }
    }
}

fn sign_in(frame: &Frame, back: &str) -> Response<Body> {
    let back = percent_encoding::utf8_percent_encode(back, percent_encoding::NON_ALPHANUMERIC);
    frame.see(&format!("/sign-in?return={back}"))
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    told: Told,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    confirm: Confirm,
}

/// Written down by whoever knows the frame.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<AdminError> for Trouble {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Refusal(refusal) => refusal.into(),
            AdminError::Replayed(_) => Self::conflict("This was done already."),
            AdminError::KeyReused => Self::conflict(
                "This page was used for another change already. Reload it and fill it in again.",
            ),
            AdminError::Unavailable(cause) => {
                tracing::error!(error = %cause, "the console could not reach the store: {cause}");
                Self::unavailable()
            }
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Forbidden(permission) => Self::forbidden(permission),
            Refusal::Stale(_) => Self::stale(),
            Refusal::NotFound(object) => {
                let (kind, name) = named(&object);
                Self::missing(kind, &name)
            }
            Refusal::Conflict(what) => Self::conflict(sentence(&what)),
            Refusal::Invalid(errors) => {
                let all: Vec<String> = errors.iter().map(|(_, what)| sentence(what)).collect();
                Self::unacceptable(all.join(" "))
            }
        }
    }
}

fn named(object: &Object) -> (&'static str, String) {
    match object {
        Object::Server => ("server", String::new()),
        Object::Client(id) => ("client", id.to_string()),
        Object::Api(id) => ("API", id.to_string()),
        Object::Key(id) => ("signing key", id.to_string()),
        Object::Operator(id) => ("operator", id.to_string()),
        Object::RegistrationToken(id) => ("registration token", id.to_string()),
        Object::Settings => ("settings", String::new()),
    }
}

/// A word; one that is a moment as people read it: `25 Nov 2026, 19:00 UTC`.
fn moment(word: &str) -> String {
    let bare = word.trim_end_matches([',', ';', '.']);
    match bare.parse::<Timestamp>() {
        Ok(at) => format!("{}{}", absolute(at, Timestamp(0)), &word[bare.len()..]),
        Err(_) => word.to_owned(),
    }
}

/// As part of a sentence: `Read the audit log` is `read the audit log`.
fn uncapital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_lowercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// With a capital at its beginning, a stop at its end, and moments as people read them.
fn sentence(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(moment).collect();
    let text = capital(&words.join(" "));
    if text.ends_with(['.', '!', '?']) {
        text
    } else {
        format!("{text}.")
    }
}
