//! A client that needs no secret: its platform gives it tokens, and the client trusts the platform with that.

pub(in crate::web::console::clients) mod platform;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::Response,
    routing::get,
};

use self::platform::Platform;
use super::{
    kinds::forget_private,
    replace::{Outcome, overlap_of, replace},
    rotate::under_way,
    scene::{Scene, may_touch},
};
use crate::{
    admin::{
        input::{CredentialInput, Rotation},
        refusal::FieldErrors,
    },
    app::App,
    domain::{client::Client, policy::Policy, time::Timestamp},
    web::console::{
        Console,
        clients::{ClientHead, Named, Tab},
        confirm::Confirmed,
        form::{Fields, Sheet},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients/{id}/credentials/federate", get(ask).post(make))
}

#[derive(Template)]
#[template(path = "clients/credentials/federate.html")]
struct FederatePage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// Whether there is something that works, to keep for a while.
    has_old: bool,
    trust: TrustForm,
}

/// What a form needs to ask which tokens of a platform count.
pub(in crate::web::console::clients) struct TrustForm {
    platform: Platform,
    /// Where the form goes, below the console's path.
    pub(in crate::web::console::clients) path: String,
    /// What a token is for, in what a workload is told to ask for.
    audience: String,
    /// Every platform: its name in forms, and its name for people.
    pub(in crate::web::console::clients) platforms:
        [(&'static str, &'static str); Platform::ALL.len()],
}

impl TrustForm {
    /// For the workloads of `platform`.
    pub(in crate::web::console::clients) fn of(platform: Platform, path: &str, app: &App) -> Self {
        Self {
            platform,
            path: path.to_owned(),
            audience: app.issuer().to_string(),
            platforms: Platform::ALL.map(|it| (it.as_str(), it.label())),
        }
    }

    /// For a page that only says how a workload gets its token.
    pub(in crate::web::console::clients) fn shown(platform: Platform, audience: &str) -> Self {
        Self {
            platform,
            path: String::new(),
            audience: audience.to_owned(),
            platforms: Platform::ALL.map(|it| (it.as_str(), it.label())),
        }
    }

    /// What stands in its fields at first.
    pub(in crate::web::console::clients) fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in [
            ("issuer", self.platform.issuer()),
            ("audience", &self.audience),
            ("place", "branch"),
            ("max_age", "1h"),
        ] {
            fields.set(name, value);
        }
        fields
    }

    /// What a workload does to get its token, if the platform has it in lines to copy.
    pub(in crate::web::console::clients) fn lines(&self) -> Option<String> {
        self.platform.lines(&self.audience)
    }

    /// The name of its platform in forms.
    pub(in crate::web::console::clients) fn name(&self) -> &'static str {
        self.platform.as_str()
    }

    /// Whether its platform is called so.
    pub(in crate::web::console::clients) fn is(&self, name: &str) -> bool {
        self.name() == name
    }
}

impl FederatePage {
    async fn of(
        client: &Client,
        (trust, sheet): (TrustForm, Sheet),
        (console, visitor): (&Console, &Visitor),
    ) -> Self {
        let now = console.app.now();
        Self {
            frame: visitor.frame(Here::Clients).await,
            head: ClientHead::of(client, Tab::Credentials, now).below("Trust a platform"),
            sheet,
            has_old: client.live_secrets(now).next().is_some(),
            trust,
        }
    }
}

/// The form by which `client` comes to trust a platform.
fn trust(client: &Client, platform: Platform, console: &Console) -> TrustForm {
    let head = ClientHead::of(client, Tab::Credentials, console.app.now());
    TrustForm::of(platform, &head.to("/credentials/federate"), &console.app)
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    if scene.rotation().is_some() {
        return under_way(&scene, &visitor).await;
    }
    let asked = Fields::parse(query.as_deref().unwrap_or_default());
    let asked = asked.ok_or_else(Trouble::malformed)?;
    let platform = Platform::named(asked.text("platform")).unwrap_or_default();
    let trust = trust(&scene.client, platform, &console);
    let mut fields = trust.fields();
    fields.set("overlap", "24h");
    let form = (trust, Sheet::of(fields));
    let page = FederatePage::of(&scene.client, form, (&console, &visitor)).await;
    Ok(page::ok(&page))
}

async fn make(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let platform = Platform::named(form.fields.text("platform"));
    let platform = platform.ok_or_else(Trouble::malformed)?;
    let policy = Arc::clone(console.app.registry().policy());
    let read = read(
        (platform, &form.fields),
        &client,
        (&policy, console.app.now()),
    );
    let said =
        "It may show its platform’s tokens from now on. Try one below before the old secret stops.";
    match replace((&console, &visitor), &client, (&form, read, said)).await? {
        Outcome::Answer(answer) => Ok(answer),
        Outcome::Refused(errors) => {
            let mut sheet = Sheet::refused(form.fields, &platform.renamed(&errors));
            forget_private(&mut sheet);
            let form = (trust(&client, platform, &console), sheet);
            let page = FederatePage::of(&client, form, (&console, &visitor)).await;
            Ok(page::refused(&page))
        }
    }
}

/// The command, or all that is wrong with the form.
fn read(
    (platform, fields): (Platform, &Fields),
    client: &Client,
    (policy, now): (&Policy, Timestamp),
) -> Result<Rotation, FieldErrors> {
    let credential = CredentialInput {
        federation: Some(platform.trust(fields)?),
        note: Some(fields.text("note").to_owned()),
        ..CredentialInput::default()
    };
    let input = overlap_of(fields, client, now)?.with(credential);
    input.read(client.id.clone(), policy)
}
