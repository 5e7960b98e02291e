//! How long a new secret works: as a field has it, within what the policy allows.

use crate::{
    admin::secrets::SHORTEST_LIFE,
    domain::{policy::Policy, secret::Secret, time::Span},
    web::console::words::typed,
};

/// As long as the old one, as far as the policy allows; empty: until it is replaced.
pub(super) fn life_like(old: Option<&Secret>, policy: &Policy) -> String {
    let old_life = old.map(|old| Some(old.expires?.since(old.created)));
    match old_life {
        Some(None) if policy.endless_secrets => String::new(),
        Some(Some(life)) => in_days(life.min(policy.longest_secret_lifetime)),
        Some(None) | None => in_days(policy.secret_lifetime),
    }
}

/// As the field has it: `90`, or `1d12h` where whole days do not tell it.
pub(super) fn in_days(span: Span) -> String {
    let (days, rest) = (span.0 / Span::days(1).0, span.0 % Span::days(1).0);
    if rest == 0 {
        days.to_string()
    } else {
        typed(span)
    }
}

/// How long the new secret may work, and what an empty field means.
pub(super) fn lives(policy: &Policy) -> String {
    let longest = policy.longest_secret_lifetime.in_full();
    let empty = if policy.endless_secrets {
        "Leave it empty for a secret that works until it is replaced.".to_owned()
    } else {
        format!("Left empty, it is {}.", policy.secret_lifetime.in_full())
    };
    format!("At most {longest}. {empty} It can be more exact: `36h`.")
}

/// Days, or a length of time with its unit.
pub(super) fn read_life(text: &str, policy: &Policy) -> Result<Span, String> {
    let days = text.parse::<u32>().ok().map(|days| Span::days(days.into()));
    let life = days.or_else(|| text.parse().ok());
    let longest = policy.longest_secret_lifetime;
    let life = life.filter(|life| (SHORTEST_LIFE..=longest).contains(life));
    life.ok_or_else(|| {
        let longest = longest.in_full();
        format!("write a number of days, {longest} at most, or leave it empty")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> Policy {
        Policy {
            longest_secret_lifetime: Span::days(100),
            secret_lifetime: Span::hours(36),
            endless_secrets: false,
            ..Policy::default()
        }
    }

    #[test]
    fn days_and_lengths_of_time_are_read_within_what_the_policy_allows() {
        let read = |text| read_life(text, &strict());

        assert_eq!(read("100"), Ok(Span::days(100)));
        assert_eq!(read("36h"), Ok(Span::hours(36)));
        for text in ["101", "0", "soon", "-1"] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains("100 days at most"), "{text}: {refused}");
        }
    }

    #[test]
    fn the_page_says_what_an_empty_field_means() {
        assert_eq!(life_like(None, &strict()), "1d12h");
        assert_eq!(life_like(None, &Policy::default()), "180");
        assert!(lives(&strict()).contains("Left empty, it is 36 hours."));
        assert!(lives(&Policy::default()).contains("works until it is replaced"));
    }
}
