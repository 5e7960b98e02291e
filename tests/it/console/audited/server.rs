//! What is done to the keys, the people, the settings and to the own account.

use jeton::crypto::totp::TotpSecret;
use jeton::domain::time::Span;

use super::Round;
use crate::harness::browser::PASSWORD;

pub(super) async fn keys_are_told(round: &mut Round<'_>) {
    let pending = |round: &Round<'_>| {
        let (registry, now) = (round.server.app.registry_arc(), round.server.app.now());
        let mut keys = registry.keys();
        let next = keys.find(|key| registry.age(key, now).as_str() == "pending");
        next.unwrap().id.to_string()
    };
    let key = [("when", "scheduled"), ("algorithm", "ES256")];
    round.sends("/keys", "/keys", &key, "key.generate").await;
    let kid = pending(round);
    let withdraw = format!("/keys/{kid}/withdraw");
    round
        .sends("/keys/{kid}/withdraw", &withdraw, &[], "key.retire")
        .await;
    round.sends("/keys", "/keys", &key, "key.generate").await;
    round.later(Span::minutes(30)).await;
    let kid = pending(round);
    let switch = format!("/keys/{kid}/switch");
    round
        .sends("/keys/{kid}/switch", &switch, &[], "key.activate")
        .await;
    let remove = format!("/keys/{kid}/remove");
    round
        .sends(
            "/keys/{kid}/remove",
            &remove,
            &[],
            "key.generate key.revoke",
        )
        .await;
}

pub(super) async fn people_are_told(round: &mut Round<'_>) {
    let ben = [
        ("name", "Ben"),
        ("email", "ben@example.com"),
        ("role", "viewer"),
    ];
    let route = "/operators/invite";
    round.sends(route, route, &ben, "operator.invite").await;
    let id = {
        let registry = round.server.app.registry();
        let ben = registry.find_operator_by_email(&"ben@example.com".parse().unwrap());
        ben.unwrap().id.to_string()
    };
    let at = |act: &str| format!("/operators/{id}/{act}");
    for (route, act, form, action) in [
        (
            "/operators/{id}/withdraw",
            "withdraw",
            vec![],
            "operator.withdraw",
        ),
        ("/operators/{id}/reset", "reset", vec![], "operator.invite"),
        (
            "/operators/{id}/role",
            "role",
            vec![("role", "operator")],
            "operator.edit",
        ),
        (
            "/operators/{id}/end-sessions",
            "end-sessions",
            vec![],
            "operator.end_sessions",
        ),
        (
            "/operators/{id}/disable",
            "disable",
            vec![],
            "operator.disable",
        ),
        (
            "/operators/{id}/enable",
            "enable",
            vec![],
            "operator.enable",
        ),
        (
            "/operators/{id}/remove",
            "remove",
            vec![],
            "operator.remove",
        ),
    ] {
        round.sends(route, &at(act), &form, action).await;
    }
}

pub(super) async fn the_policy_is_told(round: &mut Round<'_>) {
    for (route, form) in [
        ("/settings/general", vec![("server_name", "Tokens")]),
        (
            "/settings/tokens",
            vec![
                ("token_lifetime", "1h"),
                ("secret_lifetime", "90d"),
                ("longest_secret_lifetime", "365d"),
                ("overlap", "24h"),
            ],
        ),
        (
            "/settings/security",
            vec![
                ("session_idle", "2h"),
                ("session_longest", "12h"),
                ("reauthenticate_after", "15m"),
            ],
        ),
        ("/settings/scanning", vec![("on_leak", "flag")]),
        (
            "/settings/proxies",
            vec![("forward_policies", "orders urn:shop read")],
        ),
        ("/settings/master-key", vec![("master_key_kept", "yes")]),
    ] {
        round.sends(route, route, &form, "settings.edit").await;
    }
    let (halt, resume) = ("/settings/issuance", "/settings/issuance/resume");
    let why = [("reason", "a key may be known")];
    round.sends(halt, halt, &why, "issuance.halt").await;
    round.sends(resume, resume, &[], "issuance.resume").await;
}

pub(super) async fn registration_tokens_are_told(round: &mut Round<'_>) {
    let route = "/settings/registration/new";
    let form = [
        ("note", "Build farm"),
        ("expires_in", "7d"),
        ("limit", "3"),
        ("methods", "client_secret"),
        ("scope", "urn:shop read"),
    ];
    round
        .sends(route, route, &form, "registration_token.create")
        .await;
    let id = {
        let registry = round.server.app.registry();
        let now = round.server.app.now();
        let mut tokens = registry.registration_tokens();
        let token = tokens.find(|token| token.is_open(now)).unwrap();
        token.id.to_string()
    };
    let path = format!("/settings/registration/{id}/revoke");
    let route = "/settings/registration/{registration}/revoke";
    round
        .sends(route, &path, &[], "registration_token.revoke")
        .await;
}

pub(super) async fn the_own_account_is_told(round: &mut Round<'_>) {
    let name = [("name", "Ana M. Lima")];
    round
        .sends("/me/name", "/me/name", &name, "operator.edit")
        .await;
    let codes = "/me/recovery-codes";
    let form = [("confirm_password", PASSWORD)];
    round.sends(codes, codes, &form, "operator.codes").await;
    let form = [
        ("present", PASSWORD),
        ("password", "another quiet morning in may"),
    ];
    let route = "/me/password";
    round.sends(route, route, &form, "operator.password").await;
}

/// Of somebody who may also go without.
pub(super) async fn the_second_factor_is_told(round: &mut Round<'_>) {
    let page = round.browser.open("/me/second-factor").await;
    let key = page.element("key").replace(' ', "");
    let app = TotpSecret::try_from(key).unwrap();
    let code = app.code_at(round.server.app.now().seconds());
    let form = [("code", code.as_str())];
    let route = "/me/second-factor";
    round.sends(route, route, &form, "operator.enrol").await;
    let route = "/me/second-factor/remove";
    let form = [("confirm_password", PASSWORD)];
    round.sends(route, route, &form, "operator.unenrol").await;
}
