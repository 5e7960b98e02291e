//! Whether tokens are issued at all: halted in one step, resumed in another.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use crate::{
    admin::{
        halts::{HaltIssuance, ResumeIssuance},
        input::HaltInput,
    },
    domain::{halt::Halt, permission::Permission, time::Timestamp},
    web::console::{
        Console,
        act::carry_out,
        apis,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, actor},
    },
};

const PATH: &str = "/settings/issuance";

/// A halt as pages show it.
pub(in crate::web::console) struct HaltRow {
    /// What is halted; nothing is everything.
    pub(in crate::web::console) name: String,
    /// Where it is resumed, below the console's path.
    pub(in crate::web::console) path: String,
    /// Since when.
    pub(in crate::web::console) since: Moment,
    /// Why.
    pub(in crate::web::console) reason: String,
    /// By whom.
    pub(in crate::web::console) by: String,
}

impl HaltRow {
    /// That of a halt of what is called so, and looked after there.
    pub(in crate::web::console) fn of(
        halt: &Halt,
        (name, path): (&str, String),
        now: Timestamp,
    ) -> Self {
        Self {
            name: name.to_owned(),
            path,
            since: Moment::of(halt.since, now),
            reason: halt.reason.to_string(),
            by: actor(&halt.by),
        }
    }
}

#[derive(Template)]
#[template(path = "settings/issuance.html")]
struct IssuancePage {
    frame: Frame,
    tab: &'static str,
    sheet: Sheet,
    halt: Option<HaltRow>,
    /// The APIs that are halted by themselves.
    apis: Vec<HaltRow>,
}

impl IssuancePage {
    fn of(console: &Console, frame: Frame, sheet: Sheet) -> Self {
        let (registry, now) = (console.app.registry(), console.app.now());
        let halt = registry.policy().halt.as_ref();
        let apis = registry.apis().filter_map(|api| {
            let path = format!("{}/settings", apis::address(&api.identifier));
            let halt = api.rules.halt.as_ref()?;
            Some(HaltRow::of(halt, (api.name.as_str(), path), now))
        });
        Self {
            frame,
            tab: "issuance",
            sheet,
            halt: halt.map(|halt| HaltRow::of(halt, ("", PATH.to_owned()), now)),
            apis: apis.collect(),
        }
    }
}

pub(super) async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let frame = visitor.frame(Here::Settings).await;
    let sheet = Sheet::of(Fields::default());
    page::ok(&IssuancePage::of(&console, frame, sheet))
}

pub(super) async fn halt(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let input = HaltInput {
        reason: form.fields.text("reason").to_owned(),
    };
    let reason = match input.parse() {
        Ok(reason) => reason,
        Err(errors) => {
            let sheet = Sheet::refused(form.fields, &errors);
            let frame = visitor.plain_frame(Here::Settings);
            return Ok(page::refused(&IssuancePage::of(&console, frame, sheet)));
        }
    };
    // Whatever else was changed meanwhile, this is meant.
    let terms = form.terms_of_new(&console.app);
    carry_out((&console, &visitor), terms, HaltIssuance { reason }).await?;
    let flash = Flash::watch("Issuance is halted. Nobody gets a token until it is resumed.");
    visitor.done(PATH, flash).await
}

pub(super) async fn resume(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let terms = form.terms_of_new(&console.app);
    carry_out((&console, &visitor), terms, ResumeIssuance).await?;
    visitor
        .done(PATH, Flash::done("Tokens are issued again."))
        .await
}
