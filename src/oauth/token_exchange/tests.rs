mod details;

use serde_json::json;

use super::*;
use crate::{
    domain::{
        api::TokenFormat,
        client::{Binding, ClientStatus},
        permission::ADMIN_API,
        time::Span,
    },
    oauth::{
        Issued, Request,
        access_token::believe,
        credentials::Header,
        fixtures::{NOW, World, api, body, client, escaped},
        introspection::counts,
        reason::ErrorCode,
        token,
    },
};

pub(super) const FRONT: &str = "https://front.example";
pub(super) const BACK: &str = "https://back.example";

/// A caller of the front, whose own service may call the back and exchange tokens.
pub(super) struct Chain {
    pub(super) world: World,
    caller: String,
    pub(super) service: String,
}

pub(super) fn chain() -> Chain {
    let mut world = World::new();
    world.put_api(api(FRONT, "read write"));
    world.put_api(api(BACK, "look touch"));
    let caller = world.put_client(client("caller", &[(FRONT, "read write")]));
    let mut service = client("service", &[(BACK, "look touch"), (FRONT, "read")]);
    service.introspects = [FRONT.parse().unwrap()].into();
    service.rules.token_exchange = true;
    let service = world.put_client(service);
    Chain {
        world,
        caller,
        service,
    }
}

impl Chain {
    pub(super) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Client)) {
        let mut edited = self.world.client(id);
        change(&mut edited);
        self.world.replace_client(edited);
    }

    pub(super) fn ask(&self, form: &str) -> Result<Issued, Reason> {
        let issued = token(&self.world.registry, &body(form), &self.world.context());
        issued.map_err(|refused| refused.reason)
    }

    /// A token of the caller for the front.
    pub(super) fn first(&self, scope: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id=caller&client_secret={}&scope={}",
            escaped(&self.caller),
            escaped(scope)
        );
        self.ask(&form).unwrap().access_token
    }

    pub(super) fn exchange(&self, subject: &str, rest: &str) -> Result<Issued, Reason> {
        self.exchange_as(("service", &self.service), subject, rest)
    }

    fn exchange_as(
        &self,
        (id, secret): (&str, &str),
        subject: &str,
        rest: &str,
    ) -> Result<Issued, Reason> {
        self.ask(&format!(
            "grant_type={}&client_id={id}&client_secret={}&subject_token={}&subject_token_type={}{rest}",
            escaped(GRANT_TYPE),
            escaped(secret),
            escaped(subject),
            escaped(ACCESS_TOKEN)
        ))
    }

    pub(super) fn said(&self, issued: &Issued) -> VerifiedToken {
        let text = &issued.access_token;
        let said = believe(&self.world.registry, text, &self.world.expected()).unwrap();
        VerifiedToken::clone(&said)
    }
}

pub(super) fn to(api: &str) -> String {
    format!("&resource={}", escaped(api))
}

/// TX-02, TX-04
#[test]
fn a_service_gets_a_token_in_its_own_name_on_behalf_of_who_called_it() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        let mut chain = chain();
        let mut front = api(FRONT, "read write");
        front.rules.format = format;
        chain.world.put_api(front);
        let first = chain.first("read");

        let issued = chain.exchange(&first, &format!("{}&scope=look", to(BACK)));

        let issued = issued.unwrap();
        let said = chain.said(&issued);
        assert_eq!(said.subject.as_str(), "caller");
        assert_eq!(said.client.as_str(), "service");
        assert_eq!(said.audience.as_str(), BACK);
        assert_eq!(said.scopes.as_str(), "look");
        let act = serde_json::to_value(said.act).unwrap();
        assert_eq!(act, json!({"sub": "service"}));
        let answer: Value = serde_json::from_str(&issued.to_json()).unwrap();
        assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["scope"], "look");
        assert_eq!(answer["expires_in"], 3600);
    }
}

