//! What was put into the file of format 6 beside all that was in the file of format 5.

use super::{fifth, first::NOW};
use crate::domain::{
    issued_token::IssuedToken,
    time::Span,
    usage::{Asked, Observation, Seen, Tally},
};

/// What no older format had: tokens on record.
pub(super) fn issued() -> Vec<IssuedToken> {
    let plain = IssuedToken {
        at: NOW,
        token: "7f3k2m9q".to_owned(),
        client: "report-service".parse().unwrap(),
        secret: "7KQD2M4A".parse().unwrap(),
        api: "https://sales.example.com".parse().unwrap(),
        scope: "read:analytics".to_owned(),
        subject: None,
        expires: NOW.plus(Span::hours(1)),
        address: [192, 0, 2, 9].into(),
        request_id: None,
    };
    let exchanged = IssuedToken {
        token: "8g4m3n0r".to_owned(),
        subject: Some("deploy-service".parse().unwrap()),
        address: "2001:db8::9".parse().unwrap(),
        request_id: Some("x4k2".to_owned()),
        ..plain.clone()
    };
    vec![plain, exchanged]
}

/// Days that one row holds, and days that it does not.
pub(super) fn usage() -> Tally {
    let mut tally = fifth::usage();
    for days in [1, 2, 9] {
        for (hours, asked) in [(0, Asked::ByName), (5, Asked::ByDefault)] {
            tally.add(Observation::Issued {
                client: "report-service".parse().unwrap(),
                secret: "K7QD2M4A".parse().unwrap(),
                api: "https://sales.example.com".parse().unwrap(),
                scopes: "read:analytics".parse().unwrap(),
                asked,
                seen: Seen {
                    at: NOW.plus(Span::hours(24 * days + hours)),
                    address: [192, 0, 2, 7].into(),
                    agent: None,
                    request: None,
                },
            });
        }
    }
    tally
}
