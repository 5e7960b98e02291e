//! What each form of the console leaves in the audit log: one record, of who, from where, by which
//! request.

use std::collections::BTreeSet;

use jeton::crypto::totp::TotpSecret;
use jeton::domain::{audit::AuditPage, audit::AuditRecord, permission::Role, time::Span};

use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

const ROUTES: &str = include_str!("../../fixtures/console/routes.txt");

/// Forms that change nothing that an audit log is about: previews, comparisons, signing out, what is
/// kept for the visit alone.
const UNTOLD: [&str; 21] = [
    "/apis/{id}/clients/review",
    "/apis/{id}/key",
    "/audit/check",
    "/clients/new",
    "/clients/new/access",
    "/clients/new/discard",
    "/clients/new/secret",
    "/clients/{id}/access/review",
    "/clients/{id}/credentials/handover/{handover}",
    "/clients/{id}/reveal/{secret}",
    "/clients/{id}/reveal/{secret}/check",
    "/handover/{token}/check",
    "/handover/{token}/stored",
    "/me/recovery-codes/stored",
    "/me/sessions/end",
    "/me/sessions/end-others",
    "/operators/{id}/link",
    "/set-up/code",
    "/sign-out",
    "/theme",
    "/tools/token",
];

/// Forms of whoever is not signed in yet: what they leave is told where they are tested.
const OUTSIDE: [&str; 5] = [
    "/set-up",
    "/sign-in",
    "/sign-in/second",
    "/sign-in/recovery",
    "/invitation/{token}",
];

/// An owner who sends one form after the other.
struct Round<'s> {
    server: &'s TestServer,
    browser: Browser<'s>,
    actor: String,
    told: BTreeSet<&'static str>,
}

impl<'s> Round<'s> {
    async fn begin(server: &'s TestServer, role: Role) -> Self {
        Self {
            server,
            browser: server.signed_in(role).await,
            actor: format!("operator:{role}@example.com"),
            told: BTreeSet::new(),
        }
    }

    async fn newest(&self) -> Vec<AuditRecord> {
        let page = AuditPage {
            limit: 10,
            ..AuditPage::default()
        };
        self.server.app.audit(page).await.unwrap()
    }

    /// Sends a form to `path`, which `route` describes, and looks at what it left: one record of
    /// `action`, beside those of the looks at a secret that follow.
    async fn sends(
        &mut self,
        route: &'static str,
        path: &str,
        form: &[(&str, &str)],
        action: &str,
    ) -> Page {
        let before = self.newest().await.first().map_or(0, |it| it.seq);

        let page = self.browser.post(path, form).await;

        let status = page.reply.status;
        assert_eq!(status, 200, "{route}: {}", page.text());
        let left = self.newest().await.into_iter().filter(|it| it.seq > before);
        let left: Vec<_> = left.filter(|it| it.entry.action != "secret.show").collect();
        let words: Vec<_> = left.iter().map(|it| it.entry.action.as_str()).collect();
        assert_eq!(words, action.split(' ').collect::<Vec<_>>(), "{route}");
        for record in left {
            let entry = record.entry;
            let is_taken = entry.actor == "system:hand-over";
            assert!(is_taken || entry.actor == self.actor, "{route}: {entry:?}");
            assert_eq!(entry.address, Some([192, 0, 2, 8].into()), "{route}");
            assert!(entry.request_id.is_some(), "{route}");
        }
        self.told.insert(route);
        page
    }

