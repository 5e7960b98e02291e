//! From what was presented to the client it proves, or the reason why not.
//!
//! A secret is compared with all that are remembered of the client, the dead ones too, so that whoever
//! still sends an old one can be named. Every failure costs the same MAC, whether the client exists
//! or not, and answers alike. No slow hash is computed here: what needs one is handed back.

use std::{hint::black_box, sync::Arc};

use zeroize::Zeroizing;

use super::{
    Context, SlowHashes, assertion,
    credentials::{Claim, Credentials},
    hint::hint,
    mutual_tls,
    reason::{Reason, Refused, SlowCheck},
};
use crate::{
    crypto::mac::SecretDigest,
    domain::{
        assertion::UsedAssertion,
        client::Client,
        id::ClientId,
        registry::Registry,
        secret::{LONGEST, Life, PREFIX, Proof, Secret},
        time::Timestamp,
    },
};

/// How many slow hashes one request may ask for, in each reading of what it sent.
const MOST_SLOW_CHECKS: usize = 4;

/// A client that proved who it is.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient<'r> {
    /// The client.
    pub client: &'r Arc<Client>,
    /// The secret it did so with.
    pub secret: &'r Secret,
    /// The assertion that it did so with, if that counts once only.
    pub used: Option<UsedAssertion>,
}

/// Finds out which client `credentials` prove, and that it may prove itself from there, and by the server's profile so.
pub fn authenticate<'r>(
    registry: &'r Registry,
    credentials: &Credentials<'_>,
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    allowed(recognise(registry, credentials, context)?, context)
}

/// A client that proved itself, if it may do that from where it comes, and the server's profile allows it so.
pub(super) fn allowed<'r>(
    who: AuthenticatedClient<'r>,
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    if !who.client.rules.limits.networks.allow(context.address) {
        let reason = Reason::AddressNotAllowed(context.address);
        return Err(refused(reason, who.client, Some(who.secret)));
    }
    let method = who.secret.proof.method();
    if context.profile.allows_method(method) {
        Ok(who)
    } else {
        let reason = Reason::MethodNotAllowed(method);
        Err(refused(reason, who.client, Some(who.secret)))
    }
}

/// Finds out which client `credentials` prove.
fn recognise<'r>(
    registry: &'r Registry,
    credentials: &Credentials<'_>,
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    let basic = match credentials {
        Credentials::Unusable(why) => return Err(Reason::Unusable(*why).into()),
        Credentials::Body(claim) => return prove(registry, claim, context),
        Credentials::Assertion(assertion) => return assertion::prove(registry, assertion, context),
        Credentials::Certificate(shown) => return mutual_tls::prove(registry, shown, context),
        Credentials::Basic(basic) => basic,
    };
    let mut refused: Option<Refused> = None;
    for claim in basic.claims() {
        match prove(registry, &claim, context) {
            Ok(authenticated) => return Ok(authenticated),
            Err(other) => {
                refused = Some(match refused {
                    Some(first) => more_telling(first, other),
                    None => other,
                });
            }
        }
    }
    Err(refused.unwrap_or_else(|| Reason::UnknownClient(None).into()))
}

/// Of two readings of one request that failed, the one that says more; slow checks are gathered.
fn more_telling(mut first: Refused, second: Refused) -> Refused {
    if let (Reason::NeedsSlowCheck(checks), Reason::NeedsSlowCheck(more)) =
        (&mut first.reason, &second.reason)
    {
        checks.extend_from_slice(more);
        return first;
    }
    let weight = |refused: &Refused| {
        let may_be_right = matches!(refused.reason, Reason::NeedsSlowCheck(_));
        (
            may_be_right,
            refused.secret.is_some(),
            refused.client.is_some(),
        )
    };
    if weight(&second) > weight(&first) {
        second
    } else {
        first
    }
}

