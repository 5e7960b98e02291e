//! What a new secret takes the place of: it is used as that was, unless somebody says otherwise.

use crate::{
    admin::refusal::FieldErrors,
    domain::{client::Client, secret::Proof, secret::Secret, time::Timestamp},
};

/// Whether the client signs with its next secret: as was `asked`, else as it does with the one that is
/// replaced. Who has no credential yet sends it.
///
/// # Errors
/// Nothing was asked, and what is replaced is no secret: a client with a key or a certificate gets a
/// secret only if that is said.
pub(in crate::admin) fn signs(
    asked: Option<bool>,
    client: &Client,
    now: Timestamp,
) -> Result<bool, FieldErrors> {
    match (asked, replaced(client, now).map(|old| &old.proof)) {
        (Some(signs), _) => Ok(signs),
        (None, Some(Proof::Shared(_))) => Ok(true),
        (None, Some(Proof::Mac(_) | Proof::Password(_)) | None) => Ok(false),
        (None, Some(other)) => Err(FieldErrors::one("signs", &not_a_secret(other))),
    }
}

/// The credential that works, else the one that came last.
fn replaced(client: &Client, now: Timestamp) -> Option<&Secret> {
    let last = client.secrets.last();
    client.new_secret(now).or(last)
}

fn not_a_secret(proof: &Proof) -> String {
    format!(
        "the client proves itself with {}, not with a secret: rotate to its next key, certificate or trust, \
         or say that it is to get a secret, false if it sends it, true if it signs with it",
        proof.method()
    )
}
