//! What is in a data file, as JSON that outlives changes of types.

use super::*;
use crate::domain::issued_token::IssuedPage;

/// All that can be read, in words that no change of a type's name or form touches.
pub(super) async fn dump(store: &RedbStore) -> Value {
    let content = Content::of(store).await;
    let registry = &content.registry;
    let removed: Vec<&str> = registry.removed_clients().map(ClientId::as_str).collect();
    let audit = content.audit.iter().map(|record| {
        json!({
            "seq": record.seq,
            "mac": text::base64url(record.mac),
            "at": record.entry.at.0,
            "actor": record.entry.actor,
            "action": record.entry.action,
            "object": record.entry.object.to_string(),
            "changes": record.entry.changes.len(),
            "address": record.entry.address,
            "request_id": record.entry.request_id,
        })
    });
    let once = store
        .recall("local:0", "order-4711")
        .await
        .unwrap()
        .unwrap();
    let head = store.audit_head().await.unwrap();
    let epochs = head.epochs.iter();
    json!({
        "revision": registry.revision().0,
        "pepper": text::base64url(content.pepper),
        "clients": registry.clients().map(|it| client(it)).collect::<Vec<_>>(),
        "removed_clients": removed,
        "apis": registry.apis().map(|it| api(it)).collect::<Vec<_>>(),
        "keys": registry.keys().map(|it| key(it)).collect::<Vec<_>>(),
        "operators": registry.operators().map(|it| operator(it)).collect::<Vec<_>>(),
        "audit": audit.collect::<Vec<_>>(),
        "handovers": registry.handovers().map(|it| handover(it)).collect::<Vec<_>>(),
        "registration_tokens": registry
            .registration_tokens()
            .map(|it| registration_token(it))
            .collect::<Vec<_>>(),
        "policy": registry.policy().facts(),
        "sessions": sessions(store).await,
        "revocations": revocations(store).await,
        "once": [once.object.to_string(), once.request, once.at.0],
        "usage": tally(&content.usage),
        "issued_tokens": issued(store).await,
        "acme": acme(store).await,
        "clock": store.clock().await.unwrap().map(|high| high.0),
        "epochs": epochs.map(|it| json!([it.number, it.since.0, it.first])).collect::<Vec<_>>(),
    })
}

async fn issued(store: &RedbStore) -> Vec<Value> {
    let everything = IssuedPage {
        limit: usize::MAX,
        ..IssuedPage::default()
    };
    let found = store.issued(everything).await.unwrap();
    let rows = found.iter().map(|it| {
        let issued = &it.issued;
        json!([
            it.seq,
            issued.at.0,
            issued.token,
            issued.client.as_str(),
            issued.secret.to_string(),
            issued.api.to_string(),
            issued.scope,
            issued.subject.as_ref().map(ClientId::as_str),
            issued.expires.0,
            issued.address.to_string(),
            issued.request_id,
        ])
    });
    rows.collect()
}

/// Null in a file that is older.
async fn acme(store: &RedbStore) -> Value {
    let Some(state) = store.acme().await.unwrap() else {
        return Value::Null;
    };
    let certificate = state.certificate.unwrap();
    json!({
        "directory": state.wish.directory,
        "domains": state.wish.domains,
        "account": text::base64url(state.account.unwrap().as_bytes()),
        "chain": certificate.chain,
        "key": text::base64url(certificate.key.as_bytes()),
        "valid": [certificate.not_before.0, certificate.not_after.0],
        "next": state.next.0,
        "failures": state.failures,
        "problem": state.problem,
    })
}

fn client(client: &Client) -> Value {
    let proofs = client.secrets.iter().map(|secret| match &secret.proof {
        Proof::Mac(digest) => text::base64url(digest.as_bytes()),
        Proof::Password(hash) => hash.as_str().to_owned(),
        other @ (Proof::Shared(_)
        | Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::CertificateKeySet(_)
        | Proof::Subject(_)
        | Proof::Federated(_)) => format!("{} {:?}", other.kind(), other.details()),
    });
    let made = client
        .secrets
        .iter()
        .map(|it| json!([it.id, it.created.0, it.created_by]));
    json!({
        "id": client.id,
        "facts": client.facts(),
        "created": client.created.0,
        "revision": client.revision.0,
        "proofs": proofs.collect::<Vec<_>>(),
        "postponed_by": client.marks.postponed.values().map(|it| &it.by).collect::<Vec<_>>(),
        "made": made.collect::<Vec<_>>(),
        "registration": client.registration.as_deref().map(registration),
    })
}

