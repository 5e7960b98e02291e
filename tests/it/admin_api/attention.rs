//! What needs attention over the admin API: listed, put off, brought back.

use jeton::domain::time::Span;
use serde_json::json;

use crate::harness::server::TestServer;

const MAILER: &str = "/clients/mailer/attention";

#[tokio::test]
async fn what_needs_attention_is_put_off_and_brought_back() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    server.advance(Span::days(31)).await;
    let owner = server.owner();
    let found = json!([{
        "client_id": "mailer",
        "name": "A client",
        "rule": "unused",
        "level": "notice",
        "reason": "No token yet, 31 days after it was made.",
        "action": "Review",
    }]);
    let list = owner.read("/attention").await;
    assert_eq!(list, json!({"data": found, "server": [], "postponed": []}));

    let body = json!({"for": "7d", "note": "after the release"});
    let reply = owner.post(&format!("{MAILER}/unused/postpone"), body).await;

    reply.assert_status(200);
    let now = server.app.now();
    let list = owner.read("/attention").await;
    assert_eq!(reply.json(), list);
    assert_eq!(list["data"], json!([]));
    let put_off = &list["postponed"][0];
    assert_eq!(put_off["until"], now.plus(Span::days(7)).to_string());
    assert_eq!(put_off["note"], "after the release");
    assert_eq!(put_off["reason"], found[0]["reason"]);
    let dismissed = owner
        .post(&format!("{MAILER}/unused/postpone"), json!({}))
        .await;
    assert_eq!(dismissed.json()["postponed"][0].get("until"), None);
    let recalled = owner
        .post(&format!("{MAILER}/unused/recall"), json!({}))
        .await;
    assert_eq!(recalled.json()["data"], found);
}

#[tokio::test]
async fn what_is_not_there_is_not_put_off() {
    let server = TestServer::start().await;
    server.client("mailer").await;
    let owner = server.owner();

    for (path, status) in [
        (format!("{MAILER}/unused/postpone"), 409),
        (format!("{MAILER}/moon/postpone"), 404),
        ("/clients/nobody/attention/unused/postpone".to_owned(), 404),
    ] {
        owner.post(&path, json!({})).await.assert_status(status);
    }
    server.advance(Span::days(31)).await;
    let path = format!("{MAILER}/unused/postpone");
    let long = owner.post(&path, json!({"for": "9y"})).await;
    long.assert_status(422);

    let list = owner.read("/attention").await;
    assert_eq!(list["postponed"], json!([]));
}
