//! What may be wrong with a secret that proved nothing.
//!
//! Worked out alike whether the client exists or not, so that the time it takes tells nothing.

use crate::domain::{
    client::Client,
    hint::Hint,
    registry::Registry,
    secret::{PREFIX, Proof, public_id},
};

/// How many characters a secret has that was made here.
const LENGTH: usize = PREFIX.len() + 8 + 1 + 43 + 6;

/// What may be wrong with what was `presented` for `client`, if anything can be told.
pub(super) fn hint(registry: &Registry, client: Option<&Client>, presented: &str) -> Option<Hint> {
    let trimmed = presented.trim();
    let of_form = form(presented, trimmed);
    let owner = public_id(presented).and_then(|id| registry.find_client_by_secret(&id));
    let chooses = client.is_some_and(|client| {
        let mut secrets = client.secrets.iter();
        secrets.any(|secret| matches!(secret.proof, Proof::Password(_)))
    });
    match of_form {
        Some(Hint::Foreign) if chooses => None,
        Some(hint) => Some(hint),
        None => match owner {
            Some(owner) if client.is_none_or(|client| client.id != owner.id) => {
                Some(Hint::AnotherClients)
            }
            Some(_) => None,
            None => Some(Hint::Forgotten),
        },
    }
}

fn form(presented: &str, trimmed: &str) -> Option<Hint> {
    if trimmed.is_empty() {
        return Some(Hint::Empty);
    }
    if trimmed.len() != presented.len() {
        return Some(Hint::Whitespace);
    }
    if presented.starts_with(['"', '\'']) {
        return Some(Hint::Quotes);
    }
    if !presented.starts_with(PREFIX) {
        return Some(Hint::Foreign);
    }
    match presented.len() {
        0..LENGTH => Some(Hint::Short),
        LENGTH => public_id(presented).is_none().then_some(Hint::Mistyped),
        _ => Some(Hint::Long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{mac::MacKey, random::Entropy},
        domain::secret::PlainSecret,
    };

    fn of(presented: &str) -> Option<Hint> {
        hint(&Registry::empty(MacKey::new(&[7; 32])), None, presented)
    }

    #[test]
    fn the_form_of_a_wrong_secret_says_what_may_be_wrong() {
        let secret = PlainSecret::generate(&Entropy::seeded(7));
        let text = secret.reveal();
        let last = if text.ends_with('a') { "b" } else { "a" };

        for (presented, expected) in [
            ("", Hint::Empty),
            (" \n", Hint::Empty),
            (&format!("{text}\n"), Hint::Whitespace),
            (&format!(" {text}"), Hint::Whitespace),
            (&format!("\"{text}\""), Hint::Quotes),
            (&text[..60], Hint::Short),
            (&format!("{text}x"), Hint::Long),
            (&format!("{}{last}", &text[..61]), Hint::Mistyped),
            ("hunter2", Hint::Foreign),
            (text, Hint::Forgotten),
        ] {
            assert_eq!(of(presented), Some(expected), "{presented:?}");
        }
    }
}
