//! The latest token requests of each client, in memory: for the page that shows what just went
//! wrong. Gone after a restart; what is counted is not.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::IpAddr,
};

use super::App;
use crate::domain::{
    hint::Hint,
    id::{ApiIdentifier, ClientId, SecretId},
    scope::ScopeSet,
    time::Timestamp,
    usage::{Asked, Observation, Outcome, Seen},
};

/// How many requests of one client are remembered; the oldest go first.
const OF_A_CLIENT: usize = 64;

/// How many requests in the name of no known client are remembered.
const OF_UNKNOWN: usize = 256;

/// For how many clients requests are remembered at most; those that were silent longest go first.
const CLIENTS: usize = 1000;

/// For how many minutes wrong secrets are counted by address.
const GUESS_MINUTES: i64 = 10;

/// How many minutes of addresses are kept for one client; the oldest go first.
const GUESSERS: usize = 256;

/// One request, as it was answered.
#[derive(Clone, Debug)]
pub struct RecentRequest {
    /// When, from where, and by what name.
    pub seen: Seen,
    /// How it ended.
    pub outcome: Outcome,
    /// With which secret, if it was recognised.
    pub secret: Option<SecretId>,
    /// What may have been wrong with the secret, if it was wrong.
    pub hint: Option<Hint>,
    /// What it got, if it got a token.
    pub token: Option<RecentToken>,
}

/// What a request got.
#[derive(Clone, Debug)]
pub struct RecentToken {
    /// For which API.
    pub api: ApiIdentifier,
    /// With which scopes.
    pub scopes: ScopeSet,
    /// Whether the request named them.
    pub asked: Asked,
}

impl App {
    /// The latest requests of `client` since the server was started, newest first.
    pub async fn recent(&self, client: &ClientId) -> Vec<RecentRequest> {
        self.0
            .usage
            .with_recents(|recents| recents.of(client))
            .await
    }

    /// The latest requests in the name of no known client, newest first.
    pub async fn recent_of_unknown(&self) -> Vec<RecentRequest> {
        self.0.usage.with_recents(Recents::of_unknown).await
    }
}

/// The latest requests. Fed and read off the path of a request.
#[derive(Default)]
pub(super) struct Recents {
    clients: HashMap<ClientId, OfClient>,
    unknown: VecDeque<Observation>,
    noted: u64,
}

#[derive(Default)]
struct OfClient {
    /// When it was last heard of, counted in requests.
    noted: u64,
    requests: VecDeque<Observation>,
    wrong: VecDeque<Wrong>,
}

/// Wrong secrets from one address in one minute.
struct Wrong {
    minute: i64,
    address: IpAddr,
    count: u64,
}

impl Recents {
    /// Remembers a request.
    pub(super) fn note(&mut self, observation: &Observation) {
        let client = match observation {
            Observation::Issued { client, .. }
            | Observation::Answered { client, .. }
            | Observation::Refused {
                client: Some(client),
                ..
            } => client,
            Observation::Refused { client: None, .. } if is_throttled(observation) => return,
            Observation::Refused { client: None, .. } => {
                push(&mut self.unknown, observation.clone(), OF_UNKNOWN);
                return;
            }
            Observation::Exercised { .. } | Observation::KeysFetched { .. } => return,
        };
        self.noted += 1;
        if self.clients.len() >= CLIENTS && !self.clients.contains_key(client) {
            self.forget();
        }
        let of_client = match self.clients.get_mut(client) {
            Some(known) => known,
            None => self.clients.entry(client.clone()).or_default(),
        };
        of_client.noted = self.noted;
        of_client.note_wrong(observation);
        if is_throttled(observation) {
            // What many like it would push out is worth more.
            return;
        }
        push(&mut of_client.requests, observation.clone(), OF_A_CLIENT);
    }

    /// Forgets the tenth of the clients that was silent longest: so that it need not be done for each new one.
    fn forget(&mut self) {
        let mut noted: Vec<u64> = self.clients.values().map(|it| it.noted).collect();
        let (_, last, _) = noted.select_nth_unstable(CLIENTS / 10);
        let last = *last;
        self.clients.retain(|_, it| it.noted >= last);
    }

    fn of(&self, client: &ClientId) -> Vec<RecentRequest> {
        let found = self.clients.get(client);
        let requests = found
            .into_iter()
            .flat_map(|found| found.requests.iter().rev());
        requests.filter_map(RecentRequest::of).collect()
    }

    fn of_unknown(&self) -> Vec<RecentRequest> {
        let requests = self.unknown.iter().rev();
        requests.filter_map(RecentRequest::of).collect()
    }

