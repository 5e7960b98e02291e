//! Tokens whose signature was found good lately, and what they say. Services show the same token again and again until
//! it expires, and a signature is most of what a look at one costs.
//!
//! Nothing here decides whether a token counts: key, time, client, API and revocation are asked each time. A token is
//! known by the hash of all of its bytes; itself it is not kept. Looking and keeping take no lock.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::{
    crypto::mac::sha256,
    oauth::access_token::{TokenError, VerifiedToken, VerifiedTokens, Verify},
};

/// How many tokens are kept at most: each has one place, by its hash, and takes it from whichever was there.
const PLACES: usize = 4096;

/// The longest token that is kept, in bytes: all of them take some eight megabytes at most.
const LONGEST: usize = 2048;

/// The tokens.
pub(super) struct KnownTokens(Box<[ArcSwapOption<Known>]>);

struct Known {
    hash: [u8; 32],
    token: Arc<VerifiedToken>,
}

impl KnownTokens {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| ArcSwapOption::empty()).collect())
    }

    fn place(&self, hash: &[u8; 32]) -> &ArcSwapOption<Known> {
        let number = usize::from(u16::from_be_bytes([hash[0], hash[1]]));
        &self.0[number % PLACES]
    }
}

impl VerifiedTokens for KnownTokens {
    fn get_or(&self, token: &str, verify: Verify<'_>) -> Result<Arc<VerifiedToken>, TokenError> {
        if token.len() > LONGEST {
            return verify().map(Arc::new);
        }
        let hash = sha256(token.as_bytes());
        let place = self.place(&hash);
        if let Some(known) = &*place.load()
            && known.hash == hash
        {
            return Ok(Arc::clone(&known.token));
        }
        let token = Arc::new(verify()?);
        let known = Known {
            hash,
            token: Arc::clone(&token),
        };
        place.store(Some(Arc::new(known)));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::time::Timestamp;

    fn token(id: &str) -> VerifiedToken {
        VerifiedToken {
            issuer: "https://as.test".to_owned(),
            client: "svc".parse().unwrap(),
            subject: "svc".parse().unwrap(),
            act: None,
            audience: "https://sales.test".parse().unwrap(),
            scopes: "read".parse().unwrap(),
            issued: Timestamp(0),
            expires: Timestamp(60),
            id: id.to_owned(),
            key: "key".to_owned(),
            confirmation: None,
            details: None,
            claims: serde_json::Map::new(),
        }
    }

    /// Asks for these tokens one after the other, and says which were verified.
    fn verified(known: &KnownTokens, texts: &[&str]) -> Vec<bool> {
        let ask = |text: &&str| {
            let is_verified = Cell::new(false);
            let said = known.get_or(text, &|| {
                is_verified.set(true);
                Ok(token(text))
            });
            assert_eq!(said.unwrap().id, *text);
            is_verified.get()
        };
        texts.iter().map(ask).collect()
    }

    #[test]
    fn a_signature_is_verified_once() {
        let known = KnownTokens::new();

        let asked = verified(&known, &["a", "b", "a", "b", "A"]);

        assert_eq!(asked, [true, true, false, false, true]);
    }

    #[test]
    fn what_is_not_signed_is_looked_at_each_time() {
        let known = KnownTokens::new();
        for _ in 0..2 {
            let refused = known.get_or("a", &|| Err(TokenError::Claims));
            assert_eq!(refused, Err(TokenError::Claims));
        }

        assert_eq!(verified(&known, &["a", "a"]), [true, false]);
    }

    #[test]
    fn no_more_tokens_are_kept_than_there_are_places() {
        let known = KnownTokens::new();
        let texts: Vec<String> = (0..2 * PLACES).map(|number| number.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert!(verified(&known, &texts).into_iter().all(|it| it));

        let kept = known.0.iter().filter(|place| place.load().is_some());

        assert!(kept.count() > PLACES / 2);
        let again = verified(&known, &texts);
        assert!(again.into_iter().filter(|it| !it).count() <= PLACES);
    }

    #[test]
    fn a_long_token_is_not_kept() {
        let known = KnownTokens::new();
        let long = "a".repeat(LONGEST + 1);

        assert_eq!(verified(&known, &[&long, &long]), [true, true]);
    }

    #[test]
    fn a_long_token_takes_up_no_room() {
        let known = KnownTokens::new();
        let (longest, longer) = ("a".repeat(LONGEST), "a".repeat(LONGEST + 1));

        assert_eq!(verified(&known, &[&longest, &longest]), [true, false]);
        assert_eq!(verified(&known, &[&longer, &longer]), [true, true]);
    }
}
