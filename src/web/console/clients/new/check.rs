//! Last page: everything once more, in a sentence; then the client is made.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    body::Body,
    extract::State,
    http::{Response, StatusCode},
};

use super::{
    super::{
        super::{
            Console,
            confirm::Confirmed,
            form::{Form, Sheet},
            page::{self, Flash, Frame, Here},
            trouble::Trouble,
            visit::Visitor,
        },
        address,
        credentials::Intended,
        find, reveal,
    },
    Plan, STEPS, Steps,
    beginning::Beginning,
    frame, secret,
    summary::{Access, ProofLine, access, proof},
};
use crate::{
    admin::{
        clients::{RegisterClient, RegisterWithoutSecret, Registered},
        command::Command,
        input::{ClientInput, GrantInput, Registration, SecretInput, SpanInput},
        refusal::{FieldErrors, Refusal},
    },
    app::{AdminError, App, Terms},
    domain::{audit::Object, client::Client, id::ClientId, permission::Permission},
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
    proof: ProofLine,
    /// The end of the sentence: `until 22 May 2027`.
    until: String,
    note: String,
}

impl CheckPage {
    /// Whether it begins with a secret.
    fn is_secret(&self) -> bool {
        matches!(self.proof, ProofLine::Secret(_))
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let Some(plan) = Plan::of(&visitor, console.app.now()) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let Ok(beginning) = plan.beginning(&console.app) else {
        return Ok(visitor.see(plan.page()));
    };
    let form = (frame, Sheet::default());
    Ok(page::ok(&check(&console, form, (plan, Some(&beginning)))))
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
    if form.fields.text("plan") != plan.mark() {
        let frame = visitor.plain_frame(Here::Clients);
        let beginning = plan.beginning(&console.app).ok();
        let form = (frame, Sheet::default());
        let mut page = check(&console, form, (plan, beginning.as_ref()));
        page.is_changed = true;
        return Ok(page::page(StatusCode::CONFLICT, &page));
    }
    let made = match command(&plan, &console) {
        Ok(command) => make(&console, &visitor, (&form, command)).await?,
        Err(errors) => Err(AdminError::Refusal(Refusal::Invalid(errors))),
    };
    match made {
        Ok(made) => made.led_to(&visitor, &plan).await,
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => {
            let frame = visitor.plain_frame(Here::Clients);
            let beginning = plan.beginning(&console.app).ok();
            let sheet = Sheet::refused(form.fields, &errors);
            let page = check(&console, (frame, sheet), (plan, beginning.as_ref()));
            Ok(page::refused(&page))
        }
        Err(AdminError::Replayed(object)) => again(&console, (&visitor, &form), object).await,
        Err(error) => Err(error.into()),
    }
}

/// The command, or all that is wrong with the plan; the policy may have changed since it was made.
fn command(plan: &Plan, console: &Console) -> Result<Registration, FieldErrors> {
    if let Err(errors) = plan.beginning(&console.app) {
        let messages = errors.iter().map(|(_, message)| message);
        let messages = messages.collect::<Vec<_>>().join("; ");
        return Err(FieldErrors::one("proof", &messages));
    }
    plan.input(&console.app)?.read()
}

/// A client that was just made, and what is next.
enum Made {
    /// The page that shows its secret.
    WithSecret(String),
    /// The page on which a developer is offered a secret by a link.
    Without(String),
    /// It has what it needs: its own page.
    WithCredential(String),
}

/// Makes the client as the form says.
async fn make(
    console: &Console,
    visitor: &Visitor,
    (form, command): (&Form, Registration),
) -> Result<Result<Made, AdminError>, Trouble> {
    let terms = form.terms_of_new(&console.app);
    let is_by_link = form.fields.text("how") == "handover";
    match command {
        Registration::Secret(command) if is_by_link => {
            let command = RegisterWithoutSecret(command);
            let made = make_at_once(console, visitor, (terms, command)).await;
            Ok(made.map(|client| Made::Without(hand_over(&client.id))))
        }
        Registration::Secret(command) => {
            Ok(make_with_secret(console, visitor, (terms, command)).await)
        }
        Registration::Nothing(_) => Err(Trouble::malformed()),
        Registration::Credential(command) => {
            let made = make_at_once(console, visitor, (terms, command)).await;
            Ok(made.map(|client| Made::WithCredential(address(&client.id))))
        }
    }
}

/// Makes the client and opens the window on its secret.
async fn make_with_secret(
    console: &Console,
    visitor: &Visitor,
    order: (Terms, RegisterClient),
) -> Result<Made, AdminError> {
    let visit = (visitor.name(), visitor.actor());
    let shown = |_: &App, made: &Registered| reveal::window_on(&made.secret);
    let made = console.execute_showing(visit, order, shown).await?;
    let path = reveal::path(&made.client, made.secret.id());
    Ok(Made::WithSecret(path))
}

/// Makes a client of which nothing has to be shown.
async fn make_at_once<C: Command<Outcome = Arc<Client>>>(
    console: &Console,
    visitor: &Visitor,
    (terms, command): (Terms, C),
) -> Result<Arc<Client>, AdminError> {
    let app = &console.app;
    app.execute_on(visitor.actor(), terms, command).await
}

impl Made {
    /// Forgets the plan, and leads to what is next.
    async fn led_to(self, visitor: &Visitor, plan: &Plan) -> Result<Response<Body>, Trouble> {
        let draft = match &self {
            Self::Without(path) => Some(intended(path, plan).as_draft()),
            Self::WithSecret(_) | Self::WithCredential(_) => None,
        };
        visitor.visit.change(|kept| kept.draft = draft).await?;
        match self {
            Self::WithSecret(path) | Self::Without(path) => Ok(visitor.see(&path)),
            Self::WithCredential(path) => {
                let what = format!("{} is registered. Nothing of it is secret here.", plan.name);
                visitor.done(&path, Flash::done(what)).await
            }
        }
    }
}

/// What the page asks that makes the link, as far as the plan answers it.
fn intended(path: &str, plan: &Plan) -> Intended {
    Intended {
        path: path.to_owned(),
        life: plan.life(),
        note: plan.note(),
        signs: plan.signs(),
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
    let is_secret = client.secrets.iter().any(|it| it.proof.is_secret());
    let shown = if is_secret {
        " Its secret is not shown again."
    } else {
        ""
    };
    let what = format!(
        "{} was made when this form was sent before.{shown}",
        client.name
    );
    visitor.done(&address(&id), Flash::watch(what)).await
}

impl Plan {
    fn input(&self, app: &App) -> Result<ClientInput, FieldErrors> {
        let mut grants: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (api, scope) in &self.scopes {
            grants.entry(api).or_default().push(scope.clone());
        }
        let is_granted = |scope: &&String| self.scopes.iter().any(|(_, it)| it == *scope);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let life = self.life().map(|_| SpanInput::Text(self.life.clone()));
        let credential = self.credential_input(app)?;
        let secret = SecretInput {
            expires_in: life,
            note: some(&self.note()),
            signs: Some(self.signs()),
            ..SecretInput::default()
        };
        Ok(ClientInput {
            secret: credential.is_none().then_some(secret),
            credential,
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
            ..ClientInput::default()
        })
    }

    /// Where its secret is kept, and why it does not expire.
    fn note(&self) -> String {
        let is_endless = self.is_secret() && self.life().is_none();
        let reason = if is_endless { &self.reason } else { "" };
        secret::note(reason, &self.note).map_or_else(|_| self.note.clone(), |note| note.to_string())
    }
}

fn check(
    console: &Console,
    (frame, sheet): (Frame, Sheet),
    (plan, beginning): (Plan, Option<&Beginning>),
) -> CheckPage {
    let now = console.app.now();
    let (proof, until) = proof(&plan, beginning, now);
    CheckPage {
        frame,
        steps: Steps::at(3, Some(&plan), now),
        sheet,
        is_changed: false,
        access: access(&plan, &console.app.registry()),
        proof,
        until,
        note: plan.note(),
        plan,
    }
}
