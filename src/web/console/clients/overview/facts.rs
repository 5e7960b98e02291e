//! What is said of a client on its first page.

use crate::{
    app::App,
    domain::{
        client::Client,
        name::Place,
        order,
        registry::Registry,
        secret::Secret,
        time::{Lifetime, Timestamp},
    },
    web::console::{
        clients::credentials::{described, shown},
        words::{self, Moment, list, segment},
    },
};

/// What is known of a client.
pub(in super::super) struct Facts {
    pub(super) description: String,
    pub(super) owner: String,
    pub(super) created: Moment,
    pub(super) secrets: SecretLine,
    pub(super) access: Vec<Access>,
    pub(super) last: Option<Moment>,
    /// The longest life of its tokens.
    pub(super) lifetime: String,
    pub(super) defaults: Vec<String>,
    /// The registration token it came with, if it registered itself.
    pub(super) came_with: Option<CameWith>,
}

/// A registration token, and whether there is a page of it still.
pub(in super::super) struct CameWith {
    pub(super) id: String,
    pub(super) note: String,
    pub(super) is_remembered: bool,
}

/// The state of what it proves itself with, in a line.
pub(in super::super) struct SecretLine {
    /// `Secret`, or what it has in place of one.
    pub(super) label: &'static str,
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    /// `Works`, `Rotating`, `None works`.
    pub(super) state: &'static str,
    pub(super) says: Says,
}

/// What is said of it.
pub(in super::super) enum Says {
    /// The new secret takes over; the old one stops then.
    Moves {
        new: String,
        old: String,
        stops: String,
    },
    /// There is none.
    None,
    /// What it is if it is no secret, its public id, and until when.
    Works {
        kind: &'static str,
        shown: String,
        until: String,
    },
}

/// What it may have on one API.
pub(in super::super) struct Access {
    pub(super) name: String,
    /// The API's page, below the console's path.
    pub(super) path: String,
    pub(super) scopes: Vec<String>,
}

impl Facts {
    pub(super) fn of(app: &App, client: &Client) -> Self {
        let (now, registry) = (app.now(), app.registry());
        let uses = client.secrets.iter().filter_map(|it| app.last_use(&it.id));
        let last = uses.map(|(at, _)| at).max();
        Self {
            description: client.description.to_string(),
            owner: client.owner.to_string(),
            created: Moment::of(client.created, now),
            secrets: SecretLine::of(client, now),
            access: access(client, &registry),
            last: last.map(|at| Moment::of(at, now)),
            lifetime: lifetime(client, &registry),
            defaults: client
                .default_scopes
                .iter()
                .map(ToString::to_string)
                .collect(),
            came_with: CameWith::of(client, &registry),
        }
    }
}

impl CameWith {
    fn of(client: &Client, registry: &Registry) -> Option<Self> {
        let registration = client.registration.as_ref()?;
        let token = &registration.token;
        Some(Self {
            id: token.to_string(),
            note: registration.note.to_string(),
            is_remembered: registry.find_registration_token(token).is_some(),
        })
    }
}

impl SecretLine {
    fn of(client: &Client, now: Timestamp) -> Self {
        let until = |at| {
            format!(
                "{} ({})",
                words::absolute(at, now),
                words::relative(at, now)
            )
        };
        let old = client.old_secret(now);
        let rotation = old.and_then(|old| Some((old, old.retiring(now)?)));
        if let (Some((old, retiring)), Some(new)) = (rotation, client.new_secret(now)) {
            return Self {
                label: label(new),
                tone: "info",
                icon: "refresh-cw",
                state: "Rotating",
                says: Says::Moves {
                    new: shown(new),
                    old: shown(old),
                    stops: until(retiring.deadline),
                },
            };
        }
        let Some(secret) = client.live_secrets(now).last() else {
            return Self {
                label: client.secrets.last().map_or("Secret", label),
                tone: "bad",
                icon: "circle-x",
                state: "None works",
                says: Says::None,
            };
        };
        Self {
            label: label(secret),
            tone: "ok",
            icon: "check",
            state: "Works",
            says: Says::Works {
                kind: described(&secret.proof).0,
                shown: shown(secret),
                until: secret
                    .expires
                    .map_or_else(|| "it is replaced".to_owned(), until),
            },
        }
    }
}

/// What a credential is called in general.
const fn label(secret: &Secret) -> &'static str {
    if secret.proof.is_secret() {
        "Secret"
    } else {
        "Credential"
    }
}

fn access(client: &Client, registry: &Registry) -> Vec<Access> {
    let grants = client.grants.iter();
    let mut access: Vec<Access> = grants
        .map(|(id, scopes)| {
            let api = registry.find_api(id);
            Access {
                name: api.map_or_else(|| id.to_string(), |api| api.name.to_string()),
                path: format!("/apis/{}", segment(id.as_str())),
                scopes: scopes.iter().map(ToString::to_string).collect(),
            }
        })
        .collect();
    order::by_key(&mut access, |api| Place::of(&api.name));
    access
}

/// How long its tokens live: as the client says, and as its APIs allow.
fn lifetime(client: &Client, registry: &Registry) -> String {
    let apis = client.grants.keys().filter_map(|id| registry.find_api(id));
    let mut lives: Vec<Lifetime> = apis
        .map(|api| {
            let of_client = client.token_lifetime.unwrap_or(api.token_lifetime);
            of_client.min(api.token_lifetime)
        })
        .collect();
    lives.sort();
    lives.dedup();
    if lives.is_empty() {
        lives.extend(client.token_lifetime);
    }
    let lives: Vec<String> = lives.iter().map(|it| it.span().in_words()).collect();
    match lives.as_slice() {
        [] => "As its APIs say".to_owned(),
        [one] => one.clone(),
        several => format!("{}, by API", list(several)),
    }
}
