//! A secret and its use, as the pages show them.

use std::net::IpAddr;

use super::scene::Scene;
use crate::{
    admin::{
        evidence::{Series, Whose, words::date_of_year},
        views::LastUsedView,
    },
    domain::{
        credential::Method,
        order,
        secret::{Life, Proof, Secret},
        time::{Span, Timestamp},
        usage::AddressUse,
    },
    web::console::{
        chart::{Svg, sparkline},
        words::{Moment, actor, number},
    },
};

/// How close an expiry must be to be spoken of.
const SOON: Span = Span::days(30);

/// How many addresses a card lists.
const LISTED: usize = 5;

/// A secret: everything but the secret itself.
pub(super) struct Card {
    /// Its public id.
    pub(super) id: String,
    /// The same as it is seen at the beginning of the secret.
    pub(super) shown: String,
    /// What it is in place of a secret; nothing is the empty text.
    pub(super) kind: &'static str,
    /// What may be known of it.
    pub(super) details: Vec<(&'static str, String)>,
    /// The page that gives the client the next of its kind, below that of its credentials.
    pub(super) next: &'static str,
    /// Whether the client may be given a secret in its place.
    pub(super) may_be_secret: bool,
    /// Whether it is the tokens of another issuer, so that one can be tried.
    pub(super) is_federated: bool,
    /// Where it is in its life.
    pub(super) state: State,
    /// When it was reported as leaked.
    pub(super) leaked: Option<Moment>,
    pub(super) made: Moment,
    pub(super) made_by: String,
    pub(super) expires: Option<Expiry>,
    pub(super) note: String,
    /// When it stopped.
    pub(super) ended: Option<Moment>,
    pub(super) last: Option<LastUse>,
    /// Tokens of the last 24 hours.
    pub(super) tokens: String,
    /// The same by hour.
    pub(super) spark: Svg,
    /// The same in a sentence.
    pub(super) by_hour: String,
    /// Who used it, latest first; the first few.
    pub(super) addresses: Vec<Row>,
    /// How many more there are.
    pub(super) more: usize,
}

/// Where a secret is in its life: word, icon and tone.
pub(super) struct State {
    pub(super) word: &'static str,
    pub(super) icon: &'static str,
    pub(super) tone: &'static str,
}

/// When a secret stops by itself.
pub(super) struct Expiry {
    pub(super) at: Moment,
    pub(super) is_soon: bool,
    /// How much of its life is over, of a hundred.
    pub(super) spent: u64,
}

/// The latest use of a secret.
pub(super) struct LastUse {
    pub(super) at: Moment,
    /// Where it came from and what it called itself, as far as is known.
    pub(super) from: String,
    pub(super) agent: String,
}

/// What one address did with one secret.
pub(super) struct Row {
    pub(super) address: String,
    pub(super) agent: String,
    pub(super) first: Option<Moment>,
    pub(super) last: Option<Moment>,
    /// The longest time between two of its tokens; nothing is the empty text.
    pub(super) gap: String,
    pub(super) count: String,
    pub(super) refused: String,
    pub(super) last_refused: Option<Moment>,
}

impl Card {
    /// That of a `secret` of the client.
    pub(super) fn of(secret: &Secret, scene: &Scene) -> Self {
        let (view, now) = (scene.view(secret), scene.now);
        let day = Series::last_day(&scene.tally, Whose::Secret(&secret.id), now);
        let points: Vec<u64> = day.points.iter().map(|point| point.issued).collect();
        let rows = rows(secret, scene);
        let (kind, mut details) = described(&secret.proof);
        // Every card says when what it shows expires.
        details.retain(|(name, _)| *name != VALID_UNTIL);
        Self {
            id: view.secret_id,
            shown: shown(secret),
            kind,
            details,
            next: next(&secret.proof),
            may_be_secret: !secret.proof.is_secret() && scene.allows(Method::ClientSecret),
            is_federated: secret.proof.method() == Method::Federated,
            state: State::of(secret.life(now)),
            leaked: secret.leaked.map(|at| Moment::of(at, now)),
            made: Moment::of(secret.created, now),
            made_by: actor(&secret.created_by),
            expires: secret
                .expires
                .map(|at| Expiry::of((secret.created, at), now)),
            note: view.note,
            ended: secret.ended(now).map(|at| Moment::of(at, now)),
            last: view.last_used.map(|last| LastUse::of(last, now)),
            tokens: number(day.issued()),
            spark: sparkline(&points),
            by_hour: day.issued_in_words(),
            more: rows.len().saturating_sub(LISTED),
            addresses: rows.into_iter().take(LISTED).collect(),
        }
    }
}

/// Who used a secret or was refused with it, latest first.
pub(super) fn rows(secret: &Secret, scene: &Scene) -> Vec<Row> {
    let mut all: Vec<_> = scene
        .tally
        .of_secret(&secret.id)
        .addresses
        .into_iter()
        .collect();
    order::by_key(&mut all, |(address, usage)| {
        (std::cmp::Reverse(usage.latest()), *address)
    });
    let rows = all.iter();
    rows.map(|(address, usage)| Row::of((*address, usage), scene.now))
        .collect()
}

impl Row {
    /// What `address` did.
    pub(super) fn of((address, usage): (IpAddr, &AddressUse), now: Timestamp) -> Self {
        let issued = |at| (usage.count > 0).then(|| Moment::of(at, now));
        let gap = usage.gap;
        Self {
            address: address.to_string(),
            agent: usage.agent.as_deref().unwrap_or("–").to_owned(),
            first: issued(usage.first),
            last: issued(usage.last),
            gap: if usage.count > 1 {
                gap.in_words()
            } else {
                String::new()
            },
            count: number(usage.count),
            refused: number(usage.refused),
            last_refused: (usage.refused > 0).then(|| Moment::of(usage.last_refused, now)),
        }
    }
}

impl State {
    /// That of a secret at this point of its life.
    pub(super) const fn of(life: Life) -> Self {
        let (word, icon, tone) = match life {
            Life::Active => ("Active", "check", "ok"),
            Life::Retiring => ("Old", "circle-dashed", "old"),
            Life::Retired => ("Retired", "circle", ""),
            Life::Revoked => ("Revoked", "ban", "bad"),
            Life::Cancelled => ("Cancelled", "undo-2", ""),
            Life::Expired => ("Expired", "hourglass", ""),
        };
        Self { word, icon, tone }
    }
}

impl Expiry {
    fn of((made, at): (Timestamp, Timestamp), now: Timestamp) -> Self {
        let whole = at.since(made).seconds().max(1);
        Self {
            at: Moment::of(at, now),
            is_soon: at.since(now) <= SOON,
            spent: (now.since(made).seconds().saturating_mul(100) / whole).min(100),
        }
    }
}

impl LastUse {
    fn of(last: LastUsedView, now: Timestamp) -> Self {
        Self {
            at: Moment::read(&last.at, now),
            from: last.address.unwrap_or_default(),
            agent: last.user_agent.unwrap_or_default(),
        }
    }
}

/// What a credential is that is no secret, the empty text for one that is; and what may be known of it.
pub(in super::super) fn described(proof: &Proof) -> (&'static str, Vec<(&'static str, String)>) {
    let details = proof.details().into_iter();
    let details = details.map(|(name, value)| match (name, value.parse()) {
        ("not_after", Ok(at)) => (label(name), date_of_year(at)),
        _ => (label(name), value),
    });
    (kind(proof), details.collect())
}

