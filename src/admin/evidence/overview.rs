//! Everybody's usage, so compact that any page can be made of it.

use std::{collections::BTreeMap, net::IpAddr};

use super::{Refusals, Series, Whose, scopes::Asking};
use crate::domain::{
    id::{ApiIdentifier, ClientId, SecretId},
    time::{Day, Timestamp},
    usage::{AddressUse, KeyFetch, Outcome, SecretUsage, Tally},
};

/// How many days of counters an overview needs: a week, and the day before it.
pub const DAYS: u32 = 8;

/// How many days a sparkline has.
pub const SPARKLINE: usize = 7;

/// What is known of everybody's usage.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// As of when.
    pub at: Timestamp,
    /// What each client did, those that are gone included.
    pub clients: BTreeMap<ClientId, ClientSummary>,
    /// Issued and refused in the last 24 hours.
    pub last_day: Series,
    /// The same hours a week before.
    pub week_before: Series,
    /// Who was refused in the last 24 hours.
    pub refusals: Refusals,
    /// Who fetched the JWK set in 7 days.
    pub fetches: BTreeMap<IpAddr, KeyFetch>,
    /// How many tokens there were for each API in 30 days: at least, as far as the scopes in them tell.
    pub tokens_30d: BTreeMap<ApiIdentifier, u64>,
}

/// What one client did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientSummary {
    /// Tokens by day, today's last.
    pub days: [u64; SPARKLINE],
    /// Tokens by hour, the present hour's last.
    pub hours: [u64; 24],
    /// Requests refused in the last 24 hours.
    pub refused: u64,
    /// Requests refused in this hour and the one before.
    pub refused_lately: u64,
    /// Its latest refusal.
    pub last_refusal: Option<LastRefusal>,
    /// What is known of the use of its secrets.
    pub secrets: BTreeMap<SecretId, SecretUsage>,
    /// Who was refused in its name, with no secret that was recognised.
    pub unrecognised: BTreeMap<IpAddr, AddressUse>,
    /// How it asked for scopes.
    pub asking: Asking,
    /// The address that tried most wrong secrets in the last ten minutes, and how many.
    pub guesses: Option<(IpAddr, u64)>,
}

/// The latest refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastRefusal {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
    /// Why most requests of that hour were refused; nothing if it is longer ago than a week.
    pub outcome: Option<Outcome>,
}

impl Overview {
    /// What `tally` knows at `now`. Of the counters by day it needs the last [`DAYS`].
    pub fn of(tally: &Tally, now: Timestamp) -> Self {
        let mut clients: BTreeMap<ClientId, ClientSummary> = BTreeMap::new();
        let refusals = count_hours(&mut clients, tally, now);
        add_addresses(&mut clients, tally);
        for (client, summary) in &mut clients {
            if let Some(last) = &mut summary.last_refusal {
                let hour = (client.clone(), last.at.0.div_euclid(3600));
                let outcomes = refusals.get(&hour).into_iter().flatten();
                let most = outcomes.max_by_key(|(_, count)| **count);
                last.outcome = most.map(|(outcome, _)| *outcome);
            }
        }
        Self {
            at: now,
            clients,
            last_day: Series::last_day(tally, Whose::Everybody, now),
            week_before: Series::week_before(tally, Whose::Everybody, now),
            refusals: Refusals::of(tally, Whose::Everybody, now),
            fetches: tally.fetches.clone(),
            tokens_30d: BTreeMap::new(),
        }
    }

    /// The same, with how every client asked for scopes in 90 days.
    #[must_use]
    pub fn with_asking(mut self, asking: BTreeMap<ClientId, Asking>) -> Self {
        for (client, asking) in asking {
            for (api, count) in asking.tokens_30d() {
                if let Some(total) = self.tokens_30d.get_mut(api) {
                    *total += count;
                } else {
                    self.tokens_30d.insert(api.clone(), count);
                }
            }
            of_client(&mut self.clients, &client).asking = asking;
        }
        self
    }

    /// The same, with who tried most wrong secrets of each client in the last ten minutes.
    #[must_use]
    pub fn with_guesses(
        mut self,
        guesses: impl IntoIterator<Item = (ClientId, (IpAddr, u64))>,
    ) -> Self {
        for (client, guesses) in guesses {
            of_client(&mut self.clients, &client).guesses = Some(guesses);
        }
        self
    }

    /// What is known of `client`.
    pub fn client(&self, client: &ClientId) -> Option<&ClientSummary> {
        self.clients.get(client)
    }

