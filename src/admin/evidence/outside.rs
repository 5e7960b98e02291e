//! Who would be refused if a client might authenticate from some networks only: what was seen lately from
//! elsewhere.

use std::net::IpAddr;

use super::words;
use crate::domain::{
    id::ClientId,
    limits::Networks,
    order,
    time::{Span, Timestamp},
    usage::Tally,
};

/// How long ago a use still counts.
const LATELY: Span = Span::days(30);

/// An address outside from which a client was answered lately.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutsideUse {
    /// Which.
    pub address: IpAddr,
    /// When it was answered last.
    pub last: Timestamp,
}

/// The addresses outside of `networks` from which `client` was answered lately, latest first.
pub fn outside(
    client: &ClientId,
    networks: &Networks,
    tally: &Tally,
    now: Timestamp,
) -> Vec<OutsideUse> {
    let uses = tally
        .addresses
        .iter()
        .filter(|((subject, address), usage)| {
            subject.client.as_ref() == Some(client)
                && usage.count > 0
                && now.since(usage.last) <= LATELY
                && !networks.allow(*address)
        });
    let mut found: Vec<OutsideUse> = Vec::new();
    for ((_, address), usage) in uses {
        match found.iter_mut().find(|it| it.address == *address) {
            Some(known) => known.last = known.last.max(usage.last),
            None => found.push(OutsideUse {
                address: *address,
                last: usage.last,
            }),
        }
    }
    order::by_key(&mut found, |it| (std::cmp::Reverse(it.last), it.address));
    found
}

/// In a sentence: who would be refused.
pub fn in_words(outside: &[OutsideUse], now: Timestamp) -> String {
    let addresses: Vec<_> = outside.iter().map(|it| it.address).collect();
    let last = outside.first().map_or(now, |it| it.last);
    format!(
        "It got answers outside of these networks in the last 30 days: {}, the latest {} ago.",
        words::listed(&addresses),
        now.since(last).in_words()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::{AddressUse, Subject};

    #[test]
    fn what_was_answered_elsewhere_lately_would_be_refused() {
        let now = Timestamp(1_800_000_000);
        let mut tally = Tally::default();
        let mut seen = |client: &str, secret: &str, address: [u8; 4], days: u64, count| {
            let subject = Subject {
                client: Some(client.parse().unwrap()),
                secret: Some(secret.parse().unwrap()),
            };
            let usage = AddressUse {
                count,
                last: now.minus(Span::days(days)),
                ..AddressUse::default()
            };
            tally.addresses.insert((subject, address.into()), usage);
        };
        seen("c", "AAAAAAAA", [10, 0, 0, 1], 1, 5);
        seen("c", "AAAAAAAA", [192, 0, 2, 1], 9, 5);
        seen("c", "BBBBBBBB", [192, 0, 2, 1], 3, 5);
        seen("c", "AAAAAAAA", [192, 0, 2, 2], 2, 1);
        seen("c", "AAAAAAAA", [192, 0, 2, 3], 31, 5);
        seen("c", "AAAAAAAA", [192, 0, 2, 4], 1, 0);
        seen("d", "AAAAAAAA", [192, 0, 2, 5], 1, 5);
        let networks = Networks::try_from(vec!["10.0.0.0/8".to_owned()]).unwrap();

        let found = outside(&"c".parse().unwrap(), &networks, &tally, now);

        assert_eq!(
            in_words(&found, now),
            "It got answers outside of these networks in the last 30 days: 192.0.2.2 and 192.0.2.1, the latest \
             2 days ago."
        );
        assert!(outside(&"c".parse().unwrap(), &Networks::default(), &tally, now).is_empty());
    }
}
