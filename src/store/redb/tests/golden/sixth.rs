//! What was put into the file of format 6 beside all that was in the file of format 5.

use super::{fifth, first::NOW};
use crate::domain::{
    time::Span,
    usage::{Asked, Observation, Seen, Tally},
};

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
