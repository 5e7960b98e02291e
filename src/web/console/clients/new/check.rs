//! Last page: everything once more, in a sentence; then the client is made.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};
use zeroize::Zeroizing;

use super::{
    super::{
        super::{
            Console,
            confirm::Confirmed,
            form::{Form, Sheet},
            page::{self, Flash, Frame, Here},
            trouble::Trouble,
            visit::Visitor,
            words::{self, list},
        },
        address,
        credentials::Intended,
        find, reveal,
    },
    Plan, STEPS, Steps, frame, secret,
};
use crate::{
    admin::{
        clients::{RegisterClient, RegisterWithoutSecret},
        input::{ClientInput, GrantInput, SecretInput, SpanInput},
        refusal::{FieldErrors, Refusal},
    },
    app::{AdminError, Terms},
    domain::{audit::Object, id::ClientId, permission::Permission, registry::Registry},
};

#[derive(Template)]
#[template(path = "clients/new/check.html")]
struct CheckPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    /// Whether it is another plan than the one that was sent off.
    is_changed: bool,
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
    if secret::objection(&plan.life, console.app.registry().policy()).is_some() {
        return Ok(visitor.see(STEPS[2].0));
    }
    Ok(page::ok(&check(&console, (frame, Sheet::default()), plan)))
}

pub(super) async fn create(
    State(console): State<Console>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    if let Some(object) = form.earlier(&console.app, visitor.actor()).await? {
        return again(&console, (&visitor, &form), object).await;
    }
    let Some(plan) = Plan::of(&visitor, console.app.now()) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let frame = visitor.plain_frame(Here::Clients);
    if form.fields.text("plan") != plan.mark() {
        let mut page = check(&console, (frame, Sheet::default()), plan);
        page.is_changed = true;
        return Ok(page::page(StatusCode::CONFLICT, &page));
    }
    let is_by_link = form.fields.text("how") == "handover";
    let errors = match command(&plan, &console) {
        Err(errors) => errors,
        Ok(command) => {
            let terms = form.terms_of_new(&console.app);
            let made = if is_by_link {
                make_without_secret(&console, &visitor, (terms, command)).await
            } else {
                make(&console, &visitor, (terms, command)).await?
            };
            match made {
                Ok(path) => {
                    let draft = is_by_link.then(|| intended(&path, &plan).as_draft());
                    visitor.visit.change(|kept| kept.draft = draft).await?;
                    return Ok(visitor.see(&path));
                }
                Err(AdminError::Refusal(Refusal::Invalid(errors))) => errors,
                Err(AdminError::Replayed(object)) => {
                    return again(&console, (&visitor, &form), object).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    let sheet = Sheet::refused(form.fields, &errors);
    Ok(page::refused(&check(&console, (frame, sheet), plan)))
}

/// The command, or all that is wrong with the plan; the policy may have changed since it was made.
fn command(plan: &Plan, console: &Console) -> Result<RegisterClient, FieldErrors> {
    match secret::objection(&plan.life, console.app.registry().policy()) {
        Some(objection) => Err(FieldErrors::one("life", &objection)),
        None => plan.input().parse(),
    }
}

/// Makes the client and opens the window on its secret, also if nobody waits for the answer any
/// more: whoever sends the form again is led there. Gives the page to see.
async fn make(
    console: &Console,
    visitor: &Visitor,
    (terms, command): (Terms, RegisterClient),
) -> Result<Result<String, AdminError>, Trouble> {
    let (app, reveals) = (console.app.clone(), Arc::clone(&console.reveals));
    let (actor, visit) = (visitor.actor(), visitor.name().to_owned());
    let work = async move {
        let made = app.execute_on(actor, terms, command).await?;
        let id = made.secret.id();
        let text = Zeroizing::new(made.secret.reveal().to_owned());
        reveals.open((&visit, &reveal::window(id)), text, app.now());
        Ok(reveal::path(&made.client, id))
    };
    let done = console.app.tasks().complete(work).await;
    done.ok_or_else(Trouble::failed)
}

/// Makes the client without a secret. Gives the page on which a developer is offered one by a link.
async fn make_without_secret(
    console: &Console,
    visitor: &Visitor,
    (terms, command): (Terms, RegisterClient),
) -> Result<String, AdminError> {
    let command = RegisterWithoutSecret(command);
    let done = console.app.execute_on(visitor.actor(), terms, command);
    let client = done.await?;
    Ok(hand_over(&client.id))
}

/// What the page asks that makes the link, as far as the plan answers it.
fn intended(path: &str, plan: &Plan) -> Intended {
    Intended {
        path: path.to_owned(),
        life: plan.life(),
        note: plan.note(),
    }
}

/// Where a developer is offered the secret of a client by a link.
fn hand_over(client: &ClientId) -> String {
    format!("{}/credentials/handover", address(client))
}

/// The same form came twice: leads to what the first one made, and forgets the plan if that did not
/// come to it.
async fn again(
    console: &Console,
    (visitor, form): (&Visitor, &Form),
    object: Object,
) -> Result<Response<Body>, Trouble> {
    let Object::Client(id) = object else {
        return Err(Trouble::nowhere());
    };
    let plan = Plan::of(visitor, console.app.now());
    if plan.is_some_and(|plan| plan.mark() == form.fields.text("plan")) {
        visitor.visit.change(|kept| kept.draft = None).await?;
    }
    let client = find(console, id.as_str())?;
    if client.secrets.is_empty() {
        return Ok(visitor.see(&hand_over(&id)));
    }
    if let Some(path) = reveal::still_open(&client, (console, visitor)) {
        return Ok(visitor.see(&path));
    }
    let what = format!(
        "{} was made when this form was sent before. Its secret is not shown again.",
        client.name
    );
    visitor.done(&address(&id), Flash::watch(what)).await
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
            token_binding: None,
            credential: None,
            claims: None,
            legacy_assertion_audience: false,
            token_exchange: false,
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
                    authorization_details_types: Vec::new(),
                })
                .collect(),
            token_lifetime: None,
            secret: Some(SecretInput {
                signs: false,
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
    let life = plan.life();
    let end = life.map(|life| words::date(now.plus(life), now));
    let (life, until) = match (life, end) {
        (Some(life), Some(end)) => (
            format!("{}, until {end}", life.in_full()),
            format!("until {end}"),
        ),
        _ if plan.life == secret::NEVER => (
            "Until it is replaced".to_owned(),
            "until its secret is replaced".to_owned(),
        ),
        _ => (
            "Not chosen yet".to_owned(),
            "for a time that is not chosen yet".to_owned(),
        ),
    };
    CheckPage {
        frame,
        steps: Steps::at(3, Some(&plan), now),
        sheet,
        is_changed: false,
        access: access(&plan, &console.app.registry()),
        life,
        until,
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
