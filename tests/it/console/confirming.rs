//! Before something dangerous, operators prove that it is them, if they did not lately.

use jeton::domain::{audit::AuditPage, permission::Role, time::Span};

use crate::harness::server::TestServer;

/// Forms that stop services, let new ones in, or take everything away.
const DANGEROUS: [&str; 26] = [
    "/clients/new/check",
    "/clients/mailer/credentials/rotate",
    "/clients/mailer/credentials/federate",
    "/clients/mailer/credentials/handover",
    "/clients/mailer/credentials/retire",
    "/clients/mailer/credentials/undo",
    "/clients/mailer/credentials/cancel",
    "/clients/mailer/credentials/{secret}/revoke",
    "/clients/mailer/settings/delete",
    "/clients/mailer/settings/revoke-registration-access",
    "/clients/mailer/settings/revoke-tokens",
    "/clients/mailer/try/token",
    "/apis/urn%3Ashop/rekey",
    "/keys",
    "/keys/{kid}/switch",
    "/keys/{kid}/remove",
    "/operators/invite",
    "/operators/{operator}/role",
    "/operators/{operator}/reset",
    "/operators/{operator}/disable",
    "/operators/{operator}/enable",
    "/operators/{operator}/remove",
    "/operators/{operator}/end-sessions",
    "/settings/registration/new",
    "/settings/security",
    "/settings/backup",
];

/// AD-07: Console 19.
#[tokio::test]
async fn whatever_is_dangerous_asks_who_it_is_and_does_nothing_before() {
    let server = TestServer::start().await;
    server.api("urn:shop", "read").await;
    server.client("mailer").await;
    let operator = server.add_operator("ben@example.com", Role::Viewer).await;
    let mut browser = server.signed_in(Role::Owner).await;
    server.advance(Span::minutes(16)).await;
    let registry = server.app.registry_arc();
    let secret = registry.clients().next().unwrap().secrets[0].id.to_string();
    let kid = registry.keys().next().unwrap().id.to_string();
    let changes = || server.app.audit(AuditPage::default());
    let before = changes().await.unwrap().len();
    let form = [("name", "mailer"), ("overlap", "1h"), ("role", "admin")];

    for path in DANGEROUS {
        let path = path.replace("{secret}", &secret).replace("{kid}", &kid);
        let path = path.replace("{operator}", &operator.to_string());
        let page = browser.post(&path, &form).await;

        page.assert_says("Confirm it is you");
        page.assert_says("your entries are kept");
    }

    assert_eq!(changes().await.unwrap().len(), before, "nothing is done");
}