    /// Tokens that `client` got between two moments of the last 24 hours: never fewer than there
    /// were, to the hour.
    pub fn issued_between(&self, client: &ClientId, from: Timestamp, to: Timestamp) -> u64 {
        let Some(summary) = self.client(client) else {
            return 0;
        };
        let this_hour = self.at.0.div_euclid(3600);
        let hours = (this_hour - 23..=this_hour).zip(summary.hours);
        let (from, to) = (from.0.div_euclid(3600), to.0.div_euclid(3600));
        hours
            .filter(|(hour, _)| (from..=to).contains(hour))
            .map(|(_, count)| count)
            .sum()
    }

    /// The clients that `address` spoke for in 90 days.
    pub fn clients_at(&self, address: IpAddr) -> impl Iterator<Item = &ClientId> {
        self.clients
            .iter()
            .filter(move |(_, summary)| summary.addresses().any(|(at, _)| *at == address))
            .map(|(client, _)| client)
    }
}

impl ClientSummary {
    /// Tokens in the last 24 hours.
    pub fn issued(&self) -> u64 {
        self.hours.iter().sum()
    }

    /// What each address did, once for each secret.
    pub fn addresses(&self) -> impl Iterator<Item = (&IpAddr, &AddressUse)> {
        let by_secret = self.secrets.values().flat_map(|usage| &usage.addresses);
        by_secret.chain(&self.unrecognised)
    }
}

/// How often requests of a client were refused in an hour, counted from the epoch.
type HourRefusals = BTreeMap<(ClientId, i64), BTreeMap<Outcome, u64>>;

fn count_hours(
    clients: &mut BTreeMap<ClientId, ClientSummary>,
    tally: &Tally,
    now: Timestamp,
) -> HourRefusals {
    let mut refusals = HourRefusals::new();
    let this_hour = now.0.div_euclid(3600);
    for ((subject, day), counts) in &tally.days {
        let Some(client) = subject.client.as_ref().filter(|_| is_recent(*day, now)) else {
            continue;
        };
        let summary = of_client(clients, client);
        let days_ago = now.day().0.saturating_sub(day.0) as usize;
        for (at, count) in counts {
            let hour = day.start().0 / 3600 + i64::from(at.hour);
            let ago = usize::try_from(this_hour - hour).unwrap_or(0);
            let count = u64::from(*count);
            if at.outcome == Outcome::Issued {
                if let Some(total) = (SPARKLINE - 1).checked_sub(days_ago) {
                    summary.days[total] += count;
                }
                if let Some(total) = 23_usize.checked_sub(ago) {
                    summary.hours[total] += count;
                }
                continue;
            }
            if ago < 24 && at.outcome.is_refusal() {
                summary.refused += count;
            }
            if ago < 2 {
                summary.refused_lately += count;
            }
            let hour = refusals.entry((client.clone(), hour)).or_default();
            *hour.entry(at.outcome).or_default() += count;
        }
    }
    refusals
}

fn is_recent(day: Day, now: Timestamp) -> bool {
    day > now.day().minus(DAYS) && day <= now.day()
}

fn add_addresses(clients: &mut BTreeMap<ClientId, ClientSummary>, tally: &Tally) {
    for ((subject, address), usage) in &tally.addresses {
        let Some(client) = &subject.client else {
            continue;
        };
        let summary = of_client(clients, client);
        if usage.refused > 0 {
            let last = LastRefusal {
                at: usage.last_refused,
                address: *address,
                outcome: None,
            };
            if summary
                .last_refusal
                .is_none_or(|before| before.at < last.at)
            {
                summary.last_refusal = Some(last);
            }
        }
        let Some(secret) = &subject.secret else {
            summary.unrecognised.insert(*address, usage.clone());
            continue;
        };
        let of_secret = summary
            .secrets
            .entry(secret.clone())
            .or_insert_with(|| SecretUsage {
                last: tally.last.get(secret).cloned(),
                addresses: BTreeMap::new(),
            });
        of_secret.addresses.insert(*address, usage.clone());
    }
}

fn of_client<'a>(
    clients: &'a mut BTreeMap<ClientId, ClientSummary>,
    client: &ClientId,
) -> &'a mut ClientSummary {
    if !clients.contains_key(client) {
        clients.insert(client.clone(), ClientSummary::default());
    }
    clients
        .get_mut(client)
        .expect("the client was inserted if it was missing")
}

#[cfg(test)]
mod tests;
