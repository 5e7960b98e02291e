//! Two hundred changes: forty clients, each registered, given a second secret, edited, granted more, and then
//! disabled or removed.

use serde_json::{Value, json};

use crate::harness::process::ServerProcess;
use crate::harness::socket::{AdminAnswer, AdminRequest, AdminSocket};

/// How many changes there are.
pub(crate) const CHANGES: usize = 200;

/// The API they are about.
pub(crate) const API: &str = "https://sales.test";

const GRANT: &str = "/grants/https%3A%2F%2Fsales.test";

/// One change of an operator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change(usize);

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Step {
    Register,
    Rotate,
    Edit,
    Grant,
    Disable,
    Remove,
}

pub(crate) fn create_api(server: &ServerProcess) {
    let scopes = ["--scope", "read:analytics", "--scope", "write:analytics"];
    let words = ["api", "create", API, "--name", "Analytics"];
    server.jeton(&[&words[..], &scopes].concat());
}

impl Change {
    /// All of them, in their order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..CHANGES).map(Self)
    }

    pub(crate) fn is_registration(self) -> bool {
        self.step() == Step::Register
    }

    fn step(self) -> Step {
        match (self.0 % 5, self.0 / 5 % 2) {
            (0, _) => Step::Register,
            (1, _) => Step::Rotate,
            (2, _) => Step::Edit,
            (3, _) => Step::Grant,
            (_, 0) => Step::Disable,
            _ => Step::Remove,
        }
    }

    pub(crate) fn client(self) -> String {
        format!("client-{:02}", self.0 / 5)
    }

    /// The object and the word of its audit entry.
    pub(crate) fn audited(self) -> (String, &'static str) {
        let action = match self.step() {
            Step::Register => "client.create",
            Step::Rotate => "secret.rotate",
            Step::Edit => "client.edit",
            Step::Grant => "grant.set",
            Step::Disable => "client.disable",
            Step::Remove => "client.remove",
        };
        (self.client(), action)
    }

    /// Asks for the change. An error leaves it open whether it was made.
    pub(crate) fn ask(self, admin: &AdminSocket) -> std::io::Result<AdminAnswer> {
        let client = self.client();
        let (method, path, body) = match self.step() {
            Step::Register => ("POST", "/clients".to_owned(), Some(registration(&client))),
            Step::Rotate => (
                "POST",
                format!("/clients/{client}/secrets/rotate"),
                Some(json!({})),
            ),
            Step::Edit => (
                "PATCH",
                format!("/clients/{client}"),
                Some(json!({ "description": edited(&client) })),
            ),
            Step::Grant => (
                "PUT",
                format!("/clients/{client}{GRANT}"),
                Some(json!({ "scopes": ["read:analytics", "write:analytics"] })),
            ),
            Step::Disable => ("POST", format!("/clients/{client}/disable"), None),
            Step::Remove => ("DELETE", format!("/clients/{client}"), None),
        };
        let key = format!("change-{}", self.0);
        admin.send(&AdminRequest {
            method,
            path: &path,
            idempotency_key: (method == "POST").then_some(&key),
            body,
        })
    }

    /// Whether an answer says that the change is made, now or by an earlier try that was cut off.
    pub(crate) fn is_acknowledged_by(self, answer: &AdminAnswer, tries: usize) -> bool {
        let removed_before = self.step() == Step::Remove && answer.status == 404 && tries > 1;
        (200..300).contains(&answer.status) || removed_before
    }

    /// What the server has of the change's client.
    pub(crate) fn look(self, admin: &AdminSocket) -> std::io::Result<AdminAnswer> {
        admin.send(&AdminRequest {
            method: "GET",
            path: &format!("/clients/{}", self.client()),
            idempotency_key: None,
            body: None,
        })
    }

    /// Whether the client is just as this change leaves it.
    pub(crate) fn is_there(self, found: &AdminAnswer) -> bool {
        let step = self.step();
        if step == Step::Remove {
            return found.status == 404;
        }
        let has =
            |reached: Step, then: usize, before: usize| if step >= reached { then } else { before };
        let length = |value: &Value| value.as_array().map(Vec::len);
        let client = self.client();
        let described = if step >= Step::Edit {
            edited(&client)
        } else {
            registered(&client)
        };
        let status = if step >= Step::Disable {
            "disabled"
        } else {
            "active"
        };
        found.status == 200
            && length(&found.body["secrets"]) == Some(has(Step::Rotate, 2, 1))
            && found.body["grants"][0]["api"] == API
            && length(&found.body["grants"][0]["scopes"]) == Some(has(Step::Grant, 2, 1))
            && found.body["description"] == described
            && found.body["status"] == status
    }

    /// Whether it is the last one of its client.
    pub(crate) fn is_last(self) -> bool {
        self.step() >= Step::Disable
    }
}

fn registration(client: &str) -> Value {
    json!({
        "name": client,
        "client_id": client,
        "description": registered(client),
        "grants": [{ "api": API, "scopes": ["read:analytics"] }],
    })
}

fn registered(client: &str) -> String {
    format!("{client} as registered")
}

fn edited(client: &str) -> String {
    format!("{client} as edited")
}