    /// For each client the address that tried most wrong secrets lately, and how many.
    pub(super) fn guesses(&self, now: Timestamp) -> Vec<(ClientId, (IpAddr, u64))> {
        let first = now.0.div_euclid(60) - GUESS_MINUTES;
        let clients = self.clients.iter();
        clients
            .filter_map(|(client, of_client)| {
                let mut by_address: BTreeMap<IpAddr, u64> = BTreeMap::new();
                for wrong in of_client.wrong.iter().filter(|it| it.minute > first) {
                    *by_address.entry(wrong.address).or_default() += wrong.count;
                }
                let most = by_address.into_iter().max_by_key(|(_, count)| *count)?;
                Some((client.clone(), most))
            })
            .collect()
    }
}

impl OfClient {
    fn note_wrong(&mut self, observation: &Observation) {
        let Observation::Refused {
            outcome: Outcome::WrongSecret | Outcome::Throttled,
            seen,
            ..
        } = observation
        else {
            return;
        };
        let minute = seen.at.0.div_euclid(60);
        let known = self.wrong.iter_mut().rev();
        let mut of_minute = known.take_while(|wrong| wrong.minute == minute);
        if let Some(wrong) = of_minute.find(|wrong| wrong.address == seen.address) {
            wrong.count += 1;
            return;
        }
        self.wrong
            .retain(|wrong| wrong.minute > minute - GUESS_MINUTES);
        let wrong = Wrong {
            minute,
            address: seen.address,
            count: 1,
        };
        push(&mut self.wrong, wrong, GUESSERS);
    }
}

/// Whether it was refused for those before it.
fn is_throttled(observation: &Observation) -> bool {
    matches!(
        observation,
        Observation::Refused {
            outcome: Outcome::Throttled,
            ..
        }
    )
}

fn push<T>(ring: &mut VecDeque<T>, new: T, most: usize) {
    if ring.len() >= most {
        ring.pop_front();
    }
    ring.push_back(new);
}

impl RecentRequest {
    fn of(observation: &Observation) -> Option<Self> {
        match observation.clone() {
            Observation::Issued {
                client: _,
                secret,
                api,
                scopes,
                asked,
                seen,
            } => Some(Self {
                seen,
                outcome: Outcome::Issued,
                secret: Some(secret),
                hint: None,
                token: Some(RecentToken { api, scopes, asked }),
            }),
            Observation::Answered {
                client: _,
                secret,
                outcome,
                seen,
            } => Some(Self {
                seen,
                outcome,
                secret: Some(secret),
                hint: None,
                token: None,
            }),
            Observation::Refused {
                client: _,
                secret,
                outcome,
                hint,
                seen,
            } => Some(Self {
                seen,
                outcome,
                secret,
                hint,
                token: None,
            }),
            Observation::Exercised { .. } | Observation::KeysFetched { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(client: &str, at: i64, host: u8) -> Observation {
        Observation::Refused {
            client: Some(client.parse().unwrap()),
            secret: None,
            outcome: Outcome::WrongSecret,
            hint: Some(Hint::Whitespace),
            seen: Seen {
                at: Timestamp(at),
                address: [10, 0, 0, host].into(),
                agent: None,
                request: Some("r-1".into()),
            },
        }
    }

    fn client(id: &str) -> ClientId {
        id.parse().unwrap()
    }

    #[test]
    fn the_latest_requests_of_a_client_are_remembered_newest_first() {
        let mut recents = Recents::default();

        for at in 0..70 {
            recents.note(&wrong("c", at, 1));
        }

        let recent = recents.of(&client("c"));
        assert_eq!(recent.len(), OF_A_CLIENT);
        assert_eq!(
            (recent[0].seen.at, recent[63].seen.at),
            (Timestamp(69), Timestamp(6))
        );
        assert_eq!(recent[0].hint, Some(Hint::Whitespace));
        assert!(recents.of(&client("d")).is_empty());
    }

    #[test]
    fn the_clients_that_were_silent_longest_are_forgotten() {
        let mut recents = Recents::default();

        recents.note(&wrong("first", 0, 1));
        recents.note(&wrong("second", 0, 1));
        for n in 0..CLIENTS - 1 {
            recents.note(&wrong(&format!("c{n}"), 2, 1));
            if n == CLIENTS / 2 {
                recents.note(&wrong("first", 1, 1));
            }
        }

        assert!(recents.clients.len() <= CLIENTS);
        assert_eq!(recents.of(&client("first")).len(), 2);
        assert!(recents.of(&client("second")).is_empty());
        assert!(recents.of(&client("c0")).is_empty());
        assert_eq!(recents.of(&client("c998")).len(), 1);
    }

    #[test]
    fn wrong_secrets_are_counted_by_address_for_ten_minutes() {
        let mut recents = Recents::default();
        for n in 0..25 {
            recents.note(&wrong("c", n * 24, 7));
        }
        recents.note(&wrong("c", 599, 8));

        let guesses = |now| recents.guesses(Timestamp(now));

        let address = IpAddr::from([10, 0, 0, 7]);
        assert_eq!(guesses(599), [(client("c"), (address, 25))]);
        assert_eq!(guesses(660), [(client("c"), (address, 20))]);
        assert!(guesses(1200).is_empty());
    }
}
