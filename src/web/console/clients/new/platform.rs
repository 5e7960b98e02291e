//! Third page, continued for a client that trusts its platform: which of its tokens count, and whether one would
//! do.

use askama::Template;
use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::Response,
};

use super::{
    super::{
        super::{
            Console,
            form::{Fields, Form, Sheet},
            page::{self, Frame},
            trouble::Trouble,
            visit::Visitor,
        },
        credentials::{
            federate::{TrustForm, platform::Platform},
            kinds::{KindsOffered, forget_private},
        },
    },
    Plan, STEPS, Steps,
    beginning::{self, Beginning, PLATFORM_PAGE},
    frame,
};
use crate::{
    app::{App, dry_run::Tried},
    domain::{name::Note, permission::Permission},
};

#[derive(Template)]
#[template(path = "clients/new/platform.html")]
struct PlatformPage {
    frame: Frame,
    steps: Steps,
    sheet: Sheet,
    name: String,
    trust: TrustForm,
    /// What a token that was tried met with.
    tried: Option<Tried>,
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Trouble> {
    let frame = frame(&visitor).await?;
    let plan = match planned(&visitor, &console.app) {
        Ok(plan) => plan,
        Err(path) => return Ok(visitor.see(path)),
    };
    let asked = Fields::parse(query.as_deref().unwrap_or_default());
    let asked = asked.ok_or_else(Trouble::malformed)?;
    let asked = Platform::named(asked.text("platform"));
    let platform = asked.or(plan.platform()).unwrap_or_default();
    let trust = TrustForm::of(platform, PLATFORM_PAGE, &console.app);
    let mut fields = trust.fields();
    if plan.platform() == Some(platform) {
        fields = beginning::fields(&plan.trust);
    }
    fields.set("note", &plan.note);
    let form = (trust, Sheet::of(fields));
    Ok(page::ok(&PlatformPage::of(
        frame,
        form,
        (&plan, &console.app),
    )))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let app = &console.app;
    let mut plan = match planned(&visitor, app) {
        Ok(plan) => plan,
        Err(path) => return Ok(visitor.see(path)),
    };
    let fields = form.fields;
    let platform = Platform::named(fields.text("platform"));
    let platform = platform.ok_or_else(Trouble::malformed)?;
    plan.trust = Plan::typed(&fields, &Platform::FIELDS);
    fields.text("note").clone_into(&mut plan.note);
    let mut sheet = Sheet::of(fields.clone());
    if let Err(error) = plan.note.parse::<Note>() {
        sheet.complain("note", &error.to_string());
    }
    let beginning = plan.beginning(app);
    if let Err(errors) = &beginning {
        for (field, message) in errors.iter() {
            sheet.complain(field, message);
        }
    }
    let is_refused = sheet.is_refused();
    if is_refused {
        forget_private(&mut sheet);
    }
    let form = (TrustForm::of(platform, PLATFORM_PAGE, app), sheet);
    if is_refused {
        let frame = frame(&visitor).await?;
        let page = PlatformPage::of(frame, form, (&plan, app));
        return Ok(page::refused(&page));
    }
    if fields.has("try") {
        let frame = frame(&visitor).await?;
        let mut page = PlatformPage::of(frame, form, (&plan, app));
        if let Ok(beginning) = beginning {
            page.tried = tries(&console, fields.text("token"), &beginning).await;
        }
        return Ok(page::ok(&page));
    }
    plan.keep(&visitor).await?;
    Ok(visitor.see(STEPS[3].0))
}

/// The plan of a client that trusts a platform; else the page that comes before this one.
fn planned(visitor: &Visitor, app: &App) -> Result<Plan, &'static str> {
    let plan = Plan::of(visitor, app.now()).ok_or(STEPS[0].0)?;
    if plan.is_of_a_platform() && KindsOffered::by(app).trusts_platforms() {
        Ok(plan)
    } else {
        Err(STEPS[2].0)
    }
}

/// What a trust that is not there yet says to a token. Nothing of the token is kept.
async fn tries(console: &Console, token: &str, beginning: &Beginning) -> Option<Tried> {
    match beginning {
        Beginning::Credential(credential) => {
            let trust = credential.proof.trust()?;
            Some(console.app.try_trust(trust, token).await)
        }
        Beginning::Secret => None,
    }
}

impl PlatformPage {
    fn of(frame: Frame, (trust, sheet): (TrustForm, Sheet), (plan, app): (&Plan, &App)) -> Self {
        Self {
            frame,
            steps: Steps::at(2, Some(plan), app.now()),
            sheet,
            name: plan.name.clone(),
            trust,
            tried: None,
        }
    }
}
