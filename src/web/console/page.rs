//! Pages: what all of them have around them, and how they become answers.

use askama::Template;
use axum::{
    body::Body,
    extract::OriginalUri,
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header, request::Parts},
};
use serde::{Deserialize, Serialize};

use super::assets;
use crate::{
    crypto::text::fingerprint,
    domain::permission::{Permission, Permissions, Role},
};

/// What a page has around it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// What the server is called.
    pub(super) server: String,
    /// The path of the console, below which everything lies: `/console`.
    pub(super) root: String,
    /// Light, dark, or as the system is.
    pub(super) theme: Theme,
    /// Where the page lies.
    pub(super) here: Here,
    /// Who is signed in.
    pub(super) signed_in: Option<SignedIn>,
    /// What the last change did.
    pub(super) flash: Option<Flash>,
    /// A key for the page's forms, so that sending one twice does it once.
    pub(super) once: String,
    /// The request's id, for people to report.
    pub(super) request_id: String,
    /// Whether the page travels in the clear, over a network.
    pub(super) is_exposed: bool,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// What they are called.
    pub(super) name: String,
    /// What they sign in with.
    pub(super) email: String,
    /// What they are trusted with.
    pub(super) role: Role,
}

/// The parts of the console, as its menu lists them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Here {
    /// What needs attention.
    Dashboard,
    /// Clients, their secrets and scopes.
    Clients,
    /// APIs and their scopes.
    Apis,
    /// The keys that sign.
    Keys,
    /// The audit log.
    Audit,
    /// The token inspector.
    Inspector,
    /// The people.
    Operators,
    /// The server's settings.
    Settings,
    /// The operator's own account.
    Account,
    /// Before anybody is signed in.
    Outside,
}

/// A line of the menu.
#[derive(Debug)]
pub(super) struct Entry {
    here: Here,
    /// Where it leads, below the console's path.
    pub(super) path: &'static str,
    /// The icon beside it.
    pub(super) icon: &'static str,
    /// What it says.
    pub(super) label: &'static str,
}

const MENU: [Entry; 8] = [
    entry(Here::Dashboard, "", "layout-dashboard", "Dashboard"),
    entry(Here::Clients, "/clients", "boxes", "Clients"),
    entry(Here::Apis, "/apis", "shield-check", "APIs"),
    entry(Here::Keys, "/keys", "rotate-ccw-key", "Signing keys"),
    entry(Here::Audit, "/audit", "scroll-text", "Audit log"),
    entry(
        Here::Inspector,
        "/tools/token",
        "flask-conical",
        "Token inspector",
    ),
    entry(Here::Operators, "/operators", "users", "Operators"),
    entry(Here::Settings, "/settings", "settings", "Settings"),
];

const fn entry(here: Here, path: &'static str, icon: &'static str, label: &'static str) -> Entry {
    Entry {
        here,
        path,
        icon,
        label,
    }
}

/// Which colours a page has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Theme {
    /// The system's.
    #[default]
    System,
    /// Dark ink on light paper.
    Light,
    /// Light ink on dark paper.
    Dark,
}

/// The cookie that remembers the theme; it is no secret and no session.
pub(super) const THEME_COOKIE: &str = "jeton-theme";

impl Theme {
    /// By its word.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// As the browser remembers it.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        cookie(headers, THEME_COOKIE).map_or(Self::System, Self::of)
    }

    /// The word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Whether it was chosen.
    pub(super) fn is_chosen(self) -> bool {
        self != Self::System
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter();
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// What the last change did, told once on the next page.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Flash {
    /// Whether all is well, or somebody should look.
    pub(super) tone: Tone,
    /// What was done, and its effect.
    pub(super) text: String,
    /// How to take it back, where that is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undo: Option<Undo>,
}

/// How a flash is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(super) enum Tone {
    /// It is done.
    Done,
    /// It is done, and has an effect worth a look.
    Watch,
}

/// A form that takes a change back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Undo {
    /// The path below the console's.
    pub(super) path: String,
    /// Hidden members.
    pub(super) fields: Vec<(String, String)>,
    /// How long it can be done: `24 hours`; nothing is the empty text.
    pub(super) within: String,
}

impl Flash {
    /// It is done.
    pub(super) fn done(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Done,
            text: text.into(),
            undo: None,
        }
    }

    /// It is done, and has an effect worth a look.
    pub(super) fn watch(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Watch,
            ..Self::done(text)
        }
    }

    /// It can be taken back.
    #[must_use]
    pub(super) fn with_undo(self, undo: Undo) -> Self {
        Self {
            undo: Some(undo),
            ..self
        }
    }

    /// Whether somebody should look.
    pub(super) fn is_watch(&self) -> bool {
        self.tone == Tone::Watch
    }
}

