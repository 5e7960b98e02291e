//! Last page: everything once more, in a sentence; then the client is made.

use std::collections::BTreeMap;

use askama::Template;
use axum::{body::Body, extract::State, http::Response};
use zeroize::Zeroizing;

use super::{
    super::{
        super::{
            Console,
            confirm::Confirmed,
            form::Sheet,
            page::{self, Frame, Here},
            trouble::Trouble,
            visit::Visitor,
            words::{self, list},
        },
        address, reveal,
    },
    Plan, STEPS, Steps, frame, secret,
};
use crate::{
    admin::{
        clients::Registered,
        input::{ClientInput, GrantInput, SecretInput, SpanInput},
        refusal::{FieldErrors, Refusal},
    },
    app::AdminError,
    domain::{audit::Object, permission::Permission, registry::Registry},
};

#[derive(Template)]
#[template(path = "clients/new/check.html")]
struct CheckPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    plan: Plan,
    /// What it may call, API by API.
    access: Vec<Access>,
    /// How long its secret works: `180 days, until 22 May 2027`.
    life: String,
    /// The end of the sentence: `until 22 May 2027`.
    until: String,
    note: String,
}

/// What it may have on one API.
struct Access {
    api: String,
    scopes: Vec<String>,
    /// What that lets it do, in words.
    does: String,
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let Some(plan) = Plan::of(&visitor, console.app.now()) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    Ok(page::ok(&check(&console, (frame, Sheet::default()), plan)))
}

pub(super) async fn create(
    State(console): State<Console>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let Some(plan) = Plan::of(&visitor, console.app.now()) else {
        // Sent twice: the first one made the client, and emptied the draft.
        return Ok(visitor.see(STEPS[0].0));
    };
    let refused = |errors: &FieldErrors, plan: Plan| {
        let frame = visitor.plain_frame(Here::Clients);
        let sheet = Sheet::refused(form.fields.clone(), errors);
        page::refused(&check(&console, (frame, sheet), plan))
    };
    let command = match plan.input().parse() {
        Ok(command) => command,
        Err(errors) => return Ok(refused(&errors, plan)),
    };
    let terms = form.terms_of_new(&console.app);
    let made = console.app.execute_on(visitor.actor(), terms, command);
    match made.await {
        Ok(made) => go_on(&console, &visitor, &made).await,
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => Ok(refused(&errors, plan)),
        Err(AdminError::Replayed(Object::Client(id))) => Ok(visitor.see(&address(&id))),
        Err(error) => Err(error.into()),
    }
}

/// Forgets the plan, and shows the secret.
async fn go_on(
    console: &Console,
    visitor: &Visitor,
    made: &Registered,
) -> Result<Response<Body>, Trouble> {
    let secret = made.secret.id();
    let text = Zeroizing::new(made.secret.reveal().to_owned());
    let place = reveal::window(secret);
    let now = console.app.now();
    console.reveals.open((visitor.name(), &place), text, now);
    visitor.visit.change(|kept| kept.draft = None).await?;
    Ok(visitor.see(&reveal::path(&made.client, secret)))
}

impl Plan {
    fn input(&self) -> ClientInput {
        let mut grants: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (api, scope) in &self.scopes {
            grants.entry(api).or_default().push(scope.clone());
        }
        let is_granted = |scope: &&String| self.scopes.iter().any(|(_, it)| it == *scope);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let life = self.life().map(|_| SpanInput::Text(self.life.clone()));
        ClientInput {
            without_secret: false,
            introspects: Vec::new(),
            name: self.name.clone(),
            client_id: some(&self.client_id),
            description: some(&self.description),
            owner: some(&self.owner),
            default_scopes: self.defaults.iter().filter(is_granted).cloned().collect(),
            grants: grants
                .into_iter()
                .map(|(api, scopes)| GrantInput {
                    api: api.to_owned(),
                    scopes,
                })
                .collect(),
            token_lifetime: None,
            secret: Some(SecretInput {
                value: None,
                expires_in: life,
                note: some(&self.note()),
            }),
        }
    }

    /// Where its secret is kept, and why it does not expire.
    fn note(&self) -> String {
        let reason = if self.life().is_none() {
            self.reason.as_str()
        } else {
            ""
        };
        secret::note(reason, &self.note).map_or_else(|_| self.note.clone(), |note| note.to_string())
    }
}

fn check(console: &Console, (frame, sheet): (Frame, Sheet), plan: Plan) -> CheckPage {
    let now = console.app.now();
    let end = plan.life().map(|life| words::date(now.plus(life), now));
    let days = plan.life.trim_end_matches('d');
    CheckPage {
        frame,
        steps: Steps::at(3, Some(&plan), now),
        sheet,
        access: access(&plan, &console.app.registry()),
        life: match &end {
            Some(end) => format!("{days} days, until {end}"),
            None => "Until it is replaced".to_owned(),
        },
        until: end.map_or_else(
            || "until its secret is replaced".to_owned(),
            |end| format!("until {end}"),
        ),
        note: plan.note(),
        plan,
    }
}

fn access(plan: &Plan, registry: &Registry) -> Vec<Access> {
    let mut by_api: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (api, scope) in &plan.scopes {
        by_api.entry(api).or_default().push(scope);
    }
    by_api
        .into_iter()
        .map(|(id, scopes)| {
            let api = id.parse().ok().and_then(|id| registry.find_api(&id));
            let does = |scope: &&str| {
                let scopes = api.map(|api| api.scopes.iter());
                let about = scopes.and_then(|mut all| all.find(|(it, _)| it.as_str() == *scope));
                about.map_or_else(String::new, |(_, about)| about.description.to_string())
            };
            let does: Vec<String> = scopes
                .iter()
                .map(|scope| match does(scope) {
                    words if words.is_empty() => format!("use {scope}"),
                    words => deed(&words),
                })
                .collect();
            Access {
                api: api.map_or_else(|| id.to_owned(), |api| api.name.to_string()),
                scopes: scopes.into_iter().map(str::to_owned).collect(),
                does: list(&does),
            }
        })
        .collect()
}

/// A description as part of a sentence: `Read orders.` is `read orders`.
fn deed(description: &str) -> String {
    let text = description.trim_end_matches('.');
    let mut letters = text.chars();
    let first = letters.next();
    // Not of an abbreviation: `HR data`.
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
