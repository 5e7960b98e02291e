//! What will happen by itself in the time ahead: secrets that expire, old secrets that stop,
//! signing keys that change, the server's certificate that ends.

use std::sync::Arc;

use super::words;
use crate::domain::{
    client::Client,
    id::SecretId,
    key::{Age, SIGNS_FOR, SigningKey},
    order,
    registry::Registry,
    server_certificate::{CertificateSource, CertificateStatus},
    time::{Span, Timestamp},
};

/// How far ahead is looked.
pub const AHEAD: Span = Span::days(90);

/// Something that will happen by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What will happen.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A secret expires.
    SecretExpires(Arc<Client>, SecretId),
    /// The old secret of a rotation stops.
    OldSecretStops(Arc<Client>, SecretId),
    /// A key that is published begins to sign.
    KeySigns(Arc<SigningKey>),
    /// A key that no longer signs leaves the JWK set.
    KeyLeaves(Arc<SigningKey>),
    /// A key will have signed for as long as keys do; the schedule makes its successor before.
    KeyIsSucceeded(Arc<SigningKey>),
    /// The server's certificate expires, unless somebody puts another in its place.
    CertificateExpires,
    /// The server gets itself the next certificate.
    CertificateIsRenewed,
}

/// What will happen to these clients and the server within [`AHEAD`] of `now`, the next thing first; `certificate`
/// is the server's own.
pub fn horizon<'c>(
    clients: impl Iterator<Item = &'c Arc<Client>>,
    registry: &Registry,
    certificate: Option<&CertificateStatus>,
    now: Timestamp,
) -> Vec<Event> {
    let secrets = clients.flat_map(|client| secrets_of(client, now));
    let keys = registry.keys().filter_map(|key| key_of(key, registry, now));
    let mut events: Vec<Event> = secrets
        .chain(keys)
        .chain(certificate.and_then(certificate_of))
        .filter(|event| event.at > now && event.at <= now.plus(AHEAD))
        .collect();
    order::by_key(&mut events, |event| event.at);
    events
}

fn secrets_of(client: &Arc<Client>, now: Timestamp) -> impl Iterator<Item = Event> {
    client.live_secrets(now).flat_map(move |secret| {
        let stops = secret.retiring(now).map(|retiring| Event {
            at: retiring.deadline,
            what: What::OldSecretStops(Arc::clone(client), secret.id.clone()),
        });
        let expires = secret.expires.map(|at| Event {
            at,
            what: What::SecretExpires(Arc::clone(client), secret.id.clone()),
        });
        stops.into_iter().chain(expires)
    })
}

fn certificate_of(status: &CertificateStatus) -> Option<Event> {
    let shown = status.shown.as_ref()?;
    let renewed = match &status.source {
        CertificateSource::Directory { next, .. } if status.problem.is_none() => Some(*next),
        CertificateSource::Directory { .. } | CertificateSource::File(_) => None,
    };
    Some(match renewed {
        Some(at) => Event {
            at,
            what: What::CertificateIsRenewed,
        },
        None => Event {
            at: shown.not_after,
            what: What::CertificateExpires,
        },
    })
}

fn key_of(key: &Arc<SigningKey>, registry: &Registry, now: Timestamp) -> Option<Event> {
    let (at, what): (_, fn(Arc<SigningKey>) -> What) = match registry.age(key, now) {
        Age::Pending { active_from } => (active_from, What::KeySigns),
        Age::Active { since } => {
            if registry.stops_signing(key).is_some() {
                return None;
            }
            (since.plus(SIGNS_FOR), What::KeyIsSucceeded)
        }
        Age::Retiring { until } => (until, What::KeyLeaves),
        Age::Retired { .. } | Age::Revoked { .. } => return None,
    };
    Some(Event {
        at,
        what: what(Arc::clone(key)),
    })
}

