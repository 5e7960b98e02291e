//! What a token is bound to, so that whoever steals it cannot use it (RFC 7800 §3).

use serde::{Deserialize, Serialize};

use super::reason::Reason;
use crate::domain::{
    client::{Binding, Client},
    profile::Profile,
};

/// What a token is bound to: the claim `cnf`, always of exactly one member (AT-05).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Confirmation {
    /// A key, by its thumbprint (RFC 9449 §6.1).
    #[serde(rename = "jkt")]
    Jkt(String),
    /// A certificate, by its thumbprint (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    X5t(String),
}

impl Confirmation {
    /// The name of its member of `cnf`.
    pub const fn member(&self) -> &'static str {
        match self {
            Self::Jkt(_) => "jkt",
            Self::X5t(_) => "x5t#S256",
        }
    }

    /// The thumbprint.
    pub fn thumbprint(&self) -> &str {
        match self {
            Self::Jkt(thumbprint) | Self::X5t(thumbprint) => thumbprint,
        }
    }

    /// The `token_type` of a token that is bound so (RFC 9449 §5, RFC 8705 §3).
    pub const fn token_type(confirmation: Option<&Self>) -> &'static str {
        match confirmation {
            Some(Self::Jkt(_)) => "DPoP",
            Some(Self::X5t(_)) | None => "Bearer",
        }
    }
}

/// What a request brings that its token can be bound to, all of it proven.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proven {
    /// The thumbprint of the key of a DPoP proof.
    pub key: Option<String>,
    /// The thumbprint of the certificate of the connection.
    pub certificate: Option<String>,
}

/// What a token of `client` is bound to, given what is `proven`. A token is bound in one way only: as the
/// client's must be, else to a key rather than to a certificate (CM-08); in a profile that wants it, always.
///
/// # Errors
/// What it must be bound to is not there.
pub fn bind(
    client: &Client,
    proven: Proven,
    profile: Profile,
) -> Result<Option<Confirmation>, Reason> {
    let key = proven.key.map(Confirmation::Jkt);
    let certificate = proven.certificate.map(Confirmation::X5t);
    match client.rules.binding {
        Binding::Optional => match key.or(certificate) {
            None if profile.needs_binding() => Err(Reason::Unbound(Binding::Optional)),
            bound => Ok(bound),
        },
        Binding::Dpop => key.map(Some).ok_or(Reason::Unbound(Binding::Dpop)),
        Binding::Certificate => certificate
            .map(Some)
            .ok_or(Reason::Unbound(Binding::Certificate)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::fixtures::client;

    #[test]
    fn a_token_is_bound_to_a_key_a_certificate_or_nothing() {
        let key = Confirmation::Jkt("k".to_owned());
        let certificate = Confirmation::X5t("c".to_owned());
        assert_eq!((key.member(), key.thumbprint()), ("jkt", "k"));
        assert_eq!(
            (certificate.member(), certificate.thumbprint()),
            ("x5t#S256", "c")
        );
        assert_eq!(Confirmation::token_type(Some(&key)), "DPoP");
        assert_eq!(Confirmation::token_type(Some(&certificate)), "Bearer");
        assert_eq!(Confirmation::token_type(None), "Bearer");
    }

    /// CM-08, AT-05
    #[test]
    fn a_token_is_bound_in_one_way_and_as_its_client_must_be() {
        let mut client = client("c", &[]);
        let both = || Proven {
            key: Some("k".to_owned()),
            certificate: Some("c".to_owned()),
        };
        let key = Confirmation::Jkt("k".to_owned());
        let certificate = Confirmation::X5t("c".to_owned());
        for (binding, bound, alone) in [
            (Binding::Optional, &key, Ok(None)),
            (Binding::Dpop, &key, Err(Reason::Unbound(Binding::Dpop))),
            (
                Binding::Certificate,
                &certificate,
                Err(Reason::Unbound(Binding::Certificate)),
            ),
        ] {
            client.rules.binding = binding;
            assert_eq!(
                bind(&client, both(), Profile::Standard),
                Ok(Some(bound.clone()))
            );
            assert_eq!(bind(&client, Proven::default(), Profile::Standard), alone);
        }
        client.rules.binding = Binding::Optional;
        assert_eq!(
            bind(&client, Proven::default(), Profile::Fapi2),
            Err(Reason::Unbound(Binding::Optional))
        );
        assert_eq!(
            serde_json::to_string(&certificate).unwrap(),
            "{\"x5t#S256\":\"c\"}"
        );
    }
}
