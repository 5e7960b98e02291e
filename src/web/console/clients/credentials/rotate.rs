//! Rotating: one question, how long the old secret should keep working; then a new secret to copy.

use askama::Template;
use axum::{Router, body::Body, extract::State, http::Response, routing::get};

use super::{
    life::{life_like, lives, read_life},
    scene::{Scene, may_touch},
    signing,
    users::of_stopping,
};
use crate::{
    admin::{
        evidence::{Choice, Habit},
        input::{RotateInput, SpanInput},
        refusal::{FieldErrors, Refusal},
        secrets::{RotateSecret, Rotated},
    },
    app::{AdminError, App},
    domain::{
        audit::Object,
        client::Client,
        credential::Method,
        policy::Policy,
        rotation::LONGEST_OVERLAP,
        time::{Span, Timestamp},
    },
    web::console::{
        Console,
        clients::{ClientHead, Named, Tab, reveal},
        confirm::Confirmed,
        form::{Fields, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, date},
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/clients/{id}/credentials/rotate", get(ask).post(make))
}

#[derive(Template)]
#[template(path = "clients/credentials/rotate.html")]
pub(super) struct RotatePage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// Whether the new secret is for who follows a link, and not for the visitor.
    by_link: bool,
    /// Whether there is something that works, to keep for a while.
    has_old: bool,
    /// What that is if it is no secret; nothing is the empty text.
    instead: &'static str,
    /// Whether clients may sign with their secrets.
    may_sign: bool,
    /// How the client uses it.
    facts: String,
    options: Vec<Answer>,
    /// The last day that can be chosen, for people and for the form.
    last_day: (String, String),
    /// What stopping at once would do.
    stopping: String,
    /// How long the new secret may work.
    lives: String,
}

/// An answer to the question.
struct Answer {
    value: &'static str,
    label: &'static str,
    hint: String,
    is_recommended: bool,
}

#[derive(Template)]
#[template(path = "clients/credentials/under_way.html")]
struct UnderWayPage {
    frame: Frame,
    head: ClientHead,
    stops: Moment,
    sentence: String,
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    may_touch(&client, &visitor)?;
    let scene = Scene::of(&console, client).await?;
    if scene.rotation().is_some() {
        return under_way(&scene, &visitor).await;
    }
    let sheet = Sheet::of(filled_in(&scene));
    let page = RotatePage::of(&scene, sheet, &visitor);
    Ok(page::ok(&page.await))
}