impl Event {
    /// As a sentence: `mailer's secret K7QD2M4A expires 14 Jan, 08:00 UTC, in 12 days.`
    pub fn in_words(&self, now: Timestamp) -> String {
        let (when, left) = (words::moment(self.at), self.at.since(now).in_words());
        let what = match &self.what {
            What::SecretExpires(client, secret) => {
                format!("{}'s secret {secret} expires", client.name)
            }
            What::OldSecretStops(client, secret) => {
                format!("{}'s old secret {secret} stops", client.name)
            }
            What::KeySigns(key) => format!("The next {} key begins to sign", key.algorithm),
            What::KeyLeaves(key) => format!("An old {} key leaves the key set", key.algorithm),
            What::KeyIsSucceeded(key) => format!("Another {} key takes over", key.algorithm),
            What::CertificateExpires => "The server's TLS certificate expires".to_owned(),
            What::CertificateIsRenewed => "The server's TLS certificate is renewed".to_owned(),
        };
        format!("{what} {when}, in {left}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        admin::{
            keys::{GenerateKey, When},
            secrets::RotateSecret,
            tests::{World, register, rotate},
        },
        crypto::signer::Algorithm,
        domain::{rotation::Overlap, server_certificate::ShownCertificate},
    };

    fn ahead(world: &World) -> Vec<String> {
        let events = horizon(world.registry.clients(), &world.registry, None, world.now);
        events
            .iter()
            .map(|event| event.in_words(world.now))
            .collect()
    }

    #[test]
    fn secrets_that_expire_and_old_ones_that_stop_stand_on_the_horizon() {
        let mut world = World::new();
        let mut mailer = register("mailer", &[]);
        mailer.secret.expires_in = Some(Span::days(50));
        let mailer = world.run(mailer).unwrap().client.id.clone();
        let secret = world.client(&mailer).secrets[0].id.clone();
        world.run(rotate(&mailer)).unwrap();

        let ahead = ahead(&world);

        assert_eq!(
            ahead[0],
            format!("mailer's old secret {secret} stops 16 Jan, 08:00 UTC, in 24 hours.")
        );
        assert_eq!(
            ahead[1],
            format!("mailer's secret {secret} expires 6 Mar, 08:00 UTC, in 50 days.")
        );
        assert_eq!(
            ahead[2..],
            ["Another ES256 key takes over 15 Apr, 08:00 UTC, in 90 days."]
        );
    }

    #[test]
    fn what_lies_further_ahead_or_is_over_is_left_out() {
        let mut world = World::new();
        let mut far = register("far", &[]);
        far.secret.expires_in = Some(Span::days(91));
        world.run(far).unwrap();
        let stopped = world.register("stopped").client.id.clone();
        let at_once = RotateSecret {
            overlap: Overlap::None,
            ..rotate(&stopped)
        };
        world.run(at_once).unwrap();

        assert_eq!(
            ahead(&world),
            ["Another ES256 key takes over 15 Apr, 08:00 UTC, in 90 days."]
        );
    }

    #[test]
    fn a_key_that_waits_is_announced_and_then_the_one_it_followed_leaves() {
        let mut world = World::new();
        let next = GenerateKey {
            algorithm: Algorithm::Es256,
            when: When::Scheduled,
        };
        world.run(next).unwrap();
        assert_eq!(
            ahead(&world),
            ["The next ES256 key begins to sign 22 Jan, 08:00 UTC, in 7 days."]
        );

        world.advance(Span::days(7));

        assert_eq!(
            ahead(&world)[0],
            "An old ES256 key leaves the key set 22 Jan, 10:00 UTC, in 2 hours."
        );
    }

    #[test]
    fn the_servers_certificate_expires_in_its_file_or_is_renewed_before() {
        let world = World::new();
        let in_days = |days| world.now.plus(Span::days(days));
        let mut status = CertificateStatus {
            source: CertificateSource::File("/etc/as.pem".to_owned()),
            shown: Some(ShownCertificate {
                names: Vec::new(),
                issuer: String::new(),
                not_before: world.now,
                not_after: in_days(40),
            }),
            problem: None,
        };
        let next = |status: &CertificateStatus| {
            let events = horizon(
                world.registry.clients(),
                &world.registry,
                Some(status),
                world.now,
            );
            (events[0].what.clone(), events[0].at)
        };
        assert_eq!(next(&status), (What::CertificateExpires, in_days(40)));

        status.source = CertificateSource::Directory {
            url: String::new(),
            domains: Vec::new(),
            next: in_days(10),
        };
        assert_eq!(next(&status), (What::CertificateIsRenewed, in_days(10)));

        status.problem = Some("no route".to_owned());
        assert_eq!(next(&status), (What::CertificateExpires, in_days(40)));
    }
}
