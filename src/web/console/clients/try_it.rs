//! What a client's token would say, and a token that lives for a minute to try it with.

mod mint;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::Response,
    routing::{get, post},
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    super::{
        Console,
        form::Fields,
        inspector::{Member, members},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{number, segment},
    },
    ClientHead, Named, Tab,
};
use crate::{
    crypto::jws::decode_unverified,
    domain::{
        client::Client, name::Place, order, permission::ADMIN_API, registry::Registry,
        time::Timestamp,
    },
    oauth::{
        Context, SlowHashes, access_token,
        access_token::Anew,
        check_halt,
        client_credentials::{Grant, grant},
        dpop::Nowhere,
        inspection::claims::{CLAIMS, HEADER},
        params::{Params, Resource},
        reason::Reason,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/clients/{id}/try", get(show))
        .route("/clients/{id}/try/token", post(mint::mint))
}

#[derive(Template)]
#[template(path = "clients/try_it.html")]
struct TryPage {
    frame: Frame,
    head: ClientHead,
    apis: Vec<Choice>,
    scopes: Vec<(String, bool)>,
    audience: String,
    /// What it asks for in detail, as JSON; nothing at all if it may ask for none there.
    details: Option<String>,
    /// Header and claims as they would be.
    preview: Option<(Vec<Member>, Vec<Member>)>,
    /// About how many bytes it would have, if that is many.
    large: Option<String>,
    /// What the token endpoint would answer instead: the code, and why.
    refusal: Option<(String, String)>,
    minted: Option<Minted>,
    is_admin: bool,
}

/// An API that the client has something on.
struct Choice {
    name: String,
    path: String,
    is_chosen: bool,
}

/// A token that was just made.
struct Minted {
    token: Zeroizing<String>,
    header: Vec<Member>,
    claims: Vec<Member>,
    curl: Zeroizing<String>,
}

impl TryPage {
    /// Who may look may not always mint.
    fn may_mint(&self) -> bool {
        self.frame.may_write_secrets()
    }
}

/// What a page or a form asks for: an API, and scopes of it; all that is granted if none are named.
struct Asked {
    api: String,
    scopes: Vec<String>,
    details: String,
}

impl Asked {
    fn of(fields: &Fields, client: &Client) -> Self {
        let first = client.grants.keys().next();
        let api = match fields.text("api") {
            "" => first.map_or_else(String::new, ToString::to_string),
            api => api.to_owned(),
        };
        let mut scopes: Vec<String> = fields.all("scope").map(str::to_owned).collect();
        if !fields.has("chosen") && scopes.is_empty() {
            let granted = client.grants.get(api.as_str());
            let granted = granted.into_iter().flat_map(|scopes| scopes.iter());
            scopes = granted.map(ToString::to_string).collect();
        }
        let details = fields.text("authorization_details").to_owned();
        Self {
            api,
            scopes,
            details,
        }
    }

    /// What the token endpoint would grant.
    fn grant<'r>(&self, registry: &'r Registry, client: &'r Client) -> Result<Grant<'r>, Reason> {
        let scope = self.scopes.join(" ");
        let params = Params {
            grant_type: Some("client_credentials".into()),
            scope: (!scope.is_empty()).then(|| scope.into()),
            resource: Resource::One(self.api.as_str().into()),
            authorization_details: (!self.details.is_empty()).then(|| (&*self.details).into()),
            ..Params::default()
        };
        let grant = grant(registry, client, &params)?;
        check_halt(registry, grant.api)?;
        Ok(grant)
    }

    /// The page that asks for it.
    fn query(&self) -> String {
        let scopes = self.scopes.iter();
        let scopes = scopes.map(|scope| format!("&scope={}", segment(scope)));
        let scopes: String = scopes.collect();
        let details = match self.details.as_str() {
            "" => String::new(),
            details => format!("&authorization_details={}", segment(details)),
        };
        format!("?chosen=yes&api={}{scopes}{details}", segment(&self.api))
    }
}

/// What is at hand where no secret is checked.
fn context(console: &Console) -> Context<'_> {
    Context {
        now: console.app.now(),
        issuer: console.app.issuer(),
        profile: console.app.profile(),
        mutual: None,
        entropy: console.app.entropy(),
        remembers: &|_, _| false,
        keys: &|_| None,
        slow_hashes: SlowHashes::Checked,
        proofs: &Nowhere,
        verified: &Anew,
        is_revoked: &|_| false,
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        take: &|_, _| Ok(()),
        restored: console.app.restored(),
    }
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Trouble> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default());
    let fields = fields.ok_or_else(Trouble::malformed)?;
    let asked = Asked::of(&fields, &client);
    let frame = visitor.frame(Here::Clients).await;
    let mut page = page_of(&console, frame, &client, &asked);
    let now = console.app.now();
    let place = mint::place(&client.id);
    page.minted = console
        .reveals
        .look((visitor.name(), &place), now)
        .and_then(|shown| Minted::of(shown.text, now));
    Ok(page::ok(&page))
}

