//! Workload identity federation: a token of another issuer, in place of a secret (RFC 7523 §3).
//!
//! Which issuers count, operators say, client by client; no issuer that nobody trusts is ever asked for
//! its keys. Such tokens may be used more than once: platforms hand the same one out for minutes.

use std::sync::Arc;

use serde_json::Value;

use super::{AssertionError, Claims, KeySource, Parsed, fetched, refused};
use crate::{
    domain::{
        client::Client,
        credential::{Federation, FederationKeys},
        registry::Registry,
        secret::Secret,
        time::Timestamp,
    },
    oauth::{
        Context,
        authenticate::{AuthenticatedClient, judge},
        reason::{Reason, Refused},
    },
};

/// A client, and the trust of it that an assertion may fit.
type Candidate<'r> = (&'r Arc<Client>, &'r Secret, &'r Federation);

/// Finds out which client the token of another issuer proves.
pub(super) fn prove<'r>(
    registry: &'r Registry,
    (parsed, client_id): (&Parsed<'_>, Option<&str>),
    context: &Context<'_>,
) -> Result<AuthenticatedClient<'r>, Refused> {
    let issuer = parsed.claims.text("iss").map_err(Reason::Assertion)?;
    let all = candidates(registry, (issuer, &parsed.claims), client_id);
    let lives = |(_, secret, _): &Candidate<'_>| secret.is_live(context.now);
    let chosen = all.iter().find(|it| lives(it)).or(all.first());
    let Some((client, secret, federation)) = chosen.copied() else {
        let issuer = issuer.chars().take(200).collect();
        return Err(Reason::Assertion(AssertionError::Untrusted { issuer }).into());
    };
    let others = all.iter().filter(|it| lives(it) && it.0.id != client.id);
    if others.count() > 0 {
        return Err(Reason::Assertion(AssertionError::Ambiguous).into());
    }
    let refuse = |reason: Reason| refused(reason, &client.id, Some(secret));
    let is_signed = match &federation.keys {
        FederationKeys::Given(keys) => Ok(parsed.find_signer(keys.iter()).is_some()),
        FederationKeys::At(uri) => fetched(&KeySource::Set(uri.clone()), parsed, context),
        FederationKeys::Discovered => {
            fetched(&KeySource::Issuer(issuer.to_owned()), parsed, context)
        }
    };
    match is_signed {
        Ok(true) => {}
        Ok(false) => return Err(refuse(AssertionError::Key.into())),
        Err(source) => return Err(refuse(Reason::NeedsKeys(source))),
    }
    check(&parsed.claims, federation, context.now).map_err(|error| refuse(error.into()))?;
    judge(client, secret, context.now)
}

/// Whose trust fits what is claimed: of the client that is named, else of all that trust the issuer.
fn candidates<'r>(
    registry: &'r Registry,
    (issuer, claims): (&str, &Claims),
    client_id: Option<&str>,
) -> Vec<Candidate<'r>> {
    let fitting = |client: &'r Arc<Client>| {
        client
            .secrets
            .iter()
            .rev()
            .filter_map(move |secret| Some((client, secret, secret.proof.trust()?)))
    };
    let fits = |(_, _, trust): &Candidate<'_>| trust.issuer == issuer && fits(trust, claims);
    if let Some(id) = client_id {
        let client = registry.find_client_by_text(id).into_iter();
        return client.flat_map(fitting).filter(fits).collect();
    }
    let clients = registry.clients_that_trust(issuer);
    clients.flat_map(fitting).filter(fits).collect()
}

/// Whether subject and claims are those that `trust` names.
fn fits(trust: &Federation, claims: &Claims) -> bool {
    let subject = claims
        .text("sub")
        .is_ok_and(|sub| matches(&trust.subject, sub));
    subject
        && trust
            .claims
            .iter()
            .all(|(path, wanted)| claims.at(path).is_some_and(|found| is(found, wanted)))
}

/// Checks audience and time (CF-03, CF-04).
fn check(claims: &Claims, trust: &Federation, now: Timestamp) -> Result<(), AssertionError> {
    if claims.sole_audience()? != trust.audience {
        return Err(AssertionError::FederatedAudience);
    }
    let expires = claims.expires()?;
    if expires <= now {
        return Err(AssertionError::Expired);
    }
    claims.check_begin(now)?;
    let oldest = now.minus(trust.max_age);
    let is_old = match claims.issued()? {
        Some(issued) => issued < oldest,
        None => expires > now.plus(trust.max_age),
    };
    if is_old {
        return Err(AssertionError::Old);
    }
    Ok(())
}

