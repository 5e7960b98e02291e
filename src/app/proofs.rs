//! What keeps DPoP proofs from being used twice (RFC 9449 §8, §11.1): nonces, which are kept by nobody, and what
//! was used lately, in memory. After a restart nothing of that is left, so whatever could have been used before it
//! needs a nonce of this process.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use super::App;
use crate::{
    crypto::{mac::MacKey, random::Entropy, text},
    domain::time::{Clock, Span, Timestamp},
    oauth::dpop::{self, AHEAD, Burnt},
};

/// How long a nonce is the present one. It counts for as long again.
const ROTATION: i64 = 60;

/// How long a used proof is remembered at least: longer than one can count, with a nonce or without.
const REMEMBERED: Span = Span::minutes(4);

/// In how many parts used proofs are remembered, each behind a lock of its own.
const PARTS: usize = 16;

/// How many used proofs each part remembers, twice over. When it is full, proofs are refused, not forgotten.
const MOST_IN_A_PART: usize = 1 << 16;

/// What every place shares.
pub(super) struct Proofs {
    key: MacKey,
    used: [Mutex<Used>; PARTS],
    clock: Arc<dyn Clock>,
    started: Timestamp,
}

/// Used proofs, by a keyed hash: those of the present stretch of time and of the one before.
#[derive(Default)]
struct Used {
    since: Timestamp,
    now: HashSet<[u8; 16]>,
    before: HashSet<[u8; 16]>,
}

/// Where a proof is shown. A nonce for one kind of place is none at the other (§9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// Where tokens are issued.
    Issuing,
    /// Where they are used.
    Use,
}

/// What keeps proofs from being used twice at one kind of place.
#[derive(Clone, Copy)]
pub struct ProofsAt<'a> {
    proofs: &'a Proofs,
    place: Place,
    now: Timestamp,
    is_needed: bool,
}

impl Proofs {
    pub(super) fn new(entropy: &Entropy, clock: Arc<dyn Clock>) -> Self {
        Self {
            key: MacKey::new(&entropy.bytes()),
            used: Default::default(),
            started: clock.now(),
            clock,
        }
    }

    fn nonce(&self, place: Place, stretch: i64) -> String {
        let place: &[u8] = match place {
            Place::Issuing => b"nonce for issuing",
            Place::Use => b"nonce for use",
        };
        let tag = self.key.digest_parts(&[place, &stretch.to_be_bytes()]);
        text::base64url(&tag[..18])
    }
}

impl App {
    /// What keeps proofs from being used twice at one kind of place.
    pub fn proofs(&self, place: Place) -> ProofsAt<'_> {
        let proofs = &self.0.proofs;
        ProofsAt {
            proofs,
            place,
            now: proofs.clock.now(),
            is_needed: self.registry().policy().dpop_nonces,
        }
    }
}

impl ProofsAt<'_> {
    /// The present nonce, for the header `DPoP-Nonce`.
    pub fn present_nonce(&self) -> String {
        self.proofs
            .nonce(self.place, self.now.0.div_euclid(ROTATION))
    }
}

impl dpop::Proofs for ProofsAt<'_> {
    fn needs_nonce(&self, issued: Timestamp) -> bool {
        self.is_needed || issued <= self.proofs.started.plus(AHEAD)
    }

    fn is_nonce(&self, nonce: &str) -> bool {
        let present = self.now.0.div_euclid(ROTATION);
        [present, present - 1]
            .into_iter()
            .any(|stretch| self.proofs.nonce(self.place, stretch) == nonce)
    }

    fn burn(&self, proof: &[&[u8]]) -> Burnt {
        let lengths: Vec<[u8; 8]> = proof
            .iter()
            .map(|part| (part.len() as u64).to_be_bytes())
            .collect();
        let mut parts: Vec<&[u8]> = vec![b"used proof"];
        for (part, length) in proof.iter().zip(&lengths) {
            parts.extend([length.as_slice(), part]);
        }
        let tag = self.proofs.key.digest_parts(&parts);
        let mut name = [0; 16];
        name.copy_from_slice(&tag[..16]);
        let part = &self.proofs.used[usize::from(tag[16]) % PARTS];
        let mut used = part.lock().unwrap_or_else(PoisonError::into_inner);
        used.add(name, self.now)
    }
}

impl Used {
    fn add(&mut self, name: [u8; 16], now: Timestamp) -> Burnt {
        if now >= self.since.plus(REMEMBERED) {
            let over = now >= self.since.plus(REMEMBERED).plus(REMEMBERED);
            let now_before = std::mem::take(&mut self.now);
            self.before = if over { HashSet::new() } else { now_before };
            self.since = now;
        }
        if self.now.contains(&name) || self.before.contains(&name) {
            return Burnt::Before;
        }
        if self.now.len() >= MOST_IN_A_PART {
            return Burnt::Full;
        }
        self.now.insert(name);
        Burnt::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u32) -> [u8; 16] {
        let mut name = [0; 16];
        name[..4].copy_from_slice(&number.to_be_bytes());
        name
    }

    /// DP-09
    #[test]
    fn a_used_proof_is_remembered_for_longer_than_it_counts() {
        let mut used = Used::default();
        let start = 1_000_000;
        assert_eq!(used.add(name(1), Timestamp(start)), Burnt::Now);
        assert_eq!(used.add(name(2), Timestamp(start + 239)), Burnt::Now);

        for seconds in [0, 120, 239, 240, 478] {
            let again = used.add(name(2), Timestamp(start + seconds));
            assert_eq!(again, Burnt::Before, "{seconds}");
        }
        assert_eq!(used.add(name(2), Timestamp(start + 800)), Burnt::Now);
        assert_eq!(used.add(name(1), Timestamp(start + 10_000)), Burnt::Now);
        assert_eq!(used.add(name(2), Timestamp(start + 10_000)), Burnt::Now);
    }

    /// DP-09
    #[test]
    fn what_does_not_fit_is_refused_and_nothing_is_forgotten_for_it() {
        let mut used = Used::default();
        let now = Timestamp(1_000_000);
        for number in 0..u32::try_from(MOST_IN_A_PART).unwrap() {
            assert_eq!(used.add(name(number), now), Burnt::Now);
        }

        assert_eq!(used.add(name(u32::MAX), now), Burnt::Full);
        assert_eq!(used.add(name(0), now), Burnt::Before);
        let later = now.plus(REMEMBERED);
        assert_eq!(used.add(name(u32::MAX), later), Burnt::Now);
    }
}
