//! Pages: what all of them have around them, and how they become answers.

mod answer;
mod around;
mod flash;
mod theme;

use axum::{body::Body, http::Response};

pub(super) use self::{
    answer::{fragment, ok, page, refused, root_of, see, sent_to},
    flash::{Flash, Undo},
    theme::{THEME_COOKIE, Theme, cookie},
};
use super::assets;
use crate::domain::permission::{Permission, Permissions, Role};

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
