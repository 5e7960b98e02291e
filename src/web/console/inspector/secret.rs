//! What is told of a secret.

use super::super::words::{absolute, relative, segment};
use crate::{
    domain::{
        secret::{Life, SecretState},
        time::Timestamp,
    },
    oauth::inspection::FoundSecret,
};

/// What is told of a secret.
pub(super) struct SecretReport {
    /// `ok`, `warn` or `bad`.
    pub(super) tone: &'static str,
    /// In a few words.
    pub(super) title: String,
    /// More of it.
    pub(super) words: String,
    /// Whose it is: the path of its credentials, what it is called, its id.
    pub(super) client: Option<(String, String, String)>,
    /// Its public id.
    pub(super) id: String,
    /// Where it is in its life.
    pub(super) state: &'static str,
    /// Whether it can still be revoked.
    pub(super) is_live: bool,
}

impl SecretReport {
    /// What is told of a text that begins as secrets do.
    pub(super) fn of(found: &FoundSecret, now: Timestamp) -> Self {
        let (client, secret) = match found {
            FoundSecret::Mistyped => {
                return Self::unknown(
                    "This is not quite a secret of this server",
                    "It begins like one, but its checksum does not fit: a character is wrong, missing or \
                     too many. A client that sends it is refused with `invalid_client`.",
                );
            }
            FoundSecret::Unknown => {
                return Self::unknown(
                    "No client here has this secret",
                    "Its checksum fits, so it was not mistyped: it is from another server, or it stopped \
                     more than 30 days ago.",
                );
            }
            FoundSecret::Known(client, secret) => (client, secret),
        };
        let life = secret.life(now);
        let is_live = secret.is_live(now);
        let since = secret.ended(now).map(|at| relative(at, now));
        let words = match (life, &secret.state) {
            (Life::Active | Life::Retiring, SecretState::Retiring(retiring)) => format!(
                "It works, and is on its way out: it stops {}.",
                absolute(retiring.deadline, now)
            ),
            (Life::Active | Life::Retiring, _) => {
                "It works. Whoever has it gets tokens in this client’s name.".to_owned()
            }
            (Life::Retired | Life::Revoked | Life::Cancelled | Life::Expired, _) => format!(
                "It does not work any more, since {}. Nobody gets a token with it.",
                since.unwrap_or_default()
            ),
        };
        Self {
            tone: if is_live { "bad" } else { "ok" },
            title: format!("This is {}’s secret, {life}", client.name),
            words,
            client: Some((
                format!("/clients/{}/credentials", segment(client.id.as_str())),
                client.name.to_string(),
                client.id.to_string(),
            )),
            id: secret.id.to_string(),
            state: life.as_str(),
            is_live,
        }
    }

    fn unknown(title: &str, words: &str) -> Self {
        Self {
            tone: "warn",
            title: title.to_owned(),
            words: words.to_owned(),
            client: None,
            id: String::new(),
            state: "",
            is_live: false,
        }
    }
}
