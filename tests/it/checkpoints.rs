//! Checkpoints of the audit log tell what the log itself cannot: that its end is missing, or all of it is old.

use std::{fs, path::PathBuf};

use jeton::domain::{issued_token::TokenRecords, time::Span};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::kit::Home;
use crate::harness::server::TestServer;

fn checkpointed() -> Home {
    let mut home = Home::empty();
    home.terminal = home.terminal.with("JETON_AUDIT_CHECKPOINTS", "checkpoints");
    home.jeton(&["init"]).assert(0);
    home
}

fn create(home: &Home, id: &str) {
    home.jeton(&["client", "create", id, "--id", id]).assert(0);
}

/// A3
#[test]
fn an_older_copy_of_the_data_is_found_out_and_not_served() {
    let home = checkpointed();
    create(&home, "early");
    let copy = fs::read(home.file()).unwrap();
    create(&home, "late");
    let known = fs::read_to_string(home.path("checkpoints")).unwrap();

    fs::write(home.file(), copy).unwrap();

    let about = "the log ends before it: its end was cut off, or the data file is an older copy";
    home.jeton(&["audit", "verify"]).assert_one_line(1, about);
    home.jeton(&["check"]).assert_one_line(1, about);
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let refused = home.jeton(&serve);
    assert_eq!(refused.code, 80, "{}", refused.err);
    assert!(refused.err.contains(about), "{}", refused.err);
    // Whatever is done to the copy, it does not follow what is newer.
    create(&home, "other");
    create(&home, "another");
    assert_eq!(fs::read_to_string(home.path("checkpoints")).unwrap(), known);
    home.jeton(&["audit", "verify"]).assert(1);
}

/// A3
#[test]
fn checkpoints_that_were_kept_elsewhere_tell_the_same() {
    let home = checkpointed();
    create(&home, "early");
    let copy = fs::read(home.file()).unwrap();
    create(&home, "late");
    fs::rename(home.path("checkpoints"), home.path("elsewhere")).unwrap();
    let verify = ["audit", "verify", "--anchors", "elsewhere"];
    let whole = home.jeton(&verify);
    whole.assert(0);
    assert!(
        whole.out.contains("as 3 checkpoints have it"),
        "{}",
        whole.out
    );

    fs::write(home.file(), copy).unwrap();
    fs::remove_file(home.path("checkpoints")).ok();

    home.jeton(&["audit", "verify"]).assert(0);
    home.jeton(&verify)
        .assert_one_line(1, "a checkpoint has record");
}

