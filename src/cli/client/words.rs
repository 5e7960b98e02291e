//! Clients, for people.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use crate::cli::{
    pen::{Pen, or, quoted},
    secret::words::SecretView,
    secret_file::SecretFile,
};

#[derive(Deserialize)]
pub(super) struct ClientView {
    client_id: String,
    name: String,
    description: String,
    owner: String,
    status: String,
    disabled_at: Option<String>,
    created_at: String,
    token_lifetime: Option<u64>,
    #[serde(default)]
    token_binding: String,
    #[serde(default)]
    claims: Value,
    #[serde(default)]
    legacy_assertion_audience: bool,
    #[serde(default)]
    token_exchange: bool,
    grants: Vec<GrantView>,
    default_scopes: Vec<String>,
    #[serde(default)]
    introspects: Vec<String>,
    #[serde(default)]
    tokens_revoked_until: Option<String>,
    secrets: Vec<SecretView>,
    last_used_at: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::cli) struct GrantView {
    pub(in crate::cli) api: String,
    scopes: Vec<String>,
    #[serde(default)]
    authorization_details_types: Vec<String>,
}

impl GrantView {
    /// The scopes, and after them the types of details.
    pub(in crate::cli) fn in_words(&self) -> String {
        let scopes = self.scopes.join(" ");
        match self.authorization_details_types.as_slice() {
            [] => scopes,
            types => format!("{scopes} (details: {})", types.join(" ")),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct CreatedView {
    client_secret: Option<String>,
    secret_id: Option<String>,
    #[serde(flatten)]
    client: ClientView,
}

#[derive(Deserialize)]
pub(super) struct ListView {
    data: Vec<ClientView>,
}

pub(super) fn created(pen: &Pen, made: &CreatedView, file: Option<&SecretFile>) -> String {
    let client = &made.client;
    let id = &client.client_id;
    let secret = match (file, &made.client_secret) {
        (Some(file), _) => format!("in {}", file.path().display()),
        (None, Some(secret)) => pen.strong(secret),
        (None, None) if made.secret_id.is_some() => "none: what is registered is public".to_owned(),
        (None, None) => "none yet".to_owned(),
    };
    let mut facts = vec![("client id", pen.strong(id)), ("secret", secret)];
    if let Some(secret_id) = &made.secret_id {
        facts.push(("secret id", secret_id.clone()));
    }
    facts.push(("may have", granted(&client.grants)));
    let facts = pen.facts(&facts);
    let advice = match (file, &made.client_secret) {
        (Some(_), _) => String::new(),
        (None, Some(_)) => format!(
            "\nThe secret is shown this once. Store it now; if it is lost, make another:\n  \
             jeton secret rotate {}\n",
            quoted(id)
        ),
        (None, None) if made.secret_id.is_some() => String::new(),
        (None, None) => format!(
            "\nIt gets no token before it has a secret. Let a developer take it by a link:\n  \
             jeton handover offer {}\n",
            quoted(id)
        ),
    };
    let next = if client.grants.is_empty() && client.introspects.is_empty() {
        format!(
            "\nIt gets no token before it is granted a scope:\n  jeton grant set {} IDENTIFIER SCOPE\n",
            quoted(id)
        )
    } else {
        String::new()
    };
    format!("{} is registered.\n\n{facts}{advice}{next}", client.name)
}

pub(super) fn show(pen: &Pen, client: &ClientView) -> String {
    let mut facts = vec![
        ("client id", client.client_id.clone()),
        ("status", status(pen, client)),
        ("owner", or(&client.owner, "nobody is named").to_owned()),
    ];
    if !client.description.is_empty() {
        facts.push(("for", client.description.clone()));
    }
    facts.extend([
        ("registered", pen.time(&client.created_at)),
        (
            "last used",
            pen.time_or(client.last_used_at.as_deref(), "not used yet"),
        ),
        ("tokens live", lifetime(client.token_lifetime)),
        ("may have", granted(&client.grants)),
        ("by default", by_default(client)),
    ]);
    if !client.introspects.is_empty() {
        facts.push(("introspects", client.introspects.join(", ")));
    }
    if !matches!(client.token_binding.as_str(), "" | "optional") {
        facts.push((
            "tokens bound",
            format!("to a {}", bound_to(&client.token_binding)),
        ));
    }
    if client.claims.is_object() {
        facts.push(("claims", client.claims.to_string()));
    }
    if client.token_exchange {
        facts.push(("exchange", "it may exchange tokens".to_owned()));
    }
    if client.legacy_assertion_audience {
        let endpoint = "may name the token endpoint as their audience".to_owned();
        facts.push(("assertions", endpoint));
    }
    if let Some(until) = &client.tokens_revoked_until {
        facts.push(("revoked", format!("its tokens until {}", pen.time(until))));
    }
    let mut text = format!("{}\n\n{}", pen.strong(&client.name), pen.facts(&facts));
    for secret in client.secrets.iter().filter(|secret| secret.is_live()) {
        text.push('\n');
        text.push_str(&secret.in_words(pen));
    }
    if !client.secrets.iter().any(SecretView::is_live) {
        text.push_str("\nIt has no live secret, so it gets no tokens. Make one:\n");
        let _ = writeln!(text, "  jeton secret rotate {}", quoted(&client.client_id));
    }
    text
}

fn bound_to(binding: &str) -> &str {
    match binding {
        "dpop" => "key (DPoP)",
        other => other,
    }
}

pub(super) fn list(pen: &Pen, list: &ListView, nothing: &str) -> String {
    let row = |client: &ClientView| {
        [
            client.client_id.clone(),
            client.name.clone(),
            client.status.clone(),
            client
                .grants
                .iter()
                .map(|grant| grant.scopes.len())
                .sum::<usize>()
                .to_string(),
            client.owner.clone(),
            pen.time_or(client.last_used_at.as_deref(), "not used yet"),
        ]
    };
    let rows = list.data.iter().map(row).collect();
    let titles = [
        "client id",
        "name",
        "status",
        "scopes",
        "owner",
        "last used",
    ];
    pen.table(titles, rows, nothing)
}

pub(super) fn disabled(_: &Pen, client: &ClientView) -> String {
    format!(
        "{} ({}) is disabled and gets no more tokens.\n\
         APIs that introspect tokens, and proxies that ask /forward-auth, refuse those it has now and for good.\n\
         APIs that check them with the public keys take them until they expire.\n\
         To let it get new ones again: jeton client enable {}\n",
        client.name,
        client.client_id,
        quoted(&client.client_id)
    )
}

pub(super) fn tokens_revoked(_: &Pen, client: &ClientView) -> String {
    format!(
        "All tokens of {} ({}) are revoked; it gets new ones as before.\n\
         APIs that introspect tokens refuse the old ones now. APIs that check them with the public keys \
         take them until they expire.\n",
        client.name, client.client_id
    )
}

pub(super) fn registration_taken(_: &Pen, client: &ClientView) -> String {
    format!(
        "The registration access token of {} ({}) is revoked. Its secrets, access and tokens stay as they are.\n",
        client.name, client.client_id
    )
}

pub(super) fn enabled(_: &Pen, client: &ClientView) -> String {
    format!(
        "{} ({}) gets tokens again, new ones: those from before it was disabled stay refused.\n",
        client.name, client.client_id
    )
}

pub(super) fn removed(_: &Pen, client: &ClientView) -> String {
    format!(
        "{} is removed, with its secrets and grants. Its id {} is never used again.\n\
         APIs that introspect tokens, and proxies that ask /forward-auth, refuse those it has now. APIs that \
         check them with the public keys take them until they expire.\n",
        client.name, client.client_id
    )
}

fn status(pen: &Pen, client: &ClientView) -> String {
    match &client.disabled_at {
        Some(since) => format!("{} since {}", pen.warning(&client.status), pen.time(since)),
        None => client.status.clone(),
    }
}

fn lifetime(seconds: Option<u64>) -> String {
    seconds.map_or_else(
        || "as long as the API says".to_owned(),
        |seconds| {
            format!(
                "{}, or less if the API says so",
                crate::domain::time::Span(seconds).in_words()
            )
        },
    )
}

pub(in crate::cli) fn granted(grants: &[GrantView]) -> String {
    if grants.is_empty() {
        return "nothing".to_owned();
    }
    let line = |grant: &GrantView| format!("{} on {}", grant.in_words(), grant.api);
    grants.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn by_default(client: &ClientView) -> String {
    if client.default_scopes.is_empty() {
        "all it may have, if that is on one API".to_owned()
    } else {
        client.default_scopes.join(" ")
    }
}
