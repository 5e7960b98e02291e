//! The steps of a rotation: retire the old secret, bring it back, give it more time, or withdraw the
//! new one. What stops something has a page that says what, for those without its dialog.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
    routing::{get, post},
};

use super::{
    scene::{Scene, may_touch},
    shown::Shown,
    warning::{Warning, use_shown},
};
use crate::{
    admin::{
        command::Command,
        input::SecretChoiceInput,
        secrets::{CancelRotation, ExtendRotation},
    },
    app::{AdminError, Terms},
    domain::{audit::Object, client::Client, verdict::Verdict},
    web::console::{
        Console,
        clients::{ClientHead, Named, Tab},
        confirm::Confirmed,
        form::{Fields, Form},
        page::{self, Flash, Frame, Here, Undo},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, counted},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(
            "/clients/{id}/credentials/retire",
            get(ask_to_retire).post(retire),
        )
        .route("/clients/{id}/credentials/undo", post(undo))
        .route("/clients/{id}/credentials/extend", post(extend))
        .route(
            "/clients/{id}/credentials/cancel",
            get(ask_to_cancel).post(cancel),
        )
}

#[derive(Template)]
#[template(path = "clients/credentials/step.html")]
struct StepPage {
    frame: Frame,
    head: ClientHead,
    warning: Warning,
    /// Where the form goes.
    path: String,
    /// What has changed since a form like this was made.
    news: &'static str,
}

/// What is said to those who had read something better.
const WORSE: &str = "This has changed since the page was made. Nothing was retired.";

async fn ask_to_retire(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    Ok(page::ok(
        &StepPage::of_retiring(&scene, &visitor, "").await?,
    ))
}

impl StepPage {
    async fn of_retiring(
        scene: &Scene,
        visitor: &Visitor,
        news: &'static str,
    ) -> Result<Self, Trouble> {
        let (old, _) = scene.rotation().ok_or_else(none_under_way)?;
        let verdict = scene.verdict().ok_or_else(none_under_way)?;
        Ok(Self {
            frame: visitor.frame(Here::Clients).await,
            head: scene.head().below("Retire"),
            warning: Warning::of_retiring(old, &verdict, scene),
            path: scene.head().to("/credentials/retire"),
            news,
        })
    }

    async fn of_cancelling(
        scene: &Scene,
        visitor: &Visitor,
        news: &'static str,
    ) -> Result<Self, Trouble> {
        let (_, new) = scene.rotation().ok_or_else(none_under_way)?;
        Ok(Self {
            frame: visitor.frame(Here::Clients).await,
            head: scene.head().below("Cancel rotation"),
            warning: Warning::of_cancelling(new, scene),
            path: scene.head().to("/credentials/cancel"),
            news,
        })
    }
}

/// What is said to those who had read that nobody uses the new secret, or fewer.
const NEEDED: &str = "This has changed since the page was made. Nothing was cancelled.";

async fn ask_to_cancel(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    Ok(page::ok(
        &StepPage::of_cancelling(&scene, &visitor, "").await?,
    ))
}

fn none_under_way() -> Trouble {
    Trouble::conflict(
        "No rotation is under way. The only secret that works can’t be retired: rotate it, or revoke \
         it to stop the client.",
    )
}

async fn retire(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let scene = Scene::of(&console, client).await?;
    let command = chosen(&form.fields).retire(scene.client.id.clone());
    let command = command.map_err(crate::admin::refusal::Refusal::from)?;
    if is_worse(&scene, &form.fields) {
        may_touch(&scene.client, &visitor)?;
        let page = StepPage::of_retiring(&scene, &visitor, WORSE).await?;
        return Ok(page::page(StatusCode::CONFLICT, &page));
    }
    let old = scene.rotation().map(|(old, _)| old.id.to_string());
    let told = Flash::told_of_retiring(scene.verdict().as_ref());
    let flash = told.with_undo(Undo {
        path: scene.head().to("/credentials/undo"),
        fields: vec![("secret".to_owned(), old.unwrap_or_default())],
        within: "24 hours".to_owned(),
    });
    let terms = form.terms_of_new(&console.app);
    carry_out(
        (&console, &visitor, &scene.client),
        (terms, command),
        |_| flash,
    )
    .await
}

