//! The second factor: codes of six digits that change every thirty seconds (RFC 6238).
//!
//! SHA-1, because that is what every authenticator app speaks; in an HMAC it is sound. A code is
//! taken from the step before to the step after, and each step once: whoever looks over a shoulder
//! has nothing.

use std::{fmt, str::FromStr};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::crypto::random::Entropy;

/// What an authenticator app and the server share: 160 random bits. Written in base32.
///
/// No `Debug` of the content. Wiped when dropped.
#[derive(Clone, Deserialize, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct TotpSecret(Zeroizing<[u8; 20]>);

impl TotpSecret {
    /// A new one.
    pub fn generate(entropy: &Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// For typing it into an app: 32 characters of base32.
    pub fn to_base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(32));
        for group in self.0.chunks(5) {
            let bits = group
                .iter()
                .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let letter = (bits >> (5 * place)) & 31;
                text.push(char::from(BASE32[usize::try_from(letter).unwrap_or(0)]));
            }
        }
        text
    }

    /// For the square that an app scans: who it is for, and where.
    pub fn uri(&self, server: &str, account: &str) -> Zeroizing<String> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let (server, account) = (encode(server), encode(account));
        let secret = self.to_base32();
        Zeroizing::new(format!(
            "otpauth://totp/{server}:{account}?secret={}&issuer={server}&algorithm=SHA1&digits=6&period=30",
            *secret
        ))
    }

    /// The step that `code` belongs to, if it is right within a step of `seconds` since 1970.
    /// Spaces in it do not matter.
    pub fn step_of(&self, code: &str, seconds: i64) -> Option<u64> {
        let code: Zeroizing<String> =
            Zeroizing::new(code.chars().filter(|it| !it.is_whitespace()).collect());
        self.totp().check(&code, u64::try_from(seconds).ok()?)
    }

    /// The code at a moment, as an app shows it.
    pub fn code_at(&self, seconds: i64) -> String {
        let seconds = u64::try_from(seconds).unwrap_or(0);
        self.totp().generate(seconds).to_string()
    }

    fn totp(&self) -> Totp {
        // The builder's own values are six digits, thirty seconds, one step to either side, SHA-1.
        Builder::new()
            .with_secret(Secret::new_stack(*self.0))
            .build()
            .expect("160 bits are long enough")
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl FromStr for TotpSecret {
    type Err = TotpSecretError;

    fn from_str(text: &str) -> Result<Self, TotpSecretError> {
        if text.len() != 32 {
            return Err(TotpSecretError);
        }
        let mut bytes = Zeroizing::new([0; 20]);
        for (eight, five) in text.as_bytes().chunks(8).zip(bytes.chunks_mut(5)) {
            let mut bits = 0_u64;
            for letter in eight {
                let found = BASE32.iter().position(|one| one == letter);
                bits = bits << 5 | found.ok_or(TotpSecretError)? as u64;
            }
            five.copy_from_slice(&bits.to_be_bytes()[3..]);
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for TotpSecret {
    type Error = TotpSecretError;

    fn try_from(text: String) -> Result<Self, TotpSecretError> {
        Zeroizing::new(text).parse()
    }
}

impl From<TotpSecret> for String {
    fn from(secret: TotpSecret) -> Self {
        secret.to_base32().as_str().to_owned()
    }
}

impl PartialEq for TotpSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

/// The text is no secret of an authenticator app.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the secret of an authenticator app is 32 characters of base32")]
pub struct TotpSecretError;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 Appendix B: the ASCII text "12345678901234567890".
    fn of_the_rfc() -> TotpSecret {
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".parse().unwrap()
    }

    #[test]
    fn rfc_6238_appendix_b_in_six_digits() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_rfc().code_at(seconds), code);
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(of_the_rfc().step_of(code, seconds), Some(step));
        }
    }

    #[test]
    fn a_code_is_taken_a_step_early_or_late_and_no_more() {
        let code = of_the_rfc().code_at(3000);

        for (seconds, step) in [
            (2969, None),
            (2970, Some(100)),
            (3000, Some(100)),
            (3059, Some(100)),
            (3060, None),
        ] {
            assert_eq!(of_the_rfc().step_of(&code, seconds), step, "{seconds}");
        }
    }

    #[test]
    fn spaces_in_a_code_do_not_matter_and_nothing_else_is_forgiven() {
        let step = |code: &str| of_the_rfc().step_of(code, 59);

        assert_eq!(step(" 287 082\u{a0}"), Some(1));
        for wrong in ["", "28708", "2870820", "28708x", "+287082", "287083"] {
            assert_eq!(step(wrong), None, "{wrong}");
        }
        assert_eq!(of_the_rfc().step_of("287082", -1), None);
    }

    #[test]
    fn a_secret_comes_back_from_its_text_and_never_shows_in_debug() {
        let secret = TotpSecret::generate(&Entropy::seeded(1));

        let text = secret.to_base32();

        assert_eq!(text.parse(), Ok(secret.clone()));
        assert_ne!(secret, of_the_rfc());
        assert_eq!(*of_the_rfc().0, *b"12345678901234567890");
        assert_eq!(format!("{secret:?}"), "TotpSecret(..)");
        for wrong in ["", &text[1..], &text.to_lowercase(), &"1".repeat(32)] {
            assert_eq!(wrong.parse::<TotpSecret>(), Err(TotpSecretError));
        }
    }

    #[test]
    fn an_app_is_told_for_whom_the_secret_is() {
        let uri = of_the_rfc().uri("Jeton: tokens", "ana@example.com");

        assert_eq!(
            *uri,
            "otpauth://totp/Jeton%3A%20tokens:ana%40example%2Ecom\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Jeton%3A%20tokens\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
