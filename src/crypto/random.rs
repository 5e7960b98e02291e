//! Randomness, handed in: the one door to the operating system's generator, and a seeded one for tests.
//!
//! Everything random in the server is drawn from an [`Entropy`] that its caller passed, so a test can replay
//! it. Texts are unbiased: each letter is as likely as any other.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use zeroize::Zeroizing;

use crate::crypto::text;

/// A source of random bytes. Cheap to clone; clones draw from the same source.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    Os,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    /// The operating system's generator: for everything but tests. Takes no lock.
    pub fn os() -> Self {
        Self(Source::Os)
    }

    /// A generator that gives the same bytes for the same seed. For tests only: it is no secret.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// Fills `target` with random bytes fit for keys and secrets.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: then nothing safe can be done.
    pub fn fill(&self, target: &mut [u8]) {
        match &self.0 {
            Source::Os => SysRng
                .try_fill_bytes(target)
                .expect("a running operating system gives random bytes"),
            Source::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(target),
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A secret of `len` letters and digits, 5.95 bits each.
    pub fn base62(&self, len: usize) -> Zeroizing<String> {
        Zeroizing::new(self.text(len, text::BASE62))
    }

    /// `len` characters of `A-Z2-7`, 5 bits each: for what people read to each other.
    pub fn base32(&self, len: usize) -> String {
        self.text(len, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    }

    /// `len` characters of `a-z2-7`, 5 bits each: for public ids.
    pub fn lower_base32(&self, len: usize) -> String {
        self.text(len, b"abcdefghijklmnopqrstuvwxyz234567")
    }

    /// `len` digits and capitals without I, L, O and U, 5 bits each: for what people type.
    pub fn crockford(&self, len: usize) -> String {
        self.text(len, b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    }

    /// A token id: 128 random bits as 22 characters of base64url. Made for the token path: each thread asks the
    /// operating system for many at once.
    pub fn token_id(&self) -> String {
        let bytes = match &self.0 {
            Source::Os => POOL.with_borrow_mut(|pool| pool.take(self)),
            Source::Seeded(_) => self.bytes(),
        };
        text::base64url(bytes)
    }

    /// `len` letters of `alphabet`, each equally likely: bytes above the last whole multiple are thrown away.
    fn text(&self, len: usize, alphabet: &[u8]) -> String {
        let whole = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(len);
        let mut pool = Zeroizing::new([0; 64]);
        while text.len() < len {
            self.fill(pool.as_mut_slice());
            let letters = pool
                .iter()
                .map(|byte| usize::from(*byte))
                .filter(|n| *n < whole);
            text.extend(
                letters
                    .map(|n| char::from(alphabet[n % alphabet.len()]))
                    .take(len - text.len()),
            );
        }
        text
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [[0; 16]; 32], left: 0 }) };
}

/// Random bytes for names that are no secrets, each handed out once.
struct Pool {
    bytes: [[u8; 16]; 32],
    left: usize,
}

impl Pool {
    fn take(&mut self, entropy: &Entropy) -> [u8; 16] {
        if self.left == 0 {
            entropy.fill(self.bytes.as_flattened_mut());
            self.left = self.bytes.len();
        }
        self.left -= 1;
        self.bytes[self.left]
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Os => "Entropy(os)",
            Source::Seeded(_) => "Entropy(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn token_ids_repeat_neither_within_a_thread_nor_between_two() {
        let draw = || {
            (0..100)
                .map(|_| Entropy::os().token_id())
                .collect::<Vec<_>>()
        };
        let other = std::thread::spawn(draw);

        let ids: BTreeSet<String> = draw().into_iter().chain(other.join().unwrap()).collect();

        assert_eq!(ids.len(), 200);
        assert!(ids.iter().all(|id| id.len() == 22));
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_texts() {
        let draw = |entropy: &Entropy| {
            (
                entropy.bytes::<16>(),
                entropy.base62(43),
                entropy.base32(16),
                entropy.lower_base32(8),
                entropy.token_id(),
            )
        };

        assert_eq!(draw(&Entropy::seeded(7)), draw(&Entropy::seeded(7)));
        assert_ne!(draw(&Entropy::seeded(7)), draw(&Entropy::seeded(8)));
    }

    #[test]
    fn clones_draw_from_one_stream() {
        let entropy = Entropy::seeded(7);

        assert_ne!(entropy.bytes::<16>(), entropy.clone().bytes::<16>());
    }

    /// ST-05
    #[test]
    fn the_operating_system_does_not_repeat_itself() {
        let entropy = Entropy::os();

        let ids = (0..1000).map(|_| entropy.token_id());

        assert_eq!(ids.collect::<BTreeSet<_>>().len(), 1000);
    }

    #[test]
    fn texts_have_the_length_and_letters_they_promise() {
        for entropy in [Entropy::os(), Entropy::seeded(1)] {
            for len in [0, 1, 43, 64, 65, 300] {
                let base62 = entropy.base62(len);
                let base32 = entropy.base32(len);
                let lower = entropy.lower_base32(len);

                assert_eq!([base62.len(), base32.len(), lower.len()], [len; 3]);
                assert!(base62.bytes().all(|b| b.is_ascii_alphanumeric()));
                assert!(
                    base32
                        .bytes()
                        .all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'))
                );
                assert!(
                    lower
                        .bytes()
                        .all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
                );
            }
            assert_eq!(text::from_base64url(&entropy.token_id()).unwrap().len(), 16);
        }
    }

    /// ST-05
    #[test]
    fn every_letter_is_as_likely_as_any_other() {
        let text = Entropy::seeded(3).base62(62_000);

        let mut counts = BTreeMap::new();
        for letter in text.chars() {
            *counts.entry(letter).or_insert(0) += 1;
        }

        // Taking bytes modulo 62 instead would give the first eight letters 1211 each.
        assert_eq!(counts.len(), 62);
        assert!(
            counts.values().all(|n| (850..1150).contains(n)),
            "{counts:?}"
        );
    }
}