async fn make(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let now = console.app.now();
    let command = match read(&form.fields, &client, console.app.registry().policy(), now) {
        Ok(command) => command,
        Err(errors) => {
            may_touch(&client, &visitor)?;
            let scene = Scene::of(&console, client).await?;
            let sheet = Sheet::refused(form.fields, &errors);
            return Ok(page::refused(
                &RotatePage::of(&scene, sheet, &visitor).await,
            ));
        }
    };
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let visit = (visitor.name(), visitor.actor());
    let shown = |_: &App, rotated: &Rotated| reveal::window_on(&rotated.secret);
    let done = console
        .execute_showing(visit, (terms, command), shown)
        .await;
    match done {
        Ok(rotated) => Ok(visitor.see(&reveal::path(&client, rotated.secret.id()))),
        Err(AdminError::Replayed(_)) => again(&client, (&console, &visitor)).await,
        Err(AdminError::Refusal(Refusal::Conflict(_) | Refusal::Stale(_)))
            if client.live_secrets(now).count() > 1 =>
        {
            let scene = Scene::of(&console, client).await?;
            under_way(&scene, &visitor).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The same form came twice: the secret that the first one made is shown, if it still may be.
async fn again(
    client: &Client,
    (console, visitor): (&Console, &Visitor),
) -> Result<Response<Body>, Trouble> {
    let now = console.app.now();
    let head = ClientHead::of(client, Tab::Credentials, now);
    let registry = console.app.registry_arc();
    let present = registry.find_client(&client.id);
    let open = present.and_then(|present| reveal::still_open(present, (console, visitor)));
    if let Some(path) = open {
        return Ok(visitor.see(&path));
    }
    let what =
        "This form was sent before, and the new secret was made then. It is not shown again.";
    visitor
        .done(&head.to("/credentials"), Flash::watch(what))
        .await
}

pub(super) async fn under_way(scene: &Scene, visitor: &Visitor) -> Result<Response<Body>, Trouble> {
    let old = scene.client.old_secret(scene.now);
    let retiring = old.and_then(|old| old.retiring(scene.now));
    let (Some(retiring), Some(verdict)) = (retiring, scene.verdict()) else {
        return Ok(visitor.see(&scene.head().to("/credentials")));
    };
    Ok(page::ok(&UnderWayPage {
        frame: visitor.frame(Here::Clients).await,
        head: scene.head().below("Rotate"),
        stops: Moment::of(retiring.deadline, scene.now),
        sentence: verdict.sentence(scene.now),
    }))
}

impl RotatePage {
    pub(super) async fn of(scene: &Scene, sheet: Sheet, visitor: &Visitor) -> Self {
        let habit = scene.habit();
        let last = last_day(scene.now);
        let has_old = scene.client.live_secrets(scene.now).next().is_some();
        let instead = signing::instead(&scene.client, scene.now);
        let is_rotation = has_old && instead.is_empty();
        let below = if is_rotation { "Rotate" } else { "New secret" };
        Self {
            frame: visitor.frame(Here::Clients).await,
            head: scene.head().below(below),
            sheet,
            by_link: false,
            has_old,
            instead,
            may_sign: scene.allows(Method::ClientSecretJwt),
            facts: habit.in_words(scene.now),
            options: answers(&habit, scene),
            lives: lives(&scene.policy()),
            last_day: (date(last, scene.now), day(last)),
            stopping: of_stopping(scene),
        }
    }

    /// The same questions, asked for a link.
    pub(super) fn by_link(mut self) -> Self {
        for answer in self.options.iter_mut().filter(|it| it.value == "now") {
            answer.label = "Not at all";
            "Its services are refused until they have the new one.".clone_into(&mut answer.hint);
        }
        Self {
            by_link: true,
            head: self.head.below("Hand over"),
            ..self
        }
    }

    /// Where the form goes.
    fn target(&self) -> String {
        let page = if self.by_link { "handover" } else { "rotate" };
        self.head.to(format!("/credentials/{page}"))
    }

    /// What is asked.
    fn title(&self) -> String {
        let name = &self.head.name;
        match (self.by_link, self.has_old && self.instead.is_empty()) {
            (true, _) => format!("Hand over a new secret of {name}"),
            (false, true) => format!("Rotate the secret of {name}"),
            (false, false) => format!("Make a secret for {name}"),
        }
    }

    /// What works now.
    fn old(&self) -> &'static str {
        if self.instead.is_empty() {
            "the old secret"
        } else {
            "what it has now"
        }
    }
}

/// What the form says at first.
pub(super) fn filled_in(scene: &Scene) -> Fields {
    let mut fields = Fields::default();
    let policy = scene.policy();
    let choice = scene.habit().recommend(policy.overlap, scene.now).choice;
    fields.set("overlap", value(choice));
    let until = match choice {
        Choice::Other(span) => scene.now.plus(span).min(last_day(scene.now)),
        Choice::Hour | Choice::Day | Choice::Week => scene.now.plus(Span::days(14)),
    };
    fields.set("until", day(until));
    fields.set("if_used", "hold");
    fields.set("signs", signing::as_before(&scene.client, scene.now));
    let old = scene.client.live_secrets(scene.now).next();
    fields.set("expires_in", life_like(old, &policy));
    fields.set(
        "note",
        old.map_or_else(String::new, |old| old.note.to_string()),
    );
    fields
}

const fn value(choice: Choice) -> &'static str {
    match choice {
        Choice::Hour => "1h",
        Choice::Day => "24h",
        Choice::Week => "7d",
        Choice::Other(_) => "until",
    }
}

/// The answers that are offered; the recommended one says why.
fn answers(habit: &Habit, scene: &Scene) -> Vec<Answer> {
    let recommended = habit.recommend(scene.policy().overlap, scene.now);
    let offered = [
        ("1h", "1 hour", "For services that you can restart now."),
        ("24h", "24 hours", "For services that restart every day."),
        ("7d", "7 days", "For several teams that hold it."),
        ("until", "Until another date", ""),
        ("now", "Stop it now", "Only for a leak."),
    ];
    let answer = |(value_of_it, label, hint): (&'static str, &'static str, &str)| {
        let is_recommended = value(recommended.choice) == value_of_it;
        Answer {
            value: value_of_it,
            label,
            hint: if is_recommended {
                recommended.reason.clone()
            } else {
                hint.to_owned()
            },
            is_recommended,
        }
    };
    offered.into_iter().map(answer).collect()
}

/// The last day whose end an old secret may be kept until.
fn last_day(now: Timestamp) -> Timestamp {
    now.plus(LONGEST_OVERLAP).day().minus(1).start()
}

/// As forms write days: `2026-12-24`.
fn day(at: Timestamp) -> String {
    let mut text = at.day().start().to_string();
    text.truncate("2026-12-24".len());
    text
}

/// The command, or all that is wrong with the form.
pub(super) fn read(
    fields: &Fields,
    client: &Client,
    policy: &Policy,
    now: Timestamp,
) -> Result<RotateSecret, FieldErrors> {
    let mut errors = FieldErrors::default();
    let overlap = if client.live_secrets(now).next().is_none() {
        Some(Span(0))
    } else {
        read_overlap(fields, now, &mut errors)
    };
    let days = fields.text("expires_in");
    let expires_in = (!days.is_empty())
        .then(|| errors.check("expires_in", read_life(days, policy)))
        .flatten();
    let signs = signing::read(fields, (client, now), overlap, &mut errors);
    let input = RotateInput {
        signs,
        credential: None,
        overlap: overlap.map(|span| SpanInput::Seconds(span.seconds())),
        if_used: fields
            .has("if_used")
            .then(|| fields.text("if_used").to_owned()),
        expires_in: expires_in.map(|span| SpanInput::Seconds(span.seconds())),
        note: Some(fields.text("note").to_owned()),
        value: None,
    };
    let parsed = input.parse(client.id.clone(), policy);
    if let Err(others) = &parsed {
        for (field, message) in others.iter() {
            errors.add(field, message);
        }
    }
    errors.finish()?;
    parsed
}

fn read_overlap(fields: &Fields, now: Timestamp, errors: &mut FieldErrors) -> Option<Span> {
    match fields.text("overlap") {
        "1h" => Some(Choice::Hour.span()),
        "24h" => Some(Choice::Day.span()),
        "7d" => Some(Choice::Week.span()),
        "now" => Some(Span(0)),
        "until" => errors.check("until", read_day(fields.text("until"), now)),
        _ => {
            errors.add("overlap", "choose how long the old secret keeps working");
            None
        }
    }
}

/// How long it is until the end of a day.
fn read_day(text: &str, now: Timestamp) -> Result<Span, String> {
    let start = format!("{text}T00:00:00Z").parse::<Timestamp>();
    let start = start.map_err(|_| "write a date such as 2026-12-24".to_owned())?;
    let end = start.plus(Span::days(1));
    if end <= now {
        return Err("this day is over; choose one that is to come".to_owned());
    }
    if start > last_day(now) {
        let last = date(last_day(now), now);
        return Err(format!(
            "an old secret is kept for at most 30 days: {last} at the latest"
        ));
    }
    Ok(end.since(now).max(Span::minutes(1)))
}
