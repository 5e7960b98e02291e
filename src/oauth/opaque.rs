//! Opaque access tokens: the same claims, sealed, so that nobody but this server can read them.
//!
//! Nothing is written down for one: what it says is in it, under a key of its own. Only introspection and
//! `/forward-auth` open it (RFC 7662).

use crate::{
    crypto::{random::Entropy, text},
    domain::registry::Registry,
};

/// How every opaque token begins, so that people and scanners know it.
pub const PREFIX: &str = "jta_";

/// What is sealed with the key: nothing else opens as a token, and a token as nothing else.
const PLACE: &str = "opaque access token";

/// What stands in the place of the name of a key where a token is sealed.
pub const KEY: &str = "sealed";

/// A token that says `claims`.
pub(super) fn seal(registry: &Registry, claims: &str, entropy: &Entropy) -> String {
    let sealed = registry
        .token_seal()
        .seal(PLACE, b"", claims.as_bytes(), entropy);
    let mut token = String::with_capacity(PREFIX.len() + text::base64url_len(sealed.len()));
    token.push_str(PREFIX);
    text::append_base64url(&sealed, &mut token);
    token
}

/// What an opaque token says, as JSON bytes; nothing if it is none of ours. What it says is as it was said
/// here: nobody else can seal.
pub(super) fn open(registry: &Registry, token: &str) -> Option<Vec<u8>> {
    let sealed = token.strip_prefix(PREFIX)?;
    let within = token.len() <= super::access_token::LONGEST;
    let sealed = within.then(|| text::from_base64url(sealed))??;
    let claims = registry.token_seal().open(PLACE, b"", &sealed).ok()?;
    Some(claims.to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        domain::api::TokenFormat,
        oauth::{
            access_token::{Expected, TokenError, believe, verify},
            fixtures::{NOW, SALES, World, api, body, client, escaped},
            token,
        },
    };

    fn world() -> (World, String) {
        let mut world = World::new();
        let mut sales = api(SALES, "read");
        sales.rules.format = TokenFormat::Opaque;
        world.put_api(sales);
        let secret = world.put_client(client("svc", &[(SALES, "read")]));
        (world, secret)
    }

    fn issued(world: &World, secret: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id=svc&client_secret={}",
            escaped(secret)
        );
        let issued = token(&world.registry, &body(&form), &world.context());
        issued.unwrap().access_token
    }

    /// AT-21, T-26
    #[test]
    fn an_opaque_token_says_nothing_to_anybody_else() {
        let (world, secret) = world();
        let (one, two) = (issued(&world, &secret), issued(&world, &secret));
        assert!(one.starts_with(PREFIX) && one != two);
        let inside = text::from_base64url(&one[PREFIX.len()..]).unwrap();
        let inside = String::from_utf8_lossy(&inside).into_owned();
        assert!(
            !inside.contains("svc") && !inside.contains("read"),
            "{inside}"
        );
        let sales = SALES.parse().unwrap();
        let told = verify(&world.registry, (&one, &sales), &world.expected()).unwrap();
        assert_eq!(told.client.as_str(), "svc");
        assert_eq!(told.scopes.as_str(), "read");
        let late = NOW.plus(crate::domain::time::Span::hours(2));
        let expected = Expected {
            now: late,
            ..world.expected()
        };
        let late = believe(&world.registry, &one, &expected);
        assert_eq!(late, Err(TokenError::Expired));
    }

    #[test]
    fn a_changed_or_foreign_opaque_token_is_no_token() {
        let (world, secret) = world();
        let good = issued(&world, &secret);
        let (other, _) = self::world();
        assert!(other.registry.token_seal().open(PLACE, b"", b"x").is_err());
        for at in (PREFIX.len()..good.len()).step_by(7) {
            let mut bad = good.clone();
            let letter = if &good[at..=at] == "A" { "B" } else { "A" };
            bad.replace_range(at..=at, letter);
            assert!(believe(&world.registry, &bad, &world.expected()).is_err());
        }
        for bad in [
            "jta_",
            "jta_AAAA",
            &good[..good.len() - 1],
            &format!("{good}A"),
            &good[4..],
        ] {
            assert!(
                believe(&world.registry, bad, &world.expected()).is_err(),
                "{bad}"
            );
        }
    }

    /// AT-07
    #[test]
    fn static_claims_stand_in_every_token_and_the_clients_before_the_apis() {
        let mut world = World::new();
        let mut sales = api(SALES, "read");
        let claims = |text: &str| crate::domain::claims::Claims::parse(text).unwrap();
        sales.rules.claims = claims(r#"{"tenant":"acme","tier":1}"#);
        world.put_api(sales);
        let mut svc = client("svc", &[(SALES, "read")]);
        svc.rules.claims = claims(r#"{"tier":2,"regions":["eu"]}"#);
        let secret = world.put_client(svc);
        let token = issued(&world, &secret);
        let (_, said) = crate::crypto::jws::decode_unverified(&token).unwrap();
        assert_eq!(said["tenant"], "acme");
        assert_eq!(said["tier"], 2);
        assert_eq!(said["regions"], serde_json::json!(["eu"]));
        let known = believe(&world.registry, &token, &world.expected()).unwrap();
        let expected = serde_json::json!({"tenant": "acme", "tier": 2, "regions": ["eu"]});
        assert_eq!(Value::Object(known.claims.clone()), expected);
    }
}
