//! A secret to begin with: for how long it works, and where it is kept.

use super::super::super::{
    form::{Fields, Sheet},
    words,
};
use crate::domain::{
    name::Note,
    policy::Policy,
    time::{Span, Timestamp},
};

/// How long a secret may be chosen to work, beside what the policy says.
const LIVES: [Span; 3] = [Span::days(90), Span::days(180), Span::days(365)];

/// A secret that works until it is replaced.
pub(super) const NEVER: &str = "never";

/// A length of time to choose.
pub(super) struct LifeChoice {
    /// `180d`
    pub(super) value: String,
    /// `180 days`
    pub(super) label: String,
    pub(super) hint: String,
}

/// What can be chosen: what is usual and allowed, and what the policy says, which is recommended.
fn lives(policy: &Policy) -> Vec<Span> {
    let usual = LIVES.into_iter();
    let mut lives: Vec<Span> = usual
        .filter(|life| *life <= policy.longest_secret_lifetime)
        .chain([policy.secret_lifetime])
        .collect();
    lives.sort_unstable();
    lives.dedup();
    lives
}

pub(super) fn choices(policy: &Policy, now: Timestamp) -> Vec<LifeChoice> {
    let choice = |life: Span| {
        let until = words::date(now.plus(life), now);
        LifeChoice {
            value: words::typed(life),
            label: life.in_full(),
            hint: if life == policy.secret_lifetime {
                format!("Until {until}. Recommended: it is what this server’s settings say.")
            } else {
                format!("Until {until}.")
            },
        }
    };
    lives(policy).into_iter().map(choice).collect()
}

/// What is wrong with how long a secret is to work; nothing if a client can be made with it.
pub(super) fn objection(life: &str, policy: &Policy) -> Option<String> {
    const CHOOSE: &str = "Choose how long the secret works";
    let longest = policy.longest_secret_lifetime;
    match (life, life.parse::<Span>()) {
        (NEVER, _) if policy.endless_secrets => None,
        (NEVER, _) => Some(format!("{CHOOSE}: here, every new secret has an end")),
        (_, Ok(span)) if span <= longest => None,
        (_, Ok(_)) => Some(format!("{CHOOSE}: at most {} here", longest.in_full())),
        (_, Err(_)) => Some(CHOOSE.to_owned()),
    }
}

/// Says what is wrong with what is said of the secret.
pub(super) fn check(fields: &Fields, policy: &Policy, sheet: &mut Sheet) {
    let life = fields.text("life");
    if let Some(objection) = objection(life, policy) {
        sheet.complain("life", &objection);
    } else if life == NEVER && !fields.has("reason") {
        sheet.complain("reason", "Say why this secret is not to expire");
    }
    if let Err(error) = note(fields.text("reason"), fields.text("note")) {
        sheet.complain("note", &error);
    }
}

/// Where the secret is kept, and why it does not expire.
pub(super) fn note(reason: &str, kept: &str) -> Result<Note, String> {
    let note = match (reason.is_empty(), kept.is_empty()) {
        (true, _) => kept.to_owned(),
        (false, true) => format!("Does not expire: {reason}"),
        (false, false) => format!("{kept}. Does not expire: {reason}"),
    };
    note.parse().map_err(|error| format!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(longest: Span, life: Span) -> Policy {
        Policy {
            longest_secret_lifetime: longest,
            secret_lifetime: life,
            endless_secrets: false,
            ..Policy::default()
        }
    }

    #[test]
    fn what_the_policy_says_is_among_the_choices_and_nothing_longer_than_it_allows() {
        let short = policy(Span::days(100), Span::hours(36));

        assert_eq!(lives(&Policy::default()), LIVES);
        assert_eq!(lives(&short), [Span::hours(36), Span::days(90)]);
    }

    #[test]
    fn a_life_that_the_policy_does_not_allow_is_objected_to() {
        let short = policy(Span::days(100), Span::days(90));
        let objects = |life| objection(life, &short).is_some();

        assert!(!objects("90d") && !objects("100d"));
        assert!(objects("180d") && objects(NEVER) && objects(""));
        assert_eq!(objection(NEVER, &Policy::default()), None);
    }
}
