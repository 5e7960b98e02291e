//! What the members of a token mean.

use serde_json::Value;

use crate::domain::time::Timestamp;

/// One member, with its meaning.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Its value, as text.
    pub value: String,
    /// If it is a moment: which.
    pub moment: Option<Timestamp>,
    /// What it means; nothing is the empty text.
    pub meaning: &'static str,
}

/// The members of a header, and what they mean.
pub const HEADER: &[(&str, &str)] = &[
    ("alg", "what it is signed with"),
    ("typ", "what it is: at+jwt is an access token (RFC 9068)"),
    ("kid", "the key that signed it"),
];

/// The claims of an access token, and what they mean.
pub const CLAIMS: &[(&str, &str)] = &[
    ("iss", "who issued it"),
    ("aud", "the API it is for; any other must refuse it"),
    (
        "sub",
        "whom it speaks for: the client itself, unless it was exchanged",
    ),
    ("client_id", "the client that asked for it"),
    ("scope", "what it opens"),
    (
        "authorization_details",
        "what it opens in detail (RFC 9396)",
    ),
    ("act", "who acts for the one it speaks for (RFC 8693)"),
    (
        "cnf",
        "what it is bound to: who cannot prove that, cannot use it",
    ),
    ("iat", "when it was issued"),
    ("nbf", "it is not valid before"),
    ("exp", "when it expires"),
    ("jti", "its own id, for finding it in logs"),
];

const MOMENTS: [&str; 4] = ["iat", "nbf", "exp", "auth_time"];

/// The members of `object`: those that are known first, in their order, then the others.
pub fn explained(object: &Value, known: &'static [(&str, &str)]) -> Vec<Claim> {
    let Some(members) = object.as_object() else {
        return Vec::new();
    };
    let is_known = |name: &str| known.iter().any(|(other, _)| *other == name);
    let first = known
        .iter()
        .filter_map(|(name, meaning)| Some(claim(name, members.get(*name)?, meaning)));
    let rest = members
        .iter()
        .filter(|(name, _)| !is_known(name))
        .map(|(name, value)| claim(name, value, ""));
    first.chain(rest).collect()
}

fn claim(name: &str, value: &Value, meaning: &'static str) -> Claim {
    let moment = value.as_i64().filter(|_| MOMENTS.contains(&name));
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Claim {
        name: printable(name),
        value: printable(&text),
        moment: moment.map(Timestamp),
        meaning,
    }
}

/// Without what would move a terminal's cursor: a token may come from anybody.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