/// What a credential is that is no secret; nothing is the empty text.
const fn kind(proof: &Proof) -> &'static str {
    match proof {
        Proof::Mac(_) | Proof::Password(_) => "",
        Proof::Shared(_) => "A secret that signs",
        Proof::Key(_) => "A public key",
        Proof::KeySet(_) => "Keys that the client publishes",
        Proof::Certificate(_) => "A certificate of its own",
        Proof::CertificateKey(_) => "The key of its certificates",
        Proof::CertificateKeySet(_) => "The keys of its certificates, which it publishes",
        Proof::Subject(_) => "A certificate of your authority",
        Proof::Federated(_) => "Tokens of another issuer",
    }
}

/// The page that gives a client the next credential of the kind.
const fn next(proof: &Proof) -> &'static str {
    match proof.method() {
        Method::ClientSecret | Method::ClientSecretJwt => "rotate",
        Method::PrivateKeyJwt | Method::TlsClientAuth | Method::SelfSignedTlsClientAuth => {
            "replace"
        }
        Method::Federated => "federate",
    }
}

/// Until when a certificate is valid.
const VALID_UNTIL: &str = "Valid until";

/// What a detail of a credential is called.
fn label(name: &'static str) -> &'static str {
    match name {
        "key_id" => "Key id",
        "algorithm" => "Algorithm",
        "thumbprint" => "Thumbprint",
        "jwks_uri" => "Published at",
        "subject" | "tls_client_auth_subject_dn" => "Subject",
        "not_after" => VALID_UNTIL,
        "tls_client_auth_san_dns" => "DNS name",
        "tls_client_auth_san_uri" => "URI",
        "tls_client_auth_san_ip" => "IP address",
        "tls_client_auth_san_email" => "E-mail address",
        "issuer" => "Issuer",
        "algorithms" => "Signed by",
        "audience" => "Audience",
        "claims" => "Claims",
        "keys" => "Keys",
        "max_age" => "Age at most",
        other => other,
    }
}

/// A secret as people know it: by its beginning, where its beginning names it.
pub(in super::super) fn shown(secret: &Secret) -> String {
    match secret.proof {
        Proof::Mac(_) | Proof::Shared(_) => format!("jtn_{}", secret.id),
        Proof::Password(_)
        | Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::CertificateKeySet(_)
        | Proof::Subject(_)
        | Proof::Federated(_) => secret.id.to_string(),
    }
}
