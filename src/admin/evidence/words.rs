//! Numbers, days, moments and outcomes as people read them.

use std::net::IpAddr;

use time::{
    OffsetDateTime, format_description::StaticFormatDescription, macros::format_description,
};

pub use crate::domain::number::{count, number};
use crate::domain::{time::Timestamp, usage::Outcome};

const DATE: StaticFormatDescription = format_description!("[day padding:none] [month repr:short]");
const DATE_OF_YEAR: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year]");
const CLOCK: StaticFormatDescription = format_description!("[hour]:[minute] UTC");

/// A day of this year or about it: `25 Nov`.
pub fn date(at: Timestamp) -> String {
    formatted(at, DATE)
}

/// A day of any year: `25 Nov 2026`.
pub fn date_of_year(at: Timestamp) -> String {
    formatted(at, DATE_OF_YEAR)
}

/// A moment: `25 Nov, 19:00 UTC`.
pub fn moment(at: Timestamp) -> String {
    at.in_words()
}

/// A time of day: `19:00 UTC`.
pub fn clock(at: Timestamp) -> String {
    formatted(at, CLOCK)
}

fn formatted(at: Timestamp, format: StaticFormatDescription) -> String {
    OffsetDateTime::from_unix_timestamp(at.0)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_else(|| at.to_string())
}

/// So many addresses: `1 address`, `3 addresses`.
pub fn addresses(n: usize) -> String {
    if n == 1 {
        "1 address".to_owned()
    } else {
        format!("{} addresses", number(n as u64))
    }
}

/// Addresses by name, the first few of many: `10.0.0.1, 10.0.0.2 and 4 more`.
pub fn listed(addresses: &[IpAddr]) -> String {
    match addresses {
        [] => "nobody".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", number(rest.len() as u64)),
    }
}

/// How a request ended, for people.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Issued => "Token issued",
        Outcome::UnknownClient => "Unknown client",
        Outcome::WrongSecret => "Wrong secret",
        Outcome::RetiredSecret => "Retired secret",
        Outcome::RevokedSecret => "Revoked secret",
        Outcome::ExpiredSecret => "Expired secret",
        Outcome::DisabledClient => "Client is disabled",
        Outcome::InvalidRequest => "Malformed request",
        Outcome::UnsupportedGrantType => "Other grant type",
        Outcome::InvalidScope => "Scope not granted",
        Outcome::InvalidTarget => "API not granted, or none named",
        Outcome::Unavailable => "Server could not answer",
        Outcome::Introspected => "Asked about a token",
        Outcome::TokenRevoked => "Revoked a token",
        Outcome::Halted => "Issuance is halted",
        Outcome::AddressNotAllowed => "Address not allowed",
        Outcome::Throttled => "Too many failures before",
        Outcome::OverQuota => "Over its quota",
    }
}

/// What the caller was told (RFC 6749 §5.2, RFC 8707 §2); nothing if it got what it asked for.
pub const fn code(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Issued | Outcome::Introspected | Outcome::TokenRevoked => None,
        Outcome::UnknownClient
        | Outcome::WrongSecret
        | Outcome::RetiredSecret
        | Outcome::RevokedSecret
        | Outcome::ExpiredSecret
        | Outcome::DisabledClient
        | Outcome::AddressNotAllowed => Some("invalid_client"),
        Outcome::InvalidRequest => Some("invalid_request"),
        Outcome::UnsupportedGrantType => Some("unsupported_grant_type"),
        Outcome::InvalidScope => Some("invalid_scope"),
        Outcome::InvalidTarget => Some("invalid_target"),
        Outcome::Unavailable | Outcome::Halted | Outcome::Throttled | Outcome::OverQuota => {
            Some("temporarily_unavailable")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::reason::ErrorCode;

    #[test]
    fn addresses_and_moments_read_as_people_write_them() {
        assert_eq!(addresses(1), "1 address");
        assert_eq!(addresses(1204), "1,204 addresses");

        let at: Timestamp = "2026-11-05T19:03:59Z".parse().unwrap();
        assert_eq!(date(at), "5 Nov");
        assert_eq!(date_of_year(at), "5 Nov 2026");
        assert_eq!(moment(at), "5 Nov, 19:03 UTC");
        assert_eq!(clock(at), "19:03 UTC");
    }

    #[test]
    fn every_refusal_has_a_code_that_the_protocol_knows() {
        for outcome in Outcome::ALL {
            let known =
                code(outcome).map(|code| ErrorCode::ALL.iter().any(|known| known.as_str() == code));
            assert_eq!(known, outcome.is_refusal().then_some(true));
        }
    }
}
