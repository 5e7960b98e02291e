//! What is done to keys: made, brought forward, withdrawn, taken out at once.

use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::Evidence;
use crate::{
    admin::{
        command::Command,
        evidence::{
            keys::{Readiness, live_tokens},
            words::moment,
        },
        input::KeyInput,
        keys::{ActivateKey, RetireKey, RevokeKey, When},
        refusal::FieldErrors,
    },
    domain::{
        audit::Object,
        id::KeyId,
        key::{Age, SHORTEST_NOTICE, SigningKey},
        permission::Permission,
    },
    web::console::{
        Console,
        act::{ActPage, carry_out},
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::counted,
    },
};

#[derive(Template)]
#[template(path = "keys/new.html")]
struct NewKeyPage {
    frame: Frame,
    sheet: Sheet,
}

pub(super) async fn ask_generate(visitor: Visitor) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteKeys)?;
    let mut fields = Fields::default();
    fields.set("algorithm", "ES256");
    fields.set("when", "scheduled");
    Ok(page::ok(&NewKeyPage {
        frame: visitor.frame(Here::Keys).await,
        sheet: Sheet::of(fields),
    }))
}

pub(super) async fn generate(
    State(console): State<Console>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteKeys)?;
    let some = |name: &str| {
        form.fields
            .has(name)
            .then(|| form.fields.text(name).to_owned())
    };
    let input = KeyInput {
        algorithm: some("algorithm"),
        when: some("when"),
    };
    let command = match input.parse() {
        Ok(command) => command,
        Err(errors) => return Ok(again(&visitor, form.fields, &errors).await),
    };
    let terms = form.terms_of_new(&console.app);
    let Some(kid) = carry_out((&console, &visitor), terms, command).await? else {
        return Ok(visitor.see("/keys"));
    };
    let registry = console.app.registry_arc();
    let key = registry.find_key(&kid);
    let signs = key.map_or_else(String::new, |key| moment(key.active_from));
    let text = match command.when {
        When::Now => "New key made. It signs every new token from now on.".to_owned(),
        When::Soon | When::Scheduled => {
            format!("New key published. It signs from {signs}.")
        }
    };
    visitor.done("/keys", Flash::done(text)).await
}

/// The form again, with what nobody chose on it.
async fn again(visitor: &Visitor, fields: Fields, errors: &FieldErrors) -> Response<Body> {
    let mut sheet = Sheet::of(fields);
    for (field, _) in errors.iter() {
        sheet.complain(
            field,
            match field {
                "algorithm" => "choose an algorithm",
                _ => "choose when it begins to sign",
            },
        );
    }
    page::refused(&NewKeyPage {
        frame: visitor.frame(Here::Keys).await,
        sheet,
    })
}

/// The key that an address names.
fn named(console: &Console, kid: &str) -> Result<std::sync::Arc<SigningKey>, Trouble> {
    let registry = console.app.registry();
    let key = kid
        .parse()
        .ok()
        .and_then(|kid: KeyId| registry.find_key(&kid).cloned());
    key.ok_or_else(|| Trouble::missing("signing key", kid))
}

fn above() -> Vec<(String, String)> {
    vec![("/keys".to_owned(), "Signing keys".to_owned())]
}

pub(super) async fn ask_switch(
    State(console): State<Console>,
    visitor: Visitor,
    Path(kid): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteKeys)?;
    let key = named(&console, &kid)?;
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    if !matches!(registry.age(&key, now), Age::Pending { .. }) {
        return Err(Trouble::conflict(
            "This key is not waiting: it signs already, or is gone.",
        ));
    }
    let evidence = Evidence::of(&console.app).await;
    let readiness = evidence.fetches.map_or(Readiness::Unknown, |tally| {
        Readiness::of(&key, &tally.fetches, now)
    });
    let signs = now.max(key.published.plus(SHORTEST_NOTICE));
    let button = if signs == now {
        "Switch now".to_owned()
    } else {
        format!("Switch at {}", crate::admin::evidence::words::clock(signs))
    };
    let mut effects =
        vec![
        format!("The key `{kid}` signs every new token from {} on.", moment(signs)),
        "The key that signs now stays in the key set, so tokens already issued keep working until \
         they expire."
            .to_owned(),
    ];
    let words = readiness.in_words(now);
    let warning = if readiness.is_ready() {
        effects.insert(0, words);
        String::new()
    } else {
        format!(
            "{words} An API fetches the key set again after 5 minutes at the latest, if it follows the caching headers."
        )
    };
    Ok(ActPage {
        frame: visitor.frame(Here::Keys).await,
        above: above(),
        here: "Switch".to_owned(),
        title: "Switch to the next key?".to_owned(),
        warning,
        effects,
        target: format!("/keys/{kid}/switch"),
        revision: key.revision.0,
        button,
        keep: "Wait for the schedule",
        is_danger: matches!(readiness, Readiness::Behind(_)),
    }
    .answer())
}

