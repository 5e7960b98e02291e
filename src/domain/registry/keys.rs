//! Signing keys: which of them signs, which are published, and how old each is.

use std::sync::Arc;

use super::Registry;
use crate::{
    crypto::signer::{Algorithm, Signer},
    domain::{
        api::{Api, Signing},
        key::{Age, KEPT_AFTER, Material, SigningKey},
        order,
        time::{Span, Timestamp},
    },
};

impl Registry {
    /// What signs tokens for `api` at `now`; nothing if its algorithm has no key yet.
    pub fn signer_for<'a>(&'a self, api: &'a Api, now: Timestamp) -> Option<&'a Arc<Signer>> {
        match &api.signing {
            Signing::Shared { signer, .. } => Some(signer),
            Signing::Published(algorithm) => self.active_key(*algorithm, now)?.signer(),
        }
    }

    /// The key that signs with `algorithm` at `now`.
    pub fn active_key(&self, algorithm: Algorithm, now: Timestamp) -> Option<&Arc<SigningKey>> {
        self.signing
            .iter()
            .find(|key| key.algorithm == algorithm && key.active_from <= now)
    }

    /// How old `key` is at `now`.
    pub fn age(&self, key: &SigningKey, now: Timestamp) -> Age {
        match key.material {
            Material::Destroyed { at } => return Age::Retired { at },
            Material::Revoked { at } => return Age::Revoked { at },
            Material::Whole { .. } => {}
        }
        if now < key.active_from {
            return Age::Pending {
                active_from: key.active_from,
            };
        }
        let Some(stopped) = self.stops_signing(key).filter(|stopped| *stopped <= now) else {
            return Age::Active {
                since: key.active_from,
            };
        };
        let until = stopped.plus(self.longest_lifetime()).plus(KEPT_AFTER);
        if now < until {
            Age::Retiring { until }
        } else {
            Age::Retired { at: until }
        }
    }

    /// When the next key of its algorithm takes over from `key`, if one is known to.
    pub fn stops_signing(&self, key: &SigningKey) -> Option<Timestamp> {
        self.signing
            .iter()
            .filter(|other| other.algorithm == key.algorithm && other.id != key.id)
            .filter(|other| other.seniority() > key.seniority())
            .map(|other| other.active_from)
            .min()
    }

    /// The keys that stand in the JWK set at `now`, each with its age: by algorithm, latest first.
    pub fn published_keys(&self, now: Timestamp) -> impl Iterator<Item = (&Arc<SigningKey>, Age)> {
        self.signing
            .iter()
            .map(move |key| (key, self.age(key, now)))
            .filter(|(_, age)| age.is_published())
    }

    /// The longest that a token may live that was issued up to now.
    pub fn longest_lifetime(&self) -> Span {
        self.apis
            .values()
            .map(|api| api.longest_lifetime.span())
            .max()
            .unwrap_or_default()
    }

    pub(super) fn sort_signing_keys(&mut self) {
        let mut whole: Vec<_> = self
            .keys
            .values()
            .filter(|key| key.signer().is_some())
            .cloned()
            .collect();
        order::by(&mut whole, |one, two| {
            let latest_first = two.seniority().cmp(&one.seniority());
            one.algorithm.cmp(&two.algorithm).then(latest_first)
        });
        self.signing = Arc::new(whole);
    }
}
