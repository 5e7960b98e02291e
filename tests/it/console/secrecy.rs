//! A secret is in the one answer that reveals it, and nowhere else: not on another page, in a file of
//! the data directory, in the log, in an export or in a backup.

use std::{fs, process::Command};

use jeton::{
    crypto::totp::TotpSecret,
    domain::time::{Clock, SystemClock},
};

use crate::harness::{
    process::ServerProcess,
    tab::{Tab, element},
};

const PASSWORD: &str = "canary pass phrase of an operator";

const ROUTES: &str = include_str!("../../fixtures/console/routes.txt");

/// A secret, and what it is.
type Canary = (&'static str, String);

/// Signs in, and sets up an authenticator app: its key and the recovery codes.
fn enrol(tab: &mut Tab<'_>) -> Vec<Canary> {
    let form = [("email", "ana@example.com"), ("password", PASSWORD)];
    tab.reveal("/sign-in", &form);
    let page = tab.reveal("/me/second-factor", &[]);
    let typed = element(&page, "key");
    let key = typed.replace(' ', "");
    let app = TotpSecret::try_from(key.clone()).unwrap();
    let code = app.code_at(SystemClock.now().seconds());
    let page = tab.reveal("/me/second-factor", &[("code", &code)]);
    let codes = element(&page, "codes");
    tab.see("/me/recovery-codes/stored", &[("stored", "yes")]);
    let first = codes.split_whitespace().next().unwrap().to_owned();
    vec![
        ("the key of the app", key),
        ("the key of the app, as it is typed", typed),
        ("a recovery code", first),
    ]
}

/// Has everything made that is shown once.
fn make_all(tab: &mut Tab<'_>) -> Vec<Canary> {
    let api = [
        ("name", "Legacy"),
        ("identifier", "urn:legacy"),
        ("algorithm", "HS256"),
        ("token_lifetime", "1h"),
    ];
    let page = tab.reveal("/apis/new", &api);
    let mut canaries = vec![("the key of an API", element(&page, "key"))];
    tab.see("/apis/urn%3Alegacy/key", &[("stored", "yes")]);
    let invite = [
        ("name", "Ben"),
        ("email", "ben@example.com"),
        ("role", "viewer"),
    ];
    let page = tab.reveal("/operators/invite", &invite);
    canaries.push(("an invitation", last_part(&element(&page, "link"))));
    let rotate = [("overlap", "24h"), ("if_used", "hold")];
    let page = tab.reveal("/clients/mover/credentials/rotate", &rotate);
    canaries.push(("a secret", element(&page, "secret")));
    let page = tab.reveal("/clients/later/credentials/handover", &rotate);
    let link = element(&page, "link");
    let token = last_part(&link);
    let developer = Tab::of(tab.server, "developer.jar");
    let page = developer.reveal(&format!("/handover/{token}"), &[("press", "yes")]);
    canaries.push(("a secret that was handed over", element(&page, "secret")));
    canaries.push(("a link to a secret", token));
    canaries
}

fn last_part(link: &str) -> String {
    link.rsplit_once('/').unwrap().1.to_owned()
}

/// The names that stand in addresses.
struct Names {
    secret: String,
    kid: String,
    invited: String,
    handover: String,
}

impl Names {
    fn of(server: &ServerProcess, canaries: &[Canary]) -> Self {
        let first = |words: &[&str], member: &str| {
            let list = server.jeton(words);
            list["data"][0][member].as_str().unwrap().to_owned()
        };
        let people = server.jeton(&["operator", "list"]);
        let people = people["data"].as_array().unwrap();
        let ben = people.iter().find(|it| it["name"] == "Ben").unwrap();
        Self {
            secret: secret_of(canaries)[4..12].to_owned(),
            kid: first(&["key", "list"], "kid"),
            invited: ben["id"].as_str().unwrap().to_owned(),
            handover: first(&["handover", "list", "later"], "id"),
        }
    }

    /// The path of a route, with real names in it.
    fn fill_in(&self, route: &str) -> String {
        let id = if route.starts_with("/apis/") {
            "urn%3Alegacy"
        } else if route.starts_with("/operators/") {
            &self.invited
        } else if route.contains("{handover}") {
            "later"
        } else {
            "mover"
        };
        route
            .replace("{id}", id)
            .replace("{secret}", &self.secret)
            .replace("{handover}", &self.handover)
            .replace("{kid}", &self.kid)
            .replace("{scope}", "read")
    }
}

fn secret_of(canaries: &[Canary]) -> &str {
    let secret = canaries.iter().find(|(what, _)| *what == "a secret");
    &secret.unwrap().1
}

/// Closes the windows through which secrets are seen.
fn close_windows(tab: &Tab<'_>, names: &Names) {
    for window in [
        "/clients/{id}/reveal/{secret}",
        "/clients/{id}/credentials/handover/{handover}",
        "/operators/{id}/link",
        "/apis/{id}/key",
    ] {
        tab.reveal(&names.fill_in(window), &[("stored", "yes")]);
    }
}

/// Uses a secret where it belongs and where it does not.
fn use_it(server: &ServerProcess, secret: &str) {
    let endpoint = format!("{}/oauth2/token", server.issuer());
    let by_body = format!("grant_type=client_credentials&client_id=mover&client_secret={secret}");
    for arguments in [
        vec!["--data", by_body.as_str(), &endpoint],
        vec![
            "--user",
            &format!("mover:{secret}"),
            "--data",
            "grant_type=client_credentials",
            &endpoint,
        ],
        vec![
            "--user",
            &format!("nobody:{secret}"),
            "--data",
            "grant_type=client_credentials",
            &endpoint,
        ],
        vec![
            "--header",
            &format!("Authorization: Bearer {secret}"),
            "--data",
            "grant_type=x",
            &endpoint,
        ],
        vec![
            "--data",
            "grant_type=client_credentials",
            &format!("{endpoint}?client_secret={secret}"),
        ],
        vec![
            "--data",
            &format!("grant_type={secret}&scope={secret}"),
            &endpoint,
        ],
        vec![
            "--user-agent",
            "curl",
            &format!("{}/admin/v1/clients?q={secret}", server.issuer()),
        ],
    ] {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20"])
            .args(arguments)
            .output();
        assert!(output.expect("tests/setup installs curl").status.success());
    }
}

/// Every page that can be looked at, and every form that gives something away.
fn look_at_everything(tab: &mut Tab<'_>, names: &Names, secret: &str) {
    let reads = ROUTES.lines().filter_map(|line| line.strip_prefix("GET "));
    let routes = reads.filter_map(|line| line.split(' ').next());
    let mut count = 0;
    for route in routes {
        // One-time links are followed elsewhere, the files of the console are no pages.
        if !route.contains("{token}") && !route.contains("{name}") {
            let page = tab.see(&names.fill_in(route), &[]);
            assert!(!page.contains("action=\"/console/sign-in\""), "{route}");
            count += usize::from(page.contains(" 200 OK"));
        }
    }
    assert!(count > 50, "{count}");
    for format in ["csv", "jsonl"] {
        let log = tab.see("/audit/export", &[("format", format)]);
        assert!(log.contains("secret.create"), "{log}");
    }
    let said = tab.see("/tools/token", &[("pasted", secret)]);
    assert!(said.contains("Mover"), "{said}");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    let mut windows = bytes.windows(text.len());
    windows.any(|window| window == text.as_bytes())
}

#[track_caller]
fn assert_holds_none(place: &str, bytes: &[u8], canaries: &[Canary]) {
    for (what, canary) in canaries {
        assert!(!holds(bytes, canary), "{what} is in {place}");
    }
}

/// Console 32.
#[test]
#[expect(clippy::too_many_lines, reason = "one story")]
fn a_secret_is_nowhere_but_in_the_answer_that_reveals_it() {
    let mut server = ServerProcess::start_with(&["--log-level", "trace"]);
    let password = server.home().join("password");
    fs::write(&password, PASSWORD).unwrap();
    let path = password.to_str().unwrap();
    let add = [
        "operator",
        "add",
        "ana@example.com",
        "--role",
        "owner",
        "--password-file",
        path,
    ];
    server.jeton(&add);
    let api = "https://sales.example";
    server.jeton(&["api", "create", api, "--name", "Sales", "--scope", "read"]);
    let grant = format!("{api}=read");
    server.jeton(&[
        "client", "create", "Mover", "--id", "mover", "--grant", &grant,
    ]);
    server.jeton(&[
        "client",
        "create",
        "Later",
        "--id",
        "later",
        "--without-secret",
    ]);
    let mut tab = Tab::of(&server, "ana.jar");

    let mut canaries = enrol(&mut tab);
    canaries.extend(make_all(&mut tab));
    canaries.push(("a password", PASSWORD.to_owned()));
    use_it(&server, secret_of(&canaries));
    let names = Names::of(&server, &canaries);
    close_windows(&tab, &names);
    look_at_everything(&mut tab, &names, secret_of(&canaries));
    tab.see("/settings/backup", &[("once", "x")]);
    let copy = server.home().join("data/copy.redb");
    server.jeton(&["backup", copy.to_str().unwrap()]);
    let seen = std::mem::take(&mut tab.seen);
    let jar = fs::read_to_string(server.home().join("ana.jar")).unwrap();
    let session = jar.lines().rev().find(|line| line.contains("\tjeton\t"));
    let session = session.and_then(|line| line.split('\t').next_back());
    server.ask_to_end();
    assert!(server.ended().success());

    for (place, answer) in &seen {
        assert_holds_none(place, answer, &canaries);
    }
    let session = session.expect("a session's cookie").to_owned();
    canaries.push(("the session", session));

    assert_holds_none("the log", server.log().as_bytes(), &canaries);
    let data = fs::read(server.data().join("jeton.redb")).unwrap();
    assert!(holds(&data, "mover"), "what is no secret can be found");
    let mut files = 0;
    for entry in fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        files += 1;
        assert_holds_none(
            &path.display().to_string(),
            &fs::read(&path).unwrap(),
            &canaries,
        );
    }
    assert!(files >= 3, "{files}");
}
