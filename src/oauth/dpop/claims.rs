//! What a proof says (RFC 9449 §4.2). What is not known of it is ignored.

use serde::{Deserialize, Deserializer, de::Error};

use crate::domain::time::Timestamp;

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) jti: String,
    pub(super) htm: String,
    pub(super) htu: String,
    pub(super) iat: NumericDate,
    #[serde(default)]
    pub(super) exp: Option<NumericDate>,
    #[serde(default)]
    pub(super) nbf: Option<NumericDate>,
    #[serde(default)]
    pub(super) ath: Option<String>,
    #[serde(default)]
    pub(super) nonce: Option<String>,
}

/// Seconds since 1970, perhaps with a fraction (RFC 7519 §2), which is dropped.
pub(super) struct NumericDate(pub(super) Timestamp);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        let seconds = number.as_i64().or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what is far becomes the farthest"
            )]
            number.as_f64().map(|fraction| fraction.floor() as i64)
        });
        let seconds = seconds.filter(|seconds| seconds.unsigned_abs() < FARTHEST);
        seconds
            .map(|seconds| Self(Timestamp(seconds)))
            .ok_or_else(|| D::Error::custom("no moment of this age"))
    }
}

/// About the year 10000: sums with spans cannot overflow below it.
const FARTHEST: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_number_within_the_dates_of_men() {
        let read = |text: &str| serde_json::from_str::<NumericDate>(text).ok();
        for (text, seconds) in [
            ("253402300799", Some(253_402_300_799)),
            ("-253402300799", Some(-253_402_300_799)),
            ("1.9", Some(1)),
            ("-0.5", Some(-1)),
            ("253402300800", None),
            ("-253402300800", None),
            ("253402300800.5", None),
            ("18446744073709551615", None),
            ("\"1\"", None),
        ] {
            let read = read(text).map(|date| date.0.0);
            assert_eq!(read, seconds, "{text}");
        }
    }
}
