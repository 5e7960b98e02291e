//! APIs and scopes, for people.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    admin::views::HaltView,
    cli::{
        issuance,
        pen::{Pen, count, or, quoted},
    },
    domain::time::Span,
};

#[derive(Deserialize)]
pub(super) struct ApiView {
    identifier: String,
    name: String,
    description: String,
    status: String,
    halted: Option<HaltView>,
    algorithm: String,
    shared_key: Option<String>,
    shared_key_id: Option<String>,
    token_lifetime: u64,
    #[serde(default)]
    token_format: String,
    #[serde(default)]
    claims: Value,
    scopes: Vec<ScopeView>,
    #[serde(default)]
    authorization_details_types: Vec<TypeView>,
    clients: u64,
    created_at: String,
    built_in: bool,
}

#[derive(Deserialize)]
struct ScopeView {
    name: String,
    description: String,
    sensitive: bool,
    deprecated: bool,
}

#[derive(Deserialize)]
struct TypeView {
    #[serde(rename = "type")]
    name: String,
}

#[derive(Deserialize)]
pub(super) struct ListView {
    data: Vec<ApiView>,
}

#[derive(Deserialize)]
pub(super) struct ScopesView {
    data: Vec<ScopeView>,
}

pub(super) fn created(pen: &Pen, api: &ApiView) -> String {
    let id = quoted(&api.identifier);
    let next = match api.scopes.first() {
        Some(scope) => format!(
            "Next, register a client that may use it:\n  jeton client create NAME --grant {id}={}\n",
            scope.name
        ),
        None => format!("Next, say which scopes it understands:\n  jeton scope add {id} NAME\n"),
    };
    format!("{} is defined.\n\n{}\n{next}", api.name, facts(pen, api))
}

pub(super) fn show(pen: &Pen, api: &ApiView) -> String {
    format!("{}\n\n{}", pen.strong(&api.name), facts(pen, api))
}

fn facts(pen: &Pen, api: &ApiView) -> String {
    let mut facts = vec![
        ("identifier", api.identifier.clone()),
        ("status", api.status.clone()),
    ];
    if let Some(halt) = &api.halted {
        let text = format!("halted {}", issuance::in_words(pen, halt));
        facts.push(("issuance", pen.warning(&text)));
    }
    if !api.description.is_empty() {
        facts.push(("for", api.description.clone()));
    }
    facts.extend([
        (
            "tokens",
            format!(
                "{}, live {}",
                form(api),
                Span(api.token_lifetime).in_words()
            ),
        ),
        ("scopes", scope_lines(&api.scopes)),
        ("granted to", count(api.clients, "client")),
        ("defined", pen.time(&api.created_at)),
    ]);
    if !api.authorization_details_types.is_empty() {
        let types = api.authorization_details_types.iter();
        let names: Vec<&str> = types.map(|it| it.name.as_str()).collect();
        facts.push(("details", names.join(" ")));
    }
    if api.claims.is_object() {
        facts.push(("claims", api.claims.to_string()));
    }
    if api.built_in {
        facts.push((
            "built in",
            "this is the API by which Jeton is managed".to_owned(),
        ));
    }
    if let Some(id) = &api.shared_key_id {
        facts.push(("shared key id", id.clone()));
    }
    let shared = api
        .shared_key
        .as_deref()
        .map(|key| shared_key(pen, key))
        .unwrap_or_default();
    pen.facts(&facts) + &shared
}

/// In which form its tokens are.
fn form(api: &ApiView) -> &str {
    match api.token_format.as_str() {
        "opaque" => "opaque: only introspection reads them",
        _ => &api.algorithm,
    }
}

fn shared_key(pen: &Pen, key: &str) -> String {
    format!(
        "\nThe shared key (base64url of 32 bytes) is shown this once; give it to the API and to nobody \
         else, for who has it can make tokens:\n  {}\n",
        pen.strong(key)
    )
}

fn scope_lines(scopes: &[ScopeView]) -> String {
    if scopes.is_empty() {
        return "none yet".to_owned();
    }
    let line = |scope: &ScopeView| {
        let marks = scope.marks();
        let parts = [scope.name.as_str(), &scope.description, &marks];
        parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("  ")
    };
    scopes.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl ApiView {
    /// Whether tokens are issued for it, in a word.
    fn state(&self) -> &str {
        match (self.status.as_str(), &self.halted) {
            ("active", Some(_)) => "halted",
            (status, _) => status,
        }
    }
}

impl ScopeView {
    fn marks(&self) -> String {
        let marks = [
            (self.sensitive, "sensitive"),
            (self.deprecated, "deprecated"),
        ];
        let marks = marks
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, word)| word);
        marks.collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn list(pen: &Pen, list: &ListView) -> String {
    let row = |api: &ApiView| {
        [
            api.identifier.clone(),
            api.name.clone(),
            api.state().to_owned(),
            api.algorithm.clone(),
            Span(api.token_lifetime).to_string(),
            api.scopes.len().to_string(),
            api.clients.to_string(),
        ]
    };
    let rows = list.data.iter().map(row).collect();
    let titles = [
        "identifier",
        "name",
        "status",
        "signed",
        "lifetime",
        "scopes",
        "clients",
    ];
    let nothing =
        "No APIs yet. Define one:\n  jeton api create IDENTIFIER --name NAME --scope NAME";
    pen.table(titles, rows, nothing)
}

pub(super) fn scopes(pen: &Pen, list: &ScopesView) -> String {
    let row = |scope: &ScopeView| {
        let marks = scope.marks();
        [
            scope.name.clone(),
            or(&scope.description, "-").to_owned(),
            marks,
        ]
    };
    let rows = list.data.iter().map(row).collect();
    pen.table(["scope", "what it opens", "marks"], rows, "No scopes yet.")
}

pub(super) fn disabled(_: &Pen, api: &ApiView) -> String {
    format!(
        "No more tokens are issued for {} ({}).\n\
         Introspection and /forward-auth refuse those that exist as long as it is disabled. Who checks them with \
         the public keys takes them until they expire.\n\
         To undo this: jeton api enable {}\n",
        api.name,
        api.identifier,
        quoted(&api.identifier)
    )
}

pub(super) fn enabled(_: &Pen, api: &ApiView) -> String {
    format!(
        "Tokens are issued for {} ({}) again.\n",
        api.name, api.identifier
    )
}

pub(super) fn halted(_: &Pen, api: &ApiView) -> String {
    format!(
        "No tokens are issued for {} ({}) for now.\n\
         Those that exist go on to count. To have them refused too: jeton api disable {2}\n\
         To issue tokens again: jeton api resume {2}\n",
        api.name,
        api.identifier,
        quoted(&api.identifier)
    )
}

pub(super) fn resumed(pen: &Pen, api: &ApiView) -> String {
    match api.state() {
        "active" => enabled(pen, api),
        status => format!(
            "{} ({}) is halted no more, and is {status}.\n",
            api.name, api.identifier
        ),
    }
}

pub(super) fn removed(_: &Pen, api: &ApiView) -> String {
    format!(
        "{} ({}) is removed.\n\
         Introspection and /forward-auth refuse the tokens that exist. Who checks them with the public keys takes \
         them until they expire.\n",
        api.name, api.identifier
    )
}

pub(super) fn rekeyed(pen: &Pen, api: &ApiView) -> String {
    let shared = api
        .shared_key
        .as_deref()
        .map(|key| shared_key(pen, key))
        .unwrap_or_default();
    format!(
        "{} has a new shared key. Tokens under the old one are worth nothing to an API that only \
         knows the new one.\n{shared}",
        api.name
    )
}
