//! F1: bodies of requests. The parameters are those that a slow reader finds, or both refuse for the same reason.

#![no_main]

use std::collections::BTreeMap;

use jeton::oauth::{
    form::{self, FormError},
    params::{Name, ParamError, Params, Resource},
    token_exchange,
};

/// The parameters that are recognised.
const NAMES: [Name; 16] = [
    Name::GrantType,
    Name::ClientId,
    Name::ClientSecret,
    Name::ClientAssertion,
    Name::ClientAssertionType,
    Name::Scope,
    Name::Audience,
    Name::Resource,
    Name::AuthorizationDetails,
    Name::SubjectToken,
    Name::SubjectTokenType,
    Name::ActorToken,
    Name::ActorTokenType,
    Name::RequestedTokenType,
    Name::Token,
    Name::TokenTypeHint,
];

/// What is in a body: the values of each parameter, in their order, the empty ones left out.
type Found = BTreeMap<&'static str, Vec<String>>;

/// What went wrong, if it did.
#[derive(Debug, Eq, PartialEq)]
enum Wrong {
    NotAForm,
    Repeated(&'static str),
    Control(&'static str),
    TooMany,
}

jeton_fuzz::target!(|data| {
    match (Params::parse(data), slow(data)) {
        (Ok(params), Ok(found)) => assert_eq!(shown(&params), found),
        (Err(error), Err(wrong)) => assert_eq!(of(error), wrong),
        (fast, slow) => panic!("{:?} and {slow:?}", fast.map(|it| shown(&it))),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let mut encoded = String::new();
        form::encode(text, &mut encoded);
        assert_eq!(form::decode(encoded.as_bytes()).as_deref(), Ok(text));
        assert_eq!(
            jeton_fuzz::form::decode(encoded.as_bytes()).as_deref(),
            Some(text)
        );
    }
});

fn slow(body: &[u8]) -> Result<Found, Wrong> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Found::new();
    let pairs = body.split(|byte| *byte == b'&').filter(|it| !it.is_empty());
    for (n, pair) in pairs.enumerate() {
        if n == 100 {
            return Err(Wrong::TooMany);
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut half = || jeton_fuzz::form::decode(halves.next().unwrap_or_default());
        let (Some(name), Some(value)) = (half(), half()) else {
            return Err(Wrong::NotAForm);
        };
        let Some(known) = NAMES.iter().find(|it| it.as_str() == name) else {
            continue;
        };
        let name = known.as_str();
        *seen.entry(name).or_default() += 1;
        if seen[name] > 1 && !["resource", "audience"].contains(&name) {
            return Err(Wrong::Repeated(name));
        }
        if value.is_empty() {
            continue;
        }
        let may_have_controls = ["scope", "token", "authorization_details"].contains(&name);
        if !may_have_controls && value.chars().any(|c| c.is_ascii_control()) {
            return Err(Wrong::Control(name));
        }
        found.entry(name).or_default().push(value);
    }
    let is_exchange = found
        .get("grant_type")
        .is_some_and(|it| it[0] == token_exchange::GRANT_TYPE);
    if seen.get("audience").is_some_and(|count| *count > 1) && !is_exchange {
        return Err(Wrong::Repeated("audience"));
    }
    found.remove("token_type_hint");
    for name in ["resource", "audience"] {
        if let Some(values) = found.get_mut(name) {
            let first = values[0].clone();
            let is_one = values.iter().all(|value| *value == first);
            *values = vec![if is_one {
                first
            } else {
                "(several)".to_owned()
            }];
        }
    }
    Ok(found)
}

fn shown(params: &Params<'_>) -> Found {
    let several = |resource: &Resource<'_>| match resource {
        Resource::Unnamed => None,
        Resource::One(one) => Some(one.to_string()),
        Resource::Several => Some("(several)".to_owned()),
    };
    let plain = [
        ("grant_type", &params.grant_type),
        ("client_id", &params.client_id),
        ("client_assertion_type", &params.client_assertion_type),
        ("scope", &params.scope),
        ("authorization_details", &params.authorization_details),
        ("subject_token_type", &params.subject_token_type),
        ("actor_token_type", &params.actor_token_type),
        ("requested_token_type", &params.requested_token_type),
    ];
    let secret = [
        ("client_secret", &params.client_secret),
        ("client_assertion", &params.client_assertion),
        ("subject_token", &params.subject_token),
        ("actor_token", &params.actor_token),
        ("token", &params.token),
    ];
    let plain = plain.map(|(name, value)| (name, value.as_ref().map(ToString::to_string)));
    let secret =
        secret.map(|(name, value)| (name, value.as_ref().map(|it| it.reveal().to_owned())));
    let resources = [
        ("resource", several(&params.resource)),
        ("audience", several(&params.audience)),
    ];
    let all = plain.into_iter().chain(secret).chain(resources);
    all.filter_map(|(name, value)| Some((name, vec![value?])))
        .collect()
}

fn of(error: ParamError) -> Wrong {
    match error {
        ParamError::Form(FormError::Escape | FormError::Utf8) => Wrong::NotAForm,
        ParamError::Repeated(name) => Wrong::Repeated(name.as_str()),
        ParamError::Control(name) => Wrong::Control(name.as_str()),
        ParamError::TooMany => Wrong::TooMany,
    }
}
