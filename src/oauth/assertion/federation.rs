//! Workload identity federation: a token of another issuer, in place of a secret (RFC 7523 §3).
//!
//! Which issuers count, operators say, client by client; no issuer that nobody trusts is ever asked for
//! its keys. Such tokens may be used more than once: platforms hand the same one out for minutes.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use super::{AssertionError, Claims, KeySource, Parsed, keys_at, refused};
use crate::{
    crypto::algorithm::JwsAlgorithm,
    domain::{
        client::Client,
        credential::{Federation, FederationKeys, PublicKey},
        registry::Registry,
        secret::Secret,
        spiffe,
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
    let vouchers = vouchers(&parsed.claims).map_err(Reason::Assertion)?;
    let all = candidates(registry, (&vouchers, &parsed.claims), client_id);
    let lives = |(_, secret, _): &Candidate<'_>| secret.is_live(context.now);
    let chosen = all.iter().find(|it| lives(it)).or(all.first());
    let Some((client, secret, federation)) = chosen.copied() else {
        let issuer = vouchers.join(" ").chars().take(200).collect();
        return Err(Reason::Assertion(AssertionError::Untrusted { issuer }).into());
    };
    let others = all.iter().filter(|it| lives(it) && it.0.id != client.id);
    if others.count() > 0 {
        return Err(Reason::Assertion(AssertionError::Ambiguous).into());
    }
    let refuse = |reason: Reason| refused(reason, &client.id, Some(secret));
    let signed = |keys: &[PublicKey]| parsed.is_signed_for(federation, keys);
    let is_signed = match &federation.keys {
        FederationKeys::Given(keys) => Ok(signed(keys)),
        FederationKeys::At(uri) => keys_at(&KeySource::Set(uri.clone()), signed, context),
        FederationKeys::Discovered => keys_at(
            &KeySource::Issuer(federation.issuer.clone()),
            signed,
            context,
        ),
    };
    match is_signed {
        Ok(true) => {}
        Ok(false) => return Err(refuse(AssertionError::Key.into())),
        Err(source) => return Err(refuse(Reason::NeedsKeys(source))),
    }
    check(&parsed.claims, federation, context.now).map_err(|error| refuse(error.into()))?;
    judge(client, secret, context.now)
}

/// Whether the claims are another issuer's that some client trusts, and not a client's own.
pub(super) fn is_foreign(registry: &Registry, claims: &Claims) -> bool {
    let is_other = |voucher: &&str| claims.text("sub").is_ok_and(|subject| subject != *voucher);
    let vouchers = vouchers(claims).unwrap_or_default();
    let mut others = vouchers.into_iter().filter(is_other);
    others.any(|it| registry.is_trusted_issuer(it))
}

/// Who may vouch for what is claimed: who issued it, and the trust domain of a SPIFFE ID. A JWT-SVID need not say who
/// issued it (JWT-SVID §3).
fn vouchers(claims: &Claims) -> Result<Vec<&str>, AssertionError> {
    let domain = spiffe::trust_domain(claims.text("sub")?);
    let issuer = claims.get("iss").map(|_| claims.text("iss")).transpose()?;
    let mut all: Vec<&str> = issuer.into_iter().chain(domain).collect();
    all.dedup();
    Ok(all)
}

/// Whose trust fits what is claimed: of the client that is named, else of all that trust who vouches.
fn candidates<'r>(
    registry: &'r Registry,
    (vouchers, claims): (&[&str], &Claims),
    client_id: Option<&str>,
) -> Vec<Candidate<'r>> {
    let fitting = |client: &'r Arc<Client>| {
        client
            .secrets
            .iter()
            .rev()
            .filter_map(move |secret| Some((client, secret, secret.proof.trust()?)))
    };
    let fits = |(_, _, trust): &Candidate<'_>| {
        vouchers.contains(&trust.issuer.as_str()) && fits(trust, claims)
    };
    if let Some(id) = client_id {
        let client = registry.find_client_by_text(id).into_iter();
        return client.flat_map(fitting).filter(fits).collect();
    }
    let all = vouchers.iter();
    let clients = all.flat_map(|it| registry.clients_that_trust(it));
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

/// Checks audience and time (CF-03, CF-04), and that whoever has the token may use it.
fn check(claims: &Claims, trust: &Federation, now: Timestamp) -> Result<(), AssertionError> {
    if claims.get("cnf").is_some() {
        return Err(AssertionError::Bound);
    }
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
    (keys, now): (Option<&[PublicKey]>, Timestamp),
) -> Vec<String> {
    let parsed = match Parsed::of(text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("It cannot be read: {error}.")],
    };
    let claims = &parsed.claims;
    let mut all = misfits(claims, trust);
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
            | AssertionError::Bound
            | AssertionError::Expired
            | AssertionError::LivesLong
            | AssertionError::NotYet
            | AssertionError::Replayed
            | AssertionError::BeforeRestore
            | AssertionError::Untrusted { .. }
            | AssertionError::Ambiguous
            | AssertionError::Old) => sentence(&other.to_string()),
        });
    }
    match keys {
        None => all.push(
            "The issuer's keys could not be fetched, so nobody knows who signed it.".to_owned(),
        ),
        Some(keys) if parsed.is_signed_for(trust, keys) => {}
        Some(_) if !trust.may_be_signed_by(parsed.algorithm) => all.push(format!(
            "It is signed by {}; the client trusts {}.",
            parsed.algorithm,
            words(&trust.algorithms)
        )),
        Some(_) => all.push("None of the issuer's keys signed it.".to_owned()),
    }
    all
}

/// What of its claims is not as `trust` names it.
fn misfits(claims: &Claims, trust: &Federation) -> Vec<String> {
    let mut all = Vec::new();
    match claims.text("iss") {
        _ if trust.is_of_trust_domain() => {}
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
    all
}

fn words(algorithms: &BTreeSet<JwsAlgorithm>) -> String {
    let names = algorithms.iter().map(|it| it.as_str());
    names.collect::<Vec<_>>().join(", ")
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
