//! "Confirm it is you": before something dangerous, once in a while, on a page that keeps the form.

use axum::extract::{FromRequest, FromRequestParts, Request};
use zeroize::Zeroizing;

use super::{
    Console,
    form::{Fields, Form},
    trouble::{Confirm, Trouble},
    visit::{Standing, Visitor},
};

/// A form that is taken only from an operator who proved not long ago that it is them.
pub(super) struct Confirmed {
    /// Who sent it.
    pub(super) visitor: Visitor,
    /// What was filled in.
    pub(super) form: Form,
}

impl Confirmed {
    /// Whether they proved it with this very request: then what they see is the page that asked
    /// them to, and a file to keep would leave it there.
    pub(super) fn is_just_now(&self, console: &Console) -> bool {
        console.app.now().since(self.visitor.confirmed()) > console.rules().confirmed
    }
}

impl FromRequest<Console> for Confirmed {
    type Rejection = Trouble;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Trouble> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        let mut form = Form::from_request(Request::from_parts(parts, body), console).await?;
        let password = Zeroizing::new(form.fields.raw("confirm_password").to_owned());
        form.fields = form.fields.without_confirmation();
        let is_fresh = console.app.now().since(visitor.confirmed()) <= console.rules().confirmed;
        if is_fresh {
            return Ok(Self { visitor, form });
        }
        let ask = |error: &str| {
            Trouble::Confirm(Confirm {
                target: form.target.clone(),
                fields: form.fields.clone(),
                error: error.to_owned(),
            })
        };
        if password.is_empty() {
            return Err(ask(""));
        }
        if !console.proves(&visitor, password).await? {
            return Err(ask("That is not your password"));
        }
        note(console, &visitor).await?;
        Ok(Self { visitor, form })
    }
}

/// From now on the operator is known again to be who they are.
async fn note(console: &Console, visitor: &Visitor) -> Result<(), Trouble> {
    let now = console.app.now();
    let change = visitor.visit.change_anew(|kept| {
        if let Standing::SignedIn(sign_in) = &mut kept.standing {
            sign_in.confirmed = now;
        }
    });
    change.await
}

impl Confirm {
    /// What the form holds, for the page that keeps it.
    pub(super) fn kept(&self) -> Vec<(&str, &str)> {
        Fields::iter(&self.fields).collect()
    }
}
