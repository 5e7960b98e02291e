//! The Sales Analytics story on a real server, and what the tests say of the tokens it issues.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::kit::{Answer, Ask, Auth, Client, Discovery};
use crate::harness::process::ServerProcess;

/// The API of the story; `read:analytics` is granted to the report service, `write:analytics` to nobody.
pub(crate) const SALES_ANALYTICS: &str = "https://sales.test";

/// A server with the Sales Analytics API and the report service.
pub(crate) struct World {
    pub(crate) server: ServerProcess,
    pub(crate) report_service: Credentials,
}

/// What a client proves itself with.
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(ServerProcess::start())
    }

    /// The same, at which clients may register themselves.
    pub(crate) fn with_registration() -> Self {
        Self::on(ServerProcess::start_with(&["--registration", "on"]))
    }

    fn on(server: ServerProcess) -> Self {
        create_api(&server, SALES_ANALYTICS, "ES256");
        let report_service = create_client(&server, "Report Service", &[SALES_ANALYTICS], &[]);
        Self {
            server,
            report_service,
        }
    }

    pub(crate) fn create_api(&self, identifier: &str, algorithm: &str) {
        create_api(&self.server, identifier, algorithm);
    }

    pub(crate) fn create_client(&self, name: &str, apis: &[&str]) -> Credentials {
        create_client(&self.server, name, apis, &[])
    }

    /// A client of the Sales Analytics API with a secret of its operator's choice.
    pub(crate) fn create_client_with_secret(&self, name: &str, secret: &str) -> Credentials {
        let file = self.server.home().join("secret");
        fs::write(&file, secret).expect("a writable directory");
        let chosen = [
            "--secret-file",
            file.to_str().expect("a temporary directory in plain text"),
        ];
        let created = create_client(&self.server, name, &[SALES_ANALYTICS], &chosen);
        Credentials {
            id: created.id,
            secret: secret.to_owned(),
        }
    }

    /// The report service's request for a token.
    pub(crate) fn ask(&self, auth: Auth) -> Ask<'_> {
        self.ask_as(&self.report_service, auth)
    }

    pub(crate) fn ask_as<'a>(&'a self, client: &'a Credentials, auth: Auth) -> Ask<'a> {
        Ask {
            issuer: self.server.issuer(),
            id: &client.id,
            secret: &client.secret,
            auth,
            scope: "read:analytics",
            resource: "",
            discovery: Discovery::OpenId,
        }
    }

    /// The library gets a token in every way it knows.
    #[track_caller]
    pub(crate) fn serves(&self, client: &Client) {
        for auth in client.methods {
            self.assert_token(
                &client.ask(&self.ask(*auth)),
                &format!("{} with {auth:?}", client.program),
            );
        }
    }

    /// A token for the Sales Analytics API, to read, for an hour.
    #[track_caller]
    pub(crate) fn assert_token(&self, answer: &Answer, who: &str) {
        let claims = claims(granted(answer, who));
        assert_eq!(claims["iss"], self.server.issuer(), "{who}");
        assert_eq!(claims["aud"], SALES_ANALYTICS, "{who}");
        assert_eq!(claims["scope"], "read:analytics", "{who}");
    }
}

/// The token of an answer, which must be a bearer token for an hour.
#[track_caller]
pub(crate) fn granted<'a>(answer: &'a Answer, who: &str) -> &'a str {
    let Answer::Granted {
        access_token,
        token_type,
        expires_in,
        scope,
    } = answer
    else {
        panic!("{who} got no token: {answer:?}");
    };
    // Some libraries hand it on in lower case.
    assert!(
        token_type.eq_ignore_ascii_case("Bearer"),
        "{who}: {token_type}"
    );
    // Some libraries hand on the time of expiry, which rounds.
    assert!(
        (3598..=3600).contains(expires_in),
        "{who}: expires_in is {expires_in}"
    );
    assert_eq!(scope.as_deref(), Some("read:analytics"), "{who}");
    access_token
}

#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, expected: &str, expected_status: u16, who: &str) {
    let Answer::Refused { error, status } = answer else {
        panic!("{who} got a token: {answer:?}");
    };
    assert_eq!(
        (error.as_str(), *status),
        (expected, expected_status),
        "{who}"
    );
}

/// What a token says, unverified.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header (0) or the payload (1) of a token.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).expect("a JWT has three parts");
    let json = URL_SAFE_NO_PAD.decode(encoded).expect("a JWT is base64url");
    serde_json::from_slice(&json).expect("a JWT is JSON")
}

fn create_api(server: &ServerProcess, identifier: &str, algorithm: &str) {
    let scopes = [
        "--scope",
        "read:analytics=Read the figures",
        "--scope",
        "write:analytics",
    ];
    let mut words = vec![
        "api",
        "create",
        identifier,
        "--name",
        "Analytics",
        "--alg",
        algorithm,
    ];
    words.extend(scopes);
    server.jeton(&words);
}

fn create_client(server: &ServerProcess, name: &str, apis: &[&str], more: &[&str]) -> Credentials {
    let grants: Vec<String> = apis
        .iter()
        .map(|api| format!("{api}=read:analytics"))
        .collect();
    let mut words = vec!["client", "create", name];
    words.extend(grants.iter().flat_map(|grant| ["--grant", grant.as_str()]));
    words.extend(more);
    let created = server.jeton(&words);
    let text = |member: &str| created[member].as_str().unwrap_or_default().to_owned();
    Credentials {
        id: text("client_id"),
        secret: text("client_secret"),
    }
}
