//! Secrets, as they are shown: where they are in their lives, who uses them, and what to do.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Sight, moment};
use crate::domain::{
    client::Client,
    order,
    rotation::ANOTHER_DAY,
    secret::{IfUsed, Life, Retiring, Secret, SecretState, UNDO},
    usage::{AddressUse, SecretUsage},
    verdict::{Evidence, Verdict, verdict},
};

/// A secret: everything but the secret itself.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretView {
    /// Its public id.
    pub secret_id: String,
    /// `active`, `retiring`, `retired`, `revoked`, `cancelled` or `expired`.
    pub status: String,
    /// `generated` by Jeton, `chosen` by somebody, or what it is in place of a secret: `shared`, `key`,
    /// `key_set`, `certificate`, `subject`, `federated`.
    pub kind: String,
    /// How its client authenticates with it (RFC 7591 §2).
    pub method: String,
    /// What may be known of it: the thumbprint of a key, for example.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: String,
    /// By whom, as the audit log names them.
    pub created_by: String,
    /// When it stops by itself.
    pub expires_at: Option<String>,
    /// Where it is kept.
    pub note: String,
    /// When it stopped.
    pub ended_at: Option<String>,
    /// Until when it can be brought back.
    pub undo_until: Option<String>,
    /// Its part in a rotation, if it is the old one of it.
    pub retiring: Option<RetiringView>,
    /// Its latest use.
    pub last_used: Option<LastUsedView>,
    /// What there is to say about it, in a sentence.
    pub advice: String,
}

/// The old secret's part in a rotation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RetiringView {
    /// When the rotation began.
    pub since: String,
    /// When it is to stop.
    pub deadline: String,
    /// What happens then if it is still in use: `hold` or `stop`.
    pub if_used: String,
    /// How often the deadline was moved because it was.
    pub held: u8,
}

/// The latest use of a secret.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct LastUsedView {
    /// When.
    pub at: String,
    /// From where; `null` where only the moment is at hand.
    pub address: Option<String>,
    /// What called itself so.
    pub user_agent: Option<String>,
    /// How many tokens it gave in all.
    pub count: u64,
}

impl SecretView {
    /// A `secret` of `client`, as seen from `sight`.
    pub fn of(client: &Client, secret: &Secret, sight: &Sight<'_>) -> Self {
        let now = sight.now;
        let life = secret.life(now);
        let undo_until = match secret.state {
            SecretState::Retired { at } if now < at.plus(UNDO) => Some(moment(at.plus(UNDO))),
            SecretState::Active
            | SecretState::Retiring(_)
            | SecretState::Retired { .. }
            | SecretState::Revoked { .. }
            | SecretState::Cancelled { .. } => None,
        };
        Self {
            secret_id: secret.id.to_string(),
            status: life.as_str().to_owned(),
            kind: secret.proof.kind().to_owned(),
            method: secret.proof.method().to_string(),
            details: secret
                .proof
                .details()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            created_at: moment(secret.created),
            created_by: secret.created_by.as_ref().to_owned(),
            expires_at: secret.expires.map(moment),
            note: secret.note.to_string(),
            ended_at: secret.ended(now).map(moment),
            undo_until,
            retiring: secret.retiring(now).map(RetiringView::of),
            last_used: LastUsedView::of(secret, sight),
            advice: advice(client, secret, sight),
        }
    }
}

impl RetiringView {
    /// As it stands.
    pub fn of(retiring: &Retiring) -> Self {
        Self {
            since: moment(retiring.since),
            deadline: moment(retiring.deadline),
            if_used: if_used(retiring.if_used).to_owned(),
            held: retiring.held,
        }
    }
}

fn if_used(if_used: IfUsed) -> &'static str {
    match if_used {
        IfUsed::Hold => "hold",
        IfUsed::Stop => "stop",
    }
}

