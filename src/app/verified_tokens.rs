//! Tokens whose signature was found good lately, and what they say. Services show the same token again and again until
//! it expires, and a signature is most of what a look at one costs.
//!
//! Nothing here decides whether a token counts: key, time, client, API and revocation are asked each time. A token is
//! kept from its second showing on, so that those which are shown once cost nothing and take no place from others; it is
//! known by the hash of all of its bytes, and is itself not kept. Looking and keeping take no lock.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;

use crate::{
    crypto::mac::sha256,
    oauth::access_token::{TokenError, VerifiedToken, VerifiedTokens, Verify},
};

/// How many tokens are kept at most: each has one place, and takes it from whichever was there.
const PLACES: usize = 4096;

/// The longest token that is kept, in bytes: all of them take some eight megabytes at most.
const LONGEST: usize = 2048;

/// The tokens.
pub(super) struct KnownTokens(Box<[Place]>);

#[derive(Default)]
struct Place {
    /// Of the token that was found signed here last.
    mark: AtomicU64,
    known: ArcSwapOption<Known>,
}

struct Known {
    hash: [u8; 32],
    token: Arc<VerifiedToken>,
}

impl KnownTokens {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| Place::default()).collect())
    }

    fn place(&self, mark: u64) -> &Place {
        let mixed = mark.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        &self.0[usize::try_from(mixed).unwrap_or_default() % PLACES]
    }
}

/// The end of a token, which is of its signature: as good as no two that count have the same.
fn mark(token: &str) -> u64 {
    let end = token.as_bytes().last_chunk::<8>();
    end.map_or(0, |end| u64::from_le_bytes(*end))
}

impl VerifiedTokens for KnownTokens {
    fn get_or(&self, token: &str, verify: Verify<'_>) -> Result<Arc<VerifiedToken>, TokenError> {
        if token.len() > LONGEST {
            return verify().map(Arc::new);
        }
        let mark = mark(token);
        let place = self.place(mark);
        if place.mark.load(Ordering::Relaxed) != mark {
            let token = verify()?;
            place.mark.store(mark, Ordering::Relaxed);
            return Ok(Arc::new(token));
        }
        let hash = sha256(token.as_bytes());
        if let Some(known) = &*place.known.load()
            && known.hash == hash
        {
            return Ok(Arc::clone(&known.token));
        }
        let token = Arc::new(verify()?);
        let known = Known {
            hash,
            token: Arc::clone(&token),
        };
        place.known.store(Some(Arc::new(known)));
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
    fn a_token_is_kept_from_its_second_showing_on() {
        let known = KnownTokens::new();

        let asked = verified(
            &known,
            &["a-token-", "a-token-", "a-token-", "b-token-", "a-token-"],
        );

        assert_eq!(asked, [true, true, false, true, false]);
    }

    #[test]
    fn a_token_is_known_by_all_of_its_bytes() {
        let known = KnownTokens::new();

        let asked = verified(
            &known,
            &[
                "a.signature",
                "a.signature",
                "b.signature",
                "a.signature",
                "b.signature",
            ],
        );

        assert_eq!(asked, [true, true, true, true, true]);
    }

    #[test]
    fn what_is_not_signed_is_looked_at_each_time_and_takes_no_place() {
        let known = KnownTokens::new();
        let refuse = || {
            let refused = known.get_or("a-token-", &|| Err(TokenError::Claims));
            assert_eq!(refused, Err(TokenError::Claims));
        };
        refuse();
        refuse();
        assert_eq!(verified(&known, &["a-token-", "a-token-"]), [true, true]);

        assert_eq!(verified(&known, &["a-token-"]), [false]);
        let forged = known.get_or("b-token-", &|| Err(TokenError::Claims));
        assert_eq!(forged, Err(TokenError::Claims));
        assert_eq!(verified(&known, &["a-token-"]), [false]);
    }

    #[test]
    fn no_more_tokens_are_kept_than_there_are_places() {
        let known = KnownTokens::new();
        let texts: Vec<String> = (0..2 * PLACES).map(|it| format!("{it:08}")).collect();
        let twice: Vec<&str> = texts.iter().flat_map(|it| [it.as_str(); 2]).collect();
        assert!(verified(&known, &twice).into_iter().all(|it| it));

        let kept = known.0.iter().filter(|it| it.known.load().is_some());

        assert!(kept.count() > PLACES / 2);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let again = verified(&known, &texts);
        assert!(again.into_iter().filter(|it| !it).count() <= PLACES);
    }

    #[test]
    fn a_long_token_is_not_kept_and_takes_up_no_room() {
        let known = KnownTokens::new();
        let (longest, longer) = ("a".repeat(LONGEST), "a".repeat(LONGEST + 1));

        assert_eq!(
            verified(&known, &[longest.as_str(); 3]),
            [true, true, false]
        );
        assert_eq!(verified(&known, &[longer.as_str(); 3]), [true, true, true]);
    }
}