    /// Lets time pass and signs in anew.
    async fn later(&mut self, span: Span) {
        self.server.advance(span).await;
        let page = self.browser.sign_in("owner@example.com", PASSWORD).await;
        assert_eq!(page.reply.status, 200, "{}", page.text());
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
async fn apis_are_told(round: &mut Round<'_>) {
    let api = [
        ("name", "Legacy"),
        ("identifier", "urn:legacy"),
        ("algorithm", "HS256"),
        ("token_lifetime", "1h"),
    ];
    round
        .sends("/apis/new", "/apis/new", &api, "api.create")
        .await;
    let at = |path: &str| format!("/apis/urn%3Alegacy{path}");
    let scope = [("name", "read"), ("description", "Read it")];
    round
        .sends("/apis/{id}/scopes", &at("/scopes"), &scope, "scope.create")
        .await;
    let lines = [("lines", "write Write it")];
    round
        .sends("/apis/{id}/import", &at("/import"), &lines, "scope.create")
        .await;
    let edit = [("description", "Read all of it"), ("sensitive", "yes")];
    round
        .sends(
            "/apis/{id}/scopes/{scope}",
            &at("/scopes/read"),
            &edit,
            "scope.edit",
        )
        .await;
    let offer = [("offer", "deprecated")];
    let route = "/apis/{id}/scopes/{scope}/offer";
    round
        .sends(route, &at("/scopes/write/offer"), &offer, "scope.edit")
        .await;
    let route = "/apis/{id}/scopes/{scope}/remove";
    round
        .sends(route, &at("/scopes/write/remove"), &[], "scope.remove")
        .await;
    let edit = [
        ("name", "Legacy API"),
        ("description", ""),
        ("token_lifetime", "30m"),
    ];
    round
        .sends("/apis/{id}/settings", &at("/settings"), &edit, "api.edit")
        .await;
    round
        .sends("/apis/{id}/rekey", &at("/rekey"), &[], "api.rekey")
        .await;
    let other = [("algorithm", "ES256")];
    round
        .sends(
            "/apis/{id}/algorithm",
            &at("/algorithm"),
            &other,
            "api.edit",
        )
        .await;
    round
        .sends("/apis/{id}/disable", &at("/disable"), &[], "api.disable")
        .await;
    round
        .sends("/apis/{id}/enable", &at("/enable"), &[], "api.enable")
        .await;
    let name = [("name", "Legacy API")];
    round
        .sends("/apis/{id}/remove", &at("/remove"), &name, "api.remove")
        .await;
}

async fn access_is_told(round: &mut Round<'_>) {
    let revision = |round: &Round<'_>| {
        let registry = round.server.app.registry();
        let client = registry.find_client_by_text("mover").unwrap();
        client.revision.to_string()
    };
    let row = format!("{} mover", revision(round));
    let form = [
        ("row", row.as_str()),
        ("grant", "mover read"),
        ("grant", "mover write"),
    ];
    round
        .sends(
            "/apis/{id}/clients",
            "/apis/urn%3Ashop/clients",
            &form,
            "grant.set",
        )
        .await;
    let at = |path: &str| format!("/clients/mover/access{path}");
    let now = revision(round);
    let less = [("revision", now.as_str()), ("grant", "urn:shop read")];
    let page = round
        .sends("/clients/{id}/access", &at(""), &less, "grant.set")
        .await;
    let undo = page.form(&at("/undo"));
    let undo: Vec<_> = undo
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    round
        .sends(
            "/clients/{id}/access/undo",
            &at("/undo"),
            &undo,
            "grant.set",
        )
        .await;
    let scope = [("grant", "urn:shop read")];
    for (act, action) in [
        ("watch", "grant.watch"),
        ("unwatch", "grant.unwatch"),
        ("keep", "grant.keep"),
    ] {
        let route = match act {
            "watch" => "/clients/{id}/access/watch",
            "unwatch" => "/clients/{id}/access/unwatch",
            _ => "/clients/{id}/access/keep",
        };
        round
            .sends(route, &at(&format!("/{act}")), &scope, action)
            .await;
    }
    let chosen = [("api", "urn:shop"), ("scope", "read"), ("chosen", "yes")];
    let route = "/clients/{id}/try/token";
    round
        .sends(route, "/clients/mover/try/token", &chosen, "token.test")
        .await;
}

#[expect(clippy::too_many_lines, reason = "a table")]
async fn rotation_is_told(round: &mut Round<'_>) {
    let at = |path: &str| format!("/clients/mover/credentials{path}");
    let newest = |round: &Round<'_>| {
        let registry = round.server.app.registry();
        let client = registry.find_client_by_text("mover").unwrap();
        client.secrets.last().unwrap().id.to_string()
    };
    let form = [("overlap", "24h"), ("if_used", "hold")];
    let rotate = "/clients/{id}/credentials/rotate";
    round
        .sends(rotate, &at("/rotate"), &form, "secret.rotate")
        .await;
    let extend = "/clients/{id}/credentials/extend";
    round
        .sends(extend, &at("/extend"), &[], "secret.extend")
        .await;
    let cancel = "/clients/{id}/credentials/cancel";
    round
        .sends(cancel, &at("/cancel"), &[], "secret.cancel")
        .await;
    round
        .sends(rotate, &at("/rotate"), &form, "secret.rotate")
        .await;
    let old = {
        let registry = round.server.app.registry();
        let client = registry.find_client_by_text("mover").unwrap();
        client
            .old_secret(round.server.app.now())
            .unwrap()
            .id
            .to_string()
    };
    let chosen = [("secret", old.as_str()), ("verdict", "new_unused 0")];
    let retire = "/clients/{id}/credentials/retire";
    round.browser.open(&at("/retire")).await;
    round
        .sends(retire, &at("/retire"), &chosen, "secret.retire")
        .await;
    let undo = "/clients/{id}/credentials/undo";
    round
        .sends(undo, &at("/undo"), &chosen, "secret.undo")
        .await;
    round
        .sends(retire, &at("/retire"), &chosen, "secret.retire")
        .await;
    let secret = newest(round);
    let note = "/clients/{id}/credentials/{secret}/note";
    let path = at(&format!("/{secret}/note"));
    round
        .sends(note, &path, &[("note", "vault")], "secret.edit")
        .await;
    let offer = "/clients/{id}/credentials/handover";
    let page = round
        .sends(offer, &at("/handover"), &form, "handover.offer")
        .await;
    let withdraw = "/clients/{id}/credentials/handover/{handover}/withdraw";
    let path = format!("{}/withdraw", page.path);
    round.sends(withdraw, &path, &[], "handover.withdraw").await;
    let page = round
        .sends(offer, &at("/handover"), &form, "handover.offer")
        .await;
    let link = page.element("link");
    let link = link.strip_prefix("https://as.test/console").unwrap();
    let both = "secret.rotate handover.redeem";
    round
        .sends("/handover/{token}", link, &[("x", "y")], both)
        .await;
    let secret = newest(round);
    let revoke = "/clients/{id}/credentials/{secret}/revoke";
    let path = at(&format!("/{secret}/revoke"));
    round
        .sends(revoke, &path, &[("name", "Mover")], "secret.revoke")
        .await;
}