#[test]
fn a_file_that_is_no_file_of_checkpoints_says_what_is_wrong_with_it() {
    let home = checkpointed();
    let other = checkpointed();
    let line = fs::read_to_string(home.path("checkpoints")).unwrap();
    let forged = line.replace(r#""epoch":1"#, r#""epoch":0"#);
    for (name, content, about) in [
        ("text", "hello\n", "it is not a checkpoint"),
        (
            "forged",
            forged.as_str(),
            "its signature is not that of what it says",
        ),
    ] {
        fs::write(home.path(name), content).unwrap();
        home.jeton(&["audit", "verify", "--anchors", name])
            .assert_one_line(1, about);
    }
    let foreign = other.path("checkpoints");
    home.jeton(&["audit", "verify", "--anchors", foreign.to_str().unwrap()])
        .assert_one_line(1, "it was signed by another server's key");
    home.jeton(&["audit", "verify", "--anchors", "nowhere"])
        .assert_one_line(1, "there is no file of checkpoints nowhere");
    fs::write(home.path("checkpoints"), "hello\n").unwrap();
    let refused = home.jeton(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 78, "{}", refused.err);
}

/// A server that writes checkpoints.
async fn writing() -> (TestServer, PathBuf, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("checkpoints");
    let to = path.clone();
    let server = TestServer::with_settings(|it| it.audit_checkpoints = Some(to)).await;
    (server, path, folder)
}

fn lines(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn one_is_written_a_minute_and_only_if_there_is_something_new() {
    let (server, path, _folder) = writing().await;
    server.app.keep_checkpoints().await;
    assert_eq!(lines(&path).len(), 1, "the first at once");

    server.client("a").await;
    server.app.keep_checkpoints().await;
    assert_eq!(lines(&path).len(), 1, "not within the minute");
    server.advance(Span::minutes(1)).await;
    server.app.keep_checkpoints().await;
    assert_eq!(lines(&path).len(), 2);
    server.advance(Span::minutes(10)).await;
    server.app.keep_checkpoints().await;

    let all = lines(&path);
    assert_eq!(all.len(), 2, "nothing new");
    let newest = server.owner().read("/audit?limit=1").await;
    assert_eq!(all[1]["seq"], newest["data"][0]["seq"]);
    assert_eq!(all[1]["time"], "2027-01-15T08:01:00Z");
    assert_eq!(all[1]["epoch"], 1);
}

#[tokio::test]
async fn a_thousand_changes_do_not_wait_for_the_minute() {
    let (server, path, _folder) = writing().await;
    server.app.keep_checkpoints().await;
    let client = server.client("a").await;
    for _ in 0..500 {
        server
            .owner()
            .post(&format!("/clients/{}/disable", client.id), json!({}))
            .await;
        server
            .owner()
            .post(&format!("/clients/{}/enable", client.id), json!({}))
            .await;
    }

    server.app.keep_checkpoints().await;

    assert_eq!(lines(&path).len(), 2);
}

#[tokio::test]
async fn the_last_one_is_written_when_the_server_ends() {
    let (server, path, _folder) = writing().await;
    server.app.keep_checkpoints().await;
    server.client("a").await;

    server.app.shut_down().await;

    assert_eq!(lines(&path).len(), 2);
}

#[tokio::test]
async fn a_server_that_cannot_write_them_serves_on_and_says_so() {
    let folder = TempDir::new().unwrap();
    let nowhere = folder.path().join("no/checkpoints");
    let to = nowhere.clone();
    let server = TestServer::with_settings(|it| it.audit_checkpoints = Some(to)).await;
    server.api("urn:shop", "read").await;
    let client = server.client("a").await.granted("urn:shop", "read").await;

    server.app.keep_checkpoints().await;

    let status = server.owner().read("/server").await;
    assert_eq!(status["ready"], "degraded");
    let problem = status["problems"][0].as_str().unwrap();
    assert!(
        problem.starts_with("Checkpoints of the audit log cannot be written."),
        "{problem}"
    );
    client.request_token("read").await.assert_issued();
    fs::create_dir(folder.path().join("no")).unwrap();
    server.app.keep_checkpoints().await;
    assert_eq!(server.owner().read("/server").await["ready"], "ready");
    assert_eq!(lines(&nowhere).len(), 1);
}

#[tokio::test]
async fn the_admin_api_tells_how_many_checkpoints_agree_and_compares_others() {
    let (server, path, _folder) = writing().await;
    let owner = server.owner();
    server.app.keep_checkpoints().await;
    let verified = owner.read("/audit/verify").await;
    assert_eq!(verified["checkpoints"], json!({"kept": 1, "given_up": 0}));

    let line = fs::read_to_string(&path).unwrap();
    let compared = owner
        .post(
            "/audit/checkpoints/compare",
            json!({"checkpoints": [line.trim()]}),
        )
        .await;
    compared.assert_status(200);
    assert_eq!(compared.json(), json!({"kept": 1, "given_up": 0}));
    // The same server, as it was before.
    server.client("a").await;
    server.advance(Span::minutes(1)).await;
    server.app.keep_checkpoints().await;
    let newest = fs::read_to_string(&path).unwrap();
    let newest = newest.lines().last().unwrap();
    let before = TestServer::start().await;
    let older = before
        .owner()
        .post(
            "/audit/checkpoints/compare",
            json!({"checkpoints": [newest]}),
        )
        .await;
    older.assert_status(500);
    let detail = older.json()["detail"].clone();
    assert!(
        detail.as_str().unwrap().contains("the log ends before it"),
        "{detail}"
    );
    for (wrong, about) in [
        (json!([]), "give 1 to 100 lines"),
        (
            json!([line.trim(), "hello"]),
            "number 2: it is not a checkpoint",
        ),
        (json!(vec![line.trim(); 101]), "give 1 to 100 lines"),
    ] {
        let refused = owner.post("/audit/checkpoints/compare", json!({"checkpoints": wrong}));
        let refused = refused.await;
        refused.assert_status(422);
        assert!(
            refused.json().to_string().contains(about),
            "{}",
            refused.json()
        );
    }
}

/// A server that puts each token on record and writes checkpoints, with a client that got so many tokens.
async fn recording(tokens: u32, path: PathBuf) -> TestServer {
    let server = TestServer::with_settings(|it| {
        it.audit_checkpoints = Some(path);
        it.audit_tokens = TokenRecords::Durable;
    })
    .await;
    server.api("urn:shop", "read").await;
    let client = server.client("a").await.granted("urn:shop", "read").await;
    for _ in 0..tokens {
        client.request_token("read").await.assert_issued();
    }
    server
}

#[tokio::test]
async fn where_tokens_are_on_record_checkpoints_have_the_last_one_every_ten_minutes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("checkpoints");
    let server = recording(0, path.clone()).await;
    server.app.keep_checkpoints().await;
    assert_eq!(lines(&path)[0].get("tokens"), None, "none was issued");
    let client = server.client("b").await.granted("urn:shop", "read").await;
    server.advance(Span::minutes(1)).await;
    server.app.keep_checkpoints().await;
    client.request_token("read").await.assert_issued();

    for (minutes, written) in [(9, 2), (1, 3), (10, 3)] {
        server.advance(Span::minutes(minutes)).await;
        server.app.keep_checkpoints().await;
        assert_eq!(lines(&path).len(), written, "after {minutes} minutes more");
    }
    let all = lines(&path);
    assert_eq!(all[2]["tokens"]["seq"], 1);
    assert_eq!(all[2]["seq"], all[1]["seq"]);
    client.request_token("read").await.assert_issued();
    server.app.shut_down().await;
    assert_eq!(lines(&path)[3]["tokens"]["seq"], 2, "the last at the end");
}

#[tokio::test]
async fn a_copy_without_the_last_tokens_on_record_is_found_out() {
    let folder = TempDir::new().unwrap();
    let [path, other] = ["checkpoints", "other"].map(|name| folder.path().join(name));
    let server = recording(2, path.clone()).await;
    server.app.keep_checkpoints().await;
    let verified = server.owner().read("/audit/verify").await;
    assert_eq!(verified["checkpoints"], json!({"kept": 1, "given_up": 0}));
    let line = fs::read_to_string(&path).unwrap();

    // The same server, as it was before the second token.
    let before = recording(1, other).await;
    let owner = before.owner();
    let checkpoints = json!({"checkpoints": [line.trim()]});
    let compared = owner.post("/audit/checkpoints/compare", checkpoints).await;

    compared.assert_status(500);
    let detail = compared.json()["detail"].clone();
    let about = "a checkpoint has the record of issued token 2, and these records end before it";
    assert!(detail.as_str().unwrap().contains(about), "{detail}");
    fs::write(folder.path().join("other"), line).unwrap();
    let fault = before.app.check_audit_at_start().await.unwrap_err();
    assert!(fault.to_string().contains(about), "{fault}");
}
