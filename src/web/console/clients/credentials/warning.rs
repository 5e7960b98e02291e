//! What is said before something stops: who breaks, and what can still be done.

use super::{cards::shown, scene::Scene, shown::Shown, users::Users};
use crate::{
    domain::{
        client::Client,
        secret::{Life, Secret},
        verdict::Verdict,
    },
    web::console::words::counted,
};

/// A question, its consequences, and both answers.
pub(super) struct Warning {
    /// `Retire the old secret now?`
    pub(super) question: String,
    /// The first thing to know.
    pub(super) lead: String,
    /// The rest.
    pub(super) text: String,
    /// The answer that does it; it names who breaks.
    pub(super) act: String,
    /// The harmless answer.
    pub(super) keep: &'static str,
    /// Whether something breaks.
    pub(super) is_harmful: bool,
    /// The secret that stops.
    pub(super) secret: String,
    /// What this says, for the form to send back; nothing where nobody asks for it.
    pub(super) shown: String,
}

impl Warning {
    /// Before the old secret of a rotation is retired.
    pub(super) fn of_retiring(old: &Secret, verdict: &Verdict, scene: &Scene) -> Self {
        let (lead, text, act) = match verdict {
            Verdict::NewUnused => unmoved(old, scene),
            Verdict::StopsWhileUsed { by, .. } | Verdict::InUse { by, .. } => {
                let act = match by.as_slice() {
                    [one] => format!("Retire and refuse {one}"),
                    several => format!(
                        "Retire and refuse {}",
                        counted(several.len() as u64, "address")
                    ),
                };
                let lead = "It is still in use.".to_owned();
                let staying = Users::staying(scene);
                // One alone is the one that is named before it.
                let staying = (staying.count() > 1).then(|| staying.in_words(scene.now));
                let staying = staying.flatten();
                let staying = staying.map(|users| format!("Not moved yet: {users}."));
                let text = join(&[&last_used(old, scene), &staying.unwrap_or_default()]);
                (lead, text, act)
            }
            Verdict::Nearly { .. } => (
                "It may still be in use.".to_owned(),
                verdict.reason(scene.now),
                "Retire without waiting".to_owned(),
            ),
            Verdict::CannotBeSure { .. } => (
                "It may still be in use.".to_owned(),
                verdict.reason(scene.now),
                "Retire all the same".to_owned(),
            ),
            Verdict::Safe { .. } => (
                verdict.headline(scene.now),
                verdict.reason(scene.now),
                "Retire old secret".to_owned(),
            ),
        };
        let effect = "Requests with it will be refused straight away.";
        let tokens = issued_tokens(scene);
        let undo = "You can turn it back on for 24 hours.";
        Self {
            question: "Retire the old secret now?".to_owned(),
            lead,
            text: join(&[&text, effect, &tokens, undo]),
            act,
            keep: "Keep both for now",
            is_harmful: !matches!(verdict, Verdict::Safe { .. }),
            secret: old.id.to_string(),
            shown: Shown::of(verdict, scene.last_use(old).is_some()).to_string(),
        }
    }

    /// Before the new secret of a rotation is withdrawn.
    pub(super) fn of_cancelling(new: &Secret, scene: &Scene) -> Self {
        let users = Users::of(std::iter::once(new), scene).in_words(scene.now);
        let (lead, use_of_it) = match (&users, scene.last_use(new)) {
            (Some(users), _) => (
                "The new secret is needed already.",
                format!("The new secret was used by {users}."),
            ),
            (None, Some(_)) => ("The new secret is needed already.", last_used(new, scene)),
            (None, None) => ("The new secret stops for good.", String::new()),
        };
        let effect = format!(
            "Requests with `{}` will be refused straight away.",
            shown(new)
        );
        let after = "The old secret goes on as before, with its former expiry.";
        Self {
            question: "Cancel this rotation?".to_owned(),
            lead: lead.to_owned(),
            text: join(&[&use_of_it, &effect, after]),
            act: "Cancel rotation".to_owned(),
            keep: "Keep rotating",
            is_harmful: true,
            secret: new.id.to_string(),
            shown: use_shown(new, scene).to_string(),
        }
    }

