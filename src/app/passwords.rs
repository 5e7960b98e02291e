//! Operators' passwords: verified off the runtime, a few at a time, at the same cost for everybody.
//!
//! Beside the secrets of clients, with a bound of its own: who floods the sign-in page keeps no
//! client from its tokens.

use std::sync::Arc;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::{App, remembered::Overloaded};
use crate::{crypto::password::PasswordHash, domain::operator::Operator};

/// How many verifications may run or wait at once.
const MOST_WAITING: usize = 16;

/// A hash, at today's costs, of a password that nobody knows.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCAwMA\
                       $q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA";

/// The bound on verifications.
#[derive(Clone, Debug)]
pub(super) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }
}

impl App {
    /// Whether `presented` is the operator's password. Takes as long where there is no such operator,
    /// or none with a password: who asks learns nothing from the time.
    ///
    /// # Errors
    /// [`Overloaded`] if too many such verifications wait already.
    pub async fn verify_password(
        &self,
        operator: Option<&Operator>,
        presented: Zeroizing<String>,
    ) -> Result<bool, Overloaded> {
        let bound = &self.0.passwords;
        let _place = bound.waiting.try_acquire().map_err(|_| Overloaded)?;
        let _turn = bound.running.acquire().await.map_err(|_| Overloaded)?;
        let own = operator.and_then(|operator| operator.password.clone());
        let is_somebodys = own.is_some();
        let hash = own.unwrap_or_else(nobodys);
        let verified = tokio::task::spawn_blocking(move || hash.verify(&presented))
            .await
            .map_err(|_| Overloaded)?;
        Ok(verified && is_somebodys)
    }
}

fn nobodys() -> PasswordHash {
    PasswordHash::parse(NOBODYS).expect("the constant is a hash")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_password_costs_as_much_as_anybodys() {
        assert!(!nobodys().needs_rehash());
        assert!(!nobodys().verify(""));
    }
}
