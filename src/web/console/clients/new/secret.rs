//! Third page: how it proves who it is, and for how long.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::{
    super::super::{
        Console,
        form::{Form, Sheet},
        page::{self, Frame},
        trouble::Trouble,
        visit::Visitor,
        words,
    },
    Plan, STEPS, Steps, frame,
};
use crate::domain::{
    name::Note,
    permission::Permission,
    time::{Span, Timestamp},
};

/// How long a secret may be chosen to work, in days.
const LIVES: [u64; 3] = [90, 180, 365];

/// The one that is chosen for whoever does not choose.
const SUGGESTED: u64 = 180;

#[derive(Template)]
#[template(path = "clients/new/secret.html")]
struct SecretPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    name: String,
    lives: Vec<LifeChoice>,
    may_last: bool,
}

/// A length of time to choose.
struct LifeChoice {
    /// `180d`
    value: String,
    /// `180 days`
    label: String,
    hint: String,
}

fn lives(now: Timestamp) -> Vec<LifeChoice> {
    LIVES
        .into_iter()
        .map(|days| {
            let until = words::date(now.plus(Span::days(days)), now);
            LifeChoice {
                value: format!("{days}d"),
                label: format!("{days} days"),
                hint: match days {
                    SUGGESTED => format!("Until {until}. Recommended: twice a year is often enough to stay in practice."),
                    _ => format!("Until {until}."),
                },
            }
        })
        .collect()
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let now = console.app.now();
    let Some(mut plan) = Plan::of(&visitor, now) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    if plan.life.is_empty() {
        plan.life = format!("{SUGGESTED}d");
    }
    let sheet = Sheet::of(plan.fields());
    Ok(page::ok(&secret((frame, sheet), &plan, now)))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let now = console.app.now();
    let Some(mut plan) = Plan::of(&visitor, now) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let mut sheet = Sheet::of(form.fields.clone());
    checked(&form, &mut sheet);
    if sheet.is_refused() {
        let frame = frame(&visitor).await?;
        return Ok(page::refused(&secret((frame, sheet), &plan, now)));
    }
    form.fields.text("life").clone_into(&mut plan.life);
    form.fields.text("reason").clone_into(&mut plan.reason);
    form.fields.text("note").clone_into(&mut plan.note);
    plan.keep(&visitor).await?;
    Ok(visitor.see(STEPS[3].0))
}

fn checked(form: &Form, sheet: &mut Sheet) {
    let life = form.fields.text("life");
    let is_known = LIVES.iter().any(|days| life == format!("{days}d"));
    if life != "never" && !is_known {
        sheet.complain("life", "Choose how long the secret works");
    }
    if life == "never" && !form.fields.has("reason") {
        sheet.complain("reason", "Say why this secret is not to expire");
    }
    if let Err(error) = note(form.fields.text("reason"), form.fields.text("note")) {
        sheet.complain("note", &error);
    }
}

/// Where the secret is kept, and why it does not expire.
pub(super) fn note(reason: &str, kept: &str) -> Result<Note, String> {
    let note = match (reason.is_empty(), kept.is_empty()) {
        (true, _) => kept.to_owned(),
        (false, true) => format!("Does not expire: {reason}"),
        (false, false) => format!("{kept}. Does not expire: {reason}"),
    };
    note.parse().map_err(|error| format!("{error}"))
}

fn secret((frame, sheet): (Frame, Sheet), plan: &Plan, now: Timestamp) -> SecretPage {
    SecretPage {
        frame,
        steps: Steps::at(2, Some(plan), now),
        sheet,
        name: plan.name.clone(),
        lives: lives(now),
        may_last: true,
    }
}
