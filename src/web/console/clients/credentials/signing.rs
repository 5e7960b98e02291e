//! How a client uses its secret, as forms ask for it: it sends it, or it signs with it and never sends it.

use super::cards::described;
use crate::{
    admin::refusal::FieldErrors,
    domain::{
        client::Client,
        credential::Method,
        secret::{Proof, Secret},
        time::{Span, Timestamp},
    },
    web::console::form::Fields,
};

/// What the form says at first: as with what the new secret replaces.
pub(super) fn as_before(client: &Client, now: Timestamp) -> &'static str {
    let signs = |old: &Secret| matches!(old.proof, Proof::Shared(_));
    if replaced(client, now).is_some_and(signs) {
        "yes"
    } else {
        "no"
    }
}

/// What the client has that is no secret, in words; nothing is the empty text.
pub(super) fn instead(client: &Client, now: Timestamp) -> &'static str {
    let live = client.live_secrets(now).next();
    live.map_or("", |old| match described(&old.proof).0 {
        _ if old.proof.is_secret() => "",
        kind => kind,
    })
}

/// Whether the client signs with the new secret, or all that is wrong with what the form says of it, which
/// wants the old credential to work for `overlap`.
pub(super) fn read(
    fields: &Fields,
    (client, now): (&Client, Timestamp),
    overlap: Option<Span>,
    errors: &mut FieldErrors,
) -> Option<bool> {
    let signs = match fields.text("signs") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    if signs.is_none() && replaced(client, now).is_some_and(|old| !old.proof.is_secret()) {
        errors.add("signs", "choose how it uses the secret");
    }
    let has_key = client.methods(now).contains(&Method::PrivateKeyJwt);
    if signs == Some(true) && has_key && overlap != Some(Span(0)) {
        let message =
            "a secret that signs and a key of its own never work side by side: stop the key now";
        errors.add("overlap", message);
    }
    signs
}

/// What works, else what came last.
fn replaced(client: &Client, now: Timestamp) -> Option<&Secret> {
    client.new_secret(now).or(client.secrets.last())
}