fn prove<'r>(
    registry: &'r Registry,
    claim: &Claim<'_>,
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    let presented = claim.secret.reveal();
    let possible = is_possible(presented);
    let hashed = if possible { presented } else { "" };
    let digest = SecretDigest::new(registry.pepper().digest(hashed.as_bytes()));
    let Some(client) = registry.find_client_by_text(&claim.id) else {
        black_box(digest.matches(&nobodys()));
        return Err(Refused {
            hint: hint(registry, None, presented),
            ..Reason::UnknownClient(fit_for_logs(&claim.id)).into()
        });
    };
    let wrong = |reason| Refused {
        hint: hint(registry, Some(client), presented),
        ..refused(reason, client, None)
    };
    if !possible {
        return Err(wrong(Reason::WrongSecret));
    }
    let mut found = None;
    for secret in &client.secrets {
        if is_proof(secret, &digest, presented, context) {
            found = Some(secret);
        }
    }
    match found {
        Some(secret) => judge(client, secret, context.now),
        None => Err(wrong(not_found(client, presented, context))),
    }
}

/// Whether any secret could be this one (RFC 6749 Appendix A.2). Longer ones are not even hashed.
fn is_possible(secret: &str) -> bool {
    (1..=LONGEST).contains(&secret.len()) && secret.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

/// A digest that belongs to no client, to compare with where there is none.
fn nobodys() -> SecretDigest {
    SecretDigest::new(black_box([0; 32]))
}

fn is_proof(
    secret: &Secret,
    digest: &SecretDigest,
    presented: &str,
    context: &Context<'_>,
) -> bool {
    match &secret.proof {
        Proof::Mac(kept) => digest.matches(kept),
        Proof::Password(_) => (context.remembers)(&secret.id, presented),
        Proof::Shared(_)
        | Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::CertificateKeySet(_)
        | Proof::Subject(_)
        | Proof::Federated(_) => false,
    }
}

/// What a recognised secret is worth.
pub(super) fn judge<'r>(
    client: &'r Arc<Client>,
    secret: &'r Secret,
    now: Timestamp,
) -> Result<AuthenticatedClient<'r>, Refused> {
    match secret.life(now) {
        Life::Active | Life::Retiring if client.is_active() => Ok(AuthenticatedClient {
            client,
            secret,
            used: None,
        }),
        Life::Active | Life::Retiring => Err(refused(Reason::ClientDisabled, client, Some(secret))),
        dead @ (Life::Retired | Life::Revoked | Life::Cancelled | Life::Expired) => {
            let reason = Reason::DeadSecret(secret.id.clone(), dead);
            Err(refused(reason, client, Some(secret)))
        }
    }
}

/// Nothing was recognised: perhaps it can be, slowly. Live secrets first, then the youngest dead.
fn not_found(client: &Client, presented: &str, context: &Context<'_>) -> Reason {
    if context.slow_hashes == SlowHashes::Checked {
        return Reason::WrongSecret;
    }
    let slow = |alive: bool| {
        let secrets = client.secrets.iter().rev();
        secrets.filter(move |secret| secret.is_live(context.now) == alive)
    };
    let checks: Vec<_> = slow(true)
        .chain(slow(false))
        .filter_map(|secret| match &secret.proof {
            Proof::Password(hash) => Some(SlowCheck {
                secret: secret.id.clone(),
                hash: hash.clone(),
                presented: Zeroizing::new(presented.to_owned()),
            }),
            Proof::Mac(_)
            | Proof::Shared(_)
            | Proof::Key(_)
            | Proof::KeySet(_)
            | Proof::Certificate(_)
            | Proof::CertificateKey(_)
            | Proof::CertificateKeySet(_)
            | Proof::Subject(_)
            | Proof::Federated(_) => None,
        })
        .take(MOST_SLOW_CHECKS)
        .collect();
    if checks.is_empty() {
        Reason::WrongSecret
    } else {
        Reason::NeedsSlowCheck(checks)
    }
}

fn refused(reason: Reason, client: &Client, secret: Option<&Secret>) -> Refused {
    Refused {
        reason,
        client: Some(client.id.clone()),
        secret: secret.map(|secret| secret.id.clone()),
        hint: None,
    }
}

/// What was sent for a client id, unless it is no id, or looks like a secret in the wrong place.
pub(super) fn fit_for_logs(id: &str) -> Option<ClientId> {
    id.parse().ok().filter(|_| !id.contains(PREFIX))
}

#[cfg(test)]
mod tests;