fn api(api: &Api) -> Value {
    let signer = match &api.signing {
        Signing::Published(_) => None,
        Signing::Shared { signer, .. } => Some(signer.sign(Typ::AccessToken, b"{}").unwrap()),
    };
    json!({
        "identifier": api.identifier,
        "facts": api.facts(),
        "longest_lifetime": api.longest_lifetime.seconds(),
        "created": api.created.0,
        "revision": api.revision.0,
        "signature": signer,
    })
}

fn key(key: &SigningKey) -> Value {
    json!({
        "id": key.id,
        "facts": key.facts(),
        "public": key.signer().and_then(|signer| signer.public_jwk()),
        "revision": key.revision.0,
    })
}

fn operator(operator: &Operator) -> Value {
    json!({
        "id": operator.id,
        "facts": operator.facts(),
        "password": operator.password.as_ref().map(PasswordHash::as_str),
        "second_factor": operator.second_factor.as_ref().map(|factor| {
            let code = factor.secret.code_at(first::NOW.0);
            json!([code, factor.since.0, factor.last_step])
        }),
        "recovery_codes": operator.recovery_codes.iter().map(digest).collect::<Vec<_>>(),
        "link": operator.link.as_ref().map(|it| digest(&it.token)),
        "last_sign_in": operator.last_sign_in.map(|at| at.0),
        "created": operator.created.0,
        "epoch": operator.epoch,
        "revision": operator.revision.0,
    })
}

fn registration_token(token: &RegistrationToken) -> Value {
    json!({
        "id": token.id,
        "digest": digest(&token.digest),
        "facts": token.facts(),
        "created": [token.created.0, token.created_by],
        "last_used": token.last_used.map(|at| at.0),
        "revision": token.revision.0,
    })
}

/// What of a registration is no matter of the audit log.
fn registration(registration: &Registration) -> Value {
    json!({
        "access": registration.access.as_ref().map(|it| digest(&it.digest)),
        "template": format!("{:?}", registration.template),
        "binding": registration.binding.as_str(),
        "certificate": registration.about.certificate,
    })
}

fn handover(handover: &Handover) -> Value {
    json!({
        "id": handover.id,
        "client": handover.client,
        "facts": handover.facts(),
        "token": digest(&handover.token),
        "created": [handover.created.0, handover.created_by],
        "by_owner": handover.by_owner,
        "expires": handover.expires.0,
        "holds": handover.if_used == IfUsed::Hold,
        "revision": handover.revision.0,
    })
}

async fn revocations(store: &RedbStore) -> Vec<Value> {
    let all = store.revocations(Timestamp(0)).await.unwrap();
    let words = all.iter().map(|it| json!([it.token, it.expires.0]));
    words.collect()
}

/// Those that were put into the file of format 2, in words.
async fn sessions(store: &RedbStore) -> Vec<Value> {
    let mut found = Vec::new();
    for session in second::sessions() {
        if let Some(it) = store.find_session(session.key).await.unwrap() {
            let times = [it.created.0, it.seen.0, it.expires.0];
            found.push(json!([it.operator, text::base64url(it.data), times]));
        }
    }
    found
}

fn digest(digest: &SecretDigest) -> String {
    text::base64url(digest.as_bytes())
}

fn tally(tally: &Tally) -> Value {
    let days = tally.days.iter().flat_map(|((subject, day), counts)| {
        counts.iter().map(move |(at, count)| {
            json!([
                subject.client,
                subject.secret,
                day.0,
                at.hour,
                at.outcome.as_str(),
                count
            ])
        })
    });
    let addresses = tally.addresses.iter().map(|((subject, address), it)| {
        let times = [it.first.0, it.last.0, it.last_refused.0];
        let counts = [it.count, it.refused, it.gap.0];
        json!([
            subject.client,
            subject.secret,
            address,
            times,
            counts,
            it.agent
        ])
    });
    let scopes = tally
        .scopes
        .iter()
        .map(|((client, api, scope, day), count)| {
            json!([client, api, scope, day.0, count.named, count.default])
        });
    let exercised = tally
        .exercised
        .iter()
        .map(|((client, api, scope, day), count)| json!([client, api, scope, day.0, count]));
    let last = tally
        .last
        .iter()
        .map(|(secret, it)| json!([secret, it.at.0, it.address, it.agent, it.count]));
    let fetches = tally
        .fetches
        .iter()
        .map(|(address, it)| json!([address, it.at.0, it.newest, it.agent, it.count]));
    json!({
        "days": days.collect::<Vec<_>>(),
        "addresses": addresses.collect::<Vec<_>>(),
        "scopes": scopes.collect::<Vec<_>>(),
        "exercised": exercised.collect::<Vec<_>>(),
        "last": last.collect::<Vec<_>>(),
        "fetches": fetches.collect::<Vec<_>>(),
    })
}
