//! Before something stops: what was shown is what holds, and everybody who would be refused is named.

use jeton::domain::{permission::Role, time::Span};

use super::rotation::{report_service, to, works_from};
use crate::harness::server::TestServer;

/// Console 36, 38.
#[tokio::test]
async fn a_job_that_comes_once_a_week_is_named_before_its_secret_stops() {
    let server = TestServer::start().await;
    let only = report_service(&server).await;
    assert!(works_from(&only, 31).await);
    server.advance(Span::hours(25)).await;
    for host in 41..45 {
        assert!(works_from(&only, host).await);
    }
    server.advance(Span::days(6)).await;
    let mut browser = server.signed_in(Role::Operator).await;

    let page = browser.open(&to("rotate")).await;
    page.assert_says("used the old secret in the last 90 days");
    page.assert_says("10.0.4.41 (6 days ago)");
    page.assert_says("and 1 more");
    page.assert_does_not_say("Nobody used");
    let new = only.rotated(Span::days(20)).await;
    assert!(works_from(&new, 51).await);
    server.advance(Span::days(6)).await;
    browser.sign_in("operator@example.com", PASSWORD).await;
    let page = browser.open(&to("cancel")).await;

    page.assert_says("The new secret was used by 10.0.4.51 (6 days ago).");
    assert!(works_from(&only, 41).await);
    let page = browser.open(&to("retire")).await;
    page.assert_says("Retire and refuse 10.0.4.41");
    page.assert_says("Not moved yet: 10.0.4.41 (0 seconds ago), 10.0.4.42 (12 days ago),");
}
