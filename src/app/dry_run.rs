//! A dry run: would this server take a token of another issuer, and if not, why? Nobody is let in by it, and nothing of
//! the token is kept.

use super::App;
use crate::{
    domain::{
        client::Client,
        credential::{Federation, FederationKeys, Method},
        secret::Secret,
    },
    oauth::assertion::{KeySource, federation::objections},
};

/// What a trust says to a token.
pub struct Tried {
    /// Why it refuses; nothing if it does not.
    pub objections: Vec<String>,
    /// Why the issuer's keys could not be fetched when they were last asked for.
    pub problem: Option<String>,
}

impl App {
    /// What each of the client's live trusts says to `token`.
    pub async fn dry_run<'c>(&self, client: &'c Client, token: &str) -> Vec<(&'c Secret, Tried)> {
        let mut all = Vec::new();
        for secret in client.live_secrets(self.now()) {
            if let Some(trust) = secret.proof.trust() {
                all.push((secret, self.try_trust(trust, token).await));
            }
        }
        all
    }

    /// What `trust` says to `token`. No client need have it yet: then the issuer's keys are forgotten again.
    pub async fn try_trust(&self, trust: &Federation, token: &str) -> Tried {
        let source = match &trust.keys {
            FederationKeys::Given(_) => None,
            FederationKeys::At(uri) => Some(KeySource::Set(uri.clone())),
            FederationKeys::Discovered => Some(KeySource::Issuer(trust.issuer.clone())),
        };
        let mut fetched = None;
        if let Some(source) = &source {
            self.fetch_keys(source).await;
            fetched = self.fetched_keys(source);
        }
        let keys = match (&trust.keys, &fetched) {
            (FederationKeys::Given(keys), _) => Some(keys.as_slice()),
            (_, Some(set)) if set.fetched.is_some() => Some(set.keys.as_slice()),
            (_, _) => None,
        };
        let mut objections = objections((token, trust), (keys, self.now()));
        if !self.profile().allows_method(Method::Federated) {
            objections.push(format!(
                "The profile {} takes no tokens of other issuers.",
                self.profile()
            ));
        }
        Tried {
            objections,
            problem: fetched.as_ref().and_then(|set| set.problem.clone()),
        }
    }
}
