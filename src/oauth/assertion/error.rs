//! Why an assertion proves nobody.

use crate::{crypto::jws::VerifyError, oauth::reason::Reason};

/// Why an assertion proves nobody. For logs, for operators and for tests; the caller is told only that
/// authentication failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AssertionError {
    /// It is no signed JWT, or one that asks for what is not known here.
    #[error(transparent)]
    Form(#[from] VerifyError),
    /// It is a token for something else.
    #[error("the typ of the assertion is neither JWT nor client-authentication+jwt")]
    Typ,
    /// A claim is missing or of the wrong kind.
    #[error("the claim {0} of the assertion is missing, or is not what it should be")]
    Claim(&'static str),
    /// It speaks of somebody else than it speaks for.
    #[error(
        "iss and sub of the assertion, and client_id beside it, are not one and the same client"
    )]
    Subject,
    /// No key of the client's signed it.
    #[error("no key of the client's signed the assertion")]
    Key,
    /// It is for somebody else.
    #[error("the aud of the assertion is not this server's issuer identifier alone")]
    Audience,
    /// Its time is up.
    #[error("the assertion has expired")]
    Expired,
    /// It would be good for too long.
    #[error("the exp of the assertion lies too far ahead")]
    LivesLong,
    /// It is from the future.
    #[error("the iat or nbf of the assertion lies ahead")]
    NotYet,
    /// It was used before.
    #[error("the assertion was used before")]
    Replayed,
    /// Whether it was used before a backup was restored, nobody knows any more.
    #[error("the assertion is from before a backup was restored, and may have been used then")]
    BeforeRestore,
    /// Nobody trusts its issuer with its subject.
    #[error("no client trusts the issuer {issuer} for this subject and these claims")]
    Untrusted {
        /// The issuer, which somebody does trust.
        issuer: String,
    },
    /// More than one client does.
    #[error("more than one client trusts the issuer for this subject: send client_id")]
    Ambiguous,
    /// It is good only for who has a key, and nothing in the request shows that.
    #[error("the assertion is bound to a key (cnf), and nothing proves that key here")]
    Bound,
    /// The other issuer's tokens for this client are for somebody else.
    #[error("the aud of the assertion is not the one that the client's trust names")]
    FederatedAudience,
    /// It was made too long ago.
    #[error("the assertion was issued too long ago for this client's trust")]
    Old,
}

impl From<AssertionError> for Reason {
    fn from(error: AssertionError) -> Self {
        Self::Assertion(error)
    }
}
