//! What each form of the console leaves in the audit log: one record, of who, from where, by which
//! request.

mod clients;
mod server;

use std::collections::BTreeSet;

use jeton::domain::{audit::AuditPage, audit::AuditRecord, permission::Role, time::Span};
use tempfile::TempDir;

use self::{
    clients::{apis_are_told, clients_are_told},
    server::{
        keys_are_told, people_are_told, registration_tokens_are_told, the_own_account_is_told,
        the_policy_is_told, the_second_factor_is_told,
    },
};
use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    server::TestServer,
};

const ROUTES: &str = include_str!("../../fixtures/console/routes.txt");

/// Forms that change nothing that an audit log is about: previews, comparisons, signing out, what is
/// kept for the visit alone.
const UNTOLD: [&str; 24] = [
    "/apis/{id}/clients/review",
    "/apis/{id}/key",
    "/audit/check",
    "/clients/new",
    "/clients/new/access",
    "/clients/new/discard",
    "/clients/new/credential",
    "/clients/new/platform",
    "/clients/{id}/access/review",
    "/clients/{id}/credentials/dry-run",
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
    "/settings/registration/{registration}",
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

/// Console 46.
#[tokio::test]
async fn every_form_that_changes_something_leaves_one_record() {
    let directory = TempDir::new().unwrap();
    let server = TestServer::in_directory(directory.path()).await;
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
    let route = "/settings/rekey";
    round.sends(route, route, &[], "server.rekey").await;
    the_policy_is_told(&mut round).await;
    registration_tokens_are_told(&mut round).await;
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