/// Whether stopping the old secret is worse by now than what was shown with the form; what is not
/// known to have been shown was not.
fn is_worse(scene: &Scene, fields: &Fields) -> bool {
    let (Some((old, _)), Some(verdict)) = (scene.rotation(), scene.verdict()) else {
        return false;
    };
    let named = fields.text("secret");
    let is_meant = named.is_empty() || named == old.id.as_str();
    let holds = Shown::of(&verdict, scene.last_use(old).is_some());
    let shown = Shown::read(fields.text("verdict"));
    is_meant && shown.is_none_or(|shown| shown < holds)
}

impl Flash {
    fn told_of_retiring(verdict: Option<&Verdict>) -> Self {
        let what = "Old secret retired.";
        match verdict {
            Some(Verdict::Safe { .. }) | None => Self::done(what),
            Some(Verdict::NewUnused) => Self::watch(format!(
                "{what} The new one has not been used yet, so nothing works until it is."
            )),
            Some(verdict) => match verdict.addresses() {
                [] => Self::watch(what),
                [one] => Self::watch(format!("{what} {one} may fail.")),
                several => Self::watch(format!(
                    "{what} {} may fail.",
                    counted(several.len() as u64, "address")
                )),
            },
        }
    }
}

async fn undo(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let command = chosen(&form.fields).undo(client.id.clone());
    let command = command.map_err(crate::admin::refusal::Refusal::from)?;
    let terms = form.terms_of_new(&console.app);
    let flash = |_| Flash::done("Old secret turned back on, for another 24 hours.");
    carry_out((&console, &visitor, &client), (terms, command), flash).await
}

async fn extend(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let command = ExtendRotation::by_a_day(client.id.clone());
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let now = console.app.now();
    let flash = |deadline| {
        let stops = Moment::of(deadline, now);
        Flash::done(format!(
            "Old secret now stops {stops} ({}).",
            stops.relative
        ))
    };
    carry_out((&console, &visitor, &client), (terms, command), flash).await
}

async fn cancel(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let scene = Scene::of(&console, client).await?;
    if is_needed(&scene, &form.fields) {
        may_touch(&scene.client, &visitor)?;
        let page = StepPage::of_cancelling(&scene, &visitor, NEEDED).await?;
        return Ok(page::page(StatusCode::CONFLICT, &page));
    }
    let client = &scene.client;
    let command = CancelRotation {
        client: client.id.clone(),
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let flash = |new| {
        Flash::done(format!(
            "Rotation cancelled. {new} stopped; the old secret goes on as before."
        ))
    };
    carry_out((&console, &visitor, client), (terms, command), flash).await
}

/// Whether more use the new secret by now than was shown with the form; what is not known to have
/// been shown was not.
fn is_needed(scene: &Scene, fields: &Fields) -> bool {
    let Some((_, new)) = scene.rotation() else {
        return false;
    };
    let shown = Shown::read(fields.text("verdict"));
    shown.is_none_or(|shown| shown < use_shown(new, scene))
}

/// Which secret a form is about.
fn chosen(fields: &Fields) -> SecretChoiceInput {
    let secret = fields.text("secret");
    SecretChoiceInput {
        secret_id: (!secret.is_empty()).then(|| secret.to_owned()),
    }
}

/// Carries a step out, and tells of it on the credentials page; a second time it only goes there.
pub(super) async fn carry_out<C: Command>(
    (console, visitor, client): (&Console, &Visitor, &Client),
    (terms, command): (Terms, C),
    told: impl FnOnce(C::Outcome) -> Flash,
) -> Result<Response<Body>, Trouble> {
    let path = ClientHead::of(client, Tab::Credentials, console.app.now()).to("/credentials");
    match console
        .app
        .execute_on(visitor.actor(), terms, command)
        .await
    {
        Ok(outcome) => visitor.done(&path, told(outcome)).await,
        Err(AdminError::Replayed(_)) => Ok(visitor.see(&path)),
        Err(error) => Err(error.into()),
    }
}
