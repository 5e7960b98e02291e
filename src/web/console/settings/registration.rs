//! Tokens by which clients register themselves: the list of them, each by itself, and the one chance to
//! read one.

mod new;
mod revoke;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Response,
    routing::get,
};
use zeroize::Zeroizing;

use crate::{
    domain::{
        client::{Binding, Client},
        credential::Method,
        id::RegistrationTokenId,
        order,
        permission::Permission,
        registration::RegistrationToken,
        registry::Registry,
        time::{Span, Timestamp},
    },
    oauth::metadata::path,
    web::console::{
        Console,
        form::{Form, Sheet},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::{Moment, actor, counted, segment},
    },
};

/// Where these pages lie, below the console's path.
const ROOT: &str = "/settings/registration";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/settings/registration", get(show_all))
        .route("/settings/registration/new", get(new::ask).post(new::make))
        .route(
            "/settings/registration/{registration}",
            get(show).post(stored),
        )
        .route(
            "/settings/registration/{registration}/revoke",
            get(revoke::ask).post(revoke::revoke),
        )
}

#[derive(Template)]
#[template(path = "settings/registration.html")]
struct RegistrationPage {
    frame: Frame,
    tab: &'static str,
    /// Whether clients may register themselves at all.
    is_on: bool,
    /// Where they do so.
    endpoint: String,
    tokens: Vec<TokenLine>,
}

/// A registration token, in a line.
struct TokenLine {
    id: String,
    note: String,
    status: Status,
    used: String,
    made: Moment,
    expires: Moment,
}

/// What a token is worth: tone, icon and word.
struct Status {
    tone: &'static str,
    icon: &'static str,
    word: &'static str,
}

impl Status {
    fn of(token: &RegistrationToken, now: Timestamp) -> Self {
        let (tone, icon, word) = match token.status(now) {
            "open" => ("ok", "check", "Open"),
            "used up" => ("", "circle-check", "Used up"),
            "revoked" => ("", "ban", "Revoked"),
            _ => ("", "clock-alert", "Expired"),
        };
        Self { tone, icon, word }
    }
}

impl TokenLine {
    fn of(token: &RegistrationToken, now: Timestamp) -> Self {
        Self {
            id: token.id.to_string(),
            note: token.note.to_string(),
            status: Status::of(token, now),
            used: format!("{} of {}", token.used, token.limit),
            made: Moment::of(token.created, now),
            expires: Moment::of(token.expires, now),
        }
    }
}

impl RegistrationPage {
    fn count(&self) -> String {
        counted(self.tokens.len() as u64, "registration token")
    }
}

async fn show_all(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let now = console.app.now();
    let registry = console.app.registry_arc();
    let mut tokens: Vec<_> = registry.registration_tokens().collect();
    order::by_key(&mut tokens, |token| {
        (token.ended(now).is_some(), std::cmp::Reverse(token.created))
    });
    page::ok(&RegistrationPage {
        frame: visitor.frame(Here::Settings).await,
        tab: "registration",
        is_on: console.app.addresses().registration,
        endpoint: console.app.issuer().endpoint(path::REGISTRATION),
        tokens: tokens
            .into_iter()
            .map(|token| TokenLine::of(token, now))
            .collect(),
    })
}

#[derive(Template)]
#[template(path = "settings/registration/show.html")]
struct TokenPage {
    frame: Frame,
    sheet: Sheet,
    line: TokenLine,
    maker: String,
    /// The token itself, while its window is open.
    open: Option<OpenToken>,
    endpoint: String,
    is_open: bool,
    grants: Vec<(String, String)>,
    methods: Vec<&'static str>,
    binding: &'static str,
    secret_lifetime: String,
    name_prefix: String,
    owner: String,
    clients: Vec<Came>,
}

struct OpenToken {
    text: Zeroizing<String>,
    until: Moment,
}

/// A client that came with the token.
struct Came {
    name: String,
    path: String,
    when: Moment,
}