/// TX-01, TX-03
#[test]
fn what_belongs_to_an_exchange_is_there_and_of_a_kind_that_is_taken() {
    let chain = chain();
    let first = chain.first("read");
    let with = |rest: &str| chain.exchange(&first, &format!("{}{rest}", to(BACK)));
    let error = |rest: &str| with(rest).unwrap_err();

    let both = format!("&actor_token=x&actor_token_type={}", escaped(JWT));
    assert_eq!(error(&both), Reason::Exchange(ExchangeError::Actor));
    let alone = Reason::Exchange(ExchangeError::ActorIncomplete);
    assert_eq!(error("&actor_token=x"), alone);
    assert_eq!(error("&actor_token_type=x"), alone);
    let wanted = Reason::Exchange(ExchangeError::RequestedType);
    assert_eq!(error("&requested_token_type=urn:x"), wanted);
    assert_eq!(wanted.code(), ErrorCode::InvalidRequest);
    let kind = format!("&requested_token_type={}", escaped(ACCESS_TOKEN));
    assert!(with(&kind).is_ok());
    let form = |subject: &str| {
        let service = escaped(&chain.service);
        let grant = escaped(GRANT_TYPE);
        let login = format!("client_id=service&client_secret={service}");
        chain.ask(&format!("grant_type={grant}&{login}{subject}"))
    };
    let missing = Reason::Exchange(ExchangeError::NoSubject);
    for alone in ["subject_token=a", "subject_token_type=a"] {
        let params = Params::parse(alone.as_bytes()).unwrap();
        assert_eq!(check_form(&params), Err(missing.clone()), "{alone}");
    }
    assert_eq!(form("").unwrap_err(), missing);
    assert_eq!(form("&subject_token=x").unwrap_err(), missing);
    let kind = Reason::Exchange(ExchangeError::SubjectType);
    let other = "&subject_token=x&subject_token_type=urn:x";
    assert_eq!(form(other).unwrap_err(), kind);
}

/// TX-03: one answer, whatever is wrong with the token.
#[test]
fn a_token_that_does_not_count_or_is_anothers_is_not_exchanged() {
    let mut chain = chain();
    let first = chain.first("read");
    let invalid = Reason::Exchange(ExchangeError::Subject);
    assert_eq!(chain.exchange("x", &to(BACK)).unwrap_err(), invalid);
    assert_eq!(invalid.code(), ErrorCode::InvalidRequest);
    let mut forged = first.clone();
    forged.replace_range(first.len() - 4.., "AAAA");
    assert_eq!(chain.exchange(&forged, &to(BACK)).unwrap_err(), invalid);

    chain.edit("service", |service| service.introspects.clear());
    let foreign = Reason::Exchange(ExchangeError::SubjectOfOthers);
    let refused = chain.exchange(&first, &to(BACK)).unwrap_err();
    assert_eq!(refused, foreign);
    assert_eq!(foreign.description(), invalid.description());

    let mut chain = self::chain();
    let first = chain.first("read");
    chain.edit("caller", |caller| caller.tokens_void_until = Some(NOW));
    assert_eq!(chain.exchange(&first, &to(BACK)).unwrap_err(), invalid);
    let mut chain = self::chain();
    let first = chain.first("read");
    chain.edit("caller", |it| it.status = ClientStatus::Disabled(NOW));
    assert_eq!(chain.exchange(&first, &to(BACK)).unwrap_err(), invalid);

    let chain = self::chain();
    let first = chain.first("read");
    let form = format!(
        "grant_type={}&client_id=service&client_secret={}&subject_token={first}&subject_token_type={ACCESS_TOKEN}{}",
        escaped(GRANT_TYPE),
        escaped(&chain.service),
        to(BACK)
    );
    let revoked = Context {
        is_revoked: &|_| true,
        ..chain.world.context()
    };
    let refused = token(&chain.world.registry, &body(&form), &revoked);
    assert_eq!(refused.unwrap_err().reason, invalid);
}

/// TX-05, T-08
#[test]
fn only_a_client_that_may_exchange_tokens_does() {
    let mut chain = chain();
    let first = chain.first("read");
    chain.edit("service", |service| service.rules.token_exchange = false);

    let refused = chain.exchange(&first, &to(BACK)).unwrap_err();

    assert_eq!(refused, Reason::ExchangeNotAllowed);
    assert_eq!(refused.code(), ErrorCode::UnauthorizedClient);
}