/// Why a token would not prove this client by this trust; nothing if it would. For a dry run: nobody is let
/// in on the strength of it. The reasons come in the order in which an operator would mend them.
pub fn objections(
    (text, trust): (&str, &Federation),
    (keys, now): (Option<&[crate::domain::credential::PublicKey]>, Timestamp),
) -> Vec<String> {
    let parsed = match Parsed::of(text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("It cannot be read: {error}.")],
    };
    let claims = &parsed.claims;
    let mut all = Vec::new();
    match claims.text("iss") {
        Ok(issuer) if issuer == trust.issuer => {}
        Ok(issuer) => all.push(format!(
            "Its issuer (iss) is {issuer}; the client trusts {}.",
            trust.issuer
        )),
        Err(_) => all.push("It does not say who issued it (iss).".to_owned()),
    }
    match claims.text("sub") {
        Ok(subject) if matches(&trust.subject, subject) => {}
        Ok(subject) => all.push(format!(
            "Its subject (sub) is {subject}; the client trusts {}.",
            trust.subject
        )),
        Err(_) => all.push("It does not say whom it is about (sub).".to_owned()),
    }
    for (path, wanted) in &trust.claims {
        match claims.at(path) {
            Some(found) if is(found, wanted) => {}
            Some(found) => all.push(format!("{path} is {found}; the client trusts {wanted}.")),
            None => all.push(format!(
                "It does not say {path}; the client trusts {wanted}."
            )),
        }
    }
    if let Err(error) = check(claims, trust, now) {
        all.push(match error {
            AssertionError::FederatedAudience | AssertionError::Audience => format!(
                "Its audience (aud) is {}; it must be {} alone.",
                claims.get("aud").unwrap_or(&Value::Null),
                trust.audience
            ),
            other @ (AssertionError::Form(_)
            | AssertionError::Typ
            | AssertionError::Claim(_)
            | AssertionError::Subject
            | AssertionError::Key
            | AssertionError::Expired
            | AssertionError::LivesLong
            | AssertionError::NotYet
            | AssertionError::Replayed
            | AssertionError::Untrusted { .. }
            | AssertionError::Ambiguous
            | AssertionError::Old) => sentence(&other.to_string()),
        });
    }
    match keys {
        None => all.push(
            "The issuer's keys could not be fetched, so nobody knows who signed it.".to_owned(),
        ),
        Some(keys) if parsed.find_signer(keys.iter()).is_some() => {}
        Some(_) => all.push("None of the issuer's keys signed it.".to_owned()),
    }
    all
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    format!("{first}{}.", letters.as_str())
}

impl Claims {
    /// The claim at `path`: a name, or names with `/` between for what lies deeper. A name may itself have
    /// a `/` or a `.`, as `kubernetes.io` does: what is there is found.
    pub fn at(&self, path: &str) -> Option<&Value> {
        if let Some(found) = self.get(path) {
            return Some(found);
        }
        path.match_indices('/')
            .find_map(|(cut, _)| within(self.get(&path[..cut])?, &path[cut + 1..]))
    }
}

fn within<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let members = value.as_object()?;
    if let Some(found) = members.get(path) {
        return Some(found);
    }
    path.match_indices('/')
        .find_map(|(cut, _)| within(members.get(&path[..cut])?, &path[cut + 1..]))
}

/// Whether a claim is what is wanted; of a list, whether one of it is.
fn is(found: &Value, wanted: &str) -> bool {
    match found {
        Value::String(text) => matches(wanted, text),
        Value::Number(number) => matches(wanted, &number.to_string()),
        Value::Bool(truth) => wanted == if *truth { "true" } else { "false" },
        Value::Array(list) => list.iter().any(|one| !one.is_array() && is(one, wanted)),
        Value::Null | Value::Object(_) => false,
    }
}

/// Whether `text` is what `pattern` describes: from end to end, case and all; `*` stands for any number of
/// characters but `:` and `/` (CF-09).
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let reach = rest.find([':', '/']).unwrap_or(rest.len());
        let found = if is_last {
            let at = rest.len().checked_sub(piece.len());
            at.filter(|at| *at <= reach && rest.is_char_boundary(*at) && rest.ends_with(piece))
        } else {
            // The first place is as good as any: what stars may stand for has no separators, so that
            // a later one reaches whatever an earlier one does.
            rest.find(piece).filter(|at| *at <= reach)
        };
        let Some(at) = found else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests;