impl LastUsedView {
    fn of(secret: &Secret, sight: &Sight<'_>) -> Option<Self> {
        let detail = sight.usage.and_then(|tally| tally.last.get(&secret.id));
        let (at, count) = match ((sight.latest)(&secret.id), detail) {
            (Some((at, count)), Some(detail)) => (at.max(detail.at), count.max(detail.count)),
            (Some(latest), None) => latest,
            (None, Some(detail)) => (detail.at, detail.count),
            (None, None) => return None,
        };
        Some(Self {
            at: moment(at),
            address: detail.map(|detail| detail.address.to_string()),
            user_agent: detail.and_then(|detail| detail.agent.as_deref().map(str::to_owned)),
            count,
        })
    }
}

/// One sentence about a secret: the verdict for the old one, the latest use for one in use, what
/// remains for a dead one.
fn advice(client: &Client, secret: &Secret, sight: &Sight<'_>) -> String {
    let now = sight.now;
    match secret.life(now) {
        Life::Retiring => match judged(client, sight) {
            Some(verdict) => verdict.sentence(now),
            None => "On its way out; its own page says whether it is safe to retire.".to_owned(),
        },
        Life::Active => format!("{}{}", used(secret, sight), expiring(secret, sight)),
        Life::Retired => match secret.ended(now).map(|at| at.plus(UNDO)) {
            Some(until) if now < until => {
                format!(
                    "Retired; it can be brought back until {until}.{}",
                    refused(secret, sight)
                )
            }
            Some(_) | None => format!("Retired for good.{}", refused(secret, sight)),
        },
        Life::Revoked => format!("Revoked for good.{}", refused(secret, sight)),
        Life::Cancelled => format!("Withdrawn with its rotation.{}", refused(secret, sight)),
        Life::Expired => format!("Its time ran out.{}", refused(secret, sight)),
    }
}

fn used(secret: &Secret, sight: &Sight<'_>) -> String {
    let detail = sight.usage.and_then(|tally| tally.last.get(&secret.id));
    let from = detail.map_or_else(String::new, |detail| format!(" from {}", detail.address));
    match (sight.latest)(&secret.id).or_else(|| detail.map(|detail| (detail.at, detail.count))) {
        None => "Never used.".to_owned(),
        Some((at, _)) => format!("Last used {} ago{from}.", sight.now.since(at).in_words()),
    }
}

fn expiring(secret: &Secret, sight: &Sight<'_>) -> String {
    let left = secret.expires.map(|expires| expires.since(sight.now));
    match left {
        Some(left) if left.0 <= 30 * ANOTHER_DAY.0 => {
            format!(" It expires in {}; rotate it before.", left.in_words())
        }
        Some(_) | None => String::new(),
    }
}

/// Who was refused with a dead secret since it died.
fn refused(secret: &Secret, sight: &Sight<'_>) -> String {
    let Some((tally, ended)) = sight.usage.zip(secret.ended(sight.now)) else {
        return String::new();
    };
    let usage = tally.of_secret(&secret.id);
    let since: Vec<(&IpAddr, &AddressUse)> = usage
        .addresses
        .iter()
        .filter(|(_, usage)| usage.refused > 0 && usage.last_refused >= ended)
        .collect();
    let latest = since.iter().max_by_key(|(_, usage)| usage.last_refused);
    latest.map_or_else(String::new, |(address, usage)| {
        format!(
            " Still sent by {} {}, last {} ago by {address}.",
            since.len(),
            if since.len() == 1 {
                "address"
            } else {
                "addresses"
            },
            sight.now.since(usage.last_refused).in_words()
        )
    })
}

/// What the usage says about stopping the old secret of the rotation under way, if one is.
pub fn judged(client: &Client, sight: &Sight<'_>) -> Option<Verdict> {
    let tally = sight.usage?;
    let of = |secret: Option<&Secret>| -> SecretUsage {
        secret.map_or_else(SecretUsage::default, |secret| tally.of_secret(&secret.id))
    };
    let (old, new) = (
        of(client.old_secret(sight.now)),
        of(client.new_secret(sight.now)),
    );
    let evidence = Evidence {
        old: &old,
        new: &new,
        watching_since: sight.watching_since,
    };
    verdict(client, &evidence, sight.now)
}

/// All secrets of a client, and the rotation under way.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretsView {
    /// The secrets, oldest first.
    pub data: Vec<SecretView>,
    /// The rotation under way.
    pub rotation: Option<RotationView>,
}