fn page_of(console: &Console, frame: Frame, client: &Client, asked: &Asked) -> TryPage {
    let registry = console.app.registry();
    let now = console.app.now();
    let head = ClientHead::of(client, Tab::TryIt, now);
    let granted = client.grants.get(asked.api.as_str());
    let granted = granted.into_iter().flat_map(|scopes| scopes.iter());
    let choice = |(id, _): (&crate::domain::id::ApiIdentifier, _)| Choice {
        name: registry
            .find_api(id)
            .map_or_else(|| id.to_string(), |api| api.name.to_string()),
        path: head.to(format!("/try?api={}", segment(id.as_str()))),
        is_chosen: id.as_str() == asked.api,
    };
    let mut apis: Vec<Choice> = client.grants.iter().map(choice).collect();
    order::by_key(&mut apis, |api| Place::of(&api.name));
    let decided = if client.is_active() {
        asked.grant(&registry, client)
    } else {
        Err(Reason::ClientDisabled)
    };
    let looked = decided
        .and_then(|grant| access_token::preview(&registry, &client.id, &grant, &context(console)));
    let size = looked
        .as_ref()
        .map_or(0, |(header, claims)| access_token::size_of(header, claims));
    let (preview, refusal) = match looked {
        Ok((header, claims)) => (
            Some((members(&header, HEADER, now), members(&claims, CLAIMS, now))),
            None,
        ),
        Err(reason) => (None, Some((reason.code().to_string(), reason.to_string()))),
    };
    TryPage {
        apis,
        scopes: granted
            .map(|scope| {
                let is_chosen = asked.scopes.iter().any(|it| it == scope.as_str());
                (scope.to_string(), is_chosen)
            })
            .collect(),
        is_admin: asked.api == ADMIN_API,
        audience: asked.api.clone(),
        details: client
            .rules
            .details
            .contains_key(asked.api.as_str())
            .then(|| asked.details.clone()),
        preview,
        large: (size > access_token::LARGE).then(|| number(size as u64)),
        refusal,
        minted: None,
        frame,
        head,
    }
}

impl Minted {
    fn of(token: Zeroizing<String>, now: Timestamp) -> Option<Self> {
        let (header, claims) = decode_unverified(&token).ok()?;
        let audience = claims.get("aud").and_then(Value::as_str);
        let address = audience.filter(|audience| audience.starts_with("http"));
        Some(Self {
            curl: curl(&token, address.unwrap_or("https://ADDRESS-OF-THE-API")),
            header: members(&header, HEADER, now),
            claims: members(&claims, CLAIMS, now),
            token,
        })
    }
}

/// The command that calls the API at `address` with `token`.
fn curl(token: &str, address: &str) -> Zeroizing<String> {
    let header = Zeroizing::new(format!("Authorization: Bearer {token}"));
    let [header, address] = [&header, address].map(quoted);
    format!("curl -H {} {}", *header, *address).into()
}

/// One word to a shell, whatever it is made of.
fn quoted(text: &str) -> Zeroizing<String> {
    format!("'{}'", text.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_an_address_ends_its_word_in_a_shell() {
        assert_eq!(
            *curl("eyJ", "https://a.test/$(id)'; rm -rf ~"),
            r"curl -H 'Authorization: Bearer eyJ' 'https://a.test/$(id)'\''; rm -rf ~'"
        );
    }
}
