//! Third page: how it proves who it is.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::{
    super::{
        super::{
            Console,
            form::{Fields, Form, Sheet},
            page::{self, Frame},
            trouble::Trouble,
            visit::Visitor,
            words,
        },
        credentials::kinds::{self, Kind, KindsOffered},
    },
    Plan, STEPS, Steps,
    beginning::{PLATFORM, PLATFORM_PAGE, SECRET, SIGNING_SECRET},
    frame,
    secret::{self, LifeChoice},
};
use crate::{
    app::App,
    domain::{name::Note, permission::Permission},
};

#[derive(Template)]
#[template(path = "clients/new/credential.html")]
struct CredentialPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    name: String,
    offered: KindsOffered,
    lives: Vec<LifeChoice>,
    /// Whether a secret may work until it is replaced.
    may_last: bool,
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let app = &console.app;
    let Some(mut plan) = Plan::of(&visitor, app.now()) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let registry = app.registry_arc();
    let policy = registry.policy();
    if secret::objection(&plan.life, policy).is_some() {
        plan.life = words::typed(policy.secret_lifetime);
    }
    let offered = KindsOffered::by(app);
    if plan.kind.is_empty() {
        let first = offered.kinds.first().map_or("", |kind| kind.as_str());
        let first = if offered.takes_secrets() {
            SECRET
        } else {
            first
        };
        first.clone_into(&mut plan.kind);
    }
    let mut fields = plan.fields();
    for (name, value) in &plan.credential {
        fields.set(name, value);
    }
    let page = CredentialPage::of((frame, Sheet::of(fields)), &plan, app);
    Ok(page::ok(&page))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let app = &console.app;
    let Some(plan) = Plan::of(&visitor, app.now()) else {
        return Ok(visitor.see(STEPS[0].0));
    };
    let plan = filled_in(plan, &form.fields);
    let mut sheet = Sheet::of(form.fields);
    check(&plan, app, &mut sheet);
    if sheet.is_refused() {
        kinds::forget_private(&mut sheet);
        let frame = frame(&visitor).await?;
        let page = CredentialPage::of((frame, sheet), &plan, app);
        return Ok(page::refused(&page));
    }
    let next = if plan.is_of_a_platform() {
        PLATFORM_PAGE
    } else {
        STEPS[3].0
    };
    plan.keep(&visitor).await?;
    Ok(visitor.see(next))
}

/// The plan with what the form says; of what it does not ask about, what was there stays.
fn filled_in(mut plan: Plan, fields: &Fields) -> Plan {
    fields.text("kind").clone_into(&mut plan.kind);
    match plan.kind.as_str() {
        PLATFORM => return plan,
        SECRET | SIGNING_SECRET => {
            fields.text("life").clone_into(&mut plan.life);
            fields.text("reason").clone_into(&mut plan.reason);
        }
        _ => plan.credential = Plan::typed(fields, &Kind::FIELDS),
    }
    fields.text("note").clone_into(&mut plan.note);
    plan
}

fn check(plan: &Plan, app: &App, sheet: &mut Sheet) {
    let registry = app.registry_arc();
    if plan.is_secret() {
        secret::check(&plan.fields(), registry.policy(), sheet);
    } else if let Err(error) = plan.note.parse::<Note>() {
        sheet.complain("note", &error.to_string());
    }
    if sheet.is_refused() || plan.is_of_a_platform() && KindsOffered::by(app).trusts_platforms() {
        return;
    }
    if let Err(errors) = plan.beginning(app) {
        for (field, message) in errors.iter() {
            sheet.complain(field, message);
        }
    }
}

impl CredentialPage {
    fn of((frame, sheet): (Frame, Sheet), plan: &Plan, app: &App) -> Self {
        let (registry, now) = (app.registry_arc(), app.now());
        let policy = registry.policy();
        Self {
            frame,
            steps: Steps::at(2, Some(plan), now),
            sheet,
            name: plan.name.clone(),
            offered: KindsOffered::by(app),
            lives: secret::choices(policy, now),
            may_last: policy.endless_secrets,
        }
    }
}