/// A rotation under way.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RotationView {
    /// The old secret's id.
    pub old: String,
    /// The new secret's id; `null` if it was revoked or has expired.
    pub new: Option<String>,
    /// When it began.
    pub since: String,
    /// When the old secret is to stop.
    pub deadline: String,
    /// What happens then if it is still in use: `hold` or `stop`.
    pub if_used: String,
    /// How often the deadline was moved because it was.
    pub held: u8,
    /// Whether it is safe to retire the old one.
    pub verdict: VerdictView,
}

/// Whether it is safe to retire the old secret of a rotation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct VerdictView {
    /// `new_unused`, `stops_while_used`, `in_use`, `nearly`, `cannot_be_sure` or `safe`.
    pub word: String,
    /// Whether it is.
    pub safe: bool,
    /// The same in a sentence.
    pub sentence: String,
    /// Who is meant.
    pub addresses: Vec<String>,
}

impl SecretsView {
    /// Those of `client`, as seen from `sight`.
    pub fn of(client: &Client, sight: &Sight<'_>) -> Self {
        let secrets = client.secrets.iter();
        Self {
            data: secrets
                .map(|secret| SecretView::of(client, secret, sight))
                .collect(),
            rotation: RotationView::of(client, sight),
        }
    }
}

impl RotationView {
    /// The one under way, if any.
    pub fn of(client: &Client, sight: &Sight<'_>) -> Option<Self> {
        let old = client.old_secret(sight.now)?;
        let retiring = old.retiring(sight.now)?;
        let verdict = judged(client, sight)?;
        Some(Self {
            old: old.id.to_string(),
            new: client.new_secret(sight.now).map(|new| new.id.to_string()),
            since: moment(retiring.since),
            deadline: moment(retiring.deadline),
            if_used: if_used(retiring.if_used).to_owned(),
            held: retiring.held,
            verdict: VerdictView {
                word: verdict.word().to_owned(),
                safe: matches!(verdict, Verdict::Safe { .. }),
                sentence: verdict.sentence(sight.now),
                addresses: verdict.addresses().iter().map(IpAddr::to_string).collect(),
            },
        })
    }
}

/// A secret, and who used it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct SecretDetailView {
    /// The secret.
    #[serde(flatten)]
    pub secret: SecretView,
    /// Who used it in the last 90 days, latest first.
    pub addresses: Vec<AddressView>,
}

/// What one address did with one secret.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct AddressView {
    /// The address.
    pub address: String,
    /// What it called itself latest.
    pub user_agent: Option<String>,
    /// Its first token.
    pub first_at: Option<String>,
    /// Its latest token.
    pub last_at: Option<String>,
    /// The longest time between two of its tokens, in seconds.
    pub largest_gap: u64,
    /// Tokens issued to it.
    pub count: u64,
    /// Requests of it that were refused.
    pub refused: u64,
    /// The latest of them.
    pub last_refused_at: Option<String>,
}

impl SecretDetailView {
    /// A `secret` of `client`, as seen from `sight`.
    pub fn of(client: &Client, secret: &Secret, sight: &Sight<'_>) -> Self {
        let usage = sight.usage.map(|tally| tally.of_secret(&secret.id));
        let mut addresses: Vec<_> = usage.unwrap_or_default().addresses.into_iter().collect();
        order::by_key(&mut addresses, |(address, usage)| {
            (std::cmp::Reverse(usage.latest()), *address)
        });
        Self {
            secret: SecretView::of(client, secret, sight),
            addresses: addresses
                .iter()
                .map(|(address, usage)| AddressView::of(*address, usage))
                .collect(),
        }
    }
}

impl AddressView {
    fn of(address: IpAddr, usage: &AddressUse) -> Self {
        let issued = |at| (usage.count > 0).then(|| moment(at));
        Self {
            address: address.to_string(),
            user_agent: usage.agent.as_deref().map(str::to_owned),
            first_at: issued(usage.first),
            last_at: issued(usage.last),
            largest_gap: usage.gap.seconds(),
            count: usage.count,
            refused: usage.refused,
            last_refused_at: (usage.refused > 0).then(|| moment(usage.last_refused)),
        }
    }
}
