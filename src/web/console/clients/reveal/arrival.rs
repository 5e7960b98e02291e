//! Whether a secret arrived where it was stored: what is pasted back is compared, and not kept.

use crate::{crypto::mac::MacKey, domain::secret::public_id, web::console::words::counted};

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Arrival {
    /// Whether it is the secret, to the letter.
    pub(in super::super) is_match: bool,
    /// What to say of it.
    pub(in super::super) words: String,
}

impl Arrival {
    /// Compares `pasted` with `secret` by their tags under `pepper`, in constant time. What is said
    /// of one that differs goes to whoever sees the secret anyway.
    pub(in super::super) fn of(pasted: &str, secret: &str, pepper: &MacKey) -> Self {
        let tag = pepper.digest(secret.as_bytes());
        if pepper.matches(pasted.as_bytes(), &tag) {
            return Self {
                is_match: true,
                words: "It matches: this is the secret, to the letter.".to_owned(),
            };
        }
        Self {
            is_match: false,
            words: difference(pasted, secret),
        }
    }
}

fn difference(pasted: &str, secret: &str) -> String {
    let bare = pasted.trim();
    if bare.is_empty() {
        return "Nothing was pasted.".to_owned();
    }
    if bare == secret {
        return around(pasted, secret);
    }
    if bare.trim_matches(['"', '\'', '`']) == secret {
        return "It has quotes around it.".to_owned();
    }
    let (short, long) = (bare.chars().count(), secret.chars().count());
    let missing = long.saturating_sub(short) as u64;
    let over = short.saturating_sub(long) as u64;
    if missing > 0 && secret.starts_with(bare) {
        return format!(
            "It is {} short: the end is missing.",
            counted(missing, "character")
        );
    }
    if missing > 0 && secret.ends_with(bare) {
        return format!(
            "It is {} short: the beginning is missing.",
            counted(missing, "character")
        );
    }
    if over > 0 && bare.contains(secret) {
        return format!(
            "There is more than the secret: {} too many.",
            counted(over, "character")
        );
    }
    if let Some(other) = public_id(bare) {
        return format!("This is another secret: {other}.");
    }
    if missing > 0 {
        return format!("It is {} short.", counted(missing, "character"));
    }
    if over > 0 {
        return format!("It is {} too long.", counted(over, "character"));
    }
    let differ = bare
        .chars()
        .zip(secret.chars())
        .filter(|(one, two)| one != two);
    match differ.count() as u64 {
        1 => "It is as long as the secret, but 1 character differs.".to_owned(),
        n => format!(
            "It is as long as the secret, but {} differ.",
            counted(n, "character")
        ),
    }
}

/// What stands around a secret that is right.
fn around(pasted: &str, secret: &str) -> String {
    let at = pasted.find(secret).unwrap_or(0);
    let (before, after) = (&pasted[..at], &pasted[at + secret.len()..]);
    let kind = |space: &str| {
        if space.contains(['\n', '\r']) {
            "line break"
        } else if space.contains('\t') {
            "tab"
        } else {
            "space"
        }
    };
    match (before.is_empty(), after.is_empty()) {
        (true, _) => format!("It has a trailing {}.", kind(after)),
        (false, true) => format!("It has a {} before it.", kind(before)),
        (false, false) => format!(
            "It has a {} before it and a {} after it.",
            kind(before),
            kind(after)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Console 33.
    #[test]
    fn pasted_back_it_matches_or_says_what_is_wrong() {
        let secret = "jtn_7KQD2M4A_abcdefghijkl";
        let pepper = MacKey::new(&[7; 32]);
        let words = |pasted: &str| Arrival::of(pasted, secret, &pepper).words;

        assert!(Arrival::of(secret, secret, &pepper).is_match);
        assert!(!Arrival::of("", secret, &pepper).is_match);
        assert_eq!(
            words("jtn_7KQD2M4A_abcdefghij"),
            "It is 2 characters short: the end is missing."
        );
        assert_eq!(
            words("tn_7KQD2M4A_abcdefghijkl"),
            "It is 1 character short: the beginning is missing."
        );
        assert_eq!(
            words(&format!("{secret}\r\n")),
            "It has a trailing line break."
        );
        assert_eq!(words(&format!(" {secret}")), "It has a space before it.");
        assert_eq!(words(&format!("\"{secret}\"")), "It has quotes around it.");
        assert_eq!(
            words(&format!("JETON_SECRET={secret}")),
            "There is more than the secret: 13 characters too many."
        );
        assert_eq!(
            words("jtn_7KQD2M4A_abcdefghijkX"),
            "It is as long as the secret, but 1 character differs."
        );
        assert_eq!(words("  "), "Nothing was pasted.");
    }
}