#[test]
fn a_new_token_opens_no_more_than_the_client_was_granted_nor_than_the_old_one_did() {
    let chain = chain();
    let first = chain.first("write");

    let more = chain.exchange(&first, &format!("{}&scope=delete", to(BACK)));
    assert_eq!(more.unwrap_err().code(), ErrorCode::InvalidScope);
    let same = chain.exchange(&first, &format!("{}&scope=read", to(FRONT)));
    assert_eq!(same.unwrap_err().code(), ErrorCode::InvalidScope);
    let same = chain.exchange(&first, &to(FRONT));
    assert_eq!(same.unwrap_err(), Reason::NothingGranted);
    let both = chain.first("read write");
    let both = chain.exchange(&both, &to(FRONT)).unwrap();
    assert_eq!(both.scopes.as_str(), "read");
    let unknown = chain.exchange(&first, &to("https://other.example"));
    assert_eq!(unknown.unwrap_err().code(), ErrorCode::InvalidTarget);
    let two = format!("&audience={}&audience={}", escaped(FRONT), escaped(BACK));
    let two = chain.exchange(&first, &two).unwrap_err();
    assert_eq!(two, Reason::TargetsDiffer);
}

/// TX-04
#[test]
fn a_client_makes_its_own_token_smaller_and_no_larger() {
    let mut chain = chain();
    chain.edit("caller", |caller| caller.rules.token_exchange = true);
    let all = chain.first("read write");
    let own =
        |subject: &str, rest: &str| chain.exchange_as(("caller", &chain.caller), subject, rest);

    let less = own(&all, "&scope=read").unwrap();

    let said = chain.said(&less);
    assert_eq!(said.scopes.as_str(), "read");
    assert_eq!((said.subject.as_str(), said.act), ("caller", None));
    let back = own(&less.access_token, "&scope=write").unwrap_err();
    assert_eq!(back.code(), ErrorCode::InvalidScope);
    let both = own(&less.access_token, "&scope=read+write").unwrap_err();
    assert!(matches!(both, Reason::ScopeNotGranted(scope) if scope.as_str() == "write"));
    let kept = own(&less.access_token, "").unwrap();
    assert_eq!(kept.scopes.as_str(), "read");
}

/// TX-04
#[test]
fn a_clients_own_token_is_exchanged_for_one_for_the_same_api() {
    let chain = chain();
    let form = format!(
        "grant_type=client_credentials&client_id=service&client_secret={}{}",
        escaped(&chain.service),
        to(BACK)
    );
    let own = chain.ask(&form).unwrap().access_token;

    let exchanged = chain.exchange(&own, "").unwrap();

    assert_eq!(chain.said(&exchanged).audience.as_str(), BACK);
}

#[test]
fn a_new_token_never_outlives_the_old_one() {
    let chain = chain();
    let first = chain.first("read");
    let form = format!(
        "grant_type={}&client_id=service&client_secret={}&subject_token={first}&subject_token_type={ACCESS_TOKEN}{}",
        escaped(GRANT_TYPE),
        escaped(&chain.service),
        to(BACK)
    );
    let late = NOW.plus(Span(3590));
    let at = |now| Context {
        now,
        ..chain.world.context()
    };

    let issued = token(&chain.world.registry, &body(&form), &at(late)).unwrap();
    assert_eq!(issued.expires_in, Span(10));
    let over = NOW.plus(Span(3600));
    let refused = token(&chain.world.registry, &body(&form), &at(over));
    let reason = refused.unwrap_err().reason;
    assert_eq!(reason, Reason::Exchange(ExchangeError::Subject));
}

/// TX-04
#[test]
fn who_acted_before_is_told_and_no_more_than_four_do() {
    let mut world = World::new();
    let apis = [
        "urn:a:0", "urn:a:1", "urn:a:2", "urn:a:3", "urn:a:4", "urn:a:5",
    ];
    for id in apis {
        world.put_api(api(id, "go"));
    }
    let first = world.put_client(client("s0", &[(apis[0], "go")]));
    let mut secrets = vec![first];
    for n in 1..6 {
        let mut service = client(&format!("s{n}"), &[(apis[n], "go")]);
        service.introspects = [apis[n - 1].parse().unwrap()].into();
        service.rules.token_exchange = true;
        secrets.push(world.put_client(service));
    }
    let chain = Chain {
        caller: secrets[0].clone(),
        service: String::new(),
        world,
    };
    let form = format!(
        "grant_type=client_credentials&client_id=s0&client_secret={}",
        escaped(&secrets[0])
    );
    let mut text = chain.ask(&form).unwrap().access_token;
    for (n, secret) in secrets.iter().enumerate().take(5).skip(1) {
        let who = format!("s{n}");
        let issued = chain.exchange_as((&who, secret), &text, "").unwrap();
        let said = chain.said(&issued);
        assert_eq!(said.subject.as_str(), "s0");
        let act = said.act.unwrap();
        assert_eq!((act.sub.as_str(), act.depth()), (&*who, n));
        text = issued.access_token;
    }

    let refused = chain.exchange_as(("s5", &secrets[5]), &text, "");

    let expected = Reason::Exchange(ExchangeError::TooManyActors);
    assert_eq!(refused.unwrap_err(), expected);
}

