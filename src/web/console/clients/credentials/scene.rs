//! What the pages of a client's credentials are made from: the client, its usage, the moment.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::{
    admin::{
        evidence::Habit,
        views::{SecretView, Sight, judged},
    },
    app::App,
    domain::{
        client::Client,
        credential::Method,
        permission::Permission,
        policy::Policy,
        secret::{Secret, UNDO},
        time::{Span, Timestamp},
        usage::Tally,
        verdict::Verdict,
    },
    store::UsageOf,
    web::console::{
        Console,
        clients::{ClientHead, Named, Tab},
        trail,
        trouble::Trouble,
        visit::Visitor,
    },
};

/// A client and all that is known of its secrets at one moment.
pub(super) struct Scene {
    pub(super) client: Arc<Client>,
    pub(super) tally: Tally,
    pub(super) now: Timestamp,
    app: App,
}

impl Scene {
    /// That of `client`, now.
    pub(super) async fn of(console: &Console, client: Arc<Client>) -> Result<Self, Trouble> {
        let app = console.app.clone();
        let tally = app.usage(UsageOf::Client(client.id.clone())).await?;
        Ok(Self {
            client,
            tally,
            now: app.now(),
            app,
        })
    }

    /// What holds for all secrets.
    pub(super) fn policy(&self) -> Arc<Policy> {
        Arc::clone(self.app.registry().policy())
    }

    /// Whether clients of this server may authenticate so.
    pub(super) fn allows(&self, method: Method) -> bool {
        self.app.profile().allows_method(method)
    }

    /// What its pages have on top.
    pub(super) fn head(&self) -> ClientHead {
        ClientHead::of(&self.client, Tab::Credentials, self.now)
    }

    /// A secret of it, as views show it.
    pub(super) fn view(&self, secret: &Secret) -> SecretView {
        self.with_sight(|sight| SecretView::of(&self.client, secret, sight))
    }

    /// Whether the old secret of the rotation under way can go.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.with_sight(|sight| judged(&self.client, sight))
    }

    fn with_sight<T>(&self, look: impl FnOnce(&Sight<'_>) -> T) -> T {
        let sight = Sight {
            now: self.now,
            watching_since: self.app.watching_since(),
            latest: &|secret| self.app.last_use(secret),
            usage: Some(&self.tally),
        };
        look(&sight)
    }

    /// How it uses the secrets that work.
    pub(super) fn habit(&self) -> Habit {
        Habit::of(&self.client, &self.tally, self.now)
    }

    /// Both secrets of the rotation under way, the old one first.
    pub(super) fn rotation(&self) -> Option<(&Secret, &Secret)> {
        let old = self.client.old_secret(self.now)?;
        Some((old, self.client.new_secret(self.now)?))
    }

    /// The secret that was retired last, if it can be brought back.
    pub(super) fn undoable(&self) -> Option<&Secret> {
        if self.client.old_secret(self.now).is_some() {
            return None;
        }
        let retired = self.client.secrets.iter().filter(|secret| {
            let view = self.view(secret);
            view.undo_until.is_some() && secret.expires.is_none_or(|at| at > self.now)
        });
        retired.max_by_key(|secret| secret.ended(self.now))
    }

    /// When a secret was last used, and how often in all.
    pub(super) fn last_use(&self, secret: &Secret) -> Option<Timestamp> {
        let exact = self.app.last_use(&secret.id).map(|(at, _)| at);
        let detail = self.tally.last.get(&secret.id).map(|last| last.at);
        exact.max(detail)
    }

    /// Whether a secret was used within the last day.
    pub(super) fn is_in_use(&self, secret: &Secret) -> bool {
        let last = self.last_use(secret);
        secret.is_live(self.now) && last.is_some_and(|at| self.now.since(at) < UNDO)
    }

    /// How long a token that was issued a moment ago works, at most.
    pub(super) fn longest_token(&self) -> Option<Span> {
        let registry = self.app.registry();
        let apis = self.client.grants.keys();
        let longest = apis
            .filter_map(|id| registry.find_api(id))
            .map(|api| api.token_lifetime.span())
            .max()?;
        let own = self.client.token_lifetime;
        Some(own.map_or(longest, |own| own.span().min(longest)))
    }

    /// Whether the visitor may change its secrets.
    pub(super) fn may_touch(&self, visitor: &Visitor) -> bool {
        may_touch(&self.client, visitor).is_ok()
    }
}

/// Shows a page only to those who may change the secrets of `client`.
pub(super) fn may_touch(client: &Client, visitor: &Visitor) -> Result<(), Trouble> {
    visitor.require(Permission::WriteSecrets)?;
    if client.holds_admin() {
        visitor.require(Permission::Own)?;
    }
    Ok(())
}

/// The secret that the address names as `{secret}`, and its client.
pub(super) struct NamedSecret {
    pub(super) client: Arc<Client>,
    pub(super) secret: Secret,
}

impl FromRequestParts<Console> for NamedSecret {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        let Named(client) = Named::from_request_parts(parts, console).await?;
        let id = trail::named(parts, console, "secret").await?;
        let found = client
            .secrets
            .iter()
            .find(|secret| secret.id.as_str() == id);
        let secret = found
            .cloned()
            .ok_or_else(|| Trouble::missing("secret", &id))?;
        Ok(Self { client, secret })
    }
}
