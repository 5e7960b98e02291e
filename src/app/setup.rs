//! First start: a code that whoever started the server can read, and whoever else is on the network
//! cannot.
//!
//! In memory only. Ten wrong tries use it up; a restart makes another.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use zeroize::Zeroizing;

use super::{App, published::Published};
use crate::{
    crypto::{mac::MacKey, random::Entropy},
    domain::registry::Registry,
};

/// How many wrong tries use a code up.
pub const TRIES: u32 = 10;

/// How many characters of five bits a code has, dashes aside.
const LENGTH: usize = 12;

/// The code of this process, and what became of it.
#[derive(Clone)]
pub struct Setup(Arc<Parts>);

struct Parts {
    published: Published<Registry>,
    code: Zeroizing<String>,
    key: MacKey,
    wrong: AtomicU32,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetupCheck {
    /// It is the code.
    Right,
    /// It is not.
    Wrong {
        /// How many tries are left.
        left: u32,
    },
    /// There were too many wrong ones; a restart makes another code.
    UsedUp,
    /// There is an operator: nothing is to be set up.
    Closed,
}

impl Setup {
    pub(super) fn new(published: Published<Registry>, entropy: &Entropy) -> Self {
        Self(Arc::new(Parts {
            published,
            code: Zeroizing::new(entropy.crockford(LENGTH)),
            key: MacKey::new(&entropy.bytes()),
            wrong: AtomicU32::new(0),
        }))
    }

    /// Whether nobody has made this server theirs.
    pub fn is_open(&self) -> bool {
        self.0.published.current().operators().next().is_none()
    }

    /// The code, as `K7QD-2M4A-9XTR`, while there is something to set up. For the terminal of who
    /// started the server, and for a file that only they can read.
    pub fn code(&self) -> Option<Zeroizing<String>> {
        if !self.is_open() {
            return None;
        }
        let code = &self.0.code;
        Some(Zeroizing::new(format!(
            "{}-{}-{}",
            &code[..4],
            &code[4..8],
            &code[8..]
        )))
    }

    /// Whether `typed` is the code; case, dashes and spaces do not matter.
    pub fn check(&self, typed: &str) -> SetupCheck {
        if !self.is_open() {
            return SetupCheck::Closed;
        }
        let parts = &self.0;
        // Counted before it is looked at, so that no number of tries at once is more than ten.
        let count = |wrong: u32| (wrong < TRIES).then_some(wrong + 1);
        let counted = parts
            .wrong
            .try_update(Ordering::SeqCst, Ordering::SeqCst, count);
        let Ok(before) = counted else {
            return SetupCheck::UsedUp;
        };
        let expected = parts.key.digest(parts.code.as_bytes());
        if parts.key.matches(as_written(typed).as_bytes(), &expected) {
            parts.wrong.fetch_sub(1, Ordering::SeqCst);
            return SetupCheck::Right;
        }
        match TRIES - before - 1 {
            0 => SetupCheck::UsedUp,
            left => SetupCheck::Wrong { left },
        }
    }
}

/// What was meant by what was typed (Crockford's base32 reads O as 0, I and L as 1).
fn as_written(typed: &str) -> Zeroizing<String> {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let meant = letters.map(|letter| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    Zeroizing::new(meant.collect())
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup")
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

impl App {
    /// The way to the first Owner.
    pub fn setup(&self) -> &Setup {
        &self.0.setup
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup() -> Setup {
        let registry = Registry::empty(MacKey::new(&[7; 32]));
        Setup::new(Published::new(Arc::new(registry)), &Entropy::seeded(1))
    }

    #[test]
    fn the_code_is_right_however_it_is_typed() {
        let setup = setup();
        let code = setup.code().unwrap();

        for typed in [
            code.to_string(),
            code.to_lowercase(),
            code.replace('-', " "),
            code.replace('0', "o").replace('1', "l"),
        ] {
            assert_eq!(setup.check(&typed), SetupCheck::Right, "{typed}");
        }
        assert_eq!(code.len(), 14);
    }

    #[test]
    fn ten_wrong_tries_use_it_up_for_good() {
        let setup = setup();
        let code = setup.code().unwrap();

        for left in (1..10).rev() {
            assert_eq!(setup.check("AAAA-AAAA-AAAA"), SetupCheck::Wrong { left });
            assert_eq!(setup.check(&code), SetupCheck::Right);
        }

        assert_eq!(setup.check(""), SetupCheck::UsedUp);
        assert_eq!(setup.check(&code), SetupCheck::UsedUp);
        assert!(setup.is_open());
    }

    #[test]
    fn debug_keeps_quiet() {
        let setup = setup();

        let shown = format!("{setup:?}");

        assert!(!shown.contains(&setup.0.code[..4]), "{shown}");
    }
}