impl Came {
    fn of(client: &Client, now: Timestamp) -> Self {
        Self {
            name: client.name.to_string(),
            path: format!("/clients/{}", segment(client.id.as_str())),
            when: Moment::of(client.created, now),
        }
    }

    fn all(token: &RegistrationToken, registry: &Registry, now: Timestamp) -> Vec<Self> {
        let came = |client: &&Arc<Client>| {
            let registration = client.registration.as_ref();
            registration.is_some_and(|it| it.token == token.id)
        };
        let clients = registry.clients().filter(came);
        clients.map(|client| Self::of(client, now)).collect()
    }
}

impl TokenPage {
    async fn of(
        (console, visitor): (&Console, &Visitor),
        token: &RegistrationToken,
        sheet: Sheet,
    ) -> Self {
        let now = console.app.now();
        let registry = console.app.registry_arc();
        let template = &token.template;
        let open = console
            .reveals
            .look((visitor.name(), &window(&token.id)), now);
        let grants = template.grants.iter();
        Self {
            frame: visitor.frame(Here::Settings).await,
            sheet,
            line: TokenLine::of(token, now),
            maker: actor(&token.created_by),
            open: open.map(|it| OpenToken {
                text: it.text,
                until: Moment::of(it.until, now),
            }),
            endpoint: console.app.issuer().endpoint(path::REGISTRATION),
            is_open: token.is_open(now),
            grants: grants
                .map(|(api, scopes)| (api.to_string(), scopes.to_string()))
                .collect(),
            methods: template.methods.iter().map(|it| method(*it)).collect(),
            binding: binding(template.binding),
            secret_lifetime: template
                .secret_lifetime
                .map_or_else(String::new, Span::in_full),
            name_prefix: template
                .name_prefix
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            owner: template.owner.to_string(),
            clients: Came::all(token, &registry, now),
        }
    }
}

/// How a client authenticates, for people.
const fn method(method: Method) -> &'static str {
    match method {
        Method::ClientSecret => "A secret",
        Method::ClientSecretJwt => "A JWT that a secret signs",
        Method::PrivateKeyJwt => "A JWT that its own key signs",
        Method::TlsClientAuth => "A certificate of an authority",
        Method::SelfSignedTlsClientAuth => "A certificate of its own",
        Method::Federated => "A token of another issuer",
    }
}

/// What tokens are bound to, for people.
const fn binding(binding: Binding) -> &'static str {
    match binding {
        Binding::Optional => "As the client says",
        Binding::Dpop => "Always to a key of the client (DPoP)",
        Binding::Certificate => "Always to the certificate of the connection",
    }
}

/// The place of a token's window among those of a visit.
fn window(id: &RegistrationTokenId) -> String {
    format!("registration-token/{id}")
}

fn address(id: &RegistrationTokenId) -> String {
    format!("{ROOT}/{id}")
}

/// The token that an address names.
fn found(console: &Console, id: &str) -> Result<Arc<RegistrationToken>, Trouble> {
    let registry = console.app.registry();
    let token = id
        .parse()
        .ok()
        .and_then(|id| registry.find_registration_token(&id).cloned());
    token.ok_or_else(|| Trouble::missing("registration token", id))
}

async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    let token = found(&console, &id)?;
    let page = TokenPage::of((&console, &visitor), &token, Sheet::default());
    Ok(page::ok(&page.await))
}

/// The token is where it belongs: closes the window.
async fn stored(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let token = found(&console, &id)?;
    if form.fields.has("stored") {
        console.reveals.close((visitor.name(), &window(&token.id)));
        return Ok(visitor.see(&address(&token.id)));
    }
    let mut sheet = Sheet::of(form.fields);
    sheet.complain("stored", "Tick the box once you have copied the token");
    let page = TokenPage::of((&console, &visitor), &token, sheet);
    Ok(page::refused(&page.await))
}