impl Frame {
    /// That of a page for nobody in particular.
    pub(super) fn at(path: &str) -> Self {
        Self {
            server: "Jeton".to_owned(),
            root: root_of(path).to_owned(),
            theme: Theme::System,
            here: Here::Outside,
            signed_in: None,
            flash: None,
            once: String::new(),
            request_id: String::new(),
            is_exposed: false,
        }
    }

    /// The path of a page, or of an asset.
    pub(super) fn to(&self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.root, path.as_ref())
    }

    /// The answer after a change: look at this page now.
    pub(super) fn see(&self, path: &str) -> Response<Body> {
        see(&self.to(path))
    }

    /// The menu, for those who are signed in.
    pub(super) fn menu(&self) -> &'static [Entry] {
        match self.signed_in {
            Some(_) => &MENU,
            None => &[],
        }
    }

    /// Whether the page lies under this line of the menu.
    pub(super) fn is_under(&self, entry: &Entry) -> bool {
        self.here == entry.here
    }

    /// Whether the page is the operator's own account.
    pub(super) fn is_account(&self) -> bool {
        self.here == Here::Account
    }

    /// Whether the operator may do what needs `permission`.
    pub(super) fn may(&self, permission: Permission) -> bool {
        let permissions = self.signed_in.as_ref().map(|who| who.role.permissions());
        permissions.is_some_and(|all: Permissions| all.allow(permission))
    }

    /// Whether they may register, edit and remove clients.
    pub(super) fn may_write_clients(&self) -> bool {
        self.may(Permission::WriteClients)
    }

    /// Whether they may rotate, retire and revoke secrets.
    pub(super) fn may_write_secrets(&self) -> bool {
        self.may(Permission::WriteSecrets)
    }

    /// Whether they may grant scopes.
    pub(super) fn may_write_grants(&self) -> bool {
        self.may(Permission::WriteGrants)
    }

    /// Whether they may define APIs.
    pub(super) fn may_write_apis(&self) -> bool {
        self.may(Permission::WriteApis)
    }

    /// Whether they may make and revoke signing keys.
    pub(super) fn may_write_keys(&self) -> bool {
        self.may(Permission::WriteKeys)
    }

    /// Whether they may add and remove operators.
    pub(super) fn may_write_operators(&self) -> bool {
        self.may(Permission::WriteOperators)
    }

    /// Whether they may make a backup.
    pub(super) fn may_backup(&self) -> bool {
        self.may(Permission::Backup)
    }

    /// Whether they may change the settings.
    pub(super) fn may_write_settings(&self) -> bool {
        self.may(Permission::WriteSettings)
    }

    /// Whether they are an Owner.
    pub(super) fn may_own(&self) -> bool {
        self.may(Permission::Own)
    }

    /// The stylesheet's path.
    pub(super) fn stylesheet(&self) -> String {
        self.to(format!("/assets/{}", assets::stylesheet()))
    }

    /// The script's path.
    pub(super) fn script(&self) -> String {
        self.to(format!("/assets/{}", assets::script()))
    }

    /// The path of an icon.
    pub(super) fn icon(&self, name: &str) -> String {
        self.to(format!("/assets/{}#{name}", assets::icons()))
    }
}

/// Where a request was sent, whatever part of it a router has taken off since.
pub(super) fn sent_to(parts: &Parts) -> &Uri {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or(&parts.uri, |original| &original.0)
}

/// The path of the console as a request has it: below the issuer's path, or at the root.
pub(super) fn root_of(path: &str) -> &str {
    let end = path
        .find(super::ROOT)
        .map_or(0, |at| at + super::ROOT.len());
    &path[..end]
}

/// Look at this page now, by GET (RFC 9110 §15.4.4).
pub(super) fn see(path: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// A page as an answer.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response<Body> {
    let mut response = html(written(template));
    *response.status_mut() = status;
    response
}

/// A page that is as it should be.
pub(super) fn ok(template: &impl Template) -> Response<Body> {
    page(StatusCode::OK, template)
}

/// A form that came back because something in it is wrong.
pub(super) fn refused(template: &impl Template) -> Response<Body> {
    page(StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// A live part of a page: the same again is 304.
pub(super) fn fragment(headers: &HeaderMap, template: &impl Template) -> Response<Body> {
    let body = written(template);
    let tag = format!("\"{}\"", fingerprint(body.as_bytes()));
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        html(body)
    };
    let tag = HeaderValue::from_str(&tag).expect("base64url is visible ASCII");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn written(template: &impl Template) -> String {
    template
        .render()
        .expect("writing to memory does not fail, and no filter of ours does")
}

fn html(body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}
