//! A change of access before it is saved: what is added, what is taken away, what that does.

use std::collections::BTreeMap;

use super::{Console, trouble::Trouble, words::segment};
use crate::{
    admin::evidence::carried::Carried,
    app::AdminError,
    domain::{
        api::{Api, Sensitivity},
        client::Client,
        id::ApiIdentifier,
        scope::{Scope, ScopeSet},
    },
    store::UsageOf,
};

/// What a change does to one client.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What the client is called.
    pub(super) name: String,
    /// The path of its page.
    pub(super) path: String,
    /// What is added and taken away.
    pub(super) lines: Vec<Line>,
    /// What that does.
    pub(super) effects: Vec<String>,
}

/// One scope that is added or taken away.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Whether it is added.
    pub(super) is_added: bool,
    /// The scope.
    pub(super) scope: String,
    /// What the API is called.
    pub(super) api: String,
    /// What it opens.
    pub(super) description: String,
    /// Whether granting it deserves a second look.
    pub(super) is_sensitive: bool,
}

/// Grants, as a client has them.
pub(super) type Grants = BTreeMap<ApiIdentifier, ScopeSet>;

impl Change {
    /// What it does if `client` has `after` in place of what it has now.
    pub(super) async fn of(
        console: &Console,
        client: &Client,
        after: &Grants,
    ) -> Result<Self, Trouble> {
        let registry = console.app.registry_arc();
        let nothing = ScopeSet::default();
        let mut lines = Vec::new();
        let mut lost: Vec<(ApiIdentifier, Scope)> = Vec::new();
        let mut apis: Vec<&ApiIdentifier> = client.grants.keys().chain(after.keys()).collect();
        apis.sort_unstable();
        apis.dedup();
        for id in apis {
            let api = registry.find_api(id);
            let held = client.grants.get(id).unwrap_or(&nothing);
            let wanted = after.get(id).unwrap_or(&nothing);
            for scope in &held.without(wanted) {
                lines.push(line(false, api.map(AsRef::as_ref), (id, scope)));
                lost.push((id.clone(), scope.clone()));
            }
            for scope in &wanted.without(held) {
                lines.push(line(true, api.map(AsRef::as_ref), (id, scope)));
            }
        }
        Ok(Self {
            name: client.name.to_string(),
            path: format!("/clients/{}", segment(client.id.as_str())),
            effects: effects(console, client, &lost, after).await?,
            lines,
        })
    }

    /// Whether nothing changes.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether something is taken away.
    pub(super) fn takes_away(&self) -> bool {
        self.lines.iter().any(|line| !line.is_added)
    }

    /// In a few words: `+ orders:read, − orders:write`.
    pub(super) fn in_words(&self) -> String {
        let line = |line: &Line| {
            let sign = if line.is_added { '+' } else { '−' };
            format!("{sign} {}", line.scope)
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join(", ")
    }
}

fn line(is_added: bool, api: Option<&Api>, (id, scope): (&ApiIdentifier, &Scope)) -> Line {
    let detail = api.and_then(|api| api.scopes.get(scope));
    Line {
        is_added,
        scope: scope.to_string(),
        api: api.map_or_else(|| id.to_string(), |api| api.name.to_string()),
        description: detail.map_or_else(String::new, |it| it.description.to_string()),
        is_sensitive: detail.is_some_and(|it| it.sensitivity == Sensitivity::Sensitive),
    }
}

async fn effects(
    console: &Console,
    client: &Client,
    lost: &[(ApiIdentifier, Scope)],
    after: &Grants,
) -> Result<Vec<String>, AdminError> {
    if lost.is_empty() {
        return Ok(vec!["New tokens can carry it at once.".to_owned()]);
    }
    let tally = console
        .app
        .usage(UsageOf::Client(client.id.clone()))
        .await?;
    let registry = console.app.registry_arc();
    let now = console.app.now();
    let mut effects = Vec::new();
    for (api, scope) in lost {
        effects.push(format!(
            "Requests that name `{scope}` are refused with `invalid_scope`."
        ));
        let carried = Carried::of((client, &registry), (api, scope), &tally, now);
        effects.push(carried.map_or_else(
            || format!("No token that still works carries `{scope}`."),
            |carried| carried.in_words().replace(" it,", &format!(" `{scope}`,")),
        ));
    }
    if after.values().all(ScopeSet::is_empty) {
        effects.push("It can call nothing any more: every request is refused.".to_owned());
    }
    Ok(effects)
}
