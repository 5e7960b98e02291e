use proptest::prelude::*;

use super::*;

fn parse(body: &str) -> Params<'_> {
    Params::parse(body.as_bytes()).unwrap()
}

fn refusal(body: &str) -> ParamError {
    Params::parse(body.as_bytes()).map(|_| ()).unwrap_err()
}

/// T-01
#[test]
fn names_and_values_are_decoded_and_names_are_case_sensitive() {
    assert_eq!(parse("scope=a%20b").scope.as_deref(), Some("a b"));
    assert_eq!(parse("scope=a+b").scope.as_deref(), Some("a b"));
    let params = parse("gr%61nt_type=client_credentials&Client_Id=x");
    assert_eq!(params.grant_type.as_deref(), Some("client_credentials"));
    assert_eq!(params.client_id, None);
    let secret = parse("client_secret=a%26b%3Dc");
    assert_eq!(secret.client_secret.unwrap().reveal(), "a&b=c");
    assert_eq!(parse("scope=a=b").scope.as_deref(), Some("a=b"));
}

/// T-02
#[test]
fn a_body_that_is_not_form_encoded_is_refused_wherever_it_is_not() {
    for body in ["scope=%", "scope=%zz", "%4=a", "foo=%", "scope=a&x=%C0%AF"] {
        assert!(matches!(refusal(body), ParamError::Form(_)), "{body}");
    }
}

/// T-03, T-11
#[test]
fn what_is_not_recognised_is_ignored_even_twice() {
    let params = parse("foo=bar&foo=baz&scope%5Bx%5D=y&code=1&username=ana&scope=a;b=c&&=&=x");
    assert_eq!(params.scope.as_deref(), Some("a;b=c"));
    assert_eq!(params.client_id, None);
}

/// T-04
#[test]
fn a_recognised_parameter_stands_once() {
    for name in [
        "grant_type",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "scope",
        "audience",
        "authorization_details",
        "subject_token",
        "subject_token_type",
        "actor_token",
        "actor_token_type",
        "requested_token_type",
        "token",
        "token_type_hint",
    ] {
        let first = name.as_bytes()[0];
        let escaped = format!("%{first:02x}{}", &name[1..]);
        for body in [
            format!("{name}=a&{name}=a"),
            format!("{name}=a&x=y&{escaped}=b"),
            format!("{name}=&{name}=a"),
            format!("{name}=a&{name}"),
        ] {
            let repeated = refusal(&body);
            assert!(
                matches!(repeated, ParamError::Repeated(which) if which.as_str() == name),
                "{body}: {repeated:?}"
            );
        }
    }
}

/// T-04, RI-02
#[test]
fn resource_alone_may_repeat() {
    let resource = |body: &'static str| parse(body).resource;
    assert_eq!(resource("resource="), Resource::Unnamed);
    assert_eq!(
        resource("resource=a:b&resource=a:b"),
        Resource::One("a:b".into())
    );
    assert_eq!(
        resource("resource=a:b&resource="),
        Resource::One("a:b".into())
    );
    assert_eq!(resource("resource=a:b&resource=a:c"), Resource::Several);
    assert_eq!(
        resource("resource=a:b&resource=a:c&resource=a:b"),
        Resource::Several
    );
}

/// T-04, TX-01
#[test]
fn where_a_token_is_exchanged_audience_may_repeat_as_well() {
    let exchange = format!("grant_type={}", token_exchange::GRANT_TYPE);
    let audience = |rest: &str| parse(&format!("{rest}&{exchange}")).audience == Resource::Several;
    assert!(audience("audience=a:b&audience=a:c"));
    assert!(!audience("audience=a:b&audience=a:b"));
    let other = "grant_type=client_credentials&audience=a:b&audience=a:c";
    assert_eq!(refusal(other), ParamError::Repeated(Name::Audience));
}

/// T-05
#[test]
fn an_empty_parameter_is_absent() {
    let params =
        parse("grant_type=&client_id&client_secret=&client_assertion=&scope=&audience=&resource=");
    assert!(params.grant_type.is_none() && params.client_id.is_none());
    assert!(params.client_secret.is_none() && params.client_assertion.is_none());
    assert!(params.scope.is_none());
    assert_eq!(params.audience, Resource::Unnamed);
    assert_eq!(params.resource, Resource::Unnamed);
}

/// T-10
#[test]
fn control_characters_are_refused_but_left_to_the_grammar_of_scopes() {
    for body in [
        "grant_type=a%00",
        "client_id=a%0Ab",
        "client_secret=%7F",
        "resource=%1F",
    ] {
        assert!(matches!(refusal(body), ParamError::Control(_)), "{body}");
    }
    assert_eq!(parse("scope=a%0Ab").scope.as_deref(), Some("a\nb"));
}

/// RAR-05
#[test]
fn authorization_details_may_be_written_on_several_lines() {
    let params = parse("authorization_details=%5B%0A%09%5D");
    assert_eq!(params.authorization_details.as_deref(), Some("[\n\t]"));
}

/// H-10
#[test]
fn a_hundred_parameters_are_enough() {
    let hundred = vec!["x=y"; MOST].join("&");
    assert!(Params::parse(hundred.as_bytes()).is_ok());
    assert_eq!(refusal(&format!("{hundred}&x=y")), ParamError::TooMany);
}

#[test]
fn what_needs_no_decoding_is_borrowed() {
    let params = parse("grant_type=client_credentials&scope=read");
    assert!(matches!(params.grant_type, Some(Cow::Borrowed(_))));
    assert!(matches!(params.scope, Some(Cow::Borrowed(_))));
}

proptest! {
    #[test]
    fn no_body_makes_the_parser_fail_badly(body in "[a-z_=&%+0-9;\\PC]{0,200}") {
        if let Ok(params) = Params::parse(body.as_bytes()) {
            prop_assert!(params.scope.is_none_or(|scope| !scope.is_empty()));
        }
    }
}

#[test]
fn which_parameter_is_wrong_is_told() {
    let repeated = ParamError::Repeated(Name::Scope).to_string();
    assert_eq!(repeated, "the parameter scope stands twice");
    let control = ParamError::Control(Name::ClientId).to_string();
    assert_eq!(control, "the parameter client_id has a control character");
}
