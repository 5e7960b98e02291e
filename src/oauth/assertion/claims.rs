//! The claims of an assertion, read strictly: nothing stands twice, and every kind is as it must be.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AssertionError, SKEW};
use crate::{crypto::jws::Members, domain::time::Timestamp};

/// What an assertion claims. Nobody's word is taken for it yet.
#[derive(Clone, Debug)]
pub struct Claims(BTreeMap<String, Value>);

impl Claims {
    /// Reads them.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, AssertionError> {
        let claims: Members =
            serde_json::from_slice(bytes).map_err(|_| AssertionError::Claim("set"))?;
        Ok(Self(claims.into_members()))
    }

    /// The claim called `name`, whatever it is.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claim called `name`, which is text.
    pub fn text(&self, name: &'static str) -> Result<&str, AssertionError> {
        let claim = self.0.get(name).and_then(Value::as_str);
        claim.ok_or(AssertionError::Claim(name))
    }

    /// The one audience (draft-ietf-oauth-rfc7523bis §4): a text, or a list of one.
    pub(super) fn sole_audience(&self) -> Result<&str, AssertionError> {
        match self.0.get("aud") {
            Some(Value::String(one)) => Ok(one),
            Some(Value::Array(list)) => match list.as_slice() {
                [Value::String(one)] => Ok(one),
                _ => Err(AssertionError::Audience),
            },
            _ => Err(AssertionError::Claim("aud")),
        }
    }

    /// When it expires (RFC 7519 §4.1.4), rounded up.
    pub(super) fn expires(&self) -> Result<Timestamp, AssertionError> {
        self.moment("exp")?.ok_or(AssertionError::Claim("exp"))
    }

    /// When it was issued, if it says so.
    pub(super) fn issued(&self) -> Result<Option<Timestamp>, AssertionError> {
        self.moment("iat")
    }

    /// That neither `iat` nor `nbf` lies ahead, but for what clocks differ (CJ-07).
    pub(super) fn check_begin(&self, now: Timestamp) -> Result<(), AssertionError> {
        for name in ["iat", "nbf"] {
            if self.moment(name)?.is_some_and(|at| at > now.plus(SKEW)) {
                return Err(AssertionError::NotYet);
            }
        }
        Ok(())
    }

    /// A `NumericDate` (RFC 7519 §2): seconds, perhaps with a fraction.
    fn moment(&self, name: &'static str) -> Result<Option<Timestamp>, AssertionError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let seconds = match (value.as_i64(), value.as_f64()) {
            (Some(whole), _) => Some(whole),
            // Far beyond the dates of men, and exact: no f64 below 2^53 loses its whole part.
            #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
            (None, Some(number)) if (0.0..=9.0e15).contains(&number) => Some(number.ceil() as i64),
            (None, _) => None,
        };
        match seconds {
            Some(seconds) if seconds >= 0 => Ok(Some(Timestamp(seconds))),
            Some(_) | None => Err(AssertionError::Claim(name)),
        }
    }
}
