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
    policy::Policy,
    time::{Span, Timestamp},
};

/// How long a secret may be chosen to work, beside what the policy says.
const LIVES: [Span; 3] = [Span::days(90), Span::days(180), Span::days(365)];

/// A secret that works until it is replaced.
pub(super) const NEVER: &str = "never";

#[derive(Template)]
#[template(path = "clients/new/secret.html")]
struct SecretPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    name: String,
    lives: Vec<LifeChoice>,
    /// Whether it may work until it is replaced.
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

/// What can be chosen: what is usual and allowed, and what the policy says, which is recommended.
fn lives(policy: &Policy) -> Vec<Span> {
    let usual = LIVES.into_iter();
    let mut lives: Vec<Span> = usual
        .filter(|life| *life <= policy.longest_secret_lifetime)
        .chain([policy.secret_lifetime])
        .collect();
    lives.sort_unstable();
    lives.dedup();
    lives
}

fn choices(policy: &Policy, now: Timestamp) -> Vec<LifeChoice> {
    let choice = |life: Span| {
        let until = words::date(now.plus(life), now);
        LifeChoice {
            value: words::typed(life),
            label: life.in_full(),
            hint: if life == policy.secret_lifetime {
                format!("Until {until}. Recommended: it is what this server’s settings say.")
            } else {
                format!("Until {until}.")
            },
        }
    };
    lives(policy).into_iter().map(choice).collect()
}

/// What is wrong with how long a secret is to work; nothing if a client can be made with it.
pub(super) fn objection(life: &str, policy: &Policy) -> Option<String> {
    const CHOOSE: &str = "Choose how long the secret works";
    let longest = policy.longest_secret_lifetime;
    match (life, life.parse::<Span>()) {
        (NEVER, _) if policy.endless_secrets => None,
        (NEVER, _) => Some(format!("{CHOOSE}: here, every new secret has an end")),
        (_, Ok(span)) if span <= longest => None,
        (_, Ok(_)) => Some(format!("{CHOOSE}: at most {} here", longest.in_full())),
        (_, Err(_)) => Some(CHOOSE.to_owned()),
    }
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
    let registry = console.app.registry_arc();
    let policy = registry.policy();
    if objection(&plan.life, policy).is_some() {
        plan.life = words::typed(policy.secret_lifetime);
    }
    let sheet = Sheet::of(plan.fields());
    Ok(page::ok(&secret((frame, sheet), &plan, (policy, now))))
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
    let registry = console.app.registry_arc();
    let policy = registry.policy();
    checked(&form, policy, &mut sheet);
    if sheet.is_refused() {
        let frame = frame(&visitor).await?;
        return Ok(page::refused(&secret((frame, sheet), &plan, (policy, now))));
    }
    form.fields.text("life").clone_into(&mut plan.life);
    form.fields.text("reason").clone_into(&mut plan.reason);
    form.fields.text("note").clone_into(&mut plan.note);
    plan.keep(&visitor).await?;
    Ok(visitor.see(STEPS[3].0))
}

fn checked(form: &Form, policy: &Policy, sheet: &mut Sheet) {
    let life = form.fields.text("life");
    if let Some(objection) = objection(life, policy) {
        sheet.complain("life", &objection);
    } else if life == NEVER && !form.fields.has("reason") {
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

fn secret(
    (frame, sheet): (Frame, Sheet),
    plan: &Plan,
    (policy, now): (&Policy, Timestamp),
) -> SecretPage {
    SecretPage {
        frame,
        steps: Steps::at(2, Some(plan), now),
        sheet,
        name: plan.name.clone(),
        lives: choices(policy, now),
        may_last: policy.endless_secrets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(longest: Span, life: Span) -> Policy {
        Policy {
            longest_secret_lifetime: longest,
            secret_lifetime: life,
            endless_secrets: false,
            ..Policy::default()
        }
    }

    #[test]
    fn what_the_policy_says_is_among_the_choices_and_nothing_longer_than_it_allows() {
        let short = policy(Span::days(100), Span::hours(36));

        assert_eq!(lives(&Policy::default()), LIVES);
        assert_eq!(lives(&short), [Span::hours(36), Span::days(90)]);
    }

    #[test]
    fn a_life_that_the_policy_does_not_allow_is_objected_to() {
        let short = policy(Span::days(100), Span::days(90));
        let objects = |life| objection(life, &short).is_some();

        assert!(!objects("90d") && !objects("100d"));
        assert!(objects("180d") && objects(NEVER) && objects(""));
        assert_eq!(objection(NEVER, &Policy::default()), None);
    }
}