async fn clients_are_told(round: &mut Round<'_>) {
    for (path, form) in [
        (
            "/clients/new",
            vec![("name", "Mover"), ("client_id", "mover")],
        ),
        ("/clients/new/access", vec![("scope", "urn:shop read")]),
        ("/clients/new/secret", vec![("life", "180d")]),
    ] {
        let page = round.browser.open(path).await;
        let page = round.browser.submit(&page, path, &form).await;
        assert_eq!(page.reply.status, 200, "{path}: {}", page.text());
    }
    let page = round.browser.open("/clients/new/check").await;
    let form = page.form("/clients/new/check");
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let route = "/clients/new/check";
    round.sends(route, route, &form, "client.create").await;
    access_is_told(round).await;
    rotation_is_told(round).await;
    let at = |path: &str| format!("/clients/mover/settings{path}");
    let edit = [("name", "Mover 2"), ("owner", "Data team")];
    round
        .sends("/clients/{id}/settings", &at(""), &edit, "client.edit")
        .await;
    let disable = "/clients/{id}/settings/disable";
    round
        .sends(disable, &at("/disable"), &[], "client.disable")
        .await;
    let enable = "/clients/{id}/settings/enable";
    round
        .sends(enable, &at("/enable"), &[], "client.enable")
        .await;
    let delete = "/clients/{id}/settings/delete";
    let typed = [("typed", "Mover 2")];
    round
        .sends(delete, &at("/delete"), &typed, "client.remove")
        .await;
}

async fn keys_are_told(round: &mut Round<'_>) {
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

async fn people_are_told(round: &mut Round<'_>) {
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

async fn the_own_account_is_told(round: &mut Round<'_>) {
    let name = [("name", "Ana M. Lima")];
    round
        .sends("/me/name", "/me/name", &name, "operator.edit")
        .await;
    let codes = "/me/recovery-codes";
    round.sends(codes, codes, &[], "operator.codes").await;
    let form = [("password", "another quiet morning in may")];
    let route = "/me/password";
    round.sends(route, route, &form, "operator.password").await;
}

/// Of somebody who may also go without.
async fn the_second_factor_is_told(round: &mut Round<'_>) {
    let page = round.browser.open("/me/second-factor").await;
    let key = page.element("key").replace(' ', "");
    let app = TotpSecret::try_from(key).unwrap();
    let code = app.code_at(round.server.app.now().seconds());
    let form = [("code", code.as_str())];
    let route = "/me/second-factor";
    round.sends(route, route, &form, "operator.enrol").await;
    let route = "/me/second-factor/remove";
    round.sends(route, route, &[], "operator.unenrol").await;
}

/// Console 46.
#[tokio::test]
async fn every_form_that_changes_something_leaves_one_record() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read write").await;
    let mut round = Round::begin(&server, Role::Owner).await;

    clients_are_told(&mut round).await;
    apis_are_told(&mut round).await;
    keys_are_told(&mut round).await;
    people_are_told(&mut round).await;
    let export = [("format", "csv")];
    round
        .sends("/audit/export", "/audit/export", &export, "audit.export")
        .await;
    let route = "/settings/backup";
    round.sends(route, route, &[], "server.backup").await;
    the_own_account_is_told(&mut round).await;
    let mut other = Round::begin(&server, Role::Operator).await;
    the_second_factor_is_told(&mut other).await;
    round.told.append(&mut other.told);

    let posts = ROUTES.lines().filter_map(|line| line.strip_prefix("POST "));
    let posts = posts.filter_map(|line| line.split(' ').next());
    let known = |route: &&str| {
        UNTOLD.contains(route) || OUTSIDE.contains(route) || round.told.contains(route)
    };
    let missing: Vec<_> = posts.filter(|route| !known(route)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
