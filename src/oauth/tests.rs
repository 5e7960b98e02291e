mod denied;
mod shut_out;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    fixtures::{SALES, World, api, body, client, escaped},
    reason::ErrorCode,
    *,
};
use crate::{
    domain::{
        client::Binding,
        id::ApiIdentifier,
        scope::ScopeSet,
        usage::{Asked, Outcome},
    },
    oauth::assertion::AssertionError,
};

const ID: &str = "report-service";

fn answer(world: &World, header: Option<&str>, form: &str) -> Result<Issued, Refused> {
    let request = Request::new(
        header.map_or(Header::Absent, |value| Header::One(value.as_bytes())),
        form.as_bytes(),
    );
    token(&world.registry, &request, &world.context())
}

fn basic(id: &str, secret: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// G1, T-20, T-21, T-22, T-23, T-24
#[test]
fn the_answer_has_exactly_the_members_of_the_rfc() {
    let (world, secret) = World::with_report_service();
    let form = "grant_type=client_credentials&scope=read%3Aanalytics&resource=https%3A%2F%2Fsales.example%2F";

    let issued = answer(&world, Some(&basic(ID, &secret)), form).unwrap();

    let answer: Value = serde_json::from_str(&issued.to_json()).unwrap();
    assert_eq!(
        answer,
        json!({
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "read:analytics",
        })
    );
}

/// G2 to G8, T-06, T-41
#[test]
fn the_golden_refusals() {
    let (world, secret) = World::with_report_service();
    let header = basic(ID, &secret);
    let wrong = basic(ID, "wrong");
    let code =
        |header: Option<&str>, form: &str| answer(&world, header, form).unwrap_err().reason.code();
    let valid = Some(header.as_str());
    let grant = "grant_type=client_credentials";

    assert_eq!(code(None, grant), ErrorCode::InvalidClient);
    assert_eq!(code(Some(&wrong), grant), ErrorCode::InvalidClient);
    assert_eq!(
        code(None, &format!("client_id={ID}&client_secret=WRONG&{grant}")),
        ErrorCode::InvalidClient
    );
    let both = format!("{grant}&client_id={ID}&client_secret={secret}");
    assert_eq!(code(valid, &both), ErrorCode::InvalidRequest);
    let twice = format!("{grant}&{grant}");
    assert_eq!(code(valid, &twice), ErrorCode::InvalidRequest);
    assert_eq!(
        code(valid, "grant_type=password&username=a&password=b"),
        ErrorCode::UnsupportedGrantType
    );
    let scope = format!("{grant}&scope=read%3Aanalytics+nope");
    assert_eq!(code(valid, &scope), ErrorCode::InvalidScope);
    let target = format!("{grant}&resource=https://other.test/");
    assert_eq!(code(valid, &target), ErrorCode::InvalidTarget);
    assert_eq!(
        code(valid, "scope=read%3Aanalytics"),
        ErrorCode::InvalidRequest
    );
}

/// The order of checks: a request with several faults gets the error of the first.
#[test]
fn which_fault_is_told_is_no_accident() {
    let (world, secret) = World::with_report_service();
    let refused =
        |header: Option<&str>, form: &str| answer(&world, header, form).unwrap_err().reason;
    let (right, wrong) = (basic(ID, &secret), basic(ID, "wrong"));

    let all = "grant_type=password&scope=%22&resource=x&foo=%zz&client_secret=x";
    assert!(matches!(refused(Some(&wrong), all), Reason::Params(_)));
    let all = "grant_type=&scope=%22&resource=x&client_secret=x";
    assert_eq!(refused(Some(&wrong), all), Reason::SeveralMechanisms);
    let all = "grant_type=&scope=%22&resource=x";
    assert_eq!(refused(Some(&wrong), all), Reason::NoGrantType);
    assert_eq!(refused(None, all), Reason::NoGrantType);
    let all = "grant_type=password&scope=%22&resource=x";
    assert_eq!(refused(Some(&wrong), all), Reason::WrongSecret);
    assert_eq!(refused(Some(&right), all), Reason::UnsupportedGrantType);
    let all = "grant_type=client_credentials&scope=%22&resource=x";
    assert_eq!(refused(Some(&right), all), Reason::TargetMalformed);
    let all = "grant_type=client_credentials&scope=%22";
    assert_eq!(refused(Some(&right), all), Reason::ScopeMalformed);
}

#[test]
fn a_refusal_after_authentication_says_whose_it_was() {
    let (world, secret) = World::with_report_service();
    let form = "grant_type=client_credentials&scope=nope";
    let refused = answer(&world, Some(&basic(ID, &secret)), form).unwrap_err();

    assert_eq!(refused.client, Some(ID.parse().unwrap()));
    assert_eq!(refused.reason.outcome(), Outcome::InvalidScope);
    let kept = &world.client(ID).secrets[0].id;
    assert_eq!(refused.secret.as_ref(), Some(kept));
}

/// T-13, T-40, H-27: every reason there is answers within the RFC's characters.
#[test]
fn every_sentence_keeps_to_the_characters_of_the_rfc() {
    for reason in every_reason() {
        let description = reason.description();
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(allowed), "{description}");
        let read: Value = serde_json::from_str(&Refused::from(reason.clone()).to_json()).unwrap();
        assert_eq!(read["error_description"], description);
        assert_eq!(read["error"], reason.code().as_str());
        assert_eq!(read.as_object().unwrap().len(), 2);
    }
    for code in ErrorCode::ALL {
        assert!(
            code.as_str()
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b == b'_')
        );
        assert!((400..=503).contains(&code.status()));
    }
}