#[test]
fn the_admin_api_is_neither_subject_nor_target() {
    let mut world = World::new();
    world.put_api(Api::admin(NOW));
    world.put_api(api(BACK, "look"));
    let mut robot = client("robot", &[(ADMIN_API, "clients:read"), (BACK, "look")]);
    robot.rules.token_exchange = true;
    let secret = world.put_client(robot);
    let chain = Chain {
        caller: String::new(),
        service: secret.clone(),
        world,
    };
    let get = |api: &str| {
        let form = format!(
            "grant_type=client_credentials&client_id=robot&client_secret={}{}",
            escaped(&secret),
            to(api)
        );
        chain.ask(&form).unwrap().access_token
    };
    let robot = ("robot", secret.as_str());

    let subject = chain.exchange_as(robot, &get(ADMIN_API), &to(BACK));
    let target = chain.exchange_as(robot, &get(BACK), &to(ADMIN_API));

    assert_eq!(
        subject.unwrap_err(),
        Reason::Exchange(ExchangeError::SubjectOfOthers)
    );
    assert_eq!(target.unwrap_err().code(), ErrorCode::InvalidTarget);
}

fn bound(thumbprint: &str) -> Confirmation {
    Confirmation::X5t(thumbprint.to_owned())
}

/// TX-04
#[test]
fn a_bound_token_is_exchanged_for_a_bound_one_alone() {
    let on_behalf = |bound: Option<Confirmation>, is_own| OnBehalf {
        subject: "caller".parse().unwrap(),
        act: None,
        bound,
        is_own,
        actor: None,
    };
    let refused = Err(Reason::Exchange(ExchangeError::Binding));
    for (old, is_own, new, expected) in [
        (None, false, None, Ok(())),
        (None, true, Some(bound("a")), Ok(())),
        (Some(bound("a")), false, None, refused.clone()),
        (Some(bound("a")), false, Some(bound("b")), Ok(())),
        (Some(bound("a")), true, Some(bound("a")), Ok(())),
        (Some(bound("a")), true, Some(bound("b")), refused.clone()),
        (Some(bound("a")), true, None, refused),
    ] {
        let checked = on_behalf(old, is_own).check_binding(new.as_ref());
        assert_eq!(checked, expected);
    }
}

#[test]
fn a_client_whose_tokens_must_be_bound_gets_no_unbound_one_by_exchange() {
    let mut chain = chain();
    let first = chain.first("read");
    chain.edit("service", |it| it.rules.binding = Binding::Certificate);

    let refused = chain.exchange(&first, &to(BACK)).unwrap_err();

    assert_eq!(refused, Reason::Unbound(Binding::Certificate));
}

#[test]
fn a_token_that_speaks_for_another_stops_with_either() {
    for id in ["caller", "service"] {
        let mut chain = chain();
        let issued = chain.exchange(&chain.first("read"), &to(BACK)).unwrap();
        let said = chain.said(&issued);
        let is_there = |chain: &Chain| counts(&chain.world.registry, &said, &|_| false);
        assert!(is_there(&chain));

        chain.edit(id, |it| it.tokens_void_until = Some(NOW));

        assert!(!is_there(&chain), "{id}");
    }
}

#[test]
fn the_request_is_refused_before_a_proof_is_used_up_or_anybody_is_known() {
    let form = format!(
        "grant_type={}&client_id=nobody&client_secret=x",
        escaped(GRANT_TYPE)
    );
    let chain = chain();
    let request = Request::new(Header::Absent, form.as_bytes());

    let refused = token(&chain.world.registry, &request, &chain.world.context());

    let expected = Reason::Exchange(ExchangeError::NoSubject);
    assert_eq!(refused.unwrap_err().reason, expected);
}
