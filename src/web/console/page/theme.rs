//! Light or dark: as the browser remembers it.

use axum::http::{HeaderMap, header};

/// Which colours a page has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::web::console) enum Theme {
    /// The system's.
    #[default]
    System,
    /// Dark ink on light paper.
    Light,
    /// Light ink on dark paper.
    Dark,
}

/// The cookie that remembers the theme; it is no secret and no session.
pub(in crate::web::console) const THEME_COOKIE: &str = "jeton-theme";

impl Theme {
    /// By its word.
    pub(in crate::web::console) fn of(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// As the browser remembers it.
    pub(in crate::web::console) fn read(headers: &HeaderMap) -> Self {
        cookie(headers, THEME_COOKIE).map_or(Self::System, Self::of)
    }

    /// The word for it.
    pub(in crate::web::console) const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Whether it was chosen.
    pub(in crate::web::console) fn is_chosen(self) -> bool {
        self != Self::System
    }
}

/// The value of a cookie.
pub(in crate::web::console) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter();
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}
