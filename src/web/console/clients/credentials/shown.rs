//! What a page said of stopping a secret, sent back with the form: who presses the button must not have
//! read something better than what holds by then.

use std::fmt;

use crate::domain::verdict::Verdict;

/// What can be said, the better first.
const LEVELS: [&str; 6] = [
    "safe",
    "unused",
    "nearly",
    "cannot_be_sure",
    "in_use",
    "new_unused",
];

/// How bad it is to stop a secret; the greater, the worse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Shown {
    /// What is said, as its place in [`LEVELS`].
    level: usize,
    /// How many addresses are named with it.
    addresses: usize,
}

impl Shown {
    /// What is shown of a verdict on an old secret that was used, or never was.
    pub(super) fn of(verdict: &Verdict, is_old_used: bool) -> Self {
        let level = match verdict {
            Verdict::Safe { .. } => 0,
            Verdict::NewUnused if !is_old_used => 1,
            Verdict::Nearly { .. } => 2,
            Verdict::CannotBeSure { .. } => 3,
            Verdict::InUse { .. } | Verdict::StopsWhileUsed { .. } => 4,
            Verdict::NewUnused => 5,
        };
        Self {
            level,
            addresses: verdict.addresses().len(),
        }
    }

    /// What is shown of a secret that so many addresses have used.
    pub(super) fn of_use(is_used: bool, addresses: usize) -> Self {
        let level = if is_used { 4 } else { 1 };
        Self { level, addresses }
    }

    /// What a form says was shown, if it says it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (level, addresses) = text.split_once(' ')?;
        Some(Self {
            level: LEVELS.iter().position(|known| *known == level)?,
            addresses: addresses.parse().ok()?,
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = LEVELS.get(self.level).unwrap_or(&"");
        write!(f, "{level} {}", self.addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn in_use(hosts: u8) -> Verdict {
        Verdict::InUse {
            by: (0..hosts).map(|host| [10, 0, 0, host].into()).collect(),
            last: Timestamp(0),
        }
    }

    #[test]
    fn more_doubt_and_more_addresses_are_worse() {
        let safe = Verdict::Safe { last: None };
        let better_first = [
            Shown::of(&safe, true),
            Shown::of(&Verdict::NewUnused, false),
            Shown::of(&in_use(1), true),
            Shown::of(&in_use(2), true),
            Shown::of(&Verdict::NewUnused, true),
        ];

        assert!(better_first.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn what_was_shown_comes_back_as_it_went() {
        for shown in [
            Shown::of(&in_use(3), true),
            Shown::of(&Verdict::NewUnused, false),
        ] {
            assert_eq!(Shown::read(&shown.to_string()), Some(shown));
        }
        for nonsense in ["", "safe", "safe x", "SAFE 0", "safe 0 0", "safe -1"] {
            assert_eq!(Shown::read(nonsense), None, "{nonsense}");
        }
    }
}
