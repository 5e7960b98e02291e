//! Which profile of OAuth the whole server keeps to.

use std::fmt;

use super::{
    api::{Api, TokenFormat},
    client::Client,
    credential::Method,
    id::{ApiIdentifier, ClientId},
    registry::Registry,
    time::{Span, Timestamp},
};
use crate::crypto::algorithm::JwsAlgorithm;

/// How strict the server is, beyond what each client and API asks of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Profile {
    /// OAuth 2.0 as RFC 6749 and RFC 9700 have it.
    #[default]
    Standard,
    /// The FAPI 2.0 security profile, as far as it is about client credentials.
    Fapi2,
}

impl Profile {
    /// The word for it in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fapi2 => "fapi2",
        }
    }

    /// Whether clients may authenticate so (FAPI 2.0 §5.3.2.1: with a key or a certificate of their own).
    pub const fn allows_method(self, method: Method) -> bool {
        match self {
            Self::Standard => true,
            Self::Fapi2 => match method {
                Method::PrivateKeyJwt | Method::TlsClientAuth | Method::SelfSignedTlsClientAuth => {
                    true
                }
                Method::ClientSecret | Method::ClientSecretJwt | Method::Federated => false,
            },
        }
    }

    /// Whether JWTs may be signed so, clients' and the server's own (FAPI 2.0 §5.4.1).
    pub fn allows_algorithm(self, algorithm: impl Into<JwsAlgorithm>) -> bool {
        match self {
            Self::Standard => true,
            Self::Fapi2 => match algorithm.into() {
                JwsAlgorithm::Es256 | JwsAlgorithm::Ps256 | JwsAlgorithm::EdDsa => true,
                JwsAlgorithm::Es384
                | JwsAlgorithm::Es512
                | JwsAlgorithm::Rs256
                | JwsAlgorithm::Rs384
                | JwsAlgorithm::Rs512
                | JwsAlgorithm::Ps384
                | JwsAlgorithm::Ps512
                | JwsAlgorithm::Hs256 => false,
            },
        }
    }

    /// Whether the tokens of `api` are made as they may be. Opaque ones are signed by nobody.
    pub fn allows_api(self, api: &Api) -> bool {
        api.rules.format == TokenFormat::Opaque || self.allows_algorithm(api.signing.algorithm())
    }

    /// Whether every token is bound to a key or a certificate.
    pub const fn needs_binding(self) -> bool {
        matches!(self, Self::Fapi2)
    }

    /// Whether the audience of a client's assertion is the issuer as a text: neither a list nor, where a client's
    /// library wants it, the token endpoint.
    pub const fn is_strict_about_audiences(self) -> bool {
        matches!(self, Self::Fapi2)
    }

    /// How far ahead the `exp` of a client's assertion may lie.
    pub const fn longest_assertion_life(self) -> Span {
        match self {
            Self::Standard => Span::hours(1),
            Self::Fapi2 => Span::minutes(5),
        }
    }

    /// Who gets no token because of it, at `now`. Looks through all clients if it shuts anybody out.
    pub fn shuts_out(self, registry: &Registry, now: Timestamp) -> ShutOut {
        match self {
            Self::Standard => return ShutOut::default(),
            Self::Fapi2 => {}
        }
        let is_shut_out = |client: &Client| {
            let mut live = client
                .secrets
                .iter()
                .filter(|it| it.is_live(now))
                .peekable();
            client.is_active()
                && live.peek().is_some()
                && live.all(|it| !self.allows_method(it.proof.method()))
        };
        let clients = registry.clients().filter(|it| is_shut_out(it));
        let apis = registry.apis();
        let apis = apis.filter(|api| api.is_active() && !self.allows_api(api));
        ShutOut {
            clients: clients.map(|client| client.id.clone()).collect(),
            apis: apis.map(|api| api.identifier.clone()).collect(),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who gets no token because the profile does not allow it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ShutOut {
    /// Active clients all of whose live credentials are of kinds that are not allowed.
    pub clients: Vec<ClientId>,
    /// Active APIs whose tokens are signed in a way that is not allowed.
    pub apis: Vec<ApiIdentifier>,
}

impl ShutOut {
    /// Whether everybody gets tokens.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.apis.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FP-01, FP-02
    #[test]
    fn fapi_allows_what_only_the_client_can_make() {
        let methods = Method::ALL.map(|it| (it.as_str(), Profile::Fapi2.allows_method(it)));
        assert_eq!(
            methods,
            [
                ("client_secret", false),
                ("client_secret_jwt", false),
                ("private_key_jwt", true),
                ("tls_client_auth", true),
                ("self_signed_tls_client_auth", true),
                ("federated", false),
            ]
        );
        let algorithms = JwsAlgorithm::ALL.into_iter();
        let allowed = algorithms.filter(|it| Profile::Fapi2.allows_algorithm(*it));
        let allowed: Vec<_> = allowed.map(JwsAlgorithm::as_str).collect();
        assert_eq!(allowed, ["ES256", "PS256", "EdDSA"]);
        assert!(
            Method::ALL
                .into_iter()
                .all(|it| Profile::Standard.allows_method(it))
        );
    }
}
