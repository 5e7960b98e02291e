//! Which clients are asked for.

use std::{collections::HashMap, sync::Arc};

use memchr::memmem::Finder;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::refusal::FieldErrors,
    domain::{
        client::Client,
        id::{ApiIdentifier, ClientId},
        registry::Registry,
        scope::Scope,
    },
    web::api::page::Page,
};

/// Which clients.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct ClientQuery {
    /// How many: 1 to 200; 50 if left out.
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// A part of a name, an id, an owner, a secret's id, a scope or an API.
    q: Option<String>,
    /// `active` or `disabled`.
    status: Option<String>,
    /// Only those with a grant on this API.
    api: Option<String>,
    /// Only those with this scope.
    scope: Option<String>,
}

impl ClientQuery {
    pub(super) fn parse(self) -> Result<(Page, Filter), FieldErrors> {
        let mut errors = FieldErrors::default();
        let page = Page::parse(self.limit.as_deref(), self.cursor.as_deref(), &mut errors);
        let is_active = match self.status.as_deref() {
            None => None,
            Some("active") => Some(true),
            Some("disabled") => Some(false),
            Some(_) => {
                errors.add("status", "write active or disabled");
                None
            }
        };
        let api = self
            .api
            .and_then(|api| errors.check("api", api.parse::<ApiIdentifier>()));
        errors.finish()?;
        let filter = Filter {
            q: self.q.map(|q| Wanted::new(&q)),
            is_active,
            api,
            scope: self.scope,
        };
        Ok((page, filter))
    }
}

/// What the clients of a list have in common.
pub(super) struct Filter {
    q: Option<Wanted>,
    is_active: Option<bool>,
    api: Option<ApiIdentifier>,
    scope: Option<String>,
}

impl Filter {
    /// The clients to choose a page from.
    pub(super) fn candidates<'a>(
        &'a self,
        registry: &'a Registry,
        after: Option<&'a ClientId>,
    ) -> impl Iterator<Item = &'a Arc<Client>> {
        let all: Box<dyn Iterator<Item = &'a Arc<Client>> + 'a> = match after {
            Some(after) => Box::new(registry.clients_after(after)),
            None => Box::new(registry.clients()),
        };
        let mut known = Known::default();
        all.filter(move |client| self.admits(client, &mut known))
    }

    fn admits(&self, client: &Client, known: &mut Known) -> bool {
        let has_scope = |scope: &String| {
            let mut granted = client.grants.values().flatten();
            granted.any(|granted| granted.as_str() == scope)
        };
        self.is_active
            .is_none_or(|active| client.is_active() == active)
            && self
                .api
                .as_ref()
                .is_none_or(|api| client.grants.contains_key(api))
            && self.scope.as_ref().is_none_or(has_scope)
            && self.q.as_ref().is_none_or(|q| q.is_in(client, known))
    }
}

/// What is kept from one client to the next.
#[derive(Default)]
struct Known {
    /// Whether the text was found in grants, by where those lie: what many clients can call alike is looked through once.
    grants: HashMap<usize, bool>,
    /// Of the last of them: the next client can call the same, more often than not.
    last: Option<(usize, bool)>,
    /// What is looked through, in room that is there already.
    lines: String,
}

/// A text to look for in clients. Capitals make no difference.
struct Wanted(Finder<'static>);

impl Wanted {
    fn new(text: &str) -> Self {
        Self(Finder::new(text.to_lowercase().as_bytes()).into_owned())
    }

    fn is_in(&self, client: &Client, known: &mut Known) -> bool {
        let is_granted = self.is_granted(client, known);
        let secrets = client.secrets.iter().map(|secret| secret.id.as_str());
        let said = [
            client.name.as_str(),
            client.id.as_str(),
            client.owner.as_str(),
        ];
        is_granted || self.is_among(said.into_iter().chain(secrets), &mut known.lines)
    }

    fn is_granted(&self, client: &Client, known: &mut Known) -> bool {
        let Known {
            grants,
            last,
            lines,
        } = known;
        let place = std::ptr::from_ref(&*client.grants).addr();
        if let Some((_, is_granted)) = last.filter(|(known, _)| *known == place) {
            return is_granted;
        }
        let is_granted = *grants.entry(place).or_insert_with(|| {
            let grants = client.grants.iter();
            let texts = grants.flat_map(|(api, scopes)| {
                let scopes = scopes.iter().map(Scope::as_str);
                std::iter::once(api.as_str()).chain(scopes)
            });
            self.is_among(texts, lines)
        });
        *last = Some((place, is_granted));
        is_granted
    }

    /// Whether any of `texts`, which are of one line each, has it.
    fn is_among<'t>(&self, texts: impl Iterator<Item = &'t str>, lines: &mut String) -> bool {
        lines.clear();
        for text in texts {
            lines.push('\n');
            lines.push_str(text);
        }
        if lines.is_ascii() {
            lines.make_ascii_lowercase();
        } else {
            *lines = lines.to_lowercase();
        }
        !self.0.needle().contains(&b'\n') && self.0.find(lines.as_bytes()).is_some()
    }
}
