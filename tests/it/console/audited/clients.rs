//! What is done to clients, their secrets and their access, and to APIs.

use super::Round;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) async fn apis_are_told(round: &mut Round<'_>) {
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
    let kind = [("type", "payment"), ("schema", "{}")];
    let route = "/apis/{id}/details";
    round
        .sends(route, &at("/details"), &kind, "detail_type.create")
        .await;
    let edit = [
        ("description", "Pay"),
        ("schema", "{\"required\":[\"to\"]}"),
    ];
    let route = "/apis/{id}/details/{type}";
    round
        .sends(route, &at("/details/payment"), &edit, "detail_type.edit")
        .await;
    let route = "/apis/{id}/details/{type}/remove";
    round
        .sends(
            route,
            &at("/details/payment/remove"),
            &[],
            "detail_type.remove",
        )
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
    let why = [("reason", "it moves")];
    round
        .sends("/apis/{id}/halt", &at("/halt"), &why, "api.halt")
        .await;
    round
        .sends("/apis/{id}/resume", &at("/resume"), &[], "api.resume")
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

#[expect(clippy::too_many_lines, reason = "a table")]
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
    let details = round.server.define_detail_type("urn:shop", "payment");
    details.await;
    let kind = [("api", "urn:shop"), ("type", "payment")];
    let route = "/clients/{id}/access/details";
    round
        .sends(route, &at("/details"), &kind, "grant.set")
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

async fn attention_is_told(round: &mut Round<'_>) {
    let at = |act: &str| format!("/clients/mover/attention/unused/{act}");
    let form = [("for", "7d"), ("level", "notice")];
    let route = "/clients/{id}/attention/{rule}/postpone";
    round
        .sends(route, &at("postpone"), &form, "client.postpone")
        .await;
    let route = "/clients/{id}/attention/{rule}/recall";
    round
        .sends(route, &at("recall"), &[], "client.recall")
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
        .sends(
            cancel,
            &at("/cancel"),
            &[("verdict", "unused 0")],
            "secret.cancel",
        )
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
    let replace = "/clients/{id}/credentials/replace";
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let form = [("kind", "key"), ("key", key), ("overlap", "now")];
    round
        .sends(replace, &at("/replace"), &form, "secret.rotate")
        .await;
    let federate = "/clients/{id}/credentials/federate";
    let form = [
        ("platform", "github"),
        ("repository", "acme/shop"),
        ("place", "branch"),
        ("name", "main"),
        ("issuer", "https://token.actions.githubusercontent.com"),
        ("audience", "https://as.test"),
        ("overlap", "now"),
    ];
    round
        .sends(federate, &at("/federate"), &form, "secret.rotate")
        .await;
}

pub(super) async fn clients_are_told(round: &mut Round<'_>) {
    for (path, form) in [
        (
            "/clients/new",
            vec![("name", "Mover"), ("client_id", "mover")],
        ),
        ("/clients/new/access", vec![("scope", "urn:shop read")]),
        ("/clients/new/credential", vec![("life", "180d")]),
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
    attention_is_told(round).await;
    rotation_is_told(round).await;
    let at = |path: &str| format!("/clients/mover/settings{path}");
    let edit = [("name", "Mover 2"), ("owner", "Data team")];
    round
        .sends("/clients/{id}/settings", &at(""), &edit, "client.edit")
        .await;
    let revoke = "/clients/{id}/settings/revoke-tokens";
    let path = at("/revoke-tokens");
    round.sends(revoke, &path, &[], "token.revoke").await;
    let itself = round.server.self_registered().await;
    let take = "/clients/{id}/settings/revoke-registration-access";
    let path = take.replace("{id}", &itself);
    round.sends(take, &path, &[], "registration.revoke").await;
    let limits = "/clients/{id}/settings/limits";
    let networks = [("allowed_networks", "10.0.0.0/8"), ("even_if_used", "yes")];
    round
        .sends(limits, &at("/limits"), &networks, "client.limit")
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