    /// Before a secret is revoked.
    pub(super) fn of_revoking(secret: &Secret, scene: &Scene) -> Self {
        let client = &scene.client;
        let lead = who_is_left(client, secret, scene);
        let use_of_it = match scene.last_use(secret) {
            None => "It was never used.".to_owned(),
            Some(_) => match Users::of(std::iter::once(secret), scene).in_words(scene.now) {
                Some(users) => format!("It was used by {users}."),
                None => last_used(secret, scene),
            },
        };
        let effect = "Revoking is for a leak: requests with it are refused at once, for good, and \
                      there is no undo.";
        Self {
            question: format!("Revoke {}?", shown(secret)),
            lead,
            text: join(&[&use_of_it, effect, &issued_tokens(scene)]),
            act: format!("Revoke {}", shown(secret)),
            keep: "Keep it",
            is_harmful: true,
            secret: secret.id.to_string(),
            shown: String::new(),
        }
    }
}

/// What is said of the use of the new secret of a rotation.
pub(super) fn use_shown(new: &Secret, scene: &Scene) -> Shown {
    let users = Users::of(std::iter::once(new), scene);
    Shown::of_use(scene.last_use(new).is_some(), users.count())
}

/// What goes on without `secret`.
fn who_is_left(client: &Client, secret: &Secret, scene: &Scene) -> String {
    let live = client.live_secrets(scene.now).count();
    match (secret.life(scene.now), live) {
        (Life::Active | Life::Retiring, 1) => {
            format!("{} stops: this is its only secret that works.", client.name)
        }
        (Life::Active, _) => {
            "The rotation ends: the old secret goes on as before, with its former expiry."
                .to_owned()
        }
        (Life::Retiring, _) => {
            "The rotation ends: only the new secret works from then on.".to_owned()
        }
        (Life::Retired | Life::Revoked | Life::Cancelled | Life::Expired, _) => {
            "It has stopped already. Revoked, it can’t be turned back on.".to_owned()
        }
    }
}

/// Nothing came with the new secret yet.
fn unmoved(old: &Secret, scene: &Scene) -> (String, String, String) {
    let client = &scene.client.name;
    if scene.last_use(old).is_none() {
        return (
            "Neither secret has been used yet.".to_owned(),
            format!("Whoever holds the old one for {client} needs the new one from now on."),
            "Retire the old secret".to_owned(),
        );
    }
    (
        format!("All of {client}’s traffic stops."),
        format!(
            "The new secret has not been used yet. {}",
            last_used_as("The old one", old, scene)
        ),
        format!("Retire and stop {client}"),
    )
}

/// `It was used 4 minutes ago from 10.0.4.31.`
fn last_used(secret: &Secret, scene: &Scene) -> String {
    last_used_as("It", secret, scene)
}

fn last_used_as(subject: &str, secret: &Secret, scene: &Scene) -> String {
    let Some(at) = scene.last_use(secret) else {
        return String::new();
    };
    let ago = scene.now.since(at).in_words();
    let detail = scene.tally.last.get(&secret.id);
    match detail.filter(|detail| detail.at == at) {
        Some(detail) => format!("{subject} was used {ago} ago from {}.", detail.address),
        None => format!("{subject} was used {ago} ago."),
    }
}

fn issued_tokens(scene: &Scene) -> String {
    let longest = scene.longest_token();
    longest.map_or_else(String::new, |longest| {
        format!(
            "Tokens already issued keep working until they expire (at most {}).",
            longest.in_words()
        )
    })
}

fn join(sentences: &[&str]) -> String {
    let said = sentences.iter().filter(|sentence| !sentence.is_empty());
    said.copied().collect::<Vec<_>>().join(" ")
}