/// Does something to the key that an address names, and says so.
async fn act<C: Command>(
    (console, visitor): (&Console, &Visitor),
    (kid, form): (&str, &Form),
    command: impl FnOnce(KeyId) -> C,
    flash: impl FnOnce(C::Outcome) -> Flash,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteKeys)?;
    let key = named(console, kid)?.id.clone();
    let terms = form.terms(&console.app, Object::Key(key.clone()));
    match carry_out((console, visitor), terms, command(key)).await? {
        Some(outcome) => visitor.done("/keys", flash(outcome)).await,
        None => Ok(visitor.see("/keys")),
    }
}

pub(super) async fn switch(
    State(console): State<Console>,
    Path(kid): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let command = |key| ActivateKey {
        key,
        when: When::Soon,
    };
    let flash = |from| Flash::done(format!("The next key signs from {}.", moment(from)));
    act((&console, &visitor), (&kid, &form), command, flash).await
}

pub(super) async fn withdraw(
    State(console): State<Console>,
    Path(kid): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let command = |key| RetireKey { key };
    let text = "Key withdrawn. It had signed nothing; the key that signs now goes on.";
    let flash = |()| Flash::done(text);
    act((&console, &visitor), (&kid, &form), command, flash).await
}

pub(super) async fn ask_remove(
    State(console): State<Console>,
    visitor: Visitor,
    Path(kid): Path<String>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteKeys)?;
    let key = named(&console, &kid)?;
    if key.signer().is_none() {
        return Err(Trouble::conflict("This key is gone already."));
    }
    let (registry, now) = (console.app.registry_arc(), console.app.now());
    let overview = console.app.overview().await.ok();
    let alive = overview.map(|overview| live_tokens(&key, &registry, &overview, now));
    let is_signing = matches!(registry.age(&key, now), Age::Active { .. });
    Ok(ActPage {
        frame: visitor.frame(Here::Keys).await,
        above: above(),
        here: "Remove".to_owned(),
        title: "Remove this key at once?".to_owned(),
        warning: dying(alive),
        effects: removal(&kid, is_signing),
        target: format!("/keys/{kid}/remove"),
        revision: key.revision.0,
        button: match alive {
            Some(0) => "Remove the key".to_owned(),
            Some(alive) => format!("Remove the key and void {}", counted(alive, "token")),
            None => "Remove the key and void its tokens".to_owned(),
        },
        keep: "Keep the key",
        is_danger: true,
    }
    .answer())
}

fn dying(alive: Option<u64>) -> String {
    match alive {
        Some(0) => "No token that it signed is alive.".to_owned(),
        Some(1) => "One token that it signed may be alive. APIs refuse it as soon as they fetch \
                    the key set again."
            .to_owned(),
        Some(alive) => format!(
            "Up to {} that it signed are alive. APIs refuse them as soon as they fetch the key set \
             again.",
            counted(alive, "token")
        ),
        None => {
            "How many tokens that it signed are alive can’t be read right now. APIs refuse all \
                 of them as soon as they fetch the key set again."
                .to_owned()
        }
    }
}

fn removal(kid: &str, is_signing: bool) -> Vec<String> {
    let mut effects = vec![format!(
        "The key `{kid}` leaves the key set and is destroyed. This can’t be undone."
    )];
    if is_signing {
        effects.push(
            "Another key signs from this moment on. Clients that ask again get tokens that work; \
             APIs that keep the old key set for up to 5 minutes refuse them until then."
                .to_owned(),
        );
    }
    effects.push(
        "Do this when the key itself may be in wrong hands. Otherwise publish a new key and let it \
         take over."
            .to_owned(),
    );
    effects
}

pub(super) async fn remove(
    State(console): State<Console>,
    Path(kid): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    let command = |key| RevokeKey { key };
    let flash = |successor: Option<KeyId>| {
        let next = successor.map(|next| format!(" The key `{next}` signs now."));
        let next = next.unwrap_or_default();
        Flash::watch(format!("Key removed, and its tokens with it.{next}"))
    };
    act((&console, &visitor), (&kid, &form), command, flash).await
}