/// T-43, T-44: what is wrong with credentials is our business alone.
#[test]
fn every_failed_authentication_answers_alike() {
    let known = every_reason().into_iter().filter(|reason| {
        reason.code() == ErrorCode::InvalidClient && !matches!(reason, Reason::Unusable(_))
    });
    let mut answers: Vec<_> = known
        .map(|reason| Refused::from(reason).to_json())
        .collect();
    assert!(answers.len() >= 8);
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

fn every_reason() -> Vec<Reason> {
    use crate::{crypto::signer::Algorithm, domain::secret::Life};

    use super::{
        credentials::Unusable,
        form::FormError,
        params::{Name, ParamError},
    };
    let client = || Some(ID.parse().unwrap());
    let secret = || "AAAAAAAA".parse().unwrap();
    let target: ApiIdentifier = SALES.parse().unwrap();
    let dead = [Life::Retired, Life::Revoked, Life::Cancelled, Life::Expired];
    let mut all = vec![
        Reason::Params(ParamError::Form(FormError::Escape)),
        Reason::Params(ParamError::Form(FormError::Utf8)),
        Reason::Params(ParamError::Repeated(Name::Scope)),
        Reason::Params(ParamError::Control(Name::ClientId)),
        Reason::Params(ParamError::TooMany),
        Reason::SeveralAuthorizations,
        Reason::SeveralMechanisms,
        Reason::ClientIdMismatch,
        Reason::SecretWithoutId,
        Reason::NoGrantType,
        Reason::UnknownClient(client()),
        Reason::UnknownClient(None),
        Reason::WrongSecret,
        Reason::ClientDisabled,
        Reason::NeedsSlowCheck(Vec::new()),
        Reason::UnsupportedGrantType,
        Reason::ScopeMalformed,
        Reason::ScopeNotGranted("x".parse().unwrap()),
        Reason::ScopesApart,
        Reason::NothingGranted,
        Reason::TooManyScopes,
        Reason::TargetMalformed,
        Reason::TargetUnknown(target.clone()),
        Reason::TargetNotGranted(target.clone()),
        Reason::TargetDisabled(target),
        Reason::TargetsDiffer,
        Reason::TargetAmbiguous,
        Reason::NoSigningKey(Algorithm::Es256),
        Reason::SigningFailed,
        Reason::AssertionIncomplete,
        Reason::AssertionType,
        Reason::Assertion(AssertionError::Replayed),
        Reason::NeedsKeys(KeySource::Set("https://svc.test/jwks".to_owned())),
        Reason::Unbound(Binding::Dpop),
        Reason::Unbound(Binding::Certificate),
    ];
    all.extend(dead.map(|life| Reason::DeadSecret(secret(), life)));
    all.extend(
        [
            Unusable::Absent,
            Unusable::IdAlone,
            Unusable::Malformed,
            Unusable::Scheme,
        ]
        .map(Reason::Unusable),
    );
    all
}

#[test]
fn what_was_seen_is_counted_for_whom_it_concerns() {
    let (world, secret) = World::with_report_service();
    let seen = || Seen {
        at: fixtures::NOW,
        address: [192, 0, 2, 1].into(),
        agent: None,
        request: None,
    };
    let form = "grant_type=client_credentials";
    let issued = answer(&world, Some(&basic(ID, &secret)), form).unwrap();
    let Observation::Issued {
        client,
        asked,
        scopes,
        ..
    } = issued.observation(seen())
    else {
        panic!("a token was issued");
    };
    assert_eq!((client.as_str(), asked), (ID, Asked::ByDefault));
    assert_eq!(scopes.as_str(), "read:analytics write:analytics");

    let refused = answer(&world, Some(&basic(ID, "wrong")), form).unwrap_err();
    let Observation::Refused {
        client,
        secret,
        outcome,
        ..
    } = refused.observation(seen())
    else {
        panic!("the request was refused");
    };
    assert_eq!((client, secret), (Some(ID.parse().unwrap()), None));
    assert_eq!(outcome, Outcome::WrongSecret);
}

proptest! {
    /// T-40: nothing that was sent comes back.
    #[test]
    fn no_request_is_reflected(
        odd in "[\"\\\\é\u{1f600}\r\n<>]{4,12}",
        name in "grant_type|client_id|client_secret|scope|resource|audience|foo",
    ) {
        let (world, secret) = World::with_report_service();
        let mut form = format!("{name}={}", escaped(&odd));
        if name != "grant_type" {
            form.push_str("&grant_type=client_credentials");
        }
        let header = (name != "client_secret" && name != "client_id").then(|| basic(ID, &secret));
        if let Err(refused) = answer(&world, header.as_deref(), &form) {
            let text = refused.to_json();
            prop_assert!(!text.contains(&odd));
            prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            prop_assert!(refused.reason.code() != ErrorCode::ServerError);
        } else {
            prop_assert_eq!(name, "foo");
        }
    }
}

/// T-13: whatever a client may be called, what is issued keeps to the RFC's characters.
#[test]
fn what_is_issued_keeps_to_the_characters_of_the_rfc() {
    let mut world = World::new();
    world.put_api(api(SALES, "!#[]^~"));
    let secret = world.put_client(client("odd \"id\"", &[(SALES, "!#[]^~")]));
    let form =
        format!("grant_type=client_credentials&client_id=odd+%22id%22&client_secret={secret}");
    let issued = token(&world.registry, &body(&form), &world.context()).unwrap();
    assert!(
        issued
            .access_token
            .bytes()
            .all(|b| (0x20..=0x7e).contains(&b))
    );
    let read: Value = serde_json::from_str(&issued.to_json()).unwrap();
    assert_eq!(read["scope"], "!#[]^~");
    assert!(read["expires_in"].is_u64());
}

/// T-14
#[test]
fn the_sizes_that_are_documented_are_the_real_ones() {
    let documentation = include_str!("../oauth.rs");
    let id = "x".repeat(256);
    assert!(id.parse::<ClientId>().is_ok() && format!("{id}x").parse::<ClientId>().is_err());
    let scope = "x".repeat(128);
    assert!(scope.parse::<ScopeSet>().is_ok() && format!("{scope}x").parse::<ScopeSet>().is_err());
    for size in [
        id.len(),
        scope.len(),
        ScopeSet::MOST_IN_A_REQUEST,
        crate::domain::secret::LONGEST,
        access_token::LONGEST,
    ] {
        assert!(documentation.contains(&format!(" {size}")), "{size}");
    }
}

/// What is said of a refusal says something, and nothing that belongs to another.
#[test]
fn every_refusal_of_an_exchange_and_of_details_has_words() {
    use super::{authorization_details::DetailsError, token_exchange::ExchangeError};
    let kind = || "payment".parse().unwrap();
    let of_details = [
        DetailsError::Malformed,
        DetailsError::TooMuch,
        DetailsError::UnknownType,
        DetailsError::Form(kind()),
        DetailsError::Elsewhere(kind()),
        DetailsError::BeyondSubject,
        DetailsError::TokenTooLong,
    ];
    let of_exchange = [
        ExchangeError::NoSubject,
        ExchangeError::ActorIncomplete,
        ExchangeError::Actor,
        ExchangeError::ActorType,
        ExchangeError::RequestedType,
        ExchangeError::SubjectType,
        ExchangeError::Subject,
        ExchangeError::TooManyActors,
        ExchangeError::Binding,
    ];
    let details = of_details.iter().map(DetailsError::description);
    let exchange = of_exchange.iter().map(|it| it.description());
    let mut all: Vec<_> = details.chain(exchange).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(all.iter().all(|text| text.contains(' ')));
    assert_eq!(
        DetailsError::TypeNotGranted(kind()).description(),
        DetailsError::UnknownType.description(),
        "whether a type exists is not told"
    );
}
